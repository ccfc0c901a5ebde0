package elab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Loader finds the files a spec is made of. The zero Loader loads specs without imports.
type Loader struct {
	Library  fs.FS                             // what `import "linux/mm/hugetlb";` finds as mm/hugetlb.pmd
	ReadFile func(name string) ([]byte, error) // relative imports; name is the importing file's folder joined with the path, and ".pmd"
	Limits   Limits                            // of the spec and its cells
	Context  context.Context                   // if not nil, loading ends when it does, with a [Stopped]
}

// Spec is a spec with everything it imports, resolved: names and types are known to be right. It is immutable and safe for concurrent use.
type Spec struct {
	Name  string
	Files *source.Set
	Doc   string // the comment at the head of the file, without comment marks
	prog  *program
	own   *source.File
}

// Empty reports whether the spec declares nothing that a check could look at, as an empty file or a library file does.
func (s *Spec) Empty() bool { return len(s.prog.procs) == 0 && len(s.prog.invs) == 0 }

// ConfigParam is a config parameter of a spec.
type ConfigParam struct {
	Name       string
	TypeName   string
	Values     []string // all legal values, in order; empty for an integer range of more than maxEnumerated
	Default    string
	HasDefault bool
	Swept      bool
}

// ConfigCell is one assignment of all config parameters.
type ConfigCell struct {
	Config []model.ConfigValue // in declaration order; then the features that are swept or have another value than in the release
	Claim  bool                // it says something about a kernel as it is
	Tier   string              // "" for the cells every run checks
	Expect *Expectation        // what the spec says of this cell, or nil

	// Undecided are features that are unknown and of which the cell depends in too many ways; such a cell has no system.
	Undecided []string

	implied []bool   // by index in Config
	unknown []string // features that a profile says nothing of
}

// Named are the parameters that name the cell: all but those that an imported file declares, the spec does not sweep, and that have their default. So a parameter that
// a library gets leaves the names of all cells as they were.
func (c ConfigCell) Named() (named []model.ConfigValue) {
	for i, v := range c.Config {
		if i >= len(c.implied) || !c.implied[i] {
			named = append(named, v)
		}
	}
	return named
}

// String is "name=value …" of the parameters that name the cell.
func (c ConfigCell) String() string {
	var b strings.Builder
	for i, v := range c.Named() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(v.Name + "=" + v.Value)
	}
	return b.String()
}

// Expectation is the `expect` line that applies to a cell.
type Expectation struct {
	Holds       bool
	Props       []string // violated properties, sorted; nil if Holds
	Unreachable []string // covers that nothing reaches, sorted
	Foreign     bool     // it says nothing of the memory model, so it is about sequential consistency, and the cell has another one
	States      int64    // of the full search, -1 if not stated
	Transitions int64
	Pos         source.Pos
}

const maxEnumerated = 256

