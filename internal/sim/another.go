package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
	"pmdcheck/traces/story"
)

// Another makes a run that violates the same property as known ones, and differs from each in more than the order of what is independent. It leaves the first known run at each of its steps
// in turn, takes each other step there, and goes on to the violation by the shortest way, within a number of states for each.
func Another(ctx context.Context, sys *model.System, property string, known [][]replay.Move, most int) (*Session, error) {
	if len(known) == 0 {
		return nil, errors.New("there is no run to differ from")
	}
	seen := map[string]bool{}
	for _, moves := range known {
		k, err := kind(sys, moves)
		if err != nil {
			return nil, err
		}
		seen[k] = true
	}
	s := New(sys)
	goal := Goal{Property: property}
	for i, taken := range known[0] {
		for _, c := range s.Choices() {
			if c.Move == taken {
				continue
			}
			if err := s.Step(c.Move); err != nil {
				return nil, err
			}
			if wrong, _ := s.Wrong(); wrong != property {
				if _, err := s.RunContext(ctx, goal, most); err != nil {
					if ctx.Err() != nil {
						return nil, err
					}
					s.Undo(s.Len() - i)
					continue
				}
			}
			k, err := kind(sys, s.moves)
			if err != nil {
				return nil, err
			}
			if !seen[k] {
				return s, nil
			}
			s.Undo(s.Len() - i)
		}
		if err := s.Step(taken); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no other run was found that leaves the first one and comes to the same violation")
}

// kind is equal of runs that differ only in the order of steps that do not touch the same: what each process does, and which of its steps come before which of others. Where the last step
// fails only what comes before it counts.
func kind(sys *model.System, moves []replay.Move) (string, error) {
	t, err := replay.Run(sys, moves, replay.Options{})
	if err != nil {
		return "", err
	}
	edges, err := story.Before(t)
	if err != nil {
		return "", err
	}
	counts := past(t, edges)
	number := map[model.ProcID]int{}
	names, lines := make([]string, len(moves)), []string(nil)
	for i, m := range moves {
		number[m.Proc]++
		names[i] = fmt.Sprintf("%d:%d", m.Proc, number[m.Proc])
		if counts[i] {
			lines = append(lines, fmt.Sprintf("%s %d.%d", names[i], m.Trans, m.Way))
		}
	}
	for _, e := range edges {
		if counts[e[0]] && counts[e[1]] {
			lines = append(lines, names[e[0]]+" < "+names[e[1]])
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

// past says which steps come before the last one, if that fails; else all count.
func past(t *traces.Trace, edges [][2]int) []bool {
	n := len(t.Steps)
	in := make([]bool, n)
	if n == 0 || !t.Steps[n-1].Fatal {
		for i := range in {
			in[i] = true
		}
		return in
	}
	in[n-1] = true
	for to := n - 1; to >= 0; to-- {
		for _, e := range edges {
			if in[to] && e[1] == to {
				in[e[0]] = true
			}
		}
	}
	return in
}
