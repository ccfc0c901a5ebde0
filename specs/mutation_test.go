package specs_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/specs"
)

var mutants = flag.String("mutants", "", "TestEveryProtectionMatters: remove every statement whose `key`, as in harmless, matches this expression, instead of a sample")

const (
	configsPerSpec  = 10 // configurations of a spec that are asked at least, spread over its sweep,
	configsPerValue = 3  // and configurations with each value of each parameter
	sampleOf        = 24 // without -mutants every so manieth statement is removed
	mutantsStates   = 100_000
)

// kernelFolders are the folders whose specs use the kernel library.
var kernelFolders = []string{"seed", "family", "tables", "walkers", "bugs", "residual", "hazards", "gather", "kernel"}

// statement matches every statement of the library that does something: calls, assignments, waits, frees. Not declarations, jumps, assertions and
// lock_acquire() and its kin (which only observe), nor marks.
var statement = regexp.MustCompile(`^\t+(?:\w+ \((?:.*)\);|\w+\(.*\);|[\w\->.*\[\] +]+ (?:\||\+|-)?= .*;|[\w\->.\[\]]+(?:\+\+|--);)$`)

var observer = regexp.MustCompile(`^\t+(?:assert|cover|return|struct|enum|bool|pte_t|pud_t|seqcount_t|rcu_head|srcu_head|u\d+|int|if|for|while|lock_acquire|lock_tryacquire|lock_release|observe_\w+|mark_dropping)\b`)

// function finds the name of the function or process that line i is in.
func function(lines []string, i int) string {
	head := regexp.MustCompile(`^(?:override )?(?:struct |enum )?\w+ \*?(\w+)[(\[]|^process (\w+)`)
	for ; i >= 0; i-- {
		if m := head.FindStringSubmatch(lines[i]); m != nil {
			return m[1] + m[2]
		}
	}
	return ""
}

// earlier counts the lines like line i before it in the same function.
func earlier(lines []string, i int) (n int) {
	for k := i - 1; k >= 0 && function(lines, k) == function(lines, i); k-- {
		if strings.TrimSpace(lines[k]) == strings.TrimSpace(lines[i]) {
			n++
		}
	}
	return n
}

// askedConfig is one configuration that mutants are tried on.
type askedConfig struct {
	spec   string
	config elab.Configuration
	want   string
	states int64
	lines  map[string]bool // "mm/hugetlb.pmd:12", what its machine executes or has inlined
}

// answer is the verdict of a configuration and what it violates.
func answer(sys *model.System) (string, int64, error) {
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, MaxStates: mutantsStates})
	if err != nil {
		return "", 0, err
	}
	return fmt.Sprint(res.Verdict, properties(res)), res.Stats.States, nil
}

// executed lists the lines of the library that the steps of a machine come from, calls included.
func executed(sys *model.System) map[string]bool {
	lines := map[string]bool{}
	note := func(p source.Pos) {
		if f := sys.Files.File(p); f != nil {
			lines[fmt.Sprintf("%s:%d", strings.TrimPrefix(f.Name, "linux/"), p.Line())] = true
		}
	}
	for _, p := range sys.Processes {
		code := [][]model.Op{p.Start}
		for _, t := range p.Trans {
			code = append(code, t.Code)
		}
		for _, ops := range code {
			for _, o := range ops {
				note(o.Pos)
				for f := o.Frame; f != model.NoFrame; f = sys.Frames[f].Parent {
					note(sys.Frames[f].Call)
				}
			}
		}
	}
	return lines
}

// spread chooses configurations in the order of a hash, so that no parameter's period meets a stride.
func spread(configs []elab.Configuration) (out []elab.Configuration) {
	hash := func(c elab.Configuration) uint32 {
		h := fnv.New32a()
		for i, v := range c.Config {
			if i > 0 {
				h.Write([]byte{' '})
			}
			h.Write([]byte(v.Name + "=" + v.Value))
		}
		return h.Sum32()
	}
	slices.SortFunc(configs, func(a, b elab.Configuration) int { return cmp.Compare(hash(a), hash(b)) })
	taken := map[model.ConfigValue]int{}
	for _, c := range configs {
		wanted := len(out) < configsPerSpec
		for _, v := range c.Config {
			wanted = wanted || taken[v] < configsPerValue
		}
		if !wanted {
			continue
		}
		for _, v := range c.Config {
			taken[v]++
		}
		out = append(out, c)
	}
	return out
}

