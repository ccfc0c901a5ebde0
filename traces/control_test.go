package traces_test

import (
	"strings"
	"testing"

	"pmdcheck/traces"
)

// TestControlCharacters: a trace whose texts would tell a terminal something is none.
func TestControlCharacters(t *testing.T) {
	const src = `{"schema":"` + traces.Schema + `","spec":"NAME","digest":"d","kind":"run","processes":[],"steps":[]}`
	for _, name := range []string{`\u001b[2J`, `a\u0007`, `\u009b1m`, "\u009b"} {
		if _, err := traces.Read(strings.NewReader(strings.Replace(src, "NAME", name, 1))); err == nil || !strings.Contains(err.Error(), "control character") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := traces.Read(strings.NewReader(strings.Replace(src, "NAME", `x\ny\t“ü”`, 1))); err != nil {
		t.Error(err)
	}
}
