package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
		for i, line := range strings.Split(string(text), "\n") {
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
