//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const served = `u1 x;
process p
{
	x = 1;
	assert (x == 1);
}
expect : holds;
`

// serve starts the server on a folder with one spec, and returns its address and the file.
func serve(t *testing.T) (address, file string, cmd *exec.Cmd) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "mine.pmd")
	if err := os.WriteFile(file, []byte(served), 0o644); err != nil {
		t.Fatal(err)
	}
	address, cmd = serveOf(t, dir)
	return address, file, cmd
}

// serveOf starts the server on a folder.
func serveOf(t *testing.T, dir string) (address string, cmd *exec.Cmd) {
	t.Helper()
	cmd = pmdcheck(t, "serve", ".")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://127.0.0.1:") {
		t.Fatalf("%q %v", line, err)
	}
	return strings.TrimSpace(line), cmd
}

func get(t *testing.T, method, url, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// shows waits until the page has all of some texts and none that says more is to come, and returns its number.
func shows(t *testing.T, address string, want ...string) (version string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		code, body := get(t, "GET", address, "")
		ok := code == 200 && !strings.Contains(body, "still to be checked")
		for _, w := range want {
			ok = ok && strings.Contains(body, w)
		}
		if _, after, found := strings.Cut(body, `"live":"/changed?v=`); ok && found {
			version, _, _ = strings.Cut(after, `"`)
			return version
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d: the page does not show %q: %.2000s", code, want, body)
		}
	}
}

// TestServeHostile: it answers before anything is checked; what cannot be read keeps nobody from being shown, nor a signal away; what is removed is gone; an idle client is dropped; a page of
// another site cannot show this one in a frame.
func TestServeHostile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a-pipe.pmd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "b-zero.pmd")); err != nil {
		t.Fatal(err)
	}
	write("c-broken.pmd", "process p { y = 1; }\n")
	write("d-good.pmd", served)
	address, cmd := serveOf(t, dir)
	shows(t, address, "not a regular file", "unknown name", "d-good")
	if err := os.Remove(filepath.Join(dir, "d-good.pmd")); err != nil {
		t.Fatal(err)
	}
	write("e-other.pmd", served)
	shows(t, address, "e-other")
	if _, body := get(t, "GET", address, ""); strings.Contains(body, "d-good") {
		t.Error("a spec that was removed is still shown")
	}
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if p := res.Header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") || !strings.Contains(p, "script-src 'sha256-") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
	idle, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(address, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	_ = idle.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("an idle client: %v", err)
	}
	start := time.Now()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if code := exitCode(cmd.Wait()); code != 0 || time.Since(start) > 5*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(start))
	}
}

// TestServe: reads only, under its own address only; a saved file is checked again; an interrupt ends it with exit code 0.
func TestServe(t *testing.T) {
	address, file, cmd := serve(t)
	v := shows(t, address, `"mine"`)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if code, _ := get(t, method, address, ""); code != 405 {
			t.Errorf("%s: %d", method, code)
		}
	}
	for _, path := range []string{"mine.pmd", "../mine.pmd", "etc/passwd", "%2e%2e/mine.pmd"} {
		if code, body := get(t, "GET", address+path, ""); code != 404 || strings.Contains(body, "process") {
			t.Errorf("%s: %d %.200s", path, code, body)
		}
	}
	if code, _ := get(t, "GET", address, "evil.example"); code != 403 {
		t.Errorf("another site's name: %d", code)
	}
	if _, body := get(t, "GET", address+"changed?v="+v, ""); body != "same" {
		t.Errorf("%q", body)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(served, "x == 1", "x == 0", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, body := get(t, "GET", address+"changed?v="+v, ""); body == "new" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a saved file is not noticed")
		}
	}
	if _, body := get(t, "GET", address, ""); !strings.Contains(body, "assertion failed") {
		t.Error("the page does not show the violation")
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(cmd.Wait()); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestServeRefuses: addresses that other machines could reach, and what is no address.
func TestServeRefuses(t *testing.T) {
	for listen, want := range map[string]string{"0.0.0.0:0": "other machines could reach it", ":0": "other machines could reach it", "[::]:0": "other machines", "nowhere": "write host:port"} {
		var stderr bytes.Buffer
		cmd := pmdcheck(t, "serve", "--listen", listen)
		cmd.Stderr = &stderr
		if code := exitCode(cmd.Run()); code != 2 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %s", listen, code, stderr.String())
		}
	}
}

// TestServeLive: an open page follows the file: it breaks, is wrong, and is right again.
func TestServeLive(t *testing.T) {
	b := newBrowser(t)
	address, file, _ := serve(t)
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(".place.h", chromedp.ByQuery))
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(served, "x == 1", "x == 0", 1))
	b.do(chromedp.WaitVisible(".place.v.n", chromedp.ByQuery))
	write("u1 x;\nprocess p { y = 1; }\n")
	b.do(chromedp.WaitVisible("#notice", chromedp.ByQuery))
	b.want("document.getElementById('notice').textContent.includes('unknown name')", "true")
	b.screenshot("notice")
	write(served)
	b.do(chromedp.WaitVisible(".place.h", chromedp.ByQuery))
	b.quiet(address)
}
