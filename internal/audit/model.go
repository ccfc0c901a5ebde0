package audit

import (
	"slices"

	"pmdcheck/internal/csource"
	"pmdcheck/internal/skeleton"
	"pmdcheck/model/syntax"
)

// modelled projects functions of the library to the events that the kernel's functions are projected to. Conditions on constants that the release and the target decide are
// decided; the others are branches.
type modelled struct {
	l      *Library
	rel    Release
	eval   evaluator
	v      *skeleton.Vocabulary
	keep   func(string) string
	own    string // the kernel's function that is projected: what else stands for it is looked through
	within []string
	file   string          // of the library, that the innermost of these stands in
	seen   map[string]bool // what is looked through
	unset  map[string]bool // the variables of the function that are NULL
	left   int
	cut    bool // it was too large
}

// projectModel makes the skeleton of the function of the library that a reference stands at, in normal form, and says which helpers it looked through.
func (l *Library) projectModel(r Reference, rel Release, eval evaluator, keep func(string) string) (*skeleton.Skeleton, map[string]bool) {
	name, v := r.Model, skeleton.Library()
	f := l.fn(name, file(r.At), v.Compared)
	fn := f.decl
	if fn == nil {
		return nil, nil
	}
	m := &modelled{l: l, rel: rel, eval: eval, v: v, keep: keep, own: r.Func, file: f.file, within: []string{name}, seen: map[string]bool{}, left: 4000}
	m.unset = m.nulls(fn)
	s := &skeleton.Skeleton{Name: name, Line: fn.Sp.Start.Line(), Nodes: m.normal(fn)}
	if m.cut {
		s.Notes = append(s.Notes, csource.Problem{Line: s.Line, Text: "the model is too large to be projected"})
	}
	return s, m.seen
}

func (m *modelled) normal(fn *syntax.FuncDecl) []*skeleton.Node {
	nodes, ok := skeleton.Normal(m.stmt(fn.Body), m.keep)
	m.cut = m.cut || !ok
	return nodes
}

func (m *modelled) node(n syntax.Node, text string, arms ...[]*skeleton.Node) []*skeleton.Node {
	if m.left--; m.left < 0 {
		m.cut = true
		return nil
	}
	return []*skeleton.Node{{Text: text, Line: n.Span().Start.Line(), Arms: arms}}
}

func (m *modelled) stmt(s syntax.Stmt) (out []*skeleton.Node) {
	switch s := s.(type) {
	case *syntax.Block:
		for _, k := range s.Stmts {
			out = append(out, m.stmt(k)...)
		}
	case *syntax.AtomicStmt:
		return m.stmt(s.Body)
	case *syntax.DeclStmt:
		for _, d := range s.Decl.Names {
			out = append(out, m.expr(d.Init)...)
		}
	case *syntax.AssignStmt:
		return append(append(m.expr(s.Y), m.expr(s.X)...), m.assigned(s)...)
	case *syntax.CallStmt:
		return m.expr(s.Call)
	case *syntax.IfStmt:
		if v, ok := m.cond(s.Cond); ok {
			if v != 0 {
				return m.stmt(s.Then)
			}
			if s.Else != nil {
				return m.stmt(s.Else)
			}
			return nil
		}
		var other []*skeleton.Node
		if s.Else != nil {
			other = m.stmt(s.Else)
		}
		return append(m.expr(s.Cond), m.node(s, "if", m.stmt(s.Then), other)...)
	case *syntax.WhileStmt:
		return m.node(s, "loop", append(m.expr(s.Cond), m.stmt(s.Body)...))
	case *syntax.DoStmt:
		return m.node(s, "loop", append(m.stmt(s.Body), m.expr(s.Cond)...))
	case *syntax.ForStmt:
		body := append(m.expr(s.Cond), m.stmt(s.Body)...)
		if s.Post != nil {
			body = append(body, m.stmt(s.Post)...)
		}
		if s.Init != nil {
			out = m.stmt(s.Init)
		}
		return append(out, m.node(s, "loop", body)...)
	case *syntax.ReturnStmt:
		return append(m.expr(s.X), m.node(s, "return")...)
	case *syntax.BreakStmt:
		return m.node(s, "break")
	case *syntax.ContinueStmt:
		return m.node(s, "continue")
	case *syntax.GotoStmt:
		return m.node(s, "goto "+s.Label.Name)
	case *syntax.LabeledStmt:
		return append(m.node(s, "label "+s.Label.Name), m.stmt(s.Stmt)...)
	case *syntax.SwitchStmt:
		out = m.expr(s.Tag)
		var arms [][]*skeleton.Node
		for _, c := range s.Cases {
			arms = append(arms, m.list(c.Body))
		}
		return append(out, m.node(s, "switch", arms...)...)
	case *syntax.ChooseStmt:
		var arms [][]*skeleton.Node
		for _, c := range s.Cases {
			arms = append(arms, append(m.expr(c.Cond), m.list(c.Body)...))
		}
		return m.node(s, "switch", arms...)
	case *syntax.AwaitStmt:
		return m.expr(s.Cond)
	case *syntax.AssertStmt:
		return m.held(s, s.Cond)
	}
	return out
}

