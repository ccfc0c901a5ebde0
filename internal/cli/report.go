package cli

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/page"
)

func (a *app) reportCmd() *cobra.Command {
	f := &checkFlags{}
	var out, title string
	var bare bool
	cmd := &cobra.Command{
		Use: "report [spec...]", Short: "check specs and write a page to look at: the matrix, every trace, proof cards",
		Long: "report writes one self-contained HTML file that loads nothing: what is not as expected first, a matrix of all configurations, the trace of every violation as a sequence diagram\n" +
			"to step through, and for what holds what the proof rests on, with a few runs to look at.",
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
			if !bare {
				in.Version, in.Date = tool(debug.ReadBuildInfo()), time.Now().UTC().Format("2006-01-02 15:04 UTC")
			}
			if err := a.output(out, func(w io.Writer) error { return page.Write(w, in) }); err != nil {
				return err
			}
			a.wrote(out, doc, f.outputs.takesStdout())
			if err := f.outputs.write(a, doc); err != nil {
				return err
			}
			return outcome(doc)
		},
	}
	f.flags(cmd.Flags())
	f.outputs.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "report.html", "write to this `file`")
	cmd.Flags().BoolVar(&bare, "no-date", false, "leave out version and date: equal results give an equal file")
	cmd.Flags().StringVar(&title, "title", "pmdcheck report", "title of the page")
	return cmd
}

// wrote says what the page is and how large it has become.
func (a *app) wrote(name string, doc *report.Document, quiet bool) {
	st, err := os.Stat(name)
	if name == "-" || quiet || err != nil || !st.Mode().IsRegular() {
		return
	}
	specs := map[string]bool{}
	for i := range doc.Results {
		specs[doc.Results[i].Spec] = true
	}
	fmt.Fprintf(a.out, "wrote %s: %s of %s, %.1f MB; open it in a browser\n", name, count(len(doc.Results), "configuration"), count(len(specs), "spec"), float64(st.Size())/1e6)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
