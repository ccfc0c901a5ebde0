package skeleton

import (
	"slices"
	"strings"

	"pmdcheck/internal/csource"
)

// Node is an event, a way out, or something that has arms.
type Node struct {
	Text string    // "lock page_table_lock", "if", "loop", "return", "goto out", …
	Line int       // in the file of the function, or of the helper it was found in
	Arms [][]*Node // of if, switch, #if and loop
	Post string    // what #if asks for
}

// Skeleton is a function as its events.
type Skeleton struct {
	Name, File string
	Line       int
	Nodes      []*Node
	Notes      []csource.Problem // what the projection could not read, which makes it unfit for saying that two are equal
}

// Options say what is projected besides the vocabulary.
type Options struct {
	Vocabulary *Vocabulary
	Calls      map[string]bool // functions whose call is an event of its own: those with a model
	// Through finds the body of a helper that is to be looked through, or nil.
	Through func(name string) (*csource.File, *csource.Func)
	// Keep makes the skeleton normal (see Normal), with the events that it keeps.
	Keep func(event string) string
	// Known tells whether a symbol of Kconfig is set, where that is known: of what #ifdef asks about it only one half is there.
	Known func(symbol string) (set, known bool)
}

// maxThrough is how many helpers deep a projection looks, maxNodes how large it may become, maxTokens how much text it may read for that.
const (
	maxThrough = 4
	maxNodes   = 4000
	maxTokens  = 500_000
)

// Project makes the skeleton of a function.
func Project(f *csource.File, fn *csource.Func, o Options) *Skeleton {
	s := &Skeleton{Name: fn.Name, File: f.Name, Line: fn.Line}
	left, tokens := maxNodes, maxTokens
	p := &projector{f: f, o: o, within: []string{fn.Name}, notes: &s.Notes, left: &left, tokens: &tokens}
	s.Nodes = p.function(fn)
	return s
}

// projector walks the statements of one function.
type projector struct {
	f      *csource.File
	o      Options
	within []string // the function, and the helpers looked through on the way here
	notes  *[]csource.Problem
	left   *int
	tokens *int
	scopes []scope
}

// scope is a block that is open, with the unlocks of its guards and what kind of statement it is the body of.
type scope struct {
	unlocks []*Node
	labels  map[string]bool
	loop    bool // break and continue end here
	sw      bool // break ends here
}

func (p *projector) function(fn *csource.Func) []*Node {
	before := *p.tokens
	if *p.tokens -= 1 + max(0, fn.Body[1]-fn.Body[0]); *p.tokens < 0 {
		if before >= 0 {
			p.note(fn.Line, "too many helpers to be looked through")
		}
		return nil
	}
	body, notes := p.f.Statements(fn)
	*p.notes = append(*p.notes, notes...)
	nodes := p.block(body, scope{})
	if p.o.Keep == nil {
		return Finish(nodes)
	}
	nodes, ok := Normal(nodes, p.o.Keep)
	if !ok {
		p.note(fn.Line, "too many ways through "+fn.Name)
	}
	return nodes
}

// block projects the statements of a block, with the unlocks at its end.
func (p *projector) block(b *csource.Stmt, sc scope) []*Node {
	sc.labels = map[string]bool{}
	labels(b, sc.labels)
	p.scopes = append(p.scopes, sc)
	var out []*Node
	kids := []*csource.Stmt{b}
	if b.Kind == csource.Block {
		kids = b.Kids
	}
	for _, k := range kids {
		out = append(out, p.stmt(k)...)
	}
	top := p.scopes[len(p.scopes)-1]
	p.scopes = p.scopes[:len(p.scopes)-1]
	if !leaves(out) {
		out = append(out, copies(top.unlocks)...)
	}
	return out
}

// labels collects the labels below a statement.
func labels(s *csource.Stmt, out map[string]bool) {
	if s.Kind == csource.Label {
		out[s.Name] = true
	}
	for _, k := range s.Kids {
		labels(k, out)
	}
}

// leaves tells whether the last of some nodes is a way out, so that nothing follows it.
func leaves(ns []*Node) bool {
	if len(ns) == 0 {
		return false
	}
	t := ns[len(ns)-1].Text
	return t == "return" || t == "break" || t == "continue" || strings.HasPrefix(t, "goto ")
}

