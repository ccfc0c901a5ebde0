package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/elab"
)

func (a *app) listCmd() *cobra.Command {
	features := false
	cmd := &cobra.Command{
		Use: "list [spec...]", Short: "list the specs with their parameters", Example: "  pmdcheck list\n  pmdcheck list seed\n  pmdcheck list --features",
		RunE: func(_ *cobra.Command, args []string) error {
			if features {
				return a.listFeatures(args)
			}
			names, err := catalog.Resolve(args)
			if err != nil {
				return err
			}
			for _, n := range names {
				spec, err := catalog.Load(n)
				if err != nil {
					return err
				}
				cells, err := spec.Cells(nil)
				if err != nil {
					return err
				}
				first, _, _ := strings.Cut(spec.Doc, "\n")
				fmt.Fprintf(a.out, "%-24s %4d cells  %s\n", n, len(cells), first)
				for _, c := range spec.Configs() {
					how := "fixed"
					if c.Swept {
						how = "swept"
					}
					if _, err := fmt.Fprintf(a.out, "    %s %-22s %s\n", how, c.Name, strings.Join(c.Values, " ")); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&features, "features", false, "list what one change of the kernel did each, and since when, instead of the specs")
	return cmd
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
