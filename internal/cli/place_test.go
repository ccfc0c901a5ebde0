package cli

import (
	"strings"
	"testing"
)

// TestShardFrom: tasks of schedulers are shards, from whatever number they count; what does not tell which of how many is refused, since a shard too many or too few is configurations that nobody looks at.
func TestShardFrom(t *testing.T) {
	slurm := "SLURM_ARRAY_TASK_ID=%1 SLURM_ARRAY_TASK_COUNT=%2 SLURM_ARRAY_TASK_MIN=%3 SLURM_ARRAY_TASK_MAX=%4 "
	array := func(id, count, low, high string) string {
		return strings.NewReplacer("%1", id, "%2", count, "%3", low, "%4", high).Replace(slurm)
	}
	for _, tc := range []struct{ env, want, by, wrong string }{
		{env: "PMDCHECK_SHARDS=4"},
		{env: array("0", "8", "0", "7"), want: "1/8", by: "SLURM_ARRAY_TASK_ID"},
		{env: array("8", "8", "1", "8"), want: "8/8", by: "SLURM_ARRAY_TASK_ID"},
		{env: array("7", "3", "3", "7") + "SLURM_ARRAY_TASK_STEP=2", want: "3/3", by: "SLURM_ARRAY_TASK_ID"},
		{env: array("5", "2", "2", "5"), wrong: "has gaps"},
		{env: array("5", "2", "2", "5") + "PMDCHECK_SHARDS=8", want: "6/8", by: "SLURM_ARRAY_TASK_ID"},
		{env: "SLURM_ARRAY_TASK_ID=1", wrong: "SLURM_ARRAY_TASK_COUNT"},
		{env: array("x", "8", "0", "7"), wrong: "is no number"},
		{env: array("9", "8", "0", "7"), wrong: "is none of 8 tasks"},
		{env: "JOB_COMPLETION_INDEX=0 PMDCHECK_SHARDS=3", want: "1/3", by: "JOB_COMPLETION_INDEX"},
		{env: "JOB_COMPLETION_INDEX=3 PMDCHECK_SHARDS=3", wrong: "is none of 3 tasks"},
		{env: "JOB_COMPLETION_INDEX=-1 PMDCHECK_SHARDS=3", wrong: "is no number"},
		{env: "JOB_COMPLETION_INDEX=1 PMDCHECK_SHARDS=0", wrong: "is none of 0 tasks"},
		{env: "JOB_COMPLETION_INDEX=2", wrong: "set PMDCHECK_SHARDS"},
	} {
		vars := map[string]string{}
		for _, f := range strings.Fields(tc.env) {
			n, v, _ := strings.Cut(f, "=")
			vars[n] = v
		}
		s, by, err := shardFrom(func(n string) string { return vars[n] })
		if tc.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%s: %v, %v", tc.env, s, err)
			}
			continue
		}
		if err != nil || s.String() != tc.want || by != tc.by {
			t.Errorf("%s: %v by %s, %v", tc.env, s, by, err)
		}
	}
}
