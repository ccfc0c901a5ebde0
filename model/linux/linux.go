// Package linux embeds the kernel library: Linux as labelled state machines, laid out like its source tree.
package linux

import "embed"

// FS holds the .pmd files; `import "linux/mm/hugetlb";` finds mm/hugetlb.pmd.
//
//go:embed */*.pmd
var FS embed.FS
