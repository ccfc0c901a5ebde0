package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
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
state                every shared cell
changed              the cells that the last step changed
run cover NAME       the shortest run from here to a cover
run PROPERTY         the shortest run from here to a violation; "run violation" to any
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
		_, err := fmt.Fprintf(w, "%d taken back, %d left\n", s.Undo(n), s.Len())
		return err
	case "reset":
		s.Undo(s.Len())
		return nil
	case "where":
		for _, p := range s.Processes() {
			fmt.Fprintf(w, "%-16s %-9s %s\n", p.Name, p.Where, strings.TrimSpace(p.Pos+"  "+p.Source))
		}
		return nil
	case "state", "changed":
		for _, c := range s.Cells() {
			switch {
			case c.Changed:
				fmt.Fprintf(w, "%s = %s (was %s)\n", c.Name, c.New, c.Old)
			case words[0] == "state":
				fmt.Fprintf(w, "%s = %s\n", c.Name, c.New)
			}
		}
		return nil
	case "run":
		g := Goal{Property: arg(1)}
		switch arg(1) {
		case "":
			return errors.New("to what?")
		case "cover":
			g = Goal{Cover: arg(2)}
			if g.Cover == "" {
				return errors.New("to which cover?")
			}
		case "violation":
			g = Goal{}
		}
		n, err := s.Run(g)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, steps(n))
		return s.say(w)
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

// say says what is wrong, if something is.
func (s *Session) say(w io.Writer) error {
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
