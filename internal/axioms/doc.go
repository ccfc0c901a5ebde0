// Package axioms decides which final states a litmus test has under a memory model, by enumerating candidate executions and checking the axioms of the model.
//
// A candidate is a way through the code of each process with the values that its reads yield (trace.go), a write for each read (rf) and an order of the writes
// of each cell (co) (candidate.go). Events and relations over them are bit vectors and matrices (rel.go). What does not depend on rf and co is made once for all traces that differ in
// values only (skeleton.go), what does not depend on co once for each rf, and rf is given up where no co can help.
//
// The models and their sources:
//
//   - SC: Lamport, "How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs" (1979); as acyclicity of po, rf, co, fr:
//     Shasha and Snir (TOPLAS 1988).
//   - TSO: Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, "x86-TSO" (CACM 2010); Alglave, Maranget, Tautschnig, "Herding Cats" (TOPLAS 2014).
//   - ARM: Pulte, Flur, Deacon, French, Sarkar, Sewell, "Simplifying ARM Concurrency: Multicopy-atomic Axiomatic and Operational Models for ARMv8" (POPL 2018).
//   - LKMM: tools/memory-model of Linux v6.13 (linux-kernel.cat, linux-kernel.bell, linux-kernel.def, lock.cat), and Alglave, Maranget, McKenney, Parri, Stern,
//     "Frightening Small Children and Disconcerting Grown-ups: Concurrency in the Linux Kernel" (ASPLOS 2018).
//
// Those are the specification of facts; nothing of their text is here. docs/memory-models.md says what is decided where they leave something open.
// What takes too much is unknown, and never a verdict.
package axioms