// copies are unlocks in reverse order, as nodes of their own.
func copies(unlocks []*Node) []*Node {
	var out []*Node
	for _, u := range slices.Backward(unlocks) {
		c := *u
		out = append(out, &c)
	}
	return out
}

// unwind is what guards do on a way out, from the innermost scope to the first that stop accepts.
func (p *projector) unwind(stop func(scope) bool) []*Node {
	var out []*Node
	for _, sc := range slices.Backward(p.scopes) {
		if stop(sc) {
			break
		}
		out = append(out, copies(sc.unlocks)...)
	}
	return out
}

// through is unwind that still does the scope it stops at, whose body is left.
func (p *projector) through(stop func(scope) bool) []*Node {
	var out []*Node
	for _, sc := range slices.Backward(p.scopes) {
		out = append(out, copies(sc.unlocks)...)
		if stop(sc) {
			break
		}
	}
	return out
}

func (p *projector) note(line int, text string) {
	*p.notes = append(*p.notes, csource.Problem{Line: line, Text: text})
}

func (p *projector) node(line int, text string, arms ...[]*Node) []*Node {
	if *p.left--; *p.left < 0 {
		if *p.left == -1 {
			p.note(line, "too large to be projected")
		}
		return nil
	}
	return []*Node{{Text: text, Line: line, Arms: arms}}
}

func (p *projector) stmt(s *csource.Stmt) []*Node {
	switch s.Kind {
	case csource.Plain:
		return p.plain(s)
	case csource.Block:
		return p.block(s, scope{})
	case csource.If:
		out := p.expr(s.Head)
		arms := [][]*Node{nil, nil}
		for i, k := range s.Kids[:min(2, len(s.Kids))] {
			arms[i] = p.block(k, scope{})
		}
		return append(out, p.node(s.Line, "if", arms...)...)
	case csource.Loop:
		return p.loop(s)
	case csource.Switch:
		return append(p.expr(s.Head), p.cases(s)...)
	case csource.Label:
		return p.node(s.Line, "label "+s.Name)
	case csource.Goto:
		out := p.unwind(func(sc scope) bool { return sc.labels[s.Name] })
		return append(out, p.node(s.Line, "goto "+s.Name)...)
	case csource.Return:
		out := p.expr(s.Head)
		out = append(out, p.unwind(func(scope) bool { return false })...)
		return append(out, p.node(s.Line, "return")...)
	case csource.Break:
		out := p.through(func(sc scope) bool { return sc.loop || sc.sw })
		return append(out, p.node(s.Line, "break")...)
	case csource.Continue:
		out := p.through(func(sc scope) bool { return sc.loop })
		return append(out, p.node(s.Line, "continue")...)
	case csource.Scope:
		return p.scoped(s)
	case csource.Halves:
		return p.halves(s)
	case csource.Unread:
		p.note(s.Line, s.Name)
	}
	return nil
}

// loop projects a loop: once.
func (p *projector) loop(s *csource.Stmt) []*Node {
	var before, head, after []*Node
	if parts := split(p.f, s.Head, ";"); s.Name == "for" && len(parts) == 3 {
		before, head, after = p.expr(parts[0]), p.expr(parts[1]), p.expr(parts[2])
	} else {
		head = p.expr(s.Head)
	}
	var body []*Node
	for _, k := range s.Kids {
		body = append(body, p.block(k, scope{loop: true})...)
	}
	if s.Name == "do" && plainOnce(p.f, s) {
		return append(body, head...)
	}
	if s.Post {
		body = append(body, head...)
	} else {
		body = append(head, body...)
	}
	return append(before, p.node(s.Line, "loop", append(body, after...))...)
}

// plainOnce tells whether a loop is do { … } while (0), which is none.
func plainOnce(f *csource.File, s *csource.Stmt) bool {
	return s.Post && len(s.Head) == 1 && f.Text(s.Head[0]) == "0"
}

