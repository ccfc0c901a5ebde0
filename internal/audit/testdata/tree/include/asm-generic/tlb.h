#define pte_free_tlb(tlb, ptep, address)			\
	do {							\
		tlb_flush_pmd_range(tlb, address, PAGE_SIZE);	\
		__pte_free_tlb(tlb, ptep, address);		\
	} while (0)

#define free_all_tables(tlb, ptep)				\
	do {							\
		pte_free_tlb(tlb, ptep, 0);			\
	} while (0)

/* says that it exists, and does not say what it is */
#define nowhere nowhere
