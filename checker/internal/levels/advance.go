package levels

import (
	"fmt"
	"slices"
)

// Tasks are the parts whose tasks of a round are still to be done: of the round "expand", or, if that is done, of the round "merge". When there is none, Advance can be called.
func (s *Search) Tasks(l *Level) (round string, parts []int, err error) {
	var all []*expanded
	for i := range s.Parts {
		if l.frontier(i) == nil {
			continue
		}
		e, err := s.expandedPart(l, i)
		if err != nil {
			return "", nil, err
		}
		if e == nil {
			parts = append(parts, i)
		}
		all = append(all, e)
	}
	if len(parts) > 0 {
		return "expand", parts, nil
	}
	if stopped(all) {
		return "merge", nil, nil
	}
	for i := range s.Parts {
		var any struct{}
		if !wanted(all, i) {
			continue
		}
		there, err := s.read(s.task(l.Number, "merge", i), &any)
		if err != nil {
			return "", nil, err
		}
		if !there {
			parts = append(parts, i)
		}
	}
	return "merge", parts, nil
}

// Advance writes the record of the next level, when all tasks of this one are done, and returns it.
func (s *Search) Advance(l *Level) (*Level, error) {
	next, err := s.advance(l)
	if err != nil {
		// Another process may have ended the level, and taken away what it was made of.
		if there, _ := s.Level(l.Number + 1); there != nil {
			return there, nil
		}
	}
	return next, err
}

func (s *Search) advance(l *Level) (*Level, error) {
	all, err := s.expandedParts(l)
	if err != nil {
		return nil, err
	}
	next := &Level{
		ID: s.ID, Number: l.Number + 1, Parts: slices.Clone(l.Parts), States: l.States, Transitions: l.Transitions,
		Covered: slices.Clone(l.Covered), Ran: slices.Clone(l.Ran), Found: slices.Clone(l.Found), Total: l.Total,
	}
	temporary := int64(0)
	for i, e := range all {
		if e == nil {
			continue
		}
		if r := l.frontier(i); e.States != r.States && e.Stop == "" {
			return nil, fmt.Errorf("internal: part %d of level %d has %d states, and %d were expanded", i, l.Number, r.States, e.States)
		}
		next.Transitions += e.Transitions
		next.Covered.or(e.Covered)
		next.Ran.or(e.Ran)
		next.note(e.Found)
		next.Cost.add(e.Cost)
		temporary += e.Bytes
	}
	if stopped(all) {
		next.Stop = MaxDisk
	} else if err := s.merged(l, next, all, &temporary); err != nil {
		return nil, err
	}
	slices.SortFunc(next.Found, func(a, b Hit) int { return int(a.Prop - b.Prop) })
	next.Total.add(next.Cost)
	for _, runs := range next.Parts {
		for _, r := range runs {
			next.Disk += r.Bytes
		}
	}
	next.Peak = max(l.Peak, l.Disk+temporary)
	switch {
	case next.Stop != "":
	case next.New == 0:
		next.Stop = Complete
	case s.MaxStates > 0 && next.States > s.MaxStates:
		next.Stop = MaxStates
	case s.First && len(next.Found) > 0:
		next.Stop = First
	}
	if _, err := s.publish(s.levelFile(next.Number), next); err != nil {
		return nil, err
	}
	if next, err = s.Level(next.Number); err != nil { // it may be another's
		return nil, err
	}
	s.sweep(next)
	return next, nil
}

func (s *Search) merged(l, next *Level, all []*expanded, temporary *int64) error {
	for i := range s.Parts {
		if !wanted(all, i) {
			continue
		}
		m := &merged{}
		there, err := s.read(s.task(l.Number, "merge", i), m)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("part %d of level %d was not merged: %w", i, l.Number, ErrEarly)
		}
		if m.Stop != "" {
			next.Stop = m.Stop
		}
		next.Parts[i] = m.Runs
		next.New += m.New
		next.Cost.add(m.Cost)
		*temporary += m.Bytes
	}
	next.States += next.New
	return nil
}

// note takes in what was found, the best for each property.
func (l *Level) note(found []Hit) {
	for _, h := range found {
		i := slices.IndexFunc(l.Found, func(o Hit) bool { return o.Prop == h.Prop })
		switch {
		case i < 0:
			l.Found = append(l.Found, h)
		case better(&h, &l.Found[i]):
			l.Found[i] = h
		}
	}
}
