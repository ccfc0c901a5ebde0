package audit

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/csource"
	"pmdcheck/model/syntax"
)

// Feature is what one change of the kernel did, and whether the tree has it.
type Feature struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Value   string   `json:"value,omitempty"` // "true", "false" or a shape; "" if it cannot be told
	Default string   `json:"default"`         // of the tree's release
	At      []Place  `json:"at,omitempty"`    // what shows it, a place for each clause
	Why     string   `json:"why,omitempty"`   // why it cannot be told
	Commits []string `json:"commits,omitempty"`
	Text    string   `json:"text"`
}

// Differs tells whether the tree is known to have another value than its release.
func (f Feature) Differs() bool { return f.Value != "" && f.Value != f.Default }

// pattern is a line of the detection: the value that a feature has if all clauses are so.
type pattern struct {
	feature, value string
	line           int
	clauses        []clause
}

// clause is something that is so of a tree or not.
type clause struct {
	files, funcs []string // one of them each
	not          bool
	verb         string
	words        [][]string // alternatives; of orders two lists, of mentions sequences of tokens
	arg          string
}

// verbs and how many arguments they take at least and at most; mentions takes a sequence.
var verbs = map[string][2]int{"calls": {1, 2}, "mentions": {1, 9}, "orders": {2, 2}, "defines": {1, 1}, "selects": {1, 1}, "selects-if": {1, 1}}

