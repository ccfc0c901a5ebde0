package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"

	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
)

// outputs are the files that results go to, each in its format; "-" is stdout, instead of the text.
type outputs struct {
	json, junit, sarif, summary string
	traces                      bool
}

func (o *outputs) flags(fl *pflag.FlagSet) {
	fl.StringVar(&o.json, "json", "", "write results as JSON to `file` (- for stdout, instead of text)")
	fl.BoolVar(&o.traces, "with-traces", false, "the JSON contains the traces of what was not expected (with -v: of every violation)")
	fl.StringVar(&o.junit, "junit", "", "write results as JUnit XML to `file`")
	fl.StringVar(&o.sarif, "sarif", "", "write violations as SARIF 2.1.0 to `file`, traces as code flows")
	fl.StringVar(&o.summary, "summary", "", "append a summary in Markdown to `file`, such as $GITHUB_STEP_SUMMARY")
}

func (o *outputs) names() []string { return []string{o.json, o.junit, o.sarif, o.summary} }

func (o *outputs) takesStdout() bool { return slices.Contains(o.names(), "-") }

// check finds out before a long run what would go wrong after it.
func (o *outputs) check() error {
	seen := map[string]bool{}
	for _, n := range o.names() {
		if n != "" && seen[n] {
			return fmt.Errorf("two outputs go to %s", n)
		}
		seen[n] = true
	}
	return files.CanWrite(o.names()...)
}

func (o *outputs) write(a *app, doc *report.Document) error {
	style := report.Style{Times: true, File: catalog.InRepository}
	var errs []error
	put := func(name string, write func(io.Writer) error) {
		if name != "" {
			errs = append(errs, a.output(name, write))
		}
	}
	plain := doc
	if !o.traces {
		plain = doc.Bare()
	}
	put(o.json, plain.Write)
	put(o.junit, func(w io.Writer) error { return report.JUnit(w, doc, style) })
	put(o.sarif, func(w io.Writer) error { return report.WriteSARIF(w, doc, style) })
	if o.summary != "" {
		errs = append(errs, a.appendTo(o.summary, func(w io.Writer) error { return report.Markdown(w, doc) }))
	}
	return errors.Join(errs...)
}
