package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pmdcheck/checker/report"
	"pmdcheck/internal/cli"
	"pmdcheck/internal/page"
	"pmdcheck/traces"
)

// browser is a real Chromium that keeps what a page asks for and complains about.
type browser struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex
	requests []string
	errors   []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes a while")
	}
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("Chromium is not installed; scripts/test installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.WindowSize(1500, 1000), chromedp.Flag("disable-background-networking", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, late := context.WithTimeout(ctx, 5*time.Minute) // for a browser that hangs
	t.Cleanup(late)
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, ev.Request.URL)
		case *runtime.EventExceptionThrown:
			b.errors = append(b.errors, ev.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.errors = append(b.errors, fmt.Sprint(ev.Type, ev.Args))
		case *log.EventEntryAdded:
			b.errors = append(b.errors, ev.Entry.Text)
		}
	})
	b.do(network.Enable(), log.Enable())
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// text is what a script gives.
func (b *browser) eval(script string) string {
	b.t.Helper()
	var out string
	b.do(chromedp.Evaluate("String("+script+")", &out))
	return out
}

func (b *browser) want(script, want string) {
	b.t.Helper()
	if got := b.eval(script); got != want {
		b.t.Errorf("%s is %q, want %q", script, got, want)
	}
}

// choose picks an option or types text, as a user's input does.
func (b *browser) choose(id, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf("(e => {e.value = %q; e.dispatchEvent(new Event('input', {bubbles: true})); return e.value})(document.getElementById(%q))", value, id))
}

// quiet checks that no request left and nothing was complained about.
func (b *browser) quiet(allowed string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, allowed) && !strings.HasPrefix(r, "data:") && !strings.HasPrefix(r, "blob:") {
			b.t.Errorf("a request left the page: %s", r)
		}
	}
	for _, e := range b.errors {
		b.t.Errorf("the page complains: %s", e)
	}
}