// ReadDetection reads how trees show their features. Every line is about a feature of the library.
func (l *Library) ReadDetection(name, text string) error {
	err := fields(text, func(line int, w []string) error {
		if len(w) < 4 {
			return fmt.Errorf("a line is FEATURE VALUE CLAUSE")
		}
		p := pattern{feature: w[0], value: w[1], line: line}
		f := l.feats[p.feature]
		if f == nil {
			return fmt.Errorf("the library has no feature %s", p.feature)
		}
		values := featureValues(f)
		if f.Shapes == nil {
			p.value = map[string]string{"yes": "true", "no": "false"}[w[1]]
		}
		if !slices.Contains(values, p.value) {
			return fmt.Errorf("%s is no value of %s", w[1], p.feature)
		}
		for rest := w[2:]; len(rest) > 0; {
			n := slices.Index(rest, "and")
			if n < 0 {
				n = len(rest)
			}
			c, err := readClause(rest[:n])
			if err != nil {
				return err
			}
			p.clauses = append(p.clauses, c)
			if n == len(rest)-1 {
				return fmt.Errorf("nothing follows and")
			}
			rest = rest[min(n+1, len(rest)):]
		}
		l.detect = append(l.detect, p)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s, %w", name, err)
	}
	return nil
}

// featureValues are the values of a feature as text, in order.
func featureValues(f *syntax.FeatureDecl) (out []string) {
	if f.Shapes == nil {
		return []string{"false", "true"}
	}
	for _, s := range f.Shapes {
		out = append(out, s.Name.Name)
	}
	return out
}

func readClause(w []string) (clause, error) {
	i := slices.IndexFunc(w, func(s string) bool { return verbs[s][0] > 0 })
	if i < 1 {
		return clause{}, fmt.Errorf("a clause is FILE [FUNCTION] [not] calls, mentions, orders, defines, selects or selects-if")
	}
	c := clause{files: strings.Split(w[0], "|"), verb: w[i]}
	head := w[1:i]
	if n := len(head); n > 0 && head[n-1] == "not" {
		c.not, head = true, head[:n-1]
	}
	if len(head) > 1 {
		return clause{}, fmt.Errorf("several functions are written with | between them")
	}
	if len(head) == 1 {
		c.funcs = strings.Split(head[0], "|")
	}
	args := w[i+1:]
	if n := verbs[c.verb]; len(args) < n[0] || len(args) > n[1] {
		return clause{}, fmt.Errorf("%s takes %d to %d words", c.verb, n[0], n[1])
	}
	switch c.verb {
	case "mentions":
		if len(args) > 1 {
			c.words = [][]string{args}
			return c, nil
		}
		for _, x := range strings.Split(args[0], "|") {
			c.words = append(c.words, []string{x})
		}
		return c, nil
	case "orders":
		if c.not {
			return clause{}, fmt.Errorf("the other order is an order of its own")
		}
		c.words = [][]string{strings.Split(args[0], "|"), strings.Split(args[1], "|")}
		return c, nil
	case "defines", "selects", "selects-if":
		if c.funcs != nil {
			return clause{}, fmt.Errorf("%s is of a file, not of a function", c.verb)
		}
	}
	if len(args) == 2 {
		c.arg = args[1]
	}
	c.words = [][]string{strings.Split(args[0], "|")}
	return c, nil
}

// Undetected are the features that no line says how to find.
func (l *Library) Undetected() (out []string) {
	for _, f := range l.featureOrder {
		n := map[string]bool{}
		for _, p := range l.detect {
			if p.feature == f {
				n[p.value] = true
			}
		}
		if len(n) < len(featureValues(l.feats[f])) {
			out = append(out, f)
		}
	}
	return out
}

// features finds out which features the tree has.
func (x *index) features(l *Library, rel Release) (out []Feature) {
	for _, name := range l.featureOrder {
		d := l.feats[name]
		f := Feature{Name: name, Kind: d.Kind.Name, Text: d.Text.Value}
		for _, c := range d.Commits {
			f.Commits = append(f.Commits, c.Value)
		}
		values := featureValues(d)
		f.Default = values[d.Default(int64(rel.Number()))]
		found := map[string][]Place{}
		var order, missing []string
		for _, p := range l.detect {
			if p.feature != name {
				continue
			}
			at, ok, why := x.all(p.clauses)
			if why != "" && !slices.Contains(missing, why) {
				missing = append(missing, why)
			}
			if ok && found[p.value] == nil {
				found[p.value] = at
				order = append(order, p.value)
			}
		}
		switch {
		case len(order) == 1:
			f.Value, f.At = order[0], found[order[0]]
		case len(order) > 1:
			f.Why = "the source shows both " + strings.Join(order, " and ")
			for _, v := range order {
				f.At = append(f.At, found[v]...)
			}
		case len(missing) > 0:
			f.Why = strings.Join(missing, ", ")
		default:
			f.Why = "the source shows neither"
		}
		out = append(out, f)
	}
	return out
}

// all tells whether every clause is so, and where. why names what is missing for one to be decided.
func (x *index) all(cs []clause) (at []Place, ok bool, why string) {
	for _, c := range cs {
		p, ok, why := x.so(c)
		if !ok {
			return nil, false, why
		}
		at = append(at, p)
	}
	return at, true, ""
}

// body is tokens that a clause is asked of.
type bodyOf struct {
	f    *csource.File
	toks []csource.Token
	at   Place
}

func (x *index) so(c clause) (at Place, ok bool, why string) {
	if strings.HasPrefix(pathBase(c.files[0]), "Kconfig") {
		return x.kconfigSo(c)
	}
	if c.verb == "defines" {
		return x.defines(c)
	}
	bodies, why := x.bodies(c)
	if len(bodies) == 0 {
		return at, false, why
	}
	for _, b := range bodies {
		line, yes := c.holds(b)
		if yes && c.not {
			return at, false, ""
		}
		if yes {
			return Place{b.at.File, line}, true, ""
		}
	}
	if c.not && why != "" {
		return at, false, why
	}
	return bodies[0].at, c.not, ""
}

func pathBase(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// bodies are the functions, macros or files that a clause is asked of. why says what is missing, or could not be read, which a denial cannot do without.
func (x *index) bodies(c clause) (out []bodyOf, why string) {
	var missing []string
	there := false
	for _, name := range c.files {
		f := x.files[name]
		if f == nil {
			missing = append(missing, name+" is not there")
			continue
		}
		there = true
		for _, p := range f.Problems {
			why = (Place{name, p.Line}).String() + ": " + p.Text
		}
		if c.funcs == nil {
			out = append(out, bodyOf{f, f.Tokens, Place{name, 1}})
			for _, m := range f.Macros {
				if !f.Dead(f.Dirs[m.Dir].Cond) {
					g := f.Expand(m)
					out = append(out, bodyOf{g, g.Tokens, Place{name, m.Line}})
				}
			}
			continue
		}
		for _, fn := range f.Funcs {
			if slices.Contains(c.funcs, fn.Name) && !f.Dead(fn.Cond) {
				out = append(out, bodyOf{f, f.Tokens[min(fn.Body[0], len(f.Tokens)):min(max(fn.Body[0], fn.Body[1]), len(f.Tokens))], Place{name, fn.Line}})
			}
		}
		for _, m := range f.Macros {
			if slices.Contains(c.funcs, m.Name) && !f.Dead(f.Dirs[m.Dir].Cond) {
				g := f.Expand(m)
				out = append(out, bodyOf{g, g.Tokens[min(g.Funcs[0].Body[0], len(g.Tokens)):], Place{name, m.Line}})
			}
		}
	}
	if !there {
		return nil, strings.Join(missing, ", ")
	}
	if len(out) == 0 {
		return nil, strings.Join(c.files, "|") + " has no " + strings.Join(c.funcs, "|")
	}
	return out, why
}

// holds asks one body.
func (c clause) holds(b bodyOf) (line int, ok bool) {
	live := func(i int) bool { return !b.f.Dead(b.toks[i].Cond) }
	switch c.verb {
	case "calls":
		for i, t := range b.toks {
			if t.Kind == csource.Ident && live(i) && slices.Contains(c.words[0], b.f.Text(t)) && i+1 < len(b.toks) && b.f.Text(b.toks[i+1]) == "(" && c.passes(b, i+1) {
				return b.f.LineOf(t), true
			}
		}
	case "mentions":
		for i, t := range b.toks {
			if !live(i) {
				continue
			}
			for _, seq := range c.words {
				if i+len(seq) <= len(b.toks) && sequence(b, i, seq) {
					return b.f.LineOf(t), true
				}
			}
		}
	case "orders":
		first := func(words []string) int {
			for i, t := range b.toks {
				if t.Kind == csource.Ident && live(i) && slices.Contains(words, b.f.Text(t)) {
					return i
				}
			}
			return -1
		}
		if i, j := first(c.words[0]), first(c.words[1]); i >= 0 && i < j {
			return b.f.LineOf(b.toks[i]), true
		}
	}
	return 0, false
}

func sequence(b bodyOf, i int, seq []string) bool {
	for k, w := range seq {
		if b.f.Text(b.toks[i+k]) != w {
			return false
		}
	}
	return true
}

// passes tells whether the call whose bracket is at i has the word among its arguments.
func (c clause) passes(b bodyOf, i int) bool {
	if c.arg == "" {
		return true
	}
	depth := 0
	for ; i < len(b.toks); i++ {
		switch s := b.f.Text(b.toks[i]); s {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return false
			}
		case c.arg:
			return true
		}
	}
	return false
}

// defines asks files for a function or a macro.
func (x *index) defines(c clause) (at Place, ok bool, why string) {
	there := false
	for _, name := range c.files {
		f := x.files[name]
		if f == nil {
			continue
		}
		if !there {
			there, at = true, Place{name, 1}
		}
		for _, p := range f.Problems {
			why = (Place{name, p.Line}).String() + ": " + p.Text
		}
		found := 0
		for _, fn := range f.Funcs {
			if slices.Contains(c.words[0], fn.Name) && !f.Dead(fn.Cond) {
				found = fn.Line
			}
		}
		for _, m := range f.Macros {
			if slices.Contains(c.words[0], m.Name) && !f.Dead(f.Dirs[m.Dir].Cond) && found == 0 {
				found = m.Line
			}
		}
		if found > 0 {
			return Place{name, found}, !c.not, ""
		}
	}
	switch {
	case !there:
		return at, false, strings.Join(c.files, "|") + " is not there"
	case c.not && why != "":
		return at, false, why
	}
	return at, c.not, ""
}

// kconfigSo asks a Kconfig file, line by line.
func (x *index) kconfigSo(c clause) (at Place, ok bool, why string) {
	name := c.files[0]
	text, there := x.kfiles[name]
	if !there {
		return at, false, name + " is not there"
	}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		w := strings.Fields(line)
		hit := false
		switch c.verb {
		case "selects", "selects-if":
			hit = len(w) > 1 && w[0] == "select" && slices.Contains(c.words[0], w[1]) && (len(w) > 2) == (c.verb == "selects-if")
		case "mentions":
			for _, seq := range c.words {
				for k := range w {
					hit = hit || k+len(seq) <= len(w) && slices.Equal(w[k:k+len(seq)], seq)
				}
			}
		}
		if hit {
			return Place{name, i + 1}, !c.not, ""
		}
	}
	return Place{name, 1}, c.not, ""
}
