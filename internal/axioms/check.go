package axioms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
)

// DefaultLimit is the budget of a test in steps of the enumeration. A candidate execution of 25 events is some 50 steps, and takes 10 to 50 microseconds.
const DefaultLimit = 30_000_000

// Options bound a check.
type Options struct {
	Limit int64 // 0: DefaultLimit
	// Keep stores executions for drawing: one that the model allows and that satisfies the condition, and one that does not.
	Keep   bool
	mutant mutant
}

// Verdict is how many of the final states satisfy the condition.
type Verdict uint8

// The verdicts. NoFinal: there is no final state at all, because every execution hangs or the filter takes all; herd calls that Never.
const (
	Unknown Verdict = iota
	Never
	Sometimes
	Always
	NoFinal
)

func (v Verdict) String() string {
	if names := [...]string{"unknown", "Never", "Sometimes", "Always", "NoFinal"}; int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// State is a final state: the values of the terms of the projection, in its order.
type State struct {
	Values    []litmus.Value
	Positive  bool  // satisfies the condition
	Witnesses int64 // executions that end in it
}

// Result is the answer to a test under a model.
type Result struct {
	Test       *litmus.Test
	Model      Model
	States     []State // sorted by their text
	Positive   int64   // executions whose final state satisfies the condition
	Negative   int64
	Candidates int64    // executions that coherence and atomicity allow
	Flags      []string // data-race and others: the program has no defined meaning then
	Why        string   // why the answer is unknown, or ""

	names          []string // of the terms of the projection
	witness, other *execution
}

// Verdict sums up the states.
func (r *Result) Verdict() Verdict {
	switch {
	case r.Why != "":
		return Unknown
	case len(r.States) == 0:
		return NoFinal
	case r.Positive == 0:
		return Never
	case r.Negative == 0:
		return Always
	}
	return Sometimes
}

// Fulfilled reports whether what the test asks for is so: exists is fulfilled by one state, forall and ~exists by all.
func (r *Result) Fulfilled() bool {
	switch r.Test.Quant {
	case litmus.Exists:
		return r.Positive > 0
	case litmus.NotExists:
		return r.Positive == 0
	}
	return r.Negative == 0
}

// StateString writes a final state: 0:r1=1; x=2;.
func (r *Result) StateString(s *State, sep string) string {
	var b strings.Builder
	for i, n := range r.names {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(n + "=" + r.Test.Show(s.Values[i]) + ";")
	}
	return b.String()
}

// Hash names the set of final states, in 16 digits.
func (r *Result) Hash() string {
	var l []string
	for i := range r.States {
		l = append(l, r.StateString(&r.States[i], ""))
	}
	slices.Sort(l)
	h := sha256.Sum256([]byte(strings.Join(l, "\n")))
	return hex.EncodeToString(h[:])[:16]
}

// maxJudges bounds the memory of a check.
const maxJudges = 64

// judge decides candidates of one combination.
type judge interface {
	// reads prepares an assignment of reads; false if no coherence order can make it right.
	reads(rf []int) bool
	allows(x *execution) bool
	// rebind goes on with a combination whose events differ in values only.
	rebind(c *combination)
}

func (k *kernel) rebind(c *combination) { k.s.combination = c }
func (t *total) rebind(c *combination)  { t.s.combination = c }

// cost is that of a judgement about n events, in steps of the enumeration.
func cost(n int) int64 { return int64(10 + n*n/50) }

func newJudge(m Model, c *combination, mut mutant) judge {
	if m == LKMM {
		return newKernel(c, mut)
	}
	return newTotal(m, c, mut)
}

// Check enumerates the executions of a test. It ends early with the reason in Why if it takes too much, or if ctx ends.
func Check(ctx context.Context, t *litmus.Test, m Model, o Options) (res *Result) {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	k := &checker{
		Result: &Result{Test: t, Model: m}, o: o, budget: &budget{left: o.Limit, ctx: ctx}, index: map[string]int{}, proj: t.Projection(), flags: map[string]bool{}, judges: map[string]judge{},
	}
	for _, m := range k.proj {
		k.names = append(k.names, t.TermName(m))
	}
	defer func() {
		if v := recover(); v != nil {
			much, ok := v.(tooMuch)
			if !ok {
				panic(v)
			}
			k.Why = much.why
		}
		k.finish()
		res = k.Result
	}()
	traces := (&tracer{t: t, budget: k.budget, thinAir: m == LKMM}).all()
	combinations(t, traces, false, k.budget, k.combination)
	return k.Result
}

type checker struct {
	*Result
	o      Options
	budget *budget
	index  map[string]int // of states, by their values
	proj   []litmus.Term
	flags  map[string]bool
	judges map[string]judge // by the shapes of the traces
}

// filtered reports whether the filter takes every execution of a combination, whichever store a load reads from. Those that could be racy are looked at all the same.
func (k *checker) filtered(c *combination) bool {
	f := k.Test.Filter
	if f == nil {
		return false
	}
	for i := range c.events {
		if e := &c.events[i]; e.class <= write && (e.order == litmus.Plain || e.role == srcuLock || e.role == srcuUnlock) {
			return false
		}
	}
	for _, m := range litmus.Terms(f) {
		if m.Proc < 0 {
			return false
		}
	}
	return !f.Holds(func(m litmus.Term) litmus.Value { return c.traces[m.Proc].regs[m.Reg] })
}

func (k *checker) combination(c *combination) {
	if k.filtered(c) {
		return
	}
	var key strings.Builder
	for _, tr := range c.traces {
		fmt.Fprint(&key, tr.shape, ";")
	}
	j := k.judges[key.String()]
	if j == nil {
		if len(k.judges) >= maxJudges {
			clear(k.judges)
		}
		j = newJudge(k.Model, c, k.o.mutant)
		k.judges[key.String()] = j
	}
	j.rebind(c)
	reads := func(rf []int) bool {
		k.budget.spend(cost(len(c.events)))
		return j.reads(rf)
	}
	c.each(k.budget, reads, func(x *execution) {
		k.budget.spend(cost(len(c.events)))
		k.Candidates++
		if j.allows(x) {
			k.allowed(x, j)
		}
	})
}

func (k *checker) allowed(x *execution, j judge) {
	if kern, ok := j.(*kernel); ok {
		kern.flag(x, k.flags)
	}
	if k.Test.Filter != nil && !k.Test.Filter.Holds(x.term) {
		return
	}
	values := make([]litmus.Value, len(k.proj))
	var key strings.Builder
	for i, m := range k.proj {
		values[i] = x.term(m)
		fmt.Fprint(&key, values[i], ";")
	}
	i, ok := k.index[key.String()]
	if !ok {
		i = len(k.States)
		k.index[key.String()] = i
		k.States = append(k.States, State{Values: values, Positive: k.Test.Cond.Holds(x.term)})
	}
	s := &k.States[i]
	s.Witnesses++
	if s.Positive {
		k.Positive++
		if k.o.Keep && k.witness == nil {
			k.witness = x.clone()
		}
	} else {
		k.Negative++
		if k.o.Keep && k.other == nil {
			k.other = x.clone()
		}
	}
}

func (k *checker) finish() {
	// By their text, which is made once.
	text := make(map[*litmus.Value]string, len(k.States))
	for i := range k.States {
		if s := &k.States[i]; len(s.Values) > 0 {
			text[&s.Values[0]] = k.StateString(s, "")
		}
	}
	slices.SortFunc(k.States, func(a, b State) int {
		if len(a.Values) == 0 {
			return 0 // there is one state
		}
		return strings.Compare(text[&a.Values[0]], text[&b.Values[0]])
	})
	for f := range k.flags {
		k.Flags = append(k.Flags, f)
	}
	slices.Sort(k.Flags)
}

// flag notes what makes a program meaningless or odd, in an execution that the model allows.
func (k *kernel) flag(x *execution, flags map[string]bool) {
	if k.hasPlain && !flags["data-race"] && !k.plain(k.low, k.judge(x)).races.empty() {
		flags["data-race"] = true
	}
	s := k.s
	for _, tr := range s.traces {
		open := 0
		for i := range tr.events {
			if e := &tr.events[i]; e.class == fence && e.fence == litmus.RcuLock {
				open++
			} else if e.class == fence && e.fence == litmus.RcuUnlock {
				if open--; open < 0 {
					flags["unmatched-rcu-unlock"] = true
					open = 0
				}
			}
		}
		if open > 0 {
			flags["unmatched-rcu-lock"] = true
		}
		if tr.stray {
			flags["unmatched-unlock"] = true
		}
	}
	locks, unlocks := make([]int, s.n), make([]int, s.n)
	k.srcu.each(func(l, u int) { locks[l]++; unlocks[u]++ })
	s.srcuLock.Each(func(l int) {
		if locks[l] == 0 {
			flags["unmatched-srcu-lock"] = true
		}
	})
	s.srcuUnlock.Each(func(u int) {
		if unlocks[u] == 0 {
			flags["unmatched-srcu-unlock"] = true
		}
	})
	for _, n := range append(locks, unlocks...) {
		if n > 1 {
			flags["multiple-srcu-matches"] = true
		}
	}
}

func (x *execution) clone() *execution {
	out := &execution{combination: x.combination, rf: slices.Clone(x.rf), co: make([][]int, len(x.co))}
	for i, o := range x.co {
		out.co[i] = slices.Clone(o)
	}
	return out
}