// Load parses and resolves a spec. The error is a *[source.List] with everything that is wrong, or an error of ReadFile for the spec itself.
func (l *Loader) Load(name string, src []byte) (_ *Spec, err error) {
	defer recoverStopped(&err)
	name = path.Clean(name) // as imports name files, so that one that leads back here is seen to
	files := &source.Set{}
	diags := &source.List{Files: files}
	p := newProgram(files)
	p.limits, p.loading = l.Limits.orDefault(), l.Context
	defer func() { p.loading = nil }()
	ld := &loading{l: l, files: files, diags: diags, done: map[string]bool{}, p: p}
	ast, own := ld.file(name, src, nil)
	ld.declareMemory()
	if err := diags.Err(); err != nil {
		return nil, err
	}
	for _, f := range p.asts {
		p.declare(f, diags)
	}
	p.findRoles()
	if err := diags.Err(); err != nil {
		return nil, err
	}
	s := &Spec{Name: strings.TrimSuffix(name, ".pmd"), Files: files, prog: p, Doc: headComment(ast), own: own}
	p.observed(diags)
	s.checkAll(diags)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

type loading struct {
	l     *Loader
	files *source.Set
	diags *source.List
	done  map[string]bool
	p     *program
}

type importer struct {
	name   string
	at     source.Span
	parent *importer
}

// file parses one file after everything it imports.
func (ld *loading) file(name string, src []byte, chain *importer) (*syntax.File, *source.File) {
	f := ld.files.Add(name, src)
	ast := syntax.Parse(f, ld.diags)
	me := &importer{name: name, parent: chain}
	for _, d := range ast.Decls {
		if imp, ok := d.(*syntax.ImportDecl); ok {
			me.at = imp.PathAt
			ld.include(imp, name, me)
		}
	}
	ld.p.asts = append(ld.p.asts, ast)
	return ast, f
}

func (ld *loading) include(imp *syntax.ImportDecl, from string, chain *importer) {
	full := imp.Path + ".pmd"
	relative := strings.HasPrefix(imp.Path, "./") || strings.HasPrefix(imp.Path, "../")
	if relative {
		full = path.Join(path.Dir(from), full)
	} else if !strings.HasPrefix(imp.Path, "linux/") {
		ld.diags.Add(source.Diagnostic{
			Code: "missing-import", Span: imp.PathAt, Msg: "cannot import " + strconv.Quote(imp.Path),
			Hint: "library files are \"linux/…\"; files next to this one are \"./name\"",
		})
		return
	}
	for c := chain; c != nil; c = c.parent {
		if c.name == full {
			d := source.Diagnostic{Code: "import-cycle", Span: imp.PathAt, Msg: "import cycle: " + full + " imports itself"}
			for k := chain; k != nil && k != c.parent; k = k.parent {
				d.Related = append(d.Related, source.Related{Span: k.at, Msg: "imported by " + k.name})
			}
			ld.diags.Add(d)
			return
		}
	}
	if ld.done[full] {
		return
	}
	ld.done[full] = true
	src, err := ld.read(full)
	if err != nil {
		d := source.Diagnostic{Code: "missing-import", Span: imp.PathAt, Msg: "cannot import " + strconv.Quote(imp.Path) + ": " + plain(err)}
		if !relative {
			d.Hint = source.DidYouMean(imp.Path, ld.l.library())
		}
		ld.diags.Add(d)
		return
	}
	ld.file(full, src, chain)
}

func plain(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func (ld *loading) read(full string) ([]byte, error) {
	if rest, ok := strings.CutPrefix(full, "linux/"); ok && ld.l.Library != nil {
		return fs.ReadFile(ld.l.Library, rest)
	}
	if ld.l.ReadFile == nil {
		return nil, fs.ErrNotExist
	}
	return ld.l.ReadFile(full)
}

// library lists what can be imported from the library.
func (l *Loader) library() []string {
	var names []string
	if l.Library == nil {
		return nil
	}
	_ = fs.WalkDir(l.Library, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".pmd") {
			names = append(names, "linux/"+strings.TrimSuffix(p, ".pmd"))
		}
		return nil
	})
	return names
}

func headComment(f *syntax.File) string {
	var lines []string
	next := 1
	for _, c := range f.Comments {
		if c.Sp.Start.Line() != next && len(lines) > 0 || c.Sp.Start.Line() > 2 && len(lines) == 0 {
			break
		}
		text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(c.Text, "//"), "/*"), "*/")
		for _, l := range strings.Split(text, "\n") {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "* ")))
		}
		next = c.Sp.Start.Line() + strings.Count(c.Text, "\n") + 1
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// checkAll looks at every declaration once, whatever the config, so that errors in code no cell reaches are found too.
func (s *Spec) checkAll(diags *source.List) {
	cell := map[string]int64{}
	e := newElab(s.prog, cell, BuildOptions{Context: s.prog.loading}, diags)
	e.dry = true
	for _, c := range s.prog.configs {
		cell[c.name] = 0
	}
	for _, c := range s.prog.configs {
		e.checkConfig(c)
	}
	for _, st := range e.prog.structs {
		for i := range st.fields {
			e.fieldType(&st.fields[i])
		}
	}
	e.system()
	for _, sym := range sortedSyms(s.prog) {
		switch sym.kind {
		case symConst:
			e.constant(sym.constant.Value)
		case symTypedef:
			e.typeOf(sym.typedef.Type)
		case symFunc:
			e.checkFunc(sym.fn)
		}
	}
	e.checkRecursion()
	e.checkOverrides()
	s.checkFeatures(e)
	s.checkGroups(e)
	s.checkSweep(e)
	s.checkQuestions(e)
	for _, t := range s.prog.claims {
		e.with(inCell, func() { e.constInts(t.When) })
	}
	for _, t := range s.prog.tiers {
		e.with(inCell, func() { e.constInts(t.When) })
	}
}

