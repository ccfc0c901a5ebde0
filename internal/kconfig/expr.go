package kconfig

import (
	"fmt"
	"strings"
)

// Value is the answer to whether a symbol or condition is set.
type Value uint8

// No, Yes, and Unknown, which is what depends on a symbol that was not read.
const (
	No Value = iota
	Yes
	Unknown
)

func (v Value) String() string {
	if names := [...]string{"n", "y", "?"}; int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("Value(%d)", uint8(v))
}

func and(a, b Value) Value {
	switch {
	case a == No || b == No:
		return No
	case a == Yes && b == Yes:
		return Yes
	}
	return Unknown
}

func or(a, b Value) Value { return not(and(not(a), not(b))) }

func not(a Value) Value {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Unknown
}

// expr is a condition: a symbol, or an operator with what it joins.
type expr struct {
	op   string // "" for a symbol, "!", "&&", "||", "=", "!=", "<" and the like, "$" for what a shell would have to say
	name string
	kids []*expr
}

// maxDepth is how deep conditions and symbols are followed.
const maxDepth = 200

// parseExpr reads a condition. What it cannot read is an expr that is unknown, and an error.
func parseExpr(s string) (*expr, error) {
	p := &exprParser{toks: words(s)}
	e := p.or(0)
	if p.bad != "" || p.i < len(p.toks) {
		return &expr{op: "$"}, fmt.Errorf("cannot read the condition %q", s)
	}
	return e, nil
}

type exprParser struct {
	toks []string
	i    int
	bad  string
}

func (p *exprParser) peek() string {
	if p.i < len(p.toks) {
		return p.toks[p.i]
	}
	return ""
}

func (p *exprParser) or(depth int) *expr  { return p.chain("||", depth, p.and) }
func (p *exprParser) and(depth int) *expr { return p.chain("&&", depth, p.unary) }

func (p *exprParser) chain(op string, depth int, next func(int) *expr) *expr {
	e := next(depth)
	for p.peek() == op {
		p.i++
		e = &expr{op: op, kids: []*expr{e, next(depth)}}
	}
	return e
}

func (p *exprParser) unary(depth int) *expr {
	if depth > maxDepth {
		p.bad = "depth"
		return &expr{op: "$"}
	}
	switch t := p.peek(); t {
	case "!":
		p.i++
		return &expr{op: "!", kids: []*expr{p.unary(depth + 1)}}
	case "(":
		p.i++
		e := p.or(depth + 1)
		if p.peek() != ")" {
			p.bad = ")"
		}
		p.i++
		return e
	case "", ")", "&&", "||", "=", "!=", "<", ">", "<=", ">=":
		p.bad = "operand"
		return &expr{op: "$"}
	default:
		p.i++
		e := &expr{name: t}
		if strings.HasPrefix(t, "$") || strings.HasPrefix(t, "\"") {
			e.op = "$"
		}
		switch op := p.peek(); op {
		case "=", "!=", "<", ">", "<=", ">=":
			p.i++
			right := p.peek()
			p.i++
			return &expr{op: op, kids: []*expr{e, {name: right}}}
		}
		return e
	}
}

// words cuts a condition into names, operators, strings and $(…).
func words(s string) (out []string) {
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			i++
			continue
		case c == '#':
			return out
		case c == '"' || c == '\'':
			for j < len(s) && s[j] != c {
				j++
			}
			j = min(j+1, len(s))
		case c == '$':
			depth := 0
			for ; j < len(s); j++ {
				if s[j] == '(' {
					depth++
				} else if s[j] == ')' {
					if depth--; depth <= 0 {
						j++
						break
					}
				} else if depth == 0 {
					break
				}
			}
		case strings.HasPrefix(s[i:], "&&"), strings.HasPrefix(s[i:], "||"), strings.HasPrefix(s[i:], "!="), strings.HasPrefix(s[i:], "<="), strings.HasPrefix(s[i:], ">="):
			j = i + 2
		case wordChar(c):
			for j < len(s) && wordChar(s[j]) {
				j++
			}
		}
		out = append(out, s[i:j])
		i = j
	}
	return out
}

func wordChar(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c == '/' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
