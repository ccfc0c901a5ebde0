package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"pmdcheck/checker"
	"pmdcheck/internal/memory"
	"pmdcheck/internal/suite/run"
)

// storeFlags say where states are kept.
type storeFlags struct {
	memory, store      string
	spill              string
	checkpoint, resume string
	every              time.Duration
}

func (f *storeFlags) flags(fl *pflag.FlagSet) {
	fl.StringVar(&f.memory, "max-memory", "", "give up on a configuration beyond this `size`, as 512M or 2G (default: three quarters of what is available, shared by the jobs)")
	oldMemory(fl, &f.memory)
	fl.StringVar(&f.store, "store", "exact", "what is kept of each visited state: exact: all of it; compact: 64 bits of hash; bitstate: three bits, in three quarters of --max-memory.\nOnly exact proves anything; the others say how much they may have missed")
	fl.StringVar(&f.spill, "spill", "", "keep in this `folder` what does not fit into --max-memory")
	fl.StringVar(&f.checkpoint, "checkpoint", "", "keep the search of every configuration in this `folder`, so that it can be resumed after any interruption")
	fl.DurationVar(&f.every, "checkpoint-every", time.Minute, "time between checkpoints")
	fl.StringVar(&f.resume, "resume", "", "go on with the checkpoints in this `folder`; configurations that have none begin anew")
}

// checkpoints say where the search of every configuration is kept.
func (f *storeFlags) checkpoints() run.Checkpoints {
	return run.Checkpoints{Folder: cmp.Or(f.resume, f.checkpoint), Every: f.every, Resume: f.resume != ""}
}

// checkResume reports when there is nothing to resume from.
func (f *storeFlags) checkResume() error {
	if f.resume == "" {
		return nil
	}
	if f.checkpoint != "" && f.checkpoint != f.resume {
		return errors.New("--resume goes on writing checkpoints to its own folder: leave out --checkpoint")
	}
	if found, _ := filepath.Glob(filepath.Join(f.resume, "*.checkpoint")); len(found) == 0 {
		return fmt.Errorf("--resume %s: there is no checkpoint in that folder", f.resume)
	}
	return nil
}

// options sets what the flags say, for configurations of which so many are checked at the same time.
func (f *storeFlags) options(o *checker.Options, configs int) (err error) {
	switch f.store {
	case "exact":
	case "compact":
		o.Store = checker.StoreCompact
	case "bitstate":
		o.Store = checker.StoreBitstate
		if f.memory == "" {
			return fmt.Errorf("--store bitstate needs --max-memory, of which it takes three quarters")
		}
	default:
		return fmt.Errorf("--store %s: it is exact, compact or bitstate", f.store)
	}
	if err := f.checkResume(); err != nil {
		return err
	}
	if f.checkpoint+f.resume != "" {
		switch {
		case f.store != "exact" || o.Verify || o.Explain || o.Swarm > 0:
			return errors.New("a checkpoint has all of a search only with --store exact, and without --check-reduction, --explain-reduction and --swarm")
		case f.every <= 0:
			return fmt.Errorf("--checkpoint-every %v: that is no time between checkpoints", f.every)
		}
	}
	if f.checkpoint != "" {
		if err := os.MkdirAll(f.checkpoint, 0o755); err != nil {
			return err
		}
	}
	if o.Memory, err = memory.Bound(f.memory, configs); err != nil {
		return err
	}
	if o.Memory > 0 {
		o.ProcessMemory = memory.Process(o.Memory, configs)
	}
	if f.spill == "" {
		return nil
	}
	o.Spill = f.spill
	switch {
	case f.checkpoint != "" || f.resume != "" || f.store != "exact" || o.Workers > 1 || o.Search == checker.BFS || o.Swarm > 0:
		return errors.New("--spill has one worker, an order of its own and an exact store, and keeps no checkpoints: leave out --workers, --search, --store, --checkpoint and --swarm")
	case o.Memory < 16<<20:
		return errors.New("--spill needs at least 22M of --max-memory")
	}
	return nil
}

// oldMemory keeps the name that --max-memory had before there was --memory-model.
func oldMemory(fl *pflag.FlagSet, memory *string) {
	fl.StringVar(memory, "memory", "", "the old name of --max-memory")
	hide(fl, "memory")
}

// hide keeps an old name of a flag out of the help.
func hide(fl *pflag.FlagSet, name string) {
	if f := fl.Lookup(name); f != nil {
		f.Hidden = true
	}
}
