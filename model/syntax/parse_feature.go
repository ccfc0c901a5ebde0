package syntax

import (
	"strconv"
	"strings"

	"pmdcheck/model/source"
)

// featureKinds are what a change of the kernel can be.
var featureKinds = []string{"fix", "design", "interface"}

func (p *parser) featureDecl(start source.Pos) Decl {
	const form = "write: feature name fix since v6.5 commit \"349d1670008d\" \"what the code does\";"
	p.next()
	d := &FeatureDecl{Name: p.ident("a name for the feature")}
	if p.got(ASSIGN) {
		p.shapes(d)
	}
	if p.tok.tok != IDENT {
		p.fail("fix, design or interface", form)
	}
	d.Kind = p.ident("fix, design or interface")
	known := false
	for _, k := range featureKinds {
		known = known || k == d.Kind.Name
	}
	if !known {
		hint := form
		if w := nearest(d.Kind.Name, featureKinds...); w != "" {
			hint = "did you mean '" + w + "'?"
		}
		p.errorAt(d.Kind.Sp, "a feature is a fix, a design or an interface, not '"+shorten(d.Kind.Name)+"'", hint)
	}
	if p.gotWord("since") {
		d.Since = p.versionLit()
	}
	if p.gotWord("until") {
		d.Until = p.versionLit()
	}
	if p.gotWord("commit") {
		for {
			d.Commits = append(d.Commits, p.stringLit("a commit in quotes", form))
			if !p.got(COMMA) {
				break
			}
		}
	}
	if p.gotWord("requires") {
		d.Requires = p.cond()
	}
	d.Text = p.stringLit("a sentence in quotes that says what the code does", form)
	p.semi("feature")
	d.node = p.from(start)
	return d
}

func (p *parser) stringLit(what, hint string) *StringLit {
	start := p.tok.pos
	x := &StringLit{}
	x.Value, _ = p.str(what, hint)
	x.node = p.from(start)
	return x
}

// shapes parses { a, b since v5.9 }.
func (p *parser) shapes(d *FeatureDecl) {
	if p.tok.tok != LBRACE {
		p.fail("'{' and the shapes of the feature", "write: feature name = { old, new since v5.9 } fix \"what the code does\";")
	}
	p.next()
	for {
		at := p.tok.pos
		s := &Shape{Name: p.ident("a name for a shape")}
		if p.gotWord("since") {
			s.Since = p.versionLit()
		}
		s.node = p.from(at)
		d.Shapes = append(d.Shapes, s)
		if !p.got(COMMA) || p.tok.tok == RBRACE {
			break
		}
	}
	p.expect(RBRACE, "after the shapes", "")
}

func (p *parser) versionLit() *VersionLit {
	if p.tok.tok != VERSION {
		p.fail("a release such as v6.5", "")
	}
	return p.version()
}

// version parses a release. Its number orders releases: v6.5 is 605.
func (p *parser) version() *VersionLit {
	l := p.next()
	x := &VersionLit{Text: p.s.text(l)}
	x.node = p.from(l.pos)
	n, ok := Version(x.Text)
	if !ok {
		p.errorAt(x.Sp, "a release is a major and a minor number, such as v6.5", "the library knows no release candidates and no stable releases")
	}
	x.Value = n
	return x
}

// Version is the number of a release, 605 for v6.5 or 6.5. Stable releases and release candidates have none.
func Version(text string) (int64, bool) {
	major, minor, ok := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	a, err1 := strconv.ParseUint(major, 10, 32)
	b, err2 := strconv.ParseUint(minor, 10, 32)
	if !ok || err1 != nil || err2 != nil || a >= 10_000_000 || b >= 100 {
		return 0, false
	}
	return int64(100*a + b), true
}

// VersionText is the release of a number: v6.5 for 605.
func VersionText(n int64) string {
	return "v" + strconv.FormatInt(n/100, 10) + "." + strconv.FormatInt(n%100, 10)
}
