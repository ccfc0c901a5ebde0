package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/syntax"
	"pmdcheck/specs"
)

// explainKernel explains what the library knows of kernels: a feature, all eras, an era, a release, an architecture. ok is false for anything else.
func explainKernel(name string) (text string, ok bool, err error) {
	lib, err := catalog.KernelLibrary()
	if err != nil {
		return "", false, err
	}
	features := lib.Features()
	for _, f := range features {
		if f.Name == name {
			text, err = explainFeature(f)
			return text, true, err
		}
	}
	eras, err := catalog.Eras()
	if err != nil {
		return "", false, err
	}
	if name == "era" || name == "eras" {
		return explainEras(eras, features), true, nil
	}
	for _, e := range eras {
		if e.Name == name {
			return explainEra(e, features), true, nil
		}
	}
	for _, g := range lib.Groups() {
		if i := slices.Index(g.Values, name); i >= 0 {
			text, err = explainArch(lib, g, i)
			return text, true, err
		}
	}
	if release, stable, isRelease := elab.ParseKernel(name); isRelease && !strings.Contains(name, "/") {
		text, err = explainRelease(lib, release, stable, eras, features)
		return text, true, err
	}
	return "", false, nil
}

func releaseText(n int64) string { return syntax.VersionText(n) }

func span(e catalog.Era) string {
	if e.First == e.Last {
		return releaseText(e.First)
	}
	return releaseText(e.First) + " to " + releaseText(e.Last)
}

func explainFeature(f elab.Feature) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s", f.Name, f.Kind, f.Releases)
	if len(f.Commits) > 0 {
		fmt.Fprintf(&b, ", %s", strings.Join(f.Commits, " "))
	}
	fmt.Fprintf(&b, "\n\n%s.\n", strings.ToUpper(f.Text[:1])+f.Text[1:])
	if f.Requires != "" {
		fmt.Fprintf(&b, "\nIt requires %s.\n", f.Requires)
	}
	askers, err := catalog.Askers(f.Name)
	if err != nil {
		return "", err
	}
	if len(askers) > 0 {
		b.WriteString("\nThe library asks for it in:\n")
		for _, a := range askers {
			fmt.Fprintf(&b, "  %s\n", a)
		}
	}
	release, noticed, why := specs.Noticed(f.Name)
	switch {
	case len(noticed) > 0:
		fmt.Fprintf(&b, "\nWithout it, %s is another kernel to:\n", release)
		for _, n := range noticed {
			fmt.Fprintf(&b, "  %s\n", n)
		}
		first, _, _ := strings.Cut(noticed[0], " ")
		off := "false"
		if len(f.Values) > 0 && f.Values[0] != "false" {
			off = f.Values[0]
		}
		fmt.Fprintf(&b, "\nSee also: pmdcheck check %s --set kernel=%s --set %s=%s\n", first, release, f.Name, off)
	case release == "":
		b.WriteString("\nNo release that the library knows has it by default.\n")
	case why != "":
		fmt.Fprintf(&b, "\nNo spec notices if %s has it not: %s.\n", release, why)
	}
	return b.String(), nil
}

func explainEras(eras []catalog.Era, features []elab.Feature) string {
	var b strings.Builder
	b.WriteString("What stops unsharing while something holds a pointer into a table gives an era its name; features come and go\nwithin it. RFC is no kernel: it is v6.1 with the rule proposed in November 2022.\n\n")
	for _, e := range eras {
		fmt.Fprintf(&b, "%-4s %s\n", e.Name, span(e))
		if e.Name == "RFC" {
			continue
		}
		for _, l := range changes(features, e.First, e.Last, e.Name == eras[0].Name) {
			release, list, _ := strings.Cut(l, ": ")
			b.WriteString(wrap(fmt.Sprintf("     %-6s ", release), list, 118))
		}
	}
	b.WriteString("\nSee also: pmdcheck explain E7, pmdcheck explain v6.6, pmdcheck list --features\n")
	return b.String()
}

// wrap breaks a list between its parts.
func wrap(head, list string, width int) string {
	var b strings.Builder
	line := head
	for i, part := range strings.SplitAfter(list, ", ") {
		if i > 0 && len(line)+len(strings.TrimSpace(part)) > width {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(head))
		}
		line += part
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}

