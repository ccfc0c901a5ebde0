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
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Loader finds the files a spec is made of. The zero Loader loads specs without imports.
type Loader struct {
	Library  fs.FS                             // what `import "linux/mm/hugetlb";` finds as mm/hugetlb.pmd
	ReadFile func(name string) ([]byte, error) // relative imports; name is the importing file's folder joined with the path, and ".pmd"
	Limits   Limits                            // of the spec and its configurations
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
func (s *Spec) Empty() bool { return len(s.prog.Procs) == 0 && len(s.prog.Invariants) == 0 }

// ConfigParam is a config parameter of a spec.
type ConfigParam struct {
	Name       string
	TypeName   string
	Values     []string // all legal values, in order; empty for an integer range of more than maxEnumerated
	Default    string
	HasDefault bool
	Swept      bool
}

// Taken are the values that the parameter has in some of the configurations, in the order of Values if that lists them and else as they first come.
func (p *ConfigParam) Taken(configs []Configuration) []string {
	seen := map[string]bool{}
	var out []string
	for _, c := range configs {
		for _, v := range c.Config {
			if v.Name == p.Name && !seen[v.Value] {
				seen[v.Value] = true
				out = append(out, v.Value)
			}
		}
	}
	if len(p.Values) > 0 {
		out = slices.DeleteFunc(slices.Clone(p.Values), func(v string) bool { return !seen[v] })
	}
	return out
}

// Configuration is one assignment of all config parameters.
type Configuration struct {
	Config []model.ConfigValue // in declaration order; then the features that are swept or have another value than in the release
	Claim  bool                // it says something about a kernel as it is
	Tier   string              // "" for the configurations every run checks
	Expect *Expectation        // what the spec says of this configuration, or nil

	// Undecided are features that are unknown and of which the configuration depends in too many ways; such a configuration has no system.
	Undecided []string

	implied []bool   // by index in Config
	unknown []string // features that a profile says nothing of
}

// Named are the parameters that name the configuration: all but those that an imported file declares, the spec does not sweep, and that have their default. So a parameter that
// a library gets leaves the names of all configurations as they were.
func (c Configuration) Named() (named []model.ConfigValue) {
	for i, v := range c.Config {
		if i >= len(c.implied) || !c.implied[i] {
			named = append(named, v)
		}
	}
	return named
}

// String is "name=value …" of the parameters that name the configuration.
func (c Configuration) String() string {
	var b strings.Builder
	for i, v := range c.Named() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(v.Name + "=" + v.Value)
	}
	return b.String()
}

// Expectation is the `expect` line that applies to a configuration.
type Expectation struct {
	Holds       bool
	Props       []string // violated properties, sorted; nil if Holds
	Unreachable []string // covers that nothing reaches, sorted
	Foreign     bool     // it says nothing of the memory model, so it is about sequential consistency, and the configuration has another one
	States      int64    // of the full search, -1 if not stated
	Transitions int64
	Pos         source.Pos
}

const maxEnumerated = 256

