// Package traces holds a run of a model as pure data.
//
// A [Trace] knows no model: it can be stored as JSON ([Write], [Read]), opened anywhere, and drawn by the renderers in the packages below.
// Every text in it was made when the trace was made.
package traces

// Schema is the identifier of the JSON format written by this version. Traces of version 1 did not say which alternatives a process waits at, nor in which call a process
// stands after a step, without which a lock that is waited for looks like one that is held: they are refused.
const Schema = "pmdcheck/trace/2"

// Trace is a run from the initial state, usually one that ends in a violation. It is finite, or it ends in steps that repeat for ever (Cycle). Lists are in run order; nothing depends on map order.
type Trace struct {
	Schema    string        `json:"schema"`
	Spec      string        `json:"spec"`
	Config    []ConfigValue `json:"config,omitempty"`
	Kernel    string        `json:"kernel,omitempty"` // the release that the configuration models: "v6.13"
	Tool      string        `json:"tool,omitempty"`   // the program that found it
	Build     []string      `json:"build,omitempty"`  // options that changed the model or its judgement: "no-merge", "no-reset", "no-assert", "no-direct-stores", "store-buffer=2"
	Digest    string        `json:"digest"`           // of the elaborated model; replay refuses another one
	Kind      string        `json:"kind"`             // "violation", "cover", "run"
	Property  string        `json:"property,omitempty"`
	Message   string        `json:"message,omitempty"` // one plain sentence: what went wrong
	Processes []Process     `json:"processes"`
	Objects   []Object      `json:"objects,omitempty"`    // the objects that can be freed
	Checked   []Property    `json:"properties,omitempty"` // what is checked, in order of declaration
	Initial   []Assign      `json:"initial,omitempty"`    // shared variables that are not zero at the start and can change, or that point to an object
	Calls     []Call        `json:"calls,omitempty"`      // the calls that operations refer to, callers before callees
	Marks     []Mark        `json:"marks,omitempty"`      // what cells are, of those that the run reads or writes
	Starts    []Step        `json:"starts,omitempty"`     // what processes had done before the first step, at most one each; Initial is the state after it
	Steps     []Step        `json:"steps"`
	Cycle     int           `json:"cycle,omitempty"`   // number, from 1, of the step with which the part begins that repeats for ever; 0: none
	About     []Access      `json:"about,omitempty"`   // what a violated invariant, or the search for leaks, read in the last state
	Owed      *Owed         `json:"owed,omitempty"`    // of a liveness property: since when what never happens was to happen
	Blocked   []Blocked     `json:"blocked,omitempty"` // which process waits for what in the last state, of a deadlock or a run that comes to rest, or all through what repeats
}

// Object is something with a lifetime. Its fields are the cells "Name.field", its life is the cell "live(Name)".
type Object struct {
	Name   string `json:"name"`
	Struct string `json:"struct"`
}

// Property is a checked property.
type Property struct {
	Name  string `json:"name"`
	Title string `json:"title"` // what a violation is called
	Text  string `json:"text,omitempty"`
	Own   bool   `json:"own,omitempty"` // declared by the spec itself, and not by the library
}

// Owed is the beginning of what a liveness property asks for and a run never does.
type Owed struct {
	Step  int      `json:"step"`            // the step that made it owed, 0 for the start
	When  string   `json:"when,omitempty"`  // what became true then, as text; "" for what is owed always
	What  string   `json:"what"`            // what never becomes true
	Reads []Access `json:"reads,omitempty"` // what the condition read that became true
}

// Blocked is a process that cannot move and should.
type Blocked struct {
	Process   int    `json:"process"`
	After     int    `json:"after"`               // the step after which it waits for what is told, 0 for the start
	Sometimes bool   `json:"sometimes,omitempty"` // in what repeats it can move now and then, and never does
	Waits     []Wait `json:"waits"`               // its alternatives where it chooses, else one
}

// Wait is one thing that a process waits for.
type Wait struct {
	Call   int      `json:"call"`
	Text   string   `json:"text"` // the statement
	Pos    string   `json:"pos"`
	Reads  []Access `json:"reads,omitempty"`  // what its condition read of shared state
	Locals []Access `json:"locals,omitempty"` // and of the locals of the process
}

