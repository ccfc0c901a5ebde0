package source_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/source"
)

func TestPos(t *testing.T) {
	t.Parallel()
	const (
		maxFile = 1<<20 - 1
		maxLine = 1<<28 - 1
		maxCol  = 1<<16 - 1
	)
	for _, tc := range []struct {
		name               string
		file, line, col    int
		wantFile, wantLine int
		wantCol            int
	}{
		{"ordinary", 3, 17, 4, 3, 17, 4},
		{"first", 1, 1, 1, 1, 1, 1},
		{"largest", maxFile, maxLine, maxCol, maxFile, maxLine, maxCol},
		{"column saturates", 1, 2, maxCol + 1, 1, 2, maxCol},
		{"line saturates", 1, maxLine + 1, 2, 1, maxLine, 2},
		{"file saturates", maxFile + 1, 1, 1, maxFile, 1, 1},
		{"all saturate", math.MaxInt32, math.MaxInt32, math.MaxInt32, maxFile, maxLine, maxCol},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := source.MakePos(tc.file, tc.line, tc.col)
			got := [3]int{p.FileID(), p.Line(), p.Col()}
			if want := [3]int{tc.wantFile, tc.wantLine, tc.wantCol}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			if !p.IsValid() {
				t.Error("not valid")
			}
		})
	}
	if source.NoPos.IsValid() || source.NoPos.FileID() != 0 {
		t.Error("NoPos is valid")
	}
	if a, b := source.MakePos(1, 2, 60000), source.MakePos(1, 3, 1); a >= b {
		t.Error("positions do not sort by line first")
	}
	if got := source.At(5); got != (source.Span{Start: 5}) {
		t.Errorf("At(5) is %v", got)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	var set source.Set
	other := set.Add("other", nil)
	const text = "one\n\r\n\tthree\r\nvier ü" // no line end at the end
	f := set.Add("f.pmd", []byte(text))
	if other.ID != 1 || f.ID != 2 {
		t.Fatalf("the files have numbers %d and %d, want 1 and 2", other.ID, f.ID)
	}
	for n, want := range map[int]string{-1: "", 0: "", 1: "one", 2: "", 3: "\tthree", 4: "vier ü", 5: ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
	if got := other.Line(1); got != "" {
		t.Errorf("line 1 of an empty file is %q", got)
	}
	// Every offset survives the way to a position and back, and lines grow by one at each line end.
	line := 1
	for i := range len(text) + 1 {
		p := f.Pos(i)
		if p.Line() != line || p.FileID() != f.ID || f.Offset(p) != i {
			t.Errorf("offset %d is line %d, offset %d; want line %d", i, p.Line(), f.Offset(p), line)
		}
		if set.File(p) != f {
			t.Errorf("offset %d is in another file", i)
		}
		if i < len(text) && text[i] == '\n' {
			line++
		}
	}
	if got := set.Position(f.Pos(6)); got != "f.pmd:3:1" {
		t.Errorf("got %q, want f.pmd:3:1", got)
	}
	for _, p := range []source.Pos{source.NoPos, source.MakePos(3, 1, 1)} {
		if got := set.Position(p); got != "-" || set.File(p) != nil {
			t.Errorf("position %#x of no file is %q", uint64(p), got)
		}
	}
	var none *source.Set
	if got := none.Position(f.Pos(0)); got != "-" {
		t.Errorf("a position without a set is %q", got)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var set source.Set
	f := set.Add("f", []byte("abc\ndef\n"))
	span := func(a, b int) source.Span { return source.Span{Start: f.Pos(a), End: f.Pos(b)} }
	for _, tc := range []struct {
		name string
		span source.Span
		want string
	}{
		{"in a line", span(1, 3), "bc"},
		{"over lines", span(1, 6), "bc\nde"},
		{"whole", span(0, 8), "abc\ndef\n"},
		{"empty", span(2, 2), ""},
		{"without an end", source.At(f.Pos(1)), ""},
		{"backwards", span(3, 1), ""},
		{"line behind the end", source.Span{Start: f.Pos(4), End: source.MakePos(f.ID, 99, 1)}, "def\n"},
		{"column behind the end", source.Span{Start: f.Pos(4), End: source.MakePos(f.ID, 2, 99)}, "def\n"},
	} {
		if got := string(f.Text(tc.span)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestLongLine: behind the last column a position can hold, all are the same one, in the same line.
func TestLongLine(t *testing.T) {
	t.Parallel()
	var set source.Set
	f := set.Add("f", []byte(strings.Repeat("x", 70000)+"\ny"))
	for _, i := range []int{1<<16 - 2, 1 << 16, 69999} {
		if p := f.Pos(i); p.Line() != 1 || p.Col() != 1<<16-1 {
			t.Errorf("offset %d is %d:%d", i, p.Line(), p.Col())
		}
	}
	if p := f.Pos(70001); p.Line() != 2 || p.Col() != 1 {
		t.Errorf("the next line is %d:%d", p.Line(), p.Col())
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100) + "HERE" + strings.Repeat("b", 100)
	for _, tc := range []struct {
		name, src  string
		start, end int // offsets; end -1: none
		want       string
	}{
		{"word", "u2 name;\n", 3, 7, "f:1:4: error: msg [c]\n    u2 name;\n       ^~~~\n"},
		{"position", "u2 name;\n", 3, -1, "f:1:4: error: msg [c]\n    u2 name;\n       ^\n"},
		{"empty span", "u2 name;\n", 3, 3, "f:1:4: error: msg [c]\n    u2 name;\n       ^\n"},
		{"tabs before", "x;\n\t\ta\tb;\n", 7, 8, "f:2:5: error: msg [c]\n    \t\ta\tb;\n    \t\t \t^\n"},
		{"tab inside", "a\tb\n", 0, 3, "f:1:1: error: msg [c]\n    a\tb\n    ^~~\n"},
		{"over lines", "one two\nthree\n", 4, 12, "f:1:5: error: msg [c]\n    one two\n        ^~~\n"},
		{"line end", "one\n", 3, -1, "f:1:4: error: msg [c]\n    one\n       ^\n"},
		{"carriage return", "one\r\ntwo\r\n", 5, 8, "f:2:1: error: msg [c]\n    two\n    ^~~\n"},
		{"end of the file", "one\n", 4, -1, "f:2:1: error: msg [c]\n    \n    ^\n"},
		{"no line end", "one", 1, 3, "f:1:2: error: msg [c]\n    one\n     ^~\n"},
		{"not ASCII behind", "x = ü;\n", 0, 1, "f:1:1: error: msg [c]\n    x = ü;\n    ^\n"},
		{"not ASCII before", "ü = x;\n", 5, 6, "f:1:6: error: msg [c]\n    ü = x;\n        ^\n"},
		{"not ASCII inside", "x = übü;\n", 4, 9, "f:1:5: error: msg [c]\n    x = übü;\n        ^~~\n"},
		{
			"long line, not ASCII", strings.Repeat("ü", 100) + "x" + strings.Repeat("ü", 100), 200, 201,
			"f:1:201: error: msg [c]\n    " + strings.Repeat("ü", 30) + "x" + strings.Repeat("ü", 29) + "\n    " + strings.Repeat(" ", 30) + "^\n",
		},
		{"not UTF-8", "a\xffb\n", 0, 1, "f:1:1: error: msg [c]\n"},
		{"control character", "a\x1b[31mb\n", 0, 1, "f:1:1: error: msg [c]\n"},
		{
			"long line", long, 100, 104,
			"f:1:101: error: msg [c]\n    " + strings.Repeat("a", 60) + "HERE" + strings.Repeat("b", 56) + "\n    " + strings.Repeat(" ", 60) + "^~~~\n",
		},
		{
			"long span", long, 2, 204,
			"f:1:3: error: msg [c]\n    " + strings.Repeat("a", 100) + "HERE" + strings.Repeat("b", 16) + "\n      ^" + strings.Repeat("~", 117) + "\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var set source.Set
			f := set.Add("f", []byte(tc.src))
			span := source.Span{Start: f.Pos(tc.start)}
			if tc.end >= 0 {
				span.End = f.Pos(tc.end)
			}
			list := &source.List{Files: &set}
			list.Errorf("c", span, "%s", "msg")
			var b strings.Builder
			if err := list.Render(&b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenderRelatedAndHint(t *testing.T) {
	t.Parallel()
	var set source.Set
	f := set.Add("f", []byte("u2 x;\nbool x;\n"))
	list := &source.List{Files: &set}
	list.Add(source.Diagnostic{
		Code: "duplicate-name", Span: source.Span{Start: f.Pos(11), End: f.Pos(12)}, Msg: "'x' is declared twice",
		Related: []source.Related{{Span: source.At(f.Pos(3)), Msg: "the first time here"}, {Msg: "somewhere"}}, Hint: "rename it",
	})
	list.Errorf("no-place", source.Span{}, "wrong as a whole")
	const want = `f:2:6: error: 'x' is declared twice [duplicate-name]
    bool x;
         ^
    f:1:4: note: the first time here
    -: note: somewhere
    hint: rename it
-: error: wrong as a whole [no-place]
`
	var b strings.Builder
	if err := list.Render(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErr(t *testing.T) {
	t.Parallel()
	var none *source.List
	if err := none.Err(); err != nil {
		t.Errorf("a nil list is the error %v", err)
	}
	if err := (&source.List{}).Err(); err != nil {
		t.Errorf("an empty list is the error %v", err)
	}
	var set source.Set
	f := set.Add("f", []byte("abc\ndef\nghi\n"))
	list := &source.List{Files: &set}
	for i, e := range []struct {
		off  int
		code string
	}{{8, "b"}, {1, "b"}, {0, "b"}, {2, "a"}, {4, "a"}, {6, "a"}, {9, "c"}} {
		list.Errorf(e.code, source.At(f.Pos(e.off)), "%d", i)
	}
	list.Errorf("z", source.Span{}, "a")
	list.Errorf("z", source.Span{}, "b")
	err := list.Err()
	var got []string
	for _, d := range list.Diags {
		got = append(got, fmt.Sprintf("%s %s %s", set.Position(d.Span.Start), d.Code, d.Msg))
	}
	// Sorted by place; of the two b in line 1 and the two a in line 2 the first each; both without a place.
	want := []string{"- z a", "- z b", "f:1:1 b 2", "f:1:3 a 3", "f:2:1 a 4", "f:3:1 b 0", "f:3:2 c 6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "-: a (and 6 more)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	one := &source.List{Files: &set}
	one.Errorf("x", source.At(f.Pos(4)), "only")
	if got := one.Err().Error(); got != "f:2:1: only" {
		t.Errorf("got %q", got)
	}
}
