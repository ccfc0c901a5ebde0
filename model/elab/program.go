package elab

import (
	"context"
	"sync"

	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// program is a spec and everything it imports, with what its names mean. It is built once per spec; cells share it.
type program struct {
	*check.Info
	limits  Limits
	loading context.Context // while the spec is loaded; may be nil
	files   *source.Set
	texts   sync.Map       // by span: its source text on one line; cells are elaborated by several goroutines
	asts    []*syntax.File // imports before importers
	roles   map[string]*cellRole
}
