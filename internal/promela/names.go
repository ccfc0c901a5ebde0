package promela

import (
	"fmt"
	"strings"
)

// reserved are words of Promela, of C, and lower-case names that SPIN's verifiers use for macros or as members of the state.
var reserved = " active assert atomic bit bool byte c_code c_decl c_expr c_state c_track chan d_step do else empty enabled eval false fi for full get_priority goto hidden if in init " +
	"inline int len local ltl mtype nempty never nfull notrace np_ od of pc_value pid printf printm priority proctype provided return run select set_priority short show " +
	"skip timeout trace true typedef unless unsigned void xr xs " +
	"auto break case char const continue default double enum extern float long register restrict signed sizeof static struct switch union volatile while asm typeof linux unix " +
	"now observer "

// names gives out identifiers that are valid, and different from each other.
type names map[string]bool

// pick makes an identifier of a name such as "walker[1].ptep" or "live(ptdesc)".
func (n names) pick(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	id := strings.TrimSuffix(b.String(), "_")
	if id == "" || id[0] == '_' || id[0] >= '0' && id[0] <= '9' || strings.ToUpper(id) == id {
		id = "v_" + id // names without lower-case letters may be macros of the verifier
	}
	if strings.Contains(reserved, " "+id+" ") {
		id += "_"
	}
	for base, i := id, 2; n[id]; i++ {
		id = fmt.Sprintf("%s_%d", base, i)
	}
	n[id] = true
	return id
}
