package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// FollowUp is a commit that mends one that the library or a spec cites.
type FollowUp struct {
	ID, Subject string
	Fixes       string // the first digits of what it mends
	At          string // where that is cited
}

// FollowUps lists the commits between two, oldest first, whose Fixes: names a commit that the library cites.
func FollowUps(ctx context.Context, repo, old, now string, l *Library) ([]FollowUp, error) {
	from, err := openCommit(ctx, repo, old)
	if err != nil {
		return nil, err
	}
	to, err := openCommit(ctx, repo, now)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(l.cites))
	for id := range l.cites {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	args := []string{"log", "--no-show-signature", "--no-color", "--reverse", "--format=%H%x00%s%x00%b%x01", "-E", "--regexp-ignore-case"}
	for _, id := range ids { // git finds them; a prefix is enough, as people write from eight to forty digits
		args = append(args, "--grep=^ *fixes: *(commit )?"+id[:8])
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := to.git(append(args, from.id+".."+to.id, "--")...)
	if err != nil {
		return nil, fmt.Errorf("git log: %w", err)
	}
	var found []FollowUp
	for _, entry := range strings.Split(string(out), "\x01") {
		f := strings.SplitN(strings.TrimLeft(entry, "\n"), "\x00", 3)
		if len(f) != 3 {
			continue
		}
		for _, line := range strings.Split(f[2], "\n") {
			if id := fixes(line); id != "" {
				for _, c := range ids {
					if strings.HasPrefix(c, id) || strings.HasPrefix(id, c) {
						found = append(found, FollowUp{f[0], f[1], c, l.cites[c]})
					}
				}
			}
		}
	}
	return found, nil
}

// fixes is the commit that a line of a commit message says it mends, at least eight digits of it.
func fixes(line string) string {
	name, rest, ok := strings.Cut(strings.ToLower(strings.TrimSpace(line)), ":")
	if !ok || name != "fixes" {
		return ""
	}
	rest = strings.TrimPrefix(strings.TrimSpace(rest), "commit ")
	n := 0
	for n < len(rest) && strings.IndexByte("0123456789abcdef", rest[n]) >= 0 {
		n++
	}
	if n < 8 {
		return ""
	}
	return rest[:n]
}

// Commit is a commit between two.
type Commit struct{ ID, Subject string }

// maxCommits is how many commits are audited one by one.
const maxCommits = 500

// Commits lists the commits between two that change a file that is read, oldest first. A merge counts as one.
func Commits(ctx context.Context, repo, old, now string, all bool) (out []Commit, err error) {
	from, err := openCommit(ctx, repo, old)
	if err != nil {
		return nil, err
	}
	to, err := openCommit(ctx, repo, now)
	if err != nil {
		return nil, err
	}
	log, err := to.git("log", "--no-show-signature", "--no-color", "--reverse", "--first-parent", "-m", "--name-only", "--no-renames", "--format=%x01%H%x00%s", from.id+".."+to.id, "--")
	if err != nil {
		return nil, fmt.Errorf("git log: %w", err)
	}
	for _, entry := range strings.Split(string(log), "\x01") {
		lines := strings.Split(entry, "\n")
		id, subject, ok := strings.Cut(lines[0], "\x00")
		if ok && slices.ContainsFunc(lines[1:], func(name string) bool { return name == "Makefile" || taken(name) && below(name, all) }) {
			out = append(out, Commit{id, subject})
		}
	}
	if len(out) > maxCommits {
		return nil, fmt.Errorf("%d commits change files that are read; at most %d are audited one by one", len(out), maxCommits)
	}
	return out, nil
}
