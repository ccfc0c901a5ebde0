package audit

import (
	"fmt"
	"strings"
)

// Verdict is what a claim of a spec is in the tree.
type Verdict struct {
	Claim      string   `json:"claim"`
	Verdict    string   `json:"verdict"`              // holds, violated, unknown
	Properties []string `json:"properties,omitempty"` // that are violated
	Reason     string   `json:"reason,omitempty"`     // why it is unknown
	Unreached  []string `json:"unreached,omitempty"`  // covers without which it may hold for nothing
	Suggested  string   `json:"suggested,omitempty"`  // what was found out about what mends it
	Mends      []Mend   `json:"mends,omitempty"`      // the smallest sets of missing fixes with which it holds
}

// Mend is a set of missing features with which a claim holds.
type Mend struct {
	Features []string `json:"features"`
	Commits  []string `json:"commits"` // of each feature, joined if it has several
}

// finding is what has to be looked at in a verdict: nothing if the claim holds. It stands where the tree shows that it lacks what would mend it, if that is known.
func (v Verdict) finding(doc *Document) (Finding, bool) {
	f := Finding{Rule: "claim", Key: v.Claim, Place: Place{"Makefile", 1}}
	switch v.Verdict {
	case "violated":
		f.Text = v.Claim + " is violated: " + strings.Join(v.Properties, ", ")
		f.Key += " " + strings.Join(v.Properties, " ")
	case "unknown":
		f.Unknown, f.Text = true, v.Claim+" is unknown: "+v.Reason
		f.Key += " unknown"
	default:
		return f, false
	}
	for _, m := range v.Mends {
		for i, n := range m.Features {
			f.Detail = append(f.Detail, fmt.Sprintf("mended by %s: backport %s", n, m.Commits[i]))
			for _, x := range doc.Features {
				if x.Name == n && f.Place.File == "Makefile" {
					f.Place = first(x.At, f.Place)
				}
			}
		}
	}
	return f, true
}

// said is a verdict in words.
func (v Verdict) said() string {
	switch v.Verdict {
	case "violated":
		return "violated (" + strings.Join(v.Properties, ", ") + ")"
	case "unknown":
		return "unknown (" + v.Reason + ")"
	}
	return v.Verdict
}
