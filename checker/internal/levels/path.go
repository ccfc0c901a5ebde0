package levels

import (
	"context"
	"errors"
	"slices"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/model"
)

// Path is a way to the state of a hit, as moves between stored states: from level to level backwards a parent is looked for among the states of the part and with the bits of the hash that are noted
// beside its child, by expanding them.
func (s *Search) Path(ctx context.Context, l *Level, h *Hit) ([]explore.Move, error) {
	w := s.Walk()
	step := w.Stepper(func(model.PropID, []explore.Move) {})
	st := slices.Clone(h.State)
	var path []explore.Move
	for level := h.Level; level > 0; level-- {
		note, err := s.noteOf(l, st, level)
		if err != nil {
			return nil, err
		}
		parent, move, err := s.parent(ctx, l, step, st, note, level-1)
		if err != nil {
			return nil, err
		}
		path = append(path, move)
		st = parent
	}
	slices.Reverse(path)
	return path, nil
}

// run is the one of a part that has the states of a level.
func (l *Level) run(part, level int) (*Run, error) {
	for i := range l.Parts[part] {
		if r := &l.Parts[part][i]; r.From <= level && level <= r.To {
			return r, nil
		}
	}
	return nil, errors.New("internal: a state has no level")
}

// noteOf is what stands beside a state.
func (s *Search) noteOf(l *Level, st []uint64, level int) (uint64, error) {
	r, err := l.run(s.part(st), level)
	if err != nil {
		return 0, err
	}
	f, err := s.open(r.File)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	c := f.Section(0)
	if !c.Seek(st) || !slices.Equal(c.Record()[:s.Words], st) {
		return 0, errors.Join(errors.New("internal: a state is not where it was found"), c.Err())
	}
	return c.Record()[s.Words] & originOf, nil
}

// parent looks for a state of a level from which a move leads to a state.
func (s *Search) parent(ctx context.Context, l *Level, step *explore.Stepper, child []uint64, note uint64, level int) (parent []uint64, move explore.Move, err error) {
	r, err := l.run(int(note>>hashBits), level)
	if err != nil {
		return nil, move, err
	}
	f, err := s.open(r.File)
	if err != nil {
		return nil, move, err
	}
	defer f.Close()
	c := f.Section(0)
	for n := 0; c.Next(); n++ {
		if n%pollEvery == 0 && ctx.Err() != nil {
			return nil, move, context.Cause(ctx)
		}
		rec := c.Record()
		st := rec[:s.Words]
		if rec[s.Words]>>levelAt != uint64(level) || shortHash(st) != note&(1<<hashBits-1) {
			continue
		}
		step.Expand(st, func(to []uint64, m explore.Move) {
			if parent == nil && slices.Equal(to, child) {
				parent, move = slices.Clone(st), m
			}
		})
		if parent != nil {
			return parent, move, nil
		}
	}
	if c.Err() != nil {
		return nil, move, c.Err()
	}
	return nil, move, errors.New("internal: a state has no parent")
}
