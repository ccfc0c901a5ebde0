package audit

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository is a repository with the miniature tree as its first commit. commit makes the next one.
func repository(t *testing.T) (dir string, commit func(message ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir = copied(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	commit = func(message ...string) {
		t.Helper()
		git("add", "-A")
		git("commit", "-q", "--allow-empty", "-m", strings.Join(append([]string{"next"}, message...), "\n"))
	}
	commit()
	return dir, commit
}

func ofCommit(t *testing.T, dir, rev string) *Document {
	t.Helper()
	doc, err := RunCommit(context.Background(), dir, rev, library(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestCommit: a commit says what the tree says that it holds, whatever is checked out.
func TestCommit(t *testing.T) {
	dir, commit := repository(t)
	want := audited(t, dir, Options{})
	edit(t, dir, "mm/hugetlb.c", "\ttlb_finish_mmu(&tlb);\n", "")
	if err := os.Symlink("hugetlb.c", filepath.Join(dir, "mm/linked.c")); err != nil {
		t.Fatal(err)
	}
	commit()
	if d := cmp.Diff(want, ofCommit(t, dir, "HEAD~1")); d != "" {
		t.Errorf("folder and commit differ: %s", d)
	}
	var got []string
	for _, c := range Compare(ofCommit(t, dir, "HEAD~1"), ofCommit(t, dir, "HEAD")) {
		got = append(got, c.Text)
	}
	changes := []string{"tlb_finish_mmu in hugetlb_zap (mm/hugetlb.c): no more", "hugetlb_zap (mm/hugetlb.c:68): other events"}
	if d := cmp.Diff(changes, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestNoCommit: what is no commit is refused, and so is an option in its place.
func TestNoCommit(t *testing.T) {
	dir, commit := repository(t)
	for _, rev := range []string{"nowhere", "--all", "-h", "", "HEAD:mm"} {
		if _, err := RunCommit(context.Background(), dir, rev, library(t), Options{}); err == nil || !strings.Contains(err.Error(), "no commit") {
			t.Errorf("%q: %v", rev, err)
		}
	}
	if _, err := RunCommit(context.Background(), t.TempDir(), "HEAD", library(t), Options{}); err == nil {
		t.Error("a folder that is no repository has a commit")
	}
	if err := os.Remove(filepath.Join(dir, "Makefile")); err != nil {
		t.Fatal(err)
	}
	commit()
	if _, err := RunCommit(context.Background(), dir, "HEAD", library(t), Options{}); err == nil || !strings.HasSuffix(err.Error(), "at HEAD is no kernel tree: it has no Makefile") {
		t.Error(err)
	}
}

// TestFollowUps: what mends a commit that is cited is found by its Fixes: line, and by nothing else.
func TestFollowUps(t *testing.T) {
	dir, commit := repository(t)
	commit("", "Fixes: 9c67a20704e7 (\"one that the library cites\")")
	commit("", "A text that mentions 9c67a20704e7 without mending it.")
	commit("", "Fixes: 9c67a207 (\"eight digits\")", "Cc: somebody")
	commit("", "fixes: commit 9c67a20704e7aaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	commit("", "Fixes: 9c67a20704ff (\"another with the same first digits\")")
	commit("", "Fixes: 111111111111 (\"one that is not cited\")")
	fs, err := FollowUps(context.Background(), dir, "HEAD~6", "HEAD", library(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(fs) != 3 {
		t.Fatalf("%v", fs)
	}
	for _, f := range fs {
		if f.Fixes != "9c67a20704e7" || f.At != "linux/mini.pmd:13" || f.Subject != "next" {
			t.Errorf("%+v", f)
		}
	}
	if fs, err := FollowUps(context.Background(), dir, "HEAD~1", "HEAD", library(t)); err != nil || len(fs) != 0 {
		t.Errorf("%v %v", fs, err)
	}
}
