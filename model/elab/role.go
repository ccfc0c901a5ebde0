package elab

import (
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/syntax"
)

// Roles. @role() on a function or process says what it is to the reader of a run; the variables that it writes itself have the same role. That is found in the text, once for a spec:
// which code a configuration builds does not matter, and where nobody calls preempt_disable() it is still preempt_disable() that says what preempt_count is.

// cellRole is what the functions that write a variable make of it.
type cellRole struct {
	role  model.Role
	whole bool // of a lock: the object around it is the lock
	per   model.Per
	ipi   bool // of a section: it holds up an IPI
}

// rank says whose role a variable has that several write: to leave interrupts off answers IPIs, and to take a spinlock switches preemption off.
var rank = []model.Role{
	model.NoRole, model.RoleAccess, model.RoleLock, model.RoleSection, model.RoleCache, model.RoleGather, model.RoleCallback, model.RoleGracePeriod, model.RoleIPI,
}

// findRoles finds the roles of variables, by the name of a shared variable or of a field, "struct.field".
func (p *program) findRoles() {
	p.roles = map[string]*cellRole{}
	reads := map[string]bool{} // by functions that send IPIs
	visit := func(attrs []*syntax.Attr, params []*syntax.Param, body *syntax.Block) {
		r := check.RoleOf(attrs)
		if r.Role == model.NoRole || r.Role == model.RoleAccess || body == nil {
			return
		}
		w := &roleWalk{p: p, types: map[string]*syntax.TypeExpr{}}
		for _, x := range params {
			w.types[x.Name.Name] = x.Type
		}
		syntax.Walk(body, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.VarDecl:
				for _, d := range n.Names {
					w.types[d.Name.Name] = n.Type
				}
			case *syntax.AssignStmt:
				w.written(n.X, r.Role)
			case *syntax.CallExpr:
				if (n.Fun.Name == "WRITE_ONCE" || n.Fun.Name == "smp_store_release") && len(n.Args) > 0 {
					w.written(n.Args[0], r.Role)
				}
			case *syntax.Ident:
				if r.Role == model.RoleIPI {
					reads[w.key(n)] = true
				}
			}
			return true
		})
	}
	for _, f := range p.asts {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *syntax.FuncDecl:
				visit(d.Attrs, d.Params, d.Body)
			case *syntax.ProcDecl:
				visit(d.Attrs, nil, d.Body)
			}
		}
	}
	for key, c := range p.roles {
		c.ipi = c.role == model.RoleSection && reads[key]
		if s, _, ok := strings.Cut(key, "."); ok && c.role == model.RoleLock && p.Structs[s] != nil {
			c.whole = !slices.ContainsFunc(p.Structs[s].Fields, func(f check.Field) bool {
				return p.roles[s+"."+f.Name] == nil || p.roles[s+"."+f.Name].role != model.RoleLock
			})
		}
	}
}

// roleWalk looks at one function.
type roleWalk struct {
	p     *program
	types map[string]*syntax.TypeExpr // of parameters and locals
}

// written notes that something is written by a function with a role.
func (w *roleWalk) written(x syntax.Expr, r model.Role) {
	key := w.key(x)
	if key == "" {
		return // through a reference: the trace says where it leads
	}
	c := w.p.roles[key]
	if c == nil {
		c = &cellRole{}
		w.p.roles[key] = c
	}
	if slices.Index(rank, r) > slices.Index(rank, c.role) {
		c.role, c.per = r, model.PerNobody
	}
	if i, ok := x.(*syntax.IndexExpr); ok && r == c.role {
		if id, ok := i.I.(*syntax.Ident); ok {
			switch id.Name {
			case "this_cpu":
				c.per = model.PerCPU
			case "self":
				c.per = model.PerProcess
			}
		}
	}
}

// key names the variable or field that an expression denotes; "" if it is neither.
func (w *roleWalk) key(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return w.key(x.X)
	case *syntax.IndexExpr:
		return w.key(x.X)
	case *syntax.UnaryExpr:
		if x.Op == syntax.AND {
			return w.key(x.X)
		}
	case *syntax.Ident:
		if s := w.p.Names[x.Name]; s != nil && s.Kind == check.VarObject && w.types[x.Name] == nil {
			return x.Name
		}
	case *syntax.MemberExpr:
		if s := w.structOf(x.X); s != "" {
			return s + "." + x.Name.Name
		}
	}
	return ""
}

// structOf is the struct that an expression is, or points to.
func (w *roleWalk) structOf(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return w.structOf(x.X)
	case *syntax.IndexExpr:
		return w.structOf(x.X)
	case *syntax.UnaryExpr:
		return w.structOf(x.X)
	case *syntax.Ident:
		if t := w.types[x.Name]; t != nil {
			return w.p.structName(t)
		}
		if s := w.p.Names[x.Name]; s != nil && s.Kind == check.VarObject {
			return w.p.structName(s.Var.Type)
		}
	case *syntax.MemberExpr:
		s := w.p.Structs[w.structOf(x.X)]
		if s == nil {
			return ""
		}
		if i, ok := s.Index[x.Name.Name]; ok {
			return w.p.structName(s.Fields[i].Type)
		}
	}
	return ""
}

// structName is the struct of a type, or the one that it points to.
func (p *program) structName(t *syntax.TypeExpr) string {
	for range 16 { // typedefs of typedefs
		if t == nil || t.Name == nil {
			return ""
		}
		if t.Kind == syntax.TypeStruct {
			return t.Name.Name
		}
		s := p.Names[t.Name.Name]
		if s == nil || s.Kind != check.TypedefObject {
			return ""
		}
		t = s.Typedef.Type
	}
	return ""
}

// giveRole gives a variable the role that its name has.
func (e *elab) giveRole(v *model.Var, key string) {
	if c := e.prog.roles[key]; c != nil {
		v.Role, v.Whole, v.Per, v.StopsIPI = c.role, c.whole, c.per, c.ipi
	}
}