// Load parses and resolves a spec. The error is a *[source.List] with everything that is wrong, or an error of ReadFile for the spec itself.
func (l *Loader) Load(name string, src []byte) (_ *Spec, err error) {
	defer recoverStopped(&err)
	ld, s := l.parse(name, src)
	defer func() { s.prog.loading = nil }()
	if len(ld.diags.Diags) == 0 { // else what is missing from the tree would be missed once more
		ld.declare()
		declared := len(ld.diags.Diags) == 0
		s.prog.Check(ld.diags, s.prog.atDefaults())
		if declared {
			s.evaluateAll(ld.diags)
		}
	}
	ld.guide(ld.p.asts[len(ld.p.asts)-1])
	if err := ld.diags.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Info is what names and types mean in a text, also in one with errors: as much as can be known. The error is that of Load, but for what only the values of constants show.
func (l *Loader) Info(name string, src []byte) (_ *check.Info, err error) {
	defer recoverStopped(&err)
	ld, s := l.parse(name, src)
	defer func() { s.prog.loading = nil }()
	ld.declare()
	s.prog.Check(ld.diags, s.prog.atDefaults())
	return s.prog.Info, ld.diags.Err()
}

// parse parses a spec with everything that it imports.
func (l *Loader) parse(name string, src []byte) (*loading, *Spec) {
	name = path.Clean(name) // as imports name files, so that one that leads back here is seen to
	files := &source.Set{}
	p := &program{limits: l.Limits.orDefault(), loading: l.Context, files: files}
	ld := &loading{l: l, files: files, diags: &source.List{Files: files}, done: map[string]bool{}, p: p}
	ast, own := ld.file(name, src, nil)
	ld.declareMemory()
	return ld, &Spec{Name: strings.TrimSuffix(name, ".pmd"), Files: files, prog: p, Doc: headComment(ast), own: own}
}

// declare enters the declarations of all files.
func (ld *loading) declare() {
	ld.p.Info = check.Declare(ld.files, ld.p.asts, ld.diags)
	ld.p.findRoles()
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

// atDefaults evaluates constants that types are made of, where parameters have their defaults. What is wrong with them is reported by evaluateAll.
func (p *program) atDefaults() func(syntax.Expr) (int64, bool) {
	e := newElab(p, map[string]int64{}, BuildOptions{Context: p.loading}, &source.List{Files: p.files})
	e.dry = true
	return func(x syntax.Expr) (int64, bool) {
		n, ok := e.constInt(x)
		e.diags.Diags = nil
		return n, ok
	}
}

// evaluateAll evaluates every constant once where parameters have their defaults, so that those are found that are none, also in code that no configuration reaches.
func (s *Spec) evaluateAll(diags *source.List) {
	config := map[string]int64{}
	e := newElab(s.prog, config, BuildOptions{Context: s.prog.loading}, diags)
	e.dry = true
	for _, c := range s.prog.Configs {
		config[c.Name] = 0
	}
	for _, c := range s.prog.Configs {
		e.checkConfig(c)
	}
	for _, st := range s.prog.Structs {
		for i := range st.Fields {
			e.fieldType(&st.Fields[i])
		}
	}
	e.system()
	for _, o := range s.prog.Names {
		switch o.Kind {
		case check.ConstObject:
			e.constant(o.Const.Value)
		case check.TypedefObject:
			e.typeOf(o.Typedef.Type)
		}
	}
	for _, x := range s.prog.Constants {
		e.constant(x)
	}
	for _, d := range s.prog.Liveness {
		e.constInts(d.When)
	}
	s.checkSweep(e)
	e.with(inConfiguration, func() {
		for _, f := range s.prog.Features {
			e.constInts(f.Feature.Requires)
		}
		for _, x := range s.prog.Expects {
			e.constInts(x.Cond, x.States, x.Transitions)
		}
		for _, t := range s.prog.Claims {
			e.constInts(t.When)
		}
		for _, t := range s.prog.Tiers {
			e.constInts(t.When)
		}
	})
}

// checkConfig evaluates the type and the default of a parameter, and gives it a value for what follows.
func (e *elab) checkConfig(c *check.Object) {
	var t *check.Type
	e.with(inSpec, func() { t = e.configType(c) })
	if t.Kind == check.KindInt {
		e.config[c.Name] = min(max(0, t.Lo), t.Hi)
	}
	if d := c.Config.Default; d != nil {
		var x *model.Expr
		ok := false
		e.with(inSpec, func() { x, _, ok = e.constant(d) })
		if ok {
			if t.Kind == check.KindInt && (int64(x.Val) < t.Lo || int64(x.Val) > t.Hi) {
				e.errorf("out-of-range", d.Span(), "%d does not fit into %s", x.Val, t)
			}
			e.config[c.Name] = int64(x.Val)
		}
	}
}

// consts evaluates constants of the spec in a configuration.
func (s *Spec) consts(config map[string]int64) *elab {
	e := newElab(s.prog, config, BuildOptions{}, &source.List{Files: s.Files})
	e.setting = inConfiguration
	if len(config) == 0 {
		e.setting = inSpec
	}
	return e
}

// Configs lists the config parameters in declaration order, those of imported files first.
func (s *Spec) Configs() []ConfigParam {
	e := s.consts(map[string]int64{})
	swept := map[string]bool{}
	for _, sw := range s.prog.Sweeps {
		for _, it := range sw.Items {
			swept[it.Name.Name] = true
		}
	}
	var out []ConfigParam
	for _, c := range s.prog.Configs {
		t := e.irType(e.configType(c))
		p := ConfigParam{Name: c.Name, TypeName: t.Name, Swept: swept[c.Name]}
		if t.Hi-t.Lo < maxEnumerated {
			for v := t.Lo; v <= t.Hi; v++ {
				p.Values = append(p.Values, model.FormatValue(t, v))
			}
		}
		if d := c.Config.Default; d != nil {
			if x, _, ok := e.constant(d); ok {
				p.Default, p.HasDefault = model.FormatValue(t, x.Val), true
			}
		}
		out = append(out, p)
	}
	return out
}

// Value is the value, in a configuration, of a config parameter or a constant of the spec. ok is false if there is none of this name.
func (s *Spec) Value(c Configuration, name string) (value string, ok bool) {
	for _, v := range c.Config {
		if v.Name == name {
			return v.Value, true
		}
	}
	sym := s.prog.Names[name]
	if sym == nil || sym.Kind != check.ConstObject && sym.Kind != check.FeatureObject {
		return "", false
	}
	values, err := s.values(c)
	if err != nil {
		return "", false
	}
	e := s.consts(values)
	if sym.Kind == check.FeatureObject {
		v := e.featureValue(sym)
		if v.bad() {
			return "", false
		}
		return model.FormatValue(v.x.Type, v.x.Val), true
	}
	x, _, ok := e.constant(sym.Const.Value)
	if !ok {
		return "", false
	}
	return model.FormatValue(x.Type, x.Val), true
}

// Checks reports whether the spec observes a property, and whether it asks about it.
func (s *Spec) Checks(property string) (known, asked bool) {
	for _, q := range s.prog.Props {
		known = known || q.Name == property
	}
	asked = known && len(s.prog.Checks) == 0 || property == "no_fault" || property == "assertion"
	for _, c := range s.prog.Checks {
		for _, id := range c.Props {
			asked = asked || id.Name == property
		}
	}
	return known, asked
}

// SuggestConstant is a hint for a misspelt config parameter or constant, or "".
func (s *Spec) SuggestConstant(name string) string {
	if h := s.prog.Suggest(name, check.ConfigObject, check.FeatureObject); h != "" {
		return h
	}
	return s.prog.Suggest(name, check.ConstObject)
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

// Build elaborates one configuration. Errors in the spec that only show with these values are a *[source.List].
func (s *Spec) Build(c Configuration, o BuildOptions) (_ *model.System, err error) {
	defer recoverStopped(&err)
	values, err := s.values(c)
	if err != nil {
		return nil, err
	}
	sys, err := build(s.prog, s.Name, values, c.Config, c.Memory(), o)
	if err != nil {
		return nil, s.withRelease(c, err)
	}
	if c.Expect == nil || !c.Expect.Foreign {
		lookFor(sys, c.Expect)
	}
	return weaken(sys, c.Memory(), o)
}

// values are the numbers behind the values of a configuration.
func (s *Spec) values(c Configuration) (map[string]int64, error) {
	e := s.consts(map[string]int64{})
	values := map[string]int64{}
	for _, v := range c.Config {
		sym := s.prog.Names[v.Name]
		if v.Name == MemoryModel && sym == nil {
			continue
		}
		if sym == nil || !sym.IsParam() {
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
