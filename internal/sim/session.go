// Package sim steps through a system by hand: a [Session] is a run so far, with what is possible next. It is what the stepper in a terminal and the scripts drive.
//
// It works on the interpreter, so what it shows is what the oracle says.
package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/model/source"
	"pmdcheck/properties"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
	"pmdcheck/traces/story"
)

// Session is a run of a system, step by step. It is not safe for concurrent use.
type Session struct {
	Sys    *model.System
	in     *eval.Interp
	states []*eval.State // after each step; the first is the initial state
	moves  []replay.Move
	failed []*eval.Failure // of each step
	pins   []string        // cells whose names contain one of these are shown after every step
	start  []*eval.Failure // before the first step
}

// New begins at the initial state.
func New(sys *model.System) *Session {
	s := &Session{Sys: sys, in: eval.New(sys, eval.Options{})}
	first, failed := s.in.Initial()
	s.states, s.start = []*eval.State{first}, failed
	return s
}

// Len is the number of steps done.
func (s *Session) Len() int { return len(s.moves) }

func (s *Session) state() *eval.State { return s.states[len(s.states)-1] }

// Choice is a possible step.
type Choice struct {
	Move  replay.Move
	Who   string // the process
	Func  string // function it is in, or ""
	Lock  string // that the function takes or drops, or ""
	Label string
	Pos   string
}

func (c Choice) String() string {
	f := ""
	if c.Func != "" {
		f = c.Func + "(" + c.Lock + "): "
	}
	return c.Who + "  " + f + c.Label
}

// Choices are the possible steps, in process and then program order.
func (s *Session) Choices() []Choice {
	var out []Choice
	for _, c := range s.in.Enabled(s.state()) {
		out = append(out, s.choice(s.state(), c))
	}
	return out
}

// choice is a step from a state.
func (s *Session) choice(from *eval.State, m replay.Move) Choice {
	p := s.Sys.Processes[m.Proc]
	t := p.Trans[m.Trans]
	c := Choice{Move: m, Who: p.Name, Label: t.Label, Pos: s.Sys.Files.Position(t.Pos)}
	if t.Frame != model.NoFrame && s.Sys.Frames[t.Frame].Parent != model.NoFrame {
		c.Func = s.Sys.Frames[t.Frame].Func
		if c.Lock = s.lock(from, m, t); c.Lock != "" {
			c.Func = s.lockFunc(t.Frame, c.Func)
		}
	}
	return c
}

// lock is the lock that a step is about: the first part of one that it touches in a function that takes or drops locks. Where nothing is said of a variable, it is a lock itself, unless
// it points to one.
func (s *Session) lock(from *eval.State, m replay.Move, t *model.Transition) string {
	if !slices.ContainsFunc(t.Code, func(op model.Op) bool { return s.locks(op) }) {
		return ""
	}
	out := s.in.Step(from, m)
	for _, e := range slices.Concat(out.Events, out.Refused) {
		if e.Op >= len(t.Code) || !s.locks(t.Code[e.Op]) {
			continue
		}
		for _, a := range e.Accesses {
			v := s.Sys.Vars[a.Cell.Var]
			name := s.Sys.CellName(a.Cell)
			switch {
			case v.Role == model.RoleLock:
				if dot := strings.LastIndexByte(name, '.'); v.Whole && dot > 0 {
					name = name[:dot]
				}
				return name
			case v.Role == model.NoRole && v.Proc == model.NoProc && v.Type.Kind != model.KindHandle:
				return name
			}
		}
	}
	return ""
}

// lockFunc is the innermost function around a step that takes or drops a lock: what others it calls for that is of no interest.
func (s *Session) lockFunc(f model.FrameID, name string) string {
	for ; f != model.NoFrame; f = s.Sys.Frames[f].Parent {
		if s.Sys.Frames[f].Role == model.RoleLock {
			return s.Sys.Frames[f].Func
		}
	}
	return name
}

// locks reports whether an operation belongs to the body of a function that takes or drops a lock.
func (s *Session) locks(op model.Op) bool {
	return op.Frame != model.NoFrame && s.Sys.Frames[op.Frame].Role == model.RoleLock
}

// History is what was done, step by step.
func (s *Session) History() []Choice {
	out := make([]Choice, len(s.moves))
	for i, m := range s.moves {
		out[i] = s.choice(s.states[i], m)
	}
	return out
}

// Held are the locks that are held now, and the sections that processes are in, by process.
func (s *Session) Held() (map[string][]string, error) {
	t, err := replay.Run(s.Sys, s.moves, replay.Options{})
	if err != nil {
		return nil, err
	}
	held := map[string][]string{}
	for _, l := range story.Tell(t).Locks {
		if l.To == 0 {
			who := s.Sys.Processes[l.Process].Name
			held[who] = append(held[who], l.String())
		}
	}
	return held, nil
}

