package check

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// builtins are the predeclared functions, and how they are called.
var builtins = map[string]string{
	"alloc": "alloc(struct S)", "free": "free(p)", "live": "live(p)", "peek": "peek(p->f)", "container_of": "container_of(ref, struct S, field)",
	"READ_ONCE": "READ_ONCE(x)", "WRITE_ONCE": "WRITE_ONCE(x, v)", "smp_load_acquire": "smp_load_acquire(&x)", "smp_store_release": "smp_store_release(&x, v)",
	"lock_acquire": "lock_acquire(&lock)", "lock_tryacquire": "lock_tryacquire(&lock)", "lock_release": "lock_release(&lock)",
	"smp_mb": "smp_mb()", "smp_rmb": "smp_rmb()", "smp_wmb": "smp_wmb()", "smp_mb_cpu": "smp_mb_cpu(cpu)",
}

// arguments is how many arguments a built-in takes; those about locks take one or two.
var arguments = map[string]int{
	"alloc": 1, "free": 1, "live": 1, "peek": 1, "container_of": 3, "READ_ONCE": 1, "WRITE_ONCE": 2, "smp_load_acquire": 1, "smp_store_release": 2, "smp_mb_cpu": 1,
}

// IsBuiltin reports whether a function is predeclared.
func IsBuiltin(name string) bool { return builtins[name] != "" }

// call checks a call.
func (c *checker) call(x *syntax.CallExpr) operand {
	name := x.Fun.Name
	if IsBuiltin(name) {
		return c.builtin(x)
	}
	o := c.Names[name]
	if c.scope.find(name) != nil || o == nil || o.Kind != FuncObject {
		msg, hint := "unknown function "+source.Quote(name), c.Suggest(name, FuncObject)
		if o != nil {
			msg, hint = o.Kind.String()+" "+source.Quote(name)+" is not a function", ""
		}
		c.report("unknown-function", x.Fun.Sp, msg, hint)
		for _, a := range x.Args {
			c.expr(a)
		}
		return badOperand
	}
	if old := c.replaced[c.decl]; old != nil && c.decl.Name.Name == name {
		// An override that calls the function of its own name calls what it replaces.
		o = old
		if !slices.Contains(c.originals, old) {
			c.originals = append(c.originals, old)
		}
	}
	c.Uses[x.Fun] = o
	fn := o.Func
	if len(x.Args) != len(fn.Params) {
		c.report("argument-count", x.Sp, fmt.Sprintf("%s takes %s, not %d", name, counted(len(fn.Params)), len(x.Args)), "it is "+fn.Signature(), source.Related{Span: fn.Name.Sp, Msg: "declared here"})
		return badOperand
	}
	if c.where != inCode {
		c.report("call-in-condition", x.Sp, "functions cannot be called here", "write the expression out")
		return badOperand
	}
	result, bad := c.typeOf(fn.Result), false
	for i, a := range x.Args {
		arg := c.expr(a)
		switch {
		case arg.bad() || !c.fits(c.typeOf(fn.Params[i].Type), arg.t, a):
			bad = true
		case arg.mode != anAddress: // the address of a place is passed on as it is
			bad = c.load(arg, a).Kind == KindBad || bad
		}
	}
	switch {
	case result.Kind == KindVoid:
		return operand{t: Void}
	case bad:
		return badOperand
	}
	return valueOf(result)
}

func counted(arguments int) string {
	if arguments == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", arguments)
}

// builtin checks a call of a predeclared function.
func (c *checker) builtin(x *syntax.CallExpr) operand {
	name := x.Fun.Name
	lock := strings.HasPrefix(name, "lock_")
	usage := "write " + builtins[name]
	switch want := arguments[name]; {
	case lock && (len(x.Args) < 1 || len(x.Args) > 2):
		c.report("argument-count", x.Sp, fmt.Sprintf("%s takes a lock and perhaps a subclass, not %d arguments", name, len(x.Args)), usage)
		return badOperand
	case !lock && len(x.Args) != want:
		c.report("argument-count", x.Sp, fmt.Sprintf("%s takes %s, not %d", name, counted(want), len(x.Args)), usage)
		return badOperand
	}
	pure := name == "live" || name == "peek" || name == "container_of"
	observes := c.where == inPredicate || c.where == inStep
	if c.where != inCode && !(observes && pure) {
		hint := ConstantsAre
		if observes {
			hint = "invariants, covers and liveness properties observe a state; of the built-in functions they may call live(), peek() and container_of()"
		}
		c.report("not-constant", x.Sp, name+" cannot be used here", hint)
		return badOperand
	}
	switch name {
	case "smp_mb", "smp_rmb", "smp_wmb":
		return operand{t: Void}
	case "smp_mb_cpu":
		return c.fenceCPU(x)
	case "alloc":
		return c.allocate(x)
	case "free", "live":
		return c.lifetime(x)
	case "container_of":
		return c.containerOf(x)
	case "peek":
		o := c.expr(x.Args[0])
		if !o.bad() && o.mode != aPlace {
			c.errorf("not-a-place", x.Args[0].Span(), "peek needs a variable")
			return badOperand
		}
		return o
	case "READ_ONCE", "WRITE_ONCE":
		return c.marked(x, c.expr(x.Args[0]))
	}
	if lock && len(x.Args) == 2 && !c.bound(x.Args[1]) {
		return badOperand
	}
	o := c.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if o.t.Kind != KindRef && !(lock && o.t.Kind == KindHandle) {
		what := "a variable"
		if lock {
			what = "a lock"
		}
		c.report("type-mismatch", x.Args[0].Span(), name+" takes the address of "+what+", not "+o.t.String(), usage)
		return badOperand
	}
	if lock {
		return operand{t: Void}
	}
	return c.marked(x, c.follow(o, x.Args[0]))
}