// checkConfig checks the type and the default of a parameter, and gives it a value for what follows.
func (e *elab) checkConfig(c *symbol) {
	var t *stype
	e.with(inSpec, func() { t = e.configType(c) })
	switch {
	case t.kind == stBad:
	case t.kind == stInt:
		e.cell[c.name] = min(max(0, t.lo), t.hi)
	case t.kind != stBool && t.kind != stEnum:
		e.errorf("bad-type", c.at, "a config parameter is a bool, an enum or an integer, not %s", t)
	}
	if d := c.config.Default; d != nil {
		var x *model.Expr
		var dt *stype
		ok := false
		e.with(inSpec, func() { x, dt, ok = e.constant(d) })
		if ok {
			if !assignable(t, dt) {
				e.mismatch(d.Span(), t, dt)
			} else if t.kind == stInt && (int64(x.Val) < t.lo || int64(x.Val) > t.hi) {
				e.errorf("out-of-range", d.Span(), "%d does not fit into %s", x.Val, t)
			}
			e.cell[c.name] = int64(x.Val)
		}
	}
}

// checkQuestions checks what the spec checks and expects: the properties have to be observed, and counts to be constants.
func (s *Spec) checkQuestions(e *elab) {
	used := map[string]bool{"no_deadlock": true, "no_fault": true, "assertion": true}
	for _, q := range s.prog.props {
		if q.used {
			used[q.name] = true
		}
	}
	for _, d := range s.prog.invs {
		used[d.Name.Name] = true
	}
	for _, d := range s.prog.lives {
		used[d.Name.Name] = true
	}
	prop := func(id *syntax.Ident) {
		if !used[id.Name] {
			var names []string
			for n := range used {
				names = append(names, n)
			}
			e.diags.Add(source.Diagnostic{Code: "unknown-property", Span: id.Sp, Msg: "nothing in this spec observes property " + source.Quote(id.Name), Hint: source.DidYouMean(id.Name, names)})
		}
	}
	for _, c := range s.prog.checks {
		for _, id := range c.Props {
			prop(id)
		}
	}
	for _, x := range s.prog.expects {
		e.with(inCell, func() { e.constInts(x.Cond, x.States, x.Transitions) })
		for _, id := range x.Props {
			prop(id)
		}
		s.checkUnreachable(x, e.diags)
	}
}

func sortedSyms(p *program) []*symbol {
	var out []*symbol
	for _, s := range p.syms {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *symbol) int { return strings.Compare(a.name, b.name) })
	return out
}

// checkFunc checks the body of one function with unknown arguments.
func (e *elab) checkFunc(fn *syntax.FuncDecl) {
	b := &builder{e: e, plain: map[model.VarID]bool{}, frame: model.NoFrame}
	sink := b.join()
	b.tail = &sink.next
	result := e.typeOf(fn.Result)
	b.fn = b.newContext(fn, result, b.join())
	if !result.scalar() && result.kind != stVoid {
		e.errorf("bad-type", fn.Result.Sp, "a function cannot return %s", result)
	}
	b.fn.resultVar = &lvalue{t: result, l: e.layoutOf(result, "", "", fn.Sp, nil)}
	b.scope = &scope{names: map[string]*binding{}}
	for _, p := range fn.Params {
		t := e.typeOf(p.Type)
		if !t.scalar() {
			e.diags.Add(source.Diagnostic{Code: "bad-type", Span: p.Type.Sp, Msg: "a parameter cannot be " + t.String(), Hint: "pass a pointer"})
			t = tBad
		}
		if old := b.scope.names[p.Name.Name]; old != nil {
			e.diags.Add(source.Diagnostic{Code: "duplicate-name", Span: p.Name.Sp, Msg: "two parameters are called " + source.Quote(p.Name.Name), Related: []source.Related{{Span: old.at, Msg: "the other one"}}})
		}
		b.scope.names[p.Name.Name] = &binding{t: t, l: e.layoutOf(t, "", "", p.Sp, nil), at: p.Name.Sp}
	}
	if result.kind != stVoid && result.kind != stBad && !alwaysReturns(fn.Body) {
		e.errorf("missing-return", source.At(fn.Name.Sp.Start), "%s can end without returning a value", fn.Name.Name)
	}
	b.block(fn.Body)
	b.checkLabels()
}

