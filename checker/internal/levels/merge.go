package levels

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pmdcheck/checker/internal/sorted"
)

// merged is the manifest of a merge task.
type merged struct {
	ID    string
	Runs  []Run // of the part from now on
	New   int64
	Stop  Stop `json:",omitempty"`
	Bytes int64
	Cost  Cost
}

// mostRuns is how many runs of visited states a part has before some are made one.
const mostRuns = 12

// Merge finds out which successors that belong to a part are new.
func (s *Search) Merge(ctx context.Context, level, part int) error {
	l, err := s.begin(level, part, "merge")
	if l == nil || err != nil {
		return err
	}
	all, err := s.expandedParts(l)
	if err != nil {
		return err
	}
	if stopped(all) || !wanted(all, part) {
		return nil
	}
	start := time.Now()
	m := &merger{s: s, level: level, part: part, m: &merged{ID: s.ID, Runs: slices.Clone(l.Parts[part])}}
	defer m.close()
	if s.MaxDisk > 0 {
		used := l.Disk
		for _, e := range all {
			if e != nil {
				used += e.Bytes
			}
		}
		m.room = max((s.MaxDisk-used)/int64(s.Parts), 1)
	}
	err = m.run(ctx, all)
	if err == nil {
		err = m.compact(ctx)
	}
	if errors.Is(err, sorted.ErrRoom) {
		m.drop()
		m.m.Stop, m.m.Runs, m.m.New, m.m.Bytes, err = MaxDisk, l.Parts[part], 0, 0, nil
	}
	if err != nil {
		return err
	}
	for _, f := range m.open {
		m.m.Cost.Read += f.Read()
	}
	m.m.Cost.Written, m.m.Cost.Seconds = m.m.Bytes, time.Since(start).Seconds()
	first, err := s.publish(s.task(level, "merge", part), m.m)
	if first && err == nil {
		m.done = nil
	}
	return err
}

// expandedParts are the manifests of all expand tasks of a level; nil for parts that have no states there.
func (s *Search) expandedParts(l *Level) ([]*expanded, error) {
	all := make([]*expanded, s.Parts)
	for i := range all {
		if l.frontier(i) == nil {
			continue
		}
		var err error
		if all[i], err = s.expandedPart(l, i); err != nil {
			return nil, err
		}
		if all[i] == nil {
			return nil, fmt.Errorf("part %d of level %d was not expanded: %w", i, l.Number, ErrEarly)
		}
	}
	return all, nil
}

// expandedPart is the manifest of an expand task, or nil.
func (s *Search) expandedPart(l *Level, part int) (*expanded, error) {
	return document[expanded](s, s.task(l.Number, "expand", part), l.Number)
}

func stopped(all []*expanded) bool {
	return slices.ContainsFunc(all, func(e *expanded) bool { return e != nil && e.Stop != "" })
}

// wanted reports whether there is something for a part.
func wanted(all []*expanded, part int) bool {
	for _, e := range all {
		if e != nil && slices.ContainsFunc(e.Files, func(f shipped) bool { return f.Records[part] > 0 }) {
			return true
		}
	}
	return false
}

// merger does one merge task.
type merger struct {
	s           *Search
	level, part int
	m           *merged
	open        []*sorted.File
	done        []string
	room        int64
}

func (m *merger) close() {
	for _, f := range m.open {
		f.Close()
	}
	m.drop()
}

// drop takes away files that no manifest names.
func (m *merger) drop() {
	remove(m.done)
	m.done = nil
}

func remove(names []string) {
	for _, n := range names {
		os.Remove(n)
	}
}

func (m *merger) cursor(file string, section int) (*sorted.Cursor, error) {
	f, err := m.s.open(file)
	if err != nil {
		return nil, err
	}
	m.open = append(m.open, f)
	return f.Section(section), nil
}

// left is how many bytes may still be written; 0: no limit.
func (m *merger) left() int64 {
	if m.room == 0 {
		return 0
	}
	return max(m.room-m.m.Bytes, 1)
}

