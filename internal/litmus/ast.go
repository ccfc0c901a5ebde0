package litmus

import (
	"fmt"
	"strconv"

	"pmdcheck/model/source"
)

// Value is what a register or a cell of memory holds: an integer, or the address of a cell. C's integer types are not told apart, and nothing wraps at 32 bits.
type Value int64

// Addresses lie above every integer that a test can write down. Locations are far apart, so that arithmetic does not lead from one into another.
const (
	addressBase   = Value(1) << 40
	addressStride = Value(1) << 12 // cells of the largest array
)

// Address is the address of an element of a location.
func Address(loc, element int) Value {
	return addressBase + Value(loc)*addressStride + Value(element)
}

// Test is a litmus test, resolved and checked.
type Test struct {
	Name   string
	File   string
	Says   string // what its comment says after "Result:", or ""
	Locs   []Loc
	Procs  []*Proc
	Quant  Quantifier
	Cond   Prop
	Filter Prop // nil: none
	Shown  []Term
	Notes  []source.Diagnostic // what is odd and no error
}

// Loc is a global: one cell, or an array of them. First is its number among all cells.
type Loc struct {
	Name  string
	First int
	Init  []Value
	Array bool
}

// Cells is how many cells all locations have together.
func (t *Test) Cells() int {
	n := 0
	for i := range t.Locs {
		n += len(t.Locs[i].Init)
	}
	return n
}

// InitialValue is what a cell holds before anything runs.
func (t *Test) InitialValue(cell int) Value {
	l := t.locOf(cell)
	return l.Init[cell-l.First]
}

func (t *Test) locOf(cell int) *Loc {
	for i := range t.Locs {
		if l := &t.Locs[i]; cell < l.First+len(l.Init) {
			return l
		}
	}
	return nil
}

// CellName is the name of a cell as conditions write it.
func (t *Test) CellName(cell int) string {
	l := t.locOf(cell)
	if !l.Array {
		return l.Name
	}
	return fmt.Sprintf("%s[%d]", l.Name, cell-l.First)
}

// Cell is the cell an address leads to; false if v is no address of a cell.
func (t *Test) Cell(v Value) (int, bool) {
	if v < addressBase {
		return 0, false
	}
	l, e := int((v-addressBase)/addressStride), int((v-addressBase)%addressStride)
	if l >= len(t.Locs) || e >= len(t.Locs[l].Init) {
		return 0, false
	}
	return t.Locs[l].First + e, true
}

// Show is a value as conditions write it: an address by the name of its cell.
func (t *Test) Show(v Value) string {
	if c, ok := t.Cell(v); ok {
		return t.CellName(c)
	}
	return strconv.FormatInt(int64(v), 10)
}

// Proc is a process. Registers are its locals, by number.
type Proc struct {
	ID    int
	Regs  []Reg
	Body  []Stmt
	Pos   source.Pos
	index map[string]int
}

// Reg is a local of a process and its value at the start.
type Reg struct {
	Name string
	Init Value
}

// RegName is how conditions name a register.
func (p *Proc) RegName(r int) string { return fmt.Sprintf("%d:%s", p.ID, p.Regs[r].Name) }

// Order is what an access orders.
type Order uint8

// The orders. An access to memory without any macro is Plain: the compiler may do what it likes with it.
const (
	Plain   Order = iota
	Relaxed       // READ_ONCE, WRITE_ONCE, atomic_read, ..._relaxed
	Acquire
	Release
	Full // read-modify-writes only: ordered against everything on both sides if they succeed
)

var orderNames = [...]string{"plain", "once", "acquire", "release", "mb"}

