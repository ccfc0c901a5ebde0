package pass

// Stage is one way from a form of a model to the next.
type Stage struct {
	Name  string // package and function
	When  string // when it is done
	Needs string // what has to be done before it, and why
	Keeps string // what the system that it makes has in common with that before
}

// Order lists the stages from text to what is searched, in the order in which a check does them. [model.System.Sanity] is tested after elab.Build and before every program.Compile, so
// after each pass too.
var Order = []Stage{
	{"syntax.Parse", "for every file", "nothing", "the text, but for its layout: `fmt` prints it from the tree"},
	{"check.Declare, check.Info.Check", "once for a spec, by elab.Loader.Load", "the imports parsed: a name may be declared in any of the files", "the tree; names have a meaning and expressions a type, whatever the configuration"},
	{"elab.Loader.Load", "once for a spec", "names and types: what has to be a constant is evaluated where parameters have their defaults", "nothing is executable yet"},
	{"elab.Spec.Build, the first round", "for every configuration", "the values of the parameters: what a constant condition excludes is not there", "every shared cell counts as changeable and shared"},
	{"elab.Spec.Build, later rounds", "until nothing changes, 5 at most", "what the round before it writes and touches", "runs and verdicts; loads of constants are folded, accesses to what one process touches are merged"},
	{"pass.TSO", "under the memory model tso", "the system of the last round: what is private or constant is known, and what waits for a store buffer begins a step", "what each process does; its stores reach memory later, by steps of a process that is added for each buffer"},
	{"pass.Watch", "with a reduction, if liveness is checked, no two processes are interchangeable and no predicate can fail", "the system of the last round: it adds writes, which would keep a round from folding", "transitions one to one; a variable more for each case, which says what is owed"},
	{"pass.Passed", "after the search, for each edge of a cycle of lock classes", "the marks that the search met: one that it did not meet is in no run", "transitions one to one; a variable more, and an invariant in the place of the property"},
	{"program.Compile", "for each of these systems", "a system that is not changed any more: its cells are laid out", "states one to one"},
}
