package skeleton

import (
	"slices"
	"strconv"
	"strings"
)

// Normal writes the body of a function as what happens on the ways through it, so that two ways to write the same thing become one: an early return and the branch around the rest, a goto and what
// follows its label, a call at the end of both branches and one behind them, a test within a test and one test of both.
//
// No way out is left. Of a loop it is only kept that there is one: continue, break and return end a round, and so does a goto out of it to what is come to anyway. A branch around nothing but a loop is none, as a loop may run never, and so is a branch that is
// all a loop has. Branches are in order of their text, as a condition may be asked the other way round.
//
// Events for which keep is "" are left out; the others become what keep says. ok is false if there are too many ways to be written down.
func Normal(nodes []*Node, keep func(string) string) (out []*Node, ok bool) {
	n := &normalizer{keep: keep, left: maxWritten, order: map[*Node]int{}, within: map[*Node]*Node{}, labels: map[string]*label{}, sizes: map[*Node]int{}, ids: map[*Node]int{}, known: map[string]int{}}
	n.number(nodes, nil, func() []*Node { return nil })
	out = n.sink(nodes, nil, nil)
	return out, n.left >= 0
}

// maxWritten is how much may be written down for one body, what stands in several arms once for each.
const maxWritten = 200_000

type normalizer struct {
	keep   func(string) string
	left   int
	order  map[*Node]int   // in the text
	within map[*Node]*Node // the loop around a goto
	labels map[string]*label
	sizes  map[*Node]int
	ids    map[*Node]int
	known  map[string]int
}

// label is what follows a label, up to the end of the function.
type label struct {
	order  int
	within *Node // the loop around it
	falls  bool  // what stands above comes to it
	rest   func() []*Node
	done   bool
	nodes  []*Node
}

// number notes the order of nodes, and what follows each label; loop is what is around the list, after what follows it.
func (n *normalizer) number(list []*Node, loop *Node, after func() []*Node) {
	for i, x := range list {
		n.order[x] = len(n.order)
		n.within[x] = loop
		next := func() []*Node { return n.sink(list[i+1:], after(), nil) }
		if name, ok := strings.CutPrefix(x.Text, "label "); ok && n.labels[name] == nil {
			n.labels[name] = &label{order: n.order[x], within: loop, falls: !ended(list[:i]), rest: next}
		}
		inner := loop
		if x.Text == "loop" {
			inner, next = x, func() []*Node { return nil }
		}
		for _, a := range x.Arms {
			n.number(a, inner, next)
		}
	}
}

// ended tells whether no way comes to the end of a list.
func ended(list []*Node) bool {
	if len(list) == 0 {
		return false
	}
	x := list[len(list)-1]
	if x.Text != "if" {
		return leaves(list)
	}
	for _, a := range x.Arms {
		if !ended(a) {
			return false
		}
	}
	return len(x.Arms) > 1
}

// sink makes a list normal: what follows a branch with a way out goes into those of its arms that go on. after is what follows the list, and brk what follows the switch around it.
func (n *normalizer) sink(list, after, brk []*Node) (out []*Node) {
	for i, x := range list {
		switch {
		case n.left < 0:
			return nil
		case x.Text == "return" || x.Text == "continue" || strings.HasPrefix(x.Text, "leave "):
			return out
		case x.Text == "break":
			return append(out, brk...)
		case strings.HasPrefix(x.Text, "goto "):
			return append(out, n.follow(x)...)
		case strings.HasPrefix(x.Text, "label ") || x.Text == "fallthrough":
		case x.Text == "loop":
			out = append(out, n.loop(x)...)
		case x.Arms != nil:
			if !leaving(x.Arms) {
				out = append(out, n.choice(x, n.arms(x, nil, nil))...)
				continue
			}
			rest := n.sink(list[i+1:], after, brk)
			inner := brk
			if x.Text == "switch" {
				inner = rest
			}
			return append(out, n.choice(x, n.arms(x, rest, inner))...)
		default:
			if t := n.keep(x.Text); t != "" {
				n.left--
				out = append(out, &Node{Text: t, Line: x.Line})
			}
		}
	}
	n.left -= n.size(after)
	return append(out, after...)
}

// size is how many lines a list takes.
func (n *normalizer) size(list []*Node) (total int) {
	for _, x := range list {
		if n.sizes[x] == 0 {
			sum := 1
			for _, a := range x.Arms {
				sum += n.size(a)
			}
			n.sizes[x] = sum
		}
		total += n.sizes[x]
	}
	return total
}

// follow is what a goto leads to. One that goes back ends a round, like continue.
func (n *normalizer) follow(x *Node) []*Node {
	l := n.labels[strings.TrimPrefix(x.Text, "goto ")]
	if l == nil || l.order < n.order[x] || l.falls && l.within != n.within[x] {
		return nil
	}
	if !l.done {
		l.done = true
		l.nodes = l.rest()
	}
	n.left -= n.size(l.nodes)
	return l.nodes
}

// arms makes the arms of a branch normal, those of a switch from the last, as one may fall into the next.
func (n *normalizer) arms(x *Node, after, brk []*Node) [][]*Node {
	out := make([][]*Node, len(x.Arms))
	for i := len(x.Arms) - 1; i >= 0; i-- {
		to := after
		if a := x.Arms[i]; len(a) > 0 && a[len(a)-1].Text == "fallthrough" && i+1 < len(out) {
			to = out[i+1]
		}
		out[i] = n.sink(x.Arms[i], to, brk)
	}
	if len(out) == 1 || x.Text == "switch" { // there may be no default
		out = append(out, after)
	}
	return out
}

