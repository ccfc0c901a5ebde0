package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/cli"
)

// A page of the documentation is a session: fenced blocks write files, change them, and run commands on them.
//
//	```c NAME.pmd           the whole file
//	```diff NAME.pmd        changes it, hunk by hunk
//	```diff OLD.pmd NEW.pmd makes NEW of OLD
//	```console              $ pmdcheck ..., and what it prints on stdout
//
// Each version of each file has to meet its own expect lines, if it has any; the figures are those of the full search where it states them.
var fenced = regexp.MustCompile("(?ms)^```(c|diff|console)(?: ([^\n]+))?\n(.*?)^```$")

// TestDocs runs the pages. -update writes what commands print.
func TestDocs(t *testing.T) {
	for page, least := range map[string]int{"language.md": 10, "semantics.md": 10, "traces.md": 4, "memory-models.md": 1, "library.md": 20} {
		t.Run(page, func(t *testing.T) {
			file, err := filepath.Abs(filepath.Join("../../docs", page))
			if err != nil {
				t.Fatal(err)
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			var out strings.Builder
			last, blocks := 0, 0
			for _, m := range fenced.FindAllSubmatchIndex(src, -1) {
				kind, info, body := string(src[m[2]:m[3]]), "", string(src[m[6]:m[7]])
				if m[4] >= 0 {
					info = string(src[m[4]:m[5]])
				}
				line := 1 + bytes.Count(src[:m[0]], []byte("\n"))
				at := fmt.Sprintf("docs/%s:%d", page, line)
				switch {
				case kind == "console":
					got := console(t, at, body, *update)
					out.WriteString(string(src[last:m[6]]) + got)
					last = m[7]
				case info == "":
					continue // a fragment
				case kind == "c":
					if err := os.WriteFile(info, []byte(body), 0o644); err != nil {
						t.Fatal(err)
					}
					meets(t, at, info)
				case kind == "diff":
					names := strings.Fields(info)
					old, err := os.ReadFile(names[0])
					if err != nil {
						t.Fatalf("%s: %v", at, err)
					}
					changed, err := apply(string(old), body)
					if err != nil {
						t.Fatalf("%s: %v", at, err)
					}
					if err := os.WriteFile(names[len(names)-1], []byte(changed), 0o644); err != nil {
						t.Fatal(err)
					}
					meets(t, at, names[len(names)-1])
				}
				blocks++
			}
			if blocks < least {
				t.Errorf("only %d blocks", blocks)
			}
			if *update {
				out.Write(src[last:])
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// meets checks a file against its own expect lines, and that it is in canonical form. A file without processes is there to be imported.
func meets(t *testing.T, at, name string) {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"fmt", "-l", name}, nil, &out, &errs); code != 0 || out.Len()+errs.Len() > 0 {
		t.Errorf("%s: %s is not in canonical form: %s", at, name, errs.String())
	}
	if !bytes.Contains(src, []byte("\nexpect ")) {
		return
	}
	for _, args := range [][]string{{"check", name}, {"check", name, "--reduction", "none"}, {"check", name, "--no-merge", "--no-reset"}} {
		out.Reset()
		errs.Reset()
		if code := cli.Main(args, nil, &out, &errs); code != 0 {
			t.Errorf("%s: pmdcheck %s: exit code %d\n%s%s", at, strings.Join(args, " "), code, out.String(), errs.String())
		}
	}
}

// console runs the commands of a block and compares what they print with what follows them.
func console(t *testing.T, at, body string, update bool) string {
	t.Helper()
	var all strings.Builder
	for _, part := range strings.Split("\n"+body, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		args := strings.Fields(command)
		if args[0] != "pmdcheck" {
			t.Fatalf("%s: %s is not pmdcheck", at, args[0])
		}
		var out, errs bytes.Buffer
		code := cli.Main(args[1:], nil, &out, &errs)
		got := regexp.MustCompile(`  \d+\.\d+s\n`).ReplaceAllString(out.String(), "\n") + errs.String()
		if code > 1 && errs.Len() == 0 {
			t.Errorf("%s: %s: exit code %d", at, command, code)
		}
		all.WriteString("$ " + command + "\n" + got)
		if d := cmp.Diff(counts.ReplaceAllString(strings.TrimSpace(want), "N"), counts.ReplaceAllString(strings.TrimSpace(got), "N")); d != "" && !update {
			t.Errorf("%s: %s (-want +got; -update writes it):\n%s", at, command, d)
		}
	}
	return all.String()
}

// apply changes a text by a diff without line numbers: of each hunk (they are separated by @@) the lines that begin with a blank or - are found, together, and
// must be there; those with + are added.
func apply(text, diff string) (string, error) {
	for _, hunk := range strings.Split(diff, "@@\n") {
		var err error
		if text, err = applyHunk(text, hunk); err != nil {
			return "", err
		}
	}
	return text, nil
}

func applyHunk(old, diff string) (string, error) {
	lines := strings.SplitAfter(old, "\n")
	hunk := strings.SplitAfter(strings.TrimSuffix(diff, "\n")+"\n", "\n")
	hunk = hunk[:len(hunk)-1]
	var expect []string // what has to be there, as one run of lines between gaps
	for _, h := range hunk {
		if h[0] != '+' {
			expect = append(expect, h[1:])
		}
	}
	for at := 0; at+len(expect) <= len(lines); at++ {
		ok := true
		for i, e := range expect {
			ok = ok && lines[at+i] == e
		}
		if !ok {
			continue
		}
		out := strings.Join(lines[:at], "")
		i := at
		for _, h := range hunk {
			switch h[0] {
			case '+':
				out += h[1:]
			case '-':
				i++
			default:
				out += lines[i]
				i++
			}
		}
		return out + strings.Join(lines[i:], ""), nil
	}
	return "", fmt.Errorf("the diff does not fit:\n%s\ninto\n%s", diff, old)
}

// TestReferenceIsComplete: the reference names every reserved word of the grammar, every built-in function and every attribute.
func TestReferenceIsComplete(t *testing.T) {
	page, err := os.ReadFile("../../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, ok := strings.Cut(string(page), "\n## Reference\n")
	if !ok {
		t.Fatal("no reference")
	}
	code := map[string]bool{} // words inside backticks
	for _, span := range regexp.MustCompile("`[^`]+`").FindAllString(reference, -1) {
		for _, w := range regexp.MustCompile(`[A-Za-z_]\w*`).FindAllString(span, -1) {
			code[w] = true
		}
	}
	grammar, err := os.ReadFile("../../model/syntax/grammar.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, reserved, ok := strings.Cut(string(grammar), "Reserved words\n")
	if !ok {
		t.Fatal("no reserved words")
	}
	words := strings.Fields(reserved)
	source, err := os.ReadFile("../../model/check/call.go")
	if err != nil {
		t.Fatal(err)
	}
	_, builtins, ok := strings.Cut(string(source), "var builtins = ")
	builtins, _, ok2 := strings.Cut(builtins, "\n}\n")
	if !ok || !ok2 {
		t.Fatal("no built-ins")
	}
	for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(builtins, -1) {
		words = append(words, m[1])
	}
	words = append(words, "use", "free", "leak", "guard", "kernel", "self", "this_cpu", "this_mm", "on", "in", "cpu", "mm", "when", "where", "holds", "violates", "states", "transitions", "bool", "int", "u1", "u16")
	if len(words) < 70 {
		t.Errorf("only %d words", len(words))
	}
	for _, w := range words {
		if !code[w] {
			t.Errorf("the reference does not mention %s", w)
		}
	}
}
