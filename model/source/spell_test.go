package source_test

import (
	"testing"

	"pmdcheck/model/source"
)

// TestDidYouMean: a name is near when few letters differ, or when one is the beginning of the other.
func TestDidYouMean(t *testing.T) {
	for _, tc := range []struct{ word, want string }{
		{"x86_64", "did you mean 'x86'?"},
		{"arm46", "did you mean 'arm64'?"},
		{"arm64_16k", "did you mean 'arm64'?"},
		{"ris", "did you mean 'riscv'?"},
		{"x8", ""}, // two letters say too little
		{"sparc", ""},
		{"mips", ""},
	} {
		if got := source.DidYouMean(tc.word, []string{"x86", "arm64", "arm", "riscv", "sparc"}); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.word, got, tc.want)
		}
	}
}
