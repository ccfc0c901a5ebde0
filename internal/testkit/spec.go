package testkit

import (
	"errors"
	"path"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/specs"
)

// Loader loads specs that may import the kernel library and embedded specs.
func Loader() *elab.Loader {
	return &elab.Loader{Library: linux.FS, ReadFile: func(p string) ([]byte, error) { return specs.FS.ReadFile(path.Clean(p)) }}
}

// First builds the first configuration of a spec that has the given values, each "name=value". If the spec has errors, they are rendered in the error, as users see them.
func First(name, src string, o elab.BuildOptions, values ...string) (*model.System, error) {
	spec, err := Loader().Load(name, []byte(src))
	if err != nil {
		return nil, rendered(err)
	}
	var set []model.ConfigValue
	for _, v := range values {
		n, v, _ := strings.Cut(v, "=")
		set = append(set, model.ConfigValue{Name: n, Value: v})
	}
	configs, err := spec.Configurations(set)
	if err != nil {
		return nil, err
	}
	sys, err := spec.Build(configs[0], o)
	if err != nil {
		return nil, rendered(err)
	}
	return sys, nil
}

// System is First for a test that cannot do without.
func System(tb testing.TB, src string, o elab.BuildOptions, values ...string) *model.System {
	tb.Helper()
	sys, err := First("t.pmd", src, o, values...)
	if err != nil {
		tb.Fatalf("%v\n%s", err, src)
	}
	return sys
}

// Embedded is the first configuration of an embedded spec that has the given values.
func Embedded(tb testing.TB, name string, o elab.BuildOptions, values ...string) *model.System {
	tb.Helper()
	src, err := specs.FS.ReadFile(name + ".pmd")
	if err != nil {
		tb.Fatal(err)
	}
	sys, err := First(name+".pmd", string(src), o, values...)
	if err != nil {
		tb.Fatal(err)
	}
	return sys
}

func rendered(err error) error { return errors.New(Render(err)) }

// Render is an error as users see it, each diagnostic with its place.
func Render(err error) string {
	var l *source.List
	if !errors.As(err, &l) {
		return err.Error()
	}
	var b strings.Builder
	_ = l.Render(&b)
	return b.String()
}
