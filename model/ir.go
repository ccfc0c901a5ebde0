// Package model defines labelled state machines: the IR that every stage behind the front end works on.
//
// A [System] is a flat vector of small integers ([Var]), and processes whose transitions run short programs ([Op]) over it. Package model/elab makes it of a
// spec, model/pass makes another one of it, model/eval interprets it, and checker/internal/program compiles it.
//
//	ir.go         what a system consists of
//	expr.go       expressions: folding, intervals, walking
//	footprint.go  which cells an operation touches, and what code as a whole writes
//	lockorder.go  the marks of the lock order
//	memory.go     what a weak memory model has added
//	observed.go   which properties something in a system can violate
//	sanity.go     what every system satisfies
//	digest.go     whether two systems are the same
//	print.go      a system as text
//	dot.go        and as a drawing
//
// # The machine
//
// A state is one value per cell of every Var plus one [LocID] per process. A transition of process p is a candidate in a state when p is at its From.
// Running it executes its Code from index 0 on a scratch copy of the state:
//
//   - [OpAssign] stores; [OpBranch] and [OpJump] move within the code;
//   - [OpAssume] that is false makes the transition disabled in this state: nothing happened;
//   - [OpAssert] that is false, and any fault of an expression or store, is a failure: what the step did before stays, and the successor has p
//     parked ([Parked]) and p's locals reset, as an oops kills a task and leaves its locks held. (Were the step undone instead, merging local
//     operations into the step before them could hide that step's writes from others whenever a merged assertion fails.)
//   - [OpGoto] ends the step: p moves to Loc, and every local of p that is not in that location's Live set is reset to its initial value;
//   - an [OpBranch] on [Any] goes both ways: each visit of it decides for itself, so one transition can be executed in several ways.
//
// A step is therefore atomic, and a way of it is enabled exactly when its code reaches its OpGoto or fails. The ways of a transition in a state are numbered in the order in which
// a search finds them that takes Then before Else at each OpBranch on Any, those that are not enabled included. There are at most [MaxWays]: where there would be more, or those so
// far have cost more than [MaxDecisions], the next one is the last and is a failure.
package model

import (
	"fmt"

	"pmdcheck/model/source"
)

// Identifiers are indices into the slices of a [System] or [Process]. NoX values are -1.
type (
	VarID    int32 // System.Vars
	LocID    int32 // Process.Locations
	ProcID   int32 // System.Processes
	PoolID   int32 // System.Pools
	PropID   int32 // System.Props
	CoverID  int32 // System.Covers
	FrameID  int32 // System.Frames
	DomainID int32 // System.Domains
)

// Absent identifiers.
const (
	NoProc   ProcID   = -1
	NoPool   PoolID   = -1
	NoProp   PropID   = -1
	NoVar    VarID    = -1
	NoFrame  FrameID  = -1
	NoDomain DomainID = -1
	NoCover  CoverID  = -1
)

// A Move is one way of one transition. Way is 0 where the code has no branch on [Any].
type Move struct {
	Proc  ProcID
	Trans int // index into Process.Trans
	Way   int
}

// System is one elaborated configuration of a spec. It is immutable after Build and safe for concurrent reading.
type System struct {
	Name      string        // spec name, such as "seed/race_a"
	Config    []ConfigValue // the configuration, in declaration order
	Kernel    string        // the release that the configuration models, "v6.13", for traces; "" if it names none
	Files     *source.Set   // for positions
	Vars      []*Var        // shared variables first, then the locals of each process
	Pools     []*Pool       // object pools, one per struct type that has objects
	Domains   []*Domain     // what references can point to, one per referenced type
	Props     []*Prop       // every property that occurs; index 0..NumBuiltinProps-1 are the built-in ones
	Covers    []*Cover      //
	Frames    []*Frame      // call frames that ops belong to, for headings
	Processes []*Process    //
	Memory    *Memory       // of the weak memory model that the system has been given, nil where memory is sequentially consistent
}

// ConfigValue is one fixed config parameter.
type ConfigValue struct {
	Name  string
	Value string // as the spec writes it: "rcu", "true", "3"
}

