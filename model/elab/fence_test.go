package elab_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestFences: a barrier is an operation of its own with its kind, which the dump names, and stands where the source has it. It adds no step to a merged model.
func TestFences(t *testing.T) {
	const src = "u2 x; u2 y; process p { x = 1; smp_wmb(); y = 1; atomic { smp_mb(); x = 2; } } process q { u2 a; a = y; smp_rmb(); a = x; y = a; }"
	sys, err := build(t, src, elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(sys *model.System) (out []model.Fence) {
		for _, p := range sys.Processes {
			for _, tr := range p.Trans {
				for i := range tr.Code {
					if tr.Code[i].Kind == model.OpFence {
						out = append(out, tr.Code[i].Fence)
					}
				}
			}
		}
		return out
	}
	if got, want := kinds(sys), []model.Fence{model.FenceWrite, model.FenceFull, model.FenceRead}; !slices.Equal(got, want) {
		t.Errorf("fences %v, want %v", got, want)
	}
	var b bytes.Buffer
	if err := sys.Dump(&b); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{" 1 smp_wmb()\n", " 0 smp_mb()\n", " 1 smp_rmb()\n"} { // with their place in the code of a step
		if strings.Count(b.String(), s) != 1 {
			t.Errorf("the dump names %s not once:\n%s", s, b.String())
		}
	}
	without, err := build(t, strings.NewReplacer("smp_wmb();", "", "smp_mb();", "", "smp_rmb();", "").Replace(src), elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range sys.Processes {
		if q := without.Processes[i]; len(p.Trans) != len(q.Trans) || len(p.Locations) != len(q.Locations) {
			t.Errorf("%s: %d transitions and %d locations, %d and %d without fences", p.Name, len(p.Trans), len(p.Locations), len(q.Trans), len(q.Locations))
		}
	}
}

// TestSanityOfFences: an operation is a fence exactly if it has a kind of fence.
func TestSanityOfFences(t *testing.T) {
	for _, op := range []model.Op{{Kind: model.OpFence}, {Kind: model.OpNop, Fence: model.FenceRead}, {Kind: model.OpFence, Fence: 77}} {
		sys, err := build(t, "u2 x; process p { x = 1; } process q { x = 2; }", elab.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		tr := sys.Processes[0].Trans[0]
		tr.Code = append([]model.Op{op}, tr.Code...)
		if len(sys.Sanity()) == 0 {
			t.Errorf("operation %+v passes", op)
		}
	}
}
