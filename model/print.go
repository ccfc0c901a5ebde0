package model

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Dump writes the system as readable text: variables, then each process with its locations and transitions.
func (s *System) Dump(w io.Writer) error {
	d := dumper{s: s, w: bufio.NewWriter(w)}
	d.system()
	return d.w.Flush()
}

type dumper struct {
	s *System
	w *bufio.Writer
}

func (d *dumper) printf(format string, args ...any) { fmt.Fprintf(d.w, format, args...) }

func (d *dumper) system() {
	s := d.s
	d.printf("system %s", s.Name)
	for _, c := range s.Config {
		d.printf(" %s=%s", c.Name, c.Value)
	}
	d.printf("\n")
	u := s.Usage()
	for _, p := range s.Pools {
		if len(p.Objects) > 0 {
			d.printf("objects struct %s: %s\n", p.Struct, strings.Join(p.Objects, ", "))
		}
	}
	for i, dom := range s.Domains {
		if len(dom.Cells) > 0 {
			d.printf("references %d to %s: %s\n", i, dom.Type.Name, strings.Join(dom.Names, ", "))
		}
	}
	for _, v := range s.Vars {
		if v.Proc != NoProc {
			continue
		}
		for i := range v.Len {
			c := Cell{v.ID, int32(i)}
			kind := "shared"
			if u.Constant(c) {
				kind = "constant"
				if u.Users[c.Var][c.Idx] == 0 {
					continue // nobody looks at it
				}
			}
			d.printf("%-8s %s %s = %s\n", kind, v.Type.Name, s.CellName(c), s.Value(v.Type, v.Init[i]))
		}
	}
	for _, q := range s.Props {
		if q.X != nil {
			d.printf("invariant %s: %s\n", q.Name, s.ExprString(q.X))
		}
	}
	for _, q := range s.Props {
		for _, k := range q.Cases {
			d.printf("liveness %s", q.Name)
			if k.Of != "" {
				d.printf(" of %s", k.Of)
			}
			d.printf(": %s\n", s.liveString(k))
		}
	}
	for _, q := range s.Covers {
		if q.X != nil {
			d.printf("cover %s: %s\n", q.Name, s.ExprString(q.X))
		}
	}
	for _, q := range s.Props {
		d.printf("property %s checked=%v\n", q.Name, q.Checked)
	}
	for _, p := range s.Processes {
		d.process(p)
	}
}

func (d *dumper) process(p *Process) {
	d.printf("\n")
	if p.Fair {
		d.printf("fair ")
	}
	d.printf("process %s", p.Name)
	if p.CPU >= 0 {
		d.printf(" on cpu %d", p.CPU)
	}
	if p.MM != "" {
		d.printf(" in mm %s", p.MM)
	}
	d.printf("\n")
	for _, v := range p.Locals {
		d.printf("  local %s %s\n", d.s.Vars[v].Type.Name, d.s.Vars[v].Name)
	}
	if len(p.Start) > 1 {
		d.printf("  start\n")
		d.code(p.Start)
	} else if len(p.Start) == 1 {
		d.printf("  start at %d\n", p.Start[0].Loc)
	}
	for _, l := range p.Locations {
		d.printf("  %d:", l.ID)
		if l.Label != "" {
			d.printf(" %s:", l.Label)
		}
		if l.End {
			d.printf(" end")
		}
		if len(l.Live) > 0 {
			d.printf(" live")
			for _, v := range l.Live {
				d.printf(" %s", strings.TrimPrefix(d.s.Vars[v].Name, p.Name+"."))
			}
		}
		d.printf("    %s\n", d.s.FrameString(l.Frame))
		for _, t := range l.Trans {
			tr := p.Trans[t]
			d.printf("    transition %d %s  %s\n", t, d.s.Files.Position(tr.Pos), tr.Label)
			d.code(tr.Code)
		}
	}
}

// FrameString is the call chain of a frame, outermost first.
func (s *System) FrameString(f FrameID) string {
	var names []string
	for ; f != NoFrame; f = s.Frames[f].Parent {
		names = append([]string{s.Frames[f].Func}, names...)
	}
	return strings.Join(names, " > ")
}

func (d *dumper) code(code []Op) {
	for i := range code {
		d.printf("      %2d %s%s\n", i, d.s.OpString(&code[i]), d.marks(&code[i]))
	}
}

