package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/properties"
)

func (a *app) explainCmd() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "explain [property, diagnostic code, feature, era, release, architecture, room or name of the library, or spec] [spec of the property]",
		Short:   "explain a property, a diagnostic code, the library and the kernels it knows, or a spec",
		Long:    "explain says what a property means and how it is observed, why a diagnostic code is an error and how to put it right, what one change of the kernel did and\nwhich kernels have it, what a room of the library declares, what a function of it is, or what a spec is about. A property with a spec behind it is explained as that spec declares and observes it. Without an argument it\nlists the properties and the codes.",
		Example: "  pmdcheck explain no_wild_walk\n  pmdcheck explain stored-address\n  pmdcheck explain pt_share_count\n  pmdcheck explain v6.6\n  pmdcheck explain arm64\n  pmdcheck explain linux/mm/zap\n  pmdcheck explain zap_page_range\n  pmdcheck explain seed/race_a\n  pmdcheck explain mutual_exclusion ./mine.pmd",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, cancel := within(timeout)
			defer cancel()
			var text string
			var err error
			switch len(args) {
			case 0:
				text = explainable()
			case 1:
				text, err = explain(ctx, args[0])
			default:
				text, err = explainIn(ctx, args[0], args[1])
			}
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.out, text)
			return err
		},
	}
	loading(cmd.Flags(), &timeout)
	return cmd
}

// explainable lists what can be explained, besides specs.
func explainable() string {
	var b strings.Builder
	b.WriteString("Properties:\n")
	for _, e := range properties.Catalog() {
		fmt.Fprintf(&b, "  %-24s %s\n", e.Name, e.Meaning)
	}
	b.WriteString("\nDiagnostic codes:\n")
	for _, c := range source.Codes() {
		fmt.Fprintf(&b, "  %-24s %s\n", c.Code, c.Title)
	}
	b.WriteString("\nKernels: era, a release such as v6.6, an architecture such as arm64, and the features that `pmdcheck list --features` lists.\nLibrary: linux lists its rooms; linux/mm/zap is one, and zap_page_range or mm_struct is what one declares.\nSpecs: see `pmdcheck list`.\n")
	return b.String()
}

// explain explains one thing. Names of properties, codes and specs do not overlap: only codes have a dash, only specs a slash or a suffix.
func explain(ctx context.Context, name string) (string, error) {
	if e, ok := properties.Lookup(name); ok {
		return explainProperty(e), nil
	}
	if c, ok := source.LookupCode(name); ok {
		return explainCode(c), nil
	}
	if text, ok, err := explainKernel(name); ok || err != nil {
		return text, err
	}
	rooms, err := catalog.Rooms()
	if err != nil {
		return "", err
	}
	if text, ok := explainRoom(rooms, name); ok {
		return text, nil
	}
	if strings.ContainsAny(name, "/.") {
		return explainSpec(ctx, name)
	}
	if text, ok := explainDeclared(name); ok {
		return text, nil
	}
	if text, ok := explainName(rooms, name); ok {
		return text, nil
	}
	if _, err := catalog.Resolve([]string{name}); err == nil { // a folder
		return explainSpec(ctx, name)
	}
	var names []string
	if list, err := catalog.Features(); err == nil {
		for _, f := range list {
			names = append(names, f.Name)
		}
	}
	for _, e := range properties.Catalog() {
		names = append(names, e.Name)
	}
	for _, c := range source.Codes() {
		names = append(names, c.Code)
	}
	names = append(names, catalog.Names()...)
	for _, r := range rooms {
		names = append(names, r.Name)
		for _, d := range r.Declared {
			names = append(names, d.Name)
		}
	}
	msg := "there is no property, diagnostic code, feature, kernel, name of the library or spec " + name
	if h := source.Suggest(name, names); h != "" {
		msg += ": " + h
	} else {
		msg += ": `pmdcheck explain` lists them, and `pmdcheck explain " + name + " FILE` looks for a property in a spec"
	}
	return "", fmt.Errorf("%s", msg)
}

func explainProperty(e properties.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", e.Name, e.Meaning)
	if e.Rule != "" {
		fmt.Fprintf(&b, "\nKernel rule: %s\n", e.Rule)
	}
	fmt.Fprintf(&b, "\nHow it is observed: %s\n", e.Detail)
	if spec, trace := properties.Example(e.Name); spec != "" {
		fmt.Fprintf(&b, "\nA smallest example:\n\n%s\nand how it goes wrong:\n\n%s", indent(spec), indent(trace))
	}
	if e.Configuration != "" {
		name, set, _ := strings.Cut(e.Configuration, " ")
		if set != "" {
			set = " --set " + strings.ReplaceAll(set, " ", " --set ")
		}
		fmt.Fprintf(&b, "\nSee also: pmdcheck check %s%s -v\n", name, set)
	}
	return b.String()
}

func indent(s string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		b.WriteString(strings.TrimRight("    "+l, " ") + "\n")
	}
	return b.String()
}

func explainCode(c source.CodeDoc) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n", c.Code, c.Title, c.Text)
	show := func(what, src string) {
		if src != "" {
			fmt.Fprintf(&b, "\n%s:\n\n    %s\n", what, strings.ReplaceAll(strings.TrimSpace(src), "\n", "\n    "))
		}
	}
	show("Before", c.Before)
	show("After", c.After)
	return b.String()
}

// explainSpec is the comment at the head of a spec, its parameters, what it checks and what it expects.
func explainSpec(ctx context.Context, name string) (string, error) {
	names, err := catalog.Resolve([]string{name})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, n := range names {
		spec, configs, err := plan.Load(ctx, n, nil)
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n", n)
		if spec.Doc != "" {
			fmt.Fprintf(&b, "\n%s\n", spec.Doc)
		}
		if cs := spec.Configs(); len(cs) > 0 {
			b.WriteString("\nParameters:\n")
			for _, c := range cs {
				how := "fixed to " + c.Default + ": " + strings.Join(c.Values, " ")
				if c.Swept {
					how = "swept: " + strings.Join(c.Taken(configs), " ")
				}
				fmt.Fprintf(&b, "  %-24s %s\n", c.Name, how)
			}
		}
		sys, err := spec.Build(configs[0], elab.BuildOptions{Context: ctx})
		if err != nil {
			return "", plan.Early(n, err)
		}
		b.WriteString("\nProperties:\n")
		for _, p := range sys.Props {
			if p.Checked {
				fmt.Fprintf(&b, "  %-24s %s\n", p.Name, p.Text)
			}
		}
		b.WriteString("\nExpectations:\n")
		for _, line := range expectations(configs) {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String(), nil
}

// expectations counts the configurations by what is expected of them, in the order in which the expectations first apply.
func expectations(configs []elab.Configuration) []string {
	var order []string
	count := map[string]int{}
	for _, c := range configs {
		what := "nothing: any violation counts as a failure"
		if c.Expect != nil {
			what = "holds"
			if !c.Expect.Holds {
				what = "violates " + strings.Join(c.Expect.Props, ", ")
			}
		}
		if c.Tier != "" {
			what += " (tier " + c.Tier + ")"
		}
		if count[what]++; count[what] == 1 {
			order = append(order, what)
		}
	}
	for i, w := range order {
		order[i] = fmt.Sprintf("%-12s %s", report.Count(count[w], "configuration"), w)
	}
	return order
}
