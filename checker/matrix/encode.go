package matrix

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
)

// WriteJSON writes the document as matrix.schema.json describes it.
func (d *Document) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// WriteCSV writes one record per place: spec, property, the axes of its table with their values as name=value, then what the place says.
func (d *Document) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"spec", "property", "row", "column", "verdict", "configurations", "violated", "unknown", "not_judged", "where", "not_judged_where"})
	for _, t := range d.Tables {
		for _, l := range t.Lines {
			for i, p := range l.Places {
				_ = c.Write([]string{
					t.Spec, t.Property, pairs(t.Rows, l.Values), pairs(t.Cols, t.Columns[i]), string(p.Verdict),
					strconv.Itoa(p.Configurations), strconv.Itoa(p.Violated), strconv.Itoa(p.Unknown), strconv.Itoa(p.Blind), p.Where, p.Unjudged,
				})
			}
		}
	}
	c.Flush()
	return c.Error()
}

// pairs is a=1 b=2.
func pairs(names, values []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += " "
		}
		s += n + "=" + values[i]
	}
	return s
}