// leaving tells whether any arm has a way that does not come to its end. What is in a loop stays there.
func leaving(arms [][]*Node) bool {
	for _, a := range arms {
		for _, x := range a {
			if way(x.Text) && !strings.HasPrefix(x.Text, "label ") && x.Text != "fallthrough" {
				return true
			}
			if x.Text != "loop" && leaving(x.Arms) {
				return true
			}
		}
	}
	return false
}

func (n *normalizer) loop(x *Node) []*Node {
	body := n.sink(x.Arms[0], nil, nil)
	if len(body) == 1 && body[0].Text == "loop" {
		return body
	}
	if len(body) == 1 && body[0].Arms != nil {
		if some := full(body[0].Arms); len(some) == 1 {
			body = some[0]
		}
	}
	if len(body) == 0 {
		return nil
	}
	n.left--
	return []*Node{{Text: "loop", Line: x.Line, Arms: [][]*Node{body}}}
}

// full are the arms in which something happens.
func full(arms [][]*Node) (out [][]*Node) {
	for _, a := range arms {
		if len(a) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// choice is a branch: what all arms begin or end with stands before or behind it.
func (n *normalizer) choice(x *Node, arms [][]*Node) []*Node {
	arms = n.distinct(flat(arms))
	var head, tail []*Node
	for len(arms) > 1 && n.common(arms, func(a []*Node) *Node { return a[len(a)-1] }) {
		tail = append(tail, arms[0][len(arms[0])-1])
		for i, a := range arms {
			arms[i] = a[:len(a)-1]
		}
	}
	for len(arms) > 1 && n.common(arms, func(a []*Node) *Node { return a[0] }) {
		head = append(head, arms[0][0])
		for i, a := range arms {
			arms[i] = a[1:]
		}
	}
	slices.Reverse(tail)
	arms = n.distinct(flat(n.grouped(x, n.distinct(flat(arms)))))
	some := full(arms)
	switch {
	case len(arms) == 1:
		head = append(head, arms[0]...)
	case len(some) == 1 && len(some[0]) == 1 && some[0][0].Text == "loop":
		head = append(head, some[0]...)
	default:
		n.left--
		head = append(head, &Node{Text: "if", Line: x.Line, Arms: arms})
	}
	return append(head, tail...)
}

// grouped makes one arm of those that end with the same, if they are not all.
func (n *normalizer) grouped(x *Node, arms [][]*Node) (out [][]*Node) {
	by := map[int][][]*Node{}
	for _, a := range arms {
		if len(a) > 0 {
			k := n.id(a[len(a)-1])
			by[k] = append(by[k], a)
		}
	}
	for _, a := range arms {
		if len(a) == 0 {
			out = append(out, a)
			continue
		}
		k := n.id(a[len(a)-1])
		switch g := by[k]; {
		case len(g) == 1 || len(g) == len(arms):
			out = append(out, a)
		case len(g) > 1:
			out = append(out, n.choice(x, g))
			by[k] = nil
		}
	}
	return out
}

// flat takes the arms of a branch that is all that an arm has.
func flat(arms [][]*Node) (out [][]*Node) {
	for _, a := range arms {
		if len(a) == 1 && a[0].Text == "if" {
			out = append(out, a[0].Arms...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

// distinct are arms in order of what they say, each once, that in which nothing happens last.
func (n *normalizer) distinct(arms [][]*Node) [][]*Node {
	out := slices.Clone(arms)
	slices.SortStableFunc(out, func(a, b []*Node) int {
		if (len(a) == 0) != (len(b) == 0) {
			return len(b) - len(a)
		}
		return n.compare(a, b)
	})
	return slices.CompactFunc(out, func(a, b []*Node) bool { return n.compare(a, b) == 0 })
}

// compare orders lists by their text, what is shorter first.
func (n *normalizer) compare(a, b []*Node) int {
	for i := range min(len(a), len(b)) {
		if n.id(a[i]) == n.id(b[i]) {
			continue
		}
		if c := strings.Compare(a[i].Text, b[i].Text); c != 0 {
			return c
		}
		for k := range min(len(a[i].Arms), len(b[i].Arms)) {
			if c := n.compare(a[i].Arms[k], b[i].Arms[k]); c != 0 {
				return c
			}
		}
		return len(a[i].Arms) - len(b[i].Arms)
	}
	return len(a) - len(b)
}

// common tells whether all arms have the same node at one end.
func (n *normalizer) common(arms [][]*Node, at func([]*Node) *Node) bool {
	for _, a := range arms {
		if len(a) == 0 || n.id(at(a)) != n.id(at(arms[0])) {
			return false
		}
	}
	return true
}

// id is a number that two nodes share if they say the same.
func (n *normalizer) id(x *Node) int {
	if id, ok := n.ids[x]; ok {
		return id
	}
	key := x.Text
	for _, a := range x.Arms {
		key += "\n"
		for _, y := range a {
			key += " " + strconv.Itoa(n.id(y))
		}
	}
	id, ok := n.known[key]
	if !ok {
		id = len(n.known)
		n.known[key] = id
	}
	n.ids[x] = id
	return id
}
