package specs_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/specs"
)

var mutants = flag.String("mutants", "", "TestEveryProtectionMatters: remove every statement whose `key`, as in harmless, matches this expression, instead of a sample")

const (
	cellsPerSpec  = 10 // cells of a spec that are asked at least, spread over its sweep,
	cellsPerValue = 3  // and cells with each value of each parameter
	sampleOf      = 12 // without -mutants every so manieth statement is removed
	mutantsStates = 100_000
)

// kernelFolders are the folders whose specs use the kernel library.
var kernelFolders = []string{"seed", "family", "tables", "walkers", "bugs", "residual", "hazards"}

// statement matches every statement of the library that does something: calls, assignments, waits, frees. Not declarations, jumps, assertions and
// lock_acquire() and its kin (which only observe), nor marks.
var statement = regexp.MustCompile(`^\t+(?:\w+ \((?:.*)\);|\w+\(.*\);|[\w\->.*\[\] +]+ (?:\||\+|-)?= .*;|[\w\->.\[\]]+(?:\+\+|--);)$`)

var observer = regexp.MustCompile(`^\t+(?:assert|cover|return|struct|enum|bool|pte_t|pud_t|u\d+|int|if|for|while|lock_acquire|lock_tryacquire|lock_release|observe_\w+|mark_dropping)\b`)

// function finds the name of the function or process that line i is in.
func function(lines []string, i int) string {
	head := regexp.MustCompile(`^(?:override )?(?:struct |enum )?\w+ \*?(\w+)[(\[]|^process (\w+)`)
	for ; i >= 0; i-- {
		if m := head.FindStringSubmatch(lines[i]); m != nil {
			return m[1] + m[2]
		}
	}
	return ""
}

// earlier counts the lines like line i before it in the same function.
func earlier(lines []string, i int) (n int) {
	for k := i - 1; k >= 0 && function(lines, k) == function(lines, i); k-- {
		if strings.TrimSpace(lines[k]) == strings.TrimSpace(lines[i]) {
			n++
		}
	}
	return n
}

// askedCell is one cell that mutants are tried on.
type askedCell struct {
	spec   string
	cell   model.ConfigCell
	want   string
	states int64
	lines  map[string]bool // "mm/hugetlb.pmd:12", what its machine executes or has inlined
}

// answer is the verdict of a cell and what it violates.
func answer(sys *model.System) (string, int64, error) {
	res, err := checker.Check(context.Background(), sys, checker.Options{MaxStates: mutantsStates})
	if err != nil {
		return "", 0, err
	}
	return fmt.Sprint(res.Verdict, properties(res)), res.Stats.States, nil
}

// executed lists the lines of the library that the steps of a machine come from, calls included.
func executed(sys *model.System) map[string]bool {
	lines := map[string]bool{}
	note := func(p source.Pos) {
		if f := sys.Files.File(p); f != nil {
			lines[fmt.Sprintf("%s:%d", strings.TrimPrefix(f.Name, "linux/"), p.Line())] = true
		}
	}
	for _, p := range sys.Processes {
		for _, t := range p.Trans {
			for _, o := range t.Code {
				note(o.Pos)
				for f := o.Frame; f != model.NoFrame; f = sys.Frames[f].Parent {
					note(sys.Frames[f].Call)
				}
			}
		}
	}
	return lines
}

// spread chooses cells in the order of a hash, so that no parameter's period meets a stride.
func spread(cells []model.ConfigCell) (out []model.ConfigCell) {
	hash := func(c model.ConfigCell) uint32 {
		h := fnv.New32a()
		h.Write([]byte(c.String()))
		return h.Sum32()
	}
	slices.SortFunc(cells, func(a, b model.ConfigCell) int { return cmp.Compare(hash(a), hash(b)) })
	taken := map[model.ConfigValue]int{}
	for _, c := range cells {
		wanted := len(out) < cellsPerSpec
		for _, v := range c.Config {
			wanted = wanted || taken[v] < cellsPerValue
		}
		if !wanted {
			continue
		}
		for _, v := range c.Config {
			taken[v]++
		}
		out = append(out, c)
	}
	return out
}

