package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/skeleton"
)

// conforming is a library beside the miniature tree: each function says in which way it is unlike.
const conforming = `
config target = { x86_nopv, arm64_4k };
config u10 release = 0;
const KERNEL = release;
const SHARING = target == arm64_4k;

@kernel("mm/hugetlb.c", "hugetlb_zap", v5.4..)
void alike(struct vma *vma)
{
	hugetlb_vma_lock_write(vma);
	if (KERNEL >= 610)
		spin_lock(&vma->never);
	take(vma);
	tlb_gather_mmu(&tlb, vma->mm);
	unmap(vma);
	tlb_finish_mmu(&tlb, vma->mm);
	atomic {
		up_write(&vma->mapping->i_mmap_rwsem);
	}
	int r = KERNEL < 610 ? hugetlb_vma_unlock_write(vma) : put_page(vma);
}

void take(struct vma *vma)
{
	down_write(&vma->mapping->i_mmap_rwsem);
	observe_zap();
}

@kernel("mm/hugetlb.c", "__unmap_hugepage_range", v5.4..)
void unmap(struct vma *vma)
{
	pte_t *p;

	for (int i = 0; i < 3; i++) {
		huge_pte_lock(p);
		if (unshare(vma)) {
			ptl_unlock(p);
		} else {
			set_huge_pte_at(vma, p, pte_none);
			ptl_unlock(p);
		}
	}
	tlb_flush_mmu_tlbonly(vma);
}

@kernel("mm/hugetlb.c", "huge_pmd_unshare", v5.9..)
bool unshare(struct vma *vma)
{
	asserts(vma);
	if (SHARING && shared())
		return false;
	pud_clear(vma->mm, vma->pud);
	tlb_remove_table_sync_one();
	pmd_share_dec(vma);
	return true;
}

@kernel("mm/hugetlb.c", "huge_pmd_unshare", v5.9..)
void asserts(struct vma *vma)
{
	assert(vma->mapping->i_mmap_rwsem.writer == self + 1, no_lock_misuse);
}

@kernel("mm/hugetlb.c", "hugetlb_split_if", v5.4..)
void split(struct vma *vma)
{
	spin_lock(&vma->mm->page_table_lock);
	spin_unlock(&vma->mm->page_table_lock);
}

@kernel("mm/hugetlb.c", "huge_pte_offset", v5.4..)
void *lookup(struct vma *vma, pud_t *slot)
{
	if (*slot == NULL)
		return NULL;
	return pmd_offset(slot, 0);
}
`

// conforms audits the miniature tree beside the library above, with waivers of its own.
func conforms(t testing.TB, waivers string) (*Document, error) {
	t.Helper()
	old := conformText
	conformText = waivers
	t.Cleanup(func() { conformText = old })
	l, err := ReadLibrary(map[string]string{"linux/mm/hugetlb.pmd": conforming})
	if err != nil {
		t.Fatal(err)
	}
	return Run("testdata/tree", l, Options{Conform: []string{"x86_nopv"}})
}

// differences are those that nothing waives.
func differences(doc *Document) (out []string) {
	for _, c := range doc.Conform {
		for _, d := range c.Open() {
			out = append(out, c.Model+" "+c.Func+": "+d.Text())
		}
	}
	return out
}

