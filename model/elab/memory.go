package elab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/pass"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// MemoryModel is the name of the config parameter that says how memory behaves. Every spec has it; it is one of the configuration's parameters where the spec or its imports name it, or
// where the value is not [SC].
const MemoryModel = "memory_model"

// The memory models.
const (
	SC  = "sc"  // sequentially consistent
	TSO = "tso" // x86: store buffers
)

// MemoryModels are the names of all models, the default first.
func MemoryModels() []string { return []string{SC, TSO} }

// The declaration of the parameter, for specs that name it.
const (
	memoryFile = "memory_model.pmd"
	memoryText = "enum memory_models { sc, tso };\nconfig enum memory_models memory_model = sc;\n"
)

// names reports whether a syntax tree uses a name.
func names(n syntax.Node, name string) (found bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// declareMemory adds the declaration of the parameter where something names it.
func (ld *loading) declareMemory() {
	if slices.ContainsFunc(ld.p.asts, func(f *syntax.File) bool { return names(f, MemoryModel) }) {
		f := ld.files.Add(memoryFile, []byte(memoryText))
		ld.p.asts = append([]*syntax.File{syntax.Parse(f, ld.diags)}, ld.p.asts...)
	}
}

// Memory is the memory model of a configuration.
func (c Configuration) Memory() string {
	for _, v := range c.Config {
		if v.Name == MemoryModel {
			return v.Value
		}
	}
	return SC
}

// undeclaredMemory takes the memory model out of the values that are fixed, where the spec does not name it: it is no parameter then, and every configuration gets it.
func (s *Spec) undeclaredMemory(set []model.ConfigValue) (rest []model.ConfigValue, memory string, err error) {
	if sym := s.prog.Names[MemoryModel]; sym != nil && sym.Kind == check.ConfigObject {
		return set, "", nil
	}
	for _, v := range set {
		if v.Name != MemoryModel {
			rest = append(rest, v)
			continue
		}
		if !slices.Contains(MemoryModels(), v.Value) {
			err := fmt.Errorf("memory model %s is not one of %s", source.Quote(v.Value), strings.Join(MemoryModels(), ", "))
			return nil, "", source.WithHint(err.Error(), source.DidYouMean(v.Value, MemoryModels()))
		}
		memory = v.Value
	}
	return rest, memory, nil
}

// withMemory gives every configuration a memory model that the spec does not name.
func withMemory(configs []Configuration, memory string) []Configuration {
	if memory == "" || memory == SC {
		return configs
	}
	for i := range configs {
		c := &configs[i]
		c.Config = append(slices.Clone(c.Config), model.ConfigValue{Name: MemoryModel, Value: memory})
		if c.Expect != nil {
			x := *c.Expect
			x.Foreign = true
			c.Expect = &x
		}
	}
	return configs
}

// weaken gives a system its memory model.
func weaken(sys *model.System, memory string, o BuildOptions) (*model.System, error) {
	if memory != TSO {
		return sys, nil
	}
	w := pass.TSO(sys, pass.TSOOptions{Bound: o.StoreBuffer, NoDirect: o.NoDirect})
	if errs := w.Sanity(); len(errs) > 0 {
		return nil, fmt.Errorf("internal: the store buffers of %s are unsound: %w", sys.Name, errs[0])
	}
	return w, nil
}

// orderNow is the order of an operation that is emitted: what is marked as no memory is none anywhere; the other marks are about atomic blocks.
func (b *builder) orderNow() model.Order {
	switch {
	case b.order == model.OrderDirect:
		return model.OrderDirect
	case b.atom == 0:
		return model.OrderProgram
	case b.order == model.OrderProgram:
		return model.OrderBlock
	}
	return b.order
}

// waits reports whether an operation waits for the store buffer of its process, or may, whatever it touches.
func (e *elab) waits(op *model.Op) bool {
	return e.memory == TSO && (op.Order == model.OrderLocked || op.Kind == model.OpFence && (op.Fence == model.FenceFull || op.Fence == model.FenceCPU))
}

// Names lists the options that make another model, or judge another way, as traces have them. Weak: the model has store buffers, else what is said of these changes nothing.
func (o BuildOptions) Names(noAssert, weak bool) (names []string) {
	add := func(on bool, name string) {
		if on {
			names = append(names, name)
		}
	}
	add(noAssert, "no-assert")
	add(o.NoMerge, "no-merge")
	add(o.NoReset, "no-reset")
	add(weak && o.NoDirect, "no-direct-stores")
	add(weak && o.StoreBuffer > 0, fmt.Sprintf("%s%d", storeBuffer, o.StoreBuffer))
	return names
}

const storeBuffer = "store-buffer="

// BuildOptionsOf are the options with the names that [BuildOptions.Names] gives.
func BuildOptionsOf(names []string) (o BuildOptions) {
	for _, n := range names {
		switch n {
		case "no-merge":
			o.NoMerge = true
		case "no-reset":
			o.NoReset = true
		case "no-direct-stores":
			o.NoDirect = true
		}
		if rest, ok := strings.CutPrefix(n, storeBuffer); ok {
			o.StoreBuffer, _ = strconv.Atoi(rest)
		}
	}
	return o
}
