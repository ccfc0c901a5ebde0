package eval_test

import (
	"fmt"
	"os"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/model/source"
)

func TestNaive(t *testing.T) {
	name := os.Getenv("PMD")
	if name == "" {
		t.Skip()
	}
	b, _ := os.ReadFile(name)
	l := &model.Loader{Library: os.DirFS("../linux"), ReadFile: os.ReadFile}
	s, err := l.Load(name, b)
	if err != nil {
		if d, ok := err.(*source.List); ok {
			d.Render(os.Stdout)
		}
		t.Fatal(err)
	}
	var set []model.ConfigValue
	for _, kv := range os.Args {
		for i := range kv {
			if kv[i] == '=' && kv[0] != '-' {
				set = append(set, model.ConfigValue{Name: kv[:i], Value: kv[i+1:]})
			}
		}
	}
	cells, err := s.Cells(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		sys, err := s.Build(c, model.BuildOptions{NoMerge: os.Getenv("NM") != ""})
		if err != nil {
			if d, ok := err.(*source.List); ok {
				d.Render(os.Stdout)
			}
			t.Fatal(err)
		}
		if os.Getenv("DUMP") != "" {
			sys.Dump(os.Stdout)
		}
		in := eval.New(sys, eval.Options{NoAssert: os.Getenv("NA") != ""})
		st, _ := in.Initial()
		seen := map[string]bool{st.Key(): true}
		work := []*eval.State{st}
		trans := 0
		bad := map[string]int{}
		for len(work) > 0 {
			s := work[len(work)-1]
			work = work[:len(work)-1]
			if in.Deadlocked(s) {
				bad["deadlock"]++
			}
			for _, ch := range in.Enabled(s) {
				o := in.Step(s, ch.Proc, ch.Trans)
				trans++
				if o.Failure != nil {
					bad[sys.Props[o.Failure.Prop].Name]++
				}
				if k := o.Next.Key(); !seen[k] {
					seen[k] = true
					work = append(work, o.Next)
				}
			}
		}
		fmt.Println(c, len(seen), trans, bad)
	}
}
