package graphviz

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// ErrMissing says that Graphviz is not installed.
var ErrMissing = errors.New("dot, of Graphviz, is not installed")

// Placed is a graph that is laid out: in points, from the top left.
type Placed struct {
	Width  float64               `json:"width"`
	Height float64               `json:"height"`
	Nodes  map[string][2]float64 `json:"nodes"` // centres
	Edges  []PlacedEdge          `json:"edges"`
}

// PlacedEdge is a curve from one node to another: its first point, then three for each piece. Label is the centre of its label.
type PlacedEdge struct {
	From   string       `json:"from"`
	To     string       `json:"to"`
	Points [][2]float64 `json:"points"`
	End    [2]float64   `json:"end"` // of its arrow head
	Label  [2]float64   `json:"label"`
}

// Lay has a graph laid out by dot, until the context ends.
func Lay(ctx context.Context, graph []byte) (*Placed, error) {
	bin, err := exec.LookPath("dot")
	if err != nil {
		return nil, ErrMissing
	}
	cmd := exec.CommandContext(ctx, bin, "-Tjson0")
	cmd.Stdin = bytes.NewReader(graph)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("dot: %w", err)
	}
	var got struct {
		BB      string
		Objects []struct {
			ID        int `json:"_gvid"`
			Name, Pos string
		}
		Edges []struct {
			Tail, Head int
			Pos, LP    string
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		return nil, fmt.Errorf("dot: %w", err)
	}
	box := numbers(got.BB)
	if len(box) != 4 {
		return nil, errors.New("dot does not say how large the graph is")
	}
	p := &Placed{Width: box[2], Height: box[3], Nodes: map[string][2]float64{}, Edges: []PlacedEdge{}}
	flip := func(n []float64) [2]float64 {
		if len(n) < 2 {
			return [2]float64{}
		}
		return [2]float64{n[0], p.Height - n[1]}
	}
	names := map[int]string{}
	for _, o := range got.Objects {
		names[o.ID] = o.Name
		p.Nodes[o.Name] = flip(numbers(o.Pos))
	}
	for _, e := range got.Edges {
		x := PlacedEdge{From: names[e.Tail], To: names[e.Head], Label: flip(numbers(e.LP)), Points: [][2]float64{}}
		for _, part := range strings.Fields(e.Pos) {
			if text, ok := strings.CutPrefix(part, "e,"); ok {
				x.End = flip(numbers(text))
				continue
			}
			x.Points = append(x.Points, flip(numbers(part)))
		}
		p.Edges = append(p.Edges, x)
	}
	return p, nil
}

// numbers reads "1.5,2".
func numbers(text string) (out []float64) {
	for _, f := range strings.Split(text, ",") {
		if n, err := strconv.ParseFloat(f, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}