// marks says how the source marked the accesses of an operation; plain ones are not mentioned.
func (d *dumper) marks(op *Op) string {
	var all []string
	add := func(m string) {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	if op.Access != AccessPlain && op.Visible && op.Kind != OpAssume { // an await always is
		add(op.Access.String())
	}
	place := func(p *Place) {
		if p.Access != AccessPlain {
			add(p.Access.String() + " " + d.s.PlaceString(p))
		}
	}
	WalkOp(op, func(x *Expr) {
		if x.Op == Load {
			place(x.Place)
		}
	})
	if op.Dst != nil {
		place(op.Dst)
	}
	if len(all) == 0 {
		return ""
	}
	return "  # " + strings.Join(all, ", ")
}

// OpString renders one operation.
func (s *System) OpString(op *Op) string {
	switch op.Kind {
	case OpAssign:
		return s.PlaceString(op.Dst) + " = " + s.ExprString(op.X)
	case OpBranch:
		return fmt.Sprintf("if %s then %d else %d", s.ExprString(op.X), op.Then, op.Else)
	case OpJump:
		return fmt.Sprintf("jump %d", op.Then)
	case OpAssume:
		return "await " + s.ExprString(op.X)
	case OpAssert:
		return "assert " + s.ExprString(op.X) + ", " + s.Props[op.Prop].Name
	case OpCover:
		return "cover " + s.Covers[op.Cover].Name
	case OpAlloc:
		return s.PlaceString(op.Dst) + " = alloc struct " + s.Pools[op.Pool].Struct
	case OpFree:
		return "free " + s.ExprString(op.X)
	case OpGoto:
		return fmt.Sprintf("goto %d", op.Loc)
	case OpFence:
		return op.Fence.String()
	}
	return "skip"
}

// PlaceString renders a place as the source would write it.
func (s *System) PlaceString(p *Place) string {
	if p.Ref != nil {
		return "*" + s.operand(p.Ref)
	}
	if c, ok := s.StaticCell(p); ok {
		return s.CellName(c)
	}
	v := s.Vars[p.Var]
	name := v.Name
	if p.Obj != nil {
		name = s.operand(p.Obj) + "->" + strings.TrimPrefix(strings.TrimPrefix(name, s.Pools[v.Pool].Struct), ".")
	}
	if p.Idx != nil {
		name += "[" + s.ExprString(p.Idx) + "]"
	}
	return name
}

var opText = map[ExprOp]string{
	Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Shl: "<<", Shr: ">>", And: "&", Or: "|", Xor: "^", Eq: "==", Ne: "!=", Lt: "<", Le: "<=",
	Gt: ">", Ge: ">=", AndAlso: "&&", OrElse: "||",
}

// operand renders an expression with parentheses where it has operators.
func (s *System) operand(x *Expr) string {
	if _, ok := opText[x.Op]; ok || x.Op == Cond {
		return "(" + s.ExprString(x) + ")"
	}
	return s.ExprString(x)
}

// ExprString renders an expression as the source would write it.
func (s *System) ExprString(x *Expr) string {
	if x == nil {
		return "?"
	}
	switch x.Op {
	case Const:
		return s.Value(x.Type, x.Val)
	case Load:
		return s.PlaceString(x.Place)
	case AddrOf:
		return "&" + s.PlaceString(x.Place)
	case Container:
		return "container_of(" + s.ExprString(x.X) + ")"
	case IsLive:
		return "live(" + s.ExprString(x.X) + ")"
	case InRange:
		return s.ExprString(x.X)
	case Not:
		return "!" + s.operand(x.X)
	case Neg:
		return "-" + s.operand(x.X)
	case BitNot:
		return "~" + s.operand(x.X)
	case Any:
		return "any"
	case Cond:
		return s.operand(x.X) + " ? " + s.operand(x.Y) + " : " + s.operand(x.Z)
	}
	return s.operand(x.X) + " " + opText[x.Op] + " " + s.operand(x.Y)
}

// Value renders a value of a type: "true", "NULL", "&X", an enum name, a number.
func (s *System) Value(t *Type, v int32) string {
	switch t.Kind {
	case KindHandle:
		if v == 0 {
			return "NULL"
		}
		if t.Pool != NoPool && v > 0 && int(v) <= len(s.Pools[t.Pool].Objects) {
			return "&" + s.Pools[t.Pool].Objects[v-1]
		}
	case KindRef:
		if v == 0 {
			return "NULL"
		}
		if t.Domain != NoDomain && v > 0 && int(v) <= len(s.Domains[t.Domain].Cells) {
			return "&" + s.Domains[t.Domain].Names[v-1]
		}
	}
	return FormatValue(t, v)
}

// String is the case as text, in the words of the source.
func (s *System) liveString(c LiveCase) string {
	var b strings.Builder
	switch {
	case c.P == nil:
		b.WriteString("eventually ")
	case c.P.IsConst() && c.P.Val != 0:
		b.WriteString("always eventually ")
	default:
		b.WriteString(s.ExprString(c.P) + " leads_to ")
	}
	b.WriteString(s.ExprString(c.Q))
	return b.String()
}

// CellName is the name of a cell as the source would write it: "m1.pud", "X.entry[1]", "ipi[2]".
func (s *System) CellName(c Cell) string {
	v := s.Vars[c.Var]
	name, idx, n := v.Name, int(c.Idx), v.Stride
	if v.Pool != NoPool {
		o := s.Pools[v.Pool].Objects[idx/v.Stride]
		name = o + strings.TrimPrefix(name, s.Pools[v.Pool].Struct)
		idx %= v.Stride
	} else if p := s.poolOfLive(v.ID); p != nil {
		return "live(" + p.Objects[idx] + ")"
	}
	if len(v.Dims) > 1 {
		for _, d := range v.Dims {
			n /= d
			name += fmt.Sprintf("[%d]", idx/n)
			idx %= n
		}
		return name
	}
	if n > 1 {
		return fmt.Sprintf("%s[%d]", name, idx)
	}
	return name
}

// IsLife reports whether a variable says which objects of a pool live.
func (s *System) IsLife(v VarID) bool { return s.poolOfLive(v) != nil }

func (s *System) poolOfLive(v VarID) *Pool {
	for _, p := range s.Pools {
		if p.Live == v {
			return p
		}
	}
	return nil
}

// FormatValue renders a bool, enum or integer as the source writes it.
func FormatValue(t *Type, v int32) string {
	switch {
	case t.Kind == KindBool:
		return strconv.FormatBool(v != 0)
	case t.Kind == KindEnum && v >= t.Lo && int(v-t.Lo) < len(t.Values):
		return t.Values[v-t.Lo]
	}
	return strconv.Itoa(int(v))
}
