package axioms

import "fmt"

// Model is a memory model.
type Model uint8

// The models.
const (
	SC Model = iota
	TSO
	ARM
	LKMM
)

var modelNames = [...]string{"sc", "tso", "arm", "lkmm"}

func (m Model) String() string {
	if int(m) < len(modelNames) {
		return modelNames[m]
	}
	return fmt.Sprintf("Model(%d)", uint8(m))
}

// ParseModel finds a model by its name.
func ParseModel(s string) (Model, error) {
	for i, n := range modelNames {
		if n == s {
			return Model(i), nil
		}
	}
	return 0, fmt.Errorf("unknown memory model %q: known are sc, tso, arm and lkmm", s)
}
