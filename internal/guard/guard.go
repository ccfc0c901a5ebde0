// Package guard has a process whose address space is limited (ulimit -v) watched by another one. Where the limit is met outside of the search, which keeps to bounds of its own, the runtime of Go
// ends the process with pages of text and exit code 2, which is that of a usage error. Nothing within a process can change that.
package guard

import (
	"fmt"
	"io"
	"strings"
)

// most is what is kept of what a runtime that dies has to say.
const most = 64 << 10

// tail keeps the first bytes of what is written, and drops the rest.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[:min(len(p), most-len(t.b))]...)
	return len(p), nil
}

// died says what a runtime died of: in one line if memory was what it lacked, else with all it said.
func died(said string, limit uint64, stderr io.Writer) {
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	for _, lack := range []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "cannot reserve", "failed to reserve", "address space", "cannot map pages"} {
		if strings.Contains(said[:min(len(said), 2000)], lack) {
			fmt.Fprintf(stderr, "pmdcheck: out of memory: the address space is limited to %d MiB (ulimit -v)\n", limit>>20)
			return
		}
	}
	if first != "" {
		fmt.Fprintf(stderr, "pmdcheck: internal error: %s\n", said)
	}
}
