package skeleton

import (
	"strings"

	"pmdcheck/internal/csource"
)

// plain projects an expression or a declaration. guard(class)(x) declares a lock that its block holds.
func (p *projector) plain(s *csource.Stmt) []*Node {
	t := s.Head
	if len(t) > 4 && p.f.Text(t[0]) == "guard" && p.f.Text(t[1]) == "(" {
		m := match(p.f, t, 1)
		if m+1 < len(t) && m > 2 && p.f.Text(t[m+1]) == "(" {
			e := match(p.f, t, m+1)
			lock, unlock := p.guard(p.f.Text(t[2]), split(p.f, t[m+2:e], ","), s.Line)
			top := &p.scopes[len(p.scopes)-1]
			top.unlocks = append(top.unlocks, unlock...)
			return lock
		}
	}
	return p.expr(t)
}

// match is the index of the token that closes the bracket at i, or the number of tokens.
func match(f *csource.File, t []csource.Token, i int) int {
	depth := 0
	for ; i < len(t); i++ {
		if t[i].Kind != csource.Punct {
			continue
		}
		switch f.Text(t[i]) {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return len(t)
}

// split cuts tokens at a punctuation outside of brackets.
func split(f *csource.File, t []csource.Token, at string) (out [][]csource.Token) {
	if len(t) == 0 && at == "," {
		return nil
	}
	depth, from := 0, 0
	for i, k := range t {
		if k.Kind != csource.Punct {
			continue
		}
		switch s := f.Text(k); s {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case at:
			if depth == 0 {
				out = append(out, t[from:i])
				from = i + 1
			}
		}
	}
	return append(out, t[from:])
}

// last is the last member name of an argument: page_table_lock of &vma->vm_mm->page_table_lock, table of &table[i], f() of f(x).
func last(f *csource.File, t []csource.Token) string {
	for len(t) > 2 && f.Text(t[0]) == "(" && match(f, t, 0) == len(t)-1 {
		t = t[1 : len(t)-1]
	}
	name := "?"
	for i := 0; i < len(t); i++ {
		switch s := f.Text(t[i]); {
		case t[i].Kind == csource.Ident:
			name = s
		case s == "(":
			called := i > 0 && t[i-1].Kind == csource.Ident
			m := match(f, t, i)
			if called {
				name += "()"
			} else if name == "?" && m > i+1 && m+1 < len(t) && (f.Text(t[m+1]) == "->" || f.Text(t[m+1]) == ".") {
				name = last(f, t[i+1:m])
			}
			i = m
		case s == "[" || s == "{":
			i = match(f, t, i)
		}
	}
	return name
}

// operators that split an expression, weakest first.
var assignments = map[string]bool{"=": true, "+=": true, "-=": true, "*=": true, "/=": true, "%=": true, "&=": true, "|=": true, "^=": true, "<<=": true, ">>=": true}

// expr projects an expression in the order in which it is evaluated, so far as C says it: what is assigned before where it goes, arguments before the call, and what && || ?: may leave out
// as a branch.
func (p *projector) expr(t []csource.Token) []*Node { return p.exprAt(t, 0) }

// maxExpr is how deep an expression is nested at most.
const maxExpr = 60

func (p *projector) exprAt(t []csource.Token, depth int) []*Node {
	if len(t) == 0 {
		return nil
	}
	if depth > maxExpr {
		p.note(p.f.LineOf(t[0]), "an expression is nested too deeply")
		return nil
	}
	if parts := split(p.f, t, ","); len(parts) > 1 {
		var out []*Node
		for _, x := range parts {
			out = append(out, p.exprAt(x, depth+1)...)
		}
		return out
	}
	if i := p.find(t, func(s string) bool { return assignments[s] }); i >= 0 {
		return append(p.exprAt(t[i+1:], depth+1), p.exprAt(t[:i], depth+1)...)
	}
	if i := p.find(t, func(s string) bool { return s == "?" }); i >= 0 {
		a, b := t[i+1:], []csource.Token(nil)
		if c := p.colon(a); c >= 0 {
			a, b = a[:c], a[c+1:]
		}
		return append(p.exprAt(t[:i], depth+1), p.node(p.f.LineOf(t[i]), "if", p.exprAt(a, depth+1), p.exprAt(b, depth+1))...)
	}
	for _, op := range []string{"||", "&&"} {
		if i := p.find(t, func(s string) bool { return s == op }); i > 0 {
			out := p.exprAt(t[:i], depth+1)
			if right := p.exprAt(t[i+1:], depth+1); len(right) > 0 {
				out = append(out, p.node(p.f.LineOf(t[i]), "if", right, nil)...)
			}
			return out
		}
	}
	return p.operands(t, depth)
}

// find is the first token outside of brackets that is what is asked for, or -1.
func (p *projector) find(t []csource.Token, is func(string) bool) int {
	depth := 0
	for i, k := range t {
		if k.Kind != csource.Punct {
			continue
		}
		switch s := p.f.Text(k); s {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		default:
			if depth == 0 && is(s) {
				return i
			}
		}
	}
	return -1
}

// colon is the : that belongs to the ? before t.
func (p *projector) colon(t []csource.Token) int {
	open := 0
	return p.find(t, func(s string) bool {
		switch s {
		case "?":
			open++
		case ":":
			if open == 0 {
				return true
			}
			open--
		}
		return false
	})
}

// operands projects an expression without operators that order it: calls, reads of slots, brackets.
func (p *projector) operands(t []csource.Token, depth int) []*Node {
	var out []*Node
	for i := 0; i < len(t); i++ {
		s := p.f.Text(t[i])
		switch {
		case t[i].Kind == csource.Ident && i+1 < len(t) && p.f.Text(t[i+1]) == "(":
			m := match(p.f, t, i+1)
			out = append(out, p.call(t[i], s, t[min(i+2, m):m], depth)...)
			i = m
		case s == "(" && i+1 < len(t) && p.f.Text(t[i+1]) == "{":
			m, e := match(p.f, t, i+1), match(p.f, t, i)
			out = append(out, p.block(p.f.Inner(t[i+2:max(i+2, m)], p.f.LineOf(t[i])), scope{})...)
			i = e
		case s == "(" || s == "[" || s == "{":
			m := match(p.f, t, i)
			out = append(out, p.exprAt(t[i+1:m], depth+1)...)
			i = m
		case s == "*" && p.unary(t, i) && i+1 < len(t) && p.o.Vocabulary.slots[p.f.Text(t[i+1])]:
			if i+2 < len(t) && (p.f.Text(t[i+2]) == "->" || p.f.Text(t[i+2]) == "(") {
				continue
			}
			out = append(out, p.node(p.f.LineOf(t[i]), "read "+p.f.Text(t[i+1]))...)
			i++
		}
	}
	return out
}

// unary tells whether the star at i reads the slot behind it. A declaration's star has a type on its left; behind a bracket it follows a cast, as nobody multiplies
// with a pointer.
func (p *projector) unary(t []csource.Token, i int) bool {
	if i == 0 {
		return true
	}
	prev := t[i-1]
	if prev.Kind != csource.Punct {
		return p.f.Text(prev) == "return"
	}
	s := p.f.Text(prev)
	return s != "]" && s != "}" && s != "*"
}

// call projects a call: its arguments, then what it is.
func (p *projector) call(t csource.Token, name string, args []csource.Token, depth int) []*Node {
	v := p.o.Vocabulary
	if name == "sizeof" || name == "typeof" || name == "__typeof__" || name == "offsetof" || name == "container_of" {
		return nil
	}
	parts := split(p.f, args, ",")
	line := p.f.LineOf(t)
	if v.once[name] && len(args) == 2 && p.f.Text(args[0]) == "*" && v.slots[p.f.Text(args[1])] {
		return p.node(line, "read "+p.f.Text(args[1])+" once")
	}
	var out []*Node
	for _, a := range parts {
		out = append(out, p.exprAt(a, depth+1)...)
	}
	switch {
	case v.Has(name):
		return append(out, p.node(line, v.text(p.f, name, parts))...)
	case p.o.Calls[name] && name != p.within[len(p.within)-1]:
		return append(out, p.node(line, "call "+name)...)
	}
	return append(out, p.helper(name)...)
}

// helper looks through a function that has no name in the vocabulary.
func (p *projector) helper(name string) []*Node {
	if p.o.Through == nil || len(p.within) > maxThrough || p.o.Vocabulary.opaque[name] {
		return nil
	}
	for _, w := range p.within {
		if w == name {
			return nil
		}
	}
	f, fn := p.o.Through(name)
	if fn == nil {
		return nil
	}
	inner := &projector{f: f, o: p.o, within: append(p.within[:len(p.within):len(p.within)], name), notes: p.notes, left: p.left, tokens: p.tokens}
	nodes := inner.function(fn)
	ends(nodes, name)
	return nodes
}

// ends renames what leaves a helper that is looked through, as it does not leave the function.
func ends(nodes []*Node, name string) {
	for _, n := range nodes {
		if n.Text == "return" {
			n.Text = "leave " + name
		}
		if l, ok := strings.CutPrefix(n.Text, "label "); ok {
			n.Text = "label " + name + "." + l
		}
		if l, ok := strings.CutPrefix(n.Text, "goto "); ok {
			n.Text = "goto " + name + "." + l
		}
		for _, a := range n.Arms {
			ends(a, name)
		}
	}
}

// Finish drops from nodes made elsewhere what [Project] drops as well: branches in which nothing happens, the return at the end, labels that nobody goes to.
func Finish(nodes []*Node) []*Node {
	nodes = prune(nodes)
	if n := len(nodes); n > 0 && nodes[n-1].Text == "return" {
		nodes = nodes[:n-1]
	}
	if !events(nodes) {
		return nil
	}
	return unlabel(nodes)
}

// Structure tells whether a line of a skeleton is no event, but a branch or a way.
func Structure(line string) bool { return structure(line) }

// prune drops branches and loops in which nothing happens.
func prune(nodes []*Node) []*Node {
	var out []*Node
	for _, n := range nodes {
		some := len(n.Arms) == 0
		for i := range n.Arms {
			n.Arms[i] = prune(n.Arms[i])
			some = some || len(n.Arms[i]) > 0
		}
		if some {
			out = append(out, n)
		}
	}
	return out
}

// events tells whether there is more than ways out.
func events(nodes []*Node) bool {
	for _, n := range nodes {
		if len(n.Arms) == 0 && !way(n.Text) {
			return true
		}
		for _, a := range n.Arms {
			if events(a) {
				return true
			}
		}
	}
	return false
}

// way tells whether a node is no event but a way through the function.
func way(s string) bool {
	return s == "return" || s == "break" || s == "continue" || s == "fallthrough" || strings.HasPrefix(s, "goto ") || strings.HasPrefix(s, "label ") || strings.HasPrefix(s, "leave ")
}

// unlabel drops labels that nobody goes to.
func unlabel(nodes []*Node) []*Node {
	used := map[string]bool{}
	var mark func([]*Node)
	mark = func(ns []*Node) {
		for _, n := range ns {
			if l, ok := strings.CutPrefix(n.Text, "goto "); ok {
				used[l] = true
			}
			for _, a := range n.Arms {
				mark(a)
			}
		}
	}
	mark(nodes)
	var drop func([]*Node) []*Node
	drop = func(ns []*Node) []*Node {
		var out []*Node
		for _, n := range ns {
			if l, ok := strings.CutPrefix(n.Text, "label "); ok && !used[l] {
				continue
			}
			for i := range n.Arms {
				n.Arms[i] = drop(n.Arms[i])
			}
			out = append(out, n)
		}
		return out
	}
	return drop(nodes)
}
