package columns

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

func runes(s string) int { return utf8.RuneCountInString(s) }

// word is the width of the longest word of a text: names are not broken, so it takes no less.
func word(text string) int {
	w := 0
	for _, f := range strings.Split(text, " ") {
		w = max(w, runes(f))
	}
	return w
}

// maxLife is how wide the column of an object gets where there is no room for its longest note.
const maxLife = 20

// fit gives each column the width of its longest line, then shrinks the widest ones until the table fits, but never below the longest name. Where that is not enough, first the objects but one lose their columns,
// then the columns stand a little to the right of each other, and text runs on up to the object's.
func (d *drawing) fit() {
	d.unit = 2
	d.number = max(4, len(fmt.Sprint(len(d.t.Steps)))) + 1
	if d.natural(); d.fits() {
		return
	}
	for len(d.objects) > 1 {
		d.objects = d.objects[:len(d.objects)-1]
		if d.natural(); d.fits() {
			return
		}
	}
	for i := range d.lives {
		d.lives[i] = min(d.lives[i], max(maxLife, d.lifeWord(i)))
	}
	if d.fits() {
		return
	}
	d.stagger = true
	d.unit = 1
	for i, c := range d.cols {
		c.at = d.number + 2*i
		c.width = max(minColumn, d.opt.Width-d.laneWidth()-c.at)
	}
	for _, c := range d.cols {
		for _, l := range d.lines {
			if !l.rule && d.cols[l.col] == c {
				c.width = max(c.width, word(l.text)+1) // no name is broken, though the line gets longer than it should
			}
		}
	}
}

// natural gives each column the width that it would like to have.
func (d *drawing) natural() {
	for _, c := range d.cols {
		c.width = max(minColumn, runes(c.title))
	}
	d.lives = make([]int, len(d.objects))
	for i := range d.objects {
		d.lives[i] = runes(d.laneTitle(i))
	}
	for _, l := range d.lines {
		if l.rule {
			continue
		}
		c := d.cols[l.col]
		c.width = max(c.width, d.unit*l.indent+runes(l.text))
		for i, n := range l.lives {
			if i < len(d.lives) {
				d.lives[i] = max(d.lives[i], runes(n.text))
			}
		}
	}
}

// least is the width of each column below which names would be broken.
func (d *drawing) least() []int {
	out := make([]int, len(d.cols))
	for i, c := range d.cols {
		out[i] = max(minColumn, word(c.title)+2)
	}
	for _, l := range d.lines {
		if !l.rule {
			out[l.col] = max(out[l.col], d.unit*(l.indent+1)+word(l.text))
		}
	}
	return out
}

