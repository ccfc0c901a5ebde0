package syntax

func (p *printer) featureDecl(d *FeatureDecl) {
	p.write("feature ")
	p.ident(d.Name)
	if len(d.Shapes) > 0 {
		p.write(" = {")
		for i, s := range d.Shapes {
			if i > 0 {
				p.write(",")
			}
			p.space(s.Sp.Start)
			p.ident(s.Name)
			p.release("since", s.Since)
		}
		p.write(" }")
	}
	p.space(d.Kind.Sp.Start)
	p.ident(d.Kind)
	p.release("since", d.Since)
	p.release("until", d.Until)
	for i, c := range d.Commits {
		if i == 0 {
			p.write(" commit")
		} else {
			p.write(",")
		}
		p.space(c.Sp.Start)
		p.expr(c)
	}
	if d.Requires != nil {
		p.write(" requires")
		p.spaced(d.Requires)
	}
	p.space(d.Text.Sp.Start)
	p.expr(d.Text)
}

func (p *printer) release(word string, v *VersionLit) {
	if v != nil {
		p.write(" " + word)
		p.space(v.Sp.Start)
		p.expr(v)
	}
}
