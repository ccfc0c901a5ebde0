package check

import (
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// function is the function or process whose body is looked at.
type function struct {
	result   *Type
	assigned map[string]bool
	labels   map[string]*Object
	gotos    []*syntax.Ident
	breaks   int // loops and switches around
	loops    int
}

// body checks the body of a function or process in the scope of its parameters.
func (c *checker) body(n syntax.Node, b *syntax.Block, result *Type) {
	c.fn = &function{result: result, assigned: Assigned(n), labels: map[string]*Object{}}
	c.block(b)
	for _, id := range c.fn.gotos {
		o := c.fn.labels[id.Name]
		if o == nil {
			var names []string
			for name := range c.fn.labels {
				names = append(names, name)
			}
			c.report("unknown-name", id.Sp, "no label "+source.Quote(id.Name)+" in this function", source.DidYouMean(id.Name, names))
			continue
		}
		c.Uses[id] = o
	}
	c.fn = nil
}

// function checks a function, whatever calls it.
func (c *checker) function(d *syntax.FuncDecl) {
	c.decl = d
	defer func() { c.decl = nil }()
	c.elsewhere(inCode, &scope{names: map[string]*Object{}}, func() {
		result := c.typeOf(d.Result)
		if !result.Scalar() && result.Kind != KindVoid {
			c.errorf("bad-type", d.Result.Sp, "a function cannot return %s", result)
		}
		for _, p := range d.Params {
			t := c.typeOf(p.Type)
			if !t.Scalar() {
				c.report("bad-type", p.Type.Sp, "a parameter cannot be "+t.String(), "pass a pointer")
				t = Bad
			}
			if old := c.scope.names[p.Name.Name]; old != nil {
				c.report("duplicate-name", p.Name.Sp, "two parameters are called "+source.Quote(p.Name.Name), "", source.Related{Span: old.At, Msg: "the other one"})
			}
			c.param(p, t, false)
		}
		if result.Kind != KindVoid && result.Kind != KindBad && !alwaysReturns(d.Body) {
			c.errorf("missing-return", source.At(d.Name.Sp.Start), "%s can end without returning a value", d.Name.Name)
		}
		c.body(d, d.Body, result)
	})
}

// param declares a parameter; fixed is one that is a number known beforehand.
func (c *checker) param(p *syntax.Param, t *Type, fixed bool) {
	o := &Object{Kind: ParamObject, Name: p.Name.Name, At: p.Name.Sp, Param: p, typ: t, fixed: fixed}
	c.Defs[p.Name] = o
	c.scope.names[o.Name] = o
}

// process checks a process.
func (c *checker) process(d *syntax.ProcDecl) {
	c.integer(d.Count)
	s := &scope{names: map[string]*Object{}}
	c.elsewhere(inBinding, s, func() {
		if d.Param != nil {
			t := c.typeOf(d.Param.Type)
			if t.Kind != KindInt && t.Kind != KindBad {
				c.errorf("type-mismatch", d.Param.Sp, "the parameter of a process is its number, an integer")
			}
			c.param(d.Param, t, true)
		}
		if d.CPU != nil {
			if t := c.value(d.CPU); t.Kind != KindInt && t.Kind != KindBad {
				c.mismatch(d.CPU.Span(), Int, t)
			}
		}
		if d.MM != nil {
			c.mmOf(d)
		}
	})
	c.elsewhere(inCode, s, func() { c.body(d, d.Body, Void) })
}

// mmOf checks what a process is in. All are in objects of one struct, so that this_mm has one type in functions.
func (c *checker) mmOf(d *syntax.ProcDecl) {
	o := c.expr(d.MM)
	if o.mode == aPlace && o.t.Kind == KindStruct && o.whole {
		o = valueOf(&Type{Kind: KindHandle, Struct: o.t.Struct})
	}
	switch {
	case o.bad():
	case o.mode != aValue || o.t.Kind != KindHandle:
		c.report("not-constant", d.MM.Span(), "`in` needs a constant object, such as an mm", "declare it as a global struct variable")
	case c.mm.Kind == KindBad:
		c.mm = o.t
	case c.mm.Struct != o.t.Struct:
		c.report("bad-type", d.MM.Span(), "this process is in a struct "+o.t.Struct.Name+", and another one in a struct "+c.mm.Struct.Name, "this_mm has one type for all functions")
	}
}

func (c *checker) block(b *syntax.Block) {
	c.within(func() { c.stmts(b.Stmts) })
}

func (c *checker) stmts(list []syntax.Stmt) {
	for _, s := range list {
		c.stmt(s)
	}
}

func (c *checker) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Block:
		c.block(s)
	case *syntax.DeclStmt:
		c.declare(s.Decl)
	case *syntax.AssignStmt:
		c.assign(s)
	case *syntax.CallStmt:
		if x, ok := s.Call.(*syntax.CallExpr); ok { // anything else is an error of syntax
			c.Types[x] = c.call(x).t
		}
	case *syntax.IfStmt:
		c.condition(s.Cond)
		c.within(func() { c.stmt(s.Then) })
		if s.Else != nil {
			c.within(func() { c.stmt(s.Else) })
		}
	case *syntax.WhileStmt:
		c.condition(s.Cond)
		c.loop(s.Body)
	case *syntax.DoStmt:
		c.loop(s.Body)
		c.condition(s.Cond)
	case *syntax.ForStmt:
		c.forStmt(s)
	case *syntax.SwitchStmt:
		c.switchStmt(s)
	case *syntax.BreakStmt:
		if c.fn.breaks == 0 {
			c.errorf("stray-jump", s.Sp, "break outside a loop or switch")
		}
	case *syntax.ContinueStmt:
		if c.fn.loops == 0 {
			c.errorf("stray-jump", s.Sp, "continue outside a loop")
		}
	case *syntax.GotoStmt:
		c.fn.gotos = append(c.fn.gotos, s.Label)
	case *syntax.LabeledStmt:
		c.label(s)
	case *syntax.ReturnStmt:
		c.returnStmt(s)
	case *syntax.AtomicStmt:
		c.block(s.Body)
	case *syntax.AwaitStmt:
		c.await(s.Cond)
	case *syntax.ChooseStmt:
		c.choose(s)
	case *syntax.AssertStmt:
		c.condition(s.Cond)
	case *syntax.StaticAssertStmt:
		c.staticAssert(s.Decl)
	}
}

