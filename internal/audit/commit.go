package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/internal/csource"
	"pmdcheck/internal/pool"
)

// commit is a tree in a repository. Git lists and reads it; nothing is checked out, written or fetched.
type commit struct {
	ctx  context.Context
	repo string
	rev  string // as it was asked for
	id   string
	err  error // of git, after the files were read
}

// openCommit finds a commit.
func openCommit(ctx context.Context, repo, rev string) (*commit, error) {
	c := &commit{ctx: ctx, repo: repo, rev: rev}
	if strings.HasPrefix(rev, "-") || rev == "" {
		return nil, fmt.Errorf("%q is no commit", rev)
	}
	id, err := c.git("rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("%s has no commit %s: %w", repo, rev, err)
	}
	c.id = strings.TrimSpace(string(id))
	return c, nil
}

func (c *commit) String() string { return c.repo + " at " + c.rev }

// command is git without what could change the repository or ask the network.
func (c *commit) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.ctx, "git", append([]string{"--no-optional-locks", "-C", c.repo}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return cmd
}

func (c *commit) git(args ...string) ([]byte, error) {
	cmd := c.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := output(cmd)
	if err != nil {
		if line, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n"); line != "" {
			return nil, errors.New(line)
		}
	}
	return out, err
}

// mostOutput is how much git may answer: the list of all files of a kernel has 10 MiB.
const mostOutput = 256 << 20

// output is what a command writes.
func output(cmd *exec.Cmd) ([]byte, error) {
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(pipe, mostOutput+1))
	if err == nil && len(out) > mostOutput {
		err = fmt.Errorf("git answers with more than %d MiB", mostOutput>>20)
	}
	if err != nil {
		_ = cmd.Process.Kill()
	}
	return out, cmp.Or(err, cmd.Wait())
}

func (c *commit) makefile() ([]byte, error) {
	list, err := c.git("ls-tree", "--full-tree", c.id, "Makefile")
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(list, []byte("100")) {
		return nil, fs.ErrNotExist
	}
	return c.git("cat-file", "blob", c.id+":Makefile")
}

// blob is a file of a commit.
type blob struct{ name, id string }

// blobs lists the files of the commit that are read. Links and submodules are none.
func (c *commit) blobs(all bool) (out []blob, unread []string, err error) {
	list, err := c.git("ls-tree", "--full-tree", "-r", "-l", "-z", c.id)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range strings.Split(string(list), "\x00") {
		meta, name, ok := strings.Cut(e, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 4 || !strings.HasPrefix(f[0], "100") || !taken(name) || !below(name, all) {
			continue
		}
		if size, err := strconv.Atoi(f[3]); err != nil {
			unread = append(unread, name+": not in this repository")
			continue
		} else if size > csource.MaxFile {
			unread = append(unread, fmt.Sprintf("%s: %d MB are too many", name, size>>20))
			continue
		}
		out = append(out, blob{name, f[2]})
	}
	return out, unread, nil
}

// below tells whether every folder above a file is gone into.
func below(name string, all bool) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if !wanted(dir, all) {
			return false
		}
	}
	return true
}

// text is a file that was read.
type text struct {
	name string
	text []byte
}

func (c *commit) each(all bool, f func(name string, text []byte)) (n int, unread []string) {
	list, unread, err := c.blobs(all)
	if err != nil {
		c.err = err
		return 0, nil
	}
	texts := make(chan text, 64)
	join := pool.Drain(readers(), texts, func(t text) { f(t.name, t.text) })
	missing, err := c.read(list, texts)
	close(texts)
	join()
	c.err = err
	unread = append(unread, missing...)
	slices.Sort(unread)
	return len(list), unread
}

// read has git send the files one after the other.
func (c *commit) read(list []blob, texts chan<- text) (missing []string, err error) {
	cmd := c.command("cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		w := bufio.NewWriter(in)
		for _, b := range list {
			_, _ = w.WriteString(b.id + "\n")
		}
		_ = w.Flush()
		_ = in.Close()
	}()
	r := bufio.NewReaderSize(out, 1<<16)
	for _, b := range list {
		head, err := r.ReadString('\n')
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		f := strings.Fields(head)
		size, err := strconv.Atoi(f[len(f)-1])
		if len(f) != 3 || err != nil || size < 0 || size > csource.MaxFile {
			missing = append(missing, b.name+": not in this repository")
			continue
		}
		buf := make([]byte, size+1) // a line end follows
		if _, err := io.ReadFull(r, buf); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		texts <- text{b.name, buf[:size]}
	}
	return missing, cmd.Wait()
}
