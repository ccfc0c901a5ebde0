package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"pmdcheck/internal/cli"
)

// TestGraphviz: every drawing for Graphviz that a command makes passes it without a complaint.
func TestGraphviz(t *testing.T) {
	bin, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed; scripts/test installs it")
	}
	for _, args := range []string{
		"show classic/peterson --dot",
		"show seed/race_a --dot --process huge_pmd_unshare",
		"show seed/race_a --dot --process exiter",
		"show classic/peterson --set turn_first=true --states",
		"show classic/filter --set N=3 --set victim_first=true --states --max-nodes 60",
		"lock-order locks/abba --dot",
	} {
		var out, errs bytes.Buffer
		if code := cli.Main(strings.Fields(args), nil, &out, &errs); code != 0 || !strings.HasPrefix(out.String(), "digraph") {
			t.Errorf("%s: exit code %d, %s%.80s", args, code, errs.String(), out.String())
			continue
		}
		cmd := exec.Command(bin, "-Tsvg")
		cmd.Stdin = &out
		errs.Reset()
		cmd.Stderr = &errs
		if _, err := cmd.Output(); err != nil || errs.Len() > 0 {
			t.Errorf("%s: dot: %v\n%s", args, err, errs.String())
		}
	}
}
