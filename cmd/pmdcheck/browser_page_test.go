package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pmdcheck/internal/cli"
)

// brokenSpec has one configuration that is not as expected, of four.
const brokenSpec = `// A store of one is read by another: commit 1234567890ab made it so.
//
// The second paragraph says more.
enum targets { x86_pv_native, arm64_64k };
enum policies { vma_lock, pte_walker_lock };
config enum targets target;
config enum policies policy;
u2 x;
process p
{
	x = 1;
	if (target == arm64_64k)
		assert (x == 1 && policy == vma_lock, small);
}
process q
{
	x = 1;
}
for target, policy;
cover one: x == 1;
check small;
expect : holds;
`

// pageOf writes the page of some configurations of race A and of a broken spec, and opens it.
func (b *browser) pageOf(want int, args ...string) (address string) {
	b.t.Helper()
	dir := b.t.TempDir()
	spec := filepath.Join(dir, "broken.pmd")
	if err := os.WriteFile(spec, []byte(brokenSpec), 0o644); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(dir, "report.html")
	var out, errs bytes.Buffer
	if code := cli.Main(append([]string{"report", "seed/race_a", spec, "--only", "policy=pte_walker_lock,vma_lock", "--only", "target=x86_pv_native,arm64_64k", "-q", "-o", file}, args...), nil, &out, &errs); code != want {
		b.t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if !strings.Contains(out.String(), "wrote "+file+": ") {
		b.t.Errorf("the command does not say what it wrote: %s", out.String())
	}
	b.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible(".place", chromedp.ByQuery))
	return "file://" + file
}

// size gives the window a size.
func (b *browser) size(width, height int64) {
	b.t.Helper()
	b.do(emulation.SetDeviceMetricsOverride(width, height, 1, width < 500))
}

// theme makes the page think that the system is dark or light.
func (b *browser) theme(name string) {
	b.t.Helper()
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}))
}

const fatalConfig = "#seed/race_a?era=E3&target=x86_pv_native&batch_alloc_may_fail=false&policy=pte_walker_lock&remote=false"

// TestPageFirst: the page begins with what was checked and what broke, in words and linked, and an index; a broken configuration stands out from one whose violation is expected; what all
// configurations have in common is shown; descriptions, commits and functions are found.
func TestPageFirst(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.want("document.getElementById('sum').textContent", "20 configurations of 2 specs: 19 as expected, 1 not, 0 without a verdict.")
	b.want("document.querySelectorAll('.broke li').length", "1")
	b.want("document.querySelector('.broke').textContent.includes('target=arm64_64k policy=pte_walker_lock expected holds, found violated small.')", "true")
	b.want("document.querySelector('.broke .what').textContent.startsWith('small: p: assertion failed')", "true")
	b.want("document.querySelectorAll('#index li a').length", "2")
	b.want("document.querySelector('.broke').compareDocumentPosition(document.getElementById('index')) & 4", "4")
	b.want("document.getElementById('made').textContent.startsWith('pmdcheck ')", "true")
	b.want("[...document.querySelectorAll('.fixed')].some(e => e.textContent.includes('era=E3'))", "true")
	color := "(c => getComputedStyle(document.querySelector(c)).backgroundColor)"
	b.want(color+"('.place.n') !== "+color+"('.place.v:not(.n)')", "true")
	for _, width := range []int64{390, 1440, 1920} {
		b.size(width, 900)
		b.want("document.documentElement.scrollWidth <= innerWidth", "true")
		b.screenshot(fmt.Sprint("first-", width))
	}
	b.size(1500, 1000)
	for text, want := range map[string]string{"1234567890ab": "4 of 20 configurations, 1 not as expected", "huge_pmd_unshare": "16 of 20 configurations", "unshares m1": "16 of 20 configurations", "policy=vma_lock": "10 of 20 configurations"} {
		b.choose("f-text", text)
		b.want("document.getElementById('count').textContent", want)
	}
	b.do(chromedp.Navigate(address+"#?verdict=n"), chromedp.WaitVisible(".place", chromedp.ByQuery))
	b.want("document.getElementById('count').textContent", "1 of 20 configurations, 1 not as expected")
	b.do(chromedp.Click(".broke a", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	b.want("document.querySelector('.outcome .tag').className", "tag n")
	b.want("location.hash.includes('target=arm64_64k&policy=pte_walker_lock;property=small')", "true")
	b.quiet(address)
}

// TestPageAddress: filters and configurations are in the address, which alone shows the same again; Escape and the browser's own way back restore filter, place and focus.
func TestPageAddress(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.size(1000, 500)
	b.choose("f-target", "x86_pv_native")
	b.choose("f-text", "race_a policy=pte_walker_lock")
	b.want("location.hash", "#?target=x86_pv_native&text=race_a%20policy%3Dpte_walker_lock")
	b.do(chromedp.Reload(), chromedp.WaitVisible(".place", chromedp.ByQuery))
	b.want("document.getElementById('count').textContent + document.getElementById('f-target').value", "4 of 20 configurationsx86_pv_native")
	place := func() {
		b.t.Helper()
		b.eval("(a => { a.scrollIntoView({block: 'center'}); a.focus(); return 1; })(document.querySelectorAll('#list a')[2])")
	}
	same := func(how, y string) {
		b.t.Helper()
		b.do(chromedp.WaitVisible("#f-text", chromedp.ByQuery))
		if got := b.eval("[Math.round(scrollY), document.activeElement === document.querySelectorAll('#list a')[2], location.hash]"); got != y+",true,#?target=x86_pv_native&text=race_a%20policy%3Dpte_walker_lock" {
			t.Errorf("%s: %s, scrolled to %s before", how, got, y)
		}
	}
	place()
	y := b.eval("Math.round(scrollY)")
	if y == "0" {
		t.Error("nothing to scroll: the test shows nothing")
	}
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	b.want("location.hash.startsWith('#seed/race_a?era=E3&target=x86_pv_native&')", "true")
	b.do(chromedp.KeyEvent("f"), chromedp.KeyEvent(kb.Escape))
	same("Escape", y)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.Click(".tabs button:nth-child(2)", chromedp.ByQuery), chromedp.Reload(), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.KeyEvent(kb.Escape))
	same("Escape from another property, after a reload", y)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.NavigateBack())
	same("back", y)
	b.eval("(p => { p.focus(); return 1; })(document.querySelector('.place'))")
	b.do(chromedp.KeyEvent("/"))
	b.want("document.activeElement.id", "f-text")
	b.choose("f-text", "race_a")
	b.choose("f-target", "")
	b.eval("(p => { p.focus(); return 1; })(document.querySelector('.place'))")
	b.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowDown))
	b.want("document.activeElement.dataset.key", "place|seed/race_a|arm64_64k|pte_walker_lock")
	b.do(chromedp.Navigate(address+"#seed/race_a?policy=vma_lock&gone=1;step=0"), chromedp.WaitVisible(".card", chromedp.ByQuery)) // of a page of before, with a parameter that is gone
	b.want("document.getElementById('config-name').textContent.includes('policy=vma_lock')", "true")
	b.do(chromedp.Navigate(address+"#no/such?a=1"), chromedp.WaitVisible("#f-text", chromedp.ByQuery))
	b.want("document.getElementById('count').textContent", "There is no configuration no/such a=1 here.")
	b.quiet(address)
}