// Type describes the values of a cell. All values are int32 in [Lo, Hi].
type Type struct {
	Kind   TypeKind
	Name   string // for display: "bool", "int<0..7>", "enum policy", "struct ptdesc *"
	Lo, Hi int32
	Values []string // KindEnum: names of Lo..Hi
	Pool   PoolID   // KindHandle: 0 is NULL, k is object k-1
	Domain DomainID // KindRef: 0 is NULL, k is Domain.Cells[k-1]
}

// TypeKind is the kind of a [Type].
type TypeKind uint8

// The kinds.
const (
	KindInt TypeKind = iota
	KindBool
	KindEnum
	KindHandle
	KindRef
)

// Var is a variable: Len cells of one type. An array field of a struct with N objects and K elements is one Var of N*K cells, object-major.
type Var struct {
	ID     VarID
	Name   string // "jiffies", "ptdesc.entry" (pool field), "walker.ptep" (local)
	Type   *Type
	Len    int
	Proc   ProcID // owner of a local, NoProc for a shared variable
	Pool   PoolID // pool whose field this is, else NoPool
	Stride int    // cells per object for a pool field; Len otherwise
	Dims   []int  // of an array with more than one dimension, outermost first; their product is Stride

	Role     Role // what it is to the reader of a run
	Whole    bool // of a lock: the object around it is the lock, of which it is a part
	Per      Per  // of a section: whose each cell is
	StopsIPI bool // of a section: an IPI waits for its end

	Init  []int32   // Len values
	Alloc AllocKind // pool field: what alloc does to it
	Weak  bool      // a pointer in it does not keep an object from being a leak
	Guard PropID    // pool field: property violated by access to a dead object; NoProp where the pool has no lifetime
	Pos   source.Pos
}

// AllocKind says what [OpAlloc] does to a field of the object that it gives.
type AllocKind uint8

// The kinds of field.
const (
	AllocResets AllocKind = iota // it gets its initial value
	AllocKeeps                   // nothing
	AllocMarks                   // a bool that the source does not show becomes true: the object does not live from the start. In a pool it is true at once
)

// Fresh is the value that alloc gives a cell of a pool field, and whether it gives it one.
func (v *Var) Fresh(i int) (val int32, ok bool) {
	switch v.Alloc {
	case AllocKeeps:
		return 0, false
	case AllocMarks:
		return 1, true
	}
	return v.Init[i], true
}

// FromStart reports, in a state given by value, whether object i of a pool lives since the start: it lives, and alloc has never given it.
func (s *System) FromStart(p *Pool, i int, vals [][]int32) bool {
	if vals[p.Live][i] == 0 || s.Vars[p.Live].Init[i] == 0 {
		return false
	}
	m := s.Mark(p)
	return m == NoVar || vals[m][i] == 0
}

// Mark is the field of a pool that says which of its objects alloc has given, or NoVar.
func (s *System) Mark(p *Pool) VarID {
	for _, f := range p.Fields {
		if s.Vars[f].Alloc == AllocMarks {
			return f
		}
	}
	return NoVar
}

// Pool is the objects of one struct type.
type Pool struct {
	ID      PoolID
	Struct  string   // "ptdesc"
	Objects []string // names: "X", "spare[0]"
	Live    VarID    // bool per object, or NoVar for objects that exist for ever
	Free    PropID   // violated by freeing a dead object
	Leak    PropID   // violated by a live unreachable object at the end, or NoProp
	Fields  []VarID
}

// Domain is the cells that references of one type can point to. Reference value k is Cells[k-1].
type Domain struct {
	ID    DomainID
	Type  *Type // of the cells
	Cells []Cell
	Names []string // "X.entry[1]"
}

// Cell is one cell of the state vector.
type Cell struct {
	Var VarID
	Idx int32
}

// PropKind says how a property is observed.
type PropKind uint8

// The kinds of property.
const (
	PropAssert    PropKind = iota // asserts and guarded accesses in the code
	PropInvariant                 // a state predicate, true in every reachable state
	PropDeadlock                  // no state without successors in which some process is not at a proper end
	PropLeak                      // no live unreachable object where every process is at a proper end and nothing can move
	PropOrder                     // no cycle among the edges of lock classes (covers with an Edge) that runs mark
	PropRace                      // no state in which two processes can make conflicting accesses next, one of them plain
	PropFault                     // the model itself went wrong: NULL, index, overflow, division by zero
	PropLiveness                  // something that happens sooner or later on every fair run
)