// executing are all configurations of all kernel specs that execute a line of the library, for when no configuration that was asked changes its verdict.
func executing(t *testing.T, at string) iter.Seq[*askedConfig] {
	return func(yield func(*askedConfig) bool) {
		for _, name := range kernelSpecs(t) {
			spec := load(t, name, linux.FS)
			configs, err := spec.Configurations(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range configs {
				sys, err := spec.Build(c, elab.BuildOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if !executed(sys)[at] {
					continue
				}
				a := &askedConfig{spec: name, config: c}
				if a.want, a.states, err = answer(sys); err != nil {
					t.Fatal(err)
				}
				if !yield(a) {
					return
				}
			}
		}
	}
}

// kernelSpecs are the specs that use the kernel library.
func kernelSpecs(t *testing.T) (names []string) {
	for _, dir := range kernelFolders {
		files, err := fs.Glob(specs.FS, dir+"/*.pmd")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(f, ".pmd"))
		}
	}
	return names
}

// asked chooses configurations of every kernel spec and checks them with the library as it is.
func asked(t *testing.T) []*askedConfig {
	var out []*askedConfig
	for _, name := range kernelSpecs(t) {
		spec := load(t, name, linux.FS)
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range spread(configs) {
			sys, err := spec.Build(c, elab.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			a := &askedConfig{spec: name, config: c, lines: executed(sys)}
			if a.want, a.states, err = answer(sys); err != nil {
				t.Fatal(err)
			}
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b *askedConfig) int { return int(a.states - b.states) })
	return out
}

// TestEveryProtectionMatters removes, one at a time, statements of the library that do something (lock operations, waits, flushes, grace-period and refcount steps
// among them), and demands that some configuration changes its verdict, or that the statement is listed as harmless with a reason.
func TestEveryProtectionMatters(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: every mutant is tried on many configurations")
	}
	var chosen *regexp.Regexp
	if *mutants != "" {
		chosen = regexp.MustCompile(*mutants)
	}
	configs := asked(t)
	files := fstest.MapFS{}
	var names []string
	err := fs.WalkDir(linux.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			src, _ := linux.FS.ReadFile(p)
			files[p] = &fstest.MapFile{Data: src}
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	removed := 0
	for _, name := range names {
		lines := strings.Split(string(files[name].Data), "\n")
		for i, line := range lines {
			if !statement.MatchString(line) || observer.MatchString(line) {
				continue
			}
			key := name + ": " + function(lines, i) + ": " + strings.TrimSpace(line)
			if n := earlier(lines, i); n > 0 {
				key += fmt.Sprintf(" (%d)", n+1)
			}
			known[key] = true
			removed++
			if chosen != nil && !chosen.MatchString(key) || chosen == nil && removed%sampleOf != 0 {
				continue
			}
			mutant := append([]string{}, lines...)
			mutant[i] = ";"
			lib := fstest.MapFS{}
			for n, g := range files {
				lib[n] = g
			}
			lib[name] = &fstest.MapFile{Data: []byte(strings.Join(mutant, "\n"))}
			at := fmt.Sprintf("%s:%d", name, i+1)
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				loaded := map[string]*elab.Spec{}
				changes := func(c *askedConfig) bool {
					spec := loaded[c.spec]
					if spec == nil {
						spec = load(t, c.spec, lib)
						loaded[c.spec] = spec
					}
					sys, err := spec.Build(c.config, elab.BuildOptions{})
					if err != nil {
						t.Fatalf("%s does not build without %s, so it says nothing: %v", c.config, key, err)
					}
					got, _, err := answer(sys)
					if err != nil {
						t.Fatal(err)
					}
					if got != c.want && harmless[key] != "" {
						t.Errorf("%s is listed as harmless, and without it %s %s is %s instead of %s", key, c.spec, c.config, got, c.want)
					}
					return got != c.want
				}
				tried := 0
				for _, c := range configs {
					if c.lines[at] {
						if tried++; changes(c) {
							return
						}
					}
				}
				if harmless[key] != "" {
					return
				}
				for c := range executing(t, at) {
					if tried++; changes(c) {
						return
					}
				}
				t.Errorf("%q can be removed and no verdict of %d configurations changes", key, tried)
			})
		}
	}
	for key := range harmless {
		if !known[key] {
			t.Errorf("%s is listed as harmless and is not in the library", key)
		}
	}
	if removed < 250 {
		t.Errorf("only %d statements were found in the library", removed)
	}
}

