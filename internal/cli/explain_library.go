package cli

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/suite/catalog"
)

// commentWidth is where the lines of comments end.
const commentWidth = 120

// explainRoom is what a room of the library declares, or for "linux" which rooms there are.
func explainRoom(rooms []catalog.Room, name string) (string, bool) {
	var b strings.Builder
	if name == "linux" {
		width := 0
		for _, r := range rooms {
			width = max(width, len(r.Name))
		}
		for _, r := range rooms {
			fmt.Fprintln(&b, wrapped(fmt.Sprintf("%-*s  ", width, r.Name), strings.Fields(firstSentence(r.Doc)), commentWidth))
		}
		b.WriteString("\n`pmdcheck explain linux/mm/zap` shows what a room declares, and `pmdcheck explain zap_page_range` one of its functions.\n")
		return b.String(), true
	}
	at := slices.IndexFunc(rooms, func(r catalog.Room) bool { return r.Name == strings.TrimSuffix(name, ".pmd") })
	if at < 0 {
		return "", false
	}
	r := rooms[at]
	fmt.Fprintf(&b, "%s\n", r.Name)
	for _, p := range strings.Split(r.Doc, "\n\n") {
		fmt.Fprintf(&b, "\n%s\n", wrapped("", strings.Fields(p), commentWidth))
	}
	if len(r.Imports) > 0 {
		fmt.Fprintf(&b, "\n%s\n", wrapped("imports ", strings.Fields(strings.Join(r.Imports, " ")), commentWidth))
	}
	if len(r.Covers) > 0 {
		fmt.Fprintf(&b, "\n%s\n", wrapped("covers ", r.Covers, commentWidth))
	}
	var replaced []string
	for _, d := range r.Declared {
		if d.Override {
			replaced = append(replaced, d.Name+"()")
		}
	}
	if len(replaced) > 0 {
		fmt.Fprintf(&b, "\n%s\n", wrapped("replaces ", replaced, commentWidth))
	}
	for _, d := range r.Declared {
		if d.Override {
			continue // the function is that of the room which declares it
		}
		if !d.Follows {
			b.WriteString("\n")
		}
		b.WriteString(withComment(d))
	}
	return b.String(), true
}

// explainName is what the library declares under a name, in each room that does. What replaces a function of another room is not shown: it is called as that is.
func explainName(rooms []catalog.Room, name string) (string, bool) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "struct "), "()")
	var texts []string
	for _, r := range rooms {
		for _, d := range r.Declared {
			if d.Name != name || d.Override {
				continue
			}
			text := withComment(d) + "\n"
			for _, k := range d.Kernel {
				text += "Kernel: " + k + "\n"
			}
			text += fmt.Sprintf("import \"%s\";\n", r.Name)
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n"), len(texts) > 0
}

// withComment is a declaration under its comment.
func withComment(d catalog.Declared) string {
	var b strings.Builder
	if d.Doc != "" {
		fmt.Fprintf(&b, "%s\n", wrapped("// ", strings.Fields(d.Doc), commentWidth))
	}
	text := d.Text
	if d.Function {
		text += ";"
	}
	// A second line of a comment begins like the first.
	return strings.ReplaceAll(b.String(), "\n   ", "\n// ") + text + "\n"
}
