package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// heavy is a model whose analysis takes long and much memory: thousands of operations that all touch the same variable.
func heavy() string {
	src := "u16 y;\nvoid f0() { y = y + 1; }\n"
	for i := range 12 {
		src += fmt.Sprintf("void f%d() { f%d(); f%d(); }\n", i+1, i, i)
	}
	return src + "process p[8](u3 i) { f12(); }\n"
}

// TestLimitsBeforeSearch: time, memory and signals end what comes before a search, too.
func TestLimitsBeforeSearch(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"heavy.pmd": heavy(), "wide.pmd": "u16 x[4096][2048];\nprocess p { x[3][3] = 1; }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args, want string
	}{
		{"check heavy.pmd --timeout 1s", "unknown: timeout"},
		{"matrix heavy.pmd --rows y --timeout 1s", ""},
		{"check wide.pmd --limits elements=10000000 --memory 90M", "unknown: memory"},
	} {
		start := time.Now()
		o := ran(t, dir, strings.Fields(c.args)...)
		if c.want != "" && (o.code != 3 || !strings.Contains(o.out, c.want)) || o.code == 4 || o.rss > 1500<<20 {
			t.Errorf("%s: exit code %d, %d MiB: %s%s", c.args, o.code, o.rss>>20, o.out, o.err)
		}
		t.Logf("%s: %v, %d MiB", c.args, time.Since(start).Round(100*time.Millisecond), o.rss>>20)
	}
	cmd, end := started(t, dir, "check", "heavy.pmd")
	time.Sleep(2 * time.Second)
	_ = cmd.Process.Signal(syscall.SIGINT)
	start := time.Now()
	if o := end(); o.code != 3 || !strings.Contains(o.out, "unknown: interrupt") || time.Since(start) > 8*time.Second {
		t.Errorf("SIGINT: exit code %d after %v: %s%s", o.code, time.Since(start), o.out, o.err)
	}
}

// TestAddressSpace: where the address space is too small, one line says so, and the exit code is not that of a usage error. The program takes 1.3 GB of it before it has done anything.
func TestAddressSpace(t *testing.T) {
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wide.pmd"), []byte("u16 x[4096][4096];\nprocess p { x[3][3] = 1; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := shell(t, dir, "ulimit -v 2400000; GOMEMLIMIT=off exec "+bin+" check wide.pmd --limits elements=100000000 --memory 100G")
	if o.code != 4 || o.err != "pmdcheck: out of memory: the address space is limited to 2343 MiB (ulimit -v)\n" {
		t.Errorf("exit code %d: %.500s%.500s", o.code, o.out, o.err)
	}
	// What else there is of a process is as without a limit: output, exit codes, signals.
	if o := shell(t, dir, "ulimit -v 4000000; exec "+bin+" check classic/peterson nothing"); o.code != 2 || !strings.HasPrefix(o.err, "pmdcheck: there is no spec nothing") {
		t.Errorf("exit code %d: %s%s", o.code, o.out, o.err)
	}
	if o := shell(t, dir, "ulimit -v 4000000; echo 'process p {  }' | "+bin+" fmt"); o.code != 0 || o.out != "process p {\n}\n" {
		t.Errorf("exit code %d: %s%s", o.code, o.out, o.err)
	}
}

// TestTimeoutOfReading: every command that reads specs gives up in time, whatever takes it: a sweep of millions of configurations, or a configuration of thousands of operations. What is not known then is unknown, exit code 3.
func TestTimeoutOfReading(t *testing.T) {
	dir := t.TempDir()
	sweep := "config u8 a;\nconfig u8 b;\nconfig u8 c;\nu1 x;\nprocess p { x = 1; }\nfor a, b, c where a + b + c == 765;\n"
	for name, text := range map[string]string{"sweep.pmd": sweep, "heavy.pmd": heavy()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "help"), []byte("help\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"check sweep.pmd", "check heavy.pmd", "report sweep.pmd -o -", "matrix sweep.pmd --rows a --property any", "matrix heavy.pmd --rows spec --property any", "lock-order sweep.pmd", "lock-order heavy.pmd",
		"show sweep.pmd", "show heavy.pmd", "export --promela sweep.pmd", "export --promela heavy.pmd", "simulate sweep.pmd --script help", "simulate heavy.pmd --script help",
		"list sweep.pmd", "explain ./sweep.pmd", "explain ./heavy.pmd", "explain no_deadlock heavy.pmd", "baseline write sweep.pmd",
	} {
		start := time.Now()
		o := ran(t, dir, append(strings.Fields(args), "--timeout", "200ms", "--limits", "configurations=100000000")...)
		if o.code != 3 || !strings.Contains(o.out+o.err, "timeout") && !strings.Contains(o.err, "not explored to the end") {
			t.Errorf("%s: exit code %d: %.300s%.300s", args, o.code, o.out, o.err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %v", args, took)
		}
	}
}
