package cli

import (
	"io"

	"github.com/spf13/cobra"

	"pmdcheck/internal/page"
)

func (a *app) reportCmd() *cobra.Command {
	f := &checkFlags{}
	var out, title string
	cmd := &cobra.Command{
		Use: "report [spec...]", Short: "check specs and write a page to look at: the matrix, every trace, proof cards",
		Long: "report writes one self-contained HTML file that loads nothing: a matrix of all cells, the trace of every violation as a sequence diagram to step through,\n" +
			"and for what holds what the proof rests on, with a few runs to look at.",
		Example: "  pmdcheck report -o report.html\n  pmdcheck report seed family -o report.html --title 'my series, v3'",
		RunE: func(_ *cobra.Command, args []string) error {
			f.everyTrace = true
			f.outputs.others = []output{{"-o", out}}
			if err := f.outputs.check(); err != nil {
				return err
			}
			doc, err := a.explore(args, f)
			if err != nil {
				return err
			}
			in := page.Input{Title: title, Document: doc, Specs: f.kept.Specs, Evidence: f.kept.Evidence}
			if err := a.output(out, func(w io.Writer) error { return page.Write(w, in) }); err != nil {
				return err
			}
			if err := f.outputs.write(a, doc); err != nil {
				return err
			}
			return outcome(doc)
		},
	}
	f.flags(cmd.Flags())
	f.outputs.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "report.html", "write to this `file`")
	cmd.Flags().StringVar(&title, "title", "pmdcheck report", "title of the page")
	return cmd
}
