package syntax_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/model/syntax"
)

// TestGrammarIsComplete: grammar.txt uses every operator and reserved word, defines what it uses, and lists the reserved words.
func TestGrammarIsComplete(t *testing.T) {
	t.Parallel()
	text := string(read(t, "grammar.txt"))
	rules, list, ok := strings.Cut(text, "Reserved words\n")
	_, rules, ok2 := strings.Cut(rules, "\nTokens\n")
	if !ok || !ok2 {
		t.Fatal("grammar.txt has other headings")
	}
	quoted := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([^"\s]+)"`).FindAllStringSubmatch(rules, -1) {
		quoted[m[1]] = true
	}
	var reserved []string
	for i := range 256 {
		switch tok := syntax.Token(i); {
		case tok.IsKeyword():
			reserved = append(reserved, tok.String())
			fallthrough
		case tok.String() != "token" && tok > syntax.VERSION:
			if !quoted[tok.String()] {
				t.Errorf("no rule has %q", tok)
			}
		}
	}
	listed := strings.Fields(list)
	slices.Sort(listed)
	slices.Sort(reserved)
	if !slices.Equal(listed, reserved) {
		t.Errorf("listed as reserved: %q, are: %q", listed, reserved)
	}

	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z_]+) +=`).FindAllStringSubmatch(rules, -1) {
		defined[m[1]] = true
	}
	// What remains of the right sides without quoted parts, remarks and left sides are the names of rules.
	for _, line := range strings.Split(rules, "\n") {
		if !strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "  An ") || strings.Contains(line, "comment") {
			continue
		}
		line = regexp.MustCompile(`^  [a-z_]+ +=`).ReplaceAllString(line, "")
		if i := strings.LastIndex(line, "      "); i > 0 && strings.TrimSpace(line[:i]) != "" {
			line = line[:i] // a remark
		}
		line = regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(line, " ")
		for _, w := range regexp.MustCompile(`[a-z_]+`).FindAllString(line, -1) {
			if !defined[w] && w != "character" {
				t.Errorf("rule %q is used and not defined", w)
			}
		}
	}
}
