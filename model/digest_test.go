package model_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// noDigest are the fields that a digest says nothing of, with the reason.
var noDigest = map[string]string{
	"System.Name":      "names the spec, not the machine: a file may be renamed",
	"System.Config":    "names the configuration: what its values make of the machine is in the machine",
	"System.Kernel":    "a name for readers: what the release makes of the machine is in the machine",
	"System.Memory":    "says where in the rest what it is about is",
	"Op.Order":         "what a pass over the system makes of the operation; without one it is the same",
	"System.Files":     "source texts, for positions",
	"System.Frames":    "calls, for headings and positions; what the calls do is in the code",
	"Var.Pos":          "position",
	"Prop.Text":        "a sentence for readers",
	"Var.Role":         "what it is to a reader",
	"Var.Whole":        "what it is to a reader",
	"Var.Per":          "what it is to a reader",
	"Var.StopsIPI":     "what it is to a reader",
	"Process.Of":       "the name says it too",
	"Process.Role":     "what it is to a reader",
	"Prop.Own":         "whose words the sentence is in",
	"Prop.Pos":         "position",
	"Cover.Pos":        "position",
	"Process.Pos":      "position",
	"Location.Pos":     "position",
	"Location.Frame":   "call, for headings",
	"Transition.Label": "source text",
	"Transition.Pos":   "position",
	"Transition.Frame": "call, for headings",
	"Op.Text":          "source text",
	"Op.Pos":           "position",
	"Op.Frame":         "call, for headings",
	"Place.Pos":        "position",
	"Expr.Pos":         "position",
}

// everyType is a spec whose system has a value of every type of the IR, and every optional part.
const everyType = `
config bool c = true;
enum colour { red, green };
@use(no_use) @free(no_free) @leak(no_lost) struct obj { u2 val; struct obj *next; u1 lock; };
property no_use "use"; property no_free "free"; property no_lost "lost";
struct obj A;
pool struct obj spare[1];
struct obj *root = &A;
enum colour col = green;
u2 x; u2 y; u2 a[2]; u2 *r = &a[1];
u1 l1; u1 l2;
@kernel("mm/x.c", "f", v5.4..v6.1, "abc") fair process p on cpu 1 in &A {
	u2 i = x;
	lock_acquire(&l1);
	lock_acquire(&l2);
	if (a[i] == 0 && root->val == 0) { cover some; smp_mb(); r = &a[x]; }
	end: await (live(root) || x == 3);
	*r = i;
	root->val = container_of(&root->val, struct obj, val)->val;
	struct obj *q = alloc(struct obj);
	col = x == 1 ? red : green;
	free (q);
	assert(x < 3);
	lock_release(&l2);
	lock_release(&l1);
}
process q { WRITE_ONCE(x, 1); x = 2; root = NULL; root = &A; r = &x; a[1] = -(-y) & ~0; }
invariant small: x < 3;
liveness served(u1 v): x == v leads_to y == 0;
liveness never: eventually x == 2;
cover two: x == 2;
cover some;
`

// clone copies a value with everything it points to; nothing is shared with the original, or within the copy.
func clone(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || opaque(v.Type().Elem()) {
			return v
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(clone(v.Elem()))
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(clone(v.Index(i)))
		}
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			c.Field(i).Set(clone(v.Field(i)))
		}
		return c
	}
	return v
}

// opaque reports what is no part of the IR.
func opaque(t reflect.Type) bool {
	return t == reflect.TypeFor[source.Set]() || t == reflect.TypeFor[model.Memory]()
}

// changes are ways to make another value of what v holds; each is undone by setting v back.
func changes(t *testing.T, where string, v reflect.Value) (out []reflect.Value) {
	n := func() reflect.Value { return reflect.New(v.Type()).Elem() }
	switch v.Kind() {
	case reflect.Bool:
		c := n()
		c.SetBool(!v.Bool())
		out = append(out, c)
	case reflect.Int, reflect.Int32:
		c := n()
		c.SetInt(v.Int() + 1)
		out = append(out, c)
	case reflect.Uint8, reflect.Uint64:
		c := n()
		c.SetUint(v.Uint() + 1)
		out = append(out, c)
	case reflect.String:
		c := n()
		c.SetString(v.String() + "x")
		out = append(out, c)
	case reflect.Pointer:
		c := n()
		if v.IsNil() {
			c.Set(reflect.New(v.Type().Elem()))
		}
		out = append(out, c)
	case reflect.Slice:
		zero := reflect.New(v.Type().Elem()).Elem()
		if zero.Kind() == reflect.Pointer {
			zero.Set(reflect.New(zero.Type().Elem()))
		}
		out = append(out, reflect.Append(v.Slice3(0, v.Len(), v.Len()), zero))
		if v.Len() > 0 {
			out = append(out, v.Slice(0, v.Len()-1))
		}
	case reflect.Struct: // by its fields
	default:
		t.Fatalf("%s is of kind %s, of which the test knows no changes", where, v.Kind())
	}
	return out
}

