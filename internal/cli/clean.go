package cli

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// What the program itself tells a terminal: colours, to the beginning of the line, and what is right of it away.
var (
	colours = regexp.MustCompile(`^\x1b\[[0-9;]{0,8}m`)
	erase   = []byte("\r\x1b[K")
)

// clean replaces control characters, which a terminal would obey: names of files, texts of specs and traces come from others. They become \uXXXX, which JSON reads as what it
// stands for, and bytes that are no UTF-8 become \xXX. Line feeds and tabs stay, and on a terminal what the program itself tells it. The number of bytes that are dealt with
// is less than all where a character may go on in what is written next.
func clean(p []byte, tty bool) (out []byte, n int) {
	for n < len(p) {
		c := p[n]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			out = append(out, c)
			n++
			continue
		}
		rest := p[n:]
		if tty {
			own := 0
			switch {
			case n == 0 && bytes.HasPrefix(rest, erase): // what others wrote does not begin a write
				own = len(erase)
			case c == 0x1b:
				own = len(colours.Find(rest))
			}
			if own > 0 {
				out = append(out, rest[:own]...)
				n += own
				continue
			}
		}
		if c >= utf8.RuneSelf && !utf8.FullRune(rest) {
			return out, n
		}
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, c)
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, rest[:size]...)
		}
		n += size
	}
	return out, n
}

// harmless reports whether there is nothing to be replaced, without a copy.
func harmless(p []byte) bool {
	for _, c := range p {
		if (c < ' ' && c != '\n' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}
