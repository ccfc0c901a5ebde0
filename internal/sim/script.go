package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/traces"
)

// Files is how a script reads and writes traces.
type Files struct {
	Read  func(name string) (*traces.Trace, error)
	Write func(name string, t *traces.Trace) error
}

// Help is the commands of a script, one a line; the stepper's help names the same.
const Help = `list                 the possible steps, numbered
N                    take step N of the list
step PROCESS         take the only possible step of a process
undo [N]             take back a step, or N
reset                back to the start
where                where every process is
history [N]          the steps so far, or the last N
held                 the locks that are held, by process
state [TEXT]         every shared cell, or those with TEXT in their name
changed              the cells that the last step changed
pin TEXT             show the cells with TEXT in their name after every step
unpin [TEXT]         and no longer, or none any more
run cover NAME       the shortest run from here to a cover
run PROPERTY         the shortest run from here to a violation; "run violation" to any
run before PROPERTY  the same without its last step; "run before violation" for any
run until CELL [V]   the shortest run from here that changes a cell, or gives it the value V
follow FILE [STEP]   the steps of a stored trace, up to a step
save FILE            store the run so far as a trace
help                 this list
`

// Script runs commands, one a line; empty lines and what follows # are skipped. An error names the line.
func (s *Session) Script(r io.Reader, w io.Writer, files Files) error {
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		if err := s.command(words, w, files); err != nil {
			return fmt.Errorf("line %d: %s: %w", n, strings.Join(words, " "), err)
		}
	}
	return in.Err()
}

func (s *Session) command(words []string, w io.Writer, files Files) error {
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	if k, err := strconv.Atoi(words[0]); err == nil {
		choices := s.Choices()
		if k < 1 || k > len(choices) {
			return fmt.Errorf("the list has %s", steps(len(choices)))
		}
		return s.take(choices[k-1], w)
	}
	switch words[0] {
	case "help":
		_, err := io.WriteString(w, Help)
		return err
	case "list":
		for i, c := range s.Choices() {
			fmt.Fprintf(w, "%3d  %s\n", i+1, c)
		}
		return nil
	case "step":
		var mine []Choice
		for _, c := range s.Choices() {
			if c.Who == arg(1) {
				mine = append(mine, c)
			}
		}
		if len(mine) != 1 {
			return fmt.Errorf("%s has %s that it can take", arg(1), steps(len(mine)))
		}
		return s.take(mine[0], w)
	case "undo":
		n := 1
		if arg(1) != "" {
			var err error
			if n, err = strconv.Atoi(arg(1)); err != nil || n < 1 {
				return errors.New("how many steps?")
			}
		}
		if _, err := fmt.Fprintf(w, "%d taken back, %d left\n", s.Undo(n), s.Len()); err != nil {
			return err
		}
		return s.say(w)
	case "reset":
		s.Undo(s.Len())
		return nil
	case "where":
		for _, p := range s.Processes() {
			fmt.Fprintf(w, "%-16s %-9s %s\n", p.Name, p.Where, strings.TrimSpace(p.Pos+"  "+p.Source))
		}
		return nil
	case "history":
		return s.writeHistory(w, arg(1))
	case "held":
		return s.writeHeld(w)
	case "pin":
		if arg(1) == "" {
			return errors.New("which cells?")
		}
		s.Pin(arg(1))
		return s.say(w)
	case "unpin":
		s.Unpin(arg(1))
		return nil
	case "state", "changed":
		for _, c := range s.Cells() {
			switch {
			case words[0] == "state" && !strings.Contains(c.Name, arg(1)):
			case c.Changed:
				fmt.Fprintf(w, "%s = %s (was %s)\n", c.Name, c.New, c.Old)
			case words[0] == "state":
				fmt.Fprintf(w, "%s = %s\n", c.Name, c.New)
			}
		}
		return nil
	case "run":
		return s.run(words[1:], w)
	case "follow":
		t, err := files.Read(arg(1))
		if err != nil {
			return err
		}
		n := len(t.Steps)
		if arg(2) != "" {
			if n, err = strconv.Atoi(arg(2)); err != nil {
				return fmt.Errorf("step %s?", arg(2))
			}
		}
		if err := s.Follow(t, n); err != nil {
			return err
		}
		return s.say(w)
	case "save":
		if arg(1) == "" {
			return errors.New("to which file?")
		}
		t, err := s.Trace()
		if err != nil {
			return err
		}
		return files.Write(arg(1), t)
	}
	return errors.New("there is no such command; see help")
}

func (s *Session) take(c Choice, w io.Writer) error {
	if err := s.Step(c.Move); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d  %s\n", s.Len(), c)
	return s.say(w)
}

// run runs to a goal.
func (s *Session) run(words []string, w io.Writer) error {
	if len(words) == 0 {
		return errors.New("to what?")
	}
	g := Goal{}
	if words[0] == "before" {
		g.Before = true
		if words = words[1:]; len(words) == 0 {
			return errors.New("before what?")
		}
	}
	switch words[0] {
	case "cover":
		if len(words) < 2 {
			return errors.New("to which cover?")
		}
		g.Cover = words[1]
	case "until":
		if len(words) < 2 {
			return errors.New("until which cell changes?")
		}
		g.Cell = words[1]
		if len(words) > 2 {
			g.Value = words[2]
		}
	case "violation":
	default:
		g.Property = words[0]
	}
	n, err := s.Run(g)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, steps(n))
	return s.say(w)
}

// writeHistory lists the steps so far, or the last of them.
func (s *Session) writeHistory(w io.Writer, last string) error {
	list := s.History()
	first := 0
	if last != "" {
		n, err := strconv.Atoi(last)
		if err != nil || n < 1 {
			return errors.New("how many steps?")
		}
		first = max(0, len(list)-n)
	}
	for i, c := range list[first:] {
		if _, err := fmt.Fprintf(w, "%3d  %s\n", first+i+1, c); err != nil {
			return err
		}
	}
	return nil
}

// writeHeld lists which process holds what.
func (s *Session) writeHeld(w io.Writer) error {
	held, err := s.Held()
	if err != nil {
		return err
	}
	for _, p := range s.Sys.Processes {
		if l := held[p.Name]; len(l) > 0 {
			fmt.Fprintf(w, "%-16s %s\n", p.Name, strings.Join(l, ", "))
		}
	}
	if len(held) == 0 {
		_, err = fmt.Fprintln(w, "no lock is held")
	}
	return err
}

// Pin has the cells with a text in their name shown after every step.
func (s *Session) Pin(text string) {
	if !slices.Contains(s.pins, text) {
		s.pins = append(s.pins, text)
	}
}

// Unpin takes that back; "" takes back all.
func (s *Session) Unpin(text string) {
	s.pins = slices.DeleteFunc(s.pins, func(p string) bool { return text == "" || p == text })
}

// Pinned reports whether a cell is shown after every step.
func (s *Session) Pinned(cell string) bool {
	return slices.ContainsFunc(s.pins, func(p string) bool { return strings.Contains(cell, p) })
}

// say shows what is pinned and says what is wrong, if something is.
func (s *Session) say(w io.Writer) error {
	for _, c := range s.Cells() {
		if s.Pinned(c.Name) {
			fmt.Fprintf(w, "     %s = %s\n", c.Name, c.New)
		}
	}
	if name, text := s.Wrong(); name != "" {
		if _, err := fmt.Fprintf(w, "violated %s: %s\n", name, text); err != nil {
			return err
		}
	}
	return nil
}

// steps is "1 step" or "2 steps".
func steps(n int) string {
	if n == 1 {
		return "1 step"
	}
	return fmt.Sprintf("%d steps", n)
}
