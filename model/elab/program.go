package elab

import (
	"context"
	"sync"

	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// program is a spec and everything it imports, with what its names mean. It is built once per spec; configurations share it.
type program struct {
	*check.Info
	limits  Limits
	loading context.Context // while the spec is loaded; may be nil
	files   *source.Set
	asts    []*syntax.File // imports before importers
	roles   map[string]*cellRole

	// Looked up once for all configurations, which several goroutines elaborate:
	texts    sync.Map // by span: its source text on one line
	assigned sync.Map // by function or process: the names that it assigns or whose address it takes
	says     sync.Map // by the first attribute of a function or process: what they say of its frames
}