// Built-in properties always occupy these indices of System.Props.
const (
	PropNoDeadlock PropID = iota
	PropNoFault
	PropAssertion // assert without a property
	NumBuiltinProps
)

// Prop is a property of a system.
type Prop struct {
	ID      PropID
	Name    string
	Kind    PropKind
	Text    string     // one line, from the spec or the catalogue
	Own     bool       // declared by the spec itself, in words that may be others than the catalogue's
	Checked bool       // false: failures are not looked at, as if the assert were not there
	X       *Expr      // PropInvariant
	Cases   []LiveCase // PropLiveness
	Pos     source.Pos
}

// Cover is something that has to be reachable, else a proof is vacuous.
type Cover struct {
	ID       CoverID
	Name     string
	X        *Expr     // nil: the OpCover marks in the code
	Required bool      // false: counted, not demanded in this configuration
	Edge     *LockEdge // the mark says that a lock is taken while another is held; nil for a cover of the spec
	Bound    bool      // the mark says that a bound of the memory model was met, so that some runs were left out; false for a cover of the spec
	Pos      source.Pos
}

// KernelRef is a @kernel annotation.
type KernelRef struct {
	File, Func string
	Since      string // "v5.9"
	Until      string // "v6.12", or "" for open or single
	Open       bool   // Since and everything later
	Feature    string // instead of a range: the feature that the code belongs to,
	Absent     bool   // or without which it is
	Commits    []string
}

// Frame is one inlined call, or the body of a process (Parent NoFrame).
type Frame struct {
	ID     FrameID
	Parent FrameID
	Func   string // function or process name
	Kernel []KernelRef
	Role   Role
	Mode   string     // of a lock function: "R" for read, "W" for write, or ""
	Called string     // of a function that enters or leaves a section: what that is called, or ""
	Pos    source.Pos // of the declaration
	Call   source.Pos // of the call; NoPos for a process body
}

// Process is one labelled state machine.
type Process struct {
	ID        ProcID
	Name      string // "walker", "walker[1]"
	Of        string // the declaration that it is an instance of, "walker"; "" if that is no array
	Role      Role
	CPU       int    // -1: not bound
	MM        string // name of the mm object it is bound to, or ""
	Fair      bool   // if it can move in every state from some time on, it does move again
	Locals    []VarID
	Start     []Op        // run once on the initial state (before any step); it ends in OpGoto to the first location
	Locations []*Location // a location without transitions is the end of the process
	Trans     []*Transition
	Pos       source.Pos
}

// Parked is the LocID of a process that failed: it never moves again and is excused from deadlock.
const Parked LocID = -2

// Location is a place where other processes can run.
type Location struct {
	ID    LocID
	Label string // source label, or ""
	End   bool   // a proper place to stay for ever
	Live  []VarID
	Trans []int // indices into Process.Trans, in program order
	Pos   source.Pos
	Frame FrameID
}

// Transition is one guarded atomic step.
type Transition struct {
	ID    int // index in Process.Trans
	Proc  ProcID
	From  LocID
	Code  []Op
	Label string // the source text of its visible statement
	Pos   source.Pos
	Frame FrameID
}

// OpKind is the kind of an [Op].
type OpKind uint8

// The operations of a transition.
const (
	OpAssign OpKind = iota // *Dst = X
	OpBranch               // X ? continue at Then : continue at Else
	OpJump                 // continue at Then
	OpAssume               // X false: transition is disabled
	OpAssert               // X false: failure of Prop
	OpCover                // marks Cover as reached
	OpAlloc                // *Dst = handle of the lowest dead object of Pool, now live, its fields reset to Init; NULL if there is none
	OpFree                 // object X of Pool becomes dead; NULL is a fault, a dead object a failure of Pool.Free
	OpGoto                 // end of the step: move to Loc
	OpNop                  // skip, and marks for the reader
	OpFence                // orders accesses as Fence says; nothing is to be done where memory is sequentially consistent
)

