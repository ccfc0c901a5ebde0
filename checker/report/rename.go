package report

import "strings"

// Rename gives specs the names that they have now.
func (d *Document) Rename(current func(spec string) string) {
	for i := range d.Results {
		e := &d.Results[i]
		old, now := e.Spec, current(e.Spec)
		if old == now {
			continue
		}
		e.Spec, e.At = now, moved(e.At, old, now)
		for k := range e.Findings {
			e.Findings[k].At = moved(e.Findings[k].At, old, now)
		}
	}
	for i := range d.Warnings {
		d.Warnings[i].Spec = current(d.Warnings[i].Spec)
	}
}

// moved is a position in a spec that has another name.
func moved(pos, old, now string) string {
	if rest, ok := strings.CutPrefix(pos, old+".pmd:"); ok {
		return now + ".pmd:" + rest
	}
	return pos
}

// Rename gives specs the names that they have now.
func (b *Baseline) Rename(current func(spec string) string) {
	for i := range b.Configurations {
		spec, rest, some := strings.Cut(b.Configurations[i].Configuration, "  ")
		if spec = current(spec); some {
			spec += "  " + rest
		}
		b.Configurations[i].Configuration = spec
	}
}
