package axioms

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// external is the folder of litmus tests of others, which are not part of the project: PMDCHECK_LITMUS, or a folder shared beside the checkout.
func external() string {
	if dir := os.Getenv("PMDCHECK_LITMUS"); dir != "" {
		return dir
	}
	for _, up := range []string{"../../../shared/litmus", "../../../../shared/litmus"} {
		if _, err := os.Stat(filepath.Join(up, "expected.tsv")); err == nil {
			return up
		}
	}
	return ""
}

// rows reads a table: by file, by the name of the column.
func rows(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	lines := strings.Split(strings.TrimRight(string(src), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(l, "\t") {
			row[head[i]] = v
		}
		out[row["file"]] = row
	}
	return out
}

// scStates reads the final states under SC themselves.
func scStates(t *testing.T, file string) map[string][]string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	name := ""
	for _, l := range strings.Split(strings.TrimRight(string(src), "\n"), "\n") {
		if n, ok := strings.CutPrefix(l, "== "); ok {
			name = n
			out[name] = []string{}
		} else {
			out[name] = append(out[name], l)
		}
	}
	return out
}

// TestExternal compares verdicts, numbers of states and their hashes with what herd7 and other programs found.
func TestExternal(t *testing.T) {
	dir := external()
	if dir == "" {
		t.Log("not run: PMDCHECK_LITMUS names no folder of litmus tests, and there is none beside the checkout")
		return
	}
	states := scStates(t, filepath.Join(dir, "sc-states.txt"))
	var took []time.Duration
	worst, equal, tests := "", 0, 0
	for _, part := range []struct{ table, folder string }{{"expected.tsv", "."}, {"more.tsv", "more"}} {
		for file, row := range rows(t, filepath.Join(dir, part.table)) {
			test := parseFile(t, filepath.Join(dir, part.folder, file))
			tests++
			good := true
			for m := SC; m <= LKMM; m++ {
				start := time.Now()
				r := answer(t, test, m, none)
				if d := time.Since(start); m == LKMM {
					took = append(took, d)
					if d == slices.Max(took) {
						worst = file
					}
				}
				verdict := r.Verdict()
				column := map[Model]string{SC: "sc_", TSO: "tso_", ARM: "arm_", LKMM: "lkmm_"}[m]
				got := map[string]string{
					column + "nstates": fmt.Sprint(len(r.States)), column + "hash": r.Hash(), strings.TrimSuffix(column, "_"): verdict.String(), column + "verdict": verdict.String(),
				}
				if m == LKMM {
					if verdict == NoFinal {
						got["lkmm"] = "Never"
					}
					got["lkmm_flags"] = "-"
					if len(r.Flags) > 0 {
						got["lkmm_flags"] = strings.Join(r.Flags, ",")
					}
				}
				for k, v := range got {
					if want := row[k]; want != "" && want != v {
						t.Errorf("%s under %s: %s is %s, want %s", file, m, k, v, want)
						good = false
					}
				}
				if want, ok := states[file]; ok && m == SC {
					have := stateSet(r)
					for _, s := range want {
						if !have[s] {
							t.Errorf("%s under sc: no state %s", file, s)
						}
					}
				}
			}
			if good {
				equal++
			}
		}
	}
	for _, n := range []string{"return", "crosswise"} {
		if v := answer(t, parseFile(t, filepath.Join(dir, "extra", n+".litmus")), LKMM, none).Verdict(); v != Never {
			t.Errorf("%s: %s", n, v)
		}
	}
	slices.Sort(took)
	t.Logf("%d of %d tests equal; under lkmm median %v, worst %v (%s)", equal, tests, took[len(took)/2], took[len(took)-1], worst)
	if tests < 100 {
		t.Errorf("only %d tests", tests)
	}
}
