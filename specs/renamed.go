package specs

// renamed are the names that specs had before, with those that they have now. A name of that time is good everywhere where a spec is named: on the command line, in baselines, results and traces.
var renamed = map[string]string{
	"bugs/017b1660df89":     "bugs/017b1660df89_migrate_shared",
	"bugs/04ada095dcfc":     "bugs/04ada095dcfc_dontneed_vma_lock",
	"bugs/081056dc00a2":     "bugs/081056dc00a2_split_unshare",
	"bugs/0ed1325967ab":     "bugs/0ed1325967ab_batch_failure",
	"bugs/1013af4f585f":     "bugs/1013af4f585f_gup_fast_sync",
	"bugs/131a79b474e9":     "bugs/131a79b474e9_split_vma_lock",
	"bugs/13e4ad2ce8df":     "bugs/13e4ad2ce8df_mremap_flush",
	"bugs/187da0f8250a":     "bugs/187da0f8250a_private_vma_flags",
	"bugs/188cac58a8bc":     "bugs/188cac58a8bc_split_pmd_locks",
	"bugs/2820b0f09be9":     "bugs/2820b0f09be9_empty_pool",
	"bugs/285994a62c80":     "bugs/285994a62c80_walk_cache_free",
	"bugs/2ba99c5e0881":     "bugs/2ba99c5e0881_khugepaged_ipi",
	"bugs/34ae204f1851":     "bugs/34ae204f1851_share_without_rwsem",
	"bugs/3ef938c35035":     "bugs/3ef938c35035_lazy_flush",
	"bugs/3ef938c35035_pte": "bugs/3ef938c35035_lazy_flush_pte",
	"bugs/59d9094df3d7":     "bugs/59d9094df3d7_share_count",
	"bugs/612b8a317023":     "bugs/612b8a317023_vma_lock_leak",
	"bugs/6dfeaff93be1":     "bugs/6dfeaff93be1_uffd_wp",
	"bugs/70cbc3cc78a9":     "bugs/70cbc3cc78a9_gup_fast_collapse",
	"bugs/71b3c126e611":     "bugs/71b3c126e611_switch_mm_barrier",
	"bugs/7b7387650dcf":     "bugs/7b7387650dcf_truncate_migration",
	"bugs/8246601a7d39":     "bugs/8246601a7d39_riscv_table_free",
	"bugs/939de63d35dd":     "bugs/939de63d35dd_vmemmap_restore",
	"bugs/99baac21e458":     "bugs/99baac21e458_two_gathers",
	"bugs/a4a118f2eead":     "bugs/a4a118f2eead_unshare_flush",
	"bugs/b30c14cd6102":     "bugs/b30c14cd6102_split_shared",
	"bugs/c0d0381ade79":     "bugs/c0d0381ade79_fault_truncate",
	"bugs/c2ff4764e03e":     "bugs/c2ff4764e03e_arm64_unshare",
	"bugs/ca1a47cd3f5f":     "bugs/ca1a47cd3f5f_shared_test",
	"bugs/cec944dd329f":     "bugs/cec944dd329f_no_vma_lock",
	"bugs/ecfbd733878d":     "bugs/ecfbd733878d_vma_back_pointer",
	"bugs/fea4e317f9e7":     "bugs/fea4e317f9e7_switching_cpu",
}

// Current is the name that a spec has now.
func Current(name string) string {
	if now, ok := renamed[name]; ok {
		return now
	}
	return name
}