// Fence is the kind of an [OpFence].
type Fence uint8

// The fences.
const (
	FenceNone  Fence = iota // the operation is none
	FenceFull               // smp_mb
	FenceRead               // smp_rmb
	FenceWrite              // smp_wmb
	FenceCPU                // smp_mb_cpu: X is the CPU that executes a full one, not the process at hand
)

var fenceText = [...]string{FenceNone: "none", FenceFull: "smp_mb()", FenceRead: "smp_rmb()", FenceWrite: "smp_wmb()", FenceCPU: "smp_mb_cpu()"}

func (k Fence) String() string {
	if int(k) < len(fenceText) {
		return fenceText[k]
	}
	return fmt.Sprintf("Fence(%d)", uint8(k))
}

// Access says how the source made an access; memory models and the data-race property need it. READ_ONCE and its kin mark a [Place], atomic blocks and awaits an [Op].
type Access uint8

// The marks.
const (
	AccessPlain   Access = iota
	AccessOnce           // READ_ONCE, WRITE_ONCE
	AccessAcquire        // smp_load_acquire
	AccessRelease        // smp_store_release
	AccessAtomic         // inside atomic { }, or of an await
)

var accessNames = [...]string{"plain", "once", "acquire", "release", "atomic"}

func (a Access) String() string {
	if int(a) >= len(accessNames) {
		return fmt.Sprintf("access %d", a)
	}
	return accessNames[a]
}

// Order says how an operation stands in the order of memory of its process, where that is not sequentially consistent: what the attribute @x86 of its function says, or where it stands.
type Order uint8

// The orders.
const (
	OrderProgram Order = iota // outside atomic blocks, unmarked: an access as the program makes it
	OrderBlock                // of an atomic block, unmarked
	OrderLocked               // of an atomic block that is a locked instruction, or does what one does
	OrderStore                // its stores are plain ones, also in an atomic block
	OrderDirect               // no memory: what it does takes effect at once and orders nothing
)

var orderText = [...]string{OrderProgram: "program", OrderBlock: "block", OrderLocked: "locked", OrderStore: "store", OrderDirect: "direct"}

