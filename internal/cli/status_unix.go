//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

func notifyStatus(c chan<- os.Signal) { signal.Notify(c, syscall.SIGUSR1) }
