package cli

import (
	"io"

	"github.com/spf13/cobra"

	"pmdcheck/internal/files"
	"pmdcheck/internal/page"
	"pmdcheck/model"
	"pmdcheck/model/elab"
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
			if err := f.outputs.check(); err != nil {
				return err
			}
			if err := files.CanWrite(out); err != nil {
				return err
			}
			doc, err := a.explore(args, f)
			if err != nil {
				return err
			}
			in := page.Input{Title: title, Document: doc, Specs: f.sources, Evidence: f.evidence}
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

// collectEvidence gathers what the page shows of a cell beside its results.
func (j *job) collectEvidence(sys *model.System) {
	for _, p := range sys.Processes {
		m := page.Machine{Process: p.Name, Ends: []int{}}
		for _, op := range p.Start {
			if op.Kind == model.OpGoto {
				m.Start = int(op.Loc)
			}
		}
		for _, l := range p.Locations {
			if l.End || len(l.Trans) == 0 {
				m.Ends = append(m.Ends, int(l.ID))
			}
		}
		for _, t := range p.Trans {
			seen := map[model.LocID]bool{}
			for _, op := range t.Code {
				if op.Kind == model.OpGoto && !seen[op.Loc] {
					seen[op.Loc] = true
					m.Trans = append(m.Trans, page.Arrow{From: int(t.From), To: int(op.Loc), Label: t.Label})
				}
			}
		}
		j.evidence.Machines = append(j.evidence.Machines, m)
	}
	if len(j.res.Violations) == 0 && j.runs {
		j.evidence.Runs = walks(sys, 2)
	}
}

// spread chooses the cells of each spec for which runs are stored, if they hold: at most sixteen, evenly over its sweep.
func spread(jobs []*job) {
	const most = 16
	bySpec := map[*elab.Spec][]*job{}
	for _, j := range jobs {
		bySpec[j.spec] = append(bySpec[j.spec], j)
	}
	for _, js := range bySpec {
		for k := range min(most, len(js)) {
			js[k*len(js)/min(most, len(js))].runs = true
		}
	}
}

// specText is the head comment and the files of a spec.
func specText(s *elab.Spec) page.Spec {
	p := page.Spec{Doc: s.Doc, Sources: map[string]string{}}
	for _, f := range s.Files.All() {
		p.Sources[f.Name] = string(f.Src)
	}
	return p
}
