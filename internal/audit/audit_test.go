package audit

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens; look at the diff")

func library(t testing.TB) *Library {
	t.Helper()
	b, err := os.ReadFile("testdata/library.pmd")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLibrary(map[string]string{"linux/mini.pmd": string(b)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func audited(t testing.TB, dir string, o Options) *Document {
	t.Helper()
	doc, err := Run(dir, library(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// golden holds what is written against a file of testdata.
func golden(t *testing.T, name string, write func(w io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got; -update writes it)\n%s", name, d)
	}
}

// TestMiniature: what an audit says of a tree with one function for each trap.
func TestMiniature(t *testing.T) {
	doc := audited(t, "testdata/tree", Options{})
	golden(t, "text.golden", func(w io.Writer) error { return doc.WriteText(w, true) })
	golden(t, "kconfig.golden", doc.WriteKconfig)
	golden(t, "skeletons.golden", func(w io.Writer) error {
		for _, n := range []string{"huge_pte_offset", "huge_pmd_unshare", "__unmap_hugepage_range", "hugetlb_zap", "hugetlb_fault", "hugetlb_guarded", "hugetlb_split_if", "unlink_one"} {
			if _, err := io.WriteString(w, doc.Skeletons(n)); err != nil {
				return err
			}
		}
		return nil
	})
	var b bytes.Buffer
	if err := doc.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	again, err := ReadJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if cs := Compare(again, doc); len(cs) > 0 {
		t.Errorf("an audit differs from itself: %v", cs)
	}
}

// copied is a copy of the miniature tree.
func copied(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/tree")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit replaces a text that is there once.
func edit(t testing.TB, dir, file, from, to string) {
	t.Helper()
	name := filepath.Join(dir, file)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), from); n != 1 {
		t.Fatalf("%s has %q %d times", file, from, n)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(b), from, to, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMutations: each change of the tree is reported, and nothing else.
// TestLinkedTree: a tree that is a link is read like what it leads to.
func TestLinkedTree(t *testing.T) {
	here, err := filepath.Abs("testdata/tree")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "linux")
	if err := os.Symlink(here, link); err != nil {
		t.Skip(err)
	}
	if a, b := audited(t, "testdata/tree", Options{}), audited(t, link, Options{}); a.Files == 0 || cmp.Diff(a, b) != "" {
		t.Error(cmp.Diff(a, b))
	}
}

func TestMutations(t *testing.T) {
	base := audited(t, "testdata/tree", Options{})
	for _, tc := range []struct {
		name, file, from, to string
		want                 []string // weight: text, then the lines of the alignment that differ
	}{
		{
			"an unlock less", "mm/hugetlb.c", "\t\thuge_ptep_get_and_clear(ptep);\n\t\tspin_unlock(ptl);\n", "\t\thuge_ptep_get_and_clear(ptep);\n",
			[]string{"event body: __unmap_hugepage_range (mm/hugetlb.c:44): other events", "-   unlock ptl"},
		},
		{
			"a lock less", "mm/hugetlb.c", "\thugetlb_vma_lock_write(vma);\n", "",
			[]string{
				"event site: hugetlb_vma_lock_write in hugetlb_zap (mm/hugetlb.c): no more",
				"event body: hugetlb_zap (mm/hugetlb.c:68): other events", "- lock vma_lock w",
			},
		},
		{
			"flush and unlock swapped", "mm/hugetlb.c", "\ttlb_finish_mmu(&tlb);\n\ti_mmap_unlock_write(vma->vm_file->f_mapping);\n", "\ti_mmap_unlock_write(vma->vm_file->f_mapping);\n\ttlb_finish_mmu(&tlb);\n",
			[]string{"event body: hugetlb_zap (mm/hugetlb.c:68): other events", "- gather finish", "+ gather finish"},
		},
		{
			"the slot read once more", "mm/hugetlb.c", "\treturn pmd_offset(pud, addr);", "\tif (pud_bad(*pud))\n\t\treturn NULL;\n\treturn pmd_offset(pud, addr);",
			[]string{"event body: huge_pte_offset (mm/hugetlb.c:9): other events", "+ if", "+   return", "+ end", "+ read pud"},
		},
		{
			"the slot read with a plain load", "mm/hugetlb.c", "pud_none(READ_ONCE(*pud))", "pud_none(*pud)",
			[]string{"event body: huge_pte_offset (mm/hugetlb.c:9): other events", "- read pud once", "+ read pud"},
		},
		{
			"a lock in a helper that is looked through", "mm/hugetlb.c", "\ti_mmap_lock_write(mapping);", "\ti_mmap_lock_read(mapping);",
			[]string{"event body: hugetlb_zap (mm/hugetlb.c:68): other events", "- lock i_mmap_rwsem w", "+ lock i_mmap_rwsem r"},
		},
		{
			"a lock into a branch", "mm/hugetlb.c", "\t__take(vma->vm_file->f_mapping);", "\tif (vma->vm_file)\n\t\t__take(vma->vm_file->f_mapping);",
			[]string{"event body: hugetlb_zap (mm/hugetlb.c:68): other events", "+ if", "~   lock i_mmap_rwsem w", "+ end"},
		},
		{
			"another way out", "mm/hugetlb.c", "\t\tgoto out;", "\t\treturn ret;",
			[]string{"event body: hugetlb_fault (mm/hugetlb.c:82): other events", "-   goto out", "+   return", "- label out"},
		},
		{
			"a count after the wait", "mm/hugetlb.c", "\ttlb_remove_table_sync_one();\n\tptdesc_pmd_pts_dec(table_of(ptep));\n", "\tptdesc_pmd_pts_dec(table_of(ptep));\n\ttlb_remove_table_sync_one();\n",
			[]string{"event body: huge_pmd_unshare (mm/hugetlb.c:25): other events", "- ipi walkers", "+ ipi walkers"},
		},
		{
			"an assertion less", "mm/hugetlb.c", "\ti_mmap_assert_write_locked(vma->vm_file->f_mapping);\n", "",
			[]string{"event body: huge_pmd_unshare (mm/hugetlb.c:25): other events", "- held i_mmap_rwsem w"},
		},
		{
			"a caller more", "fs/proc/task_mmu.c", "\tspin_lock(walk->ptl);\n", "\thugetlb_walk(walk->vma, 0);\n\tspin_lock(walk->ptl);\n",
			[]string{
				"event site: hugetlb_walk in writes_hugetlb_entry (fs/proc/task_mmu.c): one more, new, line 5",
				"event body: writes_hugetlb_entry (fs/proc/task_mmu.c:3): other events", "+ lookup entry",
			},
		},
		{
			"a call more by a caller that is known", "mm/vma.c", "\thuge_pte_offset(vma->vm_mm, 1);\n", "\thuge_pte_offset(vma->vm_mm, 1);\n\thuge_pte_offset(vma->vm_mm, 2);\n",
			[]string{
				"event site: huge_pte_offset in stranger (mm/vma.c): 3 calls, before 2",
				"event body: stranger (mm/vma.c:19): other events", "+ lookup entry",
			},
		},
		{
			"a callback more", "fs/proc/task_mmu.c", "\t.hugetlb_entry\t= NULL,", "\t.hugetlb_entry\t= other_entry,",
			[]string{"event site: .hugetlb_entry in other_entry (fs/proc/task_mmu.c): one more, new, line 21"},
		},
		{
			"a lock less in a caller without a model", "fs/proc/task_mmu.c", "\tspin_unlock(walk->ptl);\n", "",
			[]string{"event body: writes_hugetlb_entry (fs/proc/task_mmu.c:3): other events", "- unlock ptl"},
		},
		{
			"a select less", "arch/arm64/Kconfig", "\tselect MMU_GATHER_RCU_TABLE_FREE\n", "",
			[]string{
				"event kconfig: arm64_4k MMU_GATHER_TABLE_FREE was y, is n", "event kconfig: arm64_4k MMU_GATHER_RCU_TABLE_FREE was y, is n",
				"event kconfig: arm64_64k MMU_GATHER_TABLE_FREE was y, is n", "event kconfig: arm64_64k MMU_GATHER_RCU_TABLE_FREE was y, is n",
			},
		},
		{
			"another condition", "arch/x86/Kconfig", "if X86_64 || \\\n\t\tX86_PAE\n", "if X86_64\n",
			[]string{"event kconfig: x86_pae ARCH_WANT_HUGE_PMD_SHARE was y, is n", "event kconfig: x86_pae HUGETLB_PMD_PAGE_TABLE_SHARING was ?, is n"},
		},
		{
			"a function renamed", "mm/vma.c", "void unlink_one(", "void unlink_two(",
			[]string{"event reference: unlink_one (mm/mmap.c) was moved, is gone", "event body: unlink_one (mm/vma.c): no more"},
		},
		{
			"a function renamed as is known", "mm/vma.c", "int do_mas_align_munmap(", "int do_vmi_align_munmap(",
			[]string{
				"event reference: do_vmi_align_munmap (mm/mmap.c) was renamed, is moved at mm/vma.c:12",
				"event body: do_vmi_align_munmap (mm/vma.c:12): not there before", "event body: do_mas_align_munmap (mm/vma.c): no more",
			},
		},
		{
			"a body changed, not its events", "mm/hugetlb.c", "\t\tret = -ENOMEM;", "\t\tret = -EAGAIN;",
			[]string{"same body: hugetlb_fault (mm/hugetlb.c:82): changed, same events"},
		},
		{
			"a body changed that cannot be read to the end", "mm/hugetlb.c", "\tif (node_of(vma)) {", "\tif (nodes_of(vma)) {",
			[]string{"unknown body: hugetlb_split_if (mm/hugetlb.c:115): changed, same events so far as they were read"},
		},
		{"a comment and blanks", "mm/hugetlb.c", "\ttlb_finish_mmu(&tlb);\n", "\n\ttlb_finish_mmu( /* { */ &tlb );\n\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := copied(t)
			edit(t, dir, tc.file, tc.from, tc.to)
			var got []string
			for _, c := range Compare(base, audited(t, dir, Options{})) {
				got = append(got, c.Weight+" "+c.Kind+": "+c.Text)
				for _, d := range c.Diff {
					if op := d[7:8]; op != " " && op != "." {
						got = append(got, d[7:])
					}
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestHostileTrees: nothing outside of the tree is read, nothing hangs, and what is not read is named.
func TestHostileTrees(t *testing.T) {
	dir := copied(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.c"), []byte("void secret(void)\n{\n\thuge_pte_offset(0, 0);\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink(filepath.Join(outside, "secret.c"), filepath.Join(dir, "mm/secret.c")))
	must(os.Symlink(outside, filepath.Join(dir, "mm/outside")))
	must(os.Symlink("..", filepath.Join(dir, "mm/loop")))
	must(os.Symlink(outside, filepath.Join(dir, "virt")))
	f, err := os.Create(filepath.Join(dir, "mm/huge.c"))
	must(err)
	must(f.Truncate(100 << 20))
	must(f.Close())
	must(os.WriteFile(filepath.Join(dir, "mm/empty.c"), nil, 0o644))
	must(os.WriteFile(filepath.Join(dir, "mm/braces.c"), []byte("void g(void)\n{\n\thuge_pte_offset(0, 0);\n"), 0o644))
	edit(t, dir, "fs/Kconfig", "ARCH_WANT_HUGE_PMD_SHARE && SPLIT_PMD_PTLOCKS", "ARCH_WANT_HUGE_PMD_SHARE &&")
	doc := audited(t, dir, Options{All: true})
	for _, f := range doc.Kconfig {
		if f.Fact == "HUGETLB_PMD_PAGE_TABLE_SHARING" && f.Value != "?" {
			t.Errorf("%s is %s, which depends on what cannot be read", f.Fact, f.Value)
		}
	}
	for _, s := range doc.Sites {
		if s.Func == "secret" {
			t.Errorf("%s was read", s.File)
		}
	}
	want := []string{`fs/Kconfig:3: cannot read the condition "ARCH_WANT_HUGE_PMD_SHARE &&"`, "mm/binary.c: not a text", "mm/braces.c:1: braces do not match", "mm/huge.c: 100 MB are too many"}
	if d := cmp.Diff(want, doc.Unread); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestScope: parts that nobody calls the memory management from are read if asked for, and those that are no kernel never.
func TestScope(t *testing.T) {
	dir := copied(t)
	for _, n := range []string{"drivers/gpu/a.c", "fs/ext4/b.c", "tools/testing/c.c", "arch/x86/boot/d.c", "include/uapi/e.h"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(n)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte("void in_"+strings.TrimSuffix(filepath.Base(n), filepath.Ext(n))+"(void) { huge_pte_offset(0, 0); }"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for all, want := range map[bool][]string{false: nil, true: {"in_a", "in_b", "in_d", "in_e"}} {
		var got []string
		for _, s := range audited(t, dir, Options{All: all}).Sites {
			if strings.HasPrefix(s.Func, "in_") && s.Func != "in_a_folder_named_like_a_file" {
				got = append(got, s.Func)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("all=%v: -want +got\n%s", all, d)
		}
	}
}

func TestNoTree(t *testing.T) {
	empty := t.TempDir()
	odd := t.TempDir()
	if err := os.WriteFile(filepath.Join(odd, "Makefile"), []byte("all:\n\techo VERSION = 6\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		empty: "is no kernel tree: it has no Makefile",
		odd:   "is no kernel tree: its Makefile has no VERSION and PATCHLEVEL",
	} {
		if _, err := Run(dir, library(t), Options{}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

func TestRanges(t *testing.T) {
	for _, tc := range []struct {
		since, until string
		open         bool
		in, out      []Release
	}{
		{"v5.4", "", true, []Release{{5, 4, 0, ""}, {5, 10, 3, ""}, {7, 1, 0, ""}}, []Release{{5, 3, 18, ""}, {4, 19, 0, ""}}},
		{"v5.9", "v6.12", false, []Release{{5, 9, 0, "-rc1"}, {6, 12, 99, ""}}, []Release{{5, 8, 0, ""}, {6, 13, 0, ""}}},
		{"v6.1", "", false, []Release{{6, 1, 192, ""}}, []Release{{6, 0, 0, ""}, {6, 2, 0, ""}}},
		{"v6.1-rc6", "", true, []Release{{6, 1, 0, ""}}, []Release{{6, 0, 0, ""}}},
	} {
		r := Ref{}
		r.Since, r.Until, r.Open = tc.since, tc.until, tc.open
		for _, x := range tc.in {
			if !r.Covers(x, nil) {
				t.Errorf("%s does not cover %s", r.Range(), x)
			}
		}
		for _, x := range tc.out {
			if r.Covers(x, nil) {
				t.Errorf("%s covers %s", r.Range(), x)
			}
		}
	}
}

func TestReadJSON(t *testing.T) {
	for _, s := range []string{"", "{}", "[]", `{"format":"pmdcheck-audit","version":2}`, `{"format":"pmdcheck-audit","version":1,"sites":[null]}`, `{"format":"pmdcheck-audit","version":1,"sites":[{"entry":"a"}]}`} {
		if _, err := ReadJSON(strings.NewReader(s)); err == nil {
			t.Errorf("%q is taken for an audit", s)
		}
	}
}
