package levels

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/sorted"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// expanded is the manifest of an expand task.
type expanded struct {
	ID          string
	States      int64
	Transitions int64
	Covered     bits
	Ran         bits
	Found       []Hit
	Files       []shipped
	Stop        Stop `json:",omitempty"`
	Bytes       int64
	Cost        Cost
}

// shipped is a file of successors, of which each part has a section.
type shipped struct {
	File    string
	Records []int64
}

func (s *Search) task(level int, what string, part int) string {
	return filepath.Join(s.Dir, taskDir, fmt.Sprintf("%06d-%s-%d-%s.json", level, what, part, s.ID))
}

// pollEvery is how many states are expanded between looks at the context.
const pollEvery = 256

// begin is the level a task is of. It is nil if the task need not be done, because it was, or nobody waits for it any more.
func (s *Search) begin(level, part int, what string) (*Level, error) {
	if part < 0 || part >= s.Parts {
		return nil, fmt.Errorf("there is no part %d of %d", part, s.Parts)
	}
	l, err := s.Level(level)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, fmt.Errorf("level %d was not found yet: %w", level, ErrEarly)
	}
	next, err := s.Level(level + 1)
	if err != nil || next != nil || l.Stop != "" {
		return nil, err
	}
	var any struct{}
	if there, err := s.read(s.task(level, what, part), &any); there || err != nil {
		return nil, err
	}
	return l, nil
}

// Expand makes the successors of the states that a part has in a level.
func (s *Search) Expand(ctx context.Context, level, part int) error {
	l, err := s.begin(level, part, "expand")
	if l == nil || err != nil {
		return err
	}
	run := l.frontier(part)
	if run == nil {
		return nil
	}
	start := time.Now()
	in, err := s.open(run.File)
	if err != nil {
		return err
	}
	defer in.Close()
	m := &expanded{ID: s.ID}
	w := s.Walk()
	var st []uint64
	step := w.Stepper(func(p model.PropID, moves []explore.Move) {
		m.Found = append(m.Found, Hit{p, level, slices.Clone(st), moves})
	})
	out := s.ship(level, part, l)
	defer out.drop()
	c := in.Section(0)
	for c.Next() {
		if m.States%pollEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.States++
		st = append(st[:0], c.Record()[:s.Words]...)
		origin := s.origin(st)
		step.Expand(st, func(to []uint64, _ explore.Move) { out.add(to, origin) })
		if out.err != nil {
			break
		}
	}
	step.Done()
	if err := c.Err(); err != nil {
		return err
	}
	out.flush()
	switch {
	case errors.Is(out.err, sorted.ErrRoom):
		m.Stop = MaxDisk
		out.drop()
	case out.err != nil:
		return out.err
	}
	m.Transitions, m.Files, m.Bytes = step.Transitions(), out.files, out.written
	m.Covered, m.Ran = flags(w)
	m.Cost = Cost{Successors: out.records, Read: in.Read(), Written: out.written, Seconds: time.Since(start).Seconds()}
	first, err := s.publish(s.task(level, "expand", part), m)
	if first && err == nil {
		out.done = nil // they are named now
	}
	return err
}

// ship collects successors, and writes them when there are as many as memory may hold.
type ship struct {
	s           *Search
	level, part int
	seen        store.Set
	rows        [][]uint64 // by part that they belong to
	files       []shipped
	done        []string
	written     int64
	records     int64
	room        int64
	err         error
}

// leastMemory is what a task takes at least.
const leastMemory = 1 << 20

func (s *Search) ship(level, part int, l *Level) *ship {
	out := &ship{s: s, level: level, part: part, rows: make([][]uint64, s.Parts)}
	if s.MaxDisk > 0 {
		// What the level may take, in equal shares; as much again is for the merge.
		out.room = max((s.MaxDisk-l.Disk)/int64(2*s.Parts), 1)
	}
	return out
}

// fresh begins a new set. What it takes for a state, the rows take as well and a little more.
func (o *ship) fresh() {
	o.seen = store.NewExact(64*o.s.Words, store.NewBudget(max(o.s.Memory, leastMemory)*2/5))
}

// add adds a successor.
func (o *ship) add(st []uint64, origin uint64) {
	if o.seen == nil {
		o.fresh()
	}
	added, ok := o.seen.Insert(st)
	if !ok {
		if o.flush(); o.err != nil {
			return
		}
		o.fresh()
		if added, ok = o.seen.Insert(st); !ok {
			o.err = errors.New("internal: too little memory for one state")
		}
	}
	if added {
		p := o.s.part(st)
		o.rows[p] = append(append(o.rows[p], st...), origin)
	}
}

// flush writes a file.
func (o *ship) flush() {
	if o.err != nil || o.seen == nil || o.seen.Len() == 0 {
		return
	}
	room := int64(0)
	if o.room > 0 {
		room = max(o.room-o.written, 1)
	}
	var w *output
	if w, o.err = o.s.create(o.level, "expand", o.part, room); o.err != nil {
		return
	}
	var order []int32
	stride := o.s.Words + 1
	for p, rows := range o.rows {
		w.Section()
		order = order[:0]
		for i := range len(rows) / stride {
			order = append(order, int32(i))
		}
		slices.SortFunc(order, func(a, b int32) int {
			return sorted.Compare(rows[int(a)*stride:][:stride-1], rows[int(b)*stride:][:stride-1])
		})
		for _, i := range order {
			w.Add(rows[int(i)*stride:][:stride])
		}
		o.rows[p] = rows[:0]
	}
	var bytes int64
	if bytes, o.err = w.Finish(); o.err != nil {
		return
	}
	o.done = append(o.done, w.Name)
	o.written += bytes
	o.records += o.seen.Len()
	o.files = append(o.files, shipped{filepath.Base(w.Name), w.Sections()})
	o.seen = nil
}

// drop takes away files that no manifest names.
func (o *ship) drop() {
	remove(o.done)
	o.done, o.files = nil, nil
}
