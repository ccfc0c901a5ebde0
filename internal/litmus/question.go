package litmus

import (
	"fmt"

	"pmdcheck/model/source"
)

// question reads what follows the processes: locations, filter, and the condition.
func (p *parser) question() {
	for {
		t := p.cur()
		switch {
		case t.kind == name && t.text == "locations":
			p.at++
			p.locations()
		case t.kind == name && t.text == "filter":
			p.at++
			if p.t.Filter != nil {
				p.wrong(t, "litmus-syntax", "second filter", "")
			}
			p.t.Filter = p.implies()
		case t.kind == name && (t.text == "exists" || t.text == "forall"):
			p.at++
			if t.text == "forall" {
				p.t.Quant = Forall
			}
			p.condition()
			return
		case t.text == "~" && p.ahead(1).text == "exists":
			p.at += 2
			p.t.Quant = NotExists
			p.condition()
			return
		case t.kind == eof:
			if len(p.t.Procs) == 0 {
				p.die("litmus-syntax", "no process", "a process looks like: P0(int *x) { WRITE_ONCE(*x, 1); }")
			}
			p.note(t.start, t.start, "no condition, which is taken for forall (true)")
			p.t.Quant, p.t.Cond = Forall, All{}
			return
		case t.kind == op && t.text == ";":
			p.at++
		default:
			p.die("litmus-syntax", "expected a process or a condition and found "+t.String(), "conditions begin with exists, ~exists or forall")
		}
	}
}

func (p *parser) condition() {
	p.t.Cond = p.implies()
	p.got(";")
	if p.cur().kind != eof {
		p.die("litmus-syntax", "expected the end of the file and found "+p.cur().String(), "conditions are joined by /\\ and \\/")
	}
}

func (p *parser) locations() {
	p.want("[", "")
	for !p.got("]") {
		p.t.Shown = append(p.t.Shown, p.term())
		for p.cur().kind == name || p.got("*") { // a type, which says nothing here
			if p.cur().kind == name {
				p.at++
			}
		}
		if p.cur().text != "]" {
			p.want(";", "")
		}
	}
}

func (p *parser) implies() Prop {
	defer p.deeper()()
	x := p.or()
	if p.got("=>") {
		return Any{&Not{x}, p.implies()}
	}
	return x
}

func (p *parser) or() Prop {
	list := Any{p.and()}
	for p.got("\\/") {
		list = append(list, p.and())
	}
	if p.cur().text == "||" || p.cur().text == "&&" {
		p.die("litmus-syntax", "conditions are joined by /\\ and \\/, not by "+p.cur().text, "")
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *parser) and() Prop {
	list := All{p.not()}
	for p.got("/\\") {
		list = append(list, p.not())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *parser) not() Prop {
	defer p.deeper()()
	switch t := p.cur(); {
	case p.got("~") || p.got("!"):
		return &Not{p.not()}
	case t.kind == name && t.text == "not":
		p.at++
		return &Not{p.not()}
	case t.kind == name && t.text == "true":
		p.at++
		return All{}
	case t.kind == name && t.text == "false":
		p.at++
		return Any{}
	case p.got("("):
		x := p.implies()
		p.want(")", "")
		return x
	}
	a := &Atom{Term: p.term()}
	switch {
	case p.got("=") || p.got("=="):
	case p.got("!=") || p.got("<>"):
		a.Not = true
	default:
		p.die("litmus-syntax", "expected = and found "+p.cur().String(), "a condition compares a register or a location with a value: 0:r1=1")
	}
	if p.cur().kind == number && p.ahead(1).text == ":" {
		other := p.term()
		a.Other = &other
		return a
	}
	a.Value = p.constant()
	return a
}

// term is 0:r1, x, *x, [x] or a[1].
func (p *parser) term() Term {
	t := p.cur()
	bracket := p.got("[")
	if !bracket {
		p.got("*")
	}
	if proc, ok := p.process(); ok {
		r := p.wantName("a register")
		if proc >= len(p.t.Procs) {
			p.wrong(t, "litmus-name", fmt.Sprintf("there is no process P%d", proc), "")
			panic(bail{})
		}
		pr := p.t.Procs[proc]
		if _, ok := pr.index[r.text]; !ok {
			p.note(t.start, r.end, fmt.Sprintf("P%d has no register %s, so it is 0", proc, r.text))
		}
		if bracket {
			p.want("]", "")
		}
		return Term{Proc: proc, Reg: pr.reg(r.text)}
	}
	n := p.wantName("a register or a location")
	if _, ok := p.locs[n.text]; !ok {
		p.note(n.start, n.end, "no process knows the location "+n.text+", so it is 0")
	}
	l := &p.t.Locs[p.loc(n.text)]
	e := 0
	if bracket {
		p.want("]", "")
	} else if p.got("[") {
		i := p.cur()
		v := p.constant()
		p.want("]", "")
		if v < 0 || int(v) >= len(l.Init) {
			p.wrong(i, "litmus-name", fmt.Sprintf("%s has no element %s", n.text, i), "")
			panic(bail{})
		}
		e = int(v)
	}
	return Term{Proc: -1, Cell: l.First + e}
}

func (p *parser) note(start, end int, msg string) {
	p.t.Notes = append(p.t.Notes, source.Diagnostic{Code: "litmus-name", Span: p.span(start, end), Msg: msg})
}
