package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"pmdcheck/checker/report"
)

// shardsVariable says how many shards there are, where the scheduler does not, or not of the whole run.
const shardsVariable = "PMDCHECK_SHARDS"

// shardFrom is the part of a run that a batch scheduler gives to this process, and the variable by which: Slurm to a task of an array, Kubernetes to a pod of an Indexed Job. Both count from 0 here,
// or from where the array begins.
func shardFrom(env func(string) string) (s report.Shard, by string, err error) {
	number := func(name string) (int, error) {
		n, err := strconv.Atoi(env(name))
		if err != nil || n < 0 || n > 1<<30 {
			return 0, fmt.Errorf("%s=%q is no number of a task: give --shard", name, env(name))
		}
		return n, nil
	}
	for _, name := range []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"} {
		if env(name) != "" {
			by = cmp.Or(by, name)
		}
	}
	if by == "" {
		return s, "", nil
	}
	var errs [4]error
	index, count, low, step := 0, 0, 0, 1
	index, errs[0] = number(by)
	switch {
	case env(shardsVariable) != "": // an array of which some tasks are made again has other bounds
		count, errs[1] = number(shardsVariable)
	case by == "SLURM_ARRAY_TASK_ID":
		high := 0
		count, errs[1] = number("SLURM_ARRAY_TASK_COUNT")
		low, errs[2] = number("SLURM_ARRAY_TASK_MIN")
		high, errs[3] = number("SLURM_ARRAY_TASK_MAX")
		if env("SLURM_ARRAY_TASK_STEP") != "" && errs[3] == nil {
			step, errs[3] = number("SLURM_ARRAY_TASK_STEP")
		}
		if err := errors.Join(errs[:]...); err == nil && (step < 1 || (high-low)/step+1 != count) {
			return s, by, fmt.Errorf("the array of %d tasks from %d to %d has gaps, so it does not say of how many shards %d is one: set %s, and the tasks are those from 0, or give --shard", count, low, high, index, shardsVariable)
		}
	default:
		return s, by, fmt.Errorf("%s is set, and nothing says of how many: set %s to the completions of the job, or give --shard", by, shardsVariable)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return s, by, err
	}
	s = report.Shard{Index: (index-low)/step + 1, Of: count}
	if _, err := report.ParseShard(s.String()); err != nil || s.Of == 0 || index < low || (index-low)%step != 0 {
		return s, by, fmt.Errorf("%s=%d is none of %d tasks: set %s, or give --shard", by, index, count, shardsVariable)
	}
	return s, by, nil
}

// place says which part of the run this process has, and where its results go.
func (f *checkFlags) place(a *app, args []string) error {
	if f.shard == "" {
		s, by, err := shardFrom(os.Getenv)
		if err != nil {
			return err
		}
		if f.shard = s.String(); by != "" {
			fmt.Fprintf(a.err, "pmdcheck: shard %s, by %s\n", f.shard, by)
		}
	}
	s, err := report.ParseShard(f.shard)
	if err != nil {
		return fmt.Errorf("--shard %w", err)
	}
	if f.shard != "" {
		f.run = &report.Run{Specs: args, Set: f.set, Only: f.only, Memory: f.memoryModel, Tier: f.tier, Profile: f.profile}
	}
	if f.results == "" {
		return nil
	}
	if f.outputs.json != "" {
		return errors.New("--results is --json with a name of its own: leave out one of them")
	}
	if err := os.MkdirAll(f.results, 0o755); err != nil {
		return err
	}
	f.outputs.json = filepath.Join(f.results, shardFile(s))
	return nil
}

// shardFile names the results of a shard, so that files sort by it.
func shardFile(s report.Shard) string {
	if s.Of == 0 {
		s = report.Shard{Index: 1, Of: 1}
	}
	return fmt.Sprintf("shard-%0*d-of-%d.json", len(strconv.Itoa(s.Of)), s.Index, s.Of)
}