// harmless lists statements of the library whose removal changes no verdict of the configurations that are asked, with the reason. Each key is a file, the function and the line.
var harmless = map[string]string{
	"arch/tlb.pmd: cpu_access: tlb_leaf[this_cpu] = tlb_walk[this_cpu];":                     "the walk from the cached upper-level entry is judged itself",
	"mm/table_rcu.pmd: rcu_gp: rcu_current[k] = NULL;":                                       "the next grace period overwrites it, and in between only a cover looks at it",
	"kernel/fork.pmd: fork_mm: mmap_write_unlock(parent);":                                   "nobody else wants the parent's mmap_lock where fork() is raced with",
	"kernel/fork.pmd: fork_mm: vma_start_write(parent);":                                     "no fault under the per-VMA lock races with fork(), which leaves shared mappings to faults where there is one",
	"kernel/fork.pmd: fork_mm: vma_interval_tree_insert(child);":                             "what goes wrong at fork() goes wrong in the parent's table",
	"kernel/fork.pmd: copy_hugetlb_page_range: set_huge_pte_at(dst_vma, dst, pte_present);":  "what an entry of the child says decides nothing",
	"mm/context.pmd: enter_lazy_tlb: mm->lazy |= 1 << this_cpu;":                             "a lazy CPU that is interrupted all the same loses nothing but time",
	"kernel/softirq.pmd: irq_enter: smp_mb_cpu(this_cpu);":                                   "where memory is sequentially consistent it is nothing",
	"kernel/softirq.pmd: irq_exit: smp_mb();":                                                "as above",
	"kernel/softirq.pmd: softirq_enter: smp_mb_cpu(this_cpu);":                               "as above",
	"kernel/softirq.pmd: softirq_exit: smp_mb();":                                            "as above",
	"mm/tlb.pmd: flush_tlb_exactly: tlb_flush_info[this_cpu] = 0;":                           "the next flush of the CPU writes it before anybody reads it",
	"mm/lifetime.pmd: mmget: refcount_inc(&mm->mm_users);":                                   "for specs to come: what has no reference yet calls mmget_not_zero()",
	"mm/lifetime.pmd: mmput: might_sleep();":                                                 "kernel/sleeping has that of mm/mm",
	"mm/vma.pmd: vma_start_read: mmdrop(other);":                                             "then the mm stays, and of what a tree points to nobody asks whether it is left over",
	"mm/vma.pmd: vma_mark_detached: vma_exit_locked(vma);":                                   "nobody gets in where the count is 0, and what is made of the memory begins anew",
	"mm/mmu_notifier.pmd: kvm_page_fault: smp_rmb();":                                        "where memory is sequentially consistent, and on x86, it is nothing",
	"mm/zap.pmd: mm_teardown: gather.fullmm = true;":                                         "the pages that were mapped are flushed anyhow",
	"mm/zap.pmd: tlb_flush_mmu_tlbonly: gather->pages = 0;":                                  "then the pages are flushed once more, later",
	"mm/zap.pmd: tlb_gather_mmu: gather->fullmm = false;":                                    "a gather is new where it begins",
	"mm/tlb_batch.pmd: try_to_unmap_flush: batch->mm = NULL;":                                "then a batch that is used again flushes once more",
	"mm/tlb_batch.pmd: flush_tlb_batched_pending: tlb_batch_flushed = pending;":              "then what was flushed is flushed again",
	"mm/gup_folio.pmd: gup_fast_page: flags = local_irq_save();":                             "it keeps the table, and none is freed here",
	"fs/file.pmd: fget: rcu_read_unlock();":                                                  "it keeps the memory of the cache, which is never given back here",
	"lib/percpu_ref.pmd: percpu_ref_init: ref->atomic_mode = false;":                         "before the ref is killed the count does not come to 0",
	"mm/hugetlb.pmd: hugetlb_unshare_pmds: tlb_finish_mmu(&tlb, vma->vm_mm);":                "everything was flushed before i_mmap_rwsem was released",
	"mm/hugetlb.pmd: hugetlb_unshare_pmds: drop_secondary_tlbs(vma->vm_mm);":                 "it comes too late, which is what hazards/sva_unshare is about",
	"mm/mprotect.pmd: hugetlb_change_protection: drop_secondary_tlbs(vma->vm_mm);":           "as above",
	"mm/rmap.pmd: try_to_migrate_one: drop_secondary_tlbs(vma->vm_mm); (2)":                  "what a device has cached is judged by tables, not by entries",
	"mm/hugetlb.pmd: hugetlb_vma_lock_alloc: lock->refs = 0;":                                "a new lock of the pool has none",
	"mm/hugetlb.pmd: hugetlb_fault: migration_entry_wait_huge(ptep); (2)":                    "under the vma_lock it finds nothing wrong, and what it waits for is not modelled",
	"mm/khugepaged.pmd: madvise_dontneed_reclaim: up_read(&mm->mmap_lock);":                  "nobody takes mmap_lock for write after it: that is why it does not protect a walker",
	"mm/khugepaged.pmd: madvise_dontneed_reclaim: tlb.pending = true;":                       "the table goes too, which is flushed for with all levels",
	"mm/memory.pmd: ordinary_fault: up_read(&mm->mmap_lock);":                                "the owner's last act",
	"mm/mmap.pmd: split_vma: new->vm_mayshare = vma->vm_mayshare;":                           "a half does not cover the range: it neither shares, nor is it asked for a lock that it did not get",
	"mm/mmap.pmd: split_vma: new->uffd = vma->uffd;":                                         "no VMA that is split is registered",
	"mm/mmap.pmd: split_vma: new->vm_start = at;":                                            "the other half is unmapped next, and a zap of both halves would unshare and clear as much",
	"mm/mmap.pmd: split_vma: vma_interval_tree_insert(new);":                                 "the other half is unmapped next; nothing looks for it in between that does not find the first half",
	"mm/mmap.pmd: vma_interval_tree_insert: vma->mapping->i_mmap[k] = vma;":                  "as above",
	"mm/mmu_gather.pmd: tlb_drop_own: tlb_drop(this_cpu, levels);":                           "the CPU that unshares caches nothing in these specs",
	"mm/mmu_gather.pmd: tlb_finish_mmu: tlb->fullmm = true;":                                 "with freed_tables set, which is enough for every target",
	"mm/mmu_gather.pmd: tlb_flush_mmu: tlb->page[k] = NULL;":                                 "the gather ends here",
	"mm/mmu_gather.pmd: tlb_flush_mmu_tlbonly: tlb->pending = false;":                        "without it the mm is flushed once more, later",
	"mm/mmu_gather.pmd: tlb_flush_mmu_tlbonly: tlb->pud_range = false;":                      "as above",
	"mm/mmu_gather.pmd: tlb_flush_mmu_tlbonly: tlb->freed_tables = false;":                   "as above",
	"mm/mmu_gather.pmd: tlb_flush_mmu_tlbonly: tlb->unshared_tables = false;":                "as above",
	"mm/pgtable.pmd: pmd_alloc_one: table->entry[i] = pte_none;":                             "a spare table is empty; this is for one that was freed before",
	"mm/pgtable.pmd: pmd_alloc_one: table->ptl = 0;":                                         "as above",
	"mm/pgtable.pmd: pmd_alloc_one: table->pt_share_count = 0;":                              "as above",
	"mm/pgtable.pmd: pmd_alloc_one: table->ptl_destroyed = false;":                           "as above",
	"mm/mmu_gather.pmd: tlb_finish_mmu: mm->tlb_flush_pending--;":                            "without it later gathers flush more",
	"mm/pgtable.pmd: free_page_table: pgtable_pmd_page_dtor(table);":                         "the page goes right after, and the lock with it",
	"mm/mremap.pmd: move_hugetlb_page_tables: tlb_flush_mmu_tlbonly(&tlb, vma->vm_mm);":      "huge_pmd_unshare_flush() flushes what it finds pending",
	"fs/proc.pmd: pagemap_scan_hugetlb_entry: flush_hugetlb_tlb_range(vma->vm_mm);":          "it writes an entry that no CPU of these specs has cached",
	"mm/mprotect.pmd: hugetlb_change_protection: tlb_flush_mmu_tlbonly(&tlb, vma->vm_mm);":   "as above",
	"mm/rmap.pmd: try_to_migrate_one: ptl_unlock(ptl);":                                      "no migration here finds the entry gone",
	"mm/hugetlb.pmd: hugetlb_vma_lock_alloc: lock->vma = vma;":                               "nobody follows the back pointer of a lock that a split or fork() has made",
	"fs/userfaultfd.pmd: mfill_atomic_hugetlb: down_read(&vma->vm_mm->mmap_lock);":           "its walkers/rows configurations have one thread of m1; nobody waits for what it holds",
	"mm/walker_lock.pmd: walker_unlock: up_read(&vma->vm_mm->mmap_lock);":                    "nobody takes m1's mmap_lock for write after the walker",
	"mm/rmap.pmd: page_vma_mapped_walk: pte = huge_ptep_get(ptep);":                          "the walk is safe in the configurations where it holds, and what it reads decides nothing",
	"mm/rmap.pmd: page_vma_mapped_walk: ptep = hugetlb_walk(vma, i);":                        "the walk is safe in the configurations where it holds, and what it reads decides nothing",
	"mm/pagewalk.pmd: walk_unlocked_entry: up_read(&vma->vm_mm->mmap_lock);":                 "nobody takes m1's mmap_lock for write after the walker",
	"mm/pagewalk.pmd: walk_locked_entry: up_read(&vma->vm_mm->mmap_lock);":                   "nobody takes m1's mmap_lock for write after the walker",
	"mm/pagewalk.pmd: folio_walk: pte = READ_ONCE(*ptep);":                                   "the walk is safe where there is one (v6.12), and what it reads decides nothing",
	"mm/pagewalk.pmd: folio_walk: pte = huge_ptep_get(ptep);":                                "the walk is safe where there is one (v6.12), and what it reads decides nothing",
	"mm/pgtable.pmd: pmd_alloc: spin_unlock(&mm->page_table_lock); (2)":                      "what comes later finds a table and does not take the lock",
	"mm/mremap.pmd: move_hugetlb_page_tables: tlb_finish_mmu(&tlb, vma->vm_mm);":             "the last act of its mm in these specs, or nobody else wants it",
	"mm/mremap.pmd: move_hugetlb_page_tables: tlb.pending = true;":                           "an unshared table is flushed by huge_pmd_unshare_flush()",
	"mm/mremap.pmd: move_huge_pte: set_huge_pte_at(new, dst, pte);":                          "what a moved entry says decides nothing",
	"mm/mremap.pmd: move_hugetlb_page_tables: unshared = false;":                             "mremap() of two ranges is for specs to come; gather/unshare has mprotect() and a zap of two",
	"mm/mremap.pmd: move_hugetlb_page_tables: unshared = true;":                              "one entry, or a slot that is empty the second time",
	"mm/mprotect.pmd: userfaultfd_writeprotect: up_read(&vma->vm_mm->mmap_lock);":            "hazards/uffd_wp_hole, which calls it, has no process that takes mmap_lock for write",
	"mm/mprotect.pmd: mprotect: vma_start_write(vma);":                                       "the last act of its mm in these specs, or nobody else wants it",
	"mm/mprotect.pmd: hugetlb_change_protection: tlb_finish_mmu(&tlb, vma->vm_mm);":          "the last act of its mm in these specs, or nobody else wants it",
	"mm/mprotect.pmd: hugetlb_change_protection: tlb.pending = true;":                        "an unshared table is flushed by huge_pmd_unshare_flush()",
	"mm/mprotect.pmd: hugetlb_change_protection: hugetlb_vma_unlock_write(vma);":             "the last act of its mm in these specs, or nobody else wants it",
	"kernel/events.pmd: perf_get_page_size: pte = READ_ONCE(table->entry[i]);":               "the walk is safe in the configurations where it holds, and what it reads decides nothing",
	"mm/gup.pmd: follow_page_mask: walk_locked_entry(vma, i);":                               "for specs of v6.10 and later; follow_hugetlb_page() is the same walk",
	"kernel/fork.pmd: copy_hugetlb_page_range: hugetlb_vma_unlock_read(src_vma);":            "of v6.1 and later, where fork() does not copy shared mappings; specs end at v6.0",
	"kernel/fork.pmd: copy_hugetlb_page_range: hugetlb_vma_lock_read(src_vma);":              "of v6.1 and later, where fork() does not copy shared mappings; specs end at v6.0",
	"kernel/events.pmd: perf_get_page_size: table = READ_ONCE(*slot);":                       "the walk is safe in the configurations where it holds, and what it reads decides nothing",
	"fs/userfaultfd.pmd: mfill_atomic_hugetlb: up_read(&vma->vm_mm->mmap_lock);":             "its walkers/rows configurations have one thread of m1; nobody waits for what it holds",
	"fs/userfaultfd.pmd: mfill_atomic_hugetlb: hugetlb_vma_unlock_read(vma);":                "its walkers/rows configurations have one thread of m1; nobody waits for what it holds",
	"fs/userfaultfd.pmd: mfill_atomic_hugetlb: mutex_unlock(&vma->mapping->fault_mutex[i]);": "its walkers/rows configurations have one thread of m1; nobody waits for what it holds",
}
