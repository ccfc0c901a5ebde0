package matrix

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed matrix.html
var page string

// WriteHTML writes a page that needs nothing else.
func (d *Document) WriteHTML(w io.Writer) error {
	t, err := template.New("matrix").Funcs(template.FuncMap{
		"pairs":   pairs,
		"shown":   func(v Verdict) string { return shown[v] },
		"note":    Place.note,
		"class":   func(v Verdict) string { return strings.ReplaceAll(string(v), " ", "-") },
		"command": command,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, d)
}

// command is how to see an example of a place in full.
func command(e *Example) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("pmdcheck check " + e.Spec)
	for _, v := range e.Config {
		b.WriteString(" --set " + v.Name + "=" + v.Value)
	}
	return b.String() + " -v"
}