// cases projects the body of a switch. An arm that falls into the next one says so.
func (p *projector) cases(s *csource.Stmt) []*Node {
	if len(s.Kids) != 1 || s.Kids[0].Kind != csource.Block {
		return nil
	}
	p.scopes = append(p.scopes, scope{sw: true, labels: map[string]bool{}})
	defer func() { p.scopes = p.scopes[:len(p.scopes)-1] }()
	var arms [][]*Node
	last := csource.Plain
	for _, k := range s.Kids[0].Kids {
		if k.Kind == csource.Case {
			if last != csource.Case { // case A: case B: is one arm
				if n := len(arms); n > 0 && !leaves(arms[n-1]) {
					arms[n-1] = append(arms[n-1], p.node(k.Line, "fallthrough")...)
				}
				arms = append(arms, nil)
			}
		} else if n := len(arms); n > 0 {
			arms[n-1] = append(arms[n-1], p.stmt(k)...)
		}
		last = k.Kind
	}
	for i, a := range arms {
		if n := len(a); n > 0 && a[n-1].Text == "break" {
			arms[i] = a[:n-1]
		}
	}
	return p.node(s.Line, "switch", arms...)
}

func (p *projector) halves(s *csource.Stmt) []*Node {
	if set, known := Asks(s.Name, p.o.Known); known && len(s.Kids) <= 2 {
		switch {
		case set && len(s.Kids) > 0:
			return p.block(s.Kids[0], scope{})
		case !set && len(s.Kids) == 2:
			return p.block(s.Kids[1], scope{})
		}
		return nil
	}
	var arms [][]*Node
	for _, k := range s.Kids {
		arms = append(arms, p.block(k, scope{}))
	}
	if !s.Else {
		arms = append(arms, nil)
	}
	out := p.node(s.Line, "#if", arms...)
	if len(out) > 0 {
		out[0].Post = s.Name
	}
	return out
}

// Asks is the answer to defined(CONFIG_X), and to several of these of which all have to be so, if it is known.
func Asks(cond string, known func(symbol string) (set, known bool)) (set, told bool) {
	if known == nil {
		return false, false
	}
	set, told = true, true
	for _, c := range strings.Split(cond, " && ") {
		name, no := strings.CutPrefix(c, "!")
		name, ok := strings.CutPrefix(name, "defined(CONFIG_")
		symbol, end := strings.CutSuffix(name, ")")
		if !ok || !end {
			told = false
			continue
		}
		switch v, ok := known(symbol); {
		case !ok:
			told = false
		case v == no:
			return false, true
		}
	}
	return set, told
}

// scoped projects scoped_guard(class, x) body, and macros with a body that it does not know, which may run it or not.
func (p *projector) scoped(s *csource.Stmt) []*Node {
	var body []*Node
	if s.Name == "scoped_guard" || s.Name == "scoped_cond_guard" {
		args := split(p.f, s.Head, ",")
		if len(args) == 0 || len(args[0]) == 0 {
			p.note(s.Line, s.Name+"() without a class")
			return nil
		}
		skip := 1
		if s.Name == "scoped_cond_guard" { // the second argument is what happens instead
			skip = 2
		}
		about := args[min(skip, len(args)):]
		lock, unlock := p.guard(p.f.Text(args[0][0]), about, s.Line)
		sc := scope{unlocks: unlock, loop: true} // it is a for loop: break leaves it
		for _, k := range s.Kids {
			body = append(body, p.block(k, sc)...)
		}
		return append(lock, body...)
	}
	out := p.expr(s.Head)
	for _, k := range s.Kids {
		body = append(body, p.block(k, scope{loop: true})...)
	}
	if len(body) > 0 {
		p.note(s.Line, s.Name+"() has a body and is not known")
	}
	return append(out, p.node(s.Line, "if", body, nil)...)
}

// guard is the lock of a class and its unlock.
func (p *projector) guard(class string, args [][]csource.Token, line int) (lock, unlock []*Node) {
	names, ok := p.o.Vocabulary.guards[class]
	if !ok {
		about := ""
		if len(args) > 0 {
			about = " " + last(p.f, args[0])
		}
		return p.node(line, "lock guard:"+class+about), p.node(line, "unlock guard:"+class+about)
	}
	return p.node(line, p.o.Vocabulary.text(p.f, names[0], args)), p.node(line, p.o.Vocabulary.text(p.f, names[1], args))
}

// text is the event of a call.
func (v *Vocabulary) text(f *csource.File, name string, args [][]csource.Token) string {
	return v.Event(name, func(n int) string {
		if n > len(args) {
			return ""
		}
		return last(f, args[n-1])
	})
}
