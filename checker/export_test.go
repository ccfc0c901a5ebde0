package checker

import (
	"pmdcheck/checker/internal/checkpoint"
	"pmdcheck/checker/internal/store"
)

// SetDisk makes the files of checkpoints come from a function.
func (o *Options) SetDisk(d checkpoint.Disk) { o.disk = d }

// SetSpillDisk makes the files of a spilled search come from a function.
func (o *Options) SetSpillDisk(d store.Disk) { o.spillDisk = d }