func (c *checker) staticAssert(d *syntax.StaticAssertDecl) { c.bound(d.Cond) }

func (c *checker) loop(body syntax.Stmt) {
	c.fn.breaks++
	c.fn.loops++
	c.within(func() { c.stmt(body) })
	c.fn.loops--
	c.fn.breaks--
}

func (c *checker) forStmt(s *syntax.ForStmt) {
	c.within(func() {
		if s.Init != nil {
			c.stmt(s.Init)
		}
		if s.Cond != nil {
			c.condition(s.Cond)
		}
		c.loop(s.Body)
		if s.Post != nil {
			c.stmt(s.Post)
		}
	})
}

func (c *checker) label(s *syntax.LabeledStmt) {
	name := s.Label.Name
	if old := c.fn.labels[name]; old != nil {
		c.report("duplicate-name", s.Label.Sp, "label "+source.Quote(name)+" is declared twice", "", source.Related{Span: old.At, Msg: "the other one"})
	}
	o := &Object{Kind: LabelObject, Name: name, At: s.Label.Sp, Label: s}
	c.Defs[s.Label], c.fn.labels[name] = o, o
	c.stmt(s.Stmt)
}

// bind enters a local name.
func (c *checker) bind(o *Object, id *syntax.Ident) {
	o.Kind, o.Name, o.At = LocalObject, id.Name, id.Sp
	if old := c.scope.names[id.Name]; old != nil {
		c.report("duplicate-name", id.Sp, source.Quote(id.Name)+" is declared twice in this block", "", source.Related{Span: old.At, Msg: "the other one"})
	}
	c.Defs[id] = o
	c.scope.names[id.Name] = o
}

func (c *checker) declare(d *syntax.VarDecl) {
	base := c.typeOf(d.Type)
	if d.Pool {
		c.errorf("bad-type", d.Sp, "pool objects are global")
	}
	for _, n := range d.Names {
		t := c.arrayOf(base, n.Dims)
		if t.Kind == KindVoid {
			c.errorf("bad-type", n.Sp, "a variable cannot be void")
			t = Bad
		}
		o := &Object{Var: d, Declr: n, typ: t}
		if list, ok := n.Init.(*syntax.InitList); ok {
			c.bind(o, n.Name)
			c.initialiser(list, t)
			continue
		}
		if n.Init != nil {
			x := c.expr(n.Init)
			switch {
			case x.bad() || !c.fits(t, x.t, n.Init):
				o.typ = Bad
			case !c.fn.assigned[n.Name.Name] && t.Pointer() && x.mode == anAddress:
				o.alias, o.local = true, x.local
			case c.load(x, n.Init).Kind == KindBad:
				o.typ = Bad
			}
		}
		c.bind(o, n.Name)
	}
}

