package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
)

// outputs are the files that results go to, each in its format; "-" is stdout, instead of the text.
type outputs struct {
	json, junit, sarif, summary string
	traces                      bool
	others                      []output // what the command writes besides
}

func (o *outputs) flags(fl *pflag.FlagSet) {
	fl.StringVar(&o.json, "json", "", "write results as JSON to `file` (- for stdout, instead of text)")
	fl.BoolVar(&o.traces, "with-traces", false, "the JSON contains the traces of what was not expected (with -v: of every violation)")
	fl.StringVar(&o.junit, "junit", "", "write results as JUnit XML to `file` (- for stdout)")
	fl.StringVar(&o.sarif, "sarif", "", "write violations as SARIF 2.1.0 to `file` (- for stdout), traces as code flows")
	fl.StringVar(&o.summary, "summary", "", "append a summary in Markdown to `file` (- for stdout), such as $GITHUB_STEP_SUMMARY")
}

// output is a file that is written in one format: flag says where it goes.
type output struct{ flag, name string }

func (o *outputs) list() []output {
	return append([]output{{"--json", o.json}, {"--junit", o.junit}, {"--sarif", o.sarif}, {"--summary", o.summary}}, o.others...)
}

func (o *outputs) takesStdout() bool { return stdoutTaken(o.list()) }

// check finds out before a long run what would go wrong after it.
func (o *outputs) check() error { return checkOutputs(o.list()) }

func stdoutTaken(list []output) bool {
	return slices.ContainsFunc(list, func(o output) bool { return o.name == "-" })
}

// checkOutputs finds out before a long run what would go wrong after it.
func checkOutputs(list []output) error {
	seen := map[string]bool{}
	var names []string
	for _, o := range list {
		switch {
		case o.name == "":
			continue
		case o.name != "-" && strings.HasPrefix(o.name, "-"):
			return fmt.Errorf("%s takes a file, and %s looks like a flag: write ./%s if it is one, or - for stdout", o.flag, o.name, o.name)
		case seen[o.name]:
			return fmt.Errorf("two outputs go to %s", o.name)
		}
		seen[o.name] = true
		names = append(names, o.name)
	}
	return files.CanWrite(names...)
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
