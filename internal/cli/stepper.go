package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"pmdcheck/checker/report"
	"pmdcheck/internal/sim"
	"pmdcheck/traces"
)

// stepper is the terminal view of a session: processes side by side, what can be done, and the state. It changes nothing but through the session.
type stepper struct {
	s      *sim.Session
	trace  *traces.Trace // to follow, or nil
	save   string
	write  func(name string, t *traces.Trace) error
	cursor int
	cover  int // cover that c ran to last
	scroll int // of the state
	note   string
	help   bool
	width  int
	height int
}

func (m *stepper) Init() tea.Cmd { return nil }

func (m *stepper) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if k := msg.String(); k == "q" || k == "ctrl+c" || k == "esc" && !m.help {
			return m, tea.Quit
		}
		m.key(msg.String())
	}
	return m, nil
}

// key does what a key stands for.
func (m *stepper) key(k string) {
	m.note = ""
	choices := m.s.Choices()
	switch k {
	case "?", "h", "esc":
		m.help = !m.help && k != "esc"
	case "up", "k":
		m.cursor--
	case "down", "j":
		m.cursor++
	case "enter", "space", "right", "l":
		if m.cursor < len(choices) {
			m.say(m.s.Step(choices[m.cursor].Move))
			m.cursor = 0
		}
	case "1", "2", "3", "4", "5", "6", "7", "8", "9":
		if i := int(k[0] - '1'); i < len(choices) {
			m.say(m.s.Step(choices[i].Move))
			m.cursor = 0
		}
	case "u", "left", "backspace":
		m.s.Undo(1)
		m.cursor = 0
	case "r":
		m.s.Undo(m.s.Len())
		m.cursor = 0
	case "v":
		m.ran(m.s.Run(sim.Goal{}))
	case "c":
		if covers := m.s.Covers(); len(covers) > 0 {
			name := covers[m.cover%len(covers)]
			m.cover++
			n, err := m.s.Run(sim.Goal{Cover: name})
			m.ran(n, err)
			m.note = "cover " + name + ": " + m.note
		} else {
			m.note = "the spec has no covers"
		}
	case "n", "p":
		m.follow(map[string]int{"n": 1, "p": -1}[k])
	case "s":
		t, err := m.s.Trace()
		if err == nil {
			err = m.write(m.save, t)
		}
		m.say(err)
		if err == nil {
			m.note = fmt.Sprintf("%s stored in %s", report.Count(m.s.Len(), "step"), m.save)
		}
	case "pgdown":
		m.scroll += 5
	case "pgup":
		m.scroll = max(0, m.scroll-5)
	}
	m.cursor = max(0, min(m.cursor, len(m.s.Choices())-1))
}

func (m *stepper) say(err error) {
	if err != nil {
		m.note = err.Error()
	}
}

func (m *stepper) ran(n int, err error) {
	m.say(err)
	if err == nil {
		m.note = report.Count(n, "step")
	}
	m.cursor = 0
}

// follow goes one step on or back in the trace at hand.
func (m *stepper) follow(by int) {
	if m.trace == nil {
		m.note = "no trace is at hand: start with --trace"
		return
	}
	to := m.s.Len() + by
	if to < 0 || to > len(m.trace.Steps) {
		return
	}
	m.say(m.s.Follow(m.trace, to))
	m.cursor = 0
}

const stepperHelp = `enter, 1-9   take a step            u    take one back
up, down     choose                 r    back to the start
v            run to a violation     c    run to the next cover
n, p         follow the trace       s    store the run
pgup, pgdn   scroll the state       q    leave`

func sgr(code, text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }

// View draws: title, processes in columns, possible steps at the left, the state at the right, keys.
func (m *stepper) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen = true
	return v
}