// inView says whether all lines of the step are in the window, below the bar and the heading of the lanes, and above the sheet of a narrow window.
const inView = `(() => { const rows = [...document.querySelectorAll('tr.cur')], bar = document.querySelector('.bar').getBoundingClientRect(), seq = document.querySelector('.seq'), box = seq.getBoundingClientRect();
const narrow = getComputedStyle(seq).overflowY === 'visible', head = document.querySelector('table.t thead').offsetHeight;
const top = narrow ? bar.bottom : Math.max(bar.bottom, box.top + head), low = narrow ? document.querySelector('.side').getBoundingClientRect().top : Math.min(innerHeight, box.top + seq.clientHeight);
return rows.length > 0 && rows.every(r => { const t = r.querySelector('td.mine').getBoundingClientRect(); return t.top >= top - 1 && t.bottom <= low + 1 && t.left >= 0 && t.right <= innerWidth + 1; }); })()`

// TestPageLanes: at each width the failing step is in view in full, from a link and by the keyboard; lanes keep a width at which they can be read and scroll under their heading; on a
// narrow screen the run is a story from top to bottom, nothing is wider than the screen.
func TestPageLanes(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.do(chromedp.Navigate(address+fatalConfig+";property=no_use_after_free"), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	last := b.eval("document.querySelector('.bar input').max")
	for _, width := range []int64{390, 1440, 1920} {
		b.size(width, 844)
		b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(address+fatalConfig+";property=no_use_after_free;step="+last), chromedp.WaitVisible("tr.cur.fatalrow", chromedp.ByQuery))
		b.want(inView, "true")
		b.screenshot(fmt.Sprint("failing-", width))
		for _, key := range []string{kb.Home, "f", kb.ArrowLeft, kb.ArrowLeft, "f"} {
			b.do(chromedp.KeyEvent(key))
			if got := b.eval(inView); key != kb.Home && got != "true" {
				t.Errorf("%d pixels, after key %q: the step is not in view", width, key)
			}
		}
		b.do(chromedp.Click("#full", chromedp.ByQuery))
		b.want(inView, "true")
		b.do(chromedp.Click("#full", chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
		b.want("document.documentElement.scrollWidth <= innerWidth", "true")
		if width < 500 {
			b.want("getComputedStyle(document.querySelector('table.t thead')).display", "none")
			b.want("[...document.querySelectorAll('tr')].every(r => [...r.cells].every(c => c.scrollWidth <= innerWidth))", "true")
			b.want("document.querySelector('.seq td.num').innerText.includes('CPU 0 (m1: walker)')", "true")
			b.do(chromedp.KeyEvent("f"), chromedp.Click(".sheet", chromedp.ByQuery))
			b.want("document.querySelector('.side').offsetHeight > 300", "true")
			b.screenshot("sheet-390")
			b.do(chromedp.Click(".sheet", chromedp.ByQuery))
			continue
		}
		b.want("[...document.querySelectorAll('th.lane')].every(h => h.offsetWidth >= 160)", "true")
		b.eval("(s => { s.scrollTop = 200; return 1; })(document.querySelector('.seq'))")
		b.want("Math.abs(document.querySelector('th.lane').getBoundingClientRect().top - document.querySelector('.seq').getBoundingClientRect().top) < 2", "true")
		b.screenshot(fmt.Sprint("start-", width))
	}
	b.want("document.querySelector('.two').previousSibling.textContent.includes('freed')", "true")
	b.quiet(address)
}

// TestPageState: every step is shown without what the compiler added; the state is nested, searched, narrowed to what changed, its locks say which process holds them, and what is pinned
// stays, over steps and a reload.
func TestPageState(t *testing.T) {
	b := newBrowser(t)
	address := b.pageOf(1)
	b.do(chromedp.Navigate(address+fatalConfig+";property=no_use_after_free;step=20"), chromedp.WaitVisible(".statebox", chromedp.ByQuery), chromedp.Click("#full", chromedp.ByQuery))
	b.want("document.querySelector('table.t').textContent.includes('.return')", "false")
	count := b.eval("document.querySelectorAll('.cellrow').length")
	b.do(chromedp.KeyEvent(kb.Home))
	b.want("document.querySelectorAll('.cellrow').length > 10 && [...document.querySelectorAll('.cells summary')].some(s => s.textContent.startsWith('CPU 2 (m2: exiter)'))", "true")
	b.do(chromedp.KeyEvent(kb.End))
	b.want("document.querySelectorAll('.cellrow').length", count)
	b.do(chromedp.KeyEvent("f"))
	for range 14 {
		b.do(chromedp.KeyEvent(kb.ArrowLeft))
	}
	b.want("document.querySelector('.statebox').textContent.includes('.return')", "false")
	b.want("[...document.querySelectorAll('.cells summary')].some(s => s.textContent.startsWith('CPU 1 (m1: zapper)'))", "true")
	b.want("[...document.querySelectorAll('.cells summary')][0].textContent.startsWith('X')", "true")
	b.do(chromedp.Click("#s-temps", chromedp.ByQuery))
	b.want("document.querySelector('.cells').textContent.includes('return')", "true")
	b.do(chromedp.Click("#s-temps", chromedp.ByQuery))
	b.do(chromedp.SendKeys("#s-find", "rw_sema", chromedp.ByQuery))
	b.want("[...document.querySelectorAll('.cellrow')].every(r => r.textContent.includes('rw_sema')) && document.querySelectorAll('.cellrow').length > 0", "true")
	b.want("document.querySelector('.cells').textContent.includes('held by CPU 1 (m1: zapper)')", "true")
	b.want("document.querySelector('.held').textContent.includes('CPU 1 (m1: zapper)')", "true")
	b.do(chromedp.Click(".pin", chromedp.ByQuery))
	b.choose("s-find", "")
	pinned := b.eval("document.querySelector('.pinned .cn').textContent")
	b.do(chromedp.Click("#s-changed", chromedp.ByQuery), chromedp.Click(".bar [aria-label=Step]", chromedp.ByQuery))
	b.want("[...document.querySelectorAll('.cells details .cellrow')].every(r => r.className.includes('chg'))", "true")
	b.want("document.querySelector('.pinned .cn').textContent", pinned)
	b.do(chromedp.Reload(), chromedp.WaitVisible(".pinned", chromedp.ByQuery))
	b.want("document.querySelector('.pinned .cn').textContent + document.getElementById('full').checked", pinned+"true")
	b.quiet(address)
}

// TestReportSays: the command says what it wrote; version and date are in the page, or with --no-date neither, and then equal results give equal bytes.
func TestReportSays(t *testing.T) {
	write := func(args ...string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "report.html")
		var out bytes.Buffer
		if code := cli.Main(append([]string{"report", "classic/peterson", "-q", "-o", file}, args...), nil, &out, &out); code != 0 || !strings.Contains(out.String(), "wrote "+file+": 2 configurations of 1 spec, 0.") {
			t.Errorf("exit code %d\n%s", code, out.String())
		}
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(page)
	}
	if p := write(); !strings.Contains(p, `"version":"pmdcheck`) || !strings.Contains(p, `"date":"20`) {
		t.Error("the page has no version or no date")
	}
	a, b := write("--no-date"), write("--no-date")
	if strings.Contains(a, `"version":`) || strings.Contains(a, `"date":`) || a != b {
		t.Errorf("with --no-date: %d and %d bytes", len(a), len(b))
	}
}
