#include <linux/hugetlb.h>

/* moved here from another file */
void unlink_one(struct vm_area_struct *vma)
{
	i_mmap_lock_write(vma->vm_file->f_mapping);
	vma_interval_tree_remove(vma, &vma->vm_file->f_mapping->i_mmap);
	i_mmap_unlock_write(vma->vm_file->f_mapping);
}

/* called otherwise before */
int do_mas_align_munmap(struct vm_area_struct *vma)
{
	mmap_write_downgrade(vma->vm_mm);
	return 0;
}

/* a caller that no model covers */
void stranger(struct vm_area_struct *vma)
{
	huge_pte_offset(vma->vm_mm, 0);
	huge_pte_offset(vma->vm_mm, 1);
}

#if 0
void never_compiled(void)
{
	huge_pte_offset(0, 0);
}
#endif