func (m *stepper) draw() string {
	width, height := max(40, m.width), max(12, m.height)
	var lines []string
	title := m.s.Sys.Name
	for _, c := range m.s.Sys.Config {
		title += " " + c.Name + "=" + c.Value
	}
	lines = append(lines, sgr("1", cut(title, width)))
	status := fmt.Sprintf("step %d", m.s.Len())
	if m.trace != nil {
		status += fmt.Sprintf(" (trace of %d)", len(m.trace.Steps))
	}
	if c, ok := m.s.Last(); ok {
		status += ": " + c.String()
	}
	lines = append(lines, cut(status, width))
	switch name, text := m.s.Wrong(); {
	case name != "":
		lines = append(lines, sgr("1;31", cut("violated "+name+": "+text, width)))
	default:
		lines = append(lines, cut(m.note, width))
	}
	lines = append(lines, "")
	lines = append(lines, m.processes(width)...)
	lines = append(lines, "")
	if m.help {
		lines = append(lines, strings.Split(stepperHelp, "\n")...)
	} else {
		lines = append(lines, m.panels(width, height-len(lines)-2)...)
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:height-1], sgr("2", cut("enter step  u undo  v violation  c cover  n/p trace  s save  ? help  q quit", width)))
	return strings.Join(lines, "\n")
}

// processes are columns with name, where it is, and its next source line. Those that have ended share a line.
func (m *stepper) processes(width int) []string {
	var alive []sim.Process
	var ended []string
	for _, p := range m.s.Processes() {
		if p.Where == "ended" {
			ended = append(ended, p.Name)
		} else {
			alive = append(alive, p)
		}
	}
	last, moved := m.s.Last()
	per := max(1, min(len(alive), width/26))
	var out []string
	for group := range slices.Chunk(alive, per) {
		w := width/per - 1
		var rows [4]string
		for _, p := range group {
			code := "1"
			switch {
			case p.Where == "parked":
				code = "1;31"
			case moved && p.Name == last.Who:
				code = "1;36"
			case p.Where == "waits":
				code = "2"
			}
			fn := ""
			if p.Func != "" {
				fn = p.Func + "()"
			}
			for i, text := range []string{p.Name + " (" + p.Where + ")", fn, p.Source, p.Pos} {
				text = cut(text, w)
				padded := text + strings.Repeat(" ", w-utf8.RuneCountInString(text)+1)
				switch i {
				case 0:
					padded = sgr(code, padded)
				case 3:
					padded = sgr("2", padded)
				}
				rows[i] += padded
			}
		}
		for _, r := range rows {
			out = append(out, strings.TrimRight(r, " "))
		}
	}
	if len(ended) > 0 {
		out = append(out, sgr("2", cut("ended: "+strings.Join(ended, ", "), width)))
	}
	return out
}

// panels are the possible steps beside the state, changes first.
func (m *stepper) panels(width, height int) []string {
	height = max(3, height)
	left := width / 2
	var steps, state []string
	choices := m.s.Choices()
	first := max(0, m.cursor-height+3)
	for i, c := range choices {
		if i < first || len(steps) >= height-1 {
			continue
		}
		text := cut(fmt.Sprintf("%2d %s", i+1, c), left-4)
		if i == m.cursor {
			text = sgr("7", "> "+text)
		} else {
			text = "  " + text
		}
		steps = append(steps, text)
	}
	if len(choices) == 0 {
		steps = append(steps, "  nothing can move")
	}
	var changed, rest []string
	for _, c := range m.s.Cells() {
		if c.Changed {
			changed = append(changed, sgr("33", cut(c.Name+" = "+c.New+"  was "+c.Old, width-left-2)))
		} else {
			rest = append(rest, cut(c.Name+" = "+c.New, width-left-2))
		}
	}
	m.scroll = max(0, min(m.scroll, len(rest)-1))
	state = append(changed, rest[min(m.scroll, len(rest)):]...)
	out := []string{sgr("1", pad("possible steps", left)) + sgr("1", "state")}
	for i := range height - 1 {
		row := ""
		if i < len(steps) {
			row = steps[i]
		}
		if i < len(state) {
			row = pad(row, left) + state[i]
		}
		out = append(out, row)
	}
	return out
}

// pad fills up to a width; control sequences take none.
func pad(s string, n int) string {
	w, esc := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			esc = true
		case esc:
			esc = r != 'm'
		default:
			w++
		}
	}
	return s + strings.Repeat(" ", max(0, n-w))
}

// cut shortens text to a width.
func cut(s string, n int) string {
	r := []rune(strings.ReplaceAll(s, "\n", " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:max(0, n-1)]) + "…"
}
