package audit

import (
	_ "embed"
	"fmt"
	"path"
	"strings"
)

// The data of the audit, each with its form in its first lines.
var (
	//go:embed entries.txt
	entriesText string
	//go:embed waivers.txt
	waiversText string
	//go:embed renames.txt
	renamesText string
	//go:embed targets.txt
	targetsText string
	//go:embed conform.txt
	conformText string
)

// waiver says why calls of an entry by a function need no model.
type waiver struct {
	entry, fn, file, reason string
	line                    int
}

func (w waiver) covers(s *Site) bool {
	return glob(w.entry, s.Entry) && glob(w.fn, s.Func) && globPath(w.file, s.File)
}

func glob(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// globPath is glob on paths, where a last element ** stands for everything below.
func globPath(pattern, s string) bool {
	dir, deep := strings.CutSuffix(pattern, "/**")
	if !deep {
		return glob(pattern, s)
	}
	n := strings.Count(dir, "/") + 1
	parts := strings.Split(s, "/")
	return len(parts) > n && glob(dir, strings.Join(parts[:n], "/"))
}

// data is the data files, read.
type data struct {
	entries map[string]bool // functions whose calls are listed
	members map[string]bool // members whose initialisers are
	waivers []waiver
	renames map[string][]string // names of one function over time, the other ones
	never   map[string]string   // references to what is in no tree, with the reason
	facts   []fact
	targets []target
	excuses []excuse
}

// fact is something that Kconfig says of an architecture.
type fact struct {
	name  string
	names []string // the symbol, and what it was called before
	model string   // constant of the library that says the same, "" if none does
}

// target is an architecture in a configuration.
type target struct {
	name, arch string
	assume     []string // SYMBOL, !SYMBOL or SYMBOL=NUMBER
}

func fields(text string, f func(line int, w []string) error) error {
	for i, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		if w := strings.Fields(l); len(w) > 0 {
			if err := f(i+1, w); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	return nil
}

func readData() (*data, error) {
	d := &data{entries: map[string]bool{}, members: map[string]bool{}, renames: map[string][]string{}, never: map[string]string{}}
	for name, read := range map[string]func() error{
		"entries.txt": func() error { return fields(entriesText, d.entry) },
		"waivers.txt": func() error { return fields(waiversText, d.waiver) },
		"renames.txt": func() error { return fields(renamesText, d.rename) },
		"targets.txt": func() error { return fields(targetsText, d.target) },
		"conform.txt": func() (err error) { d.excuses, err = readExcuses(conformText); return err },
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("%s, %w", name, err)
		}
	}
	return d, nil
}

func (d *data) entry(_ int, w []string) error {
	if len(w) != 1 {
		return fmt.Errorf("one name a line")
	}
	if m, ok := strings.CutPrefix(w[0], "."); ok {
		d.members[m] = true
	} else {
		d.entries[w[0]] = true
	}
	return nil
}

func (d *data) waiver(line int, w []string) error {
	if w[0] == "reference" && len(w) > 4 {
		d.never[w[1]] = strings.Join(w[2:], " ")
		return nil
	}
	if len(w) < 6 {
		return fmt.Errorf("a waiver is an entry, a function, a file and a reason of at least three words")
	}
	d.waivers = append(d.waivers, waiver{w[0], w[1], w[2], strings.Join(w[3:], " "), line})
	return nil
}

func (d *data) rename(_ int, w []string) error {
	if len(w) < 2 {
		return fmt.Errorf("at least two names")
	}
	for _, a := range w {
		for _, b := range w {
			if a != b {
				d.renames[a] = append(d.renames[a], b)
			}
		}
	}
	return nil
}

func (d *data) target(_ int, w []string) error {
	switch {
	case len(w) > 1 && w[0] == "fact":
		f := fact{name: w[1], names: []string{w[1]}}
		for _, x := range w[2:] {
			if m, ok := strings.CutPrefix(x, "model="); ok {
				f.model = m
			} else {
				f.names = append(f.names, x)
			}
		}
		d.facts = append(d.facts, f)
	case len(w) > 2 && w[0] == "target":
		d.targets = append(d.targets, target{w[1], w[2], w[3:]})
	default:
		return fmt.Errorf("fact NAME… or target NAME ARCH SYMBOL…")
	}
	return nil
}
