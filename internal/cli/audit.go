package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/audit"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

type auditFlags struct {
	dir, rev, against, baseline     string
	writeProfile                    string
	verdicts, suggest, traces, each bool
	kconfig, features, all, verbose bool
	skeletons, conform              []string
	out                             outputs
}

func (a *app) auditCmd() *cobra.Command {
	f := auditFlags{}
	cmd := &cobra.Command{
		Use: "audit --linux DIR [spec...]", Short: "hold the kernel library against a kernel tree", Args: cobra.ArbitraryArgs,
		Long: "audit reads a kernel tree, which needs neither be built nor configured, and says where the kernel library is not about this tree:\n" +
			"features that it has otherwise than its release, references to functions that moved or are gone, callers of what is modelled that no model covers,\n" +
			"and Kconfig facts that the library says otherwise. With --conform also the events in which functions of the library and of the tree differ.\n" +
			"With --against it says instead what is otherwise than in another tree: of each body that the library refers to, the events that differ.\n" +
			"It finds drift and proves nothing about code.\n\n" +
			"Exit code 0: nothing; 1: a difference, or a violated claim; 2: usage; 3: something could not be read or told. With --baseline only what is new counts.",
		Example: "  pmdcheck audit --linux ~/linux\n  pmdcheck audit --linux ~/linux --features\n  pmdcheck audit --linux ~/linux --conform x86_nopv\n  pmdcheck audit --linux ~/linux --json tree.json\n  pmdcheck audit --linux ~/linux --baseline tree.json --sarif audit.sarif\n" +
			"  pmdcheck audit --linux ~/linux-next --against tree.json\n  pmdcheck audit --linux ~/linux --git v6.12..HEAD --each",
		RunE: func(cmd *cobra.Command, args []string) error { return a.audit(cmd.Context(), f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "linux", "", "the kernel tree, a `folder`")
	fl.StringVar(&f.rev, "git", "", "this `commit` of the repository that --linux names, or OLD..NEW: what is otherwise in the second")
	fl.BoolVar(&f.each, "each", false, "with --git OLD..NEW: what each commit between them changes")
	fl.StringVar(&f.against, "against", "", "compare with another tree: its `folder`, or the JSON of its audit")
	fl.StringVar(&f.baseline, "baseline", "", "the JSON of an earlier audit, a `file`: only what it does not have is reported and counts")
	fl.BoolVar(&f.verdicts, "verdicts", false, "check the claims of all specs, or of those named, for this tree, and say which are violated")
	fl.BoolVar(&f.suggest, "suggest", false, "with the verdicts: for each violated claim the smallest sets of missing fixes that mend it")
	fl.BoolVar(&f.traces, "traces", false, "with the verdicts: the trace of each violation")
	fl.StringVar(&f.writeProfile, "write-profile", "", "write the release and the features of the tree to `file`, for check --profile and matrix --profile")
	fl.BoolVar(&f.kconfig, "kconfig", false, "only the table of what Kconfig says of each target")
	fl.BoolVar(&f.features, "features", false, "only the table of features: which the tree has, and what shows it")
	fl.StringArrayVar(&f.skeletons, "skeleton", nil, "only the events of this `function`, wherever a reference or a call site leads to it")
	fl.StringArrayVar(&f.conform, "conform", nil, "only the events in which functions of the library and of the tree differ, for this `target`; -v also shows what is waived")
	fl.BoolVar(&f.all, "all", false, "read every part of the tree, drivers too")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "also what is in order")
	fl.StringVar(&f.out.json, "json", "", "write everything as JSON to `file` (- for stdout, instead of text)")
	fl.StringVar(&f.out.junit, "junit", "", "write what was found as JUnit XML to `file`")
	fl.StringVar(&f.out.sarif, "sarif", "", "write what was found as SARIF 2.1.0 to `file`; locations are those of the kernel tree")
	fl.StringVar(&f.out.summary, "summary", "", "append a summary in Markdown to `file`, such as $GITHUB_STEP_SUMMARY")
	return cmd
}

// usage finds out what cannot be meant.
func (f *auditFlags) usage(specs []string) error {
	_, _, two := strings.Cut(f.rev, "..")
	switch {
	case len(specs) > 0 && !f.verdicts:
		return errors.New("specs are checked with --verdicts")
	case f.dir == "":
		return errors.New("--linux DIR says which tree")
	case two && f.against != "":
		return errors.New("--against and two commits are two comparisons; one is made")
	case f.each && !two:
		return errors.New("--each goes with --git OLD..NEW")
	case f.baseline != "" && (two || f.against != ""):
		return errors.New("--baseline is of one tree; a comparison of two has only what is otherwise anyway")
	}
	return errors.Join(f.out.check(), files.CanWrite(f.writeProfile))
}

func (a *app) audit(ctx context.Context, f auditFlags, specs []string) error {
	f.verdicts = f.verdicts || f.suggest || f.traces
	if err := f.usage(specs); err != nil {
		return err
	}
	lib, err := kernelLibrary()
	if err != nil {
		return err
	}
	if f.each {
		return a.auditEach(ctx, f, lib, specs)
	}
	o := audit.Options{All: f.all, Conform: f.conform}
	var old, known *audit.Document // another tree, and an earlier audit of this one
	var follow []audit.FollowUp
	if before, after, ok := strings.Cut(f.rev, ".."); ok {
		f.rev, f.against = cmp.Or(after, "HEAD"), before
		if old, err = audit.RunCommit(ctx, f.dir, before, lib, o); err != nil {
			return err
		}
		if follow, err = audit.FollowUps(ctx, f.dir, before, f.rev, lib); err != nil {
			return err
		}
	} else if f.against != "" {
		if old, err = audited(f.against, lib, o); err != nil {
			return err
		}
	}
	if f.baseline != "" {
		if known, err = readAudit(f.baseline); err != nil {
			return err
		}
	}
	doc, err := theTree(ctx, f.dir, f.rev, lib, o)
	if err != nil {
		return err
	}
	if len(f.skeletons) > 0 {
		return a.skeletons(doc, f.skeletons)
	}
	if f.writeProfile != "" {
		if err := a.writeProfile(f.writeProfile, doc); err != nil {
			return err
		}
	}
	quiet := f.out.takesStdout() || f.writeProfile == "-"
	if old != nil {
		return a.drift(old, doc, follow, f, specs, quiet)
	}
	return a.audited(doc, known, f, specs, quiet)
}

// audited reports on one tree: what was asked for, and of that only what is new.
func (a *app) audited(doc, known *audit.Document, f auditFlags, specs []string, quiet bool) error {
	text := io.Writer(a.out)
	if quiet || known != nil {
		text = io.Discard
	}
	var rules []string
	show := func(asked bool, write func() error, of ...string) error {
		if !asked {
			return nil
		}
		rules = append(rules, of...)
		return write()
	}
	err := cmp.Or(
		show(f.features, func() error { return doc.WriteFeatures(text) }, "feature"),
		show(f.kconfig, func() error { return doc.WriteKconfig(text) }, "kconfig"),
		show(len(f.conform) > 0, func() error { return doc.WriteConformance(text, f.verbose) }, "conformance", "stale-waiver", "not-compared"),
		show(f.verdicts, func() error { return a.verdicts(text, doc, f, specs) }, "claim"),
	)
	if err == nil && rules == nil {
		err = doc.WriteText(text, f.verbose)
	}
	if err != nil {
		return err
	}
	found := doc.Findings()
	if rules != nil {
		found = slices.DeleteFunc(found, func(x audit.Finding) bool { return !slices.Contains(rules, x.Rule) })
	}
	sum := fmt.Sprintf("%d to look at, %d unknown.", tally(found, false), tally(found, true))
	if known != nil {
		var had int
		found, had = audit.New(found, known.Findings())
		sum = fmt.Sprintf("%d new to look at, %d new unknown; %d were there before.", tally(found, false), tally(found, true), had)
		if !quiet {
			if err := writeNew(a.out, doc, found, sum); err != nil {
				return err
			}
		}
	}
	return a.conclude(doc, doc.Release+": "+doc.Summary(), sum, found, f)
}

// writeNew writes what a baseline has not.
func writeNew(w io.Writer, doc *audit.Document, found []audit.Finding, sum string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s\n", doc.Release, doc.Summary(), sum)
	for _, x := range found {
		fmt.Fprintf(&b, "\n%s: %s (%s)\n", x.Rule, x.Text, x.Place)
		for _, d := range x.Detail {
			fmt.Fprintf(&b, "  %s\n", d)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func tally(found []audit.Finding, unknown bool) (n int) {
	for _, x := range found {
		if x.Unknown == unknown {
			n++
		}
	}
	return n
}

// conclude writes the files that were asked for, and ends with what was found.
func (a *app) conclude(doc *audit.Document, title, sum string, found []audit.Finding, f auditFlags) error {
	if err := a.writeAudit(doc, title, sum, found, f.out); err != nil {
		return err
	}
	switch {
	case tally(found, false) > 0:
		return ended(exitViolated)
	case len(found) > 0:
		return ended(exitUnknown)
	}
	return nil
}

// writeAudit writes the document, and what was found in the formats that checks are written in.
func (a *app) writeAudit(doc *audit.Document, title, sum string, found []audit.Finding, o outputs) error {
	n := &report.Notes{Title: title, Text: sum}
	for _, r := range audit.Rules {
		n.Rules = append(n.Rules, report.NoteRule{ID: r.ID, Text: r.Text, InOrder: doc.InOrder(r.ID)})
	}
	for _, x := range found {
		n.Notes = append(n.Notes, report.Note{Rule: x.Rule, Key: x.Key, File: x.Place.File, Line: x.Place.Line, Text: x.Text, Unknown: x.Unknown, Detail: x.Detail})
	}
	var errs []error
	put := func(name string, write func(io.Writer) error) {
		if name != "" {
			errs = append(errs, a.output(name, write))
		}
	}
	put(o.json, doc.WriteJSON)
	put(o.junit, n.WriteJUnit)
	put(o.sarif, n.WriteSARIF)
	if o.summary != "" {
		errs = append(errs, a.appendTo(o.summary, n.WriteMarkdown))
	}
	return errors.Join(errs...)
}

// writeProfile writes what check --profile reads.
func (a *app) writeProfile(file string, doc *audit.Document) error {
	features := map[string]string{}
	for _, f := range doc.Features {
		if f.Value != "" {
			features[f.Name] = f.Value
		}
	}
	p, err := plan.NewProfile(doc.Release, features)
	if err != nil {
		return err
	}
	return a.output(file, p.WriteJSON)
}

// readProfile reads what audit --write-profile wrote.
func (a *app) readProfile(file string) (*elab.Profile, error) {
	p, stale, err := plan.ReadProfile(file)
	if stale {
		fmt.Fprintf(a.err, "pmdcheck: warning: %s was written for another version of the kernel library: what it does not say is unknown\n", file)
	}
	return p, err
}

// theTree is what is audited: a folder, or a commit of a repository.
func theTree(ctx context.Context, dir, rev string, lib *audit.Library, o audit.Options) (*audit.Document, error) {
	if rev == "" {
		return audit.Run(dir, lib, o)
	}
	return audit.RunCommit(ctx, dir, rev, lib, o)
}

// kernelLibrary reads what the audit needs of the library and the specs.
func kernelLibrary() (*audit.Library, error) {
	texts, err := catalog.Texts()
	if err != nil {
		return nil, err
	}
	lib, err := audit.ReadLibrary(texts)
	if err != nil {
		return nil, err
	}
	return lib, lib.ReadDetection("features.detect", linux.Detect)
}

// audited is another tree, or what was kept of its audit.
func audited(name string, lib *audit.Library, o audit.Options) (*audit.Document, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return audit.Run(name, lib, o)
	}
	return readAudit(name)
}

// readAudit is what --json kept of an audit.
func readAudit(name string) (*audit.Document, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	doc, err := audit.ReadJSON(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}

func (a *app) skeletons(doc *audit.Document, names []string) error {
	for _, n := range names {
		text := doc.Skeletons(n)
		if text == "" {
			return fmt.Errorf("neither a reference nor a call site leads to a function %s in this tree", n)
		}
		if _, err := io.WriteString(a.out, text); err != nil {
			return err
		}
	}
	return nil
}

// drift reports what is otherwise in the second of two trees.
func (a *app) drift(old, now *audit.Document, follow []audit.FollowUp, f auditFlags, specs []string, quiet bool) error {
	if f.verdicts {
		for _, d := range []*audit.Document{old, now} {
			if err := a.verdicts(io.Discard, d, f, specs); err != nil {
				return err
			}
		}
	}
	cs := audit.Compare(old, now)
	if !quiet {
		if err := audit.WriteChanges(a.out, old, now, cs); err != nil {
			return err
		}
		for _, x := range follow {
			fmt.Fprintf(a.out, "\nfollow-up: %.12s %s\n  fixes %s, cited by %s\n", x.ID, x.Subject, x.Fixes, x.At)
		}
	}
	found := audit.ChangeFindings(old, now, cs, follow)
	sum := fmt.Sprintf("%d differences, %d that cannot be told.", tally(found, false), tally(found, true))
	return a.conclude(now, now.Release+" against "+old.Release, sum, found, f)
}

func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return &coded{code: code, silent: true}
}
