// Package specs embeds the scenarios: specs whose expected verdicts are the regression proof.
package specs

import "embed"

// FS holds the .pmd files by folder: seed (the race of 2022), family, bugs, hazards, residual, walkers, tables, gather, kernel, order, reclaim, classic, locks, bench. Beside bench/hugepmd.pmd lies the same model written by hand in Promela, and
// what SPIN counts on it.
//
//go:embed */*.pmd bench/hugepmd.pml bench/hugepmd.tsv
var FS embed.FS