// screenshot keeps a picture in the folder that PMDCHECK_SCREENSHOTS names, to be looked at.
func (b *browser) screenshot(name string) {
	dir := os.Getenv("PMDCHECK_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.do(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// TestReport: open the page, filter, open a violated configuration, step to the failing step with the keyboard alone, see the freed table marked before the access; nothing is
// fetched and nothing complains.
func TestReport(t *testing.T) {
	b := newBrowser(t)
	file := filepath.Join(t.TempDir(), "report.html")
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"report", "seed/race_a", "classic/peterson", "--set", "batch_alloc_may_fall=false", "-q", "-o", file}, nil, &out, &errs); code != 2 {
		t.Fatalf("a parameter that none of the specs has: exit code %d\n%s", code, errs.String())
	}
	errs.Reset()
	if code := cli.Main([]string{"report", "seed/race_a", "-q", "-o", file}, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	b.do(chromedp.Navigate("file://" + file))
	b.do(chromedp.WaitVisible(".place", chromedp.ByQuery))
	b.want("document.getElementById('count').textContent", "192 of 192 configurations")
	b.screenshot("overview")

	// Filter: property, target, text. On bare-metal x86 with PARAVIRT the rule of 2022 fails.
	b.choose("f-property", "no_use_after_free")
	b.choose("f-target", "x86_pv_native")
	b.choose("f-text", "policy=pte_walker_lock remote=false batch_alloc_may_fail=false")
	b.want("document.getElementById('count').textContent", "1 of 192 configurations")
	b.want("document.querySelectorAll('.place').length", "1")
	b.want("document.querySelector('.place').className", "place v")

	// Open the configuration and step, with the keyboard alone.
	b.do(chromedp.Focus(".place", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	b.want("document.querySelector('[aria-pressed=true]').textContent", "no_use_after_free")
	b.want("document.querySelector('.say p').textContent.includes('frees X at step')", "true")
	b.do(chromedp.KeyEvent(kb.Home))
	b.want("document.querySelector('output').textContent.startsWith('0 of ')", "true")
	b.want("document.getElementById('life').textContent", "live")
	freed, steps := 0, 0
	for b.eval("document.querySelector('tr.cur.fatalrow') !== null") != "true" {
		if steps++; steps > 200 {
			t.Fatal("the failing step is not reached")
		}
		b.do(chromedp.KeyEvent(kb.ArrowRight))
		if freed == 0 && b.eval("document.getElementById('life').textContent") == "freed" {
			freed = steps
		}
	}
	if freed == 0 || freed >= steps {
		t.Errorf("the table is marked as freed at step %d, the access is step %d", freed, steps)
	}
	b.want("document.getElementById('life').className", "state l4")
	b.want("document.querySelector('td.note.freed').innerText", "freed")
	b.want("document.querySelector('tr.cur .fatal').textContent.includes('*ptep')", "true")
	b.want("document.querySelector('.src .hit').textContent.includes('pte = *ptep')", "true")
	b.want("document.querySelector('.props .n').textContent", "✗ no_use_after_free")
	b.want("document.getElementById('live').textContent.includes('use after free, ptdesc X freed')", "true")
	b.want("document.querySelectorAll('tr.before').length > 0", "true")
	b.screenshot("fatal")
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.want("document.querySelector('tr.cur.fatalrow')", "null")
	b.do(chromedp.KeyEvent("f"))
	b.want("document.querySelector('tr.cur.fatalrow') !== null", "true")
	b.want("location.hash.endsWith(';step="+fmt.Sprint(steps)+"')", "true")

	// The address alone shows the same again; every step can be shown; Escape goes back; a passing configuration has a proof card and runs.
	b.do(chromedp.Reload(), chromedp.WaitVisible("tr.cur.fatalrow", chromedp.ByQuery))
	b.do(chromedp.Click("#full", chromedp.ByQuery))
	b.want("new Set([...document.querySelectorAll('tr[data-step]')].map(r => r.dataset.step)).size", fmt.Sprint(steps))
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitVisible("#f-text", chromedp.ByQuery))
	b.choose("f-text", "policy=vma_lock")
	b.choose("f-target", "")
	b.choose("f-property", "")
	b.do(chromedp.Click(".place", chromedp.ByQuery), chromedp.WaitVisible(".card", chromedp.ByQuery))
	b.want("document.querySelector('.card').textContent.includes('not every reachable state was visited: of steps that commute')", "true")
	b.do(chromedp.Click(".tabs button:nth-child(2)", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery))
	b.want("document.querySelector('.say').textContent.includes('Nothing goes wrong in this run.')", "true")
	b.screenshot("run")
	b.do(chromedp.Click("#theme", chromedp.ByQuery))
	b.screenshot("theme")
	b.quiet("file://" + file)
}

// TestManyConfigurations: a page of 3,000 configurations, a third of them violated with traces of their own, opens, filters and opens a configuration; the page keeps few elements whatever
// the number of configurations.
func TestManyConfigurations(t *testing.T) {
	b := newBrowser(t)
	f, err := os.Open("../../traces/testdata/golden/race_a-no_use_after_free.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	trace, err := traces.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	doc := report.NewDocument(3000)
	in := page.Input{Title: "many", Document: doc, Evidence: map[int]page.Evidence{}}
	for i := range 3000 {
		e := report.Entry{
			Number: i + 1, Spec: fmt.Sprint("family/", i%10), Verdict: "holds", OK: true, Order: []string{"target", "policy", "k"}, States: int64(i),
			Config: map[string]string{"target": fmt.Sprint("t", i/10%15), "policy": fmt.Sprint("p", i/150%10), "k": fmt.Sprint(i / 1500)},
		}
		if i%3 == 0 {
			own := *trace
			own.Steps = append([]traces.Step{}, trace.Steps...)
			own.Steps[0].Label += fmt.Sprint(" ", i) // so that no two are alike
			e.Verdict, e.Properties, e.Findings = "violated", []string{trace.Property}, []report.Finding{{Property: trace.Property, Expected: true, Trace: &own}}
		}
		doc.Results = append(doc.Results, e)
	}
	file := filepath.Join(t.TempDir(), "many.html")
	var out bytes.Buffer
	if err := page.Write(&out, in); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 12<<20 {
		t.Errorf("the page has %d bytes", out.Len())
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible(".place", chromedp.ByQuery))
	b.want("document.getElementById('count').textContent", "3,000 of 3,000 configurations")
	b.want("document.querySelectorAll('#list tbody tr').length", "100")
	b.want("document.querySelectorAll('.place').length", "1500")
	b.want("document.querySelectorAll('*').length < 8000", "true")
	t.Log("the overview is drawn in milliseconds: ", b.eval("(() => { const a = performance.now(); document.getElementById('f-text').dispatchEvent(new Event('input')); return Math.round(performance.now() - a); })()"))
	b.choose("f-text", "target=t3 policy=p2")
	b.choose("f-verdict", "v")
	b.want("document.querySelectorAll('#list tbody tr').length", b.eval("parseInt(document.getElementById('count').textContent)"))
	b.do(chromedp.Click("#list a", chromedp.ByQuery), chromedp.WaitVisible("table.t", chromedp.ByQuery), chromedp.KeyEvent("f"))
	b.want("document.querySelector('tr.cur.fatalrow') !== null", "true")
	b.quiet("file://" + file)
}

// TestPageJudges: a property that a spec does not check, or a configuration does not observe, is not judged there; a place whose configurations differ says in which; what was found is what
// the card says.
func TestPageJudges(t *testing.T) {
	b := newBrowser(t)
	dir := t.TempDir()
	spec := filepath.Join(dir, "own.pmd")
	const src = "config u1 n;\nconfig u1 m;\nu2 x;\nprocess p\n{\n\tx = 1;\n\tif (n == 1)\n\t\tassert (x == m, small);\n}\nprocess q\n{\n\tx = 1;\n}\nfor n, m;\ncover one: x == 1;\ncover two: x == 2 when false;\ncheck small;\nexpect n == 1 && m == 0 : violates small;\nexpect : holds;\n"
	if err := os.WriteFile(spec, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "report.html")
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"report", "classic/peterson", "locks/abba", spec, "-q", "-o", file}, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	b.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible(".place", chromedp.ByQuery))
	b.choose("f-property", "small")
	b.want("[...document.querySelectorAll('.place')].filter(p => p.getAttribute('aria-label').includes('peterson')).every(p => p.textContent === 'not judged' && p.className.startsWith('place j'))", "true")
	b.want("[...document.querySelectorAll('.place')].filter(p => p.getAttribute('aria-label').includes('own')).map(p => p.textContent).join()", "not judged,violated,not judged,holds")
	b.choose("f-verdict", "j")
	b.want("[...document.querySelectorAll('.place')].every(p => p.className.startsWith('place j'))", "true")
	b.choose("f-verdict", "")
	b.choose("f-across", "n")
	b.choose("f-down", "n")
	b.choose("f-property", "")
	b.choose("f-text", "/own")
	b.screenshot("judged")
	b.want("[...document.querySelectorAll('.place')].map(p => p.textContent).join()", "2 hold,1/2 violated [a]")
	b.want("document.querySelector('.notes').textContent", "[a] violated where m=0")
	b.choose("f-text", "own n=0 m=0")
	b.do(chromedp.Click(".place", chromedp.ByQuery), chromedp.WaitVisible(".card", chromedp.ByQuery))
	b.want("document.querySelector('.card').textContent.includes('Nothing was violated. Not judged, because nothing in this configuration observes it: assertion, small.')", "true")
	b.want("document.querySelector('.card').textContent.includes('small: not judged')", "true")
	b.want("document.querySelector('.card').textContent.includes('two: not looked for')", "true")
	b.quiet("file://" + file)
}
