package story

import (
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// lanes follows every pointer to an object that can be freed.
func (s *Story) lanes() {
	values := map[string]string{}
	var order []string // cells that ever pointed to an object, in order of appearance
	set := func(cell, value string) {
		if _, ok := values[cell]; !ok {
			order = append(order, cell)
		}
		values[cell] = value
	}
	dead, born := map[string]bool{}, map[string]bool{}
	for _, o := range s.Trace.Objects {
		dead[o.Name] = true
	}
	local := map[string]bool{}
	for _, a := range s.Trace.Initial {
		if o, ok := strings.CutPrefix(a.Cell, "live("); ok {
			o = strings.TrimSuffix(o, ")")
			delete(dead, o)
			born[o] = true
		}
		if s.target(a.New) != "" {
			set(a.Cell, a.New)
		}
	}
	linked := map[string]bool{}
	state := func(o string) Change {
		c := Change{State: Live}
		gathered, queued := false, false
		for _, cell := range order {
			if s.target(values[cell]) != o {
				continue
			}
			switch {
			case s.isQueue(cell):
				queued = true
			case s.is(cell, gather):
				gathered = true
			case !local[cell] && s.object(cell) == "" && !s.is(cell, cache):
				c.Links = append(c.Links, cell)
			}
		}
		linked[o] = linked[o] || len(c.Links) > 0
		switch {
		case dead[o] && !born[o]:
			c.State = Absent
		case dead[o]:
			c.State = Freed
		case queued:
			c.State = Waiting
		case gathered:
			c.State = Gathered
		case len(c.Links) == 0 && linked[o]:
			c.State = Unlinked
		}
		return c
	}
	for _, o := range s.Trace.Objects {
		s.Lanes = append(s.Lanes, &Lane{Object: o.Name, Changes: []Change{state(o.Name)}})
	}
	for i, st := range s.Trace.Steps {
		for _, op := range st.Ops {
			for _, a := range op.Writes {
				if o, ok := strings.CutPrefix(a.Cell, "live("); ok {
					o = strings.TrimSuffix(o, ")")
					dead[o] = a.New == "false"
					born[o] = born[o] || !dead[o]
				}
				if s.target(a.New) != "" || values[a.Cell] != "" {
					set(a.Cell, a.New)
				}
			}
			for _, a := range op.Locals {
				if s.target(a.New) != "" || values[a.Cell] != "" {
					local[a.Cell] = true
					set(a.Cell, a.New)
				}
			}
		}
		for _, l := range s.Lanes {
			was, is := l.Changes[len(l.Changes)-1], state(l.Object)
			if was.State == is.State && slices.Equal(was.Links, is.Links) {
				continue
			}
			is.Step = i + 1
			is.since(was)
			l.Changes = append(l.Changes, is)
		}
	}
	s.Lanes = slices.DeleteFunc(s.Lanes, func(l *Lane) bool { return len(l.Changes) == 1 })
}

// since says what a change did to the state of before.
func (c *Change) since(was Change) {
	for _, l := range was.Links {
		if !slices.Contains(c.Links, l) {
			c.Lost = append(c.Lost, l)
		}
	}
	for _, l := range c.Links {
		if !slices.Contains(was.Links, l) {
			c.Won = append(c.Won, l)
		}
	}
	c.Born = (was.State == Freed || was.State == Absent) && c.State != was.State
	switch {
	case c.Born:
		c.Note = "allocated"
	case c.State != was.State && c.State != Live:
		c.Note = c.State.String()
	case len(c.Lost) > 0:
		c.Note = "unlinked from " + strings.Join(c.Lost, ", ")
	case len(c.Won) > 0:
		c.Note = "linked to " + strings.Join(c.Won, ", ")
	default:
		c.Note = c.State.String()
	}
}

// linked says whether a change only made shared variables point to the object.
func (c *Change) linked() bool {
	return !c.Born && c.State == Live && len(c.Lost) == 0 && len(c.Won) > 0
}
