package main

import (
	"bytes"
	"os"
	"regexp"
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
		all := string(src[:m[4]]) + got + string(src[m[5]:])
		if err := os.WriteFile(file, []byte(all), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(counts.ReplaceAllString(string(src[m[4]:m[5]]), "N"), counts.ReplaceAllString(got, "N")); d != "" {
		t.Errorf("README (-want +got; -update writes it):\n%s", d)
	}
}
