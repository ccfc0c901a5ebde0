package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pmdcheck/internal/csource"
)

// seeded is a tree with another text in the place of one file.
type seeded struct {
	folder
	name string
	text []byte
}

func (s seeded) each(all bool, f func(name string, text []byte)) (int, []string) {
	return s.folder.each(all, func(name string, text []byte) {
		if name == s.name {
			text = s.text
		}
		f(name, text)
	})
}

// seed is a change of one function, or of a file where there is none. It is said by what is called and not by what stands there, so that it does to any tree.
type seed struct {
	name, file, fn string
	waived         bool // the function carries waivers
	change         func(t *edited, fn string)
	about          []string // what findings may be about, besides the function
}

// edited is a source that is changed.
type edited struct {
	t    testing.TB
	name string
	src  string
}

// body is where the largest body of a function stands in the text.
func (x *edited) body(fn string) (from, to int) {
	x.t.Helper()
	f := csource.Parse(x.name, []byte(x.src), nil)
	for _, d := range f.Funcs {
		a, b := d.Body[0], min(d.Body[1], len(f.Tokens)-1)
		if lo, hi := int(f.Tokens[a].Pos), int(f.Tokens[b].Pos); d.Name == fn && hi-lo > to-from {
			from, to = lo, hi
		}
	}
	if to == 0 {
		x.t.Fatalf("%s has no function %s", x.name, fn)
	}
	return from, to
}

// statement is the first statement of a function that calls something: from the call, or what is assigned its result, to its semicolon.
func (x *edited) statement(fn, call string) (from, to int) {
	x.t.Helper()
	lo, hi := x.body(fn)
	for at := lo; ; {
		i := strings.Index(x.src[at:hi], call+"(")
		if i < 0 {
			x.t.Fatalf("%s does not call %s", fn, call)
		}
		from = at + i
		if c := x.src[from-1]; c == ' ' || c == '\t' || c == '(' || c == '!' {
			break
		}
		at = from + 1
	}
	to = from + strings.IndexByte(x.src[from:], ';') + 1
	from = strings.LastIndexByte(x.src[:from], '\n') + 1
	return from, to
}

func (x *edited) drop(fn, call string) {
	from, to := x.statement(fn, call)
	x.src = x.src[:from] + "\t\t;" + x.src[to:]
}

// swap exchanges two statements, of which a stands first.
func (x *edited) swap(fn, a, b string) {
	x.t.Helper()
	f1, t1 := x.statement(fn, a)
	f2, t2 := x.statement(fn, b)
	if f2 < t1 {
		x.t.Fatalf("in %s %s does not stand before %s", fn, a, b)
	}
	x.src = x.src[:f1] + x.src[f2:t2] + x.src[t1:f2] + x.src[f1:t1] + x.src[t2:]
}

// behind puts something behind a statement.
func (x *edited) behind(fn, call, what string) {
	_, to := x.statement(fn, call)
	x.src = x.src[:to] + "\n\t" + what + x.src[to:]
}

// guard lets a statement depend on something.
func (x *edited) guard(fn, call string) {
	from, _ := x.statement(fn, call)
	x.src = x.src[:from] + "\tif (seeded(fn))\n" + x.src[from:]
}

// other calls something else.
func (x *edited) other(fn, call, instead string) {
	from, to := x.statement(fn, call)
	x.src = x.src[:from] + strings.Replace(x.src[from:to], call+"(", instead+"(", 1) + x.src[to:]
}

const hugetlb = "mm/hugetlb.c"

