package model

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"pmdcheck/model/source"
)

// WriteDOT draws the state machine of one process for Graphviz: locations grouped by the function they lie in, transitions labelled with what they do
// and, where the function has a @kernel annotation, with the kernel function they stand for. With a function name instead of a process name, only
// the locations inside calls of that function are drawn, of the first process that calls it.
func (s *System) WriteDOT(w io.Writer, name string) error {
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
		return source.WithHint(fmt.Sprintf("%s has no process or function %s", s.Name, source.Quote(name)), source.DidYouMean(name, names))
	}
	b := bufio.NewWriter(w)
	p := func(format string, args ...any) { fmt.Fprintf(b, format, args...) }
	p("digraph %s {\n\trankdir=TB;\n\tnode [shape=box, style=rounded, fontname=\"monospace\", fontsize=10];\n\tedge [fontname=\"monospace\", fontsize=9];\n", dotQuote(name))
	p("\tlabelloc=t;\n\tlabel=%s;\n", dotQuote(s.Name+": "+name))
	// A cluster for each frame, nested as the calls are.
	byFrame := map[FrameID][]*Location{}
	children := map[FrameID][]FrameID{}
	used := map[FrameID]bool{}
	shown := map[LocID]bool{}
	for _, l := range proc.Locations {
		if !inside(l.Frame) {
			continue
		}
		shown[l.ID] = true
		byFrame[l.Frame] = append(byFrame[l.Frame], l)
		for f := l.Frame; f != NoFrame && !used[f]; f = s.Frames[f].Parent {
			used[f] = true
		}
	}
	for i := range s.Frames {
		if used[FrameID(i)] {
			children[s.Frames[i].Parent] = append(children[s.Frames[i].Parent], FrameID(i))
		}
	}
	var cluster func(f FrameID, indent string)
	cluster = func(f FrameID, indent string) {
		fr := s.Frames[f]
		title := fr.Func + "()"
		for _, k := range fr.Kernel {
			title += "\n" + k.String()
		}
		p("%ssubgraph cluster_%d {\n%s\tlabel=%s; color=gray; fontname=\"monospace\"; fontsize=10;\n", indent, f, indent, dotQuote(title))
		for _, l := range byFrame[f] {
			label := fmt.Sprint(l.ID)
			if l.Label != "" {
				label += " " + l.Label
			}
			attr := ""
			if l.End || len(l.Trans) == 0 {
				attr = ", peripheries=2"
			}
			p("%s\tl%d [label=%s%s];\n", indent, l.ID, dotQuote(label), attr)
		}
		for _, c := range children[f] {
			cluster(c, indent+"\t")
		}
		p("%s}\n", indent)
	}
	for _, f := range children[NoFrame] {
		cluster(f, "\t")
	}
	if len(proc.Start) > 0 {
		p("\tstart [shape=point];\n")
		for _, op := range proc.Start {
			if op.Kind == OpGoto && shown[op.Loc] {
				p("\tstart -> l%d;\n", op.Loc)
			}
		}
	}
	outside := false
	for _, t := range proc.Trans {
		if !shown[t.From] {
			continue
		}
		seen := map[LocID]bool{}
		for i, op := range t.Code {
			if op.Kind != OpGoto || seen[op.Loc] {
				continue
			}
			seen[op.Loc] = true
			to := fmt.Sprintf("l%d", op.Loc)
			if !shown[op.Loc] {
				to, outside = "outside", true
			}
			p("\tl%d -> %s [label=%s, tooltip=%s];\n", t.From, to, dotQuote(s.pathLabel(t.Code, i)), dotQuote(s.Files.Position(t.Pos)))
		}
	}
	if outside {
		p("\toutside [label=\"return\", shape=plaintext];\n")
	}
	p("}\n")
	return b.Flush()
}

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
	if k.Until != "" {
		v += ".." + k.Until
	} else if k.Open {
		v += ".."
	}
	return k.File + " " + k.Func + " " + v
}

// dotQuote makes a DOT string with left-aligned lines.
func dotQuote(s string) string {
	s = strings.NewReplacer("\\", "\\\\", "\"", "\\\"").Replace(s)
	if strings.Contains(s, "\n") {
		s = strings.ReplaceAll(s, "\n", "\\l") + "\\l"
	}
	return "\"" + s + "\""
}