func (c *checker) fenceCPU(x *syntax.CallExpr) operand {
	t := c.value(x.Args[0])
	if t.Kind != KindInt && t.Kind != KindBad {
		c.mismatch(x.Args[0].Span(), Int, t)
		return badOperand
	}
	return operand{t: Void}
}

// marked is an access with a mark: a read of o, or with two arguments a write.
func (c *checker) marked(x *syntax.CallExpr, o operand) operand {
	if o.bad() {
		return badOperand
	}
	if o.mode != aPlace || !o.t.Scalar() {
		c.errorf("not-a-place", x.Args[0].Span(), "%s needs a variable", x.Fun.Name)
		return badOperand
	}
	if len(x.Args) == 1 {
		return o
	}
	t := c.value(x.Args[1])
	if t.Kind == KindBad || !c.fits(o.t, t, x.Args[1]) {
		return badOperand
	}
	return operand{t: Void}
}

func (c *checker) allocate(x *syntax.CallExpr) operand {
	ta, ok := x.Args[0].(*syntax.TypeArg)
	if !ok {
		c.report("type-mismatch", x.Args[0].Span(), "alloc takes a type", "write alloc(struct S)")
		return badOperand
	}
	t := c.typeOf(ta.Type)
	if t.Kind == KindBad {
		return badOperand
	}
	if t.Kind != KindStruct || !t.Struct.Lives {
		c.report("no-lifetime", ta.Sp, t.String()+" has no lifetime, so it cannot be allocated", "give the struct @use(property)")
		return badOperand
	}
	t.Struct.Allocated = true
	return valueOf(&Type{Kind: KindHandle, Struct: t.Struct})
}

func (c *checker) lifetime(x *syntax.CallExpr) operand {
	t := c.value(x.Args[0])
	switch {
	case t.Kind == KindBad:
		return badOperand
	case t.Kind == KindRef && x.Fun.Name == "free":
		return operand{t: Void} // of the object around it
	case t.Kind != KindHandle:
		c.report("type-mismatch", x.Args[0].Span(), x.Fun.Name+" takes a pointer to a struct, not "+t.String(), "")
		return badOperand
	case !t.Struct.Lives:
		c.report("no-lifetime", x.Args[0].Span(), "struct "+t.Struct.Name+" has no lifetime", "give it @use(property)")
		return badOperand
	case x.Fun.Name == "free":
		return operand{t: Void}
	}
	return valueOf(Bool)
}

func (c *checker) containerOf(x *syntax.CallExpr) operand {
	ta, ok := x.Args[1].(*syntax.TypeArg)
	field, ok2 := x.Args[2].(*syntax.Ident)
	if !ok || !ok2 {
		c.report("type-mismatch", x.Sp, "container_of takes a reference, a struct type and a field", "write container_of(p, struct S, field)")
		return badOperand
	}
	t := c.typeOf(ta.Type)
	if t.Kind == KindBad {
		return badOperand
	}
	if t.Kind != KindStruct {
		c.errorf("type-mismatch", ta.Sp, "%s is not a struct", t)
		return badOperand
	}
	if c.field(t.Struct, field) == nil {
		return badOperand
	}
	o := c.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if o.t.Kind != KindRef {
		c.errorf("type-mismatch", x.Args[0].Span(), "container_of takes a reference to a scalar, not %s", o.t)
		return badOperand
	}
	if c.load(o, x.Args[0]).Kind == KindBad {
		return badOperand
	}
	return valueOf(&Type{Kind: KindHandle, Struct: t.Struct})
}

// recursion reports functions that can call themselves, whether or not any process reaches them.
func (c *checker) recursion() {
	calls := map[string][]*syntax.CallExpr{}
	// What a replaced function calls, if its override calls that, counts as the override's: it is inlined there.
	for _, o := range slices.Concat(c.sorted(), c.originals) {
		if o.Kind == FuncObject {
			syntax.Walk(o.Func, func(n syntax.Node) bool {
				if x, ok := n.(*syntax.CallExpr); ok {
					if t := c.Names[x.Fun.Name]; t != nil && t.Kind == FuncObject && !slices.Contains(c.originals, c.Uses[x.Fun]) {
						calls[o.Name] = append(calls[o.Name], x)
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
		for _, x := range calls[name] {
			switch state[x.Fun.Name] {
			case 0:
				path = append(path, x)
				visit(x.Fun.Name)
				path = path[:len(path)-1]
			case 1:
				var through []source.Related
				for i := len(path) - 1; i >= 0; i-- {
					through = append(through, source.Related{Span: path[i].Sp, Msg: "through the call of " + path[i].Fun.Name})
					if path[i].Fun.Name == x.Fun.Name {
						break
					}
				}
				c.report("recursion", x.Sp, "function "+source.Quote(x.Fun.Name)+" calls itself", "functions are inlined; use a loop", through...)
			}
		}
		state[name] = 2
	}
	for _, o := range c.sorted() {
		if o.Kind == FuncObject && state[o.Name] == 0 {
			visit(o.Name)
		}
	}
}
