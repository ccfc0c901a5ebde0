// Package specs embeds the scenarios: specs whose expected verdicts are the regression proof.
package specs

import "embed"

// FS holds the .pmd files by folder: seed (the race of 2022), classic, locks, bench.
//
//go:embed */*.pmd
var FS embed.FS
