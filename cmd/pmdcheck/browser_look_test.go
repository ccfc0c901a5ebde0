package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pmdcheck/internal/cli"
	"pmdcheck/traces"
)

// faint lists texts whose contrast with what is behind them is below what WCAG asks for at level AA, and those that should never be seen.
const faint = `(() => {
const rgb = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [m[0], m[1], m[2], 1] : m; };
const over = (a, b) => { const k = a[3] + b[3] * (1 - a[3]); return [0, 1, 2].map(i => (a[i] * a[3] + b[i] * b[3] * (1 - a[3])) / (k || 1)).concat(k); };
const ground = e => { let c = [0, 0, 0, 0]; for (; e; e = e.parentElement) c = over(c, rgb(getComputedStyle(e).backgroundColor)); return over(c, [255, 255, 255, 1]); };
const lum = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
const out = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let seen = 0;
for (let n = walk.nextNode(); n; n = walk.nextNode()) {
  const e = n.parentElement;
  if (!n.data.trim() || !e.getClientRects().length || e.closest('.sr,.skip,option,script')) continue;
  if (/^(null|undefined|NaN|\[object)/.test(n.data.trim())) out.add(n.data);
  const s = getComputedStyle(e), back = ground(e);
  let text = rgb(e.namespaceURI.endsWith('svg') ? s.fill : s.color), o = 1;
  for (let p = e; p; p = p.parentElement) o *= +getComputedStyle(p).opacity;
  text = over([text[0], text[1], text[2], text[3] * o], back);
  const a = lum(text), b = lum(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(s.fontSize);
  seen++;
  if (ratio < (size >= 24 || size >= 18.66 && +s.fontWeight >= 700 ? 3 : 4.5)) out.add(ratio.toFixed(2) + ' ' + (e.className.baseVal || e.className || e.tagName) + ': ' + n.data.trim().slice(0, 30));
}
return seen < 20 ? 'only ' + seen + ' texts' : [...out].join('\n');
})()`

// TestPageContrast: in both themes, on all kinds of views, the contrast of text is at least that of level AA.
func TestPageContrast(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	for _, theme := range []string{"light", "dark"} {
		b.theme(theme)
		for _, v := range []struct{ name, hash, wait string }{
			{"first", "", ".place"},
			{"run", fatalConfig + ";property=no_use_after_free;step=20", "table.t"},
			{"failing", fatalConfig + ";property=no_use_after_free;step=34", "tr.cur"},
			{"proof", "#seed/race_a?policy=vma_lock", ".card"},
		} {
			b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(address+v.hash), chromedp.WaitVisible(v.wait, chromedp.ByQuery))
			if v.name == "run" {
				b.do(chromedp.Click("#full", chromedp.ByQuery), chromedp.Click("#machine summary", chromedp.ByQuery), chromedp.WaitVisible(".fsm svg", chromedp.ByQuery))
			}
			for _, width := range []int64{390, 1440, 1920} {
				b.size(width, 900)
				b.want(faint, "")
				b.screenshot(fmt.Sprint(v.name, "-", theme, "-", width))
			}
		}
	}
	b.do(chromedp.Navigate(address+fatalConfig+";property=no_use_after_free;step=34"), chromedp.WaitVisible("tr.cur", chromedp.ByQuery))
	b.eval("(() => { scrollTo(0, 1e6); return 1; })()")
	b.want("(r => document.elementFromPoint(r.left + 30, r.top + 20).closest('.bar') !== null)(document.querySelector('.bar').getBoundingClientRect())", "true") // nothing lies on it
	b.eval("(() => { document.getElementById('theme').click(); return 1; })()")
	b.want("getComputedStyle(document.body).backgroundColor", "rgb(255, 255, 255)")
	b.quiet(address)
}

