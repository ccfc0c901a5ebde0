package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestClean: what a terminal would obey is shown instead, wherever a text is cut into writes.
func TestClean(t *testing.T) {
	for _, c := range []struct{ in, pipe, tty string }{
		{"plain äöü 中 →\n\t", "plain äöü 中 →\n\t", "plain äöü 中 →\n\t"},
		{"\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`, "\x1b[31mred\x1b[0m"},
		{"\r\x1b[Kdone", `\u000d\u001b[Kdone`, "\r\x1b[Kdone"},
		{"title \x1b]0;owned\x07 \x1b[2J\x1b[8;1Hx", `title \u001b]0;owned\u0007 \u001b[2J\u001b[8;1Hx`, `title \u001b]0;owned\u0007 \u001b[2J\u001b[8;1Hx`},
		{"a\x00b\x7fc\u009b31md\x9be", `a\u0000b\u007fc\u009b31md\x9be`, `a\u0000b\u007fc\u009b31md\x9be`},
		{"if\u202e } ok", `if\u202e } ok`, `if\u202e } ok`},
		{"cut \xe4\xb8", `cut \xe4\xb8`, `cut \xe4\xb8`},
	} {
		for k := range 5 {
			var b bytes.Buffer
			s := &sink{w: &b}
			for text := c.in; text != ""; {
				n := min(len(text), k)
				if k == 0 {
					n = len(text)
				}
				if _, err := io.WriteString(s, text[:n]); err != nil {
					t.Fatal(err)
				}
				text = text[n:]
			}
			s.flush()
			if b.String() != c.pipe {
				t.Errorf("%q in writes of %d: %q, want %q", c.in, k, b.String(), c.pipe)
			}
		}
		if out, n := clean([]byte(c.in), true); string(out) != c.tty && !strings.HasPrefix(c.in, "cut") {
			t.Errorf("%q on a terminal: %q (%d bytes), want %q", c.in, out, n, c.tty)
		}
	}
}
