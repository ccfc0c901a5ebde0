package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// big has ten million states; nothing of what is tested here gets to their end.
const big = " check bench/hugepmd --set nmm=3 --set wpm=1 --set k=1 --set pol=3 --set free_by=2 --no-merge --reduction none --symmetry off"

// TestMemoryBound: a search that does not fit ends in unknown, and the whole process has kept to the bound. With ulimit -v there is a bound without asking: where the
// address space ends, the Go runtime would otherwise end the process.
func TestMemoryBound(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	// A child is accounted what its parent had resident when it was made. So the tests are run from a process that has little, not from one that ran others before.
	if os.Getenv("PMDCHECK_TEST_ALONE") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryBound$", "-test.v")
		cmd.Env = append(os.Environ(), "PMDCHECK_TEST_ALONE=1")
		out, err := cmd.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Error(err)
		}
		return
	}
	for _, tc := range []struct{ name, before, flags string }{
		{"one worker", "", " --max-memory 100M"},
		{"breadth first", "", " --max-memory 100M --search bfs"},
		{"two workers", "", " --max-memory 100M --workers 2"},
		// The program takes 1.3 GB of address space before it has done anything.
		{"ulimit", "ulimit -v 2000000; ", " --workers 2 --max-states 100000000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bin, err := build()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-c", tc.before+"exec "+bin+big+tc.flags)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			forgetPeak(t)
			_ = cmd.Run()
			if cmd.ProcessState.ExitCode() != 3 || !strings.Contains(out.String(), "unknown: memory") {
				t.Fatalf("exit code %d\n%s%s", cmd.ProcessState.ExitCode(), out.String(), errs.String())
			}
			rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
			t.Logf("%d MiB resident: %s", rss>>20, strings.SplitN(out.String(), "\n", 2)[0])
			if tc.before == "" && rss > 100<<20 {
				t.Errorf("%d bytes resident, bound %d", rss, 100<<20)
			}
		})
	}
}
