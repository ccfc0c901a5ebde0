package pass

import "fmt"

// Mutants are all wrong rules.
func Mutants() (out []string) {
	for m := none + 1; m < mutants; m++ {
		out = append(out, m.String())
	}
	return out
}

// Mutate makes a rule wrong, and gives back how it was before.
func Mutate(name string) (restore func()) {
	for m := none + 1; m < mutants; m++ {
		if m.String() == name {
			wrong = m
			return func() { wrong = none }
		}
	}
	panic("there is no mutant " + name)
}

func (m mutant) String() string {
	names := [...]string{
		"none", "noForwarding", "oldestForwarded", "noFence", "noLocked", "unordered", "noBuffer", "noLoadBehind", "noStepBehind", "wrongNumber", "keptAlloc", "noBlock", "noRoom", "noOtherCPU",
	}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("mutant(%d)", uint8(m))
}
