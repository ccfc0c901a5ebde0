package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pmdcheck/internal/cli"
	"pmdcheck/model/linux"
	"pmdcheck/specs"
)

// generator feeds the program with generated inputs, most of them in this process, because to start one takes longer than most inputs.
type generator struct {
	t     *testing.T
	dir   string
	m     mutator
	count int
	codes [5]int
	slow  time.Duration
	name  atomic.Value // what runs
}

// mostTime is how long one input may take; on a machine that does other things as well, most of that is theirs.
const mostTime = 20 * time.Second

// run runs a command on inputs in the folder and looks at what no input may do.
func (g *generator) run(args ...string) (code int, out, errs string) {
	g.count++
	g.name.Store(strings.Join(args, " "))
	var o, e bytes.Buffer
	start := time.Now()
	late := time.AfterFunc(3*mostTime, func() { panic("hangs: " + strings.Join(args, " ")) })
	code = cli.Main(args, strings.NewReader(""), &o, &e)
	late.Stop()
	took := time.Since(start)
	g.slow = max(g.slow, took)
	bad := ""
	switch {
	case code < 0 || code > 3:
		bad = fmt.Sprintf("exit code %d", code)
	case took > mostTime:
		bad = fmt.Sprintf("takes %v", took)
	case strings.Contains(e.String(), "goroutine ") || strings.Contains(e.String(), "internal error"):
		bad = "a panic"
	case code == 2 && e.Len() == 0:
		bad = "an error without a word"
	case strings.ContainsAny(o.String()+e.String(), "\x1b\x00\x07"):
		bad = "control characters"
	}
	if bad != "" {
		g.fail(bad, args, e.String())
	}
	if code >= 0 && code < len(g.codes) {
		g.codes[code]++
	}
	return code, o.String(), e.String()
}

// fail keeps the inputs.
func (g *generator) fail(what string, args []string, errs string) {
	g.t.Helper()
	g.t.Errorf("input %d: %v: %s: %.600s", g.count, args, what, errs)
	if keep := os.Getenv("PMDCHECK_KEEP"); keep != "" {
		_ = os.CopyFS(filepath.Join(keep, strconv.Itoa(g.count)), os.DirFS(g.dir))
	}
}

func (g *generator) write(name string, text []byte) string {
	g.t.Helper()
	file := filepath.Join(g.dir, name)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		g.t.Fatal(err)
	}
	return file
}

var (
	position = regexp.MustCompile(`(?m)^\S.*:\d+:\d+: error: `)
	// Errors of specs that are about all of a spec, or about flags.
	placeless = regexp.MustCompile(`declares no process|no configuration of the sweep|has no default and is not swept|too many values to sweep|no config parameter|is not one of|cannot be read|which no configuration has|observes|--only|is a binary|not a text`)
)

// spec checks a text as a spec.
func (g *generator) spec(name string, text []byte, more ...string) {
	file := g.write(name, text)
	args := append([]string{"check", file, "--max-states", "300", "--timeout", "3s", "--jobs", "1", "--workers", "1"}, more...)
	code, _, errs := g.run(args...)
	if code == 2 && !position.MatchString(errs) && !placeless.MatchString(errs) {
		g.fail("no position", args, errs)
	}
}

// corpus reads the texts of a file system.
func corpus(t *testing.T, f fs.FS, ok func(name string, text []byte) bool) (out [][]byte) {
	t.Helper()
	err := fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(f, p)
		if err == nil && ok(p, b) {
			out = append(out, b)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d texts, %v", len(out), err)
	}
	return out
}

// pick is one of several.
func pick[T any](m mutator, list []T) T { return list[m.IntN(len(list))] }

// TestHostileInputs makes inputs of every kind of good ones and demands of each run: no panic, an exit code that means something, an error with a place, no control characters, an end
// soon; and of all together that they fit into little memory. PMDCHECK_INPUTS is a factor, PMDCHECK_SEED another beginning.
func TestHostileInputs(t *testing.T) {
	factor, seed := 1.0, uint64(1)
	if testing.Short() {
		factor = 0.1
	}
	if v := os.Getenv("PMDCHECK_INPUTS"); v != "" {
		factor, _ = strconv.ParseFloat(v, 64)
	}
	if v := os.Getenv("PMDCHECK_SEED"); v != "" {
		seed, _ = strconv.ParseUint(v, 10, 64)
	}
	n := func(k int) int { return max(1, int(float64(k)*factor)) }
	g := &generator{t: t, dir: t.TempDir(), m: mutator{rand.New(rand.NewPCG(seed, 17))}}
	forgetPeak(t)
	start, before := time.Now(), usage(t)
	for _, kind := range []struct {
		name  string
		count int
		f     func(*generator, int)
	}{
		{"specs", n(1500), (*generator).specs},
		{"library", n(150), (*generator).library},
		{"traces", n(400), (*generator).traces},
		{"results", n(400), (*generator).results},
		{"checkpoints", n(150), (*generator).checkpoints},
		{"litmus", n(350), (*generator).litmus},
		{"trees", n(10), (*generator).trees},
	} {
		from, at := g.count, time.Now()
		kind.f(g, kind.count)
		t.Logf("%-12s %5d inputs in %v", kind.name, g.count-from, time.Since(at).Round(time.Millisecond))
	}
	after := usage(t)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	t.Logf("%d inputs in %v, %v of CPU; exit codes %v; the slowest took %v; at most %d MiB resident", g.count, time.Since(start).Round(time.Second), cpu.Round(time.Second), g.codes, g.slow.Round(time.Millisecond), after.Maxrss>>10)
	if factor == 1 && g.count < 3000 {
		t.Errorf("only %d inputs", g.count)
	}
	if after.Maxrss<<10 > 2<<30 {
		t.Errorf("%d MiB resident", after.Maxrss>>10)
	}
	for code, k := range g.codes[:4] {
		if k == 0 && factor >= 1 {
			t.Errorf("no run ended with %d: the inputs are too much alike", code)
		}
	}
}

