package elab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// kernels has an axis of releases as the library has it: eras that last for some releases, and any release within one.
const kernels = `enum eras { old, middle, dream, new };
config enum eras era = middle;
config bool late = false;
config u10 release = 0;
const FIRST = era == old ? v5.4 : era == new ? v6.5 : v6.1;
const LAST = era == old ? v6.0 : era == new ? v7.1 : era == dream ? v6.1 : v6.4;
const KERNEL = release != 0 ? release : late ? LAST : FIRST;
static_assert(KERNEL >= FIRST && KERNEL <= LAST, "of another era");
feature early design until v6.0 "e";
feature locked fix since v6.1 commit "349d1670008d" "l";
feature sometimes interface since v6.3 until v6.6 requires locked "s";
feature reads = { one, two since v6.1, three since v7.0 } fix "r";
const BOTH = locked && reads == three;
@group(arch, arm, arm64_4k, arm64_64k) @group(arch, x86, x86_64)
config target = { x86_64, arm64_4k, arm64_64k };
u8 x;
process p { x = (early ? 1 : 0) + (locked ? 2 : 0) + (sometimes ? 4 : 0) + (reads == one ? 0 : reads == two ? 8 : 16); }
cover said: x != 0 when locked || early;
`

func TestFeatureDefaults(t *testing.T) {
	for release, want := range map[string]string{
		"5.4": "true false false one", "v6.0": "false false false one", "6.1": "false true false two", "6.2": "false true false two", "6.3": "false true true two",
		"6.5": "false true true two", "6.6": "false true false two", "7.0": "false true false three", "6.1.192": "false true false two", "v7.1.5": "false true false three",
	} {
		spec := loadText(t, kernels+"for target in { x86_64 };")
		configs, err := spec.Configurations([]model.ConfigValue{{Name: "kernel", Value: release}})
		if err != nil || len(configs) != 1 {
			t.Fatalf("%s: %d configurations, %v", release, len(configs), err)
		}
		var got []string
		for _, n := range []string{"early", "locked", "sometimes", "reads"} {
			v, ok := spec.Value(configs[0], n)
			if !ok {
				t.Fatalf("no value of %s", n)
			}
			got = append(got, v)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: early, locked, sometimes, reads are %s, want %s", release, g, want)
		}
		if _, err := spec.Build(configs[0], elab.BuildOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// names are the configurations of a text under what is set, by what they are called.
func names(t *testing.T, text string, set ...string) []string {
	t.Helper()
	var values []model.ConfigValue
	for _, s := range set {
		n, v, _ := strings.Cut(s, "=")
		values = append(values, model.ConfigValue{Name: n, Value: v})
	}
	configs, err := loadText(t, text).Configurations(values)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, c := range configs {
		out = append(out, c.String())
	}
	return out
}

func loadText(t *testing.T, text string) *elab.Spec {
	t.Helper()
	spec, err := (&elab.Loader{ReadFile: func(n string) ([]byte, error) {
		if n != "k.pmd" {
			return nil, fmt.Errorf("there is no %s", n)
		}
		return []byte(kernels), nil
	}}).Load("t.pmd", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

const imported = "import \"./k\";\n"

func TestFeatureConfigurations(t *testing.T) {
	for _, c := range []struct {
		name, text string
		set        []string
		want       []string
	}{
		{"not named by default", "for era in { old, middle }, target in { x86_64 };", nil, []string{"era=old target=x86_64", "era=middle target=x86_64"}},
		{"swept", "for era in { old, middle }, target in { x86_64 }, locked;", nil, []string{
			"era=old target=x86_64 locked=false", "era=old target=x86_64 locked=true", "era=middle target=x86_64 locked=false", "era=middle target=x86_64 locked=true",
		}},
		{"set to another value", "for era in { old, middle }, target in { x86_64 };", []string{"locked=false"}, []string{"era=old target=x86_64", "era=middle target=x86_64 locked=false"}},
		{"set to a shape", "for era in { middle, new }, target in { x86_64 };", []string{"reads=two", "late=true"}, []string{"era=middle late=true target=x86_64", "era=new late=true target=x86_64 reads=two"}},
		{"kernel fixes what it is computed from", "for era in { old, middle, dream, new }, late, target in { x86_64 };", []string{"kernel=6.6"}, []string{"era=new late=false release=606 target=x86_64"}},
		{"kernel by its name", "for era in { old, middle }, late, target in { x86_64 };", []string{"kernel=v6.1"}, []string{"era=middle late=false target=x86_64"}},
		{"kernel is late", "for era in { old, middle }, late, target in { x86_64 };", []string{"kernel=7.1"}, []string{"era=new late=true target=x86_64"}},
		{"kernel and a feature", "for target in { x86_64 };", []string{"kernel=6.4", "sometimes=false"}, []string{"late=true target=x86_64 sometimes=false"}},
		{"kernel against an era", "for target in { x86_64 };", []string{"kernel=6.4", "era=old"}, []string{"kernel v6.4 is era=middle, and era=old is set, which is v5.4 to v6.0"}},
		{"kernel within an era that is no other's", "for target in { x86_64 };", []string{"kernel=6.1", "era=dream"}, []string{"era=dream target=x86_64"}},
		{"kernel nobody knows", "for target in { x86_64 };", []string{"kernel=4.4"}, []string{"t knows the releases v5.4 to v7.1, not v4.4"}},
		{"kernel without a release", "for target in { x86_64 };", []string{"kernel=new"}, []string{"kernel 'new' is not a release: write --set kernel=6.6, or v6.6"}},
		{"requires", "for target in { x86_64 };", []string{"kernel=5.10", "sometimes=true"}, []string{"feature sometimes requires locked, which no configuration has"}},
		{"requires, set as well", "for target in { x86_64 };", []string{"kernel=5.10", "sometimes=true", "locked=true"}, []string{"era=old release=510 target=x86_64 locked=true sometimes=true"}},
		{"requires leaves configurations out", "for era in { old, middle }, target in { x86_64 }, sometimes;", nil, []string{
			"era=old target=x86_64 sometimes=false", "era=middle target=x86_64 sometimes=false", "era=middle target=x86_64 sometimes=true",
		}},
		{"a group", "for target;", []string{"arch=arm"}, []string{"target=arm64_4k", "target=arm64_64k"}},
		{"a group within the sweep", "for target in { x86_64, arm64_64k };", []string{"arch=arm"}, []string{"target=arm64_64k"}},
		{"a group beside the sweep", "for target in { x86_64 };", []string{"arch=arm"}, []string{"target=arm64_4k", "target=arm64_64k"}},
		{"no group", "for target;", []string{"arch=x68"}, []string{"arch 'x68' is not one of arm, x86: did you mean 'x86'?"}},
		{"no parameter", "for target;", []string{"lokced=true"}, []string{"t has no config parameter 'lokced': did you mean 'locked'?"}},
		{"no parameter, but nearly the kernel", "for target;", []string{"kernal=6.6"}, []string{"t has no config parameter 'kernal': did you mean 'kernel'?"}},
		{"no parameter, but nearly a group", "for target;", []string{"acrh=arm"}, []string{"t has no config parameter 'acrh': did you mean 'arch'?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, names(t, imported+c.text, c.set...)); diff != "" {
				t.Errorf("configurations (-want +got):\n%s", diff)
			}
		})
	}
}

// A group also counts where its parameter is not swept: the default stays if it is in the group.
func TestGroupOfDefault(t *testing.T) {
	text := "config mode = { a, b };\n@group(kind, rest, b, c) @group(kind, first, a)\nconfig enum m m1 = c;\nenum m { c };\n"
	_, err := (&elab.Loader{}).Load("t.pmd", []byte(text))
	if err == nil || !strings.Contains(err.Error(), "'b' is not a value of m1") {
		t.Errorf("got %v", err)
	}
	text = "enum m { a, b, c };\n@group(kind, rest, b, c) @group(kind, first, a)\nconfig enum m m1 = c;\nu2 x;\nprocess p { x = 1; }\n"
	if diff := cmp.Diff([]string{"m1=c"}, names(t, text, "kind=rest")); diff != "" {
		t.Errorf("configurations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"m1=a"}, names(t, text, "kind=first")); diff != "" {
		t.Errorf("configurations (-want +got):\n%s", diff)
	}
}

// The release cannot depend on a feature that depends on the release.
func TestFeatureCycle(t *testing.T) {
	for _, text := range []string{
		"feature f fix since v6.1 \"f\";\nconst KERNEL = f ? v6.1 : v6.2;\nu2 x;\nprocess p { x = f ? 1 : 2; }\n",
		"const KERNEL = v6.1;\nfeature f fix requires g \"f\";\nfeature g fix requires f \"g\";\nu2 x;\nprocess p { x = f ? 1 : 2; }\n",
	} {
		spec, err := (&elab.Loader{}).Load("t.pmd", []byte(text))
		if err == nil {
			_, err = spec.Configurations(nil)
		}
		if strings.Contains(text, "requires") {
			if err != nil {
				t.Errorf("two features that require each other come together: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "depends on itself") {
			t.Errorf("got %v", err)
		}
	}
}

// A release that has a feature without what it requires is a mistake of the declarations; its configurations are not left out.
func TestFeatureContradiction(t *testing.T) {
	text := "enum r { a, b };\nconfig enum r release = a;\nconst KERNEL = release == a ? v6.1 : v6.5;\nfeature g fix since v6.5 \"g\";\nfeature f fix since v6.1 requires g \"f\";\n" +
		"u2 x;\nprocess p { x = f ? 1 : 2; }\nfor release;\n"
	spec, err := (&elab.Loader{}).Load("t.pmd", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = spec.Configurations(nil)
	if err == nil || !strings.Contains(testkit.Render(err), "t.pmd:5:35: error: v6.1 has feature 'f', and not what it requires [bad-feature]") {
		t.Errorf("got %s", testkit.Render(err))
	}
	// Asked for, the combination is no configuration.
	configs, err := spec.Configurations([]model.ConfigValue{{Name: "f", Value: "true"}})
	if err != nil || len(configs) != 1 || configs[0].String() != "release=b" {
		t.Errorf("%v, %v", configs, err)
	}
}

func TestClaims(t *testing.T) {
	spec := loadText(t, imported+"for era in { old, middle, dream }, target in { x86_64 };\nclaim when era != dream && locked;\nclaim when era == old;")
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, c := range configs {
		got = append(got, c.Claim)
	}
	if diff := cmp.Diff([]bool{true, true, false}, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}
