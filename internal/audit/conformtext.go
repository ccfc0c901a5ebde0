package audit

import (
	"fmt"
	"io"
	"strings"
)

// conformed are the figures of the conformance.
type conformed struct {
	functions, parts, equal, nothing, unread, waived, open int
}

func (doc *Document) conformed() (n conformed) {
	for _, c := range doc.Conform {
		n.functions++
		switch {
		case c.PartOf != "":
			n.parts++
			continue
		case len(c.Unknown) > 0:
			n.unread++
		case c.Equal+len(c.Differences) == 0:
			n.nothing++
		case len(c.Differences) == 0:
			n.equal++
		}
		open := len(c.Open())
		n.open += open
		n.waived += len(c.Differences) - open
	}
	return n
}

// WriteConformance writes the functions that differ from the library in more than what is waived or could not be read to the end, with everything also the others, their alignments and the reasons. A difference is written as a line of
// conform.txt.
func (doc *Document) WriteConformance(w io.Writer, everything bool) error {
	var b strings.Builder
	n := doc.conformed()
	fmt.Fprintf(&b, "%s: %s aligned, %s not waived, %d waived, %s\n", doc.Release, many(n.functions, "function"), many(n.open, "difference"), n.waived, many(len(doc.Stale), "stale waiver"))
	fmt.Fprintf(&b, "%d have the same events, %d none that are compared, %d are parts of another, %d were not read to the end\n", n.equal, n.nothing, n.parts, n.unread)
	for _, c := range doc.Conform {
		open := c.Open()
		if len(open) == 0 && len(c.Unknown) == 0 && !everything {
			continue
		}
		fmt.Fprintf(&b, "\n%s (%s) and %s (%s), %s\n", c.Model, c.At, c.Func, c.Place, c.Target)
		if c.PartOf != "" {
			fmt.Fprintf(&b, "  a part of %s\n", c.PartOf)
		}
		for _, u := range c.Unknown {
			fmt.Fprintf(&b, "  not read: %s\n", u)
		}
		for _, d := range open {
			at := c.Place.File
			if d.Only == "model" {
				at, _, _ = strings.Cut(c.At, ":")
			}
			fmt.Fprintf(&b, "  %s  (%s:%d)\n", d.Text(), at, d.Line)
		}
		if everything {
			for _, d := range c.Differences {
				if d.Waived != "" {
					fmt.Fprintf(&b, "  waived: %s: %s\n", d.Text(), d.Waived)
				}
			}
			for _, l := range c.Lines {
				fmt.Fprintf(&b, "    %s\n", l)
			}
		}
	}
	for i, s := range doc.Stale {
		if i == 0 {
			fmt.Fprintln(&b, "\nstale waivers: what they waive is not there any more")
		}
		fmt.Fprintf(&b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// many is a number with its noun.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// parseRelease reads what Release.String writes.
func parseRelease(s string) (Release, error) {
	var r Release
	if n, _ := fmt.Sscanf(s, "%d.%d.%d", &r.Version, &r.Patch, &r.Sub); n != 3 {
		return r, fmt.Errorf("%q is no release", s)
	}
	return r, nil
}
