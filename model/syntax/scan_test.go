package syntax_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

func scan(src string) ([]syntax.Lexeme, []*syntax.Comment, *source.List) {
	set := &source.Set{}
	diags := &source.List{Files: set}
	toks, comments := syntax.Scan(set.Add("test.pmd", []byte(src)), diags)
	return toks, comments, diags
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, src string
		want      string // token kinds, with the text where it is not that of the kind
	}{
		{"empty", "", ""},
		{"white space", " \t\r\n\v\f", ""},
		{"byte order mark", "\uFEFFa", "identifier:a"},
		{"identifier", "_a1 A", "identifier:_a1 identifier:A"},
		{"keywords", "process NULL static_assert null", "process NULL static_assert identifier:null"},
		{"contextual words are names", "on cpu in mm when", "identifier:on identifier:cpu identifier:in identifier:mm identifier:when"},
		{"numbers", "0 12 0x1F 0b101", "number:0 number:12 number:0x1F number:0b101"},
		{"range of numbers", "1..3", "number:1 .. number:3"},
		{"range of names", "a..b", "identifier:a .. identifier:b"},
		{"number and field", "1.a", "number:1 . identifier:a"},
		{"version", "v6.1", "version:v6.1"},
		{"version with three parts", "v6.1.12", "version:v6.1.12"},
		{"release candidate", "v6.1-rc6", "version:v6.1-rc6"},
		{"version and subtraction", "v6.1-r6", "version:v6.1 - identifier:r6"},
		{"versions in a range", "v5.9..v6.12", "version:v5.9 .. version:v6.12"},
		{"open range", "v5.9..)", "version:v5.9 .. )"},
		{"no version without a dot", "v6 v v.1", "identifier:v6 identifier:v identifier:v . number:1"},
		{"no version in a field access", "v6.x v6..", "identifier:v6 . identifier:x identifier:v6 .."},
		{"no version in a longer name", "v6a.1 av6.1", "identifier:v6a . number:1 identifier:av6 . number:1"},
		{"longest operator", "<<=<<<=<", "<<= << <= <"},
		{"adjoining operators", "a---b&&&c", "identifier:a -- - identifier:b && & identifier:c"},
		{
			"all operators", "= += -= *= /= %= &= |= ^= <<= >>= ++ -- + - * / % & | ^ << >> && || ! ~ == != < <= > >= ? : ; , . .. -> @ ( ) [ ] { }",
			"= += -= *= /= %= &= |= ^= <<= >>= ++ -- + - * / % & | ^ << >> && || ! ~ == != < <= > >= ? : ; , . .. -> @ ( ) [ ] { }",
		},
		{"string", `"a b"`, `string:"a b"`},
		{"comments", "a // b\nc /* d\n e */ f /**/ g", "identifier:a identifier:c identifier:f identifier:g"},
		{"division is no comment", "a / b / *c", "identifier:a / identifier:b / * identifier:c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			toks, _, diags := scan(tc.src)
			if diags.Err() != nil {
				t.Fatal(rendered(diags))
			}
			var got []string
			for _, l := range toks[:len(toks)-1] {
				s := l.Tok.String()
				if s != l.Text {
					s += ":" + l.Text
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScanValues(t *testing.T) {
	t.Parallel()
	toks, _, diags := scan(`12 0x1F 0b101 9223372036854775807 "a\n\t\\\"ü"`)
	if diags.Err() != nil {
		t.Fatal(rendered(diags))
	}
	for i, want := range []int64{12, 31, 5, math.MaxInt64} {
		if toks[i].Val != want {
			t.Errorf("%s is %d, want %d", toks[i].Text, toks[i].Val, want)
		}
	}
	if want := "a\n\t\\\"ü"; toks[4].Str != want {
		t.Errorf("%s is %q, want %q", toks[4].Text, toks[4].Str, want)
	}
	toks, _, diags = scan("9223372036854775808")
	if toks[0].Val != math.MaxInt64 || diags.Err() == nil {
		t.Errorf("a number too large is %d with the errors %q, want the largest and an error", toks[0].Val, rendered(diags))
	}
}

func TestScanPlaces(t *testing.T) {
	t.Parallel()
	toks, comments, _ := scan("a  bc // x \r\n\t/* y  \n z */ d\n")
	var got []string
	for _, l := range toks {
		got = append(got, fmt.Sprintf("%s %d:%d-%d:%d %v", l.Tok, l.Span.Start.Line(), l.Span.Start.Col(), l.Span.End.Line(), l.Span.End.Col(), l.FirstOfLine))
	}
	for _, c := range comments {
		got = append(got, fmt.Sprintf("%q %d:%d-%d:%d", c.Text, c.Sp.Start.Line(), c.Sp.Start.Col(), c.Sp.End.Line(), c.Sp.End.Col()))
	}
	want := []string{
		"identifier 1:1-1:2 true",
		"identifier 1:4-1:6 false",
		"identifier 3:7-3:8 true",
		"end of file 4:1-4:1 true",
		`"// x" 1:7-1:13`,
		`"/* y\n z */" 2:2-3:6`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// TestScanErrors holds the texts that cannot stand in testdata/bad because the mistake would swallow the expectation.
func TestScanErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, src, want string }{
		{"open string", "\"abc", "bad-string 1:1: string is not closed"},
		{"open string before a line end", "\"abc\r\nx", "bad-string 1:1: string is not closed"},
		{"escape at the end", `"abc\`, "bad-string 1:5: unknown escape in a string"},
		{"control character in a string", "\"a\x01b\" and some more text", "bad-string 1:3: control character '\\x01' in a string"},
		{"not UTF-8 in a string", "\"some \xff text\"", "bad-string 1:7: byte 0xff is not UTF-8 in a string"},
		{"control character in a comment", "// some\n/* \x1b[1m */", "bad-character 2:4: control character '\\x1b' in a comment"},
		{"not UTF-8 in a comment", "/* some\n\xff */", "bad-character 2:1: byte 0xff is not UTF-8 in a comment"},
		{"open comment", "a /* b\nc", "syntax 1:3: comment is not closed"},
		{"half a comment", "a /*/", "syntax 1:3: comment is not closed"},
		{"control character", "some \x01 text", "bad-character 1:6: illegal character '\\x01'"},
		{"not UTF-8", "some \xff text", "bad-character 1:6: byte 0xff is not UTF-8"},
		{"open quote", "a ' b", "bad-character 1:3: there are no character constants"},
		{"directive in the middle", "a # b", "bad-character 1:3: illegal character '#'"},
		{"directive at the end", "#include", "syntax 1:1: there is no preprocessor"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, _, diags := scan(tc.src)
			if len(diags.Diags) != 1 {
				t.Fatalf("%d errors, want 1:\n%s", len(diags.Diags), rendered(diags))
			}
			d := diags.Diags[0]
			if got := fmt.Sprintf("%s %d:%d: %s", d.Code, d.Span.Start.Line(), d.Span.Start.Col(), d.Msg); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
