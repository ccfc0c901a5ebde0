package report

import (
	"strconv"
	"strings"
)

// position is a place in a source file.
type position struct {
	file      string
	line, col int
}

// place reads file:line:col. Style.File says where the file is in the repository of the reader.
func (s Style) place(pos string) position {
	p := position{file: pos, line: 1, col: 1}
	if i := strings.LastIndexByte(pos, ':'); i > 0 {
		if j := strings.LastIndexByte(pos[:i], ':'); j > 0 {
			line, err1 := strconv.Atoi(pos[j+1 : i])
			col, err2 := strconv.Atoi(pos[i+1:])
			if err1 == nil && err2 == nil {
				p = position{pos[:j], max(1, line), max(1, col)}
			}
		}
	}
	if s.File != nil {
		p.file = s.File(p.file)
	}
	return p
}
