package promela

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/model/source"
)

// Options choose between the semantics of checking and of counting.
type Options struct {
	NoAssert bool // failing asserts and accesses to dead objects are ignored; faults still park
}

// Export writes a system as a Promela model. What Promela cannot say is reported as a [source.List] of everything in the way, and nothing is written.
func Export(w io.Writer, sys *model.System, opt Options) error {
	x := &exporter{sys: sys, opt: opt, written: sys.Written(), diags: &source.List{Files: sys.Files}}
	if m := sys.Memory; m != nil {
		x.diags.Add(source.Diagnostic{
			Code: "promela-memory", Span: source.At(sys.Processes[0].Pos), Msg: "a system with memory model " + m.Model + " cannot be translated: SPIN's memory is sequentially consistent",
			Hint: "export it with --set memory_model=sc",
		})
		return x.diags.Err()
	}
	x.start()
	x.declare()
	for _, p := range sys.Processes {
		x.process(p)
	}
	x.observer()
	if err := x.diags.Err(); err != nil {
		return err
	}
	_, err := io.WriteString(w, x.text())
	return err
}

// exporter collects the parts of the text.
type exporter struct {
	sys     *model.System
	opt     Options
	written [][]bool
	diags   *source.List
	left    []string    // liveness properties: not translated
	vars    []*variable // by VarID
	pcs     []*variable // by ProcID
	procs   []string    // names of proctypes, by ProcID
	init    *eval.State
	atStart []string // C statements for what Start code violated and reached
	bodies  []string // proctypes
	look    []string // C statements that look at every state
	rest    []string // C statements that look at states in which nothing can move
	vector  int      // bytes of the state vector, about
}

// A variable is a Promela variable. The stored value is the model's less the bias, which is not zero only where Promela could not write the initial value.
type variable struct {
	name   string
	lo, hi int32 // of stored values
	bias   int32
	cells  int
	init   []int32 // model values after Start code
	note   string
	used   bool
	hidden bool // not part of the state: a local that has its initial value between steps
}

// start runs the Start code of every process on the oracle; Promela begins in the state behind it.
func (x *exporter) start() {
	in := eval.New(x.sys, eval.Options{NoAssert: x.opt.NoAssert})
	s, outs := in.Starts()
	x.init = s
	for _, o := range outs {
		if o.Failure != nil {
			x.atStart = append(x.atStart, fmt.Sprintf("pmd_violated(%d);", o.Failure.Prop))
		}
		for _, c := range o.Covers {
			x.atStart = append(x.atStart, fmt.Sprintf("pmd_reached(%d);", c))
		}
	}
}

// ignored reports whether failures of a property are not looked at.
func (x *exporter) ignored(p model.PropID) bool {
	return p == model.NoProp || x.opt.NoAssert || !x.sys.Props[p].Checked
}

func (x *exporter) typeOf(p *model.Place) *model.Type {
	if p.Ref != nil {
		return x.sys.Domains[p.Domain].Type
	}
	return x.sys.Vars[p.Var].Type
}

func (x *exporter) declare() {
	taken := names{}
	for _, p := range x.sys.Processes {
		x.procs = append(x.procs, taken.pick(p.Name))
		x.pcs = append(x.pcs, &variable{
			name: taken.pick("at_" + p.Name), hi: int32(len(p.Locations)), cells: 1, init: []int32{x.pc(p, x.init.Locs[p.ID])}, used: true,
			note: fmt.Sprintf("location of %s; %d: parked", p.Name, len(p.Locations)),
		})
	}
	lives := map[model.VarID]bool{}
	for _, p := range x.sys.Processes {
		for _, l := range p.Locations {
			for _, v := range l.Live {
				lives[v] = true
			}
		}
	}
	for _, v := range x.sys.Vars {
		d := &variable{name: taken.pick(v.Name), lo: v.Type.Lo, hi: v.Type.Hi, cells: v.Len, init: x.init.Vals[v.ID], note: v.Type.Name, hidden: v.Proc != model.NoProc && !lives[v.ID]}
		if v.Len > 1 && slices.Min(d.init) < 0 {
			d.bias = v.Type.Lo
			d.lo, d.hi = 0, d.hi-d.bias
			d.note += fmt.Sprintf(", stored less %d", d.bias)
		}
		if v.Pool != model.NoPool {
			d.note += " of " + strings.Join(x.sys.Pools[v.Pool].Objects, ", ")
		}
		d.used = slices.Contains(x.written[v.ID], true)
		x.vars = append(x.vars, d)
	}
}

// pc is the number of a location; the one behind the last is for parked processes.
func (x *exporter) pc(p *model.Process, l model.LocID) int32 {
	if l == model.Parked {
		return int32(len(p.Locations))
	}
	return int32(l)
}

