package replay

import (
	"fmt"

	"pmdcheck/model/eval"
)

// raced says which two accesses are a data race.
func (r *recorder) raced(race eval.Race) string {
	side := func(s eval.RaceSide) string {
		p := r.sys.Processes[s.Proc]
		op := &p.Trans[s.Trans].Code[s.Op]
		what, mark := "read", "with a mark"
		if s.Write {
			what = "write"
		}
		if s.Plain {
			mark = "without a mark"
		}
		return fmt.Sprintf("%s can %s it %s (%s at %s)", p.Name, what, mark, op.Text, r.sys.Files.Position(op.Pos))
	}
	return fmt.Sprintf("data race on %s: next, %s, and %s", r.sys.CellName(race.Cell), side(race.First), side(race.Second))
}
