package model

import (
	"crypto/sha256"
	enc "encoding/binary"
	"encoding/hex"
	"strings"
)

// DigestVersion begins every digest. It changes whenever [System.Digest] says of a system what it did not say before, so that digests of two versions are never
// taken for digests of two models.
const DigestVersion = "d3"

// SameDigestVersion reports whether two digests can be compared: what they say is about the model only where the same version wrote both.
func SameDigestVersion(a, b string) bool { return DigestVersionOf(a) == DigestVersionOf(b) }

// DigestVersionOf is the version of a digest. The first one wrote none.
func DigestVersionOf(digest string) string {
	if v, _, ok := strings.Cut(digest, ":"); ok {
		return v
	}
	return "d1"
}

// Digest identifies the elaborated machine: equal digests mean equal state vectors, state machines, properties and names of what a trace shows. It says
// nothing of positions, source texts, calls and @kernel references, of the name of the spec and of the configuration. It depends on what the system is, not on which pointers it shares.
//
// It begins with [DigestVersion] and a colon.
func (s *System) Digest() string {
	d := digester{types: map[*Type]int{}, numbers: map[string]int{}}
	d.system(s)
	sum := sha256.Sum256(d.b)
	return DigestVersion + ":" + hex.EncodeToString(sum[:16])
}

// digester writes a system so that no two different ones are written alike: numbers end by themselves, texts and lists begin with their length, and what may be
// absent with whether it is there.
type digester struct {
	b       []byte
	types   map[*Type]int  // those seen, by their number
	numbers map[string]int // by what they are
}

func number[T ~int | ~int32 | ~uint8](d *digester, n T) { d.b = enc.AppendVarint(d.b, int64(n)) }

func numbers[T ~int | ~int32](d *digester, list []T) {
	number(d, len(list))
	for _, n := range list {
		number(d, n)
	}
}

func (d *digester) text(s string) {
	number(d, len(s))
	d.b = append(d.b, s...)
}

func (d *digester) texts(list []string) {
	number(d, len(list))
	for _, s := range list {
		d.text(s)
	}
}

func (d *digester) flag(b bool) {
	if b {
		d.b = append(d.b, 1)
	} else {
		d.b = append(d.b, 0)
	}
}

func (d *digester) system(s *System) {
	number(d, len(s.Vars))
	for _, v := range s.Vars {
		d.variable(v)
	}
	number(d, len(s.Pools))
	for _, p := range s.Pools {
		number(d, p.ID)
		d.text(p.Struct)
		d.texts(p.Objects)
		number(d, p.Live)
		number(d, p.Free)
		number(d, p.Leak)
		numbers(d, p.Fields)
	}
	number(d, len(s.Domains))
	for _, m := range s.Domains {
		number(d, m.ID)
		d.typ(m.Type)
		number(d, len(m.Cells))
		for _, c := range m.Cells {
			number(d, c.Var)
			number(d, c.Idx)
		}
		d.texts(m.Names)
	}
	number(d, len(s.Props))
	for _, q := range s.Props {
		d.property(q)
	}
	number(d, len(s.Covers))
	for _, c := range s.Covers {
		d.cover(c)
	}
	number(d, len(s.Processes))
	for _, p := range s.Processes {
		d.process(p)
	}
}

func (d *digester) variable(v *Var) {
	number(d, v.ID)
	d.text(v.Name)
	d.typ(v.Type)
	number(d, v.Len)
	number(d, v.Proc)
	number(d, v.Pool)
	number(d, v.Stride)
	numbers(d, v.Dims)
	numbers(d, v.Init)
	number(d, v.Guard)
	if v.Alloc != AllocResets || v.Weak {
		number(d, v.Alloc)
		number(d, int(Bit(v.Weak)))
	}
}

// typ writes a type in full where it is met first, and its number from then on.
func (d *digester) typ(t *Type) {
	if t == nil {
		number(d, -1)
		return
	}
	if n, ok := d.types[t]; ok {
		number(d, n)
		return
	}
	outer := d.b
	d.b = nil
	number(d, t.Kind)
	d.text(t.Name)
	number(d, t.Lo)
	number(d, t.Hi)
	d.texts(t.Values)
	number(d, t.Pool)
	number(d, t.Domain)
	what := string(d.b)
	d.b = outer
	n, seen := d.numbers[what]
	if !seen {
		n = len(d.numbers)
		d.numbers[what] = n
	}
	d.types[t] = n
	number(d, n)
	if !seen {
		d.b = append(d.b, what...)
	}
}

func (d *digester) property(q *Prop) {
	number(d, q.ID)
	d.text(q.Name)
	number(d, q.Kind)
	d.flag(q.Checked)
	d.expr(q.X)
	number(d, len(q.Cases))
	for _, k := range q.Cases {
		d.text(k.Of)
		d.expr(k.P)
		d.expr(k.Q)
	}
}

func (d *digester) cover(c *Cover) {
	number(d, c.ID)
	d.text(c.Name)
	d.expr(c.X)
	d.flag(c.Required)
	if c.Bound {
		d.b = append(d.b, 2)
		return
	}
	d.flag(c.Edge != nil)
	if c.Edge != nil {
		d.text(c.Edge.From)
		d.text(c.Edge.To)
	}
}

func (d *digester) process(p *Process) {
	number(d, p.ID)
	d.text(p.Name)
	number(d, p.CPU)
	d.text(p.MM)
	d.flag(p.Fair)
	numbers(d, p.Locals)
	d.code(p.Start)
	number(d, len(p.Locations))
	for _, l := range p.Locations {
		number(d, l.ID)
		d.text(l.Label)
		d.flag(l.End)
		numbers(d, l.Live)
		numbers(d, l.Trans)
	}
	number(d, len(p.Trans))
	for _, t := range p.Trans {
		number(d, t.ID)
		number(d, t.Proc)
		number(d, t.From)
		d.code(t.Code)
	}
}

// code writes every field of every operation, whether it matters to its kind or not: a new kind needs no change here.
func (d *digester) code(code []Op) {
	number(d, len(code))
	for i := range code {
		op := &code[i]
		number(d, op.Kind)
		d.place(op.Dst)
		d.expr(op.X)
		number(d, op.Prop)
		number(d, op.Cover)
		number(d, op.Pool)
		number(d, op.Then)
		number(d, op.Else)
		number(d, op.Loc)
		number(d, op.Access)
		number(d, op.Fence)
		d.flag(op.Visible)
		d.flag(op.Observes)
	}
}

func (d *digester) place(p *Place) {
	d.flag(p != nil)
	if p == nil {
		return
	}
	number(d, p.Var)
	d.expr(p.Obj)
	d.expr(p.Idx)
	d.expr(p.Ref)
	number(d, p.Domain)
	d.flag(p.Unchecked)
	number(d, p.Access)
}

// expr writes every field, whether it matters to the operator or not: a new operator needs no change here.
func (d *digester) expr(x *Expr) {
	d.flag(x != nil)
	if x == nil {
		return
	}
	number(d, x.Op)
	d.typ(x.Type)
	number(d, x.Val)
	d.place(x.Place)
	d.expr(x.X)
	d.expr(x.Y)
	d.expr(x.Z)
	number(d, x.Pool)
	number(d, x.Domain)
	numbers(d, x.Table)
}