// seeds are what a kernel's change may do to what the library rests on.
var seeds = []seed{
	{"an unlock less", hugetlb, "hugetlb_change_protection", true, func(x *edited, fn string) { x.drop(fn, "i_mmap_unlock_write") }, nil},
	{"flush and unlock swapped", hugetlb, "hugetlb_change_protection", true, func(x *edited, fn string) { x.swap(fn, "huge_pmd_unshare_flush", "i_mmap_unlock_write") }, nil},
	{"a flush less", hugetlb, "hugetlb_unshare_pmds", true, func(x *edited, fn string) { x.drop(fn, "huge_pmd_unshare_flush") }, nil},
	{"the slot read once more", hugetlb, "huge_pte_offset", true, func(x *edited, fn string) { x.behind(fn, "pud_offset", "if (pud_bad(*pud))\n\t\treturn NULL;") }, nil},
	{"a lock for read", hugetlb, "move_hugetlb_page_tables", false, func(x *edited, fn string) { x.other(fn, "i_mmap_lock_write", "i_mmap_lock_read") }, nil},
	{"a caller without a lock", hugetlb, "seeded_caller", false, func(x *edited, _ string) {
		x.src += "\nint seeded_caller(struct vm_area_struct *vma)\n{\n\treturn huge_pmd_unshare(NULL, vma, 0, NULL);\n}\n"
	}, nil},
	{"a select less", "arch/x86/Kconfig", "ARCH_WANT_HUGE_PMD_SHARE", false, func(x *edited, fn string) {
		i := strings.Index(x.src, "select "+fn)
		x.src = x.src[:i] + x.src[i+strings.IndexByte(x.src[i:], '\n'):]
	}, []string{"PMD_PAGE_TABLE_SHARING", "x86_32_shares", "huge_pmd_share", "huge_pmd_unshare", "pmd_shared", "copy_hugetlb_page_range", "hugetlb_unshare_pmds"}}, // what is then not compiled
	{"a function renamed", hugetlb, "want_pmd_share", false, func(x *edited, fn string) { x.src = strings.ReplaceAll(x.src, fn, "may_pmd_share") }, []string{"uffd_forbids_sharing", "may_pmd_share", "huge_pte_alloc", "userfaultfd_register"}}, // a feature cannot be told any more
	{"waited for what was tried", "fs/hugetlbfs/inode.c", "hugetlb_vmdelete_list", false, func(x *edited, fn string) { x.other(fn, "hugetlb_vma_trylock_write", "hugetlb_vma_lock_write") }, nil},
	{"a slot filled after the unlock", hugetlb, "huge_pmd_share", false, func(x *edited, fn string) { x.swap(fn, "pud_populate", "spin_unlock") }, []string{"huge_pte_alloc"}},
	{"a lock less in a helper's caller", hugetlb, "unmap_hugepage_range", false, func(x *edited, fn string) { x.drop(fn, "tlb_finish_mmu") }, nil},
	{"the end of a gather only sometimes", hugetlb, "unmap_hugepage_range", false, func(x *edited, fn string) { x.guard(fn, "tlb_finish_mmu") }, nil},
	{"the flush at the end of a VMA less", hugetlb, "__unmap_hugepage_range", true, func(x *edited, fn string) { x.drop(fn, "tlb_end_vma") }, nil},
	{"what was unmapped before the lock", "fs/hugetlbfs/inode.c", "hugetlb_vmtruncate", true, func(x *edited, fn string) { x.drop(fn, "i_mmap_unlock_write") }, nil},
	{"a lock more", "mm/memory.c", "free_pmd_range", true, func(x *edited, fn string) { x.behind(fn, "pud_clear", "spin_lock(&tlb->mm->page_table_lock);") }, nil},
	{"an unlock at exit less", "mm/mmap.c", "exit_mmap", true, func(x *edited, fn string) { x.drop(fn, "mmap_write_unlock") }, nil},
}

// TestSeeds: each change, made in a tree that is otherwise as it was, is found by an audit of that tree alone and by a comparison with the one before, and neither says anything else.
func TestSeeds(t *testing.T) {
	if os.Getenv("AUDIT_TREES") == "" {
		t.Skip("AUDIT_TREES names no tree")
	}
	l := repositoryLibrary(t)
	if n := len(seeds); n != 16 || len(slices.DeleteFunc(slices.Clone(seeds), func(s seed) bool { return !s.waived })) < 6 {
		t.Fatalf("%d seeds", n)
	}
	for _, dir := range filepath.SplitList(os.Getenv("AUDIT_TREES")) {
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Conform: []string{"x86_nopv"}}
		base, err := Run(dir, l, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range seeds {
			t.Run(filepath.Base(dir)+"/"+s.name, func(t *testing.T) { s.try(t, dir, l, base, o) })
		}
	}
}

