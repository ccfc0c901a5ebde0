package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"pmdcheck/internal/page"
	"pmdcheck/internal/sim"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// What a reader may have a run searched for: it is a process that waits, and there may be several.
const (
	mostSearched = 50_000
	runPatience  = 20 * time.Second
	longestRun   = 2000
)

// runs answers with runs that a reader makes, one question at a time. It keeps the system that was asked about last.
type runs struct {
	mu  sync.Mutex
	key string
	sys *model.System
}

// answer is the run that a question asks for: the steps in moves, on to a goal, or one unlike known ones.
func (s *server) answer(ctx context.Context, q url.Values) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, runPatience)
	defer cancel()
	s.runs.mu.Lock()
	defer s.runs.mu.Unlock()
	sys, err := s.system(q)
	if err != nil {
		return nil, err
	}
	if p := q.Get("machine"); p != "" {
		return page.Layout(ctx, sys, p)
	}
	ses, err := s.run(ctx, sys, q)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Answer(&b, ses)
	return b.Bytes(), err
}

// system is that of the configuration, if its spec is on show.
func (s *server) system(q url.Values) (*model.System, error) {
	name := s.shownAs(q.Get("spec"))
	if name == "" {
		return nil, errors.New("the spec is not on show")
	}
	key := strings.Join(append([]string{name, s.shown.stampOf(name)}, q["set"]...), "\n")
	if s.runs.key != key {
		ctx, cancel := within(s.flags.timeout)
		defer cancel()
		sys, _, err := plan.First(ctx, name, q["set"], s.flags.build())
		if err != nil {
			return nil, err
		}
		s.runs.key, s.runs.sys = key, sys
	}
	if d := q.Get("digest"); d != "" {
		if err := replay.OfModel(s.runs.sys, &traces.Trace{Digest: d}); err != nil {
			return nil, errors.New("the spec has changed since it was checked")
		}
	}
	return s.runs.sys, nil
}

func (s *server) run(ctx context.Context, sys *model.System, q url.Values) (*sim.Session, error) {
	if p := q.Get("another"); p != "" {
		var known [][]replay.Move
		for _, text := range strings.Split(q.Get("known"), "!") {
			moves, err := movesOf(text)
			if err != nil {
				return nil, err
			}
			known = append(known, moves)
		}
		return sim.Another(ctx, sys, p, known, mostSearched)
	}
	moves, err := movesOf(q.Get("moves"))
	if err != nil {
		return nil, err
	}
	ses := sim.New(sys)
	for i, m := range moves {
		if err := ses.Step(m); err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	switch what, name, _ := strings.Cut(q.Get("goal"), ":"); what {
	case "":
	case "cover":
		_, err = ses.RunContext(ctx, sim.Goal{Cover: name}, mostSearched)
	case "property":
		_, err = ses.RunContext(ctx, sim.Goal{Property: name}, mostSearched)
	default:
		err = errors.New("a goal is cover:NAME or property:NAME")
	}
	return ses, err
}

// movesOf reads steps as the page writes them: process.transition.way, with _ between.
func movesOf(text string) (out []replay.Move, err error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, "_")
	if len(parts) > longestRun {
		return nil, fmt.Errorf("a run has %d steps at most here", longestRun)
	}
	for _, p := range parts {
		var n [3]int
		fields := strings.Split(p, ".")
		for i := range n {
			if len(fields) != len(n) {
				return nil, errors.New("a step is process.transition.way")
			}
			if n[i], err = strconv.Atoi(fields[i]); err != nil || n[i] < 0 || n[i] > 1<<30 {
				return nil, errors.New("a step is process.transition.way")
			}
		}
		out = append(out, replay.Move{Proc: model.ProcID(n[0]), Trans: n[1], Way: n[2]})
	}
	return out, nil
}

// shownAs is the argument by which a spec of a name is on show, or "".
func (s *shown) shownAs(spec string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.specs {
		if strings.TrimSuffix(filepath.ToSlash(name), ".pmd") == spec {
			return name
		}
	}
	return ""
}

// stampOf is what changes when a file of a spec does.
func (s *shown) stampOf(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.specs[name]; x != nil {
		return stamp(x.files)
	}
	return ""
}

// serveRun answers a question for a run, of this server's own page: answers take time, which a page of another site could ask for, though not read.
func (s *server) serveRun(w http.ResponseWriter, r *http.Request) {
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" && from != "same-origin" && from != "none" {
		http.Error(w, "only the page of this server asks for runs", http.StatusForbidden)
		return
	}
	b, err := s.answer(r.Context(), r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}
