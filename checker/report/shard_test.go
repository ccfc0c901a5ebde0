package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pmdcheck/checker/report"
	"pmdcheck/model"
)

// TestShards: whatever the configurations cost, each is in exactly one shard, every machine finds the same parts, and no shard carries more than the mean and one configuration.
func TestShards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,6}`), 0, 40, rapid.ID[string]).Draw(t, "keys")
		of := rapid.IntRange(1, 9).Draw(t, "shards")
		cost := map[string]int64{}
		total, top := int64(0), int64(0)
		for _, k := range keys {
			cost[k] = rapid.Int64Range(1, 1000).Draw(t, "cost")
			total, top = total+cost[k], max(top, cost[k])
		}
		times := make([]int, len(keys))
		for i := 1; i <= of; i++ {
			in := report.Shard{Index: i, Of: of}.Pick(keys, cost)
			if d := cmp.Diff(in, report.Shard{Index: i, Of: of}.Pick(keys, cost)); d != "" {
				t.Fatal("two machines differ", d)
			}
			var load int64
			for k, yes := range in {
				if yes {
					times[k]++
					load += cost[keys[k]]
				}
			}
			if load > total/int64(of)+top {
				t.Errorf("shard %d of %d has %d of %d, the largest configuration is %d", i, of, load, total, top)
			}
		}
		for k, n := range times {
			if n != 1 {
				t.Errorf("%s is in %d shards", keys[k], n)
			}
		}
	})
}

// TestShardsByCost: by hand. Costs 8 5 4 3 and an unknown one, which counts as their mean, 5.
func TestShardsByCost(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "new"}
	cost := map[string]int64{"a": 8, "b": 5, "c": 4, "d": 3}
	var got []string
	for i := 1; i <= 2; i++ {
		var mine []string
		for k, in := range (report.Shard{Index: i, Of: 2}).Pick(keys, cost) {
			if in {
				mine = append(mine, keys[k])
			}
		}
		got = append(got, strings.Join(mine, " "))
	}
	// a to the first, b to the second, new (5) to the second, c to the first, d to the second.
	if d := cmp.Diff([]string{"a c", "b d new"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i, in := range (report.Shard{}).Pick(keys, nil) {
		if !in {
			t.Errorf("%s is not in the whole", keys[i])
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]report.Shard{"": {}, "1/1": {Index: 1, Of: 1}, "3/12": {Index: 3, Of: 12}} {
		if got, err := report.ParseShard(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"0/3", "4/3", "1", "1/", "/2", "a/b", "1/0", "-1/2", "1/2/3", "1/999999"} {
		if _, err := report.ParseShard(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// part is the document of some of the configurations.
func part(d *report.Document, shard string, configs ...int) *report.Document {
	p := report.NewDocument(d.Configurations)
	p.Shard = shard
	for _, c := range configs {
		p.Results = append(p.Results, d.Results[c])
	}
	return p
}

// TestMerge: parts in any order make the whole; a missing part, one that is there twice, and one of another run are named.
func TestMerge(t *testing.T) {
	d := document(t)
	all, err := report.Merge([]string{"b", "a"}, []*report.Document{part(d, "2/2", 1, 3), part(d, "1/2", 0, 2, 4)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written(t, d.Write)), string(written(t, all.Write))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	other := report.NewDocument(7)
	for name, tc := range map[string]struct {
		docs []*report.Document
		want string
	}{
		"missing": {[]*report.Document{part(d, "1/3", 0, 2, 4), part(d, "3/3", 3)}, "1 of 5 configurations are in none of the files: missing is shard 2/3"},
		"unnamed": {[]*report.Document{part(d, "", 0, 2, 4), part(d, "3/3", 3)}, "1 of 5 configurations are in none of the files, the first is number 2; there is f0, 3/3"},
		"twice":   {[]*report.Document{part(d, "1/2", 0, 1, 2, 3, 4), part(d, "1/2", 1)}, "specs/free  waits=writer n=0 is in f0 and in f1"},
		"foreign": {[]*report.Document{d, other}, "f1 is of a run of 7 configurations, f0 of one of 5"},
		"none":    {nil, "nothing to merge"},
	} {
		var names []string
		for i := range tc.docs {
			names = append(names, fmt.Sprint("f", i))
		}
		if _, err := report.Merge(names, tc.docs); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCompareDigests: a baseline with digests of another version is compared in everything else, and one sentence says so, whatever the number of configurations.
func TestCompareDigests(t *testing.T) {
	d := document(t)
	whole := &report.Document{Results: slices.Clone(d.Results[:4])}
	b, err := report.NewBaseline(whole)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole.Results {
		whole.Results[i].Digest = model.DigestVersion + ":" + whole.Results[i].Digest
	}
	b.Configurations[0].States++
	b.Configurations[2].Verdict = "violated"
	var got []string
	for _, c := range b.Compare(whole, func(string) bool { return true }) {
		got = append(got, fmt.Sprint(c.Configuration, " ", len(c.What), " ", c.Verdict))
	}
	if diff := cmp.Diff([]string{"specs/free  waits=nobody n=0 1 false", "specs/free  waits=everybody n=0 1 true"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := b.Incomparable(whole); !strings.HasPrefix(s, `the digests of 4 configurations are of version "d1" in the baseline and of version "d3" now: verdicts and counts were compared`) || strings.Contains(s, "\n") {
		t.Errorf("%q", s)
	}
	whole.Results = whole.Results[:1]
	whole.Results[0].Digest = b.Configurations[0].Digest
	if s := b.Incomparable(whole); s != "" {
		t.Errorf("the configurations that were run have digests of one version: %s", s)
	}
	whole.Results[0].Digest, whole.Results[0].Reason = "", "interrupt"
	b.Configurations[0].Digest = model.DigestVersion + ":" + b.Configurations[0].Digest
	if s := b.Incomparable(whole); s != "" {
		t.Errorf("a configuration that was not begun has no digest, and none of another version: %s", s)
	}
}

// TestCompare: every kind of change is named, and only a changed verdict counts as one.
func TestCompare(t *testing.T) {
	d := document(t)
	whole := &report.Document{Results: d.Results[:4]}
	b, err := report.NewBaseline(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := report.NewBaseline(d); err == nil || !strings.Contains(err.Error(), "specs/long was not searched to its end (states)") {
		t.Errorf("a baseline of an incomplete search: %v", err)
	}
	everything := func(string) bool { return true }
	if c := b.Compare(whole, everything); len(c) != 0 {
		t.Errorf("nothing changed: %+v", c)
	}
	again, err := report.ReadBaseline(strings.NewReader(string(written(t, b.Write))))
	if err != nil || len(again.Configurations) != len(b.Configurations) || again.Costs()[b.Configurations[0].Configuration] != d.Results[0].Transitions {
		t.Errorf("%v %+v", err, again)
	}
	b.Configurations[0].States++
	b.Configurations[1].Properties = []string{"no_double_free"}
	b.Configurations[2].Verdict = "violated"
	b.Configurations[3].Digest = "other"
	b.Configurations = append(b.Configurations, report.BaselineEntry{Configuration: "specs/old  n=1", Verdict: "holds"}, report.BaselineEntry{Configuration: "not/asked", Verdict: "holds"})
	var got []string
	for _, c := range b.Compare(d, func(config string) bool { return config != "not/asked" }) {
		got = append(got, fmt.Sprintf("%s: %s %v %v", c.Configuration, strings.Join(c.What, "; "), c.Verdict, c.Unknown))
	}
	n := d.Results[0]
	want := []string{
		fmt.Sprintf("specs/free  waits=nobody n=0: %d -> %d states, %d -> %d transitions false false", n.States+1, n.States, n.Transitions, n.Transitions),
		"specs/free  waits=writer n=0: was violated no_double_free, now violated no_use_after_free true false",
		"specs/free  waits=everybody n=0: was violated, now holds true false",
		"specs/hope: another model false false",
		"specs/long: new: unknown: states false true",
		"specs/old  n=1: gone: was holds true false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := b.Incomparable(d); s != "" {
		t.Errorf("digests of one version: %s", s)
	}
}