// small are changes of the miniature tree.
var small = []seed{
	{"an unlock less", hugetlb, "hugetlb_zap", false, func(x *edited, fn string) { x.drop(fn, "i_mmap_unlock_write") }, nil},
	{"flush and unlock swapped", hugetlb, "hugetlb_zap", false, func(x *edited, fn string) { x.swap(fn, "tlb_finish_mmu", "i_mmap_unlock_write") }, nil},
	{"a lock for read in a helper", hugetlb, "__take", false, func(x *edited, fn string) { x.other(fn, "i_mmap_lock_write", "i_mmap_lock_read") }, []string{"hugetlb_zap"}},
	{"the slot read once more", hugetlb, "huge_pte_offset", false, func(x *edited, fn string) { x.behind(fn, "pud_of", "if (pud_bad(*pud))\n\t\treturn NULL;") }, nil},
	{"a flush always", hugetlb, "__unmap_hugepage_range", true, func(x *edited, fn string) { x.src = strings.Replace(x.src, "\tif (unshared)\n", "", 1) }, nil},
	{"what is waived is gone", hugetlb, "__unmap_hugepage_range", true, func(x *edited, fn string) { x.drop(fn, "huge_ptep_get_and_clear") }, nil},
	{"the flush before the unlock", hugetlb, "__unmap_hugepage_range", true, func(x *edited, fn string) { x.behind(fn, "huge_ptep_get_and_clear", "tlb_flush_mmu_tlbonly(tlb);") }, nil},
	{"only sometimes", hugetlb, "huge_pmd_unshare", true, func(x *edited, fn string) { x.guard(fn, "tlb_remove_table_sync_one") }, nil},
}

// TestSeedsSmall is TestSeeds on the miniature tree, with the waivers of TestWaivers.
func TestSeedsSmall(t *testing.T) {
	base, err := conforms(t, waiving)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLibrary(map[string]string{"linux/mm/hugetlb.pmd": conforming})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range small {
		t.Run(s.name, func(t *testing.T) { s.try(t, "testdata/tree", l, base, Options{Conform: []string{"x86_nopv"}}) })
	}
}

func (s seed) try(t *testing.T, dir string, l *Library, base *Document, o Options) {
	src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(s.file)))
	if err != nil {
		t.Fatal(err)
	}
	x := &edited{t, s.file, string(src)}
	s.change(x, s.fn)
	if x.src == string(src) {
		t.Fatal("nothing was changed")
	}
	waived := 0
	for _, c := range base.Conform {
		if c.Func == s.fn {
			waived += len(c.Differences)
		}
	}
	if (waived > 0) != s.waived {
		t.Errorf("%s carries %d waivers", s.fn, waived)
	}
	now, err := run(seeded{folder(dir), s.file, []byte(x.src)}, l, o)
	if err != nil {
		t.Fatal(err)
	}
	about := append([]string{s.fn}, s.about...)
	fresh, _ := New(now.Findings(), base.Findings())
	only(t, "audit", fresh, about)
	changes := slices.DeleteFunc(ChangeFindings(base, now, Compare(base, now), nil), func(f Finding) bool { return f.Rule == "not-read" }) // of either tree, as before
	only(t, "comparison", changes, about)
	for _, f := range fresh {
		t.Logf("%s: %s", f.Rule, f.Text)
	}
}

// only: something was found, and nothing about anything else.
func only(t *testing.T, by string, found []Finding, about []string) {
	t.Helper()
	n := 0
	for _, f := range found {
		if slices.ContainsFunc(about, func(s string) bool { return strings.Contains(fmt.Sprint(f.Key, f.Text), s) }) {
			n++
		} else {
			t.Errorf("the %s says besides: %s: %s", by, f.Rule, f.Text)
		}
	}
	if n == 0 {
		t.Errorf("the %s does not find it", by)
	}
}
