package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"pmdcheck/traces/columns"
)

// JUnit has a suite for each spec and a case for each configuration. A verdict that differs is a failure, with the trace of what was not expected; no verdict is an error.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr,omitempty"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr,omitempty"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    string        `xml:"line,attr"`
	Time    string        `xml:"time,attr,omitempty"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Out     string        `xml:"system-out"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the results as JUnit XML. Without Style.Times the same results give the same bytes.
func JUnit(w io.Writer, d *Document, style Style) error {
	out := junitSuites{Name: "pmdcheck"}
	seconds := func(x float64) string {
		if !style.Times {
			return ""
		}
		return fmt.Sprintf("%.3f", x)
	}
	var total float64
	for _, r := range perSpec(d) {
		s := junitSuite{Name: r.spec}
		var sum float64
		for i := range d.Results {
			e := &d.Results[i]
			if e.Spec != r.spec {
				continue
			}
			sum += e.Seconds
			p := style.place(e.At)
			c := junitCase{Name: e.Configuration(), Class: e.Spec, File: p.file, Line: fmt.Sprint(p.line), Time: seconds(e.Seconds)}
			if c.Name == "" {
				c.Name = e.Spec
			}
			c.Out = e.said()
			if len(s.Cases) == 0 {
				c.Out = d.warned(e.Spec) + c.Out
			}
			switch {
			case e.OK:
			case e.Why != "":
				text, err := e.unexpected()
				if err != nil {
					return err
				}
				c.Failure = &junitProblem{Message: e.Why, Type: "verdict", Text: text}
				s.Failures++
			default:
				c.Error = &junitProblem{Message: e.Found(), Type: "unknown", Text: "the search ended before its end: " + e.Reason}
				s.Errors++
			}
			s.Tests++
			s.Cases = append(s.Cases, c)
		}
		s.Time = seconds(sum)
		total += sum
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
		out.Suites = append(out.Suites, s)
	}
	out.Time = seconds(total)
	return out.write(w)
}

// said is what came out for the configuration and each of its properties.
func (e *Entry) said() string {
	s := fmt.Sprintf("%s: %s, %s", e.Found(), Count(e.States, "state"), Count(e.Transitions, "transition"))
	for _, g := range e.grouped() {
		s += "\n" + g.what + ": " + strings.Join(g.names, ", ")
	}
	return s
}

// warned are the warnings about a spec, a line for each.
func (d *Document) warned(spec string) (s string) {
	for _, w := range d.Warnings {
		if w.Spec == spec {
			s += "warning: " + w.Text + "\n"
		}
	}
	return s
}

// unexpected is the traces of what was not expected.
func (e *Entry) unexpected() (string, error) {
	var b strings.Builder
	for _, f := range e.Findings {
		if f.Expected {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n\n", f.Property)
		if f.Trace == nil {
			b.WriteString(f.Message + "\n")
		} else if err := columns.Render(&b, f.Trace, columns.Options{Width: 120}); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (out junitSuites) write(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
