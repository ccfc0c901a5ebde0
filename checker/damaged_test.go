package checker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// kept is the checkpoint of a search that a limit of memory has ended, in two parts: what stands before its body, and that.
func kept(t *testing.T, sys *model.System, o checker.Options, memory int64) (head, body []byte) {
	t.Helper()
	o.Memory = memory
	if r, err := checker.Check(context.Background(), sys, o); err != nil || r.Reason != checker.ReasonMemory {
		t.Fatalf("%v, %v", r, err)
	}
	all, err := os.ReadFile(o.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	all = all[:len(all)-sha256.Size]
	n := bytes.IndexByte(all, '\n') + 1
	n += bytes.IndexByte(all[n:], '\n') + 1
	return all[:n], all[n:]
}

// resumed goes on with a checkpoint of the given content, whose checksum is right.
func resumed(t *testing.T, sys *model.System, o checker.Options, head, body []byte) (*checker.Result, error) {
	t.Helper()
	all := append(bytes.Clone(head), body...)
	sum := sha256.Sum256(all)
	if err := os.WriteFile(o.Checkpoint, append(all, sum[:]...), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Resume, o.CheckpointEvery = true, time.Hour
	return checker.Check(context.Background(), sys, o)
}

// TestResumeWrongContent: a checksum says that a file is as it was written, not that this program wrote it. Whatever it has, there is no panic, no negative count, and nothing
// but an error of the checkpoint.
func TestResumeWrongContent(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 40
	}
	models := map[string]*model.System{
		"race": hugepmd(t, "2", "1", "2", "0", "0"),
		"owes": build(t, rounds+"liveness done: x == 4 leads_to x == 3;\n", elab.BuildOptions{}),
		"array": build(t, `struct s { bool ok; };
struct s a, b;
u3 i;
u2 n[5];
process w[2](u1 k) { struct s *p = k == 0 ? &a : &b; while (true) { choose { case: i = 4; case: i = 0; case: p->ok = !p->ok; } n[i] = n[i] == 3 ? 0 : n[i] + 1; } }
invariant small: n[2] == 0;
`, elab.BuildOptions{}),
	}
	memory := map[string]int64{"race": 200_000, "owes": 30_000, "array": 30_000}
	refused := 0
	for name, sys := range models {
		for _, workers := range []int{1, 2} {
			o := checker.Options{Checkpoint: filepath.Join(t.TempDir(), "c"), Workers: workers, Timeout: 5 * time.Second, Reduction: checker.ReductionNone}
			head, body := kept(t, sys, o, memory[name])
			if _, err := resumed(t, sys, o, head, body); err != nil {
				t.Fatalf("%s: the right content: %v", name, err)
			}
			for seed := range uint64(n / 6) {
				r := rand.New(rand.NewPCG(seed, uint64(workers)))
				bad := mutated(r, body)
				res, err := resumed(t, sys, o, head, bad)
				var e *checker.CheckpointError
				switch {
				case errors.As(err, &e):
					refused++
				case err != nil:
					t.Errorf("%s, seed %d: %v", name, seed, err)
				case res.Stats.States < 0 || res.Stats.Transitions < 0:
					t.Errorf("%s, seed %d: %d states, %d transitions", name, seed, res.Stats.States, res.Stats.Transitions)
				}
			}
		}
	}
	if refused < n/3 {
		t.Errorf("only %d of %d were refused", refused, n)
	}
}

// mutated changes bytes of a checkpoint's body, most often in its counts.
func mutated(r *rand.Rand, body []byte) []byte {
	b := bytes.Clone(body)
	for range 1 + r.IntN(3) {
		switch k := r.IntN(6); {
		case k == 0 && len(b) > 60: // a count
			at := 1 + 8*r.IntN(6)
			v := []uint64{0, 1, 1 << 62, 1 << 63, ^uint64(0), binary.LittleEndian.Uint64(b[at:]) + 1}
			binary.LittleEndian.PutUint64(b[at:], v[r.IntN(len(v))])
		case k == 1:
			b = b[:r.IntN(len(b)+1)]
		case k == 2:
			b = append(b, byte(r.Uint32()))
		case k == 3 && len(b) > 16:
			from := r.IntN(len(b) - 8)
			copy(b[from:], b[r.IntN(from+1):])
		case len(b) > 0:
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		if len(b) == 0 {
			break
		}
	}
	return b
}

// TestResumeNamed: each kind of wrong content has a word of its own.
func TestResumeNamed(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "0", "0")
	o := checker.Options{Checkpoint: filepath.Join(t.TempDir(), "c"), Reduction: checker.ReductionNone}
	head, body := kept(t, sys, o, 200_000)
	counts := len(sys.Props)
	for _, c := range []struct {
		what string
		want string
		make func(b []byte) []byte
	}{
		{"negative states", "counts more than there can be", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[counts+8:], 1<<63)
			return b
		}},
		{"negative transitions", "counts more than there can be", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[counts+16:], ^uint64(4))
			return b
		}},
		{"no states", "lacks the initial state", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[counts+8:], 0)
			return b
		}},
		{"one state less", "states and has", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[counts+8:], binary.LittleEndian.Uint64(b[counts+8:])-1)
			return b
		}},
		{"another length", "of another length", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[counts:], 9)
			return b
		}},
		{"no state", "words that are no state", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[len(b)-8:], ^uint64(0))
			return b
		}},
		{"cut off", "ends too soon", func(b []byte) []byte { return b[:len(b)-3] }},
		{"longer", "more than it should", func(b []byte) []byte { return append(b, 0) }},
	} {
		_, err := resumed(t, sys, o, head, c.make(bytes.Clone(body)))
		var e *checker.CheckpointError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
