package program

import (
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestDump: testdata has for each rule of compiling a few lines of a spec, and the program that is made of them, with -update as it is now. The comment of a file says what is to be
// seen in it.
func TestDump(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(text)
			if len(ar.Files) != 2 || len(ar.Comment) == 0 {
				t.Fatal("a file has a comment, spec.pmd and program")
			}
			p, err := Compile(testkit.System(t, string(ar.Files[0].Data), elab.BuildOptions{}), Options{})
			if err != nil {
				t.Fatal(err)
			}
			d := dumper{p: p}
			d.program()
			ar.Files[1].Data = []byte(d.b.String())
			testkit.Golden(t, name, txtar.Format(ar))
		})
	}
}

// dumper writes a program for readers: where cells lie, and what steps are as data.
type dumper struct {
	p     *Program
	b     strings.Builder
	cells []place
}

// place is a cell or a location counter and where it lies.
type place struct {
	name string
	proc model.ProcID // whose local or location it is, else NoProc
	f    field
	t    *model.Type
}

func (d *dumper) printf(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *dumper) program() {
	sys := d.p.Sys
	d.printf("a state has %d bits\n", d.p.Bits)
	for i, f := range d.p.lay.pcs {
		d.cells = append(d.cells, place{sys.Processes[i].Name + " is at", model.ProcID(i), f, nil})
	}
	for _, v := range sys.Vars {
		for i := range v.Len {
			d.cells = append(d.cells, place{sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)}), v.Proc, d.p.lay.cells[v.ID][i], v.Type})
		}
	}
	for _, c := range d.cells {
		switch {
		case c.f.word < 0:
			d.printf("  constant     %s = %d\n", c.name, c.f.lo)
		case c.f.word >= d.p.Words:
			d.printf("  outside      %s\n", c.name)
		default:
			first := 64*c.f.word + int(c.f.shift)
			last := fmt.Sprintf("bits %d..%d", first, first+bits.Len64(c.f.mask)-1)
			d.printf("  %-12s %s", last, c.name)
			if c.f.lo != 0 {
				d.printf(" - %d", c.f.lo)
			}
			d.printf("\n")
		}
	}
	for i, q := range d.p.procs {
		for at, list := range q.at {
			for _, t := range list {
				d.transition(sys.Processes[i], at, t)
			}
		}
	}
}

func (d *dumper) transition(p *model.Process, at int, t *Transition) {
	d.printf("%s at %d, transition %d: %s\n", p.Name, at, t.ID, p.Trans[t.ID].Label)
	for _, c := range t.checks {
		what := "await "
		if c.prop != model.NoProp {
			what = "assert " + d.p.Sys.Props[c.prop].Name + ": "
		}
		not := ""
		if c.not {
			not = "not "
		}
		d.printf("  %s%s%s\n", what, not, strings.Join(d.tested(p.ID, c), " and "))
	}
	for _, m := range t.sets {
		d.printf("  set %s\n", strings.Join(d.stored(p.ID, m), ", "))
	}
	if t.code != nil {
		d.printf("  code from operation %d on", t.from)
		if t.counted {
			d.printf(", counted")
		}
		d.printf("\n")
	}
	if t.chooses {
		d.printf("  in several ways\n")
	}
}

// in are the places of a word that a process can mean, with some of whose bits a mask has.
func (d *dumper) in(p model.ProcID, word int, mask uint64, f func(c place, part uint64)) {
	for _, c := range d.cells {
		if part := mask >> (c.f.shift & 63) & c.f.mask; c.f.word == word && part != 0 && (c.proc == model.NoProc || c.proc == p) {
			f(c, part)
		}
	}
}

func (d *dumper) tested(p model.ProcID, t check) (out []string) {
	d.in(p, t.word, t.mask<<t.shift, func(c place, part uint64) {
		// The test is of t.mask at t.shift, and the place may be a part of that.
		value := t.lo << t.shift >> c.f.shift & part
		switch {
		case t.span > 0:
			out = append(out, fmt.Sprintf("%s in %d..%d", c.name, int64(value)+c.f.lo, int64(value+t.span)+c.f.lo))
		case part != c.f.mask:
			out = append(out, fmt.Sprintf("%s & %d is %d", c.name, part, value))
		default:
			out = append(out, fmt.Sprintf("%s is %d", c.name, int64(value)+c.f.lo))
		}
	})
	return out
}

func (d *dumper) stored(p model.ProcID, m maskSet) (out []string) {
	d.in(p, m.word, ^m.keep|m.set, func(c place, part uint64) {
		value := m.set >> c.f.shift & part
		switch {
		case part == c.f.mask:
			out = append(out, fmt.Sprintf("%s = %d", c.name, int64(value)+c.f.lo))
		default:
			out = append(out, fmt.Sprintf("%s & %d = %d", c.name, part, value))
		}
	})
	return out
}
