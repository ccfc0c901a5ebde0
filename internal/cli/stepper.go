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
	title  string
	trace  *traces.Trace // to follow, or nil
	save   string
	write  func(name string, t *traces.Trace) error
	cursor int
	cover  int // cover that c ran to last
	scroll int // of the state
	note   string
	help   bool

	history   bool     // in the place of the state
	filter    string   // of the state: a part of the names
	filtering bool     // keys go to the filter
	typing    bool     // keys go to a command
	line      string   // the command
	output    []string // what it said; nil when that was looked at

	width  int
	height int
}

func (m *stepper) Init() tea.Cmd { return nil }

func (m *stepper) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch k := msg.String(); {
		case k == "ctrl+c":
			return m, tea.Quit
		case m.filtering || m.typing:
			m.edit(k, msg.Text)
		case k == "q", k == "esc" && !m.help && m.output == nil:
			return m, tea.Quit
		default:
			m.key(k)
		}
	}
	return m, nil
}

// edit takes a key into the filter or the command that is being typed.
func (m *stepper) edit(k, text string) {
	at := &m.filter
	if m.typing {
		at = &m.line
	}
	switch k {
	case "enter":
		if m.typing {
			m.command()
		}
		m.filtering, m.typing = false, false
	case "esc":
		*at = ""
		m.filtering, m.typing = false, false
	case "backspace":
		if r := []rune(*at); len(r) > 0 {
			*at = string(r[:len(r)-1])
		}
	default:
		*at += text
	}
	m.scroll = 0
}

// command runs a line of a script, and keeps what it says until the next key.
func (m *stepper) command() {
	var b strings.Builder
	err := m.s.Script(strings.NewReader(m.line), &b, sim.Files{Read: readTrace, Write: m.write})
	m.output = []string{}
	if b.Len() > 0 {
		m.output = strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	}
	if err != nil {
		m.output = append(m.output, strings.TrimPrefix(err.Error(), "line 1: "))
	}
	m.cursor = 0
}

