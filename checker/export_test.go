package checker

import "pmdcheck/checker/internal/checkpoint"

// SetDisk makes the files of checkpoints come from a function.
func (o *Options) SetDisk(d checkpoint.Disk) { o.disk = d }
