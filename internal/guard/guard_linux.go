package guard

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
)

// mark tells the process that is watched who watches it. Its standard error is behind the three that every process has.
const (
	mark     = "PMDCHECK_GUARDED_BY"
	stderrFD = 3
	exitDied = 4
)

// limit is the bound on the address space, if there is one.
func limit() (uint64, bool) {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &r) != nil {
		return 0, false
	}
	return r.Cur, r.Cur < 1<<60
}

// Run starts the program once more and waits for it, if the address space is limited; done says that the code is that of the process. What the runtime writes to the error
// output by itself, it does when it dies, goes to this process; all else goes where it always went.
func Run() (code int, done bool) {
	most, limited := limit()
	if by := os.Getenv(mark); by != "" {
		os.Unsetenv(mark)
		if by == strconv.Itoa(os.Getppid()) {
			syscall.CloseOnExec(stderrFD)
			os.Stderr = os.NewFile(stderrFD, "/dev/stderr")
		}
		return 0, false
	}
	if !limited {
		return 0, false
	}
	self, err := os.Executable()
	if err != nil {
		return 0, false
	}
	debug.SetGCPercent(20) // every page counts twice
	// Signals from a terminal reach both. Others are passed on; what they end is the one that works.
	pass := []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGINT}
	signals := make(chan os.Signal, 8)
	for _, s := range pass {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	said := &tail{}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, said
	cmd.ExtraFiles = []*os.File{os.Stderr}
	cmd.Env = append(os.Environ(), mark+"="+strconv.Itoa(os.Getpid()))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		signal.Reset(pass...)
		return 0, false // there is no memory for two; one has to do
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	_ = cmd.Wait()
	ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case !ok:
		return exitDied, true
	case ws.Signaled():
		signal.Reset()
		_ = syscall.Kill(os.Getpid(), ws.Signal())
		return 128 + int(ws.Signal()), true
	case len(said.b) > 0 && ws.ExitStatus() == 2:
		died(string(said.b), most, os.Stderr)
		return exitDied, true
	}
	return ws.ExitStatus(), true
}
