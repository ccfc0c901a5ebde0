package checker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"pmdcheck/checker/internal/checkpoint"
	"pmdcheck/checker/internal/explore"
)

// CheckpointError is a checkpoint that cannot be resumed from: there is none, it is damaged, or it belongs to another model, other options or another version.
type CheckpointError = checkpoint.Error

// version identifies the program. Two programs that search differently must not differ in nothing: where the build does not say which source
// it is of, the executable itself is what counts.
var version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		revision, modified := "", "true"
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				modified = s.Value
			}
		}
		if modified == "false" && revision != "" {
			return revision
		}
		if v := info.Main.Version; v != "" && v != "(devel)" && modified != "true" {
			return v
		}
	}
	sum := sha256.New()
	if exe, err := os.Executable(); err == nil {
		if f, err := os.Open(exe); err == nil {
			_, _ = io.Copy(sum, f)
			f.Close()
		}
	}
	return fmt.Sprintf("build %x", sum.Sum(nil)[:8])
})

// searched are the options that change which states are searched and what is found there.
func (o *Options) searched() string {
	return fmt.Sprintf("reduction %v, store %v, symmetry %v, chains %v, first %v, asserts %v", o.Reduction, o.Store, o.Symmetry, !o.NoChains, o.First, !o.NoAssert)
}

// saving prepares a walk to be kept in Options.Checkpoint, and to begin with what is there if Options.Resume says so. What is kept before the walk itself is which
// properties were found violated; their witnesses are looked for at the end, as after any walk with several workers.
func (c *check) saving(w *explore.Walk) (done func(), err error) {
	h := checkpoint.Header{Version: version(), Digest: c.sys.Digest(), Options: c.opts.searched()}
	w.Saving = &explore.Saving{Every: c.opts.CheckpointEvery}
	w.Saving.Keep = func(write func(io.Writer) error) error {
		return checkpoint.Write(c.opts.disk, c.opts.Checkpoint, h, func(out io.Writer) error {
			found := make([]byte, len(c.found))
			for i := range c.found {
				if c.found[i].Load() {
					found[i] = 1
				}
			}
			if _, err := out.Write(found); err != nil {
				return err
			}
			return write(out)
		})
	}
	checkpoint.Tidy(c.opts.Checkpoint)
	if !c.opts.Resume {
		return func() {}, nil
	}
	in, err := checkpoint.Open(c.opts.Checkpoint, h)
	if err != nil {
		return nil, err
	}
	found := make([]byte, len(c.found))
	if _, err := io.ReadFull(in, found); err != nil {
		in.Close()
		return nil, c.wrong("it ends too soon")
	}
	for i := range c.found {
		if found[i] > 1 || found[i] == 1 && !c.sys.Props[i].Checked {
			in.Close()
			return nil, c.wrong("it has violations of what is not checked")
		}
		c.found[i].Store(found[i] != 0)
	}
	w.Saving.Restore = in
	return func() { in.Close() }, nil
}

// wrong is a checkpoint that is undamaged, and yet none of this search.
func (c *check) wrong(why string) *CheckpointError {
	return &CheckpointError{Why: c.opts.Checkpoint + " was not written by a search of this model: " + why}
}

// walked runs the walk. What a checkpoint is to blame for is no bug of the program, and no verdict.
func (c *check) walked(ctx context.Context, w *explore.Walk) (stop explore.Stop, err error) {
	if w.Saving != nil && w.Saving.Restore != nil {
		defer func() {
			if v := recover(); v != nil {
				err = c.wrong("what it has leads nowhere")
			}
		}()
	}
	stop = c.run(ctx, w)
	var not *explore.Wrong
	if errors.As(w.DiskError, &not) {
		return stop, c.wrong(not.Why)
	}
	return stop, nil
}

// cause is what went wrong, without the name of a file, which differs from machine to machine.
func cause(err error) string {
	var p *os.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err.Error()
	case errors.As(err, &l):
		return l.Err.Error()
	}
	return err.Error()
}
