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

var readmeRun = regexp.MustCompile("(?s)```\n\\$ go run \\./cmd/pmdcheck (.*?[^\\\\])\n(.*?)```")

// counts differ with the reduction in use, and are tested where that is.
var counts = regexp.MustCompile(`\d+ states, \d+ transitions`)

// TestReadme: what the README shows is what the program prints. -update writes it anew.
func TestReadme(t *testing.T) {
	const file = "../../README.md"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := readmeRun.FindSubmatchIndex(src)
	if m == nil {
		t.Fatal("the README shows no run")
	}
	args := strings.Fields(strings.ReplaceAll(string(src[m[2]:m[3]]), "\\\n", " "))
	var out, errs bytes.Buffer
	if code := cli.Main(args, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, errs.String())
	}
	got := strings.TrimSpace(strings.Split(out.String(), "\n1 checks:")[0]) + "\n"
	if *update {
		drawing(t, args)
		all := string(src[:m[4]]) + got + string(src[m[5]:])
		if err := os.WriteFile(file, []byte(all), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	drawing(t, args)
	if d := cmp.Diff(counts.ReplaceAllString(string(src[m[4]:m[5]]), "N"), counts.ReplaceAllString(got, "N")); d != "" {
		t.Errorf("README (-want +got; -update writes it):\n%s", d)
	}
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
