package cli

import (
	"os"

	"golang.org/x/term"

	"pmdcheck/traces/columns"
)

// pipeWidth is how wide tables are where nobody says: the same everywhere, so that the same input gives the same bytes.
const pipeWidth = 120

// terminal is the file a writer writes to, if that is a terminal.
func terminal(w any) (*os.File, bool) {
	if s, ok := w.(*sink); ok {
		w = s.w
	}
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// color says whether a writer gets control sequences: a terminal that knows them, unless NO_COLOR is set.
func color(w any) bool {
	_, tty := terminal(w)
	return tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// table is how traces are drawn on stdout: as wide as the terminal, or as flags say. A negative width is that of the terminal.
func (a *app) table(width int, full bool) columns.Options {
	if width < 0 {
		width = pipeWidth
		if f, tty := terminal(a.out); tty {
			if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
				width = w
			}
		}
	}
	return columns.Options{Width: width, Full: full, Color: color(a.out)}
}
