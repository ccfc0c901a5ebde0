/* the architecture's own: another function, whatever its name */
int hugetlb_fault(struct vm_area_struct *vma, unsigned long addr)
{
	return !huge_pte_alloc(vma, addr);
}
