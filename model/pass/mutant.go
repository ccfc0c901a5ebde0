package pass

// mutant makes one rule of [TSO] wrong: the tests show that they notice each. Nothing but them sets wrong.
type mutant uint8

const (
	none            mutant = iota
	noForwarding           // a load looks into memory only
	oldestForwarded        // a load takes the oldest store of the buffer to its cell
	noFence                // smp_mb() waits for nothing
	noLocked               // locked instructions wait for nothing
	unordered              // the youngest store may reach memory first
	noBuffer               // every store goes to memory if the buffer is empty
	noLoadBehind           // a store may go to memory directly though loads follow
	noStepBehind           // a store may go to memory directly whatever else its step does
	wrongNumber            // a place computed at run time is the one behind
	keptAlloc              // stores to what an object was before are still under way when it is allocated
	noBlock                // atomic blocks that touch weak cells wait for nothing
	noRoom                 // what the buffer has no room for is not told
	noOtherCPU             // smp_mb_cpu() waits for nothing
	mutants
)

var wrong mutant
