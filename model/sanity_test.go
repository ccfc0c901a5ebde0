package model_test

import (
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// moreTypes has what [everyType] has not: a call, and a container_of that is not folded.
const moreTypes = "void f(void) { y = 2; } process r { f(); r = &A.val; root = container_of(r, struct obj, val); }"

// damage is one thing that is wrong with a system, and what Sanity has to say of it.
type damage struct {
	name string
	do   func(s *model.System)
	want string
}

var damages = []damage{
	{"no built-in properties", func(s *model.System) { s.Props = s.Props[:2] }, "the built-in properties are missing"},

	{"a variable with the ID of another", func(s *model.System) { s.Vars[1].ID = 0 }, "variable 1 (obj.val): its ID is 0"},
	{"a variable without a type", func(s *model.System) { named(s, "x").Type = nil }, "(x): length 1, stride 1 and 1 initial values do not fit"},
	{"a variable of negative length", func(s *model.System) { named(s, "x").Len = -1 }, "(x): length -1, stride 1 and 1 initial values do not fit"},
	{"a variable without a stride", func(s *model.System) { named(s, "x").Stride = 0 }, "(x): length 1, stride 0 and 1 initial values do not fit"},
	{"an initial value too few", func(s *model.System) { named(s, "a").Init = []int32{0} }, "(a): length 2, stride 2 and 1 initial values do not fit"},
	{"a stride outside pools", func(s *model.System) { named(s, "a").Stride = 1 }, "(a): stride 1 of a variable outside pools is not its length 2"},
	{"cells of an object that does not exist", func(s *model.System) { s.Pools[0].Objects = s.Pools[0].Objects[:1] }, "(obj.val): 2 cells are not 1 for each object"},
	{"an initial value below the range", func(s *model.System) { named(s, "x").Init[0] = -1 }, "(x): initial value -1 is outside 0..3"},
	{"an initial value above the range", func(s *model.System) { named(s, "a").Init[1] = 4 }, "(a): initial value 4 is outside 0..3"},
	{"a local of no process", func(s *model.System) { named(s, "p.i").Proc = 9 }, "(p.i): its process 9 does not exist"},
	{"a local of a negative process", func(s *model.System) { named(s, "p.i").Proc = -7 }, "(p.i): its process -7 does not exist"},
	{"a field of no pool", func(s *model.System) { named(s, "obj.val").Pool = 5 }, "(obj.val): its pool 5 does not exist"},
	{"a field of a negative pool", func(s *model.System) { named(s, "obj.val").Pool = -3 }, "(obj.val): its pool -3 does not exist"},

	{"a pool with the ID of another", func(s *model.System) { s.Pools[0].ID = 1 }, "pool 0 (obj): its ID is 1"},
	{"lifetime of another length", func(s *model.System) { s.Pools[0].Live = named(s, "x").ID }, "pool 0 (obj): its lifetime variable does not fit its objects"},
	{"lifetime in no variable", func(s *model.System) { s.Pools[0].Live = 999 }, "pool 0 (obj): its lifetime variable does not fit its objects"},
	{"a field outside its pool", func(s *model.System) { s.Pools[0].Fields[0] = named(s, "x").ID }, "belongs elsewhere"},
	{"a field that does not exist", func(s *model.System) { s.Pools[0].Fields[0] = 999 }, "pool 0 (obj): field 999 belongs elsewhere"},

	{"a reference to no variable", func(s *model.System) { filled(s).Cells[0].Var = 999 }, "cell {999 0} does not exist or is local"},
	{"a reference past an array", func(s *model.System) { filled(s).Cells[0].Idx = 99 }, "does not exist or is local"},
	{"a reference before an array", func(s *model.System) { filled(s).Cells[0].Idx = -1 }, "does not exist or is local"},
	{"a reference to a local", func(s *model.System) { filled(s).Cells[0] = model.Cell{Var: named(s, "p.i").ID} }, "does not exist or is local"},

	{"a property with the ID of another", func(s *model.System) { s.Props[2].ID = 1 }, "property 2 (assertion): its ID is 1"},
	{"an invariant without a predicate", func(s *model.System) { prop(s, "small").X = nil }, "(small): exactly invariants have a predicate"},
	{"a predicate of another property", func(s *model.System) { prop(s, "no_use").X = model.NewConst(1, model.BoolType) }, "(no_use): exactly invariants have a predicate"},
	{"cases of an invariant", func(s *model.System) { prop(s, "small").Cases = prop(s, "never").Cases }, "(small): only liveness properties have cases"},
	{"a case that owes nothing", func(s *model.System) { prop(s, "served").Cases[1].Q = nil }, `(served): case "1" owes nothing`},
	{"an invariant that uses what it reads", func(s *model.System) { prop(s, "small").X = fieldOf(s) }, "(small): a predicate looks whether an object lives that it reads"},
	{"a case that uses what it reads", func(s *model.System) { prop(s, "served").Cases[0].P = fieldOf(s) }, "(served): a predicate looks whether an object lives that it reads"},
	{"a debt that uses what it reads", func(s *model.System) { prop(s, "never").Cases[0].Q = fieldOf(s) }, "(never): a predicate looks whether an object lives that it reads"},
	{"a cover that uses what it reads", func(s *model.System) { s.Covers[0].X = fieldOf(s) }, "cover 0 (two): a predicate looks whether an object lives that it reads"},
	{"an invariant that reads a local", func(s *model.System) { prop(s, "small").X = load(named(s, "p.i")) }, "(small): a place in p.i, a local of another process"},

	{"a cover with the ID of another", func(s *model.System) { s.Covers[0].ID = 1 }, "cover 0 (two): its ID is 1"},
	{"a call with the ID of another", func(s *model.System) { s.Frames[1].ID = 0 }, "does not come before it"},
	{"a call from itself", func(s *model.System) { s.Frames[1].Parent = 1 }, "its parent 1 does not come before it"},

	{"a process with the ID of another", func(s *model.System) { s.Processes[1].ID = 0 }, "process 1 (q): its ID is 0"},
	{"a local of another process", func(s *model.System) { s.Processes[1].Locals = s.Processes[0].Locals }, "process 1 (q): local"},
	{"a local that does not exist", func(s *model.System) { s.Processes[0].Locals[0] = 999 }, "process 0 (p): local 999 belongs elsewhere"},
	{"a location with the ID of another", func(s *model.System) { s.Processes[0].Locations[1].ID = 0 }, "process p, location 1: its ID is 0"},
	{"somebody else's variable lives", func(s *model.System) { s.Processes[1].Locations[0].Live = s.Processes[0].Locals[:1] }, "that lives here belongs elsewhere"},
	{"a transition from elsewhere", func(s *model.System) { s.Processes[0].Locations[1].Trans = []int{0} }, "process p, location 1: transition 0 does not begin here"},
	{"a transition that does not exist", func(s *model.System) { s.Processes[0].Locations[0].Trans = []int{99} }, "process p, location 0: transition 99 does not begin here"},
	{"a transition with the ID of another", func(s *model.System) { s.Processes[0].Trans[1].ID = 0 }, "its identity is wrong: id 0, process 0"},
	{"a transition of another process", func(s *model.System) { s.Processes[0].Trans[1].Proc = 1 }, "its identity is wrong: id 1, process 1"},
	{"a transition from nowhere", func(s *model.System) { s.Processes[0].Trans[1].From = 99 }, "from 99"},

	{"no code to start with", func(s *model.System) { s.Processes[0].Start = nil }, "process 0 (p): it has no code"},
	{"a transition without code", func(s *model.System) { s.Processes[0].Trans[0].Code = []model.Op{} }, "process p, transition 0"},
	{"an operation of no kind", func(s *model.System) { op(s, model.OpNop).Kind = 77 }, "is of kind 77, which does not exist"},
	{"a store to nowhere", func(s *model.System) { op(s, model.OpAssign).Dst = nil }, "stores nowhere"},
	{"an object to nowhere", func(s *model.System) { op(s, model.OpAlloc).Dst = nil }, "stores nowhere"},
	{"a store of nothing", func(s *model.System) { op(s, model.OpAssign).X = nil }, "stores nothing"},
	{"a branch past the end", func(s *model.System) { op(s, model.OpBranch).Then = 99 }, "branches outside the code"},
	{"a branch before the start", func(s *model.System) { op(s, model.OpBranch).Else = -1 }, "branches outside the code"},
	{"a branch on nothing", func(s *model.System) { op(s, model.OpBranch).X = nil }, "branches outside the code"},
	{"a jump past the end", func(s *model.System) { *op(s, model.OpGoto) = model.Op{Kind: model.OpJump, Then: 99} }, "jumps outside the code"},
	{"a step to nowhere", func(s *model.System) { op(s, model.OpGoto).Loc = 99 }, "goes to location 99, which does not exist"},
	{"a step of a failed process", func(s *model.System) { op(s, model.OpGoto).Loc = model.Parked }, "goes to location -2, which does not exist"},
	{"an assertion of nothing", func(s *model.System) { op(s, model.OpAssert).Prop = 99 }, "asserts property 99, which does not exist"},
	{"an assertion of NoProp", func(s *model.System) { op(s, model.OpAssert).Prop = model.NoProp }, "asserts property -1, which does not exist"},
	{"a mark for nothing", func(s *model.System) { op(s, model.OpCover).Cover = 99 }, "marks cover 99, which does not exist"},
	{"a fence of no kind", func(s *model.System) { op(s, model.OpFence).Fence = model.FenceNone }, "is of kind 10 and a fence of kind 0"},
	{"a fence of an unknown kind", func(s *model.System) { op(s, model.OpFence).Fence = 9 }, "is of kind 10 and a fence of kind 9"},
	{"a store that is a fence", func(s *model.System) { op(s, model.OpAssign).Fence = model.FenceFull }, "is of kind 0 and a fence of kind 1"},
	{"an object of no pool", func(s *model.System) { op(s, model.OpAlloc).Pool = 9 }, "allocates from a pool without lifetimes"},
	{"an object that lives for ever is freed", func(s *model.System) { s.Pools[0].Live = model.NoVar }, "allocates from a pool without lifetimes"},
	{"code without an end", func(s *model.System) { c := &s.Processes[1].Trans[0].Code; *c = (*c)[:len(*c)-1] }, "the code runs past its end"},

	{"a load from nowhere", func(s *model.System) { expr(s, model.Load).Place = nil }, "a load from nowhere"},
	{"the address of nowhere", func(s *model.System) { expr(s, model.AddrOf).Place = nil }, "a load from nowhere"},
	{"an address in no domain", func(s *model.System) { expr(s, model.AddrOf).Domain = 99 }, "a reference into no domain"},
	{"a place behind a reference into no domain", func(s *model.System) { placed(s).Domain = -1 }, "a reference into no domain"},
	{"container_of in no domain", func(s *model.System) { expr(s, model.Container).Domain = 99 }, "a container table that does not fit its domain"},
	{"container_of with a table too short", func(s *model.System) { x := expr(s, model.Container); x.Table = x.Table[1:] }, "a container table that does not fit its domain"},
	{"container_of of nothing", func(s *model.System) { expr(s, model.Container).X = nil }, "an operator without its operand"},
	{"lifetime in no pool", func(s *model.System) { expr(s, model.IsLive).Pool = -1 }, "lifetime in no pool"},
	{"lifetime of nothing", func(s *model.System) { expr(s, model.IsLive).X = nil }, "an operator without its operand"},
	{"a condition with one side", func(s *model.System) { expr(s, model.Cond).Z = nil }, "an operator without its operands"},
	{"a comparison with one side", func(s *model.System) { expr(s, model.Eq).Y = nil }, "an operator without its operands"},
	{"the complement of nothing", func(s *model.System) { expr(s, model.Neg).X = nil }, "an operator without its operand"},
	{"an operator that does not exist", func(s *model.System) { expr(s, model.Eq).Op = 99 }, "operator 99, which does not exist"},
	{"a choice that is stored", func(s *model.System) { op(s, model.OpAssign).X = &model.Expr{Op: model.Any, Type: model.BoolType} }, "a choice that is not the condition of a branch"},
	{"a choice in a condition", func(s *model.System) {
		b := op(s, model.OpBranch)
		b.X = &model.Expr{Op: model.Not, Type: model.BoolType, X: &model.Expr{Op: model.Any, Type: model.BoolType}}
	}, "a choice that is not the condition of a branch"},
	{"an expression without a type", func(s *model.System) { expr(s, model.Eq).Type = nil }, "an expression without a type"},
	{"a load from no variable", func(s *model.System) { expr(s, model.Load).Place.Var = 999 }, "a place in variable 999, which does not exist"},
	{"a store to no variable", func(s *model.System) { op(s, model.OpAssign).Dst.Var = -1 }, "a place in variable -1, which does not exist"},
	{"a store to somebody else's local", func(s *model.System) { s.Processes[1].Trans[0].Code[0].Dst.Var = named(s, "p.i").ID }, "process q, transition 0 (WRITE_ONCE(x, 1)): a place in p.i, a local of another process"},
	{"a field of no object", func(s *model.System) { object(s).Obj = nil }, "a place in obj.val with the wrong addressing"},
	{"an object of a plain variable", func(s *model.System) { object(s).Var = named(s, "x").ID }, "a place in x with the wrong addressing"},
}

// TestSanityFails damages a system in each way there is and demands that Sanity says what is wrong, and nothing of the system as it was.
func TestSanityFails(t *testing.T) {
	sys, err := build(t, everyType+moreTypes, elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if errs := sys.Sanity(); errs != nil {
		t.Fatalf("before any damage: %v", errs)
	}
	var said strings.Builder
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			s := clone(reflect.ValueOf(sys)).Interface().(*model.System)
			d.do(s)
			err := errors.Join(s.Sanity()...)
			if err == nil {
				t.Fatalf("nothing is said; want %q", d.want)
			}
			if !strings.Contains(err.Error(), d.want) {
				t.Errorf("%v; want %q", err, d.want)
			}
			said.WriteString(d.want + "\n")
		})
	}
	if errs := sys.Sanity(); errs != nil {
		t.Fatalf("a damage reached the system itself: %v", errs)
	}
	// Each message of the source is one that some damage demands.
	src, err := os.ReadFile("sanity.go")
	if err != nil {
		t.Fatal(err)
	}
	messages := regexp.MustCompile(`c\.errorf\("([^"]*)"`).FindAllSubmatch(src, -1)
	if len(messages) < 40 {
		t.Errorf("only %d messages found", len(messages))
	}
	for _, m := range messages {
		// What is demanded may be a part of the message: then the longest piece between two verbs has to be in it.
		longest := ""
		for _, piece := range regexp.MustCompile(`%[a-z]`).Split(string(m[1]), -1) {
			if piece = strings.Trim(piece, " ,:()"); len(piece) > len(longest) {
				longest = piece
			}
		}
		if !strings.Contains(said.String(), longest) {
			t.Errorf("no damage demands %q", m[1])
		}
	}
}

