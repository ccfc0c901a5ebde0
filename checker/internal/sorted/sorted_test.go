package sorted_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pmdcheck/checker/internal/sorted"
)

// records draws sorted records of several sections, sparse or dense.
func records(t *rapid.T, words int) (out [][][]uint64) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	mask := rapid.SampledFrom([]uint64{1, 0xff, 0xff00ff, 1<<40 - 1, 1<<64 - 1}).Draw(t, "bits")
	for range rapid.IntRange(1, 4).Draw(t, "sections") {
		var s [][]uint64
		for range rapid.SampledFrom([]int{0, 1, 2, 100, 5000}).Draw(t, "records") {
			rec := make([]uint64, words+1)
			for i := range rec {
				rec[i] = r.Uint64() & mask
			}
			s = append(s, rec)
		}
		slices.SortFunc(s, func(a, b []uint64) int { return sorted.Compare(a[:words], b[:words]) })
		out = append(out, slices.CompactFunc(s, func(a, b []uint64) bool { return slices.Equal(a[:words], b[:words]) }))
	}
	return out
}

func write(t interface{ Fatal(...any) }, name string, words int, sections [][][]uint64) {
	w, err := sorted.Create(name, words, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		w.Section()
		for _, rec := range s {
			w.Add(rec)
		}
	}
	bytes, err := w.Finish(false)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(name); err != nil || st.Size() != bytes {
		t.Fatal(err, bytes)
	}
}

// TestRoundTrip: what is read is what was written, from the beginning and from wherever one looks.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.IntRange(1, 5).Draw(t, "words")
		sections := records(t, words)
		n++
		name := filepath.Join(dir, "f"+string(rune('a'+n%26)))
		os.Remove(name)
		write(t, name, words, sections)
		f, err := sorted.Open(name, words)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for i, s := range sections {
			c := f.Section(i)
			for _, rec := range s {
				if !c.Next() || !slices.Equal(c.Record(), rec) {
					t.Fatalf("section %d: %v, not %v: %v", i, c.Record(), rec, c.Err())
				}
			}
			if c.Next() || c.Err() != nil || c.Record() != nil {
				t.Fatalf("section %d does not end: %v", i, c.Err())
			}
			seek(t, f.Section(i), s, words)
		}
	})
}

// seek looks for keys that rise, some of which are there.
func seek(t *rapid.T, c *sorted.Cursor, s [][]uint64, words int) {
	stride := rapid.SampledFrom([]int{1, 7, 600}).Draw(t, "stride")
	for k := 0; k < len(s); k += stride {
		key := slices.Clone(s[k][:words])
		if k%2 == 0 && key[words-1] > 0 {
			key[words-1]--
		}
		want := slices.IndexFunc(s, func(rec []uint64) bool { return sorted.Compare(rec[:words], key) >= 0 })
		if !c.Seek(key) || !slices.Equal(c.Record(), s[want]) {
			t.Fatalf("%x: %x, not %x: %v", key, c.Record(), s[want], c.Err())
		}
	}
	if len(s) > 0 {
		key := slices.Clone(s[len(s)-1][:words])
		if key[words-1]++; key[words-1] != 0 && c.Seek(key) {
			t.Fatalf("found %x behind the last", c.Record())
		}
	}
}

// TestDamaged: every prefix, and a changed bit anywhere, is noticed.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "whole")
	var s [][]uint64
	for i := range uint64(300) {
		s = append(s, []uint64{i * i, i << 50, i % 3})
	}
	write(t, name, 2, [][][]uint64{s})
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad")
	try := func(b []byte) error {
		if err := os.WriteFile(bad, b, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := sorted.Open(bad, 2)
		if err != nil {
			return err
		}
		defer f.Close()
		c := f.Section(0)
		for c.Next() {
		}
		return c.Err()
	}
	if err := try(whole); err != nil {
		t.Fatal(err)
	}
	var damaged *sorted.Damaged
	for n := range whole {
		if err := try(whole[:n]); !errors.As(err, &damaged) {
			t.Errorf("a file of %d bytes of %d: %v", n, len(whole), err)
		}
	}
	for i := range whole {
		b := slices.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if try(b) == nil {
			t.Errorf("a changed bit of byte %d is not noticed", i)
		}
	}
}

// TestRoom: a file that would be too large is not there at all.
func TestRoom(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	w, err := sorted.Create(name, 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	w.Section()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range uint64(10000) {
		w.Add([]uint64{i, r.Uint64()})
	}
	if _, err := w.Finish(false); !errors.Is(err, sorted.ErrRoom) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func BenchmarkFile(b *testing.B) {
	dir := b.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var s [][]uint64
	for range 200_000 {
		s = append(s, []uint64{r.Uint64() & 0xff00ff0f, r.Uint64() & 0xffff00, r.Uint64() & 0xfff})
	}
	slices.SortFunc(s, func(a, b []uint64) int { return sorted.Compare(a[:2], b[:2]) })
	name := filepath.Join(dir, "f")
	b.Run("write", func(b *testing.B) {
		for range b.N {
			os.Remove(name)
			write(b, name, 2, [][][]uint64{s})
		}
		b.ReportMetric(float64(b.N)*float64(len(s))/b.Elapsed().Seconds()/1e6, "Mrec/s")
	})
	b.Run("read", func(b *testing.B) {
		for range b.N {
			f, err := sorted.Open(name, 2)
			if err != nil {
				b.Fatal(err)
			}
			for c := f.Section(0); c.Next(); {
			}
			f.Close()
		}
		b.ReportMetric(float64(b.N)*float64(len(s))/b.Elapsed().Seconds()/1e6, "Mrec/s")
	})
}