// Step makes a step.
func (s *Session) Step(m replay.Move) error {
	if int(m.Proc) < 0 || int(m.Proc) >= len(s.Sys.Processes) || m.Trans < 0 || m.Trans >= len(s.Sys.Processes[m.Proc].Trans) {
		return errors.New("there is no such step")
	}
	out := s.in.Step(s.state(), m)
	if !out.Enabled {
		return fmt.Errorf("%s cannot do that now", s.Sys.Processes[m.Proc].Name)
	}
	s.states = append(s.states, out.Next)
	s.moves = append(s.moves, m)
	s.failed = append(s.failed, out.Failure)
	return nil
}

// Undo takes back up to n steps and returns how many it took.
func (s *Session) Undo(n int) int {
	n = min(n, len(s.moves))
	k := len(s.moves) - n
	s.states, s.moves, s.failed = s.states[:k+1], s.moves[:k], s.failed[:k]
	return n
}

// Last is the step done last.
func (s *Session) Last() (Choice, bool) {
	if len(s.moves) == 0 {
		return Choice{}, false
	}
	return s.choice(s.states[len(s.states)-2], s.moves[len(s.moves)-1]), true
}

// Cell is a shared cell with its value.
type Cell struct {
	Name, Old, New string
	Changed        bool // by the last step
}

// Cells are the shared cells that something writes, and under tso what is in the store buffers.
func (s *Session) Cells() []Cell {
	var out []Cell
	now, was := s.state(), s.state()
	if len(s.states) > 1 {
		was = s.states[len(s.states)-2]
	}
	written, buffers := s.Sys.Written(), inBuffers(s.Sys)
	for _, v := range s.Sys.Vars {
		for i := 0; i < v.Len && v.Proc == model.NoProc && !buffers[v.ID]; i++ {
			if !written[v.ID][i] {
				continue
			}
			a, b := was.Vals[v.ID][i], now.Vals[v.ID][i]
			out = append(out, Cell{s.Sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)}), s.Sys.Value(v.Type, a), s.Sys.Value(v.Type, b), a != b})
		}
	}
	return append(out, bufferCells(s.Sys, was.Vals, now.Vals)...)
}

// Process is where a process is.
type Process struct {
	Name   string
	Where  string // "ended", "parked", "waits", "can move"
	Helper bool   // runs grace periods or their callbacks
	Func   string
	Pos    string // of its next statement
	Source string // the line of it
	Label  string
}

// Processes says where every process is.
func (s *Session) Processes() []Process {
	var out []Process
	able := map[model.ProcID]bool{}
	for _, c := range s.in.Enabled(s.state()) {
		able[c.Proc] = true
	}
	for _, p := range s.Sys.Processes {
		x := Process{Name: p.Name, Where: "waits", Helper: p.Role == model.RoleGracePeriod || p.Role == model.RoleCallback}
		switch l := s.state().Locs[p.ID]; {
		case l == model.Parked:
			x.Where = "parked"
		case l < 0 || len(p.Locations[l].Trans) == 0:
			x.Where = "ended"
		default:
			if able[p.ID] {
				x.Where = "can move"
			}
			t := p.Trans[p.Locations[l].Trans[0]]
			c := s.choice(s.state(), replay.Move{Proc: p.ID, Trans: t.ID})
			x.Func, x.Pos, x.Label = c.Func, c.Pos, c.Label
			if f := s.Sys.Files.File(t.Pos); f != nil {
				x.Source = strings.TrimSpace(f.Line(t.Pos.Line()))
			}
		}
		out = append(out, x)
	}
	return out
}

// Wrong says what is wrong in the state now, or "": a failure of the last step, an invariant, a deadlock, a leak. The property is its name.
func (s *Session) Wrong() (property, text string) {
	if n := len(s.failed); n > 0 && s.failed[n-1] != nil {
		f := s.failed[n-1]
		return s.Sys.Props[f.Prop].Name, s.Sys.Processes[s.moves[n-1].Proc].Name + ": " + f.Msg
	}
	if len(s.moves) == 0 && len(s.start) > 0 {
		return s.Sys.Props[s.start[0].Prop].Name, s.start[0].Msg
	}
	return s.wrong(s.state())
}

func (s *Session) wrong(st *eval.State) (property, text string) {
	for _, p := range s.Sys.Props {
		switch {
		case !p.Checked:
		case p.Kind == model.PropInvariant:
			if v, f := s.in.Eval(st, p.X); f != nil || v == 0 {
				return p.Name, p.Name + " is false"
			}
		case p.Kind == model.PropDeadlock:
			if s.in.Deadlocked(st) {
				return p.Name, "no process can move"
			}
		}
	}
	if s.in.Quiescent(st) {
		for _, l := range properties.Leaks(s.Sys, st.Vals) {
			return s.Sys.Props[l.Prop].Name, s.Sys.Pools[l.Pool].Objects[l.Object] + " is leaked"
		}
	}
	return "", ""
}

// Goal is what [Session.Run] runs to.
type Goal struct {
	Cover    string // name of a cover, or ""
	Cell     string // name of a shared cell, or ""
	Value    string // that the cell gets; "" for any other than the one it has
	Property string // name of a property, or "" for any, where Cover and Cell are ""
	Before   bool   // stop before the last step, which would reach it
}

