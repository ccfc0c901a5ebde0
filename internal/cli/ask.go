package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/checker/report"
	"pmdcheck/internal/audit"
	"pmdcheck/internal/memory"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/properties"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
)

// walker is a function about which can be asked, with the specs in which a process calls it.
type walker struct {
	name string
	axis string // parameter, for each value of which there is an answer
	in   []use
}

// use is one way in which a walker is used.
type use struct {
	spec   string
	set    []string // values by which the spec is about this walker
	how    string   // what the walker does, or "" where there is one way only
	policy bool     // what it holds is a parameter, and not what the kernel holds there
}

const rowsSpec, rowParam = "walkers/rows", "row"

// walkers are those of the specs that leave it open what a walker holds, and the callers in the kernel, which hold what each release makes them hold.
func walkers() ([]walker, error) {
	list := []walker{{"huge_pte_offset", "policy", []use{
		{spec: "seed/race_a", how: "Under the lock of the table", policy: true},
		{spec: "seed/race_a_unlocked", how: "Without it", policy: true},
	}}}
	spec, err := catalog.Load(rowsSpec)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(spec.Configs(), func(c elab.ConfigParam) bool { return c.Name == rowParam })
	if i < 0 {
		return nil, fmt.Errorf("%s has no parameter %s", rowsSpec, rowParam)
	}
	for _, row := range spec.Configs()[i].Values {
		name, how := row, ""
		for _, s := range []struct{ suffix, how string }{{"_row", ""}, {"_locked", "Under the lock of the table"}, {"_unlocked", "Without it"}} {
			if n, ok := strings.CutSuffix(row, s.suffix); ok {
				name, how = n, s.how
			}
		}
		u := use{spec: rowsSpec, set: []string{rowParam + "=" + row}, how: how}
		if k := slices.IndexFunc(list, func(w walker) bool { return w.name == name }); k >= 0 {
			list[k].in = append(list[k].in, u)
		} else {
			list = append(list, walker{name, rowParam, []use{u}})
		}
	}
	return list, nil
}

// policies are what a walker may hold, in words.
var policies = map[string]string{
	"none":             "holding nothing",
	"mmap_read":        "mmap_lock for read",
	"vma_lock":         "the vma_lock of hugetlb for read",
	"i_mmap":           "i_mmap_rwsem for read",
	"rcu":              "rcu_read_lock()",
	"preempt_off_walk": "preemption off",
	"irq_off":          "interrupts off",
	"pte_walker_lock":  "the rule proposed in 2022 (RCU or interrupts off, by Kconfig)",
}

// madeBy are the features without which there is nothing to hold.
var madeBy = map[string]string{"vma_lock": "has_vma_lock"}

type askFlags struct {
	kernel, arch, walker string
	policy               []string
	quiet                bool
	jobs                 int
	timeout              time.Duration
}

