package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Notes are things found that are about no configuration of a spec, such as what an audit says of a kernel tree. The files are those of the tree, relative to it.
type Notes struct {
	Title string // what was looked at
	Text  string // what came out, in a sentence
	Rules []NoteRule
	Notes []Note
}

// NoteRule is a kind of note.
type NoteRule struct {
	ID, Text string
	InOrder  string // what else was looked at under this rule, and is in order
}

// Note is one thing found.
type Note struct {
	Rule, Key, File, Text string
	Line                  int
	Unknown               bool // it could not be told; else it is an error
	Detail                []string
}

func (n Note) whole() string { return strings.Join(append([]string{n.Text}, n.Detail...), "\n") }

// WriteSARIF writes notes as SARIF 2.1.0: what could not be told is a warning.
func (n *Notes) WriteSARIF(w io.Writer) error {
	run := SARIFRun{OriginalURIBaseIDs: map[string]struct{}{"%SRCROOT%": {}}, Results: []SARIFResult{}, Properties: map[string]any{"pmdcheck/title": n.Title}}
	run.Tool.Driver.Name, run.Tool.Driver.Version, run.Tool.Driver.Rules = "pmdcheck", "1", []SARIFRule{}
	for _, r := range n.Rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, SARIFRule{ID: r.ID, Short: sarifText{r.Text}, Full: sarifText{r.Text}})
	}
	for _, x := range n.Notes {
		level := "error"
		if x.Unknown {
			level = "warning"
		}
		sum := sha256.Sum256([]byte(x.Rule + "\x00" + x.Key))
		run.Results = append(run.Results, SARIFResult{
			RuleID: x.Rule, RuleIndex: slices.IndexFunc(n.Rules, func(r NoteRule) bool { return r.ID == x.Rule }), Level: level, Kind: "fail", Message: sarifText{x.whole()},
			Locations: []SARIFLocation{location(position{x.File, max(1, x.Line), 1}, "")}, Fingerprints: map[string]string{"pmdcheck/1": hex.EncodeToString(sum[:8])}, Occurrences: 1,
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(&SARIFLog{Schema: sarifSchema, Version: "2.1.0", Runs: []SARIFRun{run}})
}

// WriteJUnit writes a suite for each rule: a case for each note, and one for what is in order.
func (n *Notes) WriteJUnit(w io.Writer) error {
	out := junitSuites{Name: "pmdcheck"}
	for _, r := range n.Rules {
		s := junitSuite{Name: r.ID, Tests: 1, Cases: []junitCase{{Name: "in order", Class: r.ID, File: "Makefile", Line: "1", Out: r.InOrder}}}
		for _, x := range n.Notes {
			if x.Rule != r.ID {
				continue
			}
			c := junitCase{Name: x.Key, Class: r.ID, File: x.File, Line: fmt.Sprint(max(1, x.Line))}
			p := &junitProblem{Message: x.Text, Type: r.ID, Text: x.whole()}
			if x.Unknown {
				c.Error = p
				s.Errors++
			} else {
				c.Failure = p
				s.Failures++
			}
			s.Tests++
			s.Cases = append(s.Cases, c)
		}
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
		out.Suites = append(out.Suites, s)
	}
	return out.write(w)
}

// WriteMarkdown writes a summary for a GitHub step or a comment.
func (n *Notes) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## pmdcheck audit: %s\n\n%s\n", escaped(n.Title), escaped(n.Text))
	shown := 0
	for _, r := range n.Rules {
		head := false
		for _, x := range n.Notes {
			if x.Rule != r.ID {
				continue
			}
			if shown++; shown > mostShown {
				continue
			}
			if !head {
				fmt.Fprintf(&b, "\n### %s\n\n", r.ID)
				head = true
			}
			unknown := ""
			if x.Unknown {
				unknown = "unknown: "
			}
			fmt.Fprintf(&b, "- %s%s (`%s:%d`)\n", unknown, escaped(x.Text), strings.ReplaceAll(x.File, "`", "'"), max(1, x.Line))
			if len(x.Detail) > 0 {
				fmt.Fprintf(&b, "\n  ```\n  %s\n  ```\n\n", strings.ReplaceAll(strings.ReplaceAll(strings.Join(x.Detail, "\n"), "```", "'''"), "\n", "\n  "))
			}
		}
	}
	if shown > mostShown {
		fmt.Fprintf(&b, "\n%d more are not shown; `pmdcheck audit` names them all.\n", shown-mostShown)
	}
	fmt.Fprintln(&b)
	_, err := io.WriteString(w, b.String())
	return err
}
