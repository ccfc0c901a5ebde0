package main

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
)

// mutator makes hostile texts of good ones. The same seed makes the same texts.
type mutator struct{ *rand.Rand }

var (
	lexeme  = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|[0-9]+|"(?:[^"\\\n]|\\.)*"|\s+|.`)
	extreme = []string{"0", "1", "-1", "255", "4096", "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "99999999999999999999999", "1e309", "0x", "07", "1.5"}
	strange = []string{"\x00", "\x1b[2J", "\xff\xfe", "\u202e", "\u009b", "\r", "/*", "*/", "//", "\"", "'", "\\", "{", "}", "(", ")", "[", "]", "<", ">", ";", ",", "null", "true", "-", "\n", "\ufeff", "🙂"}
)

// text changes a text in one to four places; other is one of its kind, of which parts are taken.
func (m mutator) text(src, other []byte) []byte {
	for range 1 + m.IntN(4) {
		src = m.once(src, other)
	}
	return src
}

// mild puts a number or a name in the place of another one, which is often still a spec.
func (m mutator) mild(src []byte) []byte {
	words := regexp.MustCompile(`\b[0-9]+\b|\b[a-z_A-Z][a-z_A-Z0-9]*\b`).FindAllIndex(src, -1)
	if len(words) == 0 {
		return src
	}
	for range 50 {
		p, q := words[m.IntN(len(words))], words[m.IntN(len(words))]
		a, b := src[p[0]:p[1]], src[q[0]:q[1]]
		digit := func(c byte) bool { return c >= '0' && c <= '9' }
		if digit(a[0]) != digit(b[0]) || bytes.Equal(a, b) {
			continue
		}
		text := string(b)
		if digit(a[0]) && m.IntN(2) == 0 {
			text = []string{"0", "1", "2", "7", "64", "200", "4000"}[m.IntN(7)]
		}
		return []byte(string(src[:p[0]]) + text + string(src[p[1]:]))
	}
	return src
}

func (m mutator) once(src, other []byte) []byte {
	at := lexeme.FindAllIndex(src, -1)
	if len(at) == 0 {
		return bytes.Clone(other)
	}
	one := func() []int { return at[m.IntN(len(at))] }
	put := func(from, to int, text string) []byte {
		return []byte(string(src[:from]) + text + string(src[to:]))
	}
	p := one()
	switch m.IntN(12) {
	case 0: // leave out
		q := one()
		return put(min(p[0], q[0]), min(max(p[0], q[0]), min(p[0], q[0])+200), "")
	case 1: // twice
		q := one()
		from, to := min(p[0], q[0]), max(p[0], q[0])
		return put(to, to, string(src[from:min(to, from+400)]))
	case 2: // exchange
		q := one()
		if p[0] > q[0] {
			p, q = q, p
		}
		if p[1] > q[0] {
			return src
		}
		return []byte(string(src[:p[0]]) + string(src[q[0]:q[1]]) + string(src[p[1]:q[0]]) + string(src[p[0]:p[1]]) + string(src[q[1]:]))
	case 3: // an extreme number in the place of one
		for range 20 {
			if c := src[p[0]]; c >= '0' && c <= '9' {
				break
			}
			p = one()
		}
		return put(p[0], p[1], extreme[m.IntN(len(extreme))])
	case 4:
		return put(p[0], p[0], strange[m.IntN(len(strange))])
	case 5: // a bit
		out := bytes.Clone(src)
		out[m.IntN(len(out))] ^= 1 << m.IntN(8)
		return out
	case 6: // cut off
		return src[:m.IntN(len(src)+1)]
	case 7: // a part of another
		if len(other) == 0 {
			return src
		}
		from := m.IntN(len(other))
		return put(p[0], p[0], string(other[from:min(len(other), from+1+m.IntN(200))]))
	case 8: // very often
		return put(p[0], p[0], strings.Repeat(string(src[p[0]:p[1]]), 1<<m.IntN(13)))
	case 9: // deep
		s := []string{"(", "{", "[", "!", "-", "if (x) ", "{\"a\":", "choose { case: ", "/*"}[m.IntN(9)]
		return put(p[0], p[0], strings.Repeat(s, 1<<m.IntN(11)))
	case 10: // another word
		q := one()
		return put(p[0], p[1], string(src[q[0]:q[1]]))
	default: // lines in another order
		lines := bytes.SplitAfter(src, []byte("\n"))
		i, j := m.IntN(len(lines)), m.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil)
	}
}
