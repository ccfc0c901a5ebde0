package axioms

// mutant leaves one rule out of a model, or makes it wrong: the tests show that they notice each.
type mutant uint8

const (
	none mutant = iota
	// Of several models.
	noFr
	noGracePeriods
	noFullFence
	noLocked
	noStoreOrder
	noRmb
	noWmb
	noAcquire
	noRelease
	noDependencies
	noControl
	noLockOrder
	noAddrPo
	noLocalStores
	// Of the kernel's.
	noHappensBefore
	noPropagation
	noRcu
	noPlainCoherence
	noCumulativity
	noWmbPropagation
	noPropInHb
	noOverwriteInside
	noRfe
	noDepRfi
	noReaders
	noStrongFenceOfGp
	noAfterAtomic
	noBeforeAtomic
	noAfterSpinlock
	noAfterUnlockLock
	noAfterSrcuUnlock
	noUnlockLockPo
	noRmwSequence
	noCarriedDep
	noSrcuLoc
	noAddrWmb
	noReturnReads
	lastMutant
)
