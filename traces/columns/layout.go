package columns

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// fit gives each column the width of its longest line, then shrinks the widest ones until the table fits.
func (d *drawing) fit() {
	d.unit = 2
	if d.opt.Width > 0 && d.opt.Width < laneFrom && len(d.cols) > 3 {
		d.unit = 1
	}
	d.number = max(4, len(fmt.Sprint(len(d.t.Steps)))) + 1
	for _, c := range d.cols {
		c.width = max(minColumn, utf8.RuneCountInString(c.title))
	}
	for _, l := range d.lines {
		if l.rule {
			continue
		}
		c := d.cols[l.col]
		c.width = max(c.width, d.unit*l.indent+utf8.RuneCountInString(l.text))
	}
	for d.opt.Width > 0 && len(d.cols) > 0 && d.offset(len(d.cols))-gap+d.laneWidth() > d.opt.Width {
		widest := d.cols[0]
		for _, c := range d.cols {
			if c.width > widest.width {
				widest = c
			}
		}
		if widest.width <= minColumn {
			break
		}
		widest.width--
	}
	for i, c := range d.cols {
		c.at = d.offset(i)
	}
}

// offset is where column i begins.
func (d *drawing) offset(i int) int {
	n := d.number
	for _, c := range d.cols[:i] {
		n += c.width + gap
	}
	return n
}

// laneWidth is the room for the object's column.
func (d *drawing) laneWidth() int {
	if d.lane == nil {
		return 0
	}
	w := utf8.RuneCountInString(d.laneTitle())
	for _, l := range d.lines {
		w = max(w, utf8.RuneCountInString(l.lane))
	}
	return gap + w
}

func (d *drawing) laneTitle() string { return "table " + d.lane.Object }

// table writes the header and the lines.
func (d *drawing) table(b *strings.Builder) {
	end := d.offset(len(d.cols))
	var cells []string
	for _, c := range d.cols {
		cells = append(cells, c.title)
	}
	wrapped := make([][]string, len(cells))
	rows := 1
	for i, c := range cells {
		wrapped[i] = Wrap(c, d.cols[i].width, 2)
		rows = max(rows, len(wrapped[i]))
	}
	for r := range rows {
		text := pad("", d.number)
		if r == 0 {
			text = pad("step", d.number)
		}
		for i := range cells {
			piece := ""
			if r < len(wrapped[i]) {
				piece = wrapped[i][r]
			}
			text += pad(piece, d.cols[i].width+gap)
		}
		if d.lane != nil && r == 0 {
			text = pad(text, end) + d.laneTitle()
		}
		b.WriteString(d.paint(strings.TrimRight(text, " "), bold) + "\n")
	}
	shown := 0
	for _, l := range d.lines {
		if l.rule {
			b.WriteString(pad("", d.number) + d.paint(l.text, l.style) + "\n")
			continue
		}
		number := ""
		if l.step > 0 && l.step != shown {
			number = fmt.Sprintf("%4d", l.step)
			shown = l.step
		}
		text := strings.Repeat(" ", d.unit*l.indent) + l.text
		pieces := Wrap(text, d.cols[l.col].width, d.unit*l.indent+d.unit)
		for i, piece := range pieces {
			left := pad("", d.number)
			if i == 0 {
				left = pad(number, d.number)
			}
			lead := piece[:len(piece)-len(strings.TrimLeft(piece, " "))]
			out := d.paint(left, dim) + strings.Repeat(" ", d.cols[l.col].at-d.number) + lead + d.paint(strings.TrimLeft(piece, " "), l.style)
			if l.lane != "" && i == len(pieces)-1 {
				room := end - d.cols[l.col].at - utf8.RuneCountInString(piece)
				st := warn
				if l.freed {
					st = bad
				}
				out += strings.Repeat(" ", max(1, room)) + d.paint(l.lane, st)
			}
			b.WriteString(strings.ReplaceAll(strings.TrimRight(out, " "), hard, " ") + "\n")
		}
	}
}

// paint puts a style around text, where there is colour.
func (d *drawing) paint(text string, s style) string {
	if !d.opt.Color || s == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) }

// Wrap breaks text at blanks, or behind a dot, bracket or underscore where a word is too long; continuation lines are indented.
func Wrap(text string, width, hanging int) []string {
	r := []rune(text)
	if width <= 0 || len(r) <= width {
		return []string{text}
	}
	var out []string
	hang := strings.Repeat(" ", min(hanging, width/3))
	for len(r) > width {
		cut := 0
		for i := width; i > width/2 && cut == 0; i-- {
			if r[i] == ' ' {
				cut = i
			}
		}
		for i := width; i > width/2 && cut == 0; i-- {
			if strings.ContainsRune("._,", r[i-1]) {
				cut = i
			}
		}
		if cut == 0 {
			cut = width
		}
		out = append(out, strings.TrimRight(string(r[:cut]), " "))
		r = []rune(hang + strings.TrimLeft(string(r[cut:]), " "))
	}
	if strings.TrimSpace(string(r)) != "" {
		out = append(out, string(r))
	}
	return out
}
