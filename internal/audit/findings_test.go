package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// full is an audit with something of everything.
func full(t testing.TB) *Document {
	t.Helper()
	doc, err := conforms(t, "split hugetlb_split_if\n\t+ ipi after start: of what has gone\n")
	if err != nil {
		t.Fatal(err)
	}
	mini := audited(t, "testdata/tree", Options{})
	doc.References = append(doc.References, mini.References...)
	doc.Kconfig = mini.Kconfig
	doc.Features = []Feature{
		{Name: "told", Kind: "fix", Value: "false", Default: "true", At: []Place{{"mm/hugetlb.c", 9}}, Commits: []string{"0123456789ab"}},
		{Name: "untold", Kind: "design", Default: "true", Why: "mm/x.c is not there"},
	}
	doc.Verdicts = []Verdict{
		{Claim: "a", Verdict: "violated", Properties: []string{"no_deadlock"}, Suggested: "told", Mends: []Mend{{[]string{"told"}, []string{"0123456789ab"}}}},
		{Claim: "b", Verdict: "unknown", Reason: "max states"},
		{Claim: "c", Verdict: "holds", Unreached: []string{"cover x"}},
	}
	return doc
}

// TestSchema: what is written is what the schema describes, and the schema lets nothing else pass.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("audit.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string]*Document{"full": full(t), "mini": audited(t, "testdata/tree", Options{All: true})} {
		var b bytes.Buffer
		if err := doc.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := ReadJSON(&b); err != nil || cmp.Diff(jsonOf(t, doc), jsonOf(t, again)) != "" {
			t.Errorf("%s: not read as it was written: %v", name, err)
		}
		v.(map[string]any)["more"] = 1
		if schema.Validate(v) == nil {
			t.Errorf("%s: something more passes", name)
		}
	}
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFindings: everything that is not in order is found, under a rule that there is, at a place in the tree.
func TestFindings(t *testing.T) {
	doc := full(t)
	got := map[string]int{}
	for _, f := range doc.Findings() {
		got[f.Rule]++
		if f.Place.File == "" || f.Key == "" || f.Text == "" {
			t.Errorf("%+v", f)
		}
		if f.Rule == "claim" && !f.Unknown && (f.Place != Place{"mm/hugetlb.c", 9} || f.Detail[0] != "mended by told: backport 0123456789ab") {
			t.Errorf("%+v", f)
		}
	}
	c := doc.Count()
	want := map[string]int{
		"claim": 2, "feature": 1, "reference": c.Moved + c.Renamed + c.Gone, "call-site": c.New, "kconfig": c.Differ + c.Untold,
		"conformance": 4, "stale-waiver": 1, "not-read": c.Unknown + len(doc.Unread), "not-compared": 1,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	for rule, n := range want {
		if n == 0 {
			t.Errorf("nothing of %s was tried", rule)
		}
		known := false
		for _, r := range Rules {
			known = known || r.ID == rule
		}
		if !known {
			t.Errorf("%s is no rule", rule)
		}
	}
}

// TestBaseline: what an earlier audit had is not new, also if it has moved; one more of a kind is.
func TestBaseline(t *testing.T) {
	doc := full(t)
	before := doc.Findings()
	later := full(t)
	for i := range later.Functions {
		later.Functions[i].Line += 7
	}
	for _, s := range later.Sites {
		s.Lines[0] += 7
	}
	if fresh, known := New(later.Findings(), before); len(fresh) > 0 || known != len(before) {
		t.Errorf("%d known of %d, new: %v", known, len(before), fresh)
	}
	later.Sites = append(later.Sites, &Site{Entry: "e", Func: "f", File: "x.c", Lines: []int{3}, Status: "new"})
	for i := range later.Conform {
		if c := &later.Conform[i]; c.Model == "unmap" {
			c.Differences = append(c.Differences, c.Differences[0])
		}
	}
	later.Verdicts[0].Properties = []string{"no_deadlock", "no_lock_misuse"}
	fresh, _ := New(later.Findings(), before)
	var rules []string
	for _, f := range fresh {
		rules = append(rules, f.Rule)
	}
	if got := strings.Join(rules, " "); got != "claim call-site conformance" {
		t.Errorf("new: %s", got)
	}
}

// TestChangeFindings: what two trees differ in, but for bodies that have the same events.
func TestChangeFindings(t *testing.T) {
	old, now := full(t), full(t)
	now.Features[0].Value, now.Features[1].Value = "true", "false"
	now.Verdicts[0] = Verdict{Claim: "a", Verdict: "holds"}
	now.Functions[0].Hash = "0000000000000000"
	now.Functions[1].Skeleton = append([]string{"ipi"}, now.Functions[1].Skeleton...)
	old.Unread, now.Unread = nil, nil
	var got []string
	for _, f := range ChangeFindings(old, now, Compare(old, now), []FollowUp{{"0123456789abcdef", "mend it", "ba9876543210", "specs/x.pmd"}}) {
		text, _, _ := strings.Cut(f.Text, " (")
		got = append(got, text)
		if f.Unknown != strings.Contains(f.Text, "untold") {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"feature: told was absent, is present", "feature: untold was unknown, is absent", "verdict: a was violated", "body: " + now.Functions[1].Name, "0123456789ab mend it: fixes ba9876543210, cited by specs/x.pmd"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