// assigned is an entry that is written: *ptep = pte_none clears it.
func (m *modelled) assigned(s *syntax.AssignStmt) []*skeleton.Node {
	x, ok := s.X.(*syntax.UnaryExpr)
	if !ok || x.Op != syntax.MUL {
		return nil
	}
	if y, ok := s.Y.(*syntax.Ident); ok && y.Name == "pte_none" {
		return m.node(s, "clear entry")
	}
	return m.node(s, "publish entry")
}

func (m *modelled) list(ss []syntax.Stmt) (out []*skeleton.Node) {
	for _, s := range ss {
		out = append(out, m.stmt(s)...)
	}
	return out
}

// held is what an assertion says of locks: rwsem_held(&x) and x.writer == self + 1.
func (m *modelled) held(s syntax.Node, x syntax.Expr) (out []*skeleton.Node) {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return m.held(s, x.X)
	case *syntax.BinaryExpr:
		if x.Op == syntax.LOR || x.Op == syntax.LAND {
			return append(m.held(s, x.X), m.held(s, x.Y)...)
		}
		if f, ok := x.X.(*syntax.MemberExpr); ok && x.Op == syntax.EQ && f.Name.Name == "writer" {
			return m.node(s, "held "+lastName(f.X)+" w")
		}
	case *syntax.CallExpr:
		if x.Fun.Name == "rwsem_held" && len(x.Args) == 1 {
			return m.node(s, "held "+lastName(x.Args[0]))
		}
	}
	return nil
}

// lastName is the last member name of an expression, as of the kernel's arguments.
func lastName(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Ident:
		return x.Name
	case *syntax.MemberExpr:
		return x.Name.Name
	case *syntax.UnaryExpr:
		return lastName(x.X)
	case *syntax.ParenExpr:
		return lastName(x.X)
	case *syntax.IndexExpr:
		return lastName(x.X)
	case *syntax.CallExpr:
		return x.Fun.Name + "()"
	}
	return "?"
}

func (m *modelled) expr(x syntax.Expr) (out []*skeleton.Node) {
	switch x := x.(type) {
	case *syntax.UnaryExpr:
		out = m.expr(x.X)
		if id, ok := x.X.(*syntax.Ident); ok && x.Op == syntax.MUL {
			return append(out, m.node(x, "read "+id.Name)...)
		}
		return out
	case *syntax.ParenExpr:
		return m.expr(x.X)
	case *syntax.MemberExpr:
		return m.expr(x.X)
	case *syntax.IndexExpr:
		return append(m.expr(x.X), m.expr(x.I)...)
	case *syntax.BinaryExpr:
		out = m.expr(x.X)
		right := m.expr(x.Y)
		if (x.Op == syntax.LAND || x.Op == syntax.LOR) && len(right) > 0 {
			if v, ok := m.eval.eval(x.X); ok {
				if (v != 0) == (x.Op == syntax.LAND) {
					return right
				}
				return nil
			}
			return append(out, m.node(x, "if", right, nil)...)
		}
		return append(out, right...)
	case *syntax.CondExpr:
		if v, ok := m.eval.eval(x.Cond); ok {
			if v != 0 {
				return m.expr(x.X)
			}
			return m.expr(x.Y)
		}
		return append(m.expr(x.Cond), m.node(x, "if", m.expr(x.X), m.expr(x.Y))...)
	case *syntax.CallExpr:
		for _, a := range x.Args {
			out = append(out, m.expr(a)...)
		}
		return append(out, m.call(x)...)
	}
	return nil
}

