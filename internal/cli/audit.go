package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/internal/audit"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

type auditFlags struct {
	dir, rev, jsonFile, against     string
	writeProfile                    string
	verdicts, suggest, traces       bool
	kconfig, features, all, verbose bool
	skeletons, conform              []string
}

func (a *app) auditCmd() *cobra.Command {
	f := auditFlags{}
	cmd := &cobra.Command{
		Use: "audit --linux DIR [spec...]", Short: "hold the kernel library against a kernel tree", Args: cobra.ArbitraryArgs,
		Long: "audit reads a kernel tree, which needs neither be built nor configured, and says where the kernel library is not about this tree:\n" +
			"features that it has otherwise than its release, references to functions that moved or are gone, callers of what is modelled that no model covers,\n" +
			"and Kconfig facts that the library says otherwise.\n" +
			"With --against it says instead what is otherwise than in another tree: of each body that the library refers to, the events that differ.\n" +
			"It finds drift and proves nothing about code.\n\n" +
			"Exit code 0: nothing; 1: a difference; 2: usage; 3: something could not be read or told.",
		Example: "  pmdcheck audit --linux ~/linux\n  pmdcheck audit --linux ~/linux --features\n  pmdcheck audit --linux ~/linux --kconfig\n  pmdcheck audit --linux ~/linux --json tree.json\n  pmdcheck audit --linux ~/linux-next --against tree.json",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.audit(cmd.Context(), f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "linux", "", "the kernel tree, a `folder`")
	fl.StringVar(&f.rev, "git", "", "this `commit` of the repository that --linux names, or OLD..NEW: what is otherwise in the second")
	fl.StringVar(&f.jsonFile, "json", "", "write everything as JSON to `file` (- for stdout, instead of text)")
	fl.StringVar(&f.against, "against", "", "compare with another tree: its `folder`, or the JSON of its audit")
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
	return cmd
}

func (a *app) audit(ctx context.Context, f auditFlags, specs []string) error {
	f.verdicts = f.verdicts || f.suggest || f.traces
	if len(specs) > 0 && !f.verdicts {
		return errors.New("specs are checked with --verdicts")
	}
	if f.dir == "" {
		return errors.New("--linux DIR says which tree")
	}
	for _, name := range []string{f.jsonFile, f.writeProfile} {
		if err := files.CanWrite(name); err != nil {
			return err
		}
	}
	lib, err := kernelLibrary()
	if err != nil {
		return err
	}
	var old *audit.Document
	var follow []audit.FollowUp
	o := audit.Options{All: f.all, Conform: f.conform}
	if before, after, ok := strings.Cut(f.rev, ".."); ok {
		if f.against != "" {
			return errors.New("--against and two commits are two comparisons; one is made")
		}
		f.rev, f.against = cmp.Or(after, "HEAD"), before
		if old, err = audit.RunCommit(ctx, f.dir, before, lib, o); err != nil {
			return err
		}
		if follow, err = audit.FollowUps(ctx, f.dir, before, f.rev, lib); err != nil {
			return err
		}
	}
	doc, err := theTree(ctx, f.dir, f.rev, lib, o)
	if err != nil {
		return err
	}
	if f.jsonFile != "" {
		if err := a.output(f.jsonFile, doc.WriteJSON); err != nil {
			return err
		}
	}
	if f.writeProfile != "" {
		if err := a.writeProfile(f.writeProfile, doc); err != nil {
			return err
		}
	}
	quiet := f.jsonFile == "-" || f.writeProfile == "-"
	switch {
	case len(f.skeletons) > 0:
		return a.skeletons(doc, f.skeletons)
	case len(f.conform) > 0:
		if !quiet {
			err = doc.WriteConformance(a.out, f.verbose)
		}
		return cmp.Or(err, conformed(doc))
	case f.against != "":
		if old == nil {
			if old, err = audited(f.against, lib, o); err != nil {
				return err
			}
		}
		return a.drift(old, doc, follow, quiet)
	case f.verdicts:
		return a.verdicts(doc, f, specs)
	case f.features:
		if !quiet {
			err = doc.WriteFeatures(a.out)
		}
		return cmp.Or(err, detected(doc))
	case f.kconfig && !quiet:
		err = doc.WriteKconfig(a.out)
	case !quiet:
		err = doc.WriteText(a.out, f.verbose)
	}
	if err != nil {
		return err
	}
	return verdict(doc, f.kconfig)
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

func (a *app) drift(old, now *audit.Document, follow []audit.FollowUp, quiet bool) error {
	cs := audit.Compare(old, now)
	if !quiet {
		if err := audit.WriteChanges(a.out, old, now, cs); err != nil {
			return err
		}
	}
	code := exitOK
	for _, f := range follow {
		code = exitViolated
		if !quiet {
			if _, err := fmt.Fprintf(a.out, "\nfollow-up: %.12s %s\n  fixes %s, cited by %s\n", f.ID, f.Subject, f.Fixes, f.At); err != nil {
				return err
			}
		}
	}
	for _, c := range cs {
		switch {
		case c.Weight == "event":
			code = exitViolated
		case c.Weight == "unknown" && code == exitOK:
			code = exitUnknown
		}
	}
	if code == exitOK && len(now.Unread)+len(old.Unread) > 0 {
		code = exitUnknown
	}
	return ended(code)
}

// verdict is the exit code of an audit without comparison.
func verdict(doc *audit.Document, kconfig bool) error {
	c := doc.Count()
	if kconfig {
		c = audit.Counts{Differ: c.Differ, Untold: c.Untold}
	}
	switch {
	case c.Different():
		return ended(exitViolated)
	case c.Untold+c.Unknown+c.Untellable > 0 || !kconfig && len(doc.Unread) > 0:
		return ended(exitUnknown)
	}
	return nil
}

// detected is the exit code of a table of features: unknown if one is. Which of them a tree has is no fault.
func detected(doc *audit.Document) error {
	if doc.Count().Untellable > 0 {
		return ended(exitUnknown)
	}
	return nil
}

// conformed is the exit code of a comparison with the library.
func conformed(doc *audit.Document) error {
	switch open, unread := doc.Conformed(); {
	case open > 0:
		return ended(exitViolated)
	case unread > 0:
		return ended(exitUnknown)
	}
	return nil
}

func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return &coded{code: code, silent: true}
}