func usage(t *testing.T) syscall.Rusage {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (g *generator) specs(n int) {
	small := corpus(g.t, specs.FS, func(p string, b []byte) bool {
		return strings.HasSuffix(p, ".pmd") && !bytes.Contains(b, []byte("linux/")) && len(b) < 2500
	})
	small = append(small, corpus(g.t, os.DirFS("../../properties/examples"), func(p string, b []byte) bool {
		return strings.HasSuffix(p, ".pmd") && !bytes.Contains(b, []byte("linux/"))
	})...)
	for i := range n {
		src := pick(g.m, small)
		if i%3 == 0 {
			src = g.m.text(src, pick(g.m, small))
		} else {
			src = g.m.mild(src)
		}
		var more []string
		switch i % 10 {
		case 1:
			more = []string{"--workers", "2"}
		case 2:
			more = []string{"--no-merge", "--reduction", "none"}
		case 3:
			more = []string{"-v", "--search", "bfs"}
		}
		g.spec("mutant.pmd", src, more...)
	}
}

// library has specs import a mutant of a library file.
func (g *generator) library(n int) {
	files := corpus(g.t, linux.FS, func(p string, b []byte) bool { return strings.HasSuffix(p, ".pmd") })
	use := g.write("use.pmd", []byte("import \"./lib\";\nbool x;\nprocess p { x = true; }\n"))
	for range n {
		g.write("lib.pmd", g.m.text(pick(g.m, files), pick(g.m, files)))
		if code, _, errs := g.run("check", use, "--max-states", "50", "--timeout", "3s"); code == 2 && !position.MatchString(errs) && !placeless.MatchString(errs) {
			g.fail("no position", []string{"lib.pmd"}, errs)
		}
	}
}

func (g *generator) traces(n int) {
	stored := corpus(g.t, os.DirFS("../../traces/testdata"), func(p string, b []byte) bool { return strings.HasSuffix(p, ".json") && len(b) < 200_000 })
	stored = append(stored, witness(g.t))
	for i := range n {
		file := g.write("trace.json", g.m.text(pick(g.m, stored), pick(g.m, stored)))
		switch i % 4 {
		case 0:
			g.run("replay", file)
		case 1:
			g.run("render", file, "--svg")
		default:
			g.run("render", file)
		}
	}
}

func (g *generator) results(n int) {
	var all [][]byte
	for _, args := range [][]string{{"check", "classic", "--json", "-"}, {"check", "classic/peterson", "-v", "--json", "-"}} {
		_, out, _ := g.run(args...)
		all = append(all, []byte(out))
	}
	_, base, _ := g.run("baseline", "write", "classic/peterson", "-o", "-")
	for i := range n {
		switch i % 4 {
		case 0:
			file := g.write("baseline.json", g.m.text([]byte(base), all[1]))
			g.run("baseline", "compare", file, "classic/peterson")
		case 1:
			file := g.write("results.json", g.m.text(pick(g.m, all), all[1]))
			g.run("baseline", "write", "--from", file, "-o", filepath.Join(g.dir, "out"))
		default:
			file := g.write("results.json", g.m.text(all[1], all[0]))
			g.run("merge", file, "--summary", filepath.Join(g.dir, "out"), "--sarif", filepath.Join(g.dir, "out2"))
		}
	}
}

// checkpoints are damaged, which their checksum tells; what they are with a right one, package checker tests.
func (g *generator) checkpoints(n int) {
	folder := filepath.Join(g.dir, "kept")
	g.run("check", "classic/peterson", "--checkpoint", folder)
	found, _ := filepath.Glob(filepath.Join(folder, "*.checkpoint"))
	if len(found) == 0 {
		g.t.Fatal("there is no checkpoint")
	}
	good, err := os.ReadFile(found[0])
	if err != nil {
		g.t.Fatal(err)
	}
	for range n {
		bad := g.m.text(good, good)
		if err := os.WriteFile(found[0], bad, 0o644); err != nil {
			g.t.Fatal(err)
		}
		if code, _, errs := g.run("check", "classic/peterson", "--resume", folder); code != 2 && !bytes.Equal(bad, good) {
			g.fail("a damaged checkpoint is taken", []string{found[0]}, errs)
		}
	}
}

func (g *generator) litmus(n int) {
	tests := corpus(g.t, os.DirFS("../../internal/axioms/testdata"), func(p string, b []byte) bool { return strings.HasSuffix(p, ".litmus") })
	for range n {
		file := g.write("t.litmus", g.m.text(pick(g.m, tests), pick(g.m, tests)))
		g.run("litmus", file, "--limit", "3000", "--timeout", "2s", "--memory-model", pick(g.m, []string{"sc", "tso", "arm", "lkmm"}))
	}
}

// trees are kernel trees in which every file is a mutant; a file counts as an input.
func (g *generator) trees(n int) {
	const root = "../../internal/audit/testdata/tree"
	var names []string
	texts := map[string][]byte{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		names = append(names, rel)
		texts[rel], err = os.ReadFile(p)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	slices.Sort(names)
	for range n {
		for _, name := range names {
			text := texts[name]
			if name != "Makefile" {
				text = g.m.text(text, texts[pick(g.m, names)])
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(g.dir, "tree", name)), 0o755); err != nil {
				g.t.Fatal(err)
			}
			g.write(filepath.Join("tree", name), text)
		}
		g.run("audit", "--linux", filepath.Join(g.dir, "tree"))
		g.count += len(names) - 1
	}
}
