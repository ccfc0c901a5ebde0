package second

// Wrong is a rule of the page about weak memory that is broken. Tests show that they notice each: a comparison that is equal with a broken rule proves nothing about it.
type Wrong string

// The broken rules.
const (
	NoForwarding    Wrong = "a read looks into memory only"
	OldestForwarded Wrong = "a read has the oldest entry of its cell"
	Unordered       Wrong = "the youngest entry reaches memory first"
	NoFence         Wrong = "smp_mb() waits for nothing"
	NoOtherCPU      Wrong = "smp_mb_cpu() waits for nothing"
	NoLocked        Wrong = "operations of order locked wait for nothing"
	NoBlock         Wrong = "blocks without a mark wait for nothing"
	ReadingBlocks   Wrong = "blocks without a mark wait though they only read"
	NoDirect        Wrong = "operations of order direct wait for nothing"
	WaitAndBuffer   Wrong = "stores of a step that waits go through the buffer"
	FenceAndBuffer  Wrong = "stores behind a fence of their step go through the buffer"
	NoRoom          Wrong = "a store without room is not told"
	FreeKeeps       Wrong = "free leaves what is under way"
	FreeDrops       Wrong = "free makes what is under way void"
	AllocKeeps      Wrong = "alloc leaves what is under way"
	NoVoid          Wrong = "entries that have become void leave the queue"
	OneUser         Wrong = "a cell is weak though one process alone accesses it"
	NoClosure       Wrong = "a cell is not weak because another one of its store is"
	ObserversCount  Wrong = "what only observes accesses"
	AllocIsNone     Wrong = "alloc accesses nothing"
	NoInheritance   Wrong = "a mark is not that of functions called"
	NoMark          Wrong = "in a block a mark means nothing"
	FenceIsNoPlace  Wrong = "a fence is no location"
	LockedIsNoBlock Wrong = "an operation of order locked makes no block"
	Unfair          Wrong = "buffers are not fair"
	NoEnd           Wrong = "the location of a buffer is no proper end"
	MemoryOfChecks  Wrong = "assertions read memory"
)

// Wrongs are all broken rules.
var Wrongs = []Wrong{
	NoForwarding, OldestForwarded, Unordered, NoFence, NoOtherCPU, NoLocked, NoBlock, ReadingBlocks, NoDirect, WaitAndBuffer, FenceAndBuffer, NoRoom, FreeKeeps, FreeDrops, AllocKeeps, NoVoid,
	OneUser, NoClosure, ObserversCount, AllocIsNone, NoInheritance, NoMark, FenceIsNoPlace, LockedIsNoBlock, Unfair, NoEnd, MemoryOfChecks,
}
