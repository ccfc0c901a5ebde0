#include <asm/tlb.h>

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	inc_tlb_flush_pending(mm);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
	dec_tlb_flush_pending(tlb->mm);
}

SYSCALL_DEFINE1(gather, struct mm_struct __user *, mm)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	return 0;
}
