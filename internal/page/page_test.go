package page_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/checker/report"
	"pmdcheck/internal/page"
	"pmdcheck/traces"
)

func input(t testing.TB) page.Input {
	t.Helper()
	files, err := filepath.Glob("../../traces/testdata/golden/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	nasty := "</script><script>alert(1)</script><!-- \u2028 &amp; \"'`${x}"
	doc := report.NewDocument(len(files) + 1)
	in := page.Input{Title: nasty, Document: doc, Specs: map[string]page.Spec{nasty: {Doc: nasty, Sources: map[string]string{"seed/race_a.pmd": nasty}}}, Evidence: map[int]page.Evidence{}}
	for i, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := traces.Read(bytes.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		e := report.Entry{Number: i + 1, Spec: nasty, Verdict: "violated", Properties: []string{tr.Property}, Order: []string{"n"}, Config: map[string]string{"n": nasty}, Covers: map[string]string{"b": "reached", "a": "not looked for"}}
		e.Findings = []report.Finding{{Property: tr.Property, Message: nasty, Trace: tr}}
		doc.Results = append(doc.Results, e)
		in.Evidence[i+1] = page.Evidence{Machines: []page.Machine{{Process: nasty, Trans: []page.Arrow{{From: 0, To: 1, Label: nasty}}}}}
	}
	doc.Results = append(doc.Results, report.Entry{Number: len(files) + 1, Spec: nasty, Verdict: "unknown", Reason: "states"})
	return in
}

var dataTag = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

var tracesTag = regexp.MustCompile(`(?s)<script type="application/json" id="traces">(.*?)</script>`)

// TestPage: the same bytes each time; hostile text neither ends the data nor is lost; nothing refers to anything outside.
func TestPage(t *testing.T) {
	var a, b bytes.Buffer
	if err := page.Write(&a, input(t)); err != nil {
		t.Fatal(err)
	}
	if err := page.Write(&b, input(t)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two pages of the same run differ")
	}
	text := a.String()
	if strings.Contains(text, "alert(1)</script>") {
		t.Error("text becomes part of the page")
	}
	if n := strings.Count(text, "<script"); n != 4 {
		t.Errorf("%d scripts", n)
	}
	m := dataTag.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("no data")
	}
	var data struct {
		Title          string
		Strings        []string
		Machines       []json.RawMessage
		Configurations []struct {
			N int   `json:"n"`
			T []int `json:"t"`
			O string
		}
	}
	if err := json.Unmarshal([]byte(m[1]), &data); err != nil {
		t.Fatal(err)
	}
	if data.Title != input(t).Title {
		t.Errorf("title %q", data.Title)
	}
	seen := map[string]bool{}
	for _, s := range data.Strings {
		if seen[s] {
			t.Errorf("%q is stored twice", s)
		}
		seen[s] = true
	}
	if len(data.Machines) != 1 {
		t.Errorf("equal machines are stored %d times", len(data.Machines))
	}
	if len(data.Configurations) != len(input(t).Document.Results) || data.Configurations[len(data.Configurations)-1].O != "u" {
		t.Errorf("%d configurations, the last is %+v", len(data.Configurations), data.Configurations[len(data.Configurations)-1])
	}
	// Of addresses there is one, which is only ever followed by a reader: where the kernel's source is.
	shell := strings.ReplaceAll(dataTag.ReplaceAllString(text, ""), `const kernelSource = "https://`, "")
	shell = strings.ReplaceAll(shell, "url(#", "") // a part of the page
	for _, bad := range []string{"http://", "https://", "//cdn", "url(", "@import", " src="} {
		if strings.Contains(strings.ReplaceAll(shell, "http://www.w3.org/2000/svg", ""), bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

// TestEqualTraces: a trace that two configurations share is stored once.
func TestEqualTraces(t *testing.T) {
	stored := func(in page.Input) (traces int, first []int) {
		var b bytes.Buffer
		if err := page.Write(&b, in); err != nil {
			t.Fatal(err)
		}
		var data struct {
			Configurations []struct{ T []int }
		}
		if err := json.Unmarshal([]byte(dataTag.FindStringSubmatch(b.String())[1]), &data); err != nil {
			t.Fatal(err)
		}
		for _, c := range data.Configurations {
			if len(c.T) > 0 {
				first = append(first, c.T[0])
			}
		}
		z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(tracesTag.FindStringSubmatch(b.String())[1])))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(lines, []byte("\n")), first
	}
	in := input(t)
	before, _ := stored(in)
	again := in.Document.Results[0]
	again.Number = len(in.Document.Results) + 1
	in.Document.Results = append(in.Document.Results, again)
	after, first := stored(in)
	if after != before || first[0] != first[len(first)-1] {
		t.Errorf("%d traces, %d with a configuration that shares one", before, after)
	}
}

// TestCard: what a proof rests on, in words: whether every state was visited, what is not judged, and that nothing shows it is not vacuous.
func TestCard(t *testing.T) {
	judged := []report.Judged{{Property: "low", Verdict: "holds"}, {Property: "small", Verdict: "not judged"}}
	covers := map[string]string{"window": "reached"}
	const blind = " Nothing was violated. Not judged, because nothing in this configuration observes it: small."
	for _, tc := range []struct {
		name string
		e    report.Entry
		want string
	}{
		{"full", report.Entry{Verdict: "holds", Reduction: "none", Judged: judged, Covers: covers}, "Every reachable state of the model was visited." + blind},
		{"reduced", report.Entry{Verdict: "holds", Reduction: "stubborn", Judged: judged, Covers: covers}, "The search is complete, but not every reachable state was visited: of steps that commute only as many orders were taken as it takes to find every violation." + blind},
		{"symmetry", report.Entry{Verdict: "holds", Reduction: "none", Symmetry: true, Judged: judged, Covers: covers}, "The search is complete, but not every reachable state was visited: states that differ only in which of interchangeable processes or objects is which count as one." + blind},
		{"both, and liveness", report.Entry{Verdict: "holds", Reduction: "stubborn", Symmetry: true, LiveStates: 7, Judged: judged, Covers: covers}, "The search is complete, but not every reachable state was visited: of steps that commute only as many orders were taken as it takes to find every violation, and states that differ only in which of interchangeable processes or objects is which count as one; for liveness every one was." + blind},
		{"without covers", report.Entry{Verdict: "holds", Reduction: "none", Judged: judged[:1]}, "Every reachable state of the model was visited. Nothing was violated. There is no cover, so nothing shows that what holds could have gone wrong at all."},
		{"nothing judged", report.Entry{Verdict: "holds", Reduction: "none", Judged: judged[1:], Covers: covers}, "Every reachable state of the model was visited. Nothing is judged. Not judged, because nothing in this configuration observes it: small."},
		{"cut", report.Entry{Verdict: "unknown", Reason: "states", Reduction: "none", Judged: judged, Covers: covers}, "unknown: states."},
		{"vacuous", report.Entry{Verdict: "violated", Properties: []string{"cover window"}, Reduction: "none", Judged: judged, Covers: covers}, "cover window never reached: the proof would be vacuous."},
	} {
		in := page.Input{Document: &report.Document{Results: []report.Entry{tc.e}}}
		var b bytes.Buffer
		if err := page.Write(&b, in); err != nil {
			t.Fatal(err)
		}
		var data struct {
			Strings        []string
			Configurations []struct {
				Card int `json:"cd"`
			}
		}
		if err := json.Unmarshal([]byte(dataTag.FindStringSubmatch(b.String())[1]), &data); err != nil {
			t.Fatal(err)
		}
		if got := data.Strings[data.Configurations[0].Card]; got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, tc.want)
		}
	}
}
