package matrix_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"pmdcheck/checker/matrix"
)

// results are configurations of a spec with parameters p, t, a and b; what is violated, and what unknown, is said configuration by configuration.
func results(say func(p, t, a, b string) (violated bool, unknown string)) []matrix.Result {
	var out []matrix.Result
	for _, p := range []string{"none", "lock"} {
		for _, t := range []string{"x86", "arm"} {
			for _, a := range []string{"0", "1"} {
				for _, b := range []string{"0", "1"} {
					v, u := say(p, t, a, b)
					answer := matrix.Answer{Verdict: matrix.Holds}
					switch {
					case v:
						answer.Verdict = matrix.Violated
					case u == "blind":
						answer.Verdict = matrix.NotJudged
					case u != "":
						answer = matrix.Answer{Verdict: matrix.Unknown, Reason: u}
					}
					out = append(out, matrix.Result{
						Spec: "s", Config: []matrix.Value{{Name: "p", Value: p}, {Name: "t", Value: t}, {Name: "a", Value: a}, {Name: "b", Value: b}},
						Axes: map[string]string{"p": p, "t": t, "spec": "s"}, Answers: map[string]matrix.Answer{"uaf": answer},
					})
				}
			}
		}
	}
	return out
}

func build(rs []matrix.Result) *matrix.Document {
	return matrix.Build(rs, []string{"t"}, []string{"p"}, []string{"uaf", "nobody knows"}, true, func(s string) string { return "title of " + s })
}