// fits shrinks the columns and says whether the table fits then.
func (d *drawing) fits() bool {
	least := d.least()
	for d.opt.Width > 0 && len(d.cols) > 0 && d.offset(len(d.cols))-gap+d.laneWidth() > d.opt.Width {
		widest := -1
		for i, c := range d.cols {
			if c.width > least[i] && (widest < 0 || c.width > d.cols[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		d.cols[widest].width--
	}
	for i, c := range d.cols {
		c.at = d.offset(i)
	}
	return true
}

// offset is where column i begins.
func (d *drawing) offset(i int) int {
	if d.stagger {
		if i == len(d.cols) {
			end := 0
			for _, c := range d.cols {
				end = max(end, c.at+c.width)
			}
			return end
		}
		return d.cols[i].at
	}
	n := d.number
	for _, c := range d.cols[:i] {
		n += c.width + gap
	}
	return n
}

// laneWidth is the room for the objects' columns.
func (d *drawing) laneWidth() int {
	w := 0
	for _, l := range d.lives {
		w += gap + l
	}
	return w
}

// lifeWord is the longest word in the column of an object.
func (d *drawing) lifeWord(i int) int {
	w := word(d.laneTitle(i))
	for _, l := range d.lines {
		if n, ok := l.lives[i]; ok {
			w = max(w, word(n.text))
		}
	}
	return w
}

// laneTitle is what an object is, and its name.
func (d *drawing) laneTitle(i int) string {
	name := d.objects[i].Object
	for _, o := range d.t.Objects {
		if o.Name == name && o.Struct != "" {
			return o.Struct + " " + name
		}
	}
	return name
}

// table writes the header and the lines.
func (d *drawing) table(b *strings.Builder) {
	end := d.offset(len(d.cols))
	if d.stagger {
		end += gap
	}
	d.header(b, end)
	shown := noStep
	for _, l := range d.lines {
		if l.rule {
			for _, piece := range Wrap(l.text, max(d.opt.Width-d.number, minColumn), 3) {
				b.WriteString(pad("", d.number) + d.paint(piece, l.style) + "\n")
			}
			continue
		}
		number := ""
		if l.step != noStep && l.step != shown {
			number = fmt.Sprintf("%4d", l.step)
		}
		shown = l.step
		d.row(b, l, number, end)
	}
}

// header writes the titles.
func (d *drawing) header(b *strings.Builder, end int) {
	var rows [][]string // by row, then column
	put := func(row, col int, text string) {
		for len(rows) <= row {
			rows = append(rows, make([]string, len(d.cols)))
		}
		rows[row][col] = text
	}
	next := 0
	for i, c := range d.cols {
		for _, piece := range Wrap(c.title, c.width, 2) {
			put(next, i, piece)
			next++
		}
		if !d.stagger {
			next = 0
		}
	}
	for r, cells := range rows {
		text := pad("", d.number)
		if r == 0 {
			text = pad("step", d.number)
		}
		for i, cell := range cells {
			switch {
			case cell != "":
				text = pad(text, d.cols[i].at) + cell
			case d.stagger && r > i:
				text = pad(text, d.cols[i].at) + "|"
			}
		}
		if r == 0 {
			for i := range d.objects {
				text = pad(text, d.lifeAt(i, end)) + d.laneTitle(i)
			}
		}
		b.WriteString(d.paint(strings.TrimRight(text, " "), bold) + "\n")
	}
}

// lifeAt is where the column of an object begins.
func (d *drawing) lifeAt(i, end int) int {
	for _, w := range d.lives[:i] {
		end += w + gap
	}
	return end
}

// row writes one line, in as many pieces as it takes, and beside its last one what has become of the objects.
func (d *drawing) row(b *strings.Builder, l line, number string, end int) {
	c := d.cols[l.col]
	indent := d.unit * l.indent
	hanging := indent + d.unit
	if l.head {
		hanging += 2 * d.unit
	}
	pieces := Wrap(strings.Repeat(" ", indent)+l.text, c.width, hanging)
	lives := make([][]string, len(d.objects))
	rows := len(pieces)
	for i, w := range d.lives {
		if n, ok := l.lives[i]; ok {
			lives[i] = Wrap(n.text, w, 1)
			rows = max(rows, len(pieces)-1+len(lives[i]))
		}
	}
	for r := range rows {
		left := pad("", d.number)
		if r == 0 {
			left = pad(number, d.number)
		}
		out, width := d.paint(left, dim), runes(left)
		add := func(at int, text string, st style) {
			if at > width {
				out += strings.Repeat(" ", at-width)
				width = at
			}
			lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
			out += lead + d.paint(text[len(lead):], st)
			width += runes(text)
		}
		if d.stagger {
			for _, o := range d.cols[:l.col] {
				add(o.at, "|", dim)
			}
		}
		if r < len(pieces) {
			add(c.at, pieces[r], l.style)
		}
		for i := range lives {
			if k := r - (len(pieces) - 1); k >= 0 && k < len(lives[i]) {
				st := warn
				if l.lives[i].freed {
					st = bad
				}
				if at := d.lifeAt(i, end); width >= at {
					out += " "
					width++
				}
				add(d.lifeAt(i, end), lives[i][k], st)
			}
		}
		b.WriteString(strings.ReplaceAll(strings.TrimRight(out, " "), Hard, " ") + "\n")
	}
}

// paint puts a style around text, where there is colour.
func (d *drawing) paint(text string, s style) string {
	if !d.opt.Color || s == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-runes(s))) }

// Wrap breaks text at blanks into lines of at most the given width; a word that is longer than that stays whole. Continuation lines are indented.
func Wrap(text string, width, hanging int) []string {
	if width <= 0 || runes(text) <= width {
		return []string{text}
	}
	var out []string
	lead := strings.Repeat(" ", len(text)-len(strings.TrimLeft(text, " ")))
	line, empty := lead, true
	for _, w := range slices.DeleteFunc(strings.Split(text, " "), func(w string) bool { return w == "" }) {
		switch {
		case empty:
			line += w
		case runes(line)+1+runes(w) <= width:
			line += " " + w
		default:
			out = append(out, line)
			// Rather less indented than longer than the column.
			line = strings.Repeat(" ", max(0, min(hanging, width/2, width-runes(w)))) + w
		}
		empty = false
	}
	if !empty {
		out = append(out, line)
	}
	return out
}
