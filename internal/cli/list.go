package cli

import (
	"fmt"
	"strings"

	"pmdcheck/internal/suite/catalog"

	"github.com/spf13/cobra"
)

func (a *app) listCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list [spec...]", Short: "list the specs with their parameters", Example: "  pmdcheck list\n  pmdcheck list seed",
		RunE: func(_ *cobra.Command, args []string) error {
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
}