func TestPlaces(t *testing.T) {
	for _, tc := range []struct {
		name string
		say  func(p, t, a, b string) (bool, string)
		want string // places of the two lines
	}{
		{"all hold", func(string, string, string, string) (bool, string) { return false, "" }, "holds holds / holds holds"},
		{"all violated", func(string, string, string, string) (bool, string) { return true, "" }, "VIOLATED VIOLATED / VIOLATED VIOLATED"},
		{"one of four", func(p, t, a, b string) (bool, string) { return p == "none" && t == "x86" && a == "1" && b == "0", "" }, "VIOLATED{a=1 b=0} holds / holds holds"},
		{"by one parameter", func(p, _, a, _ string) (bool, string) { return p == "none" && a == "1", "" }, "VIOLATED{a=1} holds / VIOLATED{a=1} holds"},
		{"either of two", func(p, _, a, b string) (bool, string) { return p == "none" && (a == "1" || b == "1"), "" }, "VIOLATED{a=1; b=1} holds / VIOLATED{a=1; b=1} holds"},
		{"exclusive or", func(p, _, a, b string) (bool, string) { return p == "none" && a != b, "" }, "VIOLATED{a=0 b=1; a=1 b=0} holds / VIOLATED{a=0 b=1; a=1 b=0} holds"},
		{"unknown is never holds", func(p, t, a, b string) (bool, string) {
			if p == "lock" && t == "arm" && b == "1" {
				return false, "timeout"
			}
			return false, ""
		}, "holds holds / holds unknown{b=1}"},
		{"violated beats unknown", func(p, _, a, _ string) (bool, string) { return p == "none" && a == "1", "memory" }, "VIOLATED{a=1} unknown / VIOLATED{a=1} unknown"},
		{"nothing observes it in some", func(p, _, a, _ string) (bool, string) {
			if p == "lock" || a == "1" {
				return false, "blind"
			}
			return false, ""
		}, "holds{a=0}{not a=1} blind / holds{a=0}{not a=1} blind"},
		{"all three", func(p, _, a, b string) (bool, string) {
			if p == "none" && a == "0" {
				return false, "blind"
			}
			return p == "none" && b == "1", "memory"
		}, "VIOLATED{a=1 b=1}{not a=0} unknown / VIOLATED{a=1 b=1}{not a=0} unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := build(results(tc.say))
			if len(d.Tables) != 1 {
				t.Fatalf("%d tables", len(d.Tables))
			}
			var lines []string
			for _, l := range d.Tables[0].Lines {
				var places []string
				for _, p := range l.Places {
					s := map[matrix.Verdict]string{matrix.Holds: "holds", matrix.Violated: "VIOLATED", matrix.Unknown: "unknown", matrix.NotJudged: "blind", matrix.None: "-"}[p.Verdict]
					if p.Where != "" {
						s += "{" + p.Where + "}"
					}
					if p.Unjudged != "" {
						s += "{not " + p.Unjudged + "}"
					}
					places = append(places, s)
				}
				lines = append(lines, strings.Join(places, " "))
			}
			if got := strings.Join(lines, " / "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// sample has every kind of place: a hole, a part, an unknown.
func sample() *matrix.Document {
	rs := results(func(p, t, a, _ string) (bool, string) {
		if p == "lock" {
			return false, "timeout"
		}
		if t == "arm" && a == "0" {
			return false, "blind"
		}
		return t == "x86" && a == "1", ""
	})
	rs[0].Spec = `<s>&"` // hostile, and a spec of its own
	var kept []matrix.Result
	for _, r := range rs {
		if r.Axes["p"] != "lock" || r.Axes["t"] != "arm" {
			kept = append(kept, r)
		}
	}
	return build(kept)
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `<s>&": uaf (title of uaf)

t    p=none
-----------
x86  holds

s: uaf (title of uaf)

t    p=none        lock
------------------------------
x86  VIOLATED [a]  unknown [b]
arm  holds [c]     -

[a] violated where a=1
[b] stopped by: timeout
[c] not judged where a=0
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSON(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("matrix.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*matrix.Document{sample(), build(nil)} {
		var b bytes.Buffer
		if err := d.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"spec", "property", "row", "column", "verdict", "configurations", "violated", "unknown", "not_judged", "where", "not_judged_where"},
		{`<s>&"`, "uaf", "t=x86", "p=none", "holds", "1", "0", "0", "0", "", ""},
		{"s", "uaf", "t=x86", "p=none", "violated", "3", "2", "0", "0", "a=1", ""},
		{"s", "uaf", "t=x86", "p=lock", "unknown", "4", "0", "4", "0", "", ""},
		{"s", "uaf", "t=arm", "p=none", "holds", "4", "0", "0", "2", "a=1", "a=0"},
		{"s", "uaf", "t=arm", "p=lock", "none", "0", "0", "0", "0", "", ""},
	}
	if d := cmp.Diff(want, records); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestHTML(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	for _, want := range []string{"&lt;s&gt;&amp;&#34;: uaf", `<td class="violated" title="pmdcheck check s --set p=none --set t=x86 --set a=1 --set b=0 -v">VIOLATED<small>violated where a=1</small></td>`, `<td class="none" title="">-</td>`, `holds<small>not judged where a=0</small></td>`} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s in\n%s", want, s)
		}
	}
	for _, not := range []string{"<s>", "http:", "https:", "<script", "<link", "src="} {
		if strings.Contains(s, not) {
			t.Errorf("there is %s in the page", not)
		}
	}
	for _, tag := range []string{"table", "tr", "td", "th", "thead", "tbody", "small", "caption"} {
		open := strings.Count(s, "<"+tag+">") + strings.Count(s, "<"+tag+" ")
		if n := strings.Count(s, "</"+tag+">"); n != open {
			t.Errorf("%d <%s> and %d </%s>", open, tag, n, tag)
		}
	}
	var again bytes.Buffer
	if err := sample().WriteHTML(&again); err != nil || again.String() != s {
		t.Error("two pages of one document differ", err)
	}
}

// TestNothingJudged: a property that nothing observes has a table only where it was asked about by name.
func TestNothingJudged(t *testing.T) {
	rs := results(func(string, string, string, string) (bool, string) { return false, "blind" })
	for judged, want := range map[bool]int{true: 0, false: 1} {
		if d := matrix.Build(rs, []string{"t"}, []string{"p"}, []string{"uaf", "nobody knows"}, judged, func(s string) string { return s }); len(d.Tables) != want {
			t.Errorf("%v: %d tables", judged, len(d.Tables))
		}
	}
}
