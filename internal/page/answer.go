package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/internal/graphviz"
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

// Layout has the state machine of a process laid out by Graphviz, as the page draws it: the arrows between two locations are one.
func Layout(ctx context.Context, sys *model.System, process string) ([]byte, error) {
	ms := machines(sys)
	i := slices.IndexFunc(ms, func(m Machine) bool { return m.Process == process })
	if i < 0 {
		return nil, fmt.Errorf("there is no process %s", process)
	}
	var b bytes.Buffer
	g := graphviz.New(&b, "machine", "rankdir=TB", "nodesep=0.2", "ranksep=0.3", "node [shape=box, fixedsize=true, width=0.5, height=0.4]", "edge [fontname=\"monospace\", fontsize=10]")
	labels := map[[2]int][]string{}
	var order [][2]int
	for _, a := range ms[i].Trans {
		k := [2]int{a.From, a.To}
		if labels[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(labels[k], a.Label) {
			labels[k] = append(labels[k], a.Label)
		}
	}
	name := func(loc int) string {
		if loc < 0 {
			return "end"
		}
		return strconv.Itoa(loc)
	}
	g.Node(name(ms[i].Start))
	for _, k := range order {
		g.Edge(name(k[0]), name(k[1]), graphviz.Label(strings.Join(shortened(labels[k]), "\n")))
	}
	if err := g.Close(); err != nil {
		return nil, err
	}
	placed, err := graphviz.Lay(ctx, b.Bytes())
	if err != nil {
		return nil, err
	}
	return json.Marshal(placed)
}

// shortened are labels as the page writes them beside an arrow.
func shortened(labels []string) (out []string) {
	const most, width = 3, 40
	for i, l := range labels {
		if i == most {
			return append(out, fmt.Sprintf("… %d more", len(labels)-most))
		}
		if r := []rune(l); len(r) > width {
			l = string(r[:width-1]) + "…"
		}
		out = append(out, l)
	}
	return out
}
