package properties_test

import (
	"fmt"
	"os"

	"pmdcheck/model"
	"pmdcheck/properties"
)

// The catalogue says what a property means.
func ExampleLookup() {
	e, ok := properties.Lookup("no_deadlock")
	fmt.Println(ok, e.Title)
	fmt.Println(e.Meaning)
	// Output:
	// true deadlock
	// The system never gets stuck with a process waiting somewhere that is not a proper end.
}

// Locks taken in both orders, and one while another of its class is held.
func ExampleLockOrder() {
	order := properties.NewLockOrder([]model.LockEdge{{From: "pmd", To: "pte"}, {From: "mm", To: "pmd"}, {From: "pte", To: "mm"}, {From: "vma", To: "vma"}, {From: "mm", To: "pte"}})
	for _, c := range order.Cycles() {
		fmt.Println(properties.CycleString(c))
	}
	_ = order.WriteDOT(os.Stdout)
	// Output:
	// mm -> pte -> mm
	// vma -> vma
	// digraph lock_order {
	// 	rankdir=LR;
	// 	node [shape=box, fontname="monospace"];
	// 	"mm" -> "pmd";
	// 	"mm" -> "pte" [color=red, penwidth=2];
	// 	"pmd" -> "pte";
	// 	"pte" -> "mm" [color=red, penwidth=2];
	// 	"vma" -> "vma" [color=red, penwidth=2];
	// }
}
