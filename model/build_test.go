package model_test

import (
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// build elaborates the first configuration of a spec.
func build(t *testing.T, src string, o elab.BuildOptions) (*model.System, error) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load("t.pmd", []byte(src))
	if err != nil {
		return nil, err
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		return nil, err
	}
	return spec.Build(configs[0], o)
}
