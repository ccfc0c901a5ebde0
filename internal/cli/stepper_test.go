package cli

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pmdcheck/internal/sim"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
)

var control = regexp.MustCompile("\x1b\\[[0-9;]*m")

// shows draws the stepper at 80 columns, where nothing may be cut off, and demands texts.
func shows(t *testing.T, m *stepper, want ...string) {
	t.Helper()
	text := control.ReplaceAllString(m.draw(), "")
	for _, l := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(l) > m.width {
			t.Errorf("longer than %d columns: %q", m.width, l)
		}
	}
	if strings.Contains(text, "…") {
		t.Errorf("something is cut off:\n%s", text)
	}
	words := strings.Join(strings.Fields(text), " ")
	for _, w := range want {
		if !strings.Contains(words, w) {
			t.Errorf("%q is not shown:\n%s", w, text)
		}
	}
}

// TestNarrow: at 80 columns all that the stepper shows is whole, and so are its history, what it filters and pins, and what commands say.
func TestNarrow(t *testing.T) {
	sys, configs, err := plan.First(t.Context(), "seed/race_a", []string{"policy=pte_walker_lock", "target=x86_pv_native"}, elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := &stepper{s: sim.New(sys), title: sys.Name + " " + configs[0].String(), width: 80, height: 60}
	press := func(keys string) {
		for _, k := range keys {
			text := string(k)
			if k == '\n' {
				text = "enter"
			}
			if m.filtering || m.typing {
				m.edit(text, strings.Trim(text, "\n"))
			} else {
				m.key(text)
			}
		}
	}
	shows(t, m, "seed/race_a", "possible steps", "state", "policy=pte_walker_lock")
	press("b")
	shows(t, m, "11 steps", "holds m1.mmap_lock R,", "file.i_mmap_rwsem W,", "down_write(lock2.rw_sema)")
	m.height = 24
	shows(t, m, "1 walker", "2 zapper pmd_share_dec()", "3 exiter down_write(lock2.rw_sema)", "m1.pud[0] = NULL was &X")
	m.height = 60
	press("H")
	shows(t, m, "history", "11 zapper pud_clear(): *slot = NULL")
	press("/page_count\n")
	shows(t, m, "state /page_count", "X.page_count = 2")
	if strings.Contains(m.draw(), "i_mmap[0]") {
		t.Error("the filter lets others through")
	}
	press("P1")
	shows(t, m, "X.page_count = 2", "file.i_mmap[0] = &vma1")
	press(":run before no_such\n")
	shows(t, m, "there is no property no_such")
	press(":held\n")
	shows(t, m, "walker rcu_read_lock()")
	press("v")
	shows(t, m, "violated no_wild_walk")
	press("?")
	shows(t, m, "a command, such as run until CELL")
}
