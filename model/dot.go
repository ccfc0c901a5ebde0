package model

import (
	"fmt"
	"io"
	"strings"

	"pmdcheck/internal/graphviz"
	"pmdcheck/model/source"
)

// WriteDOT draws the state machine of one process for Graphviz: locations grouped by the function they lie in, transitions labelled with what they do
// and, where the function has a @kernel annotation, with the kernel function they stand for. With a function name instead of a process name, only
// the locations inside calls of that function are drawn, of the first process that calls it.
func (s *System) WriteDOT(w io.Writer, name string) error {
	proc, inside, err := s.drawn(name)
	if err != nil {
		return err
	}
	g := graphviz.New(w, graphviz.Quote(name), "rankdir=TB", "node [shape=box, style=rounded, fontname=\"monospace\", fontsize=10]", graphviz.Edge, "labelloc=t", graphviz.Left(s.Name+": "+name))
	d := &drawing{s: s, g: g, shown: map[LocID]bool{}, byFrame: map[FrameID][]*Location{}, children: map[FrameID][]FrameID{}}
	d.choose(proc, inside)
	for _, f := range d.children[NoFrame] {
		d.cluster(f)
	}
	d.edges(proc)
	return g.Close()
}

// drawn finds what is to be drawn: a process, and which of its frames.
func (s *System) drawn(name string) (*Process, func(FrameID) bool, error) {
	var proc *Process
	inside := func(FrameID) bool { return true }
	for _, p := range s.Processes {
		if p.Name == name {
			proc = p
		}
	}
	if proc == nil {
		calls := func(f FrameID) bool {
			for ; f != NoFrame; f = s.Frames[f].Parent {
				if s.Frames[f].Func == name {
					return true
				}
			}
			return false
		}
		for _, p := range s.Processes {
			for _, l := range p.Locations {
				if proc == nil && calls(l.Frame) {
					proc, inside = p, calls
				}
			}
		}
	}
	if proc == nil {
		var names []string
		for _, p := range s.Processes {
			names = append(names, p.Name)
		}
		for _, f := range s.Frames {
			names = append(names, f.Func)
		}
		return nil, nil, source.WithHint(fmt.Sprintf("%s has no process or function %s", s.Name, source.Quote(name)), source.DidYouMean(name, names))
	}
	return proc, inside, nil
}

// drawing is a process that is drawn, or the part of one that lies in calls of a function.
type drawing struct {
	s        *System
	g        *graphviz.Writer
	shown    map[LocID]bool
	byFrame  map[FrameID][]*Location
	children map[FrameID][]FrameID
}

// choose takes the locations that lie in certain frames, with the frames around them.
func (d *drawing) choose(proc *Process, inside func(FrameID) bool) {
	used := map[FrameID]bool{}
	for _, l := range proc.Locations {
		if !inside(l.Frame) {
			continue
		}
		d.shown[l.ID] = true
		d.byFrame[l.Frame] = append(d.byFrame[l.Frame], l)
		for f := l.Frame; f != NoFrame && !used[f]; f = d.s.Frames[f].Parent {
			used[f] = true
		}
	}
	for i := range d.s.Frames {
		if used[FrameID(i)] {
			parent := d.s.Frames[i].Parent
			d.children[parent] = append(d.children[parent], FrameID(i))
		}
	}
}

// cluster draws the locations of a frame, and the frames in it.
func (d *drawing) cluster(f FrameID) {
	fr := d.s.Frames[f]
	title := fr.Func + "()"
	for _, k := range fr.Kernel {
		title += "\n" + k.String()
	}
	d.g.Cluster(int(f), graphviz.Left(title)+"; color=gray; "+graphviz.Font+"; fontsize=10")
	for _, l := range d.byFrame[f] {
		label := fmt.Sprint(l.ID)
		if l.Label != "" {
			label += " " + l.Label
		}
		attr := ""
		if l.End || len(l.Trans) == 0 {
			attr = "peripheries=2"
		}
		d.g.Node(node(l.ID), graphviz.Left(label), attr)
	}
	for _, c := range d.children[f] {
		d.cluster(c)
	}
	d.g.End()
}

// edges draws the transitions between the locations, and those that lead out of them.
func (d *drawing) edges(proc *Process) {
	if len(proc.Start) > 0 {
		d.g.Node("start", "shape=point")
		for _, op := range proc.Start {
			if op.Kind == OpGoto && d.shown[op.Loc] {
				d.g.Edge("start", node(op.Loc))
			}
		}
	}
	outside := false
	for _, t := range proc.Trans {
		if !d.shown[t.From] {
			continue
		}
		seen := map[LocID]bool{}
		for i, op := range t.Code {
			if op.Kind != OpGoto || seen[op.Loc] {
				continue
			}
			seen[op.Loc] = true
			to := node(op.Loc)
			if !d.shown[op.Loc] {
				to, outside = "outside", true
			}
			d.g.Edge(node(t.From), to, graphviz.Left(d.s.pathLabel(t.Code, i)), "tooltip="+graphviz.Quote(d.s.Files.Position(t.Pos)))
		}
	}
	if outside {
		d.g.Node("outside", graphviz.Label("return"), "shape=plaintext")
	}
}

func node(l LocID) string { return fmt.Sprintf("l%d", l) }

// pathLabel describes the ways through a step's code that end in the OpGoto at index end: the source text of what is visible, and the branch taken
// where only one side leads there.
func (s *System) pathLabel(code []Op, end int) string {
	reach := make([]bool, len(code))
	var back func(i int) bool
	state := make([]int, len(code))
	back = func(i int) bool {
		if i < 0 || i >= len(code) || state[i] == 1 {
			return false
		}
		if state[i] == 2 {
			return reach[i]
		}
		state[i] = 1
		switch op := &code[i]; op.Kind {
		case OpGoto:
			reach[i] = i == end
		case OpBranch:
			a, b := back(op.Then), back(op.Else)
			reach[i] = a || b
		case OpJump:
			reach[i] = back(op.Then)
		default:
			reach[i] = back(i + 1)
		}
		state[i] = 2
		return reach[i]
	}
	back(0)
	var lines []string
	for i := range code {
		op := &code[i]
		if !reach[i] || op.Kind == OpGoto || op.Kind == OpJump || op.Kind == OpNop {
			continue
		}
		text := s.OpString(op)
		if op.Kind == OpBranch {
			text = "[" + s.ExprString(op.X) + "]"
			switch {
			case reach[op.Then] && reach[op.Else]:
				continue
			case reach[op.Else]:
				text = "[!(" + s.ExprString(op.X) + ")]"
			}
		}
		if op.Visible || op.Kind == OpBranch || op.Kind == OpAssume || op.Kind == OpFence {
			lines = append(lines, text)
		}
	}
	const most = 8
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("… %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// String is "mm/hugetlb.c huge_pmd_unshare v5.9..v6.12".
func (k KernelRef) String() string {
	v := k.Since
	if k.Feature != "" {
		v = k.Feature
		if k.Absent {
			v = "!" + v
		}
	}
	if k.Until != "" {
		v += ".." + k.Until
	} else if k.Open {
		v += ".."
	}
	return k.File + " " + k.Func + " " + v
}
