package por

import "pmdcheck/checker/internal/program"

// Forget makes the analysis lose track of what writes an atom, to see whether anybody notices.
func (s *Static) Forget(atom int) {
	clear(s.write[atom])
	clear(s.touch[atom])
}

// Atoms is the number of atoms.
func (s *Static) Atoms() int { return s.atoms.N }

// AtomName names an atom.
func (s *Static) AtomName(a int) string { return s.atoms.Name(a) }

// Unstick forgets the sticky transitions.
func (s *Static) Unstick() { clear(s.sticky) }

// Program is the program that is searched.
func (s *Static) Program() *program.Program { return s.prog }
