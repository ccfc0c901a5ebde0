package memory

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Threads yet to come take address space: stacks, and arenas of the C library. If hardly any is left, a small search may still do.
const threads, leastSpace = 512 << 20, 16 << 20

// available is how many bytes this process can still get before the kernel refuses or kills: what the machine has free, what its control groups and
// what its address space limit (ulimit -v) leave. 0 if nothing is known.
func available() int64 {
	least := int64(0)
	bound := func(n int64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
				n, _ := strconv.ParseInt(f[1], 10, 64)
				bound(n << 10)
			}
		}
	}
	number := func(name string) (int64, bool) {
		b, err := os.ReadFile(name)
		if err != nil {
			return 0, false
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
		return n, err == nil && n < 1<<60
	}
	if b, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(b)) {
			f := strings.SplitN(strings.TrimSpace(line), ":", 3)
			if len(f) != 3 {
				continue
			}
			root, limit, used := "/sys/fs/cgroup", "memory.max", "memory.current"
			switch f[1] {
			case "":
			case "memory":
				root, limit, used = root+"/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
			default:
				continue
			}
			for dir := f[2]; ; dir = filepath.Dir(dir) {
				if max, ok := number(filepath.Join(root, dir, limit)); ok {
					now, _ := number(filepath.Join(root, dir, used))
					bound(max - now)
				}
				if dir == "/" || dir == "." {
					break
				}
			}
		}
	}
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &r) == nil && r.Cur < 1<<60 {
		if b, err := os.ReadFile("/proc/self/statm"); err == nil {
			pages, _ := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
			bound(max(int64(r.Cur)-pages*int64(os.Getpagesize())-threads, leastSpace))
		}
	}
	return least
}