// alwaysReturns is a conservative answer: it may say no to code that in fact always returns only where that is not visible from its shape.
func alwaysReturns(s syntax.Stmt) bool {
	switch s := s.(type) {
	case *syntax.Block:
		for _, t := range s.Stmts {
			if alwaysReturns(t) {
				return true
			}
		}
	case *syntax.ReturnStmt, *syntax.GotoStmt:
		return true
	case *syntax.IfStmt:
		return s.Else != nil && alwaysReturns(s.Then) && alwaysReturns(s.Else)
	case *syntax.AtomicStmt:
		return alwaysReturns(s.Body)
	case *syntax.LabeledStmt:
		return alwaysReturns(s.Stmt)
	case *syntax.WhileStmt:
		b, ok := s.Cond.(*syntax.BoolLit)
		return ok && b.Value
	case *syntax.ChooseStmt:
		for _, c := range s.Cases {
			if !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
		}
		return true
	case *syntax.SwitchStmt:
		deflt := false
		for i, c := range s.Cases {
			deflt = deflt || c.Default
			if i == len(s.Cases)-1 && !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
			if len(c.Body) > 0 && !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
		}
		return deflt
	}
	return false
}

// checkRecursion reports functions that can call themselves, whether or not any process reaches them.
func (e *elab) checkRecursion() {
	calls := map[string][]*syntax.CallExpr{}
	for _, s := range sortedSyms(e.prog) {
		if s.kind == symFunc {
			syntax.Walk(s.fn, func(n syntax.Node) bool {
				if c, ok := n.(*syntax.CallExpr); ok {
					if t := e.prog.syms[c.Fun.Name]; t != nil && t.kind == symFunc {
						calls[s.name] = append(calls[s.name], c)
					}
				}
				return true
			})
		}
	}
	state := map[string]int{}
	var path []*syntax.CallExpr
	var visit func(name string)
	visit = func(name string) {
		state[name] = 1
		for _, c := range calls[name] {
			switch state[c.Fun.Name] {
			case 0:
				path = append(path, c)
				visit(c.Fun.Name)
				path = path[:len(path)-1]
			case 1:
				d := source.Diagnostic{Code: "recursion", Span: c.Sp, Msg: "function " + source.Quote(c.Fun.Name) + " calls itself", Hint: "functions are inlined; use a loop"}
				for i := len(path) - 1; i >= 0; i-- {
					d.Related = append(d.Related, source.Related{Span: path[i].Sp, Msg: "through the call of " + path[i].Fun.Name})
					if path[i].Fun.Name == c.Fun.Name {
						break
					}
				}
				e.diags.Add(d)
			}
		}
		state[name] = 2
	}
	for _, s := range sortedSyms(e.prog) {
		if s.kind == symFunc && state[s.name] == 0 {
			visit(s.name)
		}
	}
}

// consts evaluates constants of the spec in a cell.
func (s *Spec) consts(cell map[string]int64) *elab {
	e := newElab(s.prog, cell, BuildOptions{}, &source.List{Files: s.Files})
	e.setting = inCell
	if len(cell) == 0 {
		e.setting = inSpec
	}
	return e
}

// Configs lists the config parameters in declaration order, those of imported files first.
func (s *Spec) Configs() []ConfigParam {
	e := s.consts(map[string]int64{})
	swept := map[string]bool{}
	for _, sw := range s.prog.sweeps {
		for _, it := range sw.Items {
			swept[it.Name.Name] = true
		}
	}
	var out []ConfigParam
	for _, c := range s.prog.configs {
		t := e.irType(e.configType(c))
		p := ConfigParam{Name: c.name, TypeName: t.Name, Swept: swept[c.name]}
		if t.Hi-t.Lo < maxEnumerated {
			for v := t.Lo; v <= t.Hi; v++ {
				p.Values = append(p.Values, model.FormatValue(t, v))
			}
		}
		if d := c.config.Default; d != nil {
			if x, _, ok := e.constant(d); ok {
				p.Default, p.HasDefault = model.FormatValue(t, x.Val), true
			}
		}
		out = append(out, p)
	}
	return out
}