// call is an event, the call of a function that stands for one of the kernel, or what a helper of the library does.
func (m *modelled) call(x *syntax.CallExpr) []*skeleton.Node {
	name := x.Fun.Name
	last := func(n int) string {
		if n > len(x.Args) {
			return ""
		}
		return lastName(x.Args[n-1])
	}
	if m.v.Has(name) {
		if m.idle(name) {
			return nil
		}
		return m.node(x, m.v.Event(name, last))
	}
	if kernel, at := m.stands(name); kernel != "" && kernel != m.own {
		switch {
		case m.v.Has(kernel):
			return m.node(x, m.v.Event(kernel, last))
		case !m.v.Compared(file(at)):
			return nil
		}
		return m.node(x, "call "+kernel)
	}
	f := m.l.fn(name, m.file, m.v.Compared)
	fn := f.decl
	if fn == nil || m.v.Opaque(name) || len(m.within) > 4 {
		return nil
	}
	if slices.Contains(m.within, name) {
		return nil
	}
	m.seen[name] = true
	return m.through(name, f)
}

// through is what a helper does.
func (m *modelled) through(name string, f libFunc) []*skeleton.Node {
	file, unset := m.file, m.unset
	m.within = append(m.within, name)
	m.file, m.unset = f.file, m.nulls(f.decl)
	nodes := m.normal(f.decl)
	m.file, m.unset = file, unset
	m.within = m.within[:len(m.within)-1]
	return nodes
}

// idle tells whether a function of the library does nothing in the tree: the kernel's that it stands for is not there yet, or any more, and of its body nothing is left.
func (m *modelled) idle(name string) bool {
	f := m.l.fn(name, m.file, m.v.Compared)
	if f.decl == nil || slices.Contains(m.within, name) || !slices.ContainsFunc(m.l.Refs, func(r Ref) bool { return r.Model == name && file(r.At) == f.file && r.isName() }) {
		return false
	}
	if kernel, _ := m.stands(name); kernel != "" {
		return false
	}
	keep := m.keep
	m.keep = func(event string) string { return event }
	nodes := m.through(name, f)
	m.keep = keep
	return len(nodes) == 0
}

// nulls are the variables of a function that are made NULL where they are declared, in the tree, and never written.
func (m *modelled) nulls(fn *syntax.FuncDecl) map[string]bool {
	null := map[string]bool{}
	syntax.Walk(fn, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DeclStmt:
			for _, d := range n.Decl.Names {
				if d.Init != nil && m.null(d.Init) {
					null[d.Name.Name] = true
				}
			}
		}
		return true
	})
	syntax.Walk(fn, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			delete(null, lastName(n.X))
		}
		return true
	})
	return null
}

// null tells whether an expression is NULL in the tree.
func (m *modelled) null(x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return m.null(x.X)
	case *syntax.CondExpr:
		if v, ok := m.eval.eval(x.Cond); ok {
			if v != 0 {
				return m.null(x.X)
			}
			return m.null(x.Y)
		}
	case *syntax.NullLit:
		return true
	case *syntax.Ident:
		return m.unset[x.Name]
	}
	return false
}

// cond decides a condition that the release, the target and the variables that are NULL decide.
func (m *modelled) cond(x syntax.Expr) (int, bool) {
	if id, ok := x.(*syntax.Ident); ok && m.v.Off(id.Name) {
		return 0, true
	}
	if b, ok := x.(*syntax.BinaryExpr); ok && b.Op == syntax.LAND {
		if v, ok := m.cond(b.X); ok && v == 0 {
			return 0, true
		}
	}
	if b, ok := x.(*syntax.BinaryExpr); ok && (b.Op == syntax.EQ || b.Op == syntax.NE) && m.null(b.X) && m.null(b.Y) {
		return truth(b.Op == syntax.EQ), true
	}
	if c, ok := x.(*syntax.CallExpr); ok {
		if f := m.l.fn(c.Fun.Name, m.file, m.v.Compared); f.decl != nil {
			return m.constant(f.decl.Body)
		}
	}
	return m.eval.eval(x)
}

// constant is what a function returns before it does anything, if that is decided.
func (m *modelled) constant(s syntax.Stmt) (int, bool) {
	switch s := s.(type) {
	case *syntax.Block:
		if len(s.Stmts) > 0 {
			return m.constant(s.Stmts[0])
		}
	case *syntax.IfStmt:
		if v, ok := m.eval.eval(s.Cond); ok && v != 0 {
			return m.constant(s.Then)
		}
	case *syntax.ReturnStmt:
		if s.X != nil {
			return m.eval.eval(s.X)
		}
	}
	return 0, false
}

// stands is the kernel's function that a function of the library stands for in the tree, "" if none, and where the library says so.
func (m *modelled) stands(name string) (kernel, at string) {
	f := m.l.fn(name, m.file, m.v.Compared)
	for _, r := range m.l.Refs {
		if r.Model == name && file(r.At) == f.file && r.isName() && r.Covers(m.rel, m.eval.tree) {
			return r.Func, r.At
		}
	}
	return "", ""
}
