package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

func (a *app) listCmd() *cobra.Command {
	features := false
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "list [spec or folder...]", Short: "list the specs, those of a folder, or the parameters of one",
		Long:    "list says what folders of specs there are, list FOLDER which specs are in one, and list SPEC which parameters one has.",
		Example: "  pmdcheck list\n  pmdcheck list seed\n  pmdcheck list seed/race_a\n  pmdcheck list --features",
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case features:
				return a.listFeatures(args)
			case len(args) == 0:
				return a.listFolders()
			}
			names, err := catalog.Resolve(args)
			if err != nil {
				return err
			}
			ctx, cancel := within(timeout)
			defer cancel()
			list, err := a.specsOf(ctx, names)
			if err != nil {
				return err
			}
			if len(list) == 1 {
				return a.listParameters(list[0])
			}
			return a.listSpecs(list)
		},
	}
	loading(cmd.Flags(), &timeout)
	cmd.Flags().BoolVar(&features, "features", false, "list what one change of the kernel did each, and since when, instead of the specs")
	return cmd
}

// listed is a spec with the number of its configurations.
type listed struct {
	name    string
	spec    *elab.Spec
	configs []elab.Configuration
}

func (a *app) specsOf(ctx context.Context, names []string) (list []listed, err error) {
	for _, n := range names {
		spec, configs, err := plan.Load(ctx, n, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, listed{n, spec, configs})
	}
	return list, nil
}

// listFolders is a line for each folder.
func (a *app) listFolders() error {
	var b strings.Builder
	for _, f := range specs.Folders() {
		n := 0
		for _, name := range catalog.Names() {
			if strings.HasPrefix(name, f.Name+"/") {
				n++
			}
		}
		fmt.Fprintf(&b, "%-9s %-8s  %s\n", f.Name, report.Count(n, "spec"), f.About)
	}
	b.WriteString("\n`pmdcheck list seed` lists the specs of a folder, `pmdcheck list seed/race_a`\nthe parameters of one, and `pmdcheck explain seed/race_a` what it is about.\n")
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

// listSpecs is a line for each spec, as long as the terminal is wide.
func (a *app) listSpecs(list []listed) error {
	name, configs := 0, 0
	for _, l := range list {
		name, configs = max(name, len(l.name)), max(configs, len(report.Count(len(l.configs), "configuration")))
	}
	width := a.width()
	for _, l := range list {
		line := fmt.Sprintf("%-*s  %*s  %s", name, l.name, configs, report.Count(len(l.configs), "configuration"), firstSentence(l.spec.Doc))
		if _, err := fmt.Fprintln(a.out, strings.TrimRight(cut(line, width), " ")); err != nil {
			return err
		}
	}
	return nil
}

// listParameters says what --set and --only can be about.
func (a *app) listParameters(l listed) error {
	width := a.width()
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", l.name, report.Count(len(l.configs), "configuration"))
	if s := firstSentence(l.spec.Doc); s != "" {
		fmt.Fprintf(&b, "%s\n", wrapped("  ", strings.Fields(s), width))
	}
	show := func(how, name string, taken, values []string) {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(taken, v) })
		if len(values) > 0 {
			values[0] = "(or " + values[0]
			values[len(values)-1] += ")"
		}
		values = slices.Concat(taken, values)
		fmt.Fprintln(&b, wrapped(fmt.Sprintf("%-6s %-22s ", how, name), values, width))
	}
	for _, c := range l.spec.Configs() {
		if c.Swept {
			show("swept", c.Name, c.Taken(l.configs), c.Values)
		} else {
			show("fixed", c.Name, []string{c.Default}, c.Values)
		}
	}
	for _, g := range l.spec.Groups() {
		show("group", g.Name, slices.Concat([]string{"of " + g.Param + ":"}, g.Values), nil)
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

// firstSentence is that of a comment, on one line.
func firstSentence(doc string) string {
	doc, _, _ = strings.Cut(doc, "\n\n")
	doc = strings.Join(strings.Fields(doc), " ")
	if s, _, ok := strings.Cut(doc, ". "); ok {
		return s + "."
	}
	return doc
}

// wrapped are words behind a head, in lines of a width.
func wrapped(head string, words []string, width int) string {
	var b strings.Builder
	b.WriteString(head)
	at, first := len(head), true
	for _, w := range words {
		n := len([]rune(w))
		switch {
		case first:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", len(head)))
			at = len(head)
		default:
			b.WriteString(" ")
			at++
		}
		first = false
		b.WriteString(w)
		at += n
	}
	return strings.TrimRight(b.String(), " ")
}

// width is that of the terminal, or 80.
func (a *app) width() int {
	if f, tty := terminal(a.out); tty {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// listFeatures lists the features of the library, or those that some specs know.
func (a *app) listFeatures(args []string) error {
	list, err := catalog.Features()
	if err != nil {
		return err
	}
	if len(args) > 0 {
		names, err := catalog.Resolve(args)
		if err != nil {
			return err
		}
		list = nil
		for _, n := range names {
			spec, err := catalog.Load(n)
			if err != nil {
				return err
			}
			for _, f := range spec.Features() {
				if !slices.ContainsFunc(list, func(g elab.Feature) bool { return g.Name == f.Name }) {
					list = append(list, f)
				}
			}
		}
	}
	tw := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, f := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", f.Name, f.Kind, f.Releases, strings.Join(f.Commits, " "))
	}
	return tw.Flush()
}
