package specs_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/specs"
)

// TestReclaimedIsChecked: every spec in which tables can be handed to RCU, and that asks what becomes of tables at all, asks whether they are freed, and all its
// processes are fair.
func TestReclaimedIsChecked(t *testing.T) {
	asked := 0
	err := fs.WalkDir(specs.FS, ".", func(p string, _ fs.DirEntry, err error) error {
		name, isSpec := strings.CutSuffix(p, ".pmd")
		if err != nil || !isSpec {
			return err
		}
		spec := load(t, name, linux.FS)
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		sys, err := spec.Build(configs[0], elab.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		tables := slices.ContainsFunc(sys.Props, func(q *model.Prop) bool { return q.Name == "no_use_after_free" && q.Checked })
		for _, q := range sys.Props {
			if q.Name != "reclaimed" || !tables {
				continue
			}
			asked++
			if !q.Checked || len(q.Cases) == 0 {
				t.Errorf("%s does not check it", name)
			}
			for _, proc := range sys.Processes {
				if !proc.Fair {
					t.Errorf("%s: process %s is not fair", name, proc.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if asked < 30 {
		t.Errorf("only %d specs can hand a table to RCU", asked)
	}
}
