#include <linux/pagewalk.h>

static int writes_hugetlb_entry(pte_t *ptep, struct mm_walk *walk)
{
	spin_lock(walk->ptl);
	set_huge_pte_at(walk->mm, 0, ptep, 0);
	spin_unlock(walk->ptl);
	return 0;
}

static const struct mm_walk_ops writing_ops = {
	.hugetlb_entry	= writes_hugetlb_entry,
	.pmd_entry	= NULL,
};

static const struct mm_walk_ops reading_ops = {
	.hugetlb_entry	= gather_hugetlb_stats,
};

static const struct mm_walk_ops no_ops = {
	.hugetlb_entry	= NULL,
};