func named(s *model.System, name string) *model.Var {
	for _, v := range s.Vars {
		if v.Name == name {
			return v
		}
	}
	panic("no variable " + name)
}

func prop(s *model.System, name string) *model.Prop {
	for _, q := range s.Props {
		if q.Name == name {
			return q
		}
	}
	panic("no property " + name)
}

// filled is the first domain with cells.
func filled(s *model.System) *model.Domain {
	for _, d := range s.Domains {
		if len(d.Cells) > 0 {
			return d
		}
	}
	panic("no domain with cells")
}

// ops calls f with every operation of every process until it returns true.
func ops(s *model.System, f func(*model.Op) bool) {
	for _, p := range s.Processes {
		for _, t := range p.Trans {
			for i := range t.Code {
				if f(&t.Code[i]) {
					return
				}
			}
		}
	}
	panic("no such operation")
}

func op(s *model.System, kind model.OpKind) (out *model.Op) {
	ops(s, func(o *model.Op) bool { out = o; return o.Kind == kind })
	return out
}

func expr(s *model.System, kind model.ExprOp) (out *model.Expr) {
	ops(s, func(o *model.Op) bool {
		model.WalkOp(o, func(x *model.Expr) {
			if x.Op == kind && out == nil {
				out = x
			}
		})
		return out != nil
	})
	return out
}

// placed is where an operation stores through a reference.
func placed(s *model.System) (out *model.Place) {
	ops(s, func(o *model.Op) bool { out = o.Dst; return out != nil && out.Ref != nil })
	return out
}

// object is where an operation stores into obj.val.
func object(s *model.System) (out *model.Place) {
	ops(s, func(o *model.Op) bool {
		out = o.Dst
		return out != nil && out.Obj != nil && s.Vars[out.Var].Name == "obj.val"
	})
	return out
}

func load(v *model.Var) *model.Expr {
	return &model.Expr{Op: model.Load, Type: v.Type, Place: &model.Place{Var: v.ID}}
}

// fieldOf reads a field of the first object, and looks whether that lives.
func fieldOf(s *model.System) *model.Expr {
	v := named(s, "obj.val")
	return &model.Expr{Op: model.Load, Type: v.Type, Place: &model.Place{Var: v.ID, Obj: model.NewConst(1, named(s, "root").Type)}}
}
