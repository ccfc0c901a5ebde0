package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A package that a script or a document names on the command line of the go tool exists: a package that moves must not leave a step of CI behind that fails, or that tests nothing.
func TestNamedPackages(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var files []string
	for _, pattern := range []string{"scripts/*", "docs/*.md", "*.md", ".ci/*", ".github/workflows/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	command := regexp.MustCompile(`\bgo (?:test|vet|build|run|install) [^\n` + "`" + `]*`)
	local := regexp.MustCompile(`(?:^|\s)\./([a-z0-9_./-]+)(?:\s|$)`)
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		for _, line := range command.FindAllString(string(text), -1) {
			for _, m := range local.FindAllStringSubmatch(line, -1) {
				folder := strings.TrimSuffix(strings.TrimSuffix(m[1], "..."), "/")
				seen++
				if info, err := os.Stat(filepath.Join(root, folder)); folder != "" && (err != nil || !info.IsDir()) {
					t.Errorf("%s: %q names ./%s, which is not there", file, line, folder)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d packages are named: the expressions of this test no longer match", seen)
	}
}
