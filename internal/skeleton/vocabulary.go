// Package skeleton projects the body of a kernel function to its events: what it locks, flushes, frees, clears, publishes and reads, in what order, and in which
// branch or loop. Two bodies with one skeleton do these things in one order. That finds drift; it proves nothing about either body.
package skeleton

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Vocabulary says which names are events.
type Vocabulary struct {
	words    map[string]word
	guards   map[string][2]string
	slots    map[string]bool
	once     map[string]bool
	opaque   map[string]bool
	off      map[string]bool
	apart    map[string]bool
	same     map[string]string
	compared map[string]bool
}

// word is what a call of a name does.
type word struct {
	event string
	arg   int // number of the argument that it is about, 0 for none
	fixed string
	mode  string
}

//go:embed vocabulary.txt
var builtin string

// Kernel is the vocabulary for the page-table code of Linux.
func Kernel() *Vocabulary {
	v, err := ReadVocabulary(builtin)
	if err != nil {
		panic(err) // a test reads it
	}
	return v
}

//go:embed model.txt
var modelNames string

// Library is the vocabulary for the functions of the kernel library: that of the kernel, and names of its own.
func Library() *Vocabulary {
	v, err := ReadVocabulary(modelNames)
	if err != nil {
		panic(err) // a test reads it
	}
	k := Kernel()
	for n, w := range k.words {
		if _, ok := v.words[n]; !ok {
			v.words[n] = w
		}
	}
	for n := range k.opaque {
		v.opaque[n] = true
	}
	return v
}

// Off tells whether a parameter of the library is false in what is compared: what it turns on is not what the kernel's function is held against.
func (v *Vocabulary) Off(name string) bool { return v.off[name] }

// Opaque tells whether a helper is not looked through.
func (v *Vocabulary) Opaque(name string) bool { return v.opaque[name] }

// Event is the event of a call, given the last member name of an argument by its number.
func (v *Vocabulary) Event(name string, last func(arg int) string) string {
	w := v.words[name]
	parts := []string{w.event}
	if w.fixed != "" {
		parts = append(parts, w.fixed)
	} else if w.arg > 0 {
		if s := last(w.arg); s != "" {
			parts = append(parts, s)
		}
	}
	if w.mode != "" {
		parts = append(parts, w.mode)
	}
	return strings.Join(parts, " ")
}

// ReadVocabulary reads a vocabulary; vocabulary.txt describes the form.
func ReadVocabulary(text string) (*Vocabulary, error) {
	v := &Vocabulary{words: map[string]word{}, guards: map[string][2]string{}, slots: map[string]bool{}, once: map[string]bool{}, opaque: map[string]bool{}, apart: map[string]bool{}, same: map[string]string{}, compared: map[string]bool{}, off: map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if err := v.line(f); err != nil {
			return nil, fmt.Errorf("vocabulary, line %d: %w", i+1, err)
		}
	}
	return v, nil
}

func (v *Vocabulary) line(f []string) error {
	switch f[0] {
	case "guard":
		if len(f) != 4 {
			return fmt.Errorf("guard takes a class, a lock and an unlock")
		}
		for _, n := range f[2:] {
			if _, ok := v.words[n]; !ok {
				return fmt.Errorf("%s is no event", n)
			}
		}
		v.guards[f[1]] = [2]string{f[2], f[3]}
		return nil
	case "same":
		if len(f) != 3 {
			return fmt.Errorf("same takes two names")
		}
		v.same[f[1]] = f[2]
		return nil
	case "beside":
		v.same[strings.Join(f[1:], " ")] = "-"
		return nil
	case "slot", "once", "opaque", "apart", "compared", "off":
		set := map[string]map[string]bool{"slot": v.slots, "once": v.once, "opaque": v.opaque, "apart": v.apart, "compared": v.compared, "off": v.off}[f[0]]
		for _, n := range f[1:] {
			set[n] = true
		}
		return nil
	}
	if len(f) < 3 || len(f) > 4 {
		return fmt.Errorf("%s needs an event and what it is about", f[0])
	}
	if _, ok := v.words[f[0]]; ok {
		return fmt.Errorf("%s is there twice", f[0])
	}
	w := word{event: f[1]}
	switch about := f[2]; {
	case about == "-":
	case strings.HasPrefix(about, "="):
		w.fixed = about[1:]
	default:
		n, err := strconv.Atoi(about)
		if err != nil || n < 1 || n > 9 {
			return fmt.Errorf("%s: %q is neither a number of an argument, nor =NAME, nor -", f[0], about)
		}
		w.arg = n
	}
	if len(f) == 4 {
		w.mode = f[3]
	}
	v.words[f[0]] = w
	return nil
}

// Compared tells whether the functions of a file of the library are held against those of the kernel.
func (v *Vocabulary) Compared(file string) bool { return v.compared[strings.TrimSuffix(file, ".pmd")] }

// Apart are the functions of the kernel that nothing of the library is about: where library and source are compared, a call of one is an event and not what it does.
func (v *Vocabulary) Apart() []string { return slices.Sorted(maps.Keys(v.apart)) }

// Same is an event with the names that library and kernel are compared by, "" if it is about something that the library has nothing of.
func (v *Vocabulary) Same(event string) string {
	if v.same[event] == "-" {
		return ""
	}
	w := strings.Fields(event)
	for i, x := range w[1:] {
		switch n := v.same[x]; n {
		case "":
		case "-":
			return ""
		default:
			w[i+1] = n
		}
	}
	return strings.Join(w, " ")
}

// Has tells whether a call of a name is an event.
func (v *Vocabulary) Has(name string) bool {
	_, ok := v.words[name]
	return ok
}