func (o Order) String() string {
	if int(o) < len(orderText) {
		return orderText[o]
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// Op is one operation. Which fields matter depends on Kind.
type Op struct {
	Kind       OpKind
	Dst        *Place
	X          *Expr
	Prop       PropID
	Cover      CoverID
	Pool       PoolID
	Then, Else int // code indices
	Loc        LocID
	Access     Access
	Fence      Fence
	Order      Order
	Visible    bool // touches shared state or blocks; what a trace shows first
	Observes   bool // of an assertion, or of telling which lock is taken: its reads are no accesses that could race
	Text       string
	Pos        source.Pos
	Frame      FrameID
}

// StepCondition reports whether the operation is not of the source of its step, but says where a process on a CPU takes one at all.
func (o *Op) StepCondition() bool { return o.Kind == OpAssume && !o.Visible }

// Place denotes a cell. Exactly one of three forms:
//
//   - Ref set: the cell a reference points to, Domains[Domain].Cells[ref-1]; 0 is a fault;
//   - Obj set: cell (obj-1)*Stride + idx of Var, a pool field; handle 0 is a fault;
//   - otherwise cell idx of Var (Idx nil is 0).
//
// An index outside [0, Stride) is a fault. Where the cell is a field of an object with a lifetime and the object is dead, the access is a failure
// of Var.Guard, unless Unchecked.
type Place struct {
	Var       VarID
	Obj       *Expr
	Idx       *Expr
	Ref       *Expr
	Domain    DomainID
	Unchecked bool
	Access    Access // how the source marked it
	Pos       source.Pos
}

// ExprOp is the operator of an [Expr].
type ExprOp uint8

// The operators. Comparison and logic yield 0 or 1; logic takes any non-zero as true.
const (
	Const     ExprOp = iota // Val
	Load                    // value of Place
	AddrOf                  // reference to Place: its number in Domain (1..); faults like the access would, except that lifetimes are not looked at
	Container               // X is a reference: Table[X] is the handle of the object around it; X == 0, and cells whose Table entry is 0, fault
	IsLive                  // 1 if object X of Pool is live; NULL is not live; pools without lifetime are always live
	InRange                 // X if it is in [0, Val), else an index fault; for one index of several, which flattened could hit another element
	Not                     // !X
	Neg                     // -X
	BitNot                  // ~X
	Add
	Sub
	Mul
	Div // truncated as in C; by zero is a fault
	Mod // sign of the dividend as in C; by zero is a fault
	Shl // shift count outside 0..31 is a fault
	Shr // arithmetic
	And
	Or
	Xor
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	AndAlso // Y only if X
	OrElse  // Y only if not X
	Cond    // X ? Y : Z
	Any     // 0 or 1, whichever: each is a way of the step. Only the condition of an OpBranch can be it
)

// Mirrored is the comparison that holds of y and x where op holds of x and y.
func (op ExprOp) Mirrored() ExprOp {
	switch op {
	case Lt:
		return Gt
	case Le:
		return Ge
	case Gt:
		return Lt
	case Ge:
		return Le
	}
	return op
}

// Opposite is the comparison that holds where op does not.
func (op ExprOp) Opposite() ExprOp {
	switch op {
	case Eq:
		return Ne
	case Ne:
		return Eq
	case Lt:
		return Ge
	case Le:
		return Gt
	case Gt:
		return Le
	case Ge:
		return Lt
	}
	return op
}

// Expr is a side-effect free expression. Values are computed in 64 bits; Build rejects expressions whose value could leave 32 bits
// (so no intermediate value overflows), and a store checks the range of its cell.
type Expr struct {
	Op      ExprOp
	Type    *Type
	Val     int32
	Place   *Place // Load, AddrOf
	X, Y, Z *Expr
	Pool    PoolID   // IsLive
	Domain  DomainID // AddrOf, Container
	Table   []int32  // Container: by reference value, entry 0 unused
	Pos     source.Pos
}

// FaultKind is why the model itself failed.
type FaultKind uint8

// The faults.
const (
	NoFault        FaultKind = iota
	FaultNull                // NULL handle or reference dereferenced
	FaultIndex               // array index out of range
	FaultOverflow            // value out of the range of the cell it is stored in
	FaultDivide              // division by zero
	FaultShift               // shift count out of range
	FaultContainer           // container_of on a reference that lies elsewhere
	FaultLoop                // more than MaxAtomicOps operations in one step
	FaultWays                // too many ways through one step
)

// MaxAtomicOps bounds the operations one step may execute, so that a loop inside atomic ends in a fault and not in a hang.
const MaxAtomicOps = 100_000

// MaxWays and MaxDecisions bound the ways through one step, and the decisions that are made on all of them together, so that choices in a loop inside atomic end in a fault and not in a
// hang. A way that does not end counts for [EndlessDecisions]. The number of a way fits into 16 bits.
const (
	MaxWays          = 1 << 14
	MaxDecisions     = 1 << 18
	EndlessDecisions = MaxDecisions / 2
)

var faultText = [...]string{
	NoFault: "no fault", FaultNull: "NULL dereferenced", FaultIndex: "index out of range", FaultOverflow: "value out of range",
	FaultDivide: "division by zero", FaultShift: "shift count out of range", FaultContainer: "container_of on a foreign reference",
	FaultLoop: "atomic block does not end", FaultWays: "too many ways through the choices of an atomic block",
}

func (k FaultKind) String() string {
	if int(k) < len(faultText) {
		return faultText[k]
	}
	return fmt.Sprintf("FaultKind(%d)", uint8(k))
}

// LiveCase is one case of a liveness property, which holds if all of its cases do. Q is owed from each state on in which P is true (the initial state, if P
// is nil) until one in which Q is true, that state included; a run on which Q is owed for ever violates the case. An evaluation that goes wrong counts against
// the property: as a true P, and as a false Q. Package eval has the observer ([pmdcheck/model/eval.Interp.Owed]).
type LiveCase struct {
	Of string // value of the property's parameter: "X", "2"; "" without one
	P  *Expr
	Q  *Expr
}
