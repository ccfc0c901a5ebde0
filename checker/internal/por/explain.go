package por

import (
	"cmp"
	"fmt"
	"slices"

	"pmdcheck/checker/internal/program"
)

// Blame tallies, over the states of a search, what kept the stubborn sets from being smaller. A [Selector] with one adds to it; merge those of several.
type Blame struct {
	Choices  int64 // states with several enabled transitions
	Branches int64 // of these, where several were explored
	Full     int64 // of these, where all were
	Sticky   int64 // of these, where one enabled transition alone would have been stubborn but for being sticky
	Atoms    map[int]int64
	Pairs    map[[2]int]int64 // conflicting transitions of two processes that both went into the set; the first was enabled
}

// NewBlame is an empty tally.
func NewBlame() *Blame { return &Blame{Atoms: map[int]int64{}, Pairs: map[[2]int]int64{}} }

// Merge adds o.
func (b *Blame) Merge(o *Blame) {
	b.Choices += o.Choices
	b.Branches += o.Branches
	b.Full += o.Full
	b.Sticky += o.Sticky
	for k, n := range o.Atoms {
		b.Atoms[k] += n
	}
	for k, n := range o.Pairs {
		b.Pairs[k] += n
	}
}

// note looks at the choice made in st, where n transitions are enabled.
func (b *Blame) note(sel *Selector, st []uint64, n int) {
	s := sel.s
	b.Choices++
	if sel.count == 1 {
		return
	}
	b.Branches++
	if sel.count == n {
		b.Full++
		if s.sticky.Meets(sel.enabled) {
			b.Sticky++
		}
	}
	// Which conflicts hold the explored transitions together.
	for proc := range sel.cands {
		for _, t := range sel.cands[proc] {
			id := s.base[proc] + t.ID
			if !sel.best.Has(id) || !sel.enabled.Has(id) {
				continue
			}
			reads, writes := s.atoms.NewSet(), s.atoms.NewSet()
			sel.x.Each(t, st, sel.dst, func(status program.Status) {
				for w := range reads {
					reads[w] |= sel.x.Reads[w]
					if status != program.Disabled {
						writes[w] |= sel.x.Writes[w]
					}
				}
			})
			conflicts := sel.need[sel.slot[id]-1].Clone()
			conflicts.And(sel.reach)
			conflicts.AndNot(s.own[proc])
			conflicts.Each(func(u int) {
				if q := s.proc[u]; !s.at[q][sel.locs[q]].Meets(sel.best) {
					return
				}
				b.Pairs[[2]int{id, u}]++
				for w := range reads {
					m := writes[w]&(s.trans[u].reads[w]|s.trans[u].writes[w]) | reads[w]&s.trans[u].writes[w]
					only := s.atoms.NewSet()
					only[w] = m
					only.Each(func(a int) { b.Atoms[a]++ })
				}
			})
		}
	}
}

// Report is a tally for readers: what stops the reduction, most frequent first.
type Report struct {
	Choices, Branches, Full, Sticky int64
	StickyTransitions               []string // where a loop could not be shown to end
	Variables                       []Count
	Pairs                           []Count
}

// Count is how often something was to blame.
type Count struct {
	What string
	N    int64
}

// Report sorts and names a tally, keeping the most entries of each list.
func (s *Static) Report(b *Blame, most int) *Report {
	r := &Report{Choices: b.Choices, Branches: b.Branches, Full: b.Full, Sticky: b.Sticky}
	s.sticky.Each(func(id int) { r.StickyTransitions = append(r.StickyTransitions, s.name(id)) })
	vars, pairs := map[string]int64{}, map[string]int64{}
	for a, n := range b.Atoms {
		vars[s.atoms.Name(a)] += n
	}
	for p, n := range b.Pairs {
		pairs[s.name(p[0])+"  ~  "+s.name(p[1])] += n
	}
	r.Variables, r.Pairs = top(vars, most), top(pairs, most)
	return r
}

func top(m map[string]int64, most int) (out []Count) {
	for k, n := range m {
		out = append(out, Count{k, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.What, b.What)) })
	return out[:min(len(out), most)]
}

// name is "process: label (file:line)" of a transition.
func (s *Static) name(id int) string {
	p := s.sys.Processes[s.proc[id]]
	t := p.Trans[id-s.base[p.ID]]
	return fmt.Sprintf("%s: %s (%s)", p.Name, t.Label, s.sys.Files.Position(t.Pos))
}
