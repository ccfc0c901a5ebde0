package checker

import (
	"fmt"
	"strings"
	"time"

	"pmdcheck/model"
	"pmdcheck/properties"
	"pmdcheck/traces"
)

// Verdict is the answer of a check. The zero Verdict is Unknown: never take it for Holds.
type Verdict uint8

// The verdicts. Only a property can be NotJudged.
const (
	Unknown   Verdict = iota // the search ended before it could tell; a reason goes with it
	Holds                    // the search was complete, and nothing was violated
	Violated                 // there is a replayed witness, or a required cover cannot be reached
	NotJudged                // nothing in the system observes the property: see [model.System.Observed]
)

func (v Verdict) String() string {
	return named([]string{"unknown", "holds", "violated", "not judged"}, "Verdict", v)
}

// Reason is why a search ended before its end.
type Reason string

// The reasons.
const (
	ReasonNone      Reason = ""
	ReasonStates    Reason = "states"          // Options.MaxStates
	ReasonMemory    Reason = "memory"          // Options.Memory
	ReasonTimeout   Reason = "timeout"         // Options.Timeout
	ReasonInterrupt Reason = "interrupt"       // the context was cancelled
	ReasonFirst     Reason = "first"           // Options.First: stopped at the first violation
	ReasonFeatures  Reason = "features"        // the system depends on unknown features in too many ways: followed by a colon and their names
	ReasonWalks     Reason = "random walk"     // Options.Swarm: followed by a colon and what the walks saw
	ReasonDisk      Reason = "disk"            // what was to be written could not be: followed by a colon and the cause
	ReasonInexact   Reason = "not exact"       // everything that was met was searched, but Options.Store may have missed something
	ReasonBuffer    Reason = "store buffer"    // the search is complete, but a process had more stores in its buffer than there is room for
	ReasonAsserts   Reason = "asserts ignored" // Options.NoAssert: the search is complete, and did not look at what asserts and accesses violate
)

// Reasons lists the reasons that stand alone, and those that a colon and a cause follow.
func Reasons() (alone, explained []Reason) {
	return []Reason{ReasonNone, ReasonStates, ReasonMemory, ReasonTimeout, ReasonInterrupt, ReasonFirst, ReasonInexact, ReasonBuffer, ReasonAsserts, ReasonUnfinished},
		[]Reason{ReasonFeatures, ReasonWalks, ReasonDisk, ReasonLiveness}
}

// Parts is a reason and its cause apart: "disk", "no space left".
func (r Reason) Parts() (reason Reason, cause string) {
	a, b, _ := strings.Cut(string(r), ": ")
	return Reason(a), b
}

// Result is what a check found.
type Result struct {
	Verdict    Verdict
	Reason     Reason               // why the search is not complete, or ReasonNone
	Properties []PropertyResult     // one per checked property, in order of System.Props
	Violations []Violation          // one per violated property, in order of System.Props, then those covers that are required and cannot be reached
	Covers     []CoverResult        // one per cover of the spec
	LockOrder  properties.LockOrder // where the spec checks it
	Reduction  Reduction            // in use, ReductionNone or ReductionStubborn
	Symmetry   []Symmetry           // what was found, unless Options.Symmetry is off
	Reducing   *Reducing            // what stops the reduction, with Options.Explain
	Swarm      *Swarm               // with Options.Swarm
	Dead       []Dead               // transitions that never ran; only of a complete search
	Store      Store                // in use
	Omitted    float64              // with a store that is not exact: a bound on the expected number of states it omitted, and so on the probability that it omitted any
	Stats      Stats
}

// CoverPrefix stands before the name of a cover where others have the name of a property.
const CoverPrefix = "cover "

// Violation is a violated property and its witness. A required cover that was not reached has a nil Witness and the property name "cover NAME".
type Violation struct {
	Property string
	Prop     model.PropID // NoProp for a cover
	Message  string
	Witness  *traces.Trace   // replayed on model/eval before it is here
	More     []*traces.Trace // further runs that belong to it: for a cycle of lock classes one for each other edge
	Unshrunk bool            // time ran out before all was attempted to make the witness simpler
}

// PropertyResult is what a search found out about one property. Verdicts are of the property alone: where a required cover cannot be reached, one that holds may
// hold for want of what it is about.
type PropertyResult struct {
	Property string
	Prop     model.PropID
	Verdict  Verdict
	Reason   Reason // with Unknown
}

// Reach says whether a cover was reached. The zero Reach is NotLookedFor.
type Reach uint8

// The answers.
const (
	NotLookedFor Reach = iota // not met, by a search that does not tell: it ended early, or left out states in which only a cover that nobody demands would be seen
	NotReached                // nothing reaches it
	Reached
)

func (r Reach) String() string {
	return named([]string{"not looked for", "not reached", "reached"}, "Reach", r)
}

// CoverResult says whether a cover was reached.
type CoverResult struct {
	Name     string
	Required bool
	Reach    Reach
}

// Symmetry says whether the replicas of a process, or objects, are interchangeable, and if not, why.
type Symmetry struct {
	Name    string // processes that are exchanged together are separated by commas
	Objects bool
	Members int    // 0: refused
	Barred  bool   // objects are interchangeable once nobody can allocate one any more
	Refused string // the reason
}

// Reducing tells a model's author what kept the search from being reduced further. Counts are of states; entries come most frequent first.
type Reducing struct {
	Choices, Branches, Full, Sticky int64    // states with several enabled transitions; of these, where several were explored; where all were; where a sticky one was among them
	StickyTransitions               []string // on loops that could not be shown to end
	Variables                       []Count  // over which explored transitions conflicted
	Pairs                           []Count  // conflicting transitions
}

// Count is how often something was to blame.
type Count struct {
	What string
	N    int64
}

// Swarm is what random walks saw of a system.
type Swarm struct {
	Walks             int64 // that were made
	Cut               int64 // of these, ended by Options.MaxSteps, or by the time
	Violating         int64 // that violated something
	Shortest, Longest int64 // steps of a walk
	Steps             int64 // of all walks
	States            int64 // distinct states seen: an estimate, within about one in a hundred
	Ran, Transitions  int   // transitions of the system that were taken, of all there are
}

func (s *Swarm) String() string {
	if s == nil {
		return "no random walk"
	}
	return fmt.Sprintf("random walk: %d walks of %d to %d steps, about %d states, %d of %d transitions", s.Walks, s.Shortest, s.Longest, s.States, s.Ran, s.Transitions)
}

// Dead is a transition that no reachable state enables.
type Dead struct {
	Process string
	Label   string
	Pos     string
}

// Stats are the figures of a search.
type Stats struct {
	States      int64 // distinct states stored
	Transitions int64 // edges: executions of an enabled transition from a stored state
	Depth       int   // longest path on the search stack, or number of breadth-first levels
	Bytes       int64 // peak bytes of store, stack and queue
	Written     int64 // bytes written to disk, with Options.Spill
	StateBytes  int   // bytes of one packed state
	Verified    int64 // pairs of transitions compared, with Options.Verify
	Elapsed     time.Duration

	// Of the search that decides liveness properties, which looks at every reachable state in which no process has failed; 0 without one.
	LiveStates      int64
	LiveTransitions int64
}
