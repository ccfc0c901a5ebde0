package litmusrun

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/litmus"
)

// Text writes an answer as herd7 does. Why an answer is unknown, or not as it should be, stands in lines of its own.
func (a *Answer) Text(w io.Writer) error {
	var b strings.Builder
	r, t := a.Result, a.Test
	fmt.Fprintf(&b, "Test %s %s\n", t.Name, [...]string{"Allowed", "Forbidden", "Required"}[t.Quant])
	fmt.Fprintf(&b, "States %d\n", len(r.States))
	for i := range r.States {
		fmt.Fprintf(&b, "%s\n", r.StateString(&r.States[i], " "))
	}
	switch {
	case r.Why != "":
		b.WriteString("Unknown: " + r.Why + "; there may be more states\n")
	case r.Fulfilled():
		b.WriteString("Ok\n")
	default:
		b.WriteString("No\n")
	}
	fmt.Fprintf(&b, "Witnesses\nPositive: %d Negative: %d\n", r.Positive, r.Negative)
	for _, f := range r.Flags {
		fmt.Fprintf(&b, "Flag %s\n", f)
	}
	fmt.Fprintf(&b, "Condition %s (%s)\n", t.Quant, t.PropString(t.Cond))
	fmt.Fprintf(&b, "Observation %s %s %d %d\n", t.Name, herd(r.Verdict()), r.Positive, r.Negative)
	if r.Verdict() == axioms.NoFinal {
		b.WriteString("Note: no execution ends" + filtered(t) + ", so there is no final state of which to say anything\n")
	}
	if a.Why != "" {
		b.WriteString("Differs: " + a.Why + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func filtered(t *litmus.Test) string {
	if t.Filter != nil {
		return " in a state that the filter lets through"
	}
	return ""
}

// herd is how herd7 calls a verdict.
func herd(v axioms.Verdict) string {
	if v == axioms.NoFinal {
		return axioms.Never.String()
	}
	return v.String()
}

// verdict is an answer in a word or two.
func (a *Answer) verdict() string {
	switch {
	case a.Crash:
		return "internal error"
	case a.Err != nil:
		return "error"
	case a.Result.Verdict() == axioms.NoFinal:
		return "Never (no execution ends)"
	}
	return a.Result.Verdict().String()
}

// Totals counts answers.
type Totals struct{ Tests, Never, Sometimes, Always, NoFinal, Unknown, Errors, Crashes, Differ, Races int }

// Sum counts answers.
func Sum(as []Answer) Totals {
	var s Totals
	for i := range as {
		a := &as[i]
		s.Tests++
		if a.Why != "" {
			s.Differ++
		}
		if a.Err != nil {
			s.Errors++
			if a.Crash {
				s.Crashes++
			}
			continue
		}
		switch a.Result.Verdict() {
		case axioms.Never:
			s.Never++
		case axioms.Sometimes:
			s.Sometimes++
		case axioms.Always:
			s.Always++
		case axioms.NoFinal:
			s.NoFinal++
		default:
			s.Unknown++
		}
		for _, f := range a.Result.Flags {
			if f == "data-race" {
				s.Races++
			}
		}
	}
	return s
}

// Table writes a line for each test that is to be shown (all, if shown is nil), and a line of the totals of all.
func Table(w io.Writer, m axioms.Model, as []Answer, shown func(*Answer) bool) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "test\t%s\tstates\twitnesses\tremarks\n", m)
	for i := range as {
		a := &as[i]
		if shown != nil && !shown(a) {
			continue
		}
		if a.Err != nil {
			fmt.Fprintf(tw, "%s\t%s\t\t\t\n", a.File, a.verdict())
			continue
		}
		remarks := append([]string{}, a.Result.Flags...)
		for _, x := range []string{a.Result.Why, a.Why} {
			if x != "" {
				remarks = append(remarks, x)
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d+%d\t%s\n", a.Test.Name, a.verdict(), len(a.Result.States), a.Result.Positive, a.Result.Negative, strings.Join(remarks, "; "))
	}
	s := Sum(as)
	if err := tw.Flush(); err != nil {
		return err
	}
	for l := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(l, " \n")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s under %s: %d Never, %d Sometimes, %d Always, %d without an execution that ends, %d unknown, %s; %s, %d differ\n",
		count(s.Tests, "test"), m, s.Never, s.Sometimes, s.Always, s.NoFinal, s.Unknown, count(s.Errors, "error"), count(s.Races, "data race"), s.Differ)
	return err
}

// count is "1 test" or "2 tests".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// document is the JSON form; the first field names its version.
type document struct {
	Schema string  `json:"schema"`
	Model  string  `json:"model"`
	Tests  []entry `json:"tests"`
}

type entry struct {
	File       string   `json:"file"`
	Name       string   `json:"name,omitempty"`
	Verdict    string   `json:"verdict"`
	Error      string   `json:"error,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	Quantifier string   `json:"quantifier,omitempty"`
	Condition  string   `json:"condition,omitempty"`
	Fulfilled  bool     `json:"fulfilled"`
	States     []state  `json:"states"`
	Hash       string   `json:"hash,omitempty"`
	Positive   int64    `json:"positive"`
	Negative   int64    `json:"negative"`
	Candidates int64    `json:"candidates"`
	Flags      []string `json:"flags"`
	Says       string   `json:"says,omitempty"`
	Differs    string   `json:"differs,omitempty"`
}

type state struct {
	State     string `json:"state"`
	Positive  bool   `json:"positive"`
	Witnesses int64  `json:"witnesses"`
}

// JSON writes the answers.
func JSON(w io.Writer, m axioms.Model, as []Answer) error {
	d := document{Schema: "pmdcheck/litmus/1", Model: m.String(), Tests: []entry{}}
	for i := range as {
		a := &as[i]
		e := entry{File: a.File, Verdict: a.verdict(), States: []state{}, Flags: []string{}, Differs: a.Why}
		if a.Err != nil {
			e.Error = a.Err.Error()
			d.Tests = append(d.Tests, e)
			continue
		}
		r := a.Result
		e.Name, e.Verdict, e.Reason, e.Says = a.Test.Name, r.Verdict().String(), r.Why, a.Test.Says
		e.Quantifier, e.Condition, e.Fulfilled = a.Test.Quant.String(), a.Test.PropString(a.Test.Cond), r.Why == "" && r.Fulfilled()
		e.Positive, e.Negative, e.Candidates = r.Positive, r.Negative, r.Candidates
		e.Hash = r.Hash()
		e.Flags = append(e.Flags, r.Flags...)
		for j := range r.States {
			s := &r.States[j]
			e.States = append(e.States, state{r.StateString(s, " "), s.Positive, s.Witnesses})
		}
		d.Tests = append(d.Tests, e)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Cases    []xcase  `xml:"testcase"`
}

type xcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	File    string   `xml:"file,attr"`
	Failure *problem `xml:"failure"`
	Error   *problem `xml:"error"`
	Out     string   `xml:"system-out"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the answers as JUnit XML: a test that is not as it should be is a failure, one without an answer an error.
func JUnit(w io.Writer, m axioms.Model, as []Answer) error {
	s := suite{Name: "pmdcheck litmus " + m.String(), Tests: len(as)}
	for i := range as {
		a := &as[i]
		c := xcase{Name: a.File, Class: "litmus." + m.String(), File: a.File}
		var text strings.Builder
		switch {
		case a.Err != nil:
			c.Error = &problem{Message: a.Err.Error()}
			s.Errors++
		default:
			c.Name = a.Test.Name
			if err := a.Text(&text); err != nil {
				return err
			}
			c.Out = text.String()
			switch {
			case a.Unknown():
				c.Error = &problem{Message: "unknown: " + a.Result.Why}
				s.Errors++
			case a.Why != "":
				c.Failure = &problem{Message: a.verdict() + ": " + a.Why}
				s.Failures++
			}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
