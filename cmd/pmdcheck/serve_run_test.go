//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chosen has two ways to break, by p and by r, and a cover that is reached only if q comes first.
const chosen = `u2 x;
u1 y;
process p
{
	x = 1;
}
process r
{
	x = 2;
}
process q
{
	y = 1;
	assert (x == 0, small);
	cover unharmed;
}
check small;
expect : violates small;
`

// TestServeRun: a reader goes along what else could have run, step by step and back, to a cover and to the violation, and has another run to it shown: one that differs in more than order.
func TestServeRun(t *testing.T) {
	b := newBrowser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.pmd")
	if err := os.WriteFile(file, []byte(chosen), 0o644); err != nil {
		t.Fatal(err)
	}
	address, _ := serveOf(t, dir)
	shows(t, address, `"mine"`)
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(".place.v", chromedp.ByQuery), chromedp.Click(".place", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.KeyEvent("f"))
	first := b.eval("document.querySelector('.say').textContent")
	other := map[bool]string{true: "x == 2", false: "x == 1"}[strings.Contains(first, "x == 1")]

	// Another run to the violation: the other process breaks it; there is no third one.
	b.do(chromedp.Click("#another", chromedp.ByQuery), chromedp.WaitVisible(".explore", chromedp.ByQuery))
	b.want("document.querySelector('.say').textContent.includes('"+other+"')", "true")
	b.want("document.querySelector('.tag.n') !== null && location.hash.includes('property=small;moves=')", "true")

	// Along an alternative of the first run, back, and on to goals.
	b.do(chromedp.NavigateBack(), chromedp.WaitNotPresent(".explore", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.KeyEvent("f"), chromedp.WaitVisible(".else .choice", chromedp.ByQuery))
	steps := b.eval("document.querySelector('.bar input').max")
	b.do(chromedp.Click(".else .choice", chromedp.ByQuery), chromedp.WaitVisible(".explore", chromedp.ByQuery))
	b.want("document.querySelector('.bar input').max", steps)
	b.do(chromedp.Click("#undo", chromedp.ByQuery), chromedp.WaitVisible(".bar input[max='"+string(steps[0]-1)+"']", chromedp.ByQuery))
	b.do(chromedp.Click(".tabs [data-key='tab|your own run']", chromedp.ByQuery), chromedp.WaitVisible(".bar input[max='0']", chromedp.ByQuery))
	b.want("document.querySelectorAll('.next .choice').length + String(document.activeElement.classList.contains('choice'))", "3true")
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".bar input[max='1']", chromedp.ByQuery), chromedp.Click("#undo", chromedp.ByQuery), chromedp.WaitVisible(".bar input[max='0']", chromedp.ByQuery))
	b.choose("goal", "cover:unharmed")
	b.do(chromedp.Click("#run-on", chromedp.ByQuery), chromedp.WaitNotPresent(".bar input[max='0']", chromedp.ByQuery), chromedp.WaitVisible(".explore", chromedp.ByQuery))
	b.want("document.querySelector('.explore .tag.n') === null && location.hash.includes('moves=2.')", "true")
	b.want("document.querySelector('table.t').innerText.includes('assert (x == 0')", "true")
	for _, theme := range []string{"dark", "light"} {
		b.theme(theme)
		b.want(faint, "")
	}
	for _, width := range []int64{390, 1920, 1440} {
		b.size(width, 844)
		b.want("document.documentElement.scrollWidth <= innerWidth", "true")
		b.screenshot(fmt.Sprint("explore-", width))
	}
	b.choose("goal", "property:small")
	b.do(chromedp.Click("#run-on", chromedp.ByQuery), chromedp.WaitVisible(".explore [role=status]:not(:empty)", chromedp.ByQuery), chromedp.Poll("document.querySelector('.explore [role=status]').textContent !== 'searching …'", nil))
	b.want("document.querySelector('.explore [role=status]').textContent.trim()", "no run from here reaches it")
	b.do(chromedp.Reload(), chromedp.WaitVisible(".explore", chromedp.ByQuery), chromedp.KeyEvent(kb.Escape), chromedp.WaitVisible("#f-text", chromedp.ByQuery))

	// What is asked for and is not there is told, and nothing else is served.
	for q, want := range map[string]string{
		"spec=mine&moves=0.0.0_0.0.0": "step 2: ", "spec=../etc/passwd": "not on show", "spec=mine&moves=a": "a step is process.transition.way", "spec=mine&goal=cover:no": "there is no cover no", "spec=mine&digest=d3:0": "has changed since",
		"spec=mine&moves=9.9.9": "there is no such step", "spec=mine&goal=x": "a goal is",
	} {
		if code, body := get(t, "GET", address+"run?"+q, ""); code != 422 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", q, code, body)
		}
	}
	if r, err := http.NewRequest("GET", address+"run?spec=mine", nil); err != nil {
		t.Fatal(err)
	} else {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if res, err := http.DefaultClient.Do(r); err != nil || res.StatusCode != 403 {
			t.Errorf("another site: %v %v", res, err)
		} else {
			res.Body.Close()
		}
	}
	code, body := get(t, "GET", address+"run?"+url.Values{"spec": {"mine"}, "goal": {"property:"}}.Encode(), "")
	var got struct{ Wrong string }
	if err := json.Unmarshal([]byte(body), &got); code != 200 || err != nil || got.Wrong == "" {
		t.Errorf("%d %v %.200s", code, err, body)
	}
}

// TestServeKeeps: when a file changes, an open page keeps what its reader has set up: the filter with the focus in it, and in a configuration the step, the pinned cells and every step.
func TestServeKeeps(t *testing.T) {
	b := newBrowser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.pmd")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(chosen)
	address, _ := serveOf(t, dir)
	shows(t, address, `"mine"`)
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(".place.v", chromedp.ByQuery), chromedp.SendKeys("#f-text", "mine", chromedp.ByQuery))
	write("// Said anew.\n" + chosen)
	b.do(chromedp.WaitVisible(".spec-doc", chromedp.ByQuery))
	b.want("document.getElementById('f-text').value + document.activeElement.id", "minef-text")
	b.do(chromedp.Click(".place", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.Click("#full", chromedp.ByQuery), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight), chromedp.Click(".pin", chromedp.ByQuery))
	pinned := b.eval("document.querySelector('.pinned .cn').textContent")
	write("// Said once more.\n" + chosen)
	for b.eval("document.querySelector('.spec-doc')?.textContent") != "Said once more." {
		b.do(chromedp.Sleep(100 * time.Millisecond)) // the page loads anew in between
	}
	b.want("document.querySelector('output').textContent.startsWith('1 of ') && document.getElementById('full').checked && document.querySelector('.pinned .cn').textContent", pinned)
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitVisible("#f-text", chromedp.ByQuery))
	b.want("document.getElementById('f-text').value", "mine")

	// Where Graphviz is, it lays the machines out.
	if _, err := exec.LookPath("dot"); err == nil {
		b.do(chromedp.Click(".place", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.KeyEvent("f"), chromedp.Click("#machine summary", chromedp.ByQuery), chromedp.WaitVisible(".fsm[data-by=graphviz] svg", chromedp.ByQuery))
		b.eval("(e => { e.scrollIntoView(); return 1; })(document.getElementById('machine'))")
		b.screenshot("graphviz")
		b.want("[...document.querySelectorAll('.fsm .edge')].every(e => e.querySelector('[marker-end]') && e.querySelector('text'))", "true")
	}
	b.quiet(address)
}