// typ is the smallest Promela type for the stored values, and its size.
func (v *variable) typ() (string, int) {
	switch {
	case v.lo >= 0 && v.hi <= 1 && !v.hidden: // which SPIN forbids for bits
		return "bit", 1
	case v.lo >= 0 && v.hi <= 255:
		return "byte", 1
	case v.lo >= -1<<15 && v.hi < 1<<15:
		return "short", 2
	}
	return "int", 4
}

func (v *variable) declaration() string {
	t, _ := v.typ()
	var b strings.Builder
	if v.hidden {
		t = "hidden " + t
	}
	b.WriteString(t + " " + v.name)
	if v.cells > 1 {
		fmt.Fprintf(&b, "[%d]", v.cells)
	}
	b.WriteString(" = ")
	if v.cells > 1 && !slices.ContainsFunc(v.init, func(i int32) bool { return i != v.init[0] }) || v.cells == 1 {
		b.WriteString(strconv.Itoa(int(v.init[0] - v.bias)))
	} else {
		for i, c := range v.init {
			b.WriteString([]string{"{ ", ", "}[min(i, 1)] + strconv.Itoa(int(c-v.bias)))
		}
		b.WriteString(" }")
	}
	return b.String() + ";"
}

// text puts the parts together.
func (x *exporter) text() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("/* %s", comment(x.sys.Name))
	for _, c := range x.sys.Config {
		p(" %s=%s", comment(c.Name), comment(c.Value))
	}
	var decls []string
	for _, v := range slices.Concat(x.pcs, x.vars) {
		if !v.used || v.cells == 0 {
			continue
		}
		_, size := v.typ()
		if !v.hidden {
			x.vector += size * v.cells
		}
		decls = append(decls, fmt.Sprintf("%-40s /* %s */\n", v.declaration(), comment(v.note)))
	}
	p("\n *\n * spin -o1 -o2 -o3 -a FILE && cc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=%d -o pan pan.c && ./pan -m1000000\n", x.vector+512)
	p(" *\n * prints each violated property and each cover reached, once, and counts the states of pmdcheck and one transition more. With -DSTOP given to spin it stops\n")
	p(" * at the first violation and writes a trail (./pan -r).\n")
	if len(x.left) > 0 {
		p(" *\n * Not translated, because they are about more than single states and steps: %s.\n", comment(strings.Join(x.left, ", ")))
	}
	p(" */\n\n")
	p("c_decl {\n")
	table := func(name string, n int, of func(int) string) {
		p("static const char *pmd_%s_name[] = {", name)
		for i := range n {
			p(" %s,", strconv.Quote(of(i)))
		}
		p(" 0 };\nstatic char pmd_%s_seen[%d];\n", name, n+1)
	}
	table("violated", len(x.sys.Props), func(i int) string { return x.sys.Props[i].Name })
	table("reached", len(x.sys.Covers), func(i int) string { return x.sys.Covers[i].Name })
	for _, f := range []string{"violated", "reached"} {
		p("static void pmd_%s(int k) { if (!pmd_%s_seen[k]) { pmd_%s_seen[k] = 1; printf(\"pmdcheck: %s %%s\\n\", pmd_%s_name[k]); } }\n", f, f, f, f, f)
	}
	p("extern void (*uerror)(char *);\nstatic int pmd_look(void), pmd_rest(void);\n\\#define LOOK pmd_look()\n\\#define REST pmd_rest()\n}\n\n")
	p("#ifdef STOP\n#define VIOLATED(k) c_code { pmd_violated(k); }; assert(false)\n#else\n#define VIOLATED(k) c_code { pmd_violated(k); }\n#endif\n")
	p("#define REACHED(k) c_code { pmd_reached(k); }\n\n")
	for _, d := range decls {
		b.WriteString(d)
	}
	for _, s := range x.bodies {
		p("\n%s", s)
	}
	p("\nc_code {\n#ifdef STOP\n#define FOUND(k) { pmd_violated(k); uerror((char *)pmd_violated_name[k]); }\n#else\n#define FOUND(k) pmd_violated(k);\n#endif\n")
	p("/* Looks at every state. */\nstatic int pmd_look(void)\n{\n")
	if len(x.atStart) > 0 {
		p("\tstatic int first = 1;\n\tif (first) {\n\t\tfirst = 0;\n\t\t%s\n\t}\n", strings.Join(x.atStart, "\n\t\t"))
	}
	for _, s := range x.look {
		p("\t%s\n", s)
	}
	p("\treturn 0;\n}\n\n/* Looks at states in which nothing can move. */\nstatic int pmd_rest(void)\n{\n")
	for _, s := range x.rest {
		p("\t%s\n", s)
	}
	p("\treturn 0;\n}\n}\n\n/* Its guards are never true: it adds neither states nor transitions. */\nactive proctype observer()\n{\nend:\tdo\n\t:: c_expr { LOOK }\n\t:: timeout && c_expr { REST }\n\tod\n}\n")
	return b.String()
}

// comment makes text fit for a comment.
func comment(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "*/", "* /"), "/*", "/ *")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\\' {
			return ' '
		}
		return r
	}, s)
}
