package arch

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// oldWords are the words that docs/glossary.md has other terms for.
var oldWords = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bcircles? of locks\b|\bin a circle\b`),
	regexp.MustCompile(`(?i)\bwhose a state is\b`),
	regexp.MustCompile(`(?i)\b(run|runs|ran) dry\b`),
	regexp.MustCompile(`(?i)\bfreed at last\b`),
	regexp.MustCompile(`(?i)\bliveness (bit|variable|cell|check)s?\b`),
	regexp.MustCompile(`(?i)\b(he|she|him|his|himself|herself)\b`),
	regexp.MustCompile(`(?i)\b(process(es)?|workers?|threads?|tasks?|walkers?|writers?|callers?|freers?|CPUs?|those|somebody|everybody|nobody) who\b`),
}

// A cell is a shared variable. Where commands, results and pages are told of, few lines are about those.
var (
	cell         = regexp.MustCompile(`(?i)\bcells?\b`)
	cellOfMemory = regexp.MustCompile(`(weak|shared|pinned) cells?\b|cells are weak|no cell is weak|until CELL\b|\bwrites of one cell\b` +
		`|"cells?"|\bcells, configurations bool|\bCells?\b|old field cells|\bcells (&& !older|are those of the old)|a configuration a cell|is called .cells.`) // the last line: names in old files
)

// aboutConfigurations reports whether a file has to do with combinations of parameters, and with shared variables only where [cellOfMemory] says so.
func aboutConfigurations(name string) bool {
	switch dir, file := path.Split(name); {
	case strings.HasSuffix(file, "_test.go"), file == "weak.go", file == "words_test.go":
		return false
	case strings.HasPrefix(dir, "internal/suite/"), strings.HasPrefix(dir, "internal/cli/"), strings.HasPrefix(dir, "checker/report/"), strings.HasPrefix(dir, "internal/scale/"), dir == "internal/bench/":
		return true
	case dir == "docs/":
		return slices.Contains([]string{"output.md", "ci.md", "audit.md", "new-release.md", "scale.md", "new-spec.md", "performance.md", "language.md"}, file)
	case dir == "cmd/pmdcheck/testdata/script/":
		return file != "judged.txtar" && file != "renamed.txtar" // they try old files and old names
	}
	return name == "README.md"
}

// TestWords: comments, documents, help texts and messages use the terms of the glossary. A process, a worker and a thread are things.
func TestWords(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == "fuzz" {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(p) {
		case ".go", ".md", ".pmd", ".js", ".html", ".txtar", ".sh", ".yml":
		default:
			return nil
		}
		switch d.Name() {
		case "CHANGELOG.md", "glossary.md", "words_test.go":
			return nil // they name the old words
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		files++
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		noCells := aboutConfigurations(filepath.ToSlash(rel))
		for i, line := range strings.Split(string(text), "\n") {
			if noCells && cell.MatchString(line) && !cellOfMemory.MatchString(line) {
				t.Errorf("%s:%d: %q: a combination of parameters is a configuration", p, i+1, cell.FindString(line))
			}
			for _, w := range oldWords {
				if old := w.FindString(line); old != "" {
					t.Errorf("%s:%d: %q: docs/glossary.md has another term", p, i+1, old)
				}
			}
		}
		return nil
	})
	if err != nil || files < 500 {
		t.Fatal(files, err)
	}
}
