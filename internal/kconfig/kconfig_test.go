package kconfig

import (
	"fmt"
	"strings"
	"testing"
)

const sample = `# comment
config BASE
	def_bool y
	select PICKED if COND && !OTHER
	select FORCED

config COND
	bool "a choice of the user"
	default y if ARCHY
	help
	  default n
	  select TRAP

config OTHER
	bool

config PICKED
	bool

config FORCED
	bool
	depends on OTHER

config LIMITED
	def_bool y
	depends on COND \
		&& (OTHER || !ARCHY)

if OTHER
config INSIDE
	def_bool y
endif

menu "m"
	depends on COND
config UNDER
	def_bool COND
endmenu

choice
	prompt "size"
config SMALL
	bool "small"
config BIG
	bool "big"
endchoice

config LATE
	def_bool SMALL
config SHELL
	def_bool $(cc-option,-mfoo)
config EQUAL
	def_bool y
	depends on COND = y && OTHER != y
config LEVELS
	int
	default 4
config DEEP
	def_bool LEVELS > 2 && LEVELS <= 4 && LEVELS != 3
config DEEPER
	def_bool LEVELS >= 5 || LEVELS = 3 || LEVELS < 4
config WIDE
	def_bool WIDTH > 2
config LOOP
	def_bool LOOP2
config LOOP2
	def_bool LOOP
config UNREAD
	def_bool NOWHERE
`

func TestValues(t *testing.T) {
	f := New()
	f.Read("Kconfig", sample)
	if len(f.Problems) > 0 {
		t.Error(f.Problems)
	}
	for _, tc := range []struct{ assume, want string }{
		{"ARCHY=y", "BASE=y COND=y OTHER=n PICKED=y FORCED=y LIMITED=n INSIDE=n UNDER=y LATE=? SHELL=? EQUAL=y DEEP=y DEEPER=n WIDE=? LOOP=? UNREAD=? TRAP=? NOWHERE=?"},
		{"ARCHY=n", "COND=n PICKED=n FORCED=y LIMITED=n UNDER=n EQUAL=n"},
		{"ARCHY=y OTHER=y", "PICKED=n LIMITED=y INSIDE=y EQUAL=n"},
		{"ARCHY=y SMALL=y", "LATE=y BIG=?"},
		{"", "COND=? PICKED=? FORCED=y LIMITED=?"},
	} {
		assume := map[string]Value{}
		for _, a := range strings.Fields(tc.assume) {
			n, v, _ := strings.Cut(a, "=")
			assume[n] = map[string]Value{"y": Yes, "n": No}[v]
		}
		q := f.Ask(assume, map[string]int{"LEVELS": 4})
		for _, w := range strings.Fields(tc.want) {
			n, v, _ := strings.Cut(w, "=")
			if got := q.Value(n); got.String() != v {
				t.Errorf("with %q %s is %s, not %s", tc.assume, n, got, v)
			}
		}
	}
	q := f.Ask(map[string]Value{"ARCHY": Yes}, nil)
	if got := fmt.Sprint(q.Selected("PICKED")); got != "[Kconfig:4]" {
		t.Error(got)
	}
	if f.Defined("TRAP") || !f.Defined("PICKED") {
		t.Error("a help text was read")
	}
}

func TestProblems(t *testing.T) {
	f := New()
	f.Read("K", "config A\n\tdepends on A &&\nendif\nconfig\nif (A\nendif\n")
	var got []string
	for _, p := range f.Problems {
		got = append(got, p.String()+" "+p.Text)
	}
	want := `K:2 cannot read the condition "A &&"; K:3 endif without a beginning; K:4 an entry without a name; K:5 cannot read the condition "(A"`
	if s := strings.Join(got, "; "); s != want {
		t.Error(s)
	}
	if v := f.Ask(nil, nil).Value("A"); v != No { // no default: not set, whatever it depends on
		t.Error(v)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(_ *testing.T, s string) {
		k := New()
		k.Read("K", s)
		q := k.Ask(nil, nil)
		for _, w := range strings.Fields(s) {
			q.Value(w)
			q.Selected(w)
		}
	})
}
