// Package traces holds a run of a model as pure data.
//
// A [Trace] knows no model: it can be stored as JSON ([Write], [Read]), opened anywhere, and drawn by the renderers in the packages below.
// Every text in it was made when the trace was made.
package traces

// Schema is the identifier of the JSON format written by this version.
const Schema = "pmdcheck/trace/1"

// Trace is a finite run from the initial state, usually one that ends in a violation. Lists are in run order; nothing depends on map order.
type Trace struct {
	Schema    string        `json:"schema"`
	Spec      string        `json:"spec"`
	Config    []ConfigValue `json:"config,omitempty"`
	Build     []string      `json:"build,omitempty"` // options that changed the model or its judgement: "no-merge", "no-reset", "no-assert"
	Digest    string        `json:"digest"`          // of the elaborated model; replay refuses another one
	Kind      string        `json:"kind"`            // "violation", "cover", "run"
	Property  string        `json:"property,omitempty"`
	Message   string        `json:"message,omitempty"` // one plain sentence: what went wrong
	Processes []Process     `json:"processes"`
	Initial   []Assign      `json:"initial,omitempty"` // shared variables that are not zero at the start
	Calls     []Call        `json:"calls,omitempty"`   // the calls that operations refer to, callers before callees
	Steps     []Step        `json:"steps"`
}

// Call is one inlined call of a function, or the body of a process.
type Call struct {
	ID     int    `json:"id"`
	Parent int    `json:"parent"` // ID of the calling call, -1 for the body of a process
	Func   string `json:"func"`
	Kernel string `json:"kernel,omitempty"`
}

// ConfigValue is one config parameter of the cell.
type ConfigValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Process describes one lane.
type Process struct {
	Name string `json:"name"`
	CPU  int    `json:"cpu"` // -1: bound to none
	MM   string `json:"mm,omitempty"`
}

// Step is one transition.
type Step struct {
	Process    int         `json:"process"`    // index into Trace.Processes
	Transition int         `json:"transition"` // index in the process's state machine
	From       int         `json:"from"`
	To         int         `json:"to"` // -1: end of process, -2: parked by a failure
	Label      string      `json:"label"`
	Stack      []Frame     `json:"stack"` // outermost first; the first is the process itself
	Pos        string      `json:"pos"`   // file:line:col of the visible statement
	Ops        []Operation `json:"ops"`   // what the step did, in order
	Fatal      bool        `json:"fatal,omitempty"`
	Property   string      `json:"property,omitempty"` // violated by this step
	Title      string      `json:"title,omitempty"`    // what that is called: "use after free"
	Message    string      `json:"message,omitempty"`
}

// Frame is a call.
type Frame struct {
	Call   int    `json:"call"` // number of this inlined call in the model: two steps with equal Call are in the same call
	Func   string `json:"func"`
	Kernel string `json:"kernel,omitempty"` // "mm/hugetlb.c huge_pmd_unshare v5.9..v6.12"
}

// Operation is one executed operation of a step.
type Operation struct {
	Text    string   `json:"text"` // source text
	Pos     string   `json:"pos"`
	Visible bool     `json:"visible"` // touches shared state
	Call    int      `json:"call"`    // frame it belongs to
	Func    string   `json:"func"`
	Reads   []Access `json:"reads,omitempty"`  // shared reads
	Writes  []Assign `json:"writes,omitempty"` // shared writes
	Locals  []Assign `json:"locals,omitempty"` // local writes
	Kind    string   `json:"kind"`             // assign, branch, assume, assert, cover, alloc, free, nop
	Result  string   `json:"result,omitempty"` // branch: "true"/"false"
}

// Access is a value read.
type Access struct {
	Cell  string `json:"cell"`  // "m1.pud", "X.entry[1]"
	Value string `json:"value"` // "&X", "NULL", "3", "true", enum name
}

// Assign is a value written.
type Assign struct {
	Cell string `json:"cell"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new"`
}
