package pass_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/pass"
)

// dump is a system as text, without its list of properties.
func dump(t *testing.T, s *model.System) (out []byte) {
	t.Helper()
	if errs := s.Sanity(); errs != nil {
		t.Fatal(errs)
	}
	var b strings.Builder
	if err := s.Dump(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "property ") {
			out = append(out, line...)
		}
	}
	return out
}

// TestDump: a file of testdata has a spec, the system before the pass and the one after it, with -update as they are now. The comment of a file says what is to be seen in it.
func TestDump(t *testing.T) {
	for name, do := range map[string]func(*testing.T, *model.System) *model.System{
		"watch": func(t *testing.T, sys *model.System) *model.System {
			var cases []model.LiveCase
			var owed []bool
			for _, q := range sys.Props {
				for _, k := range q.Cases {
					cases, owed = append(cases, k), append(owed, k.P == nil)
				}
			}
			after, vars, ok := pass.Watch(sys, cases, owed)
			if !ok || len(vars) != 2 {
				t.Fatal(vars, ok)
			}
			return after
		},
		"passed": func(t *testing.T, sys *model.System) *model.System {
			order := slices.IndexFunc(sys.Props, func(p *model.Prop) bool { return p.Kind == model.PropOrder })
			mark := slices.IndexFunc(sys.Covers, func(c *model.Cover) bool { return c.Edge != nil && *c.Edge == model.LockEdge{From: "a", To: "b"} })
			if order < 0 || mark < 0 {
				t.Fatal(order, mark)
			}
			return pass.Passed(sys, model.CoverID(mark), model.PropID(order))
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".txtar")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(text)
			sys := testkit.System(t, string(ar.Files[0].Data), elab.BuildOptions{})
			ar.Files[1].Data = dump(t, sys)
			ar.Files[2].Data = dump(t, do(t, sys))
			if got := string(dump(t, sys)); got != string(ar.Files[1].Data) {
				t.Errorf("the pass changed the system that it got:\n%s", got)
			}
			testkit.Golden(t, file, txtar.Format(ar))
		})
	}
}
