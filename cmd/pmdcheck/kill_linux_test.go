package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var exactly = regexp.MustCompile(`"(?:verdict|states|transitions|property|message)": [^\n]*`)

// TestKills kills a search without a warning at random moments, again and again, each time resumes it, and compares what is found in the end. PMDCHECK_KILLS says how many kills
// there are with one worker and as many with two; scripts run a few.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	kills := 3
	if v := os.Getenv("PMDCHECK_KILLS"); v != "" {
		kills, _ = strconv.Atoi(v)
	}
	dir := t.TempDir()
	args := strings.Fields("check bench/hugepmd --set nmm=2 --set wpm=1 --set k=2 --set pol=0 --set free_by=0 --no-merge --reduction none --symmetry off --json - --checkpoint-every 30ms")
	ref := exactly.FindAllString(ran(t, dir, append(args, "--checkpoint", "ref")...).out, -1)
	start := time.Now()
	o := ran(t, dir, append(args, "--checkpoint", "ref2")...)
	whole := time.Since(start)
	if len(ref) < 4 {
		t.Fatalf("%v: %s%s", ref, o.out, o.err)
	}
	t.Logf("a whole search takes %v: %.3q", whole, ref)
	r := rand.New(rand.NewPCG(17, uint64(kills)))
	for workers := 1; workers <= 2; workers++ {
		killed, ended := 0, 0
		for killed < kills {
			folder := fmt.Sprintf("c%d-%d", workers, ended)
			for begun := false; ; begun = true {
				flag := "--checkpoint"
				if found, _ := filepath.Glob(filepath.Join(dir, folder, "*.checkpoint")); begun && len(found) > 0 {
					flag = "--resume"
				}
				cmd, end := started(t, dir, append(args, "--workers", fmt.Sprint(workers), flag, folder)...)
				kill := killed < kills
				if kill {
					time.Sleep(time.Duration(r.Int64N(int64(whole))))
					_ = cmd.Process.Kill()
				}
				o := end()
				if o.signal == syscall.SIGKILL {
					killed++
					continue
				}
				if got := exactly.FindAllString(o.out, -1); strings.Join(got, "\n") != strings.Join(ref, "\n") {
					t.Errorf("%d workers, after %d kills: exit code %d, %q, want %q: %s", workers, killed, o.code, got, ref, o.err)
				}
				ended++
				break
			}
		}
		t.Logf("%d workers: %d kills, %d searches came to their end", workers, killed, ended)
	}
}

// TestSignals sends each signal at random moments: exit code 3 with a result, or 0 or 1 if the search was done, or the end by the signal before it began; nothing half written in any case.
// PMDCHECK_SIGNALS says how often.
func TestSignals(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	times := 2
	if v := os.Getenv("PMDCHECK_SIGNALS"); v != "" {
		times, _ = strconv.Atoi(v)
	}
	r := rand.New(rand.NewPCG(23, uint64(times)))
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		how := map[string]int{}
		for range times {
			dir := t.TempDir()
			cmd, end := started(t, dir, append(strings.Fields(big), "--json", "out", "--cpuprofile", "cpu", "--timeout", "1s", "--max-states", "3000000")...)
			time.Sleep(time.Duration(r.Int64N(int64(1500 * time.Millisecond))))
			_ = cmd.Process.Signal(sig)
			o := end()
			how[fmt.Sprintf("code %d signal %d", o.code, o.signal)]++
			if o.signal != sig && (o.code != 3 || o.out == "" && o.err == "") {
				t.Errorf("%v: exit code %d, signal %v: %s%s", sig, o.code, o.signal, o.out, o.err)
			}
			have := names(t, dir)
			if o.signal == sig && have == "out" { // it came when the result was there and the profile was not
				if text, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || !json.Valid(text) {
					t.Errorf("%v: half of a result is left: %v", sig, err)
				}
				have = ""
			}
			if o.signal == 0 && have != "cpu out" || o.signal != 0 && have != "" {
				t.Errorf("%v: exit code %d, signal %v: there is %q", sig, o.code, o.signal, have)
			}
		}
		t.Logf("%v: %v", sig, how)
	}
}