// Choice is a move that was possible.
type Choice struct {
	Process    int    `json:"process"`
	Transition int    `json:"transition"`
	Way        int    `json:"way,omitempty"` // of the transition, where its choices allow several
	Label      string `json:"label"`
	Func       string `json:"func"`
	Pos        string `json:"pos"`
}

// Touch is the access that failed.
type Touch struct {
	Object string `json:"object"`         // the dead object
	Cell   string `json:"cell,omitempty"` // the field; "" for a second free
	Write  bool   `json:"write,omitempty"`
}

// Call is one inlined call of a function, or the body of a process.
type Call struct {
	ID     int    `json:"id"`
	Parent int    `json:"parent"` // ID of the calling call, -1 for the body of a process
	Func   string `json:"func"`
	Kernel string `json:"kernel,omitempty"`
	Role   string `json:"role,omitempty"`   // what the function is to a reader: lock, section, grace_period, callback, ipi, gather, cache, access
	Mode   string `json:"mode,omitempty"`   // of a lock function: "R" for read, "W" for write
	Called string `json:"called,omitempty"` // of a function that enters or leaves a section: what that is called
}

// Mark says what a cell is to a reader.
type Mark struct {
	Cell     string `json:"cell"`
	Role     string `json:"role"`               // as of the functions that write it: a lock, the depth of a section, the bookkeeping of a grace period, a queue of callbacks, an IPI under way, a gather, a cache
	Lock     string `json:"lock,omitempty"`     // the lock that the cell is a part of
	CPU      int    `json:"cpu"`                // whose section it is, -1: of none
	Process  int    `json:"process"`            // or of which process, -1: of none
	StopsIPI bool   `json:"stopsIPI,omitempty"` // of a section: an IPI waits for its end
}

// ConfigValue is one config parameter of the configuration.
type ConfigValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Process describes one lane.
type Process struct {
	Name string `json:"name"`
	Of   string `json:"of,omitempty"` // the declaration that it is an instance of
	CPU  int    `json:"cpu"`          // -1: bound to none
	MM   string `json:"mm,omitempty"`
	Role string `json:"role,omitempty"` // grace_period or callback: a part of the machinery of grace periods; buffer: brings stores to memory

	Owner int `json:"owner,omitempty"` // of a buffer: whose stores these are
}

// Step is one transition.
type Step struct {
	Process    int         `json:"process"`       // index into Trace.Processes
	Transition int         `json:"transition"`    // index in the process's state machine; -1 in Trace.Starts
	Way        int         `json:"way,omitempty"` // of the transition, where its choices allow several: their number in the order of the alternatives
	From       int         `json:"from"`
	To         int         `json:"to"` // -1: end of process, -2: parked by a failure
	At         int         `json:"at"` // the call in which the process stands afterwards; -1: none
	Label      string      `json:"label"`
	Stack      []Frame     `json:"stack"` // outermost first; the first is the process itself
	Pos        string      `json:"pos"`   // file:line:col of the visible statement
	Ops        []Operation `json:"ops"`   // what the step did, in order
	Fatal      bool        `json:"fatal,omitempty"`
	Property   string      `json:"property,omitempty"` // violated by this step
	Title      string      `json:"title,omitempty"`    // what that is called: "use after free"
	Message    string      `json:"message,omitempty"`
	Touch      *Touch      `json:"touch,omitempty"`   // of a fatal step that touched a dead object
	Null       string      `json:"null,omitempty"`    // of a fatal step that followed NULL: the cell that it was read from last
	Enabled    []Choice    `json:"enabled,omitempty"` // what else could have been done in the state before
	False      []string    `json:"false,omitempty"`   // checked invariants that do not hold in the state after
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
	Stores  []Assign `json:"stores,omitempty"` // what goes into the store buffer of the process, and is not in memory yet; Old is what the process saw there
	Landed  int      `json:"landed,omitempty"` // the step whose store reaches memory by Writes, where that is not this operation's own
	Kind    string   `json:"kind"`             // assign, branch, assume, assert, cover, alloc, free, nop
	Result  string   `json:"result,omitempty"` // branch: "true"/"false"
}

// Access is a value read.
type Access struct {
	Cell  string `json:"cell"`  // "m1.pud", "X.entry[1]"
	Value string `json:"value"` // "&X", "NULL", "3", "true", enum name

	Buffered bool `json:"buffered,omitempty"` // found in the store buffer of the process, not in memory
}

// Assign is a value written.
type Assign struct {
	Cell string `json:"cell"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new"`
}
