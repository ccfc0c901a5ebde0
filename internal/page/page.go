// Package page makes the report: one page without anything from outside, for a browser. [Write] puts everything a run found into it as JSON: a matrix of all
// configurations, the traces of violations, proof cards and a few runs of what holds.
//
// Texts are stored once, in a table, and so are traces that several configurations share; everything else refers to them by number. The scripts below web draw. Traces are lines of
// a block of their own, packed, which is unpacked when the first is looked at, so that a page with thousands of them is small and opens at once.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"pmdcheck/checker/report"
	"pmdcheck/traces"
)

//go:embed web
var web embed.FS

// The page's own style and script, each of several files with one idea.
var (
	pageHTML = asset("page.html")
	pageCSS  = asset("theme.css", "page.css", "trace.css", "narrow.css")
	pageJS   = "\"use strict\";\n(() => {\n" + asset("base.js", "address.js", "matrix.js", "overview.js", "state.js", "trace.js", "share.js", "machine.js", "explore.js", "configuration.js", "main.js") + "})();\n"
)

func asset(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		text, err := web.ReadFile("web/" + n)
		if err != nil {
			panic(err) // it is a part of the program
		}
		b.Write(text)
	}
	return b.String()
}

// Input is what a page shows. Evidence is by number of the configuration in the run.
type Input struct {
	Title    string
	Version  string // of the program that checked, or ""
	Date     string // when it did, or ""
	Document *report.Document
	Specs    map[string]Spec
	Evidence map[int]Evidence
	Notice   string // what is wrong with the specs, or ""
	Live     string // path that says when there is something newer, or "": of a page that a server sends
	Runs     string // path that answers with runs of a configuration, see [Answer], or ""
}

// Spec is a spec with the text of its files, by the names that positions have.
type Spec struct {
	Doc     string
	File    string // of a spec that is no embedded one
	Sources map[string]string
}

// Evidence of a configuration is what the document does not have: its state machines, the functions of the kernel in it, and runs of a configuration that holds.
type Evidence struct {
	Machines  []Machine
	Functions []string
	Runs      []Run
}

// Run is a run to look at, and the covers that it reaches.
type Run struct {
	Covers []string
	Trace  *traces.Trace
}

// Machine is the state machine of a process.
type Machine struct {
	Process string
	Ends    []int // locations where it may stay
	Start   int
	Trans   []Arrow
}

// Arrow is a transition.
type Arrow struct {
	From, To int
	Label    string
}

// Policy is the Content-Security-Policy of a page: its own script and style and no others, nothing loaded, and of a live one the questions to its server.
func Policy(live bool) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	p := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS) + "; img-src data:"
	if live {
		p += "; connect-src 'self'"
	}
	return p
}

// Write writes the page.
func Write(w io.Writer, in Input) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	e := encode(in)
	data, err := json.Marshal(e.out) // escapes < and >, so that no text ends the script
	if err != nil {
		return err
	}
	whole, err := e.wholes()
	if err != nil {
		return err
	}
	packed, err := pack(func(w io.Writer) error { return lines(w, e.traceList) })
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Title  string
		CSS    template.CSS
		JS     template.JS
		Data   template.JS
		Traces template.JS
		Whole  template.JS
		Live   string
		Notice string
		Policy string
	}{in.Title, template.CSS(pageCSS), template.JS(pageJS), template.JS(data), template.JS(packed), template.JS(whole), in.Live, in.Notice, Policy(in.Live != "")})
}

// pack is what is written, as gzip in base64.
func pack(write func(io.Writer) error) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := write(z); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// lines writes values one a line: JSON without spaces has no line break.
func lines(w io.Writer, list []json.RawMessage) error {
	for _, x := range list {
		if _, err := w.Write(append(x, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// wholes are traces as files, packed, a line for each: of what is not as expected, and of each property of each spec the first. All would double the page.
func (e *encoder) wholes() (string, error) {
	var out strings.Builder
	for i := range e.traceList {
		if t := e.whole[i]; t != nil {
			text, err := pack(func(w io.Writer) error { return traces.Write(w, t) })
			if err != nil {
				return "", err
			}
			out.WriteString(text)
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}
