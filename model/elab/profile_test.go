package elab_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// A spec whose system depends on one of its features, on two if the first is there, and never on the last.
const profiled = `
config u10 release = 601;
config bool other;
const KERNEL = release;
feature first fix since v6.5 "one";
feature second fix since v6.5 requires first "two";
feature idle design since v5.4 "three";
u4 x;
process p {
	if (first) x = second ? 2 : 1; else x = 3;
}
for other;
claim when other;
expect : holds;
`

// selected lists the configurations under a profile, resolved.
func selected(t *testing.T, s *elab.Spec, sel elab.Selection) ([]string, error) {
	t.Helper()
	configs, err := s.Select(sel)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range configs {
		ways, err := s.Ways(c, elab.BuildOptions{})
		if err != nil {
			return nil, err
		}
		for _, w := range ways {
			if w.Expect != nil {
				t.Errorf("%s expects something", w)
			}
			out = append(out, fmt.Sprintf("%s claim=%v%v", w, w.Claim, w.Undecided))
		}
	}
	return out, nil
}

func TestProfile(t *testing.T) {
	set := func(s ...string) (out []model.ConfigValue) {
		for _, x := range s {
			n, v, _ := strings.Cut(x, "=")
			out = append(out, model.ConfigValue{Name: n, Value: v})
		}
		return out
	}
	for _, tc := range []struct {
		name     string
		features map[string]string
		set      []model.ConfigValue
		want     string
	}{
		{"all known", map[string]string{"first": "true", "second": "false", "idle": "true"}, nil, "release=601 other=false claim=false[]; release=601 other=true claim=true[]"},
		{"what nothing depends on", map[string]string{"first": "false"}, set("other=true"), "release=601 other=true claim=true[]"},
		{
			"one unknown counts",
			map[string]string{"first": "true"},
			set("other=true"),
			"release=601 other=true second=false claim=true[]; release=601 other=true second=true claim=true[]",
		},
		{
			"both unknown",
			map[string]string{},
			set("other=true"),
			"release=601 other=true first=false claim=true[]; release=601 other=true first=true second=false claim=true[]; release=601 other=true first=true second=true claim=true[]",
		},
		{"set before the profile", map[string]string{"first": "false", "second": "false", "idle": "true"}, set("first=true", "other=true"), "release=601 other=true first=true claim=true[]"},
		{"the same kernel", map[string]string{"first": "false", "second": "false"}, set("kernel=6.1", "other=true"), "release=601 other=true claim=true[]"},
		{"another kernel", map[string]string{}, set("kernel=6.2"), "error: --set kernel=6.2 contradicts the profile tree, which is of 6.1.192"},
		{"another release", map[string]string{}, set("release=605"), "error: profile tree: kernel v6.1 is release=601, and release=605 is set"},
		{"a name that is none", map[string]string{}, set("firsts=true"), "error: profile tree: t has no config parameter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := selected(t, loadText(t, profiled), elab.Selection{Set: tc.set, Profile: &elab.Profile{Name: "tree", Kernel: "6.1.192", Features: tc.features}})
			if err != nil {
				got = []string{"error: " + err.Error()}
			}
			if g := strings.Join(got, "; "); g != tc.want && !(strings.HasPrefix(tc.want, "error: ") && strings.HasPrefix(g, tc.want)) {
				t.Errorf("%s\nwant %s", g, tc.want)
			}
		})
	}
}

// TestTooManyWays: seven features that each change the system make more systems than are run, and the configuration says which they are.
func TestTooManyWays(t *testing.T) {
	for n, want := range map[int]int{6: 64, 7: 1} {
		var b strings.Builder
		b.WriteString("config u10 release = 601;\nconst KERNEL = release;\nu8 x;\n")
		var sum, names []string
		for i := range n {
			name := fmt.Sprintf("f%d", i)
			names = append(names, name)
			fmt.Fprintf(&b, "feature %s fix since v6.5 \"one\";\n", name)
			sum = append(sum, fmt.Sprintf("(%s ? %d : 0)", name, 1<<i))
		}
		fmt.Fprintf(&b, "process p { x = %s; }\n", strings.Join(sum, " + "))
		s := loadText(t, b.String())
		configs, err := s.Select(elab.Selection{Profile: &elab.Profile{Name: "tree", Kernel: "6.1"}})
		if err != nil {
			t.Fatal(err)
		}
		ways, err := s.Ways(configs[0], elab.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(ways) != want {
			t.Fatalf("%d features: %d ways, want %d", n, len(ways), want)
		}
		if got := strings.Join(ways[0].Undecided, " "); n == 7 && got != strings.Join(names, " ") {
			t.Errorf("undecided: %s", got)
		}
	}
}

func TestCheckProfile(t *testing.T) {
	s := loadText(t, profiled)
	for text, p := range map[string]elab.Profile{
		"there is no feature 'frist': did you mean 'first'?":     {Features: map[string]string{"frist": "true"}},
		"'maybe' is not one of the values of first: false, true": {Features: map[string]string{"first": "maybe"}},
	} {
		if err := s.CheckProfile(&p); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %s", err, text)
		}
	}
	p := &elab.Profile{Name: "tree", Kernel: "6.1", Features: map[string]string{"first": "false", "second": "true"}}
	if why, err := s.Unmet(p); err != nil || why != "feature second requires first" {
		t.Errorf("%q %v", why, err)
	}
	none := loadText(t, "u1 x;\nprocess p { x = 1; }\n")
	var lacks *elab.NoParameter
	if _, err := none.Select(elab.Selection{Profile: p}); !errors.As(err, &lacks) {
		t.Errorf("a spec that depends on no release: %v", err)
	}
}
