package testkit_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestSource: the same seed gives the same text, every text loads, and within some hundred seeds everything the generator knows occurs.
func TestSource(t *testing.T) {
	missing := map[string]*regexp.Regexp{}
	for name, re := range map[string]string{
		"fall through":     `case 0:\n(\t+[^b\t].*\n)*\t+skip;\n\t+case 1:`,
		"jump into atomic": `goto (l\d+);\n\t+atomic \{\n(?:\t.*\n)*?\t+l\d+:`,
		"nested structs":   `po->in\[\w\]\.v = `,
		"passed on":        `deeper\(&P\[i\], x\);`,
		"alloc":            `alloc\(struct obj\)`,
		"choose":           `choose \{`,
		"invariant":        `invariant inv`,
	} {
		missing[name] = regexp.MustCompile(re)
	}
	for seed := range uint64(300) {
		src := testkit.Source(rand.New(rand.NewPCG(seed, 1)))
		if again := testkit.Source(rand.New(rand.NewPCG(seed, 1))); again != src {
			t.Fatalf("seed %d gives two texts", seed)
		}
		if _, err := (&elab.Loader{}).Load("random.pmd", []byte(src)); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, src)
		}
		if strings.Contains(src, "%!") {
			t.Fatalf("seed %d: a bad format\n%s", seed, src)
		}
		for name, re := range missing {
			if re.MatchString(src) {
				delete(missing, name)
			}
		}
	}
	for name := range missing {
		t.Errorf("no text has %s", name)
	}
}

// TestOtherSources: the same of the generators for tests of reductions and of symmetry.
func TestOtherSources(t *testing.T) {
	for name, gen := range map[string]func(*rand.Rand) string{"steps": testkit.Steps, "loops": testkit.Loops, "replicas": testkit.Replicas, "objects": testkit.Objects, "columns": testkit.Columns, "liveness": testkit.LiveSource, "whole": testkit.Whole} {
		for seed := range uint64(300) {
			src := gen(rand.New(rand.NewPCG(seed, 1)))
			if again := gen(rand.New(rand.NewPCG(seed, 1))); again != src {
				t.Fatalf("%s, seed %d gives two texts", name, seed)
			}
			if _, err := (&elab.Loader{}).Load("random.pmd", []byte(src)); err != nil {
				t.Fatalf("%s, seed %d: %v\n%s", name, seed, err, src)
			}
		}
	}
}
