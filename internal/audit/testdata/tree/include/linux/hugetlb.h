#ifndef _LINUX_HUGETLB_H
#define _LINUX_HUGETLB_H

static inline pte_t *hugetlb_walk(struct vm_area_struct *vma, unsigned long addr)
{
	lockdep_assert_held(&vma->lock->rw_sema);
	return huge_pte_offset(vma->vm_mm, addr);
}

int huge_pmd_unshare(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr, pte_t *ptep);

#endif