func TestConform(t *testing.T) {
	doc, err := conforms(t, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range doc.Conform {
		got = append(got, fmt.Sprintf("%s: %d equal, %d unknown, part of %q", c.Model, c.Equal, len(c.Unknown), c.PartOf))
	}
	want := []string{
		"alike: 7 equal, 0 unknown, part of \"\"",
		"unmap: 4 equal, 0 unknown, part of \"\"",
		"unshare: 3 equal, 0 unknown, part of \"\"",
		"asserts: 0 equal, 0 unknown, part of \"unshare\"",
		"split: 2 equal, 1 unknown, part of \"\"",
		"lookup: 2 equal, 0 unknown, part of \"\"",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	want = []string{
		"unmap __unmap_hugepage_range: + clear entry after call huge_pmd_unshare",
		"unmap __unmap_hugepage_range: + if after unlock ptl",
		"unshare huge_pmd_unshare: + if after held i_mmap_rwsem w", // for a target that does not share the model does not ask
		"split hugetlb_split_if: + if after start",
	}
	if d := cmp.Diff(want, differences(doc)); d != "" {
		t.Errorf("differences, -want +got\n%s", d)
	}
}

// idling calls the lock of a release to come. Its body decides whether that is an event: what does nothing yet is none, what has done something else before is.
const idling = `
config target = { x86_nopv, arm64_4k };
config u10 release = 0;
const KERNEL = release;

@kernel("mm/hugetlb.c", "hugetlb_vma_lock_write", v7.0..)
void hugetlb_vma_lock_write(struct vma *vma)
{
	struct lock *lock = KERNEL >= 700 ? vma->lock : NULL;

	%s
	if (lock != NULL)
		down_write(&lock->rw_sema);
	else if (private(vma))
		down_write(&vma->resv_lock);
}

bool private(struct vma *vma)
{
	if (KERNEL < 700 || vma->shared)
		return false;
	return vma->owner;
}

@kernel("mm/hugetlb.c", "hugetlb_zap", v5.4..)
void zap(struct vma *vma)
{
	hugetlb_vma_lock_write(vma);
	down_write(&vma->mapping->i_mmap_rwsem);
}
`

func TestConformIdle(t *testing.T) {
	for _, tc := range []struct {
		before string
		idle   bool
	}{
		{"", true},
		{"lock = vma->other;", false},
		{"spin_lock(&vma->other);", false},
		{"if (KERNEL >= 700) spin_lock(&vma->other);", true},
		{"observe_zap();", true},
	} {
		l, err := ReadLibrary(map[string]string{"linux/mm/hugetlb.pmd": fmt.Sprintf(idling, tc.before)})
		if err != nil {
			t.Fatal(err)
		}
		old := conformText
		conformText = ""
		t.Cleanup(func() { conformText = old })
		doc, err := Run("testdata/tree", l, Options{Conform: []string{"x86_nopv"}})
		if err != nil {
			t.Fatal(err)
		}
		idle := false
		for _, d := range differences(doc) {
			idle = idle || d == "zap hugetlb_zap: + lock vma_lock w after start"
		}
		if idle != tc.idle {
			t.Errorf("%q: idle %v, want %v: %q", tc.before, idle, tc.idle, differences(doc))
		}
	}
}

const waiving = `
unmap __unmap_hugepage_range
	[v6.9.. !arm64_4k] + clear entry after call huge_pmd_unshare: entries are not modelled
	[..v6.8] + clear entry after call huge_pmd_unshare: not of this release
	+ if after unlock ptl: "
unshare huge_pmd_unshare
	[!SHARING] + if after held i_mmap_rwsem w: the model does not ask
split hugetlb_split_if
	+ if after start: two halves of a condition
	[SHARING] + if after start: not of this target
`

// TestWaivers waives every difference, takes each waiver away in turn, which has to bring its difference back and no other, and adds one that waives nothing.
func TestWaivers(t *testing.T) {
	doc, err := conforms(t, waiving)
	if err != nil {
		t.Fatal(err)
	}
	if got := append(differences(doc), doc.Stale...); got != nil {
		t.Fatalf("not waived, or stale: %q", got)
	}
	all, err := readExcuses(waiving)
	if err != nil {
		t.Fatal(err)
	}
	needed := 0
	for _, e := range all {
		if len(e.when) > 0 && (e.when[0] == "..v6.8" || e.when[0] == "SHARING") {
			continue
		}
		needed++
		lines := strings.Split(waiving, "\n")
		lines[e.line-1] = "#"
		text := strings.Replace(strings.Join(lines, "\n"), `: "`, ": a reason of its own", 1)
		doc, err := conforms(t, text)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{e.model + " " + e.fn + ": " + e.diff.Text()}
		if d := cmp.Diff(want, append(differences(doc), doc.Stale...)); d != "" {
			t.Errorf("without line %d, -want +got\n%s", e.line, d)
		}
	}
	if needed != 4 {
		t.Errorf("%d waivers", needed)
	}
	doc, err = conforms(t, waiving+"\t+ if after start: a second of a kind\nunmap __unmap_hugepage_range\n\t- ipi after start: of what has gone\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"unmap __unmap_hugepage_range: - ipi after start (conform.txt:13)", "split hugetlb_split_if: + if after start (conform.txt:11)"}
	if d := cmp.Diff(want, append(differences(doc), doc.Stale...)); d != "" {
		t.Errorf("stale, -want +got\n%s", d)
	}
}

func TestWaiversThatAreNone(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"\t+ x after y: a b c", "which functions"},
		{"unmap\n\t+ x after y: a b c", "line 2: no function unmap of the library that is compared refers to unmap"},
		{"unmap a b\n", "a function of the library and the one of the kernel"},
		{"split hugetlb_split_if\n\t+ x after y: two words", "at least three words"},
		{"split hugetlb_split_if\n\t+ x after y: \"", "at least three words"},
		{"split hugetlb_split_if\n\t+ x after y", "a reason is missing"},
		{"split hugetlb_split_if\n\t+ x: a b c", "after which event"},
		{"split hugetlb_split_if\n\tx after y: a b c", "+ or - is missing"},
		{"split hugetlb_split_if\n\t[v6.1.. + x after y: a b c", "] is missing"},
		{"split hugetlb_split_if\n\t[vax] + x after y: a b c", "vax is neither a range of releases, nor a target, a feature or a constant"},
	} {
		if _, err := conforms(t, tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

// TestBranches: which lines of an alignment are differences of their own.
func TestBranches(t *testing.T) {
	for _, tc := range []struct{ name, model, source, want string }{
		{"the same", "a|if|b|end", "a|if|b|end", ""},
		{"a branch around what both have", "a|b", "a|if|b|end", "+ if after a"},
		{"a branch around what one has is its events", "a", "a|if|if|b|end|end", "+ b after a"},
		{"out of a branch", "if|a|b|end", "if|a|end|b", "+ end after a,- end after b"},
		{"one arm made of two", "if|a|or|b|end", "if|a|b|end", "- or after a"},
		{"an arm of one side alone", "if|a|end", "if|a|or|b|end", "+ b after a"},
		{"swapped", "a|b", "b|a", "- a after start,+ a after b"},
		{"twice", "a|a", "a", "- a after a"},
		{"a round", "loop|a|end", "a", "- loop after start"},
	} {
		c := &Conformance{}
		c.compare(lined(tc.model), lined(tc.source))
		var got []string
		for _, d := range c.Differences {
			got = append(got, d.Text())
		}
		if g := strings.Join(got, ","); g != tc.want {
			t.Errorf("%s: %q, want %q\n%s", tc.name, g, tc.want, strings.Join(c.Lines, "\n"))
		}
	}
}

// lined makes a skeleton of lines.
func lined(text string) *skeleton.Skeleton {
	root := &skeleton.Node{Arms: [][]*skeleton.Node{nil}}
	stack := []*skeleton.Node{root}
	for i, l := range strings.Split(text, "|") {
		top := stack[len(stack)-1]
		arm := len(top.Arms) - 1
		switch l {
		case "if", "loop":
			n := &skeleton.Node{Text: l, Line: i, Arms: [][]*skeleton.Node{nil}}
			top.Arms[arm] = append(top.Arms[arm], n)
			stack = append(stack, n)
		case "or":
			top.Arms = append(top.Arms, nil)
		case "end":
			stack = stack[:len(stack)-1]
		default:
			top.Arms[arm] = append(top.Arms[arm], &skeleton.Node{Text: l, Line: i})
		}
	}
	return &skeleton.Skeleton{Nodes: root.Arms[0]}
}
