package properties_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/properties"
)

func order(pairs ...string) properties.LockOrder {
	var edges []model.LockEdge
	for _, p := range pairs {
		from, to, _ := strings.Cut(p, ">")
		edges = append(edges, model.LockEdge{From: from, To: to})
	}
	return properties.NewLockOrder(edges)
}

func cycles(o properties.LockOrder) string {
	var out []string
	for _, c := range o.Cycles() {
		out = append(out, properties.CycleString(c))
	}
	return strings.Join(out, "; ")
}

func TestCycles(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edges []string
		want  string
	}{
		{"none", nil, ""},
		{"a chain", []string{"a>b", "b>c", "a>c"}, ""},
		{"two", []string{"a>b", "b>a"}, "a -> b -> a"},
		{"itself", []string{"a>a", "a>b"}, "a -> a"},
		{"the shortest of several", []string{"a>b", "b>c", "c>d", "d>a", "c>b"}, "b -> c -> b"},
		{"two sets", []string{"x>y", "y>x", "a>b", "b>a", "a>x"}, "a -> b -> a; x -> y -> x"},
		{"a set and itself", []string{"a>b", "b>a", "b>b"}, "a -> b -> a; b -> b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := order(tc.edges...)
			if got := cycles(o); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			rand.Shuffle(len(tc.edges), func(i, j int) { tc.edges[i], tc.edges[j] = tc.edges[j], tc.edges[i] })
			if got := cycles(order(append(tc.edges, tc.edges...)...)); got != tc.want {
				t.Errorf("in another order %q, want %q", got, tc.want)
			}
		})
	}
}

// TestCyclesRandomly: there is a cycle exactly where no order of the classes fits all edges; and what is reported is one.
func TestCyclesRandomly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := strings.Split("abcdef", "")
	circular := 0
	for range 2000 {
		var pairs []string
		edge := map[string]bool{}
		for range r.IntN(9) {
			p := names[r.IntN(6)] + ">" + names[r.IntN(6)]
			pairs = append(pairs, p)
			edge[p] = true
		}
		// Take away, again and again, a class that nothing leads to.
		left := map[string]bool{}
		for _, n := range names {
			left[n] = true
		}
		for again := true; again; {
			again = false
			for n := range left {
				free := true
				for m := range left {
					free = free && !edge[m+">"+n]
				}
				if free {
					delete(left, n)
					again = true
				}
			}
		}
		found := order(pairs...).Cycles()
		if (len(found) > 0) != (len(left) > 0) {
			t.Fatalf("%v: cycles %v", pairs, found)
		}
		if len(found) > 0 {
			circular++
		}
		for _, c := range found {
			for i, e := range c {
				if !edge[e.From+">"+e.To] || e.To != c[(i+1)%len(c)].From {
					t.Fatalf("%v: %v is no cycle", pairs, c)
				}
			}
		}
	}
	if circular < 200 || circular > 1800 {
		t.Errorf("%d of 2000 are circular: the test says little", circular)
	}
}

func TestOrderDOT(t *testing.T) {
	var b strings.Builder
	if err := order("b>a", "a>b", "a>c \"q\"").WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	const want = `digraph lock_order {
	rankdir=LR;
	node [shape=box, fontname="monospace"];
	"a" -> "b" [color=red, penwidth=2];
	"a" -> "c \"q\"";
	"b" -> "a" [color=red, penwidth=2];
}
`
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
}
