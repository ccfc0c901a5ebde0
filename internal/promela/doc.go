// Package promela translates a system to Promela, the input language of SPIN, so that another tool can be asked the same question.
//
// The translation is one to one. Every shared cell, every local and the location of every process is a global variable, and every transition is one d_step:
//
//	:: d_step { at_walker == 3 && !vw[0] -> vr[0] = (vr[0] + 1); at_walker = 4 }
//
// so the states and transitions that SPIN counts without reduction (spin -o1 -o2 -o3, cc -DSAFETY -DNOREDUCE) are those of a full search by pmdcheck, but
// for the one that SPIN counts on the way into the initial state. What would add a state or a transition is kept out of the state vector:
//
//   - that a property was violated or a cover reached is printed, once, by a line of embedded C;
//   - invariants, covers on states, deadlocks and leaks are looked at by a last process whose guards are always false.
//
// Promela has no partial operations, no failures and no enabledness that depends on what a step has already done. Expressions are therefore lowered twice
// (lower.go): to a value, and to the list of what can go wrong on the way there, in order; and the condition under which a step runs to its end is computed
// from its code by symbolic execution (guard.go).
package promela