// initialiser checks the initialiser of a variable of the type, all values of which are constants.
func (c *checker) initialiser(init syntax.Expr, t *Type) {
	list, isList := init.(*syntax.InitList)
	switch {
	case t.Kind == KindBad:
	case isList && t.Kind == KindStruct:
		c.initFields(list, t.Struct)
	case isList && t.Kind == KindArray:
		for _, it := range list.Items {
			if it.Index != nil {
				if !c.bound(it.Index) {
					continue
				}
			} else if it.Field != nil {
				c.errorf("bad-initialiser", it.Sp, "a field name initialises a struct, and this is an array")
				continue
			}
			c.initialiser(it.Value, t.Elem)
		}
	case isList:
		c.errorf("bad-initialiser", init.Span(), "braces initialise arrays and structs, and this is %s", t)
	case t.Kind == KindArray:
		c.initialiser(init, t.Elem)
	case t.Kind == KindStruct:
		c.report("bad-initialiser", init.Span(), "a struct is initialised field by field", "as in { .field = value }")
	default:
		vt := c.constant(init)
		if vt.Kind == KindBad {
			return
		}
		if !c.fits(t, vt, init) {
			c.Types[init] = Bad
			return
		}
		if c.where == inCode {
			c.Constants = append(c.Constants, init)
		}
	}
}

func (c *checker) initFields(list *syntax.InitList, s *Struct) {
	next := 0
	for _, it := range list.Items {
		i := next
		if it.Field != nil {
			if c.field(s, it.Field) == nil {
				continue
			}
			i = s.Index[it.Field.Name]
		} else if it.Index != nil {
			c.errorf("bad-initialiser", it.Sp, "an index initialises an array element, and this is a struct")
			continue
		}
		if i >= len(s.Fields) {
			c.errorf("bad-initialiser", it.Sp, "struct %s has only %d fields", s.Name, len(s.Fields))
			continue
		}
		next = i + 1
		c.initialiser(it.Value, c.typeOfObject(s.Fields[i].obj))
	}
}

func (c *checker) assign(s *syntax.AssignStmt) {
	t := Int
	if s.Y != nil {
		t = c.value(s.Y)
	}
	o := c.expr(s.X)
	switch {
	case o.bad() || t.Kind == KindBad:
	case o.mode != aPlace:
		hint := ""
		if o.mode == anAddress {
			hint = "this pointer stands for one place for its whole life"
		}
		c.report("not-a-place", s.X.Span(), "this cannot be assigned to", hint)
	case !o.t.Scalar():
		c.report("bad-type", s.X.Span(), o.t.String()+" cannot be assigned as a whole", "assign its parts")
	case s.Op == syntax.ASSIGN:
		c.fits(o.t, t, s.Y)
	case o.t.Kind != KindInt && o.t.Kind != KindBool, t.Kind != KindInt && t.Kind != KindBool:
		c.errorf("type-mismatch", s.Sp, "operator %s does not take %s and %s", s.Op, o.t, t)
	}
}

func (c *checker) returnStmt(s *syntax.ReturnStmt) {
	result := c.fn.result
	switch {
	case s.X == nil && result.Kind != KindVoid && result.Kind != KindBad:
		c.errorf("bad-return", s.Sp, "return needs a value of type %s", result)
	case s.X != nil && result.Kind == KindVoid:
		c.errorf("bad-return", s.X.Span(), "nothing is returned here")
	case s.X != nil:
		if t := c.value(s.X); t.Kind != KindBad {
			c.fits(result, t, s.X)
		}
	}
}

func (c *checker) await(cond syntax.Expr) {
	if HasCall(cond) {
		c.report("call-in-condition", cond.Span(), "an await condition is tested in one step and cannot call functions", "write the condition out, or call the function before, inside atomic")
		return
	}
	c.condition(cond)
}

func (c *checker) choose(s *syntax.ChooseStmt) {
	if len(s.Cases) == 0 {
		// Without transitions the location would pass for the end of the process.
		c.report("empty-choose", s.Sp, "there is nothing to choose from", "write await (false); to wait for ever")
		return
	}
	complete := true
	for _, k := range s.Cases {
		complete = complete && (k.Default || k.Cond != nil)
	}
	for _, k := range s.Cases {
		c.within(func() {
			switch {
			case k.Default && !complete:
				c.report("bad-default", k.Sp, "default needs a condition on every other case", "write the other cases as `case cond:`")
			case k.Cond != nil:
				c.await(k.Cond)
			}
			c.stmts(k.Body)
		})
	}
}

func (c *checker) switchStmt(s *syntax.SwitchStmt) {
	t := c.value(s.Tag)
	if t.Kind == KindBad {
		return
	}
	if !t.number() {
		c.errorf("type-mismatch", s.Tag.Span(), "switch needs an integer or enum, not %s", t)
		return
	}
	for _, k := range s.Cases {
		for _, v := range k.Values {
			vt := c.constant(v)
			switch {
			case vt.Kind == KindBad:
			case !comparableTypes(t, vt):
				c.mismatch(v.Span(), t, vt)
			default:
				c.Constants = append(c.Constants, v)
			}
		}
	}
	c.fn.breaks++
	for _, k := range s.Cases {
		c.within(func() { c.stmts(k.Body) })
	}
	c.fn.breaks--
}