// TestPageShare: a run leaves the page as text for a commit message, as a picture, as the file that the program reads, and as a command line that finds it again; each step leads to the
// function of the kernel.
func TestPageShare(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.do(chromedp.Navigate(address+fatalConfig+";property=no_use_after_free;step=20"), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	get := func(id string) string {
		b.t.Helper()
		b.do(chromedp.Click("#"+id, chromedp.ByQuery), chromedp.WaitVisible("#share textarea", chromedp.ByQuery))
		text := b.eval("document.querySelector('#share textarea').value")
		b.want(faint, "")
		b.do(chromedp.Click("#copy", chromedp.ByQuery), chromedp.WaitVisible("#share [role=status]:not(:empty)", chromedp.ByQuery))
		b.want("['Copied.', 'Selected: copy it with the keyboard.'].includes(document.querySelector('#share [role=status]').textContent)", "true")
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#share", chromedp.ByQuery))
		return text
	}
	text := get("as-text")
	for _, line := range strings.Split(text, "\n") {
		if len([]rune(line)) > 72 {
			t.Errorf("%d characters: %s", len([]rune(line)), line)
		}
	}
	for _, want := range []string{"seed/race_a: no_use_after_free is violated (use after free)\n", "\nConfiguration: era=E3 target=x86_pv_native", "\nKernel: v6.1\n", "\nVersion: pmdcheck", "\n     CPU 0 (m1: walker)\n", "<- ptdesc X: freed"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %q:\n%s", want, text)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(get("as-svg"))); ; {
		if _, err := d.Token(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("the picture: %v", err)
			}
			break
		}
	}
	if tr, err := traces.Read(strings.NewReader(get("as-json"))); err != nil || tr.Property != "no_use_after_free" || tr.Spec != "seed/race_a" {
		t.Errorf("the file: %v, %+v", err, tr)
	}
	command := strings.SplitN(get("as-command"), "\n", 2)[0]
	var out bytes.Buffer
	if code := cli.Main(strings.Fields(command)[1:], nil, &out, &out); code != 0 || !strings.Contains(out.String(), "violated no_ptl_use_after_free, no_use_after_free") {
		t.Errorf("%s: exit code %d\n%s", command, code, out.String())
	}
	b.want("document.querySelector('a.kernel').href.startsWith('https://elixir.bootlin.com/linux/v6.1/A/ident/')", "true")

	// The state machine: arrows have heads and labels, none lies on another, and where the process is is in view.
	b.do(chromedp.Click("#machine summary", chromedp.ByQuery), chromedp.WaitVisible(".fsm svg", chromedp.ByQuery))
	b.want("[...document.querySelectorAll('.fsm .edge')].every(e => e.querySelector('[marker-end],[marker-start]') && e.querySelector('text'))", "true")
	b.want("document.querySelectorAll('.fsm .edge').length > 20", "true")
	b.want(`(() => { const r = [...document.querySelectorAll('.fsm .edge rect, .fsm .loc')].map(e => e.getBoundingClientRect()); let n = 0;
r.forEach((a, i) => r.slice(i + 1).forEach(b => { if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) n++; })); return n; })()`, "0")
	b.do(chromedp.Sleep(100 * time.Millisecond)) // it scrolls in the next frame
	b.eval("(e => { e.scrollIntoView(); return 1; })(document.getElementById('machine'))")
	b.screenshot("machine")
	b.want("(() => { const a = document.querySelector('.fsm .loc.on').getBoundingClientRect(), b = document.querySelector('.fsm').getBoundingClientRect(); return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom; })()", "true")
	b.quiet(address)
}

// TestPageProof: a configuration that holds says what was proved, how, which covers were reached, and has five runs to look at.
func TestPageProof(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.do(chromedp.Navigate(address+"#seed/race_a?policy=vma_lock"), chromedp.WaitVisible(".card", chromedp.ByQuery))
	b.want("[...document.querySelectorAll('.card dt')].map(e => e.textContent).slice(0, 4).join()", "Verdict,What was proved,How,Covers")
	b.want("document.querySelector('.judged').textContent.includes('no_use_after_free: holds')", "true")
	b.want("document.querySelectorAll('.runs li').length", "5")
	b.do(chromedp.Click(".runs li:nth-child(3) a", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	b.want("document.querySelector('.say').textContent.includes('Nothing goes wrong in this run.') && location.hash.includes(';run=2')", "true")
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitVisible("#f-text", chromedp.ByQuery))
	b.quiet(address)
}