// TestDigestSaysEverything changes every exported field of every value of the IR, one at a time. Each change gives another digest, or the field is in noDigest, and then none does.
func TestDigestSaysEverything(t *testing.T) {
	built, err := build(t, everyType, elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := built.Digest()
	sys := clone(reflect.ValueOf(built)).Interface().(*model.System)
	if got := sys.Digest(); got != want {
		t.Fatalf("a copy that shares nothing has digest %s, the system %s", got, want)
	}
	met := map[string]int{} // changes made, by field
	types := map[reflect.Type]bool{}
	bad := map[string]bool{}
	var visit func(v reflect.Value, where string, silent bool)
	visit = func(v reflect.Value, where string, silent bool) {
		change := func(v reflect.Value, where string, silent bool) {
			for _, c := range changes(t, where, v) {
				met[where]++
				try(sys, v, c, where, want, silent, bad)
			}
		}
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() && !opaque(v.Type().Elem()) {
				visit(v.Elem(), where, silent)
			}
		case reflect.Slice:
			for i := range v.Len() {
				if v.Index(i).Kind() != reflect.Pointer { // lists have no holes
					change(v.Index(i), where+"[]", silent)
				}
				visit(v.Index(i), where+"[]", silent)
			}
		case reflect.Struct:
			types[v.Type()] = true
			for i := range v.NumField() {
				f := v.Type().Field(i)
				where := v.Type().Name() + "." + f.Name
				if !f.IsExported() {
					t.Errorf("%s cannot be changed from outside", where)
					continue
				}
				silent := silent || noDigest[where] != ""
				change(v.Field(i), where, silent)
				visit(v.Field(i), where, silent)
			}
		}
	}
	visit(reflect.ValueOf(sys), "", false)
	for _, w := range slices.Sorted(maps.Keys(bad)) {
		t.Error(w)
	}
	// Nothing of the IR may be missing from the spec, else the test would not look at it.
	var reach func(x reflect.Type)
	seen := map[reflect.Type]bool{}
	reach = func(x reflect.Type) {
		if seen[x] || opaque(x) {
			return
		}
		seen[x] = true
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice:
			reach(x.Elem())
		case reflect.Struct:
			if !types[x] {
				t.Errorf("the spec has no %s", x.Name())
			}
			for i := range x.NumField() {
				reach(x.Field(i).Type)
				if where := x.Name() + "." + x.Field(i).Name; met[where] == 0 && types[x] {
					t.Errorf("%s was not changed", where)
				}
			}
		}
	}
	reach(reflect.TypeFor[model.System]())
	for w := range noDigest {
		if met[w] == 0 {
			t.Errorf("%s is listed and does not exist", w)
		}
	}
	if len(met) < 60 {
		t.Errorf("only %d fields were changed", len(met))
	}
}

// try sets a field to something else and looks at the digest.
func try(sys *model.System, field, changed reflect.Value, where, want string, silent bool, bad map[string]bool) {
	old := reflect.New(field.Type()).Elem()
	old.Set(field)
	field.Set(changed)
	got := sys.Digest()
	field.Set(old)
	switch {
	case silent && got != want:
		bad[where+" changes the digest although it is listed as saying nothing"] = true
	case !silent && got == want:
		bad[where+" can be changed without another digest"] = true
	}
}

