package replay

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/eval"
)

// locks follows which locks the processes of a run hold, for what is said of an edge of the lock order.
type locks struct {
	held  map[model.ProcID][]lock // not let go yet, oldest first
	marks []edgeMark              // of the last step
}

// lock is a lock that was taken.
type lock struct {
	class string
	step  int // 0: before the first step
	frame model.FrameID
}

// edgeMark says that a lock was taken while others were held.
type edgeMark struct {
	cover model.CoverID
	proc  model.ProcID
	frame model.FrameID
	held  lock // one of them
}

// see looks at one executed operation.
func (l *locks) see(sys *model.System, p *model.Process, step int, op *model.Op, ev eval.Event) {
	if op.Kind == model.OpCover {
		e := sys.Covers[op.Cover].Edge
		if e == nil {
			return
		}
		m := edgeMark{cover: op.Cover, proc: p.ID, frame: op.Frame}
		for _, h := range l.held[p.ID] {
			if h.class == e.From {
				m.held = h
			}
		}
		l.marks = append(l.marks, m)
	}
	for _, a := range ev.Accesses {
		class := model.HeldClass(p.Name, sys.Vars[a.Cell.Var].Name)
		if class == "" || !a.Write {
			continue
		}
		held := l.held[p.ID]
		if a.New > a.Old {
			held = append(held, lock{class, step, op.Frame})
		} else if i := slices.IndexFunc(held, func(h lock) bool { return h.class == class }); a.New < a.Old && i >= 0 {
			held = slices.Delete(held, i, i+1)
		}
		l.held[p.ID] = held
	}
}

// edge is the mark that the last step made, or any if none is asked for.
func (l *locks) edge(sys *model.System, want *model.LockEdge) (edgeMark, bool) {
	for _, m := range l.marks {
		if want == nil || *sys.Covers[m.cover].Edge == *want {
			return m, true
		}
	}
	return edgeMark{}, false
}

// tookInOrder says which process took what where, as lockdep shows two stacks.
func (r *recorder) tookInOrder(m edgeMark) string {
	e := r.sys.Covers[m.cover].Edge
	when := "before the first step"
	if m.held.step > 0 {
		when = fmt.Sprintf("at step %d", m.held.step)
	}
	return fmt.Sprintf("%s takes %s in %s; it holds %s, taken %s in %s", r.sys.Processes[m.proc].Name, e.To, r.path(m.frame), e.From, when, r.path(m.held.frame))
}

// path is the calls around an operation: f() > g().
func (r *recorder) path(f model.FrameID) string {
	var parts []string
	for ; f != model.NoFrame && r.sys.Frames[f].Parent != model.NoFrame; f = r.sys.Frames[f].Parent {
		parts = append(parts, r.sys.Frames[f].Func+"()")
	}
	if len(parts) == 0 {
		return "its body"
	}
	slices.Reverse(parts)
	return strings.Join(parts, " > ")
}
