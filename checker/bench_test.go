package checker_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// hugepmd builds a configuration of the benchmark spec, unmerged: one step per statement of the Promela original.
func hugepmd(tb testing.TB, values ...string) *model.System {
	tb.Helper()
	var set []string
	for i, name := range []string{"nmm", "wpm", "k", "pol", "free_by"} {
		set = append(set, name+"="+values[i])
	}
	return testkit.Embedded(tb, "bench/hugepmd", elab.BuildOptions{NoMerge: true}, set...)
}

// TestHugepmdCounts compares the full search with the counts that SPIN 6.5.2 has for the Promela original.
func TestHugepmdCounts(t *testing.T) {
	for _, row := range []struct {
		nmm, wpm, k, pol, free string
		noAssert               bool
		states, transitions    int64
	}{
		{"1", "1", "1", "0", "0", true, 224, 451},
		{"1", "1", "1", "0", "1", true, 350, 790},
		{"1", "1", "1", "0", "2", true, 308, 677},
		{"1", "1", "1", "1", "0", true, 82, 102},
		{"1", "1", "1", "1", "1", true, 130, 198},
		{"1", "1", "1", "1", "2", true, 114, 166},
		{"1", "1", "1", "2", "0", true, 224, 451},
		{"1", "1", "1", "2", "1", true, 326, 710},
		{"1", "1", "1", "2", "2", true, 308, 677},
		{"1", "1", "1", "2", "3", true, 308, 677},
		{"1", "1", "1", "3", "0", true, 224, 451},
		{"2", "1", "2", "0", "0", true, 125229, 472862},
		{"2", "1", "2", "2", "1", false, 167025, 647480},
		{"2", "1", "2", "3", "2", false, 204669, 808718},
		{"2", "1", "5", "2", "1", false, 948945, 3759848},
		{"2", "1", "5", "3", "2", false, 1149201, 4636196},
		{"2", "1", "6", "0", "0", true, 1014429, 3931694},
		{"3", "1", "2", "1", "0", false, 992070, 3190509},
	} {
		name := row.nmm + row.wpm + row.k + "-pol" + row.pol + "-free" + row.free
		t.Run(name, func(t *testing.T) {
			if testing.Short() && row.states > 10_000 {
				t.SkipNow()
			}
			sys := hugepmd(t, row.nmm, row.wpm, row.k, row.pol, row.free)
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, NoAssert: row.noAssert})
			if err != nil {
				t.Fatal(err)
			}
			if !row.noAssert && res.Verdict != checker.Holds {
				t.Errorf("verdict %v, %v", res.Verdict, res.Violations)
			}
			if res.Stats.States != row.states || res.Stats.Transitions != row.transitions {
				t.Errorf("%d states, %d transitions; SPIN has %d and %d", res.Stats.States, res.Stats.Transitions, row.states, row.transitions)
			}
		})
	}
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkHugepmd reports transitions per second of CPU time and bytes of store and stack per state.
func BenchmarkHugepmd(b *testing.B) {
	for _, row := range [][]string{{"2", "1", "5", "2", "1"}, {"2", "1", "6", "0", "0"}} {
		b.Run("k"+row[2]+"-pol"+row[3], func(b *testing.B) {
			sys := hugepmd(b, row...)
			var trans, states, bytes int64
			start := cpuTime()
			for b.Loop() {
				res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, NoAssert: true})
				if err != nil {
					b.Fatal(err)
				}
				trans += res.Stats.Transitions
				states, bytes = res.Stats.States, res.Stats.Bytes
			}
			b.ReportMetric(float64(trans)/(cpuTime()-start).Seconds(), "transitions/cpu-s")
			b.ReportMetric(float64(bytes)/float64(states), "B/state")
		})
	}
}
