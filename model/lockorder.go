package model

import "strings"

// LockEdge is the order of two lock classes: some run takes a lock of class To while it holds one of class From.
type LockEdge struct {
	From, To string
}

// HeldName is the name of the local that counts the locks of a class.
func HeldName(proc, class string) string { return proc + ".held(" + class + ")" }

// HeldClass takes HeldName apart; "" for another local.
func HeldClass(proc, name string) string {
	if s, ok := strings.CutPrefix(name, proc+".held("); ok {
		return strings.TrimSuffix(s, ")")
	}
	return ""
}

func (e LockEdge) String() string { return e.From + " -> " + e.To }
