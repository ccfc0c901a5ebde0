package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/cli"
)

// A run in the README: a command, over several lines if need be, and what it prints, up to the next command or the end of the block.
var (
	readmeBlock = regexp.MustCompile("(?s)```\n(\\$ pmdcheck .*?)```")
	readmeRun   = regexp.MustCompile(`(?s)\$ pmdcheck (.*?[^\\])\n`)
)

// counts differ with the reduction in use, and are tested where that is.
var counts = regexp.MustCompile(`\d+ states, \d+ transitions`)

// TestReadme: what the README shows is what the program prints. -update writes it anew.
func TestReadme(t *testing.T) {
	const file = "../../README.md"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	written := readmeBlock.ReplaceAllFunc(src, func(block []byte) []byte {
		text := string(block[len("```\n") : len(block)-len("```")])
		var out strings.Builder
		out.WriteString("```\n")
		for _, m := range readmeRun.FindAllStringSubmatch(text, -1) {
			args := strings.Fields(strings.ReplaceAll(m[1], "\\\n", " "))
			out.WriteString(m[0] + printed(t, args) + "\n")
			shown++
		}
		return []byte(strings.TrimSuffix(out.String(), "\n") + "```")
	})
	if shown < 4 {
		t.Fatalf("the README shows %d runs", shown)
	}
	drawing(t, strings.Fields("check seed/race_a --set policy=pte_walker_lock --set target=x86_pv_native --set remote=false --set batch_alloc_may_fail=false"))
	if *update {
		if err := os.WriteFile(file, written, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(counts.ReplaceAllString(string(src), "N"), counts.ReplaceAllString(string(written), "N")); d != "" {
		t.Errorf("README (-want +got; -update writes it):\n%s", d)
	}
}

// printed is what a run prints, without the summary of a check.
func printed(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Main(args, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, errs.String())
	}
	return strings.TrimSpace(strings.Split(out.String(), "\n1 check:")[0]) + "\n"
}

// drawing holds the picture in the README to what render makes of the run's trace.
func drawing(t *testing.T, args []string) {
	t.Helper()
	const file = "../../docs/race_a.svg"
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := cli.Main(append(slices.Clone(args), "--trace-dir", dir), nil, &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	traces, err := filepath.Glob(filepath.Join(dir, "*-no_use_after_free.json"))
	if err != nil || len(traces) != 1 {
		t.Fatal(traces, err)
	}
	out.Reset()
	if code := cli.Main([]string{"render", "--svg", traces[0]}, nil, &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("docs/race_a.svg (-want +got; -update writes it):\n%s", d)
	}
}
