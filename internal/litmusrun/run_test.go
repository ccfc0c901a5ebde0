package litmusrun

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pmdcheck/internal/axioms"
)

const sb = "C SB\n\n(* Result: %s *)\n\n{}\n\nP0(int *x, int *y)\n{\n\tWRITE_ONCE(*x, 1);\n\tint r1 = READ_ONCE(*y);\n}\n\nP1(int *x, int *y)\n{\n\tWRITE_ONCE(*y, 1);\n\tint r1 = READ_ONCE(*x);\n}\n\n%s\n"

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for n, src := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, n)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const question = "exists (0:r1=0 /\\ 1:r1=0)"

func run(t *testing.T, dir string, o Options) []Answer {
	t.Helper()
	files, err := Files([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return Run(context.Background(), files, o)
}

// TestWrong: when an answer is not as the test says.
func TestWrong(t *testing.T) {
	race := strings.ReplaceAll(strings.ReplaceAll(sb, "WRITE_ONCE(*x, 1)", "*x = 1"), "WRITE_ONCE(*y, 1)", "*y = 1")
	self := "C self\n(* Result: %s *)\n{}\nP0(int *x)\n{\n\trcu_read_lock();\n\tsynchronize_rcu();\n\trcu_read_unlock();\n}\n%s\n"
	for _, c := range []struct {
		src, says, question string
		model               axioms.Model
		want                string
	}{
		{sb, "Sometimes", question, axioms.LKMM, ""},
		{sb, "Never", question, axioms.LKMM, "its comment says Never"},
		{sb, "Never", question, axioms.TSO, ""},
		{sb, "Maybe", question, axioms.LKMM, ""},
		{sb, "Sometimes DATARACE", question, axioms.LKMM, "its comment promises a data race, and there is none"},
		{race, "Sometimes", question, axioms.LKMM, "there is a data race, of which its comment does not say anything"},
		{race, "Sometimes DATARACE", question, axioms.LKMM, ""},
		{sb, "Sometimes", "forall (0:r1=0)", axioms.LKMM, "forall is not fulfilled"},
		{sb, "Sometimes", "~exists (0:r1=0)", axioms.SC, "~exists is not fulfilled"},
		{self, "DEADLOCK", "exists (x=0)", axioms.LKMM, ""},
		{self, "Never", "exists (x=0)", axioms.LKMM, ""},
		{self, "Always", "exists (x=0)", axioms.LKMM, "its comment says Always, and no execution ends"},
		{sb, "DEADLOCK", question, axioms.LKMM, "its comment says DEADLOCK, and there are executions that end"},
	} {
		dir := folder(t, map[string]string{"t.litmus": fmt.Sprintf(c.src, c.says, c.question)})
		a := run(t, dir, Options{Model: c.model})[0]
		if a.Err != nil || a.Why != c.want {
			t.Errorf("%s, %s under %s: %q, %v; want %q", c.says, c.question, c.model, a.Why, a.Err, c.want)
		}
	}
}

// TestOrder: answers are in the order of the files whatever the number of workers, and everything is written the same.
func TestOrder(t *testing.T) {
	files := map[string]string{"bad.litmus": "C bad\n", "sub/none.txt": "not a test"}
	for i := range 30 {
		files[fmt.Sprintf("sub/t%02d.litmus", i)] = fmt.Sprintf(strings.Replace(sb, "C SB", fmt.Sprintf("C SB%d", i), 1), "Sometimes", question)
	}
	dir := folder(t, files)
	var texts [2]string
	for i, workers := range []int{1, 4} {
		n := 0
		as := run(t, dir, Options{Model: axioms.LKMM, Workers: workers, Done: func(done int) { n = done }})
		if len(as) != 31 || n != 31 {
			t.Fatalf("%d answers, %d done", len(as), n)
		}
		var b bytes.Buffer
		for _, err := range []error{Table(&b, axioms.LKMM, as, nil), JSON(&b, axioms.LKMM, as), JUnit(&b, axioms.LKMM, as)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		texts[i] = b.String()
	}
	if texts[0] != texts[1] {
		t.Error("the output depends on the number of workers")
	}
	if s := "31 tests under lkmm: 0 Never, 30 Sometimes, 0 Always, 0 without an execution that ends, 0 unknown, 1 error; 0 data races, 0 differ"; !strings.Contains(texts[0], s) {
		t.Error(texts[0][:400])
	}
}

// TestFormats: what is in JSON and JUnit of an answer of each kind.
func TestFormats(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.litmus": fmt.Sprintf(sb, "Never", question),
		"b.litmus": "C bad\n",
		"c.litmus": fmt.Sprintf(sb, "Sometimes", question),
	})
	files, err := Files([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	as := Run(context.Background(), files[:2], Options{Model: axioms.LKMM, Workers: 2})
	as = append(as, Run(context.Background(), files[2:], Options{Model: axioms.LKMM, Limit: 1})...)
	var j, x bytes.Buffer
	if err := JSON(&j, axioms.LKMM, as); err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(j.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Tests) != 3 || d.Schema != "pmdcheck/litmus/1" || d.Tests[0].Verdict != "Sometimes" || d.Tests[0].Differs == "" || len(d.Tests[0].States) != 4 ||
		d.Tests[1].Verdict != "error" || d.Tests[1].Error == "" || d.Tests[2].Verdict != "unknown" || d.Tests[2].Reason == "" || d.Tests[2].Fulfilled {
		t.Error(j.String())
	}
	if err := JUnit(&x, axioms.LKMM, as); err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := xml.Unmarshal(x.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Tests != 3 || s.Failures != 1 || s.Errors != 2 || s.Cases[0].Failure == nil || s.Cases[1].Error == nil || s.Cases[2].Error == nil {
		t.Error(x.String())
	}
}

// TestTimeout: time that is over is unknown.
func TestTimeout(t *testing.T) {
	dir := folder(t, map[string]string{"a.litmus": fmt.Sprintf(sb, "Sometimes", question)})
	for _, a := range run(t, dir, Options{Model: axioms.LKMM, Timeout: time.Nanosecond}) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		if v := a.Result.Verdict(); v == axioms.Never {
			t.Errorf("%s", v)
		}
	}
	if _, err := Files([]string{filepath.Join(dir, "nothing")}); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := Files([]string{t.TempDir()}); err == nil {
		t.Error("a folder without tests")
	}
}