// TestDigestOfEdits: edits that can change a verdict or what a later stage does change the digest; edits of what only people read do not. While the digest was that of
// the dump, marks, ranges of named types, enums, the properties of attributes and required covers made no difference, and --resume took the states of one model for those of another.
func TestDigestOfEdits(t *testing.T) {
	digest := func(src string) string {
		sys, err := build(t, src, elab.BuildOptions{})
		if err != nil {
			t.Fatalf("%s\n%s", src, err)
		}
		return sys.Digest()
	}
	const obj = "property a \"a\"; property b \"b\"; struct s A; struct s *r = &A; u2 x; process p { r->n = 1; free (r); x = 1; } process q { x = r->n; assert(x < 2, b); assert(x < 2, a); r = NULL; }"
	const races = " process q { x = 2; y = x; } check no_data_race;"
	for _, tc := range []struct {
		name, one, two string
		same           bool
	}{
		{"mark of a store", "u2 x; u2 y; process p { x = 1; }" + races, "u2 x; u2 y; process p { WRITE_ONCE(x, 1); }" + races, false},
		{"kind of mark", "u2 x; u2 y; process p { smp_store_release(&x, 1); }" + races, "u2 x; u2 y; process p { WRITE_ONCE(x, 1); }" + races, false},
		{"mark of a read", "u2 x; u2 y; process p { y = x; }" + races, "u2 x; u2 y; process p { y = READ_ONCE(x); }" + races, false},
		{"range of a named type", "typedef int<0..3> t; t x; process p { x += 2; } process q { x += 1; }", "typedef int<0..2> t; t x; process p { x += 2; } process q { x += 1; }", false},
		{"values of an enum", "enum e { one, two }; enum e x; process p { x = two; } process q { x = one; }", "enum e { one, two, three }; enum e x; process p { x = two; } process q { x = one; }", false},
		{"property of @use", "@use(a) struct s { u2 n; };" + obj, "@use(b) struct s { u2 n; };" + obj, false},
		{"property of @free", "@use(a) @free(a) struct s { u2 n; };" + obj, "@use(a) @free(b) struct s { u2 n; };" + obj, false},
		{"property of @leak", "@use(a) @leak(a) struct s { u2 n; };" + obj, "@use(a) @leak(b) struct s { u2 n; };" + obj, false},
		{"property of @guard", "@use(a) struct s { u2 n @guard(a); };" + obj, "@use(a) struct s { u2 n @guard(b); };" + obj, false},
		{"required cover", "u2 x; process p { cover c; x = 1; } cover c;", "u2 x; process p { cover c; x = 1; } cover c when false;", false},
		{"kind of fence", "u2 x; process p { x = 1; smp_rmb(); x = 2; } process q { x = 3; }", "u2 x; process p { x = 1; smp_wmb(); x = 2; } process q { x = 3; }", false},
		{"an index that is checked", "u2 a[2][3]; u2 x; u2 y; process p { y = a[0][x]; } process q { x = 3; a[0][1] = 2; a[1][1] = 2; }", "u2 a[3][2]; u2 x; u2 y; process p { y = a[0][x]; } process q { x = 3; a[0][1] = 2; a[1][1] = 2; }", false},
		{"comments and lines", "u2 x; process p { x = 1; }", "// one\nu2 x;\n\nprocess p\n{\n\tx = 1; // two\n}\n", true},
		{"the words of a property", "property a \"one\"; u2 x; process p { x = 1; assert(x == 1, a); } process q { x = 2; }", "property a \"two\"; u2 x; process p { x = 1; assert(x == 1, a); } process q { x = 2; }", true},
		{"@kernel", "u2 x; @kernel(\"a.c\", \"f\", v5.4) process p { x = 1; }", "u2 x; @kernel(\"b.c\", \"g\", v5.5) process p { x = 1; }", true},
		{"an unused parameter", "u2 x; process p { x = 1; }", "config bool c = true; u2 x; process p { x = 1; }", true},
	} {
		if one, two := digest(tc.one), digest(tc.two); (one == two) != tc.same {
			t.Errorf("%s: digests %s and %s", tc.name, one, two)
		}
	}
}

// TestDigestVersion: a digest names its version, and the first one had none.
func TestDigestVersion(t *testing.T) {
	sys, err := build(t, "u2 x; process p { x = 1; }", elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := sys.Digest()
	if model.DigestVersionOf(d) != model.DigestVersion || !strings.HasPrefix(d, model.DigestVersion+":") || len(d) != len(model.DigestVersion)+33 {
		t.Errorf("digest %q", d)
	}
	for _, tc := range []struct {
		a, b string
		same bool
	}{{d, "d3:00", true}, {d, "0123456789abcdef0123456789abcdef", false}, {"0123", "4567", true}, {d, "d4:00", false}} {
		if got := model.SameDigestVersion(tc.a, tc.b); got != tc.same {
			t.Errorf("%s and %s: %v", tc.a, tc.b, got)
		}
	}
}
