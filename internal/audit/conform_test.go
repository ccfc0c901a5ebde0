package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
void nothing(struct vma *vma)
{
}
`

func TestConform(t *testing.T) {
	l, err := ReadLibrary(map[string]string{"linux/x.pmd": conforming})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Run("testdata/tree", l, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := Conform(doc, l, "x86_nopv")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cs {
		got = append(got, fmt.Sprintf("%s: %d equal, %d missing, %d more, %d nested, %d unknown", c.Model, c.Equal, c.Missing, c.More, c.Nested, len(c.Unknown)))
		for _, d := range c.Diff {
			if d[0] != ' ' {
				got = append(got, d)
			}
		}
	}
	want := []string{
		"alike: 7 equal, 0 missing, 0 more, 0 nested, 0 unknown",
		"unmap: 3 equal, 1 missing, 1 more, 2 nested, 0 unknown",
		// the source clears where the model publishes, it does that and unlocks behind the branch and not in it, and it flushes in a branch
		"-   or", "-     publish entry", "+   end", "+   clear entry", "~   unlock ptl", "-   end", "+ if", "~   flush", "+ end",
		"unshare: 3 equal, 0 missing, 0 more, 0 nested, 0 unknown",
		"asserts: 1 equal, 2 missing, 0 more, 0 nested, 0 unknown",
		"+ clear slot", "+ ipi walkers",
		"split: 0 equal, 0 missing, 0 more, 2 nested, 1 unknown",
		"+ if", "~   lock page_table_lock", "~   unlock page_table_lock", "+ end",
		"nothing: 0 equal, 0 missing, 0 more, 0 nested, 0 unknown",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	var b strings.Builder
	if err := WriteConformance(&b, doc, cs, false); err != nil {
		t.Fatal(err)
	}
	const head = "6.9.3-mini: 6 functions aligned, 2 with the same events, 1 without events that are compared, 1 not read to the end\n"
	if !strings.HasPrefix(b.String(), head) {
		t.Errorf("%.200s", b.String())
	}
}
