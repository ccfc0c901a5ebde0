//go:build !unix

package cli

import "os"

// There is no SIGUSR1 here.
func notifyStatus(chan<- os.Signal) {}
