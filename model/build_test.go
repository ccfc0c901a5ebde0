package model_test

import (
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// build elaborates the first cell of a spec.
func build(t *testing.T, src string, o elab.BuildOptions) (*model.System, error) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load("t.pmd", []byte(src))
	if err != nil {
		return nil, err
	}
	cells, err := spec.Cells(nil)
	if err != nil {
		return nil, err
	}
	return spec.Build(cells[0], o)
}
