package cli

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"pmdcheck/internal/interrupt"
)

// until is the context of a command that says what it has found when it is interrupted: it ends with the first signal, and after a time, if that is not 0.
func until(timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := interrupt.Context()
	if timeout <= 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, func() {
		cancel()
		stop()
	}
}

// within ends after a time, if that is not 0. It is for commands that have nothing to say before they are done: signals end them as they end any program.
func within(timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), timeout)
}

// loading adds the flag of commands that read a spec and do not search it.
func loading(fl *pflag.FlagSet, timeout *time.Duration) {
	fl.DurationVar(timeout, "timeout", 0, "give up after this time, if the spec is not read and its configuration not made by then")
}
