// Package litmus reads litmus tests of the Linux kernel's memory model: small concurrent programs in C with a question about their final state.
//
// The language is what herd7 accepts with the macros of the kernel's tools/memory-model (linux-kernel.def of v6.13), described in Alglave, Maranget, McKenney,
// Parri and Stern, "Frightening Small Children and Disconcerting Grown-ups" (ASPLOS 2018), and in the kernel's tools/memory-model/Documentation/litmus-tests.txt.
// A test has a name, an initial state in braces, processes P0, P1, ... whose parameters are addresses of globals of the same name, and a condition
// (exists, ~exists or forall) with an optional filter and optional locations to show. (* *) is a comment outside the braces of code only.
//
// Calls are resolved here: what comes out has loads, stores, read-modify-writes, fences and locks, each with its order, and no names of macros.
// All errors of a file are found at once, with positions. Loops, functions and structs are refused: a test has finitely many executions by construction.
package litmus
