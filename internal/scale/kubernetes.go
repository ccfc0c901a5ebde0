package scale

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Kubernetes does the tasks of a round as an Indexed Job with an index for each part; those that have nothing to do end at once. The manifest is a template in which the words @NAME@, @LEVEL@, @ROUND@ and @PARTS@
// are filled in. The name of a job says what it is, so that a driver that is begun again finds those of the one before.
type Kubernetes struct {
	Template string // file
	Submit   []string
	Poll     time.Duration
}

// mostAttempts bounds how often the jobs of one round are made.
const mostAttempts = 100

// Run implements [Engine].
func (e *Kubernetes) Run(ctx context.Context, s *Search, r Round) error {
	template, err := os.ReadFile(e.Template)
	if err != nil {
		return err
	}
	name := ""
	for attempt := 1; name == ""; attempt++ {
		n := fmt.Sprintf("pmdcheck-%s-%d-%s-%d", s.ID, r.Level, r.Name, attempt)
		state, err := e.state(ctx, n)
		switch {
		case err != nil:
			return err
		case state == "none":
			manifest := strings.NewReplacer("@NAME@", n, "@LEVEL@", strconv.Itoa(r.Level), "@ROUND@", r.Name, "@PARTS@", strconv.Itoa(s.Parts)).Replace(string(template))
			if _, err := feed(ctx, manifest, "kubectl", append([]string{"create", "-f", "-"}, e.Submit...)...); err != nil {
				return err
			}
			name = n
		case state == "running":
			name = n
		case attempt == mostAttempts:
			return fmt.Errorf("level %d, %s: %d jobs have not done it", r.Level, r.Name, attempt)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(e.Poll):
		}
		if left, err := s.left(r); err != nil || len(left) == 0 {
			return err
		}
		if state, err := e.state(ctx, name); err != nil || state != "running" {
			return err
		}
	}
}

// state is "none", "running" or "ended".
func (e *Kubernetes) state(ctx context.Context, name string) (string, error) {
	out, err := command(ctx, "kubectl", append([]string{"get", "job", name, "--ignore-not-found", "-o", `jsonpath={.metadata.name} {range .status.conditions[?(@.status=="True")]}{.type} {end}`}, e.Submit...)...)
	if err != nil {
		return "", err
	}
	f := strings.Fields(out)
	for _, c := range f[min(1, len(f)):] {
		if c == "Complete" || c == "Failed" {
			return "ended", nil
		}
	}
	if len(f) == 0 {
		return "none", nil
	}
	return "running", nil
}
