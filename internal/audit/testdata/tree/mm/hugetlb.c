/*
 * A miniature of our own, written for the audit's tests in the manner of a kernel. It does nothing.
 */
#include <linux/hugetlb.h>

/* huge_pmd_unshare(); { in a comment is no call and no brace */
static const char *banner = "not { closed \" huge_pmd_unshare(x)";

pte_t *huge_pte_offset(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = pud_of(mm, addr);

	if (pud_none(READ_ONCE(*pud)))
		return NULL;
	return pmd_offset(pud, addr);
}

static void __take(struct address_space *mapping)
{
	i_mmap_lock_write(mapping);
}

/* both halves define it; the second is a stub */
#ifdef CONFIG_HUGETLB_PMD_PAGE_TABLE_SHARING
int huge_pmd_unshare(struct mmu_gather *tlb, struct vm_area_struct *vma,
		     unsigned long addr, pte_t *ptep)
{
	i_mmap_assert_write_locked(vma->vm_file->f_mapping);
	if (!shared(ptep))
		return 0;
	pud_clear(pud_of(vma->vm_mm, addr));
	tlb_remove_table_sync_one();
	ptdesc_pmd_pts_dec(table_of(ptep));
	return 1;
}
#else /* !CONFIG_HUGETLB_PMD_PAGE_TABLE_SHARING */
int huge_pmd_unshare(struct mmu_gather *tlb, struct vm_area_struct *vma,
		     unsigned long addr, pte_t *ptep)
{
	return 0;
}
#endif

void __unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	bool unshared = false;

	for_each_huge_entry(vma, addr) {
		spinlock_t *ptl;
		pte_t *ptep = hugetlb_walk(vma, addr);

		if (!ptep)
			continue;
		ptl = huge_pte_lock(ptep);
		if (huge_pmd_unshare(tlb, vma, addr, ptep)) {
			spin_unlock(ptl);
			unshared = true;
			continue;
		}
		huge_ptep_get_and_clear(ptep);
		spin_unlock(ptl);
	}
	if (unshared)
		tlb_flush_mmu_tlbonly(tlb);
}

/* a helper that takes one lock, and the other here */
void hugetlb_zap(struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	hugetlb_vma_lock_write(vma);
	__take(vma->vm_file->f_mapping);
	tlb_gather_mmu(&tlb, vma->vm_mm);
	__unmap_hugepage_range(&tlb, vma);
	tlb_finish_mmu(&tlb);
	i_mmap_unlock_write(vma->vm_file->f_mapping);
	hugetlb_vma_unlock_write(vma);
}

/* old style, with an annotation */
int hugetlb_fault(vma, addr)
	struct vm_area_struct *vma;
	unsigned long addr;
{
	pte_t *ptep;
	int ret = 0;

	mutex_lock(&hugetlb_fault_mutex_table[hash_of(addr)]);
	hugetlb_vma_lock_read(vma);
	ptep = huge_pte_alloc(vma, addr);
	if (!ptep) {
		ret = -ENOMEM;
		goto out;
	}
	if (pte_none(huge_ptep_get(ptep)))
		set_huge_pte_at(vma->vm_mm, addr, ptep, '}');
out:
	hugetlb_vma_unlock_read(vma);
	mutex_unlock(&hugetlb_fault_mutex_table[hash_of(addr)]);
	return ret;
}

/* the lock goes on every way out */
int hugetlb_guarded(struct vm_area_struct *vma)
{
	guard(rwsem_read)(&vma->lock->rw_sema);

	if (!vma->table)
		return -EINVAL;
	return count(hugetlb_walk(vma, 0));
}

/* #if splits the condition from its branch */
void hugetlb_split_if(struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	if (node_of(vma)) {
#else
	{
#endif
		spin_lock(&vma->vm_mm->page_table_lock);
		spin_unlock(&vma->vm_mm->page_table_lock);
	}
}
