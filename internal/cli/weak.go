package cli

import (
	"fmt"
	"strings"
	"sync"

	"pmdcheck/checker"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
)

// maxStoreBuffer bounds --store-buffer: a store is several variables.
const maxStoreBuffer = 32

// weakCells is what --explain-memory says of each configuration of a run, by number.
type weakCells struct{ texts sync.Map }

// after is an inspection that notes which cells are weak and then does another one, if there is one.
func (w *weakCells) after(next func(plan.Check, *model.System, *checker.Result)) func(plan.Check, *model.System, *checker.Result) {
	return func(c plan.Check, sys *model.System, r *checker.Result) {
		var b strings.Builder
		explainMemory(&b, sys)
		w.texts.Store(c.Number, b.String())
		if next != nil {
			next(c, sys, r)
		}
	}
}

func (w *weakCells) of(number int) string {
	s, _ := w.texts.Load(number)
	text, _ := s.(string)
	return text
}

// explainMemory says which cells are weak, and of the other shared ones why not.
func explainMemory(b *strings.Builder, sys *model.System) {
	m := sys.Memory
	if m == nil {
		b.WriteString("     memory is sequentially consistent: no cell is weak\n")
		return
	}
	list := func(what string, cells []string) {
		if len(cells) > 0 {
			fmt.Fprintf(b, "     %s: %s\n", what, strings.Join(cells, ", "))
		}
	}
	var weak []string
	for _, c := range m.Weak {
		weak = append(weak, sys.CellName(c))
	}
	list("weak", weak)
	var plain []string
	for _, c := range m.Plain {
		plain = append(plain, sys.CellName(c))
	}
	list("accessed without a mark, so that no_data_race may be violated", plain)
	var whys []string
	by := map[string][]string{}
	for _, s := range m.Strong {
		if by[s.Why] == nil {
			whys = append(whys, s.Why)
		}
		by[s.Why] = append(by[s.Why], sys.CellName(s.Cell))
	}
	for _, why := range whys {
		list("not weak ("+why+")", by[why])
	}
	for _, f := range m.Buffers {
		some := "as many as there can be"
		if f.Full != model.NoCover {
			some = "there could be more"
		}
		fmt.Fprintf(b, "     %s has a buffer for %d stores, %s\n", sys.Processes[f.Of].Name, f.Depth, some)
	}
	blocks := func(what string, list []model.Assumed) {
		for _, x := range list {
			in := ""
			if x.Frame != model.NoFrame {
				in = ", " + sys.Frames[x.Frame].Func + "()"
			}
			fmt.Fprintf(b, "     %s: %s%s\n", what, sys.Files.Position(x.Pos), in)
		}
	}
	blocks("unmarked, taken for a locked instruction", m.Locked)
	blocks("unmarked, taken for no memory", m.AtOnce)
	if len(m.Buffers) == 0 {
		b.WriteString("     no process needs a store buffer\n")
	}
}