// asked chooses cells of every kernel spec and checks them with the library as it is.
func asked(t *testing.T) []*askedCell {
	var out []*askedCell
	for _, dir := range kernelFolders {
		names, err := fs.Glob(specs.FS, dir+"/*.pmd")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			name = strings.TrimSuffix(name, ".pmd")
			spec := load(t, name, linux.FS)
			cells, err := spec.Cells(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range spread(cells) {
				sys, err := spec.Build(c, model.BuildOptions{})
				if err != nil {
					t.Fatal(err)
				}
				a := &askedCell{spec: name, cell: c, lines: executed(sys)}
				if a.want, a.states, err = answer(sys); err != nil {
					t.Fatal(err)
				}
				out = append(out, a)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *askedCell) int { return int(a.states - b.states) })
	return out
}

// TestEveryProtectionMatters removes, one at a time, statements of the library that do something (lock operations, waits, flushes, grace-period and refcount steps
// among them), and demands that some cell changes its verdict, or that the statement is listed as harmless with a reason.
func TestEveryProtectionMatters(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: every mutant is tried on many cells")
	}
	var chosen *regexp.Regexp
	if *mutants != "" {
		chosen = regexp.MustCompile(*mutants)
	}
	cells := asked(t)
	files := fstest.MapFS{}
	var names []string
	err := fs.WalkDir(linux.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			src, _ := linux.FS.ReadFile(p)
			files[p] = &fstest.MapFile{Data: src}
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	removed := 0
	for _, name := range names {
		lines := strings.Split(string(files[name].Data), "\n")
		for i, line := range lines {
			if !statement.MatchString(line) || observer.MatchString(line) {
				continue
			}
			key := name + ": " + function(lines, i) + ": " + strings.TrimSpace(line)
			if n := earlier(lines, i); n > 0 {
				key += fmt.Sprintf(" (%d)", n+1)
			}
			known[key] = true
			removed++
			if chosen != nil && !chosen.MatchString(key) || chosen == nil && removed%sampleOf != 0 {
				continue
			}
			mutant := append([]string{}, lines...)
			mutant[i] = ";"
			lib := fstest.MapFS{}
			for n, g := range files {
				lib[n] = g
			}
			lib[name] = &fstest.MapFile{Data: []byte(strings.Join(mutant, "\n"))}
			at := fmt.Sprintf("%s:%d", name, i+1)
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				loaded := map[string]*model.Spec{}
				tried := 0
				for _, c := range cells {
					if !c.lines[at] {
						continue
					}
					tried++
					spec := loaded[c.spec]
					if spec == nil {
						spec = load(t, c.spec, lib)
						loaded[c.spec] = spec
					}
					sys, err := spec.Build(c.cell, model.BuildOptions{})
					if err != nil {
						t.Fatalf("%s does not build without %s, so it says nothing: %v", c.cell, key, err)
					}
					got, _, err := answer(sys)
					if err != nil {
						t.Fatal(err)
					}
					if got != c.want {
						if harmless[key] != "" {
							t.Errorf("%s is listed as harmless, and without it %s %s is %s instead of %s", key, c.spec, c.cell, got, c.want)
						}
						return
					}
				}
				if harmless[key] == "" {
					t.Errorf("%q can be removed and no verdict of %d cells changes", key, tried)
				}
			})
		}
	}
	for key := range harmless {
		if !known[key] {
			t.Errorf("%s is listed as harmless and is not in the library", key)
		}
	}
	if removed < 250 {
		t.Errorf("only %d statements were found in the library", removed)
	}
}

// harmless lists statements of the library whose removal changes no verdict of the cells that are asked, with the reason. Each key is a file, the function and the line.
var harmless = map[string]string{}