func (o Order) String() string {
	if int(o) < len(orderNames) {
		return orderNames[o]
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// FenceKind names a fence or an RCU operation.
type FenceKind uint8

// The fences.
const (
	Mb FenceKind = iota
	Rmb
	Wmb
	Barrier
	BeforeAtomic
	AfterAtomic
	AfterSpinlock
	AfterUnlockLock
	AfterSrcuUnlock
	RcuLock
	RcuUnlock
	SyncRcu
)

var fenceNames = [...]string{
	"mb", "rmb", "wmb", "barrier", "before-atomic", "after-atomic", "after-spinlock", "after-unlock-lock", "after-srcu-read-unlock",
	"rcu-lock", "rcu-unlock", "sync-rcu",
}

func (k FenceKind) String() string {
	if int(k) < len(fenceNames) {
		return fenceNames[k]
	}
	return fmt.Sprintf("FenceKind(%d)", uint8(k))
}

// Stmt is a statement.
type Stmt interface{ stmt() }

// The statements.
type (
	// Assign gives a register a value. Reg is -1 where the value is thrown away.
	Assign struct {
		Reg int
		X   Expr
		Pos source.Pos
	}
	// Store writes memory.
	Store struct {
		Addr, Val Expr
		Order     Order
		Pos       source.Pos
	}
	// Fence orders, or opens, closes or waits for RCU readers.
	Fence struct {
		Kind FenceKind
		Pos  source.Pos
	}
	// If runs one of two branches.
	If struct {
		Cond       Expr
		Then, Else []Stmt
		Pos        source.Pos
	}
	// Lock takes a spinlock, Unlock gives it back.
	Lock struct {
		Addr Expr
		Pos  source.Pos
	}
	// Unlock gives a spinlock back.
	Unlock struct {
		Addr Expr
		Pos  source.Pos
	}
	// SrcuUnlock ends the reader whose number Index is.
	SrcuUnlock struct {
		Addr, Index Expr
		Pos         source.Pos
	}
	// SyncSrcu waits for the readers of one srcu_struct.
	SyncSrcu struct {
		Addr Expr
		Pos  source.Pos
	}
)

func (*Assign) stmt()     {}
func (*Store) stmt()      {}
func (*Fence) stmt()      {}
func (*If) stmt()         {}
func (*Lock) stmt()       {}
func (*Unlock) stmt()     {}
func (*SrcuUnlock) stmt() {}
func (*SyncSrcu) stmt()   {}

// Expr is an expression.
type Expr interface{ expr() }

// RMWKind tells read-modify-writes apart.
type RMWKind uint8

// The read-modify-writes.
const (
	Xchg      RMWKind = iota // Arg is stored
	CmpXchg                  // Arg is stored if Old was there
	Arith                    // Op applied to what was there and Arg
	AddUnless                // Arg is added unless Old was there
)

// Result is what a read-modify-write yields.
type Result uint8

// The results.
const (
	OldValue Result = iota
	NewValue
	Nothing   // a void function: its read orders less
	Succeeded // 1 if something was stored, else 0
)

// The expressions. Operators are those of C, by their text; &~ is "and not".
type (
	// Const is a number, or the address of a global.
	Const struct{ V Value }
	// RegUse is the value of a register.
	RegUse struct{ Reg int }
	// Unary is - ! or ~.
	Unary struct {
		Op string
		X  Expr
	}
	// Binary has a strict operator; && and || evaluate Y only if needed.
	Binary struct {
		Op   string
		X, Y Expr
	}
	// Choice is C's ?:.
	Choice struct{ Cond, X, Y Expr }
	// Load reads memory.
	Load struct {
		Addr  Expr
		Order Order
		Pos   source.Pos
	}
	// RMW reads and writes a cell in one step.
	RMW struct {
		Kind     RMWKind
		Op       string
		Addr     Expr
		Arg, Old Expr
		Order    Order
		Result   Result
		Pos      source.Pos
	}
	// TryLock takes a spinlock if it is free: 1 or 0.
	TryLock struct {
		Addr Expr
		Pos  source.Pos
	}
	// IsLocked is 1 if somebody has the spinlock.
	IsLocked struct {
		Addr Expr
		Pos  source.Pos
	}
	// SrcuLock begins a reader of one srcu_struct.
	SrcuLock struct {
		Addr Expr
		Pos  source.Pos
	}
)

func (*Const) expr()    {}
func (*RegUse) expr()   {}
func (*Unary) expr()    {}
func (*Binary) expr()   {}
func (*Choice) expr()   {}
func (*Load) expr()     {}
func (*RMW) expr()      {}
func (*TryLock) expr()  {}
func (*IsLocked) expr() {}
func (*SrcuLock) expr() {}

// Apply is what a strict operator of Binary yields. Division by zero yields false.
func Apply(op string, x, y Value) (Value, bool) {
	truth := func(b bool) (Value, bool) {
		if b {
			return 1, true
		}
		return 0, true
	}
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "/", "%":
		if y == 0 {
			return 0, false
		}
		if op == "/" {
			return x / y, true
		}
		return x % y, true
	case "&":
		return x & y, true
	case "|":
		return x | y, true
	case "^":
		return x ^ y, true
	case "&~":
		return x &^ y, true
	case "<<", ">>":
		if y < 0 || y > 63 {
			return 0, false
		}
		if op == "<<" {
			return x << uint(y), true
		}
		return x >> uint(y), true
	case "==":
		return truth(x == y)
	case "!=":
		return truth(x != y)
	case "<":
		return truth(x < y)
	case ">":
		return truth(x > y)
	case "<=":
		return truth(x <= y)
	case ">=":
		return truth(x >= y)
	}
	panic("litmus: no operator " + op)
}