// changes are the features that come and go in some releases. What the first release has is no change.
func changes(features []elab.Feature, first, last int64, oldest bool) (list []string) {
	by := map[int64][]string{}
	var order []int64
	for _, f := range features {
		for _, n := range f.Changes() {
			if n < first || n > last || oldest && n == first {
				continue
			}
			if by[n] == nil {
				order = append(order, n)
			}
			by[n] = append(by[n], changed(f, n))
		}
	}
	slices.Sort(order)
	for _, n := range order {
		list = append(list, releaseText(n)+": "+strings.Join(by[n], ", "))
	}
	return list
}

// changed says what a release makes of a feature.
func changed(f elab.Feature, release int64) string {
	switch v := f.Default(release); v {
	case "true":
		return f.Name
	case "false":
		return "no " + f.Name
	default:
		return f.Name + "=" + v
	}
}

func explainEra(e catalog.Era, features []elab.Feature) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Name, span(e))
	if list := changes(features, e.First, e.Last, e.Name == "E1"); len(list) > 0 {
		b.WriteString("\n")
		for _, l := range list {
			fmt.Fprintf(&b, "  %s\n", l)
		}
	}
	fmt.Fprintf(&b, "\nSee also: pmdcheck explain %s, pmdcheck check family --set era=%s\n", releaseText(e.First), e.Name)
	return b.String()
}

func explainRelease(lib *elab.Spec, release int64, stable bool, eras []catalog.Era, features []elab.Feature) (string, error) {
	if _, err := lib.Configurations([]model.ConfigValue{{Name: "kernel", Value: releaseText(release)}}); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s", releaseText(release))
	for _, e := range eras {
		if e.First <= release && release <= e.Last && e.Name != "RFC" {
			fmt.Fprintf(&b, ": era %s, %s", e.Name, span(e))
		}
	}
	b.WriteString("\n")
	if stable {
		b.WriteString("\nFixes that stable releases have taken over from later ones are not in it: `pmdcheck audit` reads them from a tree.\n")
	}
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, has := range []bool{true, false} {
		title := "\nIt has:"
		if !has {
			title = "\nIt has not:"
		}
		fmt.Fprintln(tw, title)
		for _, f := range features {
			v := f.Default(release)
			if (v == "false") == has {
				continue
			}
			name := f.Name
			if v != "true" && v != "false" {
				name += "=" + v
			}
			fmt.Fprintf(tw, "  %s\t%s\t%s\n", name, f.Kind, f.Releases)
		}
	}
	tw.Flush()
	return b.String(), nil
}

// archFacts are the constants of linux/arch/targets that say what an architecture does.
var archFacts = []string{"PMD_SHARING", "RCU_TABLE_FREE", "PT_RECLAIM", "PMD_FREE", "TLB_FLUSH"}

func explainArch(lib *elab.Spec, g elab.Group, i int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%s: %s %s\n\n", g.Name, g.Values[i], g.Param, strings.Join(g.Members[i], ", "))
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "%s\treleases\t%s\n", g.Param, strings.Join(archFacts, "\t"))
	releases, err := everyRelease(lib)
	if err != nil {
		return "", err
	}
	for _, target := range g.Members[i] {
		var from, last int64
		var was []string
		flush := func() {
			if was != nil {
				fmt.Fprintf(tw, "%s\t%s\t%s\n", target, span(catalog.Era{First: from, Last: last}), strings.Join(was, "\t"))
			}
		}
		for _, n := range releases {
			configs, err := lib.Configurations([]model.ConfigValue{{Name: "kernel", Value: releaseText(n)}, {Name: g.Param, Value: target}})
			if err != nil {
				return "", err
			}
			var now []string
			if exists, _ := lib.Value(configs[0], "TARGET_EXISTS"); exists != "true" {
				flush()
				was = nil
				continue
			}
			for _, f := range archFacts {
				v, _ := lib.Value(configs[0], f)
				now = append(now, v)
			}
			if !slices.Equal(was, now) {
				flush()
				from, was = n, now
			}
			last = n
		}
		flush()
	}
	tw.Flush()
	fmt.Fprintf(&b, "\nSee also: pmdcheck matrix seed/race_a --set kernel=6.6 --set %s=%s\n", g.Name, g.Values[i])
	return b.String(), nil
}

// everyRelease are all releases of the library. Minor numbers go on until the next major one begins.
func everyRelease(lib *elab.Spec) ([]int64, error) {
	named := lib.Releases()
	if len(named) == 0 {
		return nil, fmt.Errorf("the library knows no release")
	}
	var out []int64
	for n := named[0]; n <= named[len(named)-1]; n++ {
		if _, err := lib.Configurations([]model.ConfigValue{{Name: "kernel", Value: releaseText(n)}}); err == nil {
			out = append(out, n)
		}
	}
	return out, nil
}