func (a *app) askCmd() *cobra.Command {
	f := &askFlags{}
	cmd := &cobra.Command{
		Use: "ask", Short: "ask what a page-table walker has to hold in a release, on an architecture", Args: cobra.NoArgs,
		Long: "ask answers with a sentence for each policy, which is what the walker holds while it walks and uses what it found; or with one for what the kernel itself holds, for functions of\n" +
			"which only the kernel's own use is known. Behind each no stands a run that goes wrong. A yes says that no run of the configurations that were explored goes wrong (docs/kernel-model.md\n" +
			"has what they leave out); what they could not decide is unknown, with the reason, and then the exit code is 3.",
		Example: "  pmdcheck ask --kernel 6.6 --arch arm64 --walker huge_pte_offset\n  pmdcheck ask --kernel 6.6 --arch arm64 --policy vma_lock,rcu\n  pmdcheck ask --kernel 6.1 --walker follow_hugetlb_page --quiet",
		RunE:    func(*cobra.Command, []string) error { return a.ask(f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kernel, "kernel", "", "`release`, as 6.6 (default: the newest that the library knows)")
	fl.StringVar(&f.arch, "arch", "", "`architecture`, as arm64 (default: all that the specs sweep)")
	fl.StringVar(&f.walker, "walker", "huge_pte_offset", "`function` that walks")
	fl.StringSliceVar(&f.policy, "policy", nil, "ask about this `policy` only (repeatable; default all)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only the sentences, without the runs")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "configurations explored at the same time")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on a configuration after this time")
	return cmd
}

func (a *app) ask(f *askFlags) error {
	if err := limits(0, f.timeout); err != nil {
		return err
	}
	if f.jobs < 1 {
		return errors.New("--jobs counts from 1")
	}
	w, err := f.check()
	if err != nil {
		return err
	}
	a.stable([]string{"kernel=" + f.kernel})
	ctx, cancel := until(0)
	defer cancel()
	q := &question{walker: w, flags: f, options: run.Options{Tool: tool(debug.ReadBuildInfo()), Jobs: f.jobs, Checker: checker.Options{Timeout: f.timeout}}}
	if q.options.Checker.Memory, err = memory.Bound("", f.jobs); err != nil {
		return err
	}
	prog := a.newProgress(0, false)
	q.options.Watch = prog.watch
	err = q.explore(ctx)
	prog.stop()
	if err != nil {
		return err
	}
	return q.write(ctx, a)
}

// check looks up what is asked about, and says what there is where something is not known.
func (f *askFlags) check() (*walker, error) {
	list, err := walkers()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, w := range list {
		names = append(names, w.name)
	}
	i := slices.Index(names, strings.TrimSuffix(f.walker, "()"))
	if i < 0 {
		return nil, source.WithHint(fmt.Sprintf("no spec is about a walker %s", f.walker), cmp.Or(source.DidYouMean(f.walker, names), "there are "+strings.Join(names, ", ")))
	}
	lib, err := catalog.KernelLibrary()
	if err != nil {
		return nil, err
	}
	if f.kernel == "" {
		releases := lib.Releases()
		f.kernel = releaseText(releases[len(releases)-1])
	}
	if _, _, ok := elab.ParseKernel(f.kernel); !ok {
		return nil, fmt.Errorf("--kernel %s: write a release, as 6.6", f.kernel)
	}
	if _, err := lib.Configurations([]model.ConfigValue{{Name: "kernel", Value: f.kernel}}); err != nil {
		return nil, fmt.Errorf("--kernel: the %w", err)
	}
	if err := f.exists(list[i].name); err != nil {
		return nil, err
	}
	if f.arch != "" {
		if _, err := lib.Configurations([]model.ConfigValue{{Name: "arch", Value: f.arch}}); err != nil {
			return nil, fmt.Errorf("--arch: %w", err)
		}
	}
	known := []string{}
	for p := range policies {
		known = append(known, p)
	}
	slices.Sort(known)
	for _, p := range f.policy {
		if !slices.Contains(known, p) {
			return nil, source.WithHint("there is no policy "+p, cmp.Or(source.DidYouMean(p, known), "there are "+strings.Join(known, ", ")))
		}
	}
	if len(f.policy) > 0 && !list[i].in[0].policy {
		return nil, fmt.Errorf("of %s it is only known what the kernel holds there: leave out --policy", list[i].name)
	}
	return &list[i], nil
}

// exists refuses a function that the release does not have: the specs would answer for one that does the same.
func (f *askFlags) exists(function string) error {
	lib, err := kernelLibrary()
	if err != nil {
		return err
	}
	release, _, _ := elab.ParseKernel(f.kernel)
	has, known, where := lib.Has(function, audit.Release{Version: int(release / 100), Patch: int(release % 100)})
	if known && !has {
		return source.WithHint(fmt.Sprintf("%s has no %s()", releaseText(release), function), "the library knows it of "+strings.Join(where, ", "))
	}
	return nil
}

// question is what is asked, with what was found.
type question struct {
	walker  *walker
	flags   *askFlags
	options run.Options
	answers []*answer // in the order of the policies
	targets []string  // that were explored
	shared  bool
	alone   []string // targets that share no table of the kind that the walkers walk, beside others that do
}

// answer is what was found for one policy.
type answer struct {
	policy string // or "" for what the kernel holds
	absent bool   // the release has no such lock
	uses   []used
}

// used is what was found for one way of using the walker.
type used struct {
	how     string
	configs []plan.Placed
	results []matrix.Result
	none    string // why there is no configuration
}

// explore explores the configurations of every use.
func (q *question) explore(ctx context.Context) error {
	for _, u := range q.walker.in {
		set := append([]string{"kernel=" + q.flags.kernel}, u.set...)
		if q.flags.arch != "" {
			set = append(set, "arch="+q.flags.arch)
		}
		if len(q.flags.policy) > 0 {
			set = append(set, "policy="+strings.Join(q.flags.policy, ","))
		}
		m, err := q.plan(u.spec, set)
		if err != nil {
			return err
		}
		configs := q.sharing(m.Configurations)
		if len(configs) == 0 {
			q.of("").uses = append(q.of("").uses, used{how: u.how, none: fmt.Sprintf("No configuration of %s has %s", u.spec, strings.Join(set, " ")) + q.elsewhere(u.spec, set)})
			continue
		}
		for i, x := range run.Matrix(ctx, configs, "all", q.options) {
			if x.Err != nil {
				return x.Err
			}
			if x.Excluded != "" {
				continue // there is no such kernel
			}
			policy := ""
			if u.policy {
				policy = x.Result.Axes[q.walker.axis]
			}
			q.of(policy).add(u.how, configs[i], x.Result)
		}
	}
	return nil
}

// sharing leaves the configurations of targets that share tables, if there are any: the others have nothing that a walker could be protected from, and would only make what is said longer.
func (q *question) sharing(all []plan.Placed) (configs []plan.Placed) {
	shares := func(c plan.Placed) bool {
		v, ok := c.Spec.Value(c.Configuration, "PMD_SHARING")
		return !ok || v != "0" && v != "false"
	}
	some := slices.ContainsFunc(all, shares)
	q.shared = q.shared || some
	for _, c := range all {
		list := &q.targets
		if some && !shares(c) {
			list = &q.alone
		} else {
			c.Asked = append(c.Asked, c.Spec.CheckedProperties()...)
			configs = append(configs, c)
		}
		if t := c.Axes["target"]; !slices.Contains(*list, t) {
			*list = append(*list, t)
		}
	}
	return configs
}

// plan lists the configurations of a spec with what is set.
func (q *question) plan(spec string, set []string) (*plan.Matrix, error) {
	return plan.MatrixRequest{Specs: []string{spec}, Set: set, Rows: []string{q.walker.axis}, Cols: []string{"target"}, Property: []string{plan.AnyProperty}, Timeout: q.flags.timeout}.Plan()
}

// elsewhere says which targets there are configurations of, where there is none of the architecture that was asked for.
func (q *question) elsewhere(spec string, set []string) string {
	if q.flags.arch == "" {
		return ""
	}
	m, err := q.plan(spec, slices.DeleteFunc(slices.Clone(set), func(s string) bool { return strings.HasPrefix(s, "arch=") }))
	if err != nil || len(m.Configurations) == 0 {
		return ""
	}
	var targets []string
	for _, c := range m.Configurations {
		if t := c.Axes["target"]; !slices.Contains(targets, t) {
			targets = append(targets, t)
		}
	}
	return "; without --arch it is explored on " + strings.Join(targets, ", ")
}

func (q *question) of(policy string) *answer {
	i := slices.IndexFunc(q.answers, func(a *answer) bool { return a.policy == policy })
	if i < 0 {
		i = len(q.answers)
		q.answers = append(q.answers, &answer{policy: policy})
	}
	return q.answers[i]
}

func (x *answer) add(how string, c plan.Placed, r matrix.Result) {
	if f := madeBy[x.policy]; f != "" {
		v, ok := c.Spec.Value(c.Configuration, f)
		x.absent = ok && (v == "false" || v == "0")
	}
	i := slices.IndexFunc(x.uses, func(u used) bool { return u.how == how })
	if i < 0 {
		i = len(x.uses)
		x.uses = append(x.uses, used{how: how})
	}
	x.uses[i].configs, x.uses[i].results = append(x.uses[i].configs, c), append(x.uses[i].results, r)
}

// table is what the configurations of a use say of a property.
func (u used) place(prop string) matrix.Place {
	d := matrix.Build(u.results, nil, nil, []string{prop}, false, propertyTitle)
	if len(d.Tables) == 0 {
		return matrix.Place{Verdict: matrix.NotJudged}
	}
	return d.Tables[0].Lines[0].Places[0]
}

// word is yes, no or unknown. One run that goes wrong is a no, and it takes all configurations for a yes.
func (x *answer) word() string {
	word := "yes"
	for _, u := range x.uses {
		switch {
		case u.none != "":
			word = cmp.Or(map[string]string{"no": "no"}[word], "unknown")
		case u.place(plan.AnyProperty).Verdict == matrix.Violated:
			return "no"
		case u.place(plan.AnyProperty).Verdict != matrix.Holds:
			word = "unknown"
		}
	}
	return word
}

// sentence says what was found.
func (x *answer) sentence(release string) string {
	what := "what " + release + " holds there"
	if x.policy != "" {
		what = cmp.Or(policies[x.policy], x.policy)
	}
	if x.absent {
		what += ", which " + release + " does not have,"
	}
	var parts []string
	configs := 0
	for _, u := range x.uses {
		configs += len(u.results)
		if s := u.text(); s != "" {
			if u.how != "" {
				s = u.how + ": " + s
			}
			parts = append(parts, strings.ToUpper(s[:1])+s[1:])
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%s is enough: no run of %s goes wrong.", what, report.Count(configs, "configuration"))
	}
	if x.word() == "no" {
		what += " is not enough"
	}
	return what + ". " + strings.Join(parts, ". ") + "."
}

// text is what goes wrong, or is not known, or "".
func (u used) text() string {
	if u.none != "" {
		return u.none
	}
	any := u.place(plan.AnyProperty)
	where := func(p matrix.Place) string {
		const most = 2
		switch n := strings.Count(p.Where, "; ") + 1; {
		case p.Where == "":
			return ""
		case n > most:
			return fmt.Sprintf(" in %d of %s", max(p.Violated, p.Unknown), report.Count(p.Configurations, "configuration"))
		}
		return " where " + strings.ReplaceAll(p.Where, "; ", " or ")
	}
	switch any.Verdict {
	case matrix.Holds:
		return ""
	case matrix.Unknown:
		return fmt.Sprintf("%d of %s not decided (%s)", any.Unknown, report.Count(any.Configurations, "configuration"), strings.Join(any.Reasons, "; "))
	case matrix.Violated:
	default:
		return "nothing observes what could go wrong"
	}
	var parts []string
	for _, prop := range u.configs[0].Spec.CheckedProperties() {
		if p := u.place(prop); p.Verdict == matrix.Violated {
			parts = append(parts, properties.Title(prop)+where(p))
		}
	}
	return strings.Join(parts, ", ")
}

// write writes the sentences, then a run for each no.
func (q *question) write(ctx context.Context, a *app) error {
	var b strings.Builder
	release := q.flags.kernel
	if n, _, ok := elab.ParseKernel(release); ok {
		release = releaseText(n)
	}
	head := fmt.Sprintf("%s() in %s", q.walker.name, release)
	if q.flags.arch != "" {
		head += " on " + q.flags.arch
	}
	if len(q.targets) > 0 {
		head += " (" + strings.Join(q.targets, ", ")
		switch {
		case !q.shared:
			head += ", where no page table is shared"
		case len(q.alone) > 0:
			head += "; none is shared on " + strings.Join(q.alone, ", ")
		}
		head += ")"
	}
	fmt.Fprintf(&b, "%s\n\n", wrapped("", strings.Fields(head+":"), max(60, a.width())))
	unknown := false
	var noes []*answer
	for _, x := range q.answers {
		word, ref := x.word(), ""
		unknown = unknown || word == "unknown"
		if word == "no" && !q.flags.quiet {
			noes = append(noes, x)
			ref = fmt.Sprintf(" [%d]", len(noes))
		}
		head := fmt.Sprintf("%-8s", word)
		if x.policy != "" {
			head += fmt.Sprintf("%-17s", x.policy)
		}
		fmt.Fprintln(&b, wrapped(head, strings.Fields(x.sentence(release)+ref), max(60, a.width())))
	}
	if _, err := io.WriteString(a.out, b.String()); err != nil {
		return err
	}
	for i, x := range noes {
		if err := q.trace(ctx, a, i+1, x); err != nil {
			return err
		}
	}
	if unknown {
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

// telling are the properties whose violation tells most, the best first.
var telling = []string{"no_use_after_free", "no_ptl_use_after_free", "no_foreign_walk", "no_wild_walk"}

func rank(property string) int {
	if i := slices.Index(telling, property); i >= 0 {
		return i
	}
	return len(telling)
}

// trace shows a run of a no: of the configuration that violates what tells most, the first of these.
func (q *question) trace(ctx context.Context, a *app, number int, x *answer) error {
	var config *plan.Placed
	best := 0
	for _, u := range x.uses {
		for i, r := range u.results {
			special := 0 // the configuration in which least is out of the ordinary
			for _, v := range r.Config {
				if v.Value == "true" {
					special++
				}
			}
			for p, v := range r.Answers {
				if score := rank(p)<<8 + special; v.Verdict == matrix.Violated && p != plan.AnyProperty && (config == nil || score < best) {
					config, best = &u.configs[i], score
				}
			}
		}
	}
	if config == nil {
		return nil
	}
	o := q.options
	o.Traces, o.Watch = true, nil
	for out := range run.Configurations(ctx, []plan.Check{config.Check}, o) {
		if out.Err != nil {
			return out.Err
		}
		if len(out.Traces) == 0 {
			return fmt.Errorf("%s: there is no run to show: %s", strings.TrimSpace(config.Name()), out.Result.Reason)
		}
		t := slices.MinFunc(out.Traces, func(a, b *traces.Trace) int { return rank(a.Property) - rank(b.Property) })
		again := "pmdcheck check " + config.Spec.Name
		for _, v := range config.Named() {
			again += " --set " + v.Name + "=" + v.Value
		}
		fmt.Fprintf(a.out, "\n[%d] %s --property %s\n\n", number, again, t.Property)
		if err := columns.Render(a.out, t, a.table(-1, false)); err != nil {
			return err
		}
	}
	return nil
}
