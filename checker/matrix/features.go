package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// FeatureAxis is the axis of rows for which a table says what notices if a feature is taken away.
const FeatureAxis = "feature"

// Feature is what one change of the kernel makes of verdicts.
type Feature struct {
	Name    string    `json:"feature"`
	Kind    string    `json:"kind"`
	Release string    `json:"release"`          // the newest that has it
	Know    int       `json:"know"`             // specs that know it in that release
	Specs   []Noticed `json:"specs,omitempty"`  // those in which it changes a system
	Before  []Noticed `json:"before,omitempty"` // if none of them notices: specs that are about it and notice in an earlier release
}

// Noticed is what a spec makes of a feature.
type Noticed struct {
	Spec           string `json:"spec"`
	Release        string `json:"release"`        // from which it was taken
	Configurations int    `json:"configurations"` // of the release
	Changed        int    `json:"changed"`        // have another system without the feature
	Noticed        int    `json:"noticed"`        // and other violations
	Example        string `json:"example,omitempty"`
}

// By are the specs that notice, and why, if none does.
func (f Feature) By() (by []string, why string) {
	changed, specs := 0, 0
	for _, n := range f.Specs {
		if n.Noticed > 0 {
			by = append(by, fmt.Sprintf("%s (%d of %d)", n.Spec, n.Noticed, n.Configurations))
		}
		changed += n.Changed
		specs++
	}
	if len(by) > 0 {
		return by, ""
	}
	switch {
	case f.Know == 0:
		why = "no spec knows it"
	case changed == 0:
		why = "no configuration of that release asks for it"
	default:
		why = fmt.Sprintf("it changes %s of %s, and no verdict", many(changed, "configuration"), many(specs, "spec"))
	}
	for i, n := range f.Before {
		if i == 0 {
			why += "; earlier, "
		} else {
			why += ", "
		}
		why += fmt.Sprintf("%s of %s (%d of %d)", n.Spec, n.Release, n.Noticed, n.Configurations)
	}
	return nil, why
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// WriteFeaturesText writes a line for each feature.
func WriteFeaturesText(w io.Writer, list []Feature) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "feature\tkind\taway from\tnoticed by")
	for _, f := range list {
		by, why := f.By()
		if why != "" {
			by = []string{"nothing: " + why}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", f.Name, f.Kind, f.Release, strings.Join(by, ", "))
	}
	return tw.Flush()
}

// WriteFeaturesTSV writes feature, release, what notices, and why nothing does.
func WriteFeaturesTSV(w io.Writer, list []Feature) error {
	var b strings.Builder
	for _, f := range list {
		by, why := f.By()
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", f.Name, f.Release, strings.Join(by, ", "), why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteFeaturesJSON writes everything.
func WriteFeaturesJSON(w io.Writer, list []Feature) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Schema   string    `json:"schema"`
		Features []Feature `json:"features"`
	}{"pmdcheck/features/2", list})
}
