package memory

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// The rest of the process: code, specs, and what the runtime needs for itself.
const reserved = 64 << 20

// What the runtime does not count: the program itself, say.
const unseen = 16 << 20

// given is the limit with which the process began. Any other was set here, for a check that is over: to take three quarters of that again would leave the next one less and less.
var given = debug.SetMemoryLimit(-1)

// Bound is how much a search may take of the given size, or else of three quarters of what is available divided by the configurations that are checked at the
// same time. The collector is told to keep the whole process within that, so garbage does not add to it. GOMEMLIMIT has the last word on that.
func Bound(size string, configs int) (int64, error) {
	n, err := parseSize(size)
	if err != nil {
		return 0, err
	}
	configs = max(configs, 1)
	if n == 0 {
		n = available()
		if given < math.MaxInt64 {
			n = given
		}
		if n = n / 4 * 3 / int64(configs); n == 0 {
			return 0, nil
		}
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if n < math.MaxInt64/int64(configs) {
			debug.SetMemoryLimit((n - min(unseen, n/8)) * int64(configs))
		}
	}
	return max(n-min(reserved, n/4), 1), nil
}

// Process is how much the whole process may have in use so that so many searches of the given bound find room.
func Process(bound int64, configs int) int64 {
	configs = max(configs, 1)
	if bound > (math.MaxInt64-reserved)/int64(configs) {
		return math.MaxInt64
	}
	return bound*int64(configs) + reserved
}

// parseSize reads --max-memory.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	return Size("--max-memory", s)
}

// Size reads what a flag says: 512M, 2G, 100000.
func Size(flag, s string) (int64, error) {
	shift := 0
	num := strings.TrimSuffix(strings.TrimSuffix(s, "iB"), "B")
	if i := strings.IndexByte("KMGT", num[max(len(num)-1, 0)]); i >= 0 {
		shift, num = 10*(i+1), num[:len(num)-1]
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%s %s: write a size such as 512M or 2G", flag, s)
	}
	return n << shift, nil
}
