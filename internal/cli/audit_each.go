package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"pmdcheck/internal/audit"
)

// auditEach reports what each commit between two changes: functions and features, and verdicts if they are asked for. The claims are checked anew only where the release or the features have changed.
func (a *app) auditEach(ctx context.Context, f auditFlags, lib *audit.Library, specs []string) error {
	before, after, _ := strings.Cut(f.rev, "..")
	after = cmp.Or(after, "HEAD")
	o := audit.Options{All: f.all, Conform: f.conform}
	old, err := audit.RunCommit(ctx, f.dir, before, lib, o)
	if err != nil {
		return err
	}
	commits, err := audit.Commits(ctx, f.dir, before, after, f.all)
	if err != nil {
		return err
	}
	text := io.Writer(a.out)
	if f.out.takesStdout() {
		text = io.Discard
	}
	begin := old.Release
	if f.verdicts {
		if err := a.verdicts(io.Discard, old, f, specs); err != nil {
			return err
		}
	}
	var found []audit.Finding
	changing := 0
	for _, c := range commits {
		now, err := audit.RunCommit(ctx, f.dir, c.ID, lib, o)
		if err != nil {
			return err
		}
		if was, is := profileOf(old), profileOf(now); was.Kernel == is.Kernel && maps.Equal(was.Features, is.Features) {
			now.Verdicts = old.Verdicts
		} else if f.verdicts {
			if err := a.verdicts(io.Discard, now, f, specs); err != nil {
				return err
			}
		}
		cs := audit.Compare(old, now)
		if len(cs) > 0 {
			changing++
			fmt.Fprintf(text, "%.12s %s\n", c.ID, c.Subject)
			audit.WriteEach(text, cs)
		}
		for _, x := range audit.ChangeFindings(old, now, cs, nil) {
			x.Key, x.Text = c.ID+" "+x.Key, fmt.Sprintf("%.12s: %s", c.ID, x.Text)
			found = append(found, x)
		}
		old = now
	}
	sum := fmt.Sprintf("%d of %d commits change something that is modelled.", changing, len(commits))
	fmt.Fprintln(text, sum)
	return a.conclude(old, begin+" to "+old.Release, sum, found, f)
}