// Value is the value, in a cell, of a config parameter or a constant of the spec. ok is false if there is none of this name.
func (s *Spec) Value(c ConfigCell, name string) (value string, ok bool) {
	for _, v := range c.Config {
		if v.Name == name {
			return v.Value, true
		}
	}
	sym := s.prog.syms[name]
	if sym == nil || sym.kind != symConst && sym.kind != symFeature {
		return "", false
	}
	values, err := s.values(c)
	if err != nil {
		return "", false
	}
	e := s.consts(values)
	if sym.kind == symFeature {
		v := e.featureValue(sym)
		if v.bad() {
			return "", false
		}
		return model.FormatValue(v.x.Type, v.x.Val), true
	}
	x, _, ok := e.constant(sym.constant.Value)
	if !ok {
		return "", false
	}
	return model.FormatValue(x.Type, x.Val), true
}

// Checks reports whether the spec observes a property, and whether it asks about it.
func (s *Spec) Checks(property string) (known, asked bool) {
	for _, q := range s.prog.props {
		known = known || q.name == property
	}
	asked = known && len(s.prog.checks) == 0 || property == "no_fault" || property == "assertion"
	for _, c := range s.prog.checks {
		for _, id := range c.Props {
			asked = asked || id.Name == property
		}
	}
	return known, asked
}

// SuggestConstant is a hint for a misspelt config parameter or constant, or "".
func (s *Spec) SuggestConstant(name string) string {
	if h := s.prog.suggest(name, symConfig, symFeature); h != "" {
		return h
	}
	return s.prog.suggest(name, symConst)
}

func parseValue(t *model.Type, s string) (int64, error) {
	switch t.Kind {
	case model.KindBool:
		switch s {
		case "true", "1", "yes":
			return 1, nil
		case "false", "0", "no":
			return 0, nil
		}
		return 0, fmt.Errorf("%s is not true or false", source.Quote(s))
	case model.KindEnum:
		if i := slices.Index(t.Values, s); i >= 0 {
			return int64(i), nil
		}
		return 0, source.WithHint(source.Quote(s)+" is not one of "+strings.Join(t.Values, ", "), source.DidYouMean(s, slices.Clone(t.Values)))
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number", source.Quote(s))
	}
	if n < int64(t.Lo) || n > int64(t.Hi) {
		return 0, fmt.Errorf("%d is outside %d..%d", n, t.Lo, t.Hi)
	}
	return n, nil
}

// Build elaborates one cell. Errors in the spec that only show with these values are a *[source.List].
func (s *Spec) Build(c ConfigCell, o BuildOptions) (_ *model.System, err error) {
	defer recoverStopped(&err)
	values, err := s.values(c)
	if err != nil {
		return nil, err
	}
	sys, err := build(s.prog, s.Name, values, c.Config, c.Memory(), o)
	if err != nil {
		return nil, err
	}
	if c.Expect == nil || !c.Expect.Foreign {
		lookFor(sys, c.Expect)
	}
	return weaken(sys, c.Memory(), o)
}

// values are the numbers behind the values of a cell.
func (s *Spec) values(c ConfigCell) (map[string]int64, error) {
	e := s.consts(map[string]int64{})
	values := map[string]int64{}
	for _, v := range c.Config {
		sym := s.prog.syms[v.Name]
		if v.Name == MemoryModel && sym == nil {
			continue
		}
		if sym == nil || !sym.param() {
			return nil, fmt.Errorf("%s has no config parameter %s", s.Name, source.Quote(v.Name))
		}
		n, err := parseValue(e.irType(e.configType(sym)), v.Value)
		if err != nil {
			return nil, fmt.Errorf("config parameter %s: %w", v.Name, err)
		}
		values[v.Name] = n
	}
	return values, nil
}
