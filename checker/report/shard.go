package report

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/checker"
)

// Shard is one of several parts of a run, counted from 1. The zero Shard is the whole.
type Shard struct{ Index, Of int }

// ParseShard reads "2/4".
func ParseShard(s string) (Shard, error) {
	if s == "" {
		return Shard{}, nil
	}
	a, b, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || i < 1 || n < i || n > 100_000 {
		return Shard{}, fmt.Errorf("%s: write which of how many, counted from 1, as 2/4", s)
	}
	return Shard{i, n}, nil
}

func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// Pick says which of the configurations, given by their keys, are in the shard. Every configuration is in exactly one of the shards. Configurations are dealt out by falling cost, each to
// the shard that has least so far; a configuration without a cost costs as much as the mean of those that have one. All machines come to the same result, because
// nothing but the keys and costs decides.
func (s Shard) Pick(keys []string, cost map[string]int64) []bool {
	in := make([]bool, len(keys))
	if s.Of <= 1 {
		for i := range in {
			in[i] = true
		}
		return in
	}
	var sum, known int64
	for _, k := range keys {
		if c, ok := cost[k]; ok {
			sum += c
			known++
		}
	}
	mean := int64(1)
	if known > 0 {
		mean = max(1, sum/known)
	}
	of := func(i int) int64 {
		if c, ok := cost[keys[i]]; ok {
			return max(1, c)
		}
		return mean
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(of(b), of(a)), strings.Compare(keys[a], keys[b]), cmp.Compare(a, b))
	})
	load := make([]int64, s.Of)
	for _, i := range order {
		least := 0
		for k := range load {
			if load[k] < load[least] {
				least = k
			}
		}
		load[least] += of(i)
		in[i] = least == s.Index-1
	}
	return in
}

// Merge joins the documents of the shards of one run. The error names what is there twice, or what is missing, with an [Incomplete]; then the document has what is there.
func Merge(names []string, docs []*Document) (*Document, error) {
	if len(docs) == 0 {
		return nil, errors.New("nothing to merge")
	}
	all := NewDocument(docs[0].Configurations)
	from := map[int]string{}
	var errs []error
	for i, d := range docs {
		if d.Configurations != all.Configurations {
			errs = append(errs, fmt.Errorf("%s is of a run of %d configurations, %s of one of %d", names[i], d.Configurations, names[0], all.Configurations))
			continue
		}
		for _, w := range d.Warnings {
			all.Warn(w.Spec, w.Text)
		}
		for _, e := range d.Results {
			if other, twice := from[e.Number]; twice {
				errs = append(errs, fmt.Errorf("%s is in %s and in %s", e.Key(), other, names[i]))
				break
			}
			from[e.Number] = names[i]
			all.Results = append(all.Results, e)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all.settle()
	if len(all.Results) < all.Configurations {
		return all, incomplete(names, docs, all)
	}
	return all, nil
}

// settle puts what was gathered from shards in the order in which one run would have found it.
func (d *Document) settle() {
	slices.SortFunc(d.Results, func(a, b Entry) int { return cmp.Compare(a.Number, b.Number) })
	d.Summary = Totals{}
	first := map[string]int{} // by spec: a configuration of it holds
	for _, e := range d.Results {
		d.Summary.count(e)
		if _, ok := first[e.Spec]; !ok && e.Verdict == checker.Holds.String() {
			first[e.Spec] = e.Number
		}
	}
	slices.SortStableFunc(d.Warnings, func(a, b Warning) int { return cmp.Compare(first[a.Spec], first[b.Spec]) })
}

// Incomplete is a set of shards of which some are missing.
type Incomplete struct {
	Configurations, All int
	First               int    // number of the first configuration that is missing
	Shards              string // those that are missing, where the others say of how many they are
	Have                string
	Run                 *Run // nil: unknown
}

func (e *Incomplete) Error() string {
	if e.Shards != "" {
		return fmt.Sprintf("%d of %d configurations are in none of the files: missing is shard %s", e.Configurations, e.All, e.Shards)
	}
	return fmt.Sprintf("%d of %d configurations are in none of the files, the first is number %d; there is %s", e.Configurations, e.All, e.First, e.Have)
}

func incomplete(names []string, docs []*Document, all *Document) *Incomplete {
	out := &Incomplete{Configurations: all.Configurations - len(all.Results), All: all.Configurations, First: 1}
	for _, e := range all.Results {
		if e.Number == out.First {
			out.First++
		}
	}
	var have, missing []string
	there, of := map[int]bool{}, -1
	for i, d := range docs {
		have = append(have, cmp.Or(d.Shard, names[i]))
		s, err := ParseShard(d.Shard)
		if err != nil || s.Of == 0 || of >= 0 && s.Of != of {
			of = 0
		} else if of != 0 {
			of, there[s.Index] = s.Of, true
		}
		if i == 0 {
			out.Run = d.Run
		} else if !reflect.DeepEqual(out.Run, d.Run) {
			out.Run = nil
		}
	}
	for i := 1; i <= of; i++ {
		if !there[i] {
			missing = append(missing, Shard{i, of}.String())
		}
	}
	out.Have, out.Shards = strings.Join(have, ", "), strings.Join(missing, ", ")
	return out
}

// Fill adds the configurations that were missing.
func (d *Document) Fill(missing []Entry) {
	d.Results = append(d.Results, missing...)
	d.settle()
}