// key does what a key stands for.
func (m *stepper) key(k string) {
	m.note = ""
	if k != "pgdown" && k != "pgup" {
		m.output = nil
	}
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
	case "b":
		m.ran(m.s.Run(sim.Goal{Before: true}))
	case "H":
		m.history, m.scroll = !m.history, 0
	case "/":
		m.filtering, m.filter, m.history, m.scroll = true, "", false, 0
	case ":":
		m.typing, m.line = true, ""
	case "P":
		if m.filter == "" {
			m.s.Unpin("")
		} else {
			m.s.Pin(m.filter)
			m.filter = ""
		}
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
v            run to a violation     b    run to the step before one
c            run to the next cover  n, p follow the trace
H            history, or the state  /    filter the state, esc ends it
P            pin what the filter shows, or unpin all
:            a command, such as run until CELL, held, run before PROPERTY
pgup, pgdn   scroll                 s    store the run
q            leave`

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
	for _, l := range fold(m.title, width) {
		lines = append(lines, sgr("1", l))
	}
	status := fmt.Sprintf("step %d", m.s.Len())
	if m.trace != nil {
		status += fmt.Sprintf(" (trace of %d)", len(m.trace.Steps))
	}
	if c, ok := m.s.Last(); ok {
		status += ": " + c.String()
	}
	lines = append(lines, fold(status, width)...)
	switch name, text := m.s.Wrong(); {
	case m.typing:
		lines = append(lines, cut(":"+m.line+"_", width))
	case name != "":
		for _, l := range fold("violated "+name+": "+text, width) {
			lines = append(lines, sgr("1;31", l))
		}
	default:
		lines = append(lines, append(fold(m.note, width), "")[0])
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
	lines = append(lines[:height-1], sgr("2", cut("enter step  u undo  v violation  b before  H history  / filter  ? help  q quit", width)))
	return strings.Join(lines, "\n")
}

// processes are columns with name, where it is, and its next source line. Those that have ended share a line, and so do idle helpers.
func (m *stepper) processes(width int) []string {
	var alive []sim.Process
	var ended, idle []string
	for _, p := range m.s.Processes() {
		switch {
		case p.Where == "ended":
			ended = append(ended, p.Name)
		case p.Where == "waits" && p.Helper:
			idle = append(idle, p.Name)
		default:
			alive = append(alive, p)
		}
	}
	last, moved := m.s.Last()
	held, err := m.s.Held()
	m.say(err)
	per := max(1, min(len(alive), width/26))
	var out []string
	for group := range slices.Chunk(alive, per) {
		w := width/per - 1
		var columns [][]string
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
			columns = append(columns, m.process(p, w, code, held[p.Name]))
		}
		for i := 0; ; i++ {
			row, more := "", false
			for _, c := range columns {
				text := ""
				if i < len(c) {
					text, more = c[i], true
				}
				row += pad(text, w+1)
			}
			if !more {
				break
			}
			out = append(out, strings.TrimRight(row, " "))
		}
	}
	rest := func(what string, names []string) {
		if len(names) > 0 {
			out = append(out, sgr("2", cut(what+strings.Join(names, ", "), width)))
		}
	}
	rest("wait for a grace period to begin or end: ", idle)
	rest("ended: ", ended)
	return out
}

// process is the column of a process: where it is, its next line, and what it holds.
func (m *stepper) process(p sim.Process, width int, code string, held []string) (out []string) {
	add := func(code, text string) {
		for _, l := range fold(text, width) {
			if code != "" {
				l = sgr(code, l)
			}
			out = append(out, l)
		}
	}
	add(code, p.Name+" ("+p.Where+")")
	if p.Func != "" {
		add("", p.Func+"()")
	}
	add("", p.Source)
	add("2", p.Pos)
	if len(held) > 0 {
		add("36", "holds "+strings.Join(held, ", "))
	}
	return out
}

// panels are the possible steps, and the state or the history: side by side where there is room, else one below the other.
func (m *stepper) panels(width, height int) []string {
	height = max(3, height)
	if width < sideBySide {
		steps := m.choices(width, max(2, height*2/3))
		return append(steps, m.right(width, max(2, height-len(steps)))...)
	}
	half := width / 2
	steps, right := m.choices(half, height), m.right(width-half, height)
	var out []string
	for i := range height {
		row := ""
		if i < len(steps) {
			row = steps[i]
		}
		if i < len(right) {
			row = pad(row, half) + right[i]
		}
		out = append(out, row)
	}
	return out
}

// sideBySide is the width from which there is room for two panels.
const sideBySide = 110

// choices are the possible steps, with the one that enter takes in sight.
func (m *stepper) choices(width, height int) []string {
	out := []string{sgr("1", "possible steps")}
	choices := m.s.Choices()
	if len(choices) == 0 {
		return append(out, "  nothing can move")
	}
	var rows []string
	first, last := 0, 0 // rows of the cursor
	for i, c := range choices {
		for k, text := range fold(c.String(), width-6) {
			head := "     "
			if k == 0 {
				head = fmt.Sprintf("  %2d ", i+1)
			}
			if i == m.cursor {
				if k == 0 {
					first = len(rows)
				}
				last = len(rows)
				head = "> " + head[2:]
				text = sgr("7", text)
			}
			rows = append(rows, head+text)
		}
	}
	from := max(0, min(last-height+2, first))
	return append(out, rows[from:min(len(rows), from+height-1)]...)
}

// right is the history, or the state: first what is pinned, then what has changed, then the rest that passes the filter.
func (m *stepper) right(width, height int) []string {
	var rows []string
	title := "state"
	switch {
	case m.output != nil:
		title = ":" + m.line
		for _, l := range m.output {
			rows = append(rows, fold(l, width-1)...)
		}
	case m.history:
		title = "history"
		for i, c := range m.s.History() {
			rows = append(rows, fold(fmt.Sprintf("%3d %s", i+1, c), width-1)...)
		}
		slices.Reverse(rows) // the latest in sight
	default:
		if m.filter != "" || m.filtering {
			title += " /" + m.filter
		}
		rows = m.stateRows(width)
	}
	m.scroll = max(0, min(m.scroll, len(rows)-1))
	out := []string{sgr("1", cut(title, width))}
	for i := m.scroll; i < len(rows) && len(out) < height; i++ {
		out = append(out, rows[i])
	}
	return out
}

func (m *stepper) stateRows(width int) []string {
	var pinned, changed, rest []string
	add := func(list *[]string, code, text string) {
		for _, l := range fold(text, width-1) {
			if code != "" {
				l = sgr(code, l)
			}
			*list = append(*list, l)
		}
	}
	for _, c := range m.s.Cells() {
		text := c.Name + " = " + c.New
		if c.Changed {
			text += "  was " + c.Old
		}
		switch {
		case m.s.Pinned(c.Name):
			add(&pinned, map[bool]string{true: "1;33", false: "1"}[c.Changed], text)
		case !strings.Contains(c.Name, m.filter):
		case c.Changed:
			add(&changed, "33", text)
		default:
			add(&rest, "", text)
		}
	}
	return slices.Concat(pinned, changed, rest)
}

// fold breaks text at spaces, and where a word is too long, into lines of a width.
func fold(s string, width int) (out []string) {
	width = max(8, width)
	for _, w := range strings.Fields(s) {
		for {
			r := []rune(w)
			k := len(out) - 1
			switch {
			case k >= 0 && utf8.RuneCountInString(out[k])+1+len(r) <= width:
				out[k] += " " + w
			case len(r) <= width:
				out = append(out, w)
			default:
				out = append(out, string(r[:width]))
				w = string(r[width:])
				continue
			}
			break
		}
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