// maxRun bounds the states that Run looks at.
const maxRun = 200_000

// Run makes the shortest run from here that reaches the goal. It changes nothing if there is none, or none within the first 200,000 states.
func (s *Session) Run(g Goal) (int, error) { return s.RunContext(context.Background(), g, maxRun) }

// RunContext is [Session.Run] until the context ends, within as many states.
func (s *Session) RunContext(ctx context.Context, g Goal, most int) (int, error) {
	hit, err := s.goal(g)
	if err != nil {
		return 0, err
	}
	moves, err := s.search(ctx, hit, most)
	if err != nil {
		return 0, err
	}
	if g.Before {
		moves = moves[:len(moves)-1]
	}
	for _, m := range moves {
		if err := s.Step(m); err != nil {
			return 0, err
		}
	}
	return len(moves), nil
}

// search walks breadth first from here until a step hits.
func (s *Session) search(ctx context.Context, hit func(eval.Outcome) bool, most int) ([]replay.Move, error) {
	type node struct {
		st   *eval.State
		from int
		move replay.Move
	}
	nodes := []node{{st: s.state(), from: -1}}
	seen := map[string]bool{s.state().Key(): true}
	for i := 0; i < len(nodes); i++ {
		if ctx.Err() != nil {
			return nil, errors.New("not found in the time there is; check searches all states")
		}
		for _, c := range s.in.Enabled(nodes[i].st) {
			out := s.in.Step(nodes[i].st, c)
			n := node{out.Next, i, c}
			if hit(out) {
				var moves []replay.Move
				for k := n; k.from >= 0; k = nodes[k.from] {
					moves = append([]replay.Move{k.move}, moves...)
				}
				return moves, nil
			}
			if key := out.Next.Key(); !seen[key] {
				if len(nodes) >= most {
					return nil, fmt.Errorf("not found in the first %d states; check searches them all", most)
				}
				seen[key] = true
				nodes = append(nodes, n)
			}
		}
	}
	return nil, errors.New("no run from here reaches it")
}

func (s *Session) goal(g Goal) (func(eval.Outcome) bool, error) {
	if g.Cover != "" {
		i := slices.IndexFunc(s.Sys.Covers, func(c *model.Cover) bool { return c.Name == g.Cover })
		if i < 0 {
			return nil, fmt.Errorf("there is no cover %s", g.Cover)
		}
		c := s.Sys.Covers[i]
		return func(out eval.Outcome) bool {
			if c.X == nil {
				return slices.Contains(out.Covers, c.ID)
			}
			v, f := s.in.Eval(out.Next, c.X)
			return f == nil && v != 0
		}, nil
	}
	if g.Cell != "" {
		return s.cellGoal(g)
	}
	if g.Property != "" && !slices.ContainsFunc(s.Sys.Props, func(p *model.Prop) bool { return p.Name == g.Property }) {
		return nil, fmt.Errorf("there is no property %s", g.Property)
	}
	return func(out eval.Outcome) bool {
		name := ""
		if out.Failure != nil {
			name = s.Sys.Props[out.Failure.Prop].Name
		} else {
			name, _ = s.wrong(out.Next)
		}
		return name != "" && (g.Property == "" || name == g.Property)
	}, nil
}

// cellGoal is reached when a cell has a value.
func (s *Session) cellGoal(g Goal) (func(eval.Outcome) bool, error) {
	var names []string
	for _, v := range s.Sys.Vars {
		for i := 0; i < v.Len && v.Proc == model.NoProc; i++ {
			name := s.Sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)})
			if name != g.Cell {
				names = append(names, name)
				continue
			}
			now := s.state().Vals[v.ID][i]
			return func(out eval.Outcome) bool {
				is := out.Next.Vals[v.ID][i]
				return g.Value == "" && is != now || g.Value != "" && s.Sys.Value(v.Type, is) == g.Value
			}, nil
		}
	}
	return nil, source.WithHint("there is no cell "+g.Cell, source.DidYouMean(g.Cell, names))
}

// Covers are the names that Run can run to.
func (s *Session) Covers() []string {
	var out []string
	for _, c := range s.Sys.Covers {
		out = append(out, c.Name)
	}
	return out
}

// Follow makes the steps of a stored trace up to a number, from the initial state.
func (s *Session) Follow(t *traces.Trace, steps int) error {
	if err := replay.OfModel(s.Sys, t); err != nil {
		return err
	}
	if steps < 0 || steps > len(t.Steps) {
		return fmt.Errorf("the trace has %d steps", len(t.Steps))
	}
	s.Undo(s.Len())
	for i, st := range t.Steps[:steps] {
		if err := s.Step(replay.Move{Proc: model.ProcID(st.Process), Trans: st.Transition, Way: st.Way}); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// Trace is the run so far as a trace: of the violation it ends in, or a plain run.
func (s *Session) Trace() (*traces.Trace, error) {
	property, _ := s.Wrong()
	return replay.Run(s.Sys, s.moves, replay.Options{Property: property})
}
