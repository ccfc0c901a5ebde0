//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
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
	cmd = pmdcheck(t, "serve", ".")
	file = filepath.Join(cmd.Dir, "mine.pmd")
	if err := os.WriteFile(file, []byte(served), 0o644); err != nil {
		t.Fatal(err)
	}
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
	return strings.TrimSpace(line), file, cmd
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

// TestServe: reads only, under its own address only; a saved file is checked again; an interrupt ends it with exit code 0.
func TestServe(t *testing.T) {
	address, file, cmd := serve(t)
	if code, body := get(t, "GET", address, ""); code != 200 || !strings.Contains(body, `"live":"/changed?v=1"`) {
		t.Errorf("%d %.200s", code, body)
	}
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
	if _, body := get(t, "GET", address+"changed?v=1", ""); body != "same" {
		t.Errorf("%q", body)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(served, "x == 1", "x == 0", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, body := get(t, "GET", address+"changed?v=1", ""); body == "new" {
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
