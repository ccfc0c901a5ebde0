package cli

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/pflag"

	"pmdcheck/internal/files"
)

// profiler writes what the Go tools read about a run of the program itself: `go tool pprof` and `go tool trace`.
type profiler struct {
	cpu, mem, trace string
	stops           []func() error // in reverse order
}

func (p *profiler) flags(fl *pflag.FlagSet) {
	fl.StringVar(&p.cpu, "cpuprofile", "", "write a CPU profile of pmdcheck to `file`, for go tool pprof")
	fl.StringVar(&p.mem, "memprofile", "", "write a memory profile of pmdcheck to `file`, for go tool pprof")
	fl.StringVar(&p.trace, "trace", "", "write an execution trace of pmdcheck to `file`, for go tool trace")
}

// start begins what was asked for. The files are written when stop is called.
func (p *profiler) start() error {
	err := errors.Join(
		p.file(p.cpu, pprof.StartCPUProfile, func(io.Writer) error { pprof.StopCPUProfile(); return nil }),
		p.file(p.trace, trace.Start, func(io.Writer) error { trace.Stop(); return nil }),
		p.file(p.mem, func(io.Writer) error { return nil }, func(w io.Writer) error {
			runtime.GC() // so that the profile shows what is in use now
			return pprof.Lookup("allocs").WriteTo(w, 0)
		}),
	)
	if err != nil {
		return errors.Join(err, p.stop())
	}
	return nil
}

func (p *profiler) file(name string, begin, end func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	if err := files.CanWrite(name); err != nil {
		return err
	}
	f, err := files.NewSpool(name)
	if err != nil {
		return err
	}
	if err := begin(f); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	p.stops = append(p.stops, func() error {
		err := end(f)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		} else {
			err = files.Write(name, f.CopyTo)
		}
		return errors.Join(err, f.Close())
	})
	return nil
}

// stop ends everything that was started and puts the files in place.
func (p *profiler) stop() error {
	var errs []error
	for i := len(p.stops) - 1; i >= 0; i-- {
		errs = append(errs, p.stops[i]())
	}
	p.stops = nil
	return errors.Join(errs...)
}
