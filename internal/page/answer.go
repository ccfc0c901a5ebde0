package page

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/sim"
	"pmdcheck/model"
	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// unseen are kinds of properties that no single step or state shows to be violated.
var unseen = []model.PropKind{model.PropLiveness, model.PropOrder, model.PropRace}

// Answer writes what a server says of a run that a reader makes: the run so far, what can run next, and what there is to run to. It is read by the page, which has the strings of
// each answer beside its own.
func Answer(w io.Writer, s *sim.Session) error {
	t, err := s.Trace()
	if err != nil {
		return err
	}
	e := newEncoder()
	out := struct {
		Run        *traceData `json:"run"`
		Choices    []int      `json:"choices"` // as of a step: "who<tab>function<tab>label<tab>move"
		Covers     []string   `json:"covers"`
		Properties []string   `json:"properties"`
		Wrong      string     `json:"wrong"`
		Strings    []string   `json:"strings"`
		File       string     `json:"file"` // the run as a trace file
	}{Run: e.trace(t), Choices: []int{}, Covers: s.Covers(), Properties: []string{}}
	for _, c := range s.Choices() {
		out.Choices = append(out.Choices, e.str(story.Who(t.Processes[c.Move.Proc])+"\t"+c.Func+"\t"+c.Label+"\t"+moveText(int(c.Move.Proc), c.Move.Trans, c.Move.Way)))
	}
	for _, p := range s.Sys.Props {
		if p.Checked && !slices.Contains(unseen, p.Kind) {
			out.Properties = append(out.Properties, p.Name)
		}
	}
	if out.Covers == nil {
		out.Covers = []string{}
	}
	_, out.Wrong = s.Wrong()
	var file strings.Builder
	if err := traces.Write(&file, t); err != nil {
		return err
	}
	out.File = file.String()
	out.Strings = e.out.Strings
	return json.NewEncoder(w).Encode(out)
}
