package por

import "fmt"

// StickyNames are the sticky transitions, as a reader knows them.
func (s *Static) StickyNames() (out []string) {
	s.sticky.each(func(id int) { out = append(out, s.name(id)) })
	return out
}

// name is "process: label (file:line)" of a transition.
func (s *Static) name(id int) string {
	p := s.sys.Processes[s.proc[id]]
	t := p.Trans[id-s.base[p.ID]]
	return fmt.Sprintf("%s: %s (%s)", p.Name, t.Label, s.sys.Files.Position(t.Pos))
}
