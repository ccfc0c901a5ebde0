package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// tool is what a trace says of the program that found it: version and commit.
func tool(info *debug.BuildInfo, ok bool) string {
	v := version(info, ok)
	return v[:strings.LastIndex(v, ", ")]
}

// version says which program this is: version, commit and Go, as a report of a bug needs them. What the build does not tell is "unknown".
func version(info *debug.BuildInfo, ok bool) string {
	const unknown = "unknown"
	number, commit, compiler := unknown, unknown, runtime.Version()
	if ok {
		number, compiler = cmp.Or(info.Main.Version, unknown), cmp.Or(info.GoVersion, compiler)
		modified := false
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = cmp.Or(s.Value, unknown)
			case "vcs.modified":
				modified = s.Value == "true"
			}
		}
		if modified {
			commit += " (modified)"
		}
	}
	return fmt.Sprintf("pmdcheck %s, commit %s, %s", number, commit, compiler)
}
