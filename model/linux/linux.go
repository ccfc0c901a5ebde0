// Package linux embeds the kernel library: Linux as labelled state machines, laid out like its source tree.
package linux

import "embed"

// FS holds the .pmd files; `import "linux/mm/hugetlb";` finds mm/hugetlb.pmd.
//
//go:embed */*.pmd */*/*.pmd
var FS embed.FS

// Detect says how a source tree shows which features of kernel/features.pmd it has.
//
//go:embed kernel/features.detect
var Detect string