func (m *merger) run(ctx context.Context, all []*expanded) error {
	var in queue
	for _, e := range all {
		if e == nil {
			continue
		}
		for _, f := range e.Files {
			if f.Records[m.part] == 0 {
				continue
			}
			c, err := m.cursor(f.File, m.part)
			if err != nil {
				return err
			}
			if c.Next() {
				in = append(in, c)
			} else if c.Err() != nil {
				return c.Err()
			}
		}
	}
	heap.Init(&in)
	var known []*sorted.Cursor
	for i := len(m.m.Runs) - 1; i >= 0; i-- { // where it is most likely first
		c, err := m.cursor(m.m.Runs[i].File, 0)
		if err != nil {
			return err
		}
		known = append(known, c)
	}
	out, err := m.s.create(m.level+1, "merge", m.part, m.left())
	if err != nil {
		return err
	}
	defer out.Drop()
	out.Section()
	n := 0
	err = in.each(func(rec []uint64) error {
		if n%(pollEvery*16) == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n++
		key := rec[:m.s.Words]
		for _, c := range known {
			if c.Seek(key) && slices.Equal(c.Record()[:m.s.Words], key) {
				return nil
			}
			if c.Err() != nil {
				return c.Err()
			}
		}
		m.m.New++
		rec[m.s.Words] |= uint64(m.level+1) << levelAt
		out.Add(rec)
		return out.Err()
	})
	if err != nil {
		return err
	}
	if m.m.New == 0 {
		return nil
	}
	return m.finish(out, Run{From: m.level + 1, To: m.level + 1, States: m.m.New})
}

// finish makes a file one of the runs.
func (m *merger) finish(out *output, r Run) error {
	bytes, err := out.Finish()
	if err != nil {
		return err
	}
	m.done = append(m.done, out.Name)
	m.m.Bytes += bytes
	r.File, r.Bytes = filepath.Base(out.Name), bytes
	m.m.Runs = append(m.m.Runs, r)
	return nil
}

// compact makes one run of several, if there are many: of the latest ones, as long as the one before is not much larger than all that follow. So a state is written again a number of times that
// grows with the logarithm of theirs. The new frontier stays a file of its own.
func (m *merger) compact(ctx context.Context) error {
	runs := m.m.Runs
	n := len(runs)
	if m.m.New > 0 {
		n--
	}
	if n <= mostRuns {
		return nil
	}
	start, sum := n-1, runs[n-1].Bytes
	for start > 0 && (runs[start-1].Bytes <= 2*sum || start > mostRuns/2) {
		start--
		sum += runs[start].Bytes
	}
	if m.room > 0 && sum+sum/8 > m.left() {
		return nil // it would only be faster
	}
	var in queue
	one := Run{From: runs[start].From, To: runs[n-1].To}
	for _, r := range runs[start:n] {
		c, err := m.cursor(r.File, 0)
		if err != nil {
			return err
		}
		if c.Next() {
			in = append(in, c)
		} else if c.Err() != nil {
			return c.Err()
		}
		one.States += r.States
	}
	heap.Init(&in)
	out, err := m.s.create(m.level+1, "merge", m.part, m.left())
	if err != nil {
		return err
	}
	defer out.Drop()
	out.Section()
	k := 0
	err = in.each(func(rec []uint64) error {
		if k++; k%(pollEvery*16) == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		out.Add(rec)
		return out.Err()
	})
	if err != nil {
		return err
	}
	rest := slices.Clone(runs[n:])
	m.m.Runs = slices.Clone(runs[:start])
	if err := m.finish(out, one); err != nil {
		return err
	}
	m.m.Runs = append(m.m.Runs, rest...)
	return nil
}

// queue has cursors, that of the least key first; of equal keys that of the least note.
type queue []*sorted.Cursor

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return sorted.Compare(q[i].Record(), q[j].Record()) < 0 }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*sorted.Cursor)) }
func (q *queue) Pop() any          { *q = (*q)[:len(*q)-1]; return nil }

// each calls f for each key once, with the least note.
func (q *queue) each(f func(rec []uint64) error) error {
	var rec []uint64
	for len(*q) > 0 {
		c := (*q)[0]
		same := len(rec) > 0 && slices.Equal(rec[:len(rec)-1], c.Record()[:len(rec)-1])
		if !same {
			rec = append(rec[:0], c.Record()...)
			// f may change the note.
			kept := rec[len(rec)-1]
			if err := f(rec); err != nil {
				return err
			}
			rec[len(rec)-1] = kept
		}
		if c.Next() {
			heap.Fix(q, 0)
			continue
		}
		if c.Err() != nil {
			return c.Err()
		}
		heap.Remove(q, 0)
	}
	return nil
}
