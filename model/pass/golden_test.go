package pass_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/pass"
)

// TestDump: testdata has a spec, the system before the pass and the one after it, with -update as they are now. The comment of a file says what is to be seen in it.
func TestDump(t *testing.T) {
	dump := func(s *model.System) (out []byte) {
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
	name := filepath.Join("testdata", "watch.txtar")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	ar := txtar.Parse(text)
	sys := testkit.System(t, string(ar.Files[0].Data), elab.BuildOptions{})
	var cases []model.LiveCase
	var owed []bool
	for _, q := range sys.Props {
		for _, k := range q.Cases {
			cases, owed = append(cases, k), append(owed, k.P == nil)
		}
	}
	ar.Files[1].Data = dump(sys)
	after, vars, ok := pass.Watch(sys, cases, owed)
	if !ok || len(vars) != 2 {
		t.Fatal(vars, ok)
	}
	ar.Files[2].Data = dump(after)
	if got := string(dump(sys)); got != string(ar.Files[1].Data) {
		t.Errorf("the pass changed the system that it got:\n%s", got)
	}
	testkit.Golden(t, name, txtar.Format(ar))
}
