package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/interrupt"
	"pmdcheck/internal/page"
	"pmdcheck/internal/suite/catalog"
)

func (a *app) serveCmd() *cobra.Command {
	f := &checkFlags{}
	var listen string
	var public bool
	cmd := &cobra.Command{
		Use: "serve [folder or spec...]", Short: "show the page of a folder of specs, and check again when a file changes", Args: cobra.ArbitraryArgs,
		Long: "serve checks specs (without an argument those below the current folder), shows the page of `report` under an address of this machine, and when a file is saved checks\n" +
			"again and has open pages load the new results. It only ever reads; nobody but this machine can reach it, unless --public allows other addresses.",
		Example: "  pmdcheck serve ./specs\n  pmdcheck serve mine.pmd --listen 127.0.0.1:7070 --set policy=rcu",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			if err := local(listen); err != nil && !public {
				return err
			}
			ctx, cancel := interrupt.Context()
			defer cancel()
			return a.serve(ctx, &server{app: a, args: args, flags: f, public: public}, listen)
		},
	}
	f.flags(cmd.Flags())
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	cmd.Flags().BoolVar(&public, "public", false, "allow an address that other machines can reach")
	return cmd
}

// local refuses an address that is not of the loopback.
func local(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %s: write host:port, as 127.0.0.1:7070", listen)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--listen %s: other machines could reach it; add --public if they may", listen)
}

// server holds the page on show. Its number rises with every check, so that an open page knows that it is old.
type server struct {
	app    *app
	args   []string
	flags  *checkFlags
	public bool

	mu      sync.Mutex
	page    []byte
	number  int
	watched map[string]time.Time
}

func (a *app) serve(ctx context.Context, s *server, listen string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", listen, err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.check()
	fmt.Fprintf(a.out, "http://%s/\n", l.Addr())
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = srv.Shutdown(stop)
			return nil
		case err := <-failed:
			return err
		case <-tick.C:
			if s.changed() {
				s.check()
			}
		}
	}
}

// changed says whether a file was saved, added or removed since the last check.
func (s *server) changed() bool {
	_, onDisk, _ := catalog.Files(s.args)
	if len(onDisk) != len(s.watched) {
		return true
	}
	for _, f := range onDisk {
		st, err := os.Stat(f)
		if was, ok := s.watched[f]; err != nil || !ok || !was.Equal(st.ModTime()) {
			return true
		}
	}
	return false
}

// check makes the page anew. What is wrong with a spec is shown at its head.
func (s *server) check() {
	names, onDisk, err := catalog.Files(s.args)
	s.watched = map[string]time.Time{}
	for _, f := range onDisk {
		if st, err := os.Stat(f); err == nil {
			s.watched[f] = st.ModTime()
		}
	}
	notice := ""
	doc := report.NewDocument(0)
	f := *s.flags
	f.everyTrace, f.quiet = true, true
	f.outputs.json = "-" // nothing on stdout
	if err == nil {
		quiet := &app{in: s.app.in, out: io.Discard, err: s.app.err}
		var found *report.Document
		if found, err = quiet.explore(names, &f); err == nil {
			doc = found
		}
	}
	if err != nil {
		notice = explained(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	in := page.Input{Title: "pmdcheck: " + strings.Join(s.args, " "), Document: doc, Live: "/changed?v=" + strconv.Itoa(s.number), Notice: notice}
	if f.kept != nil {
		in.Specs, in.Evidence = f.kept.Specs, f.kept.Evidence
	}
	var b bytes.Buffer
	if err := page.Write(&b, in); err != nil {
		fmt.Fprintf(s.app.err, "pmdcheck: %v\n", err)
		return
	}
	s.page = b.Bytes()
	t := doc.Summary
	if notice != "" {
		fmt.Fprint(s.app.err, notice)
	}
	fmt.Fprintf(s.app.err, "%d checks: %d as expected, %d not, %d unknown\n", t.Checks, t.OK, t.Failed, t.Unknown)
}

// ServeHTTP answers reads of two paths. A page of another site cannot make a browser read from here: the name it would use is refused.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if local(withPort(r.Host)) != nil && !s.public {
		http.Error(w, "this server answers under its own address only", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	content, number := s.page, s.number
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(content)
	case "/changed":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		answer := "new"
		if v, err := strconv.Atoi(r.URL.Query().Get("v")); err == nil && v == number {
			answer = "same"
		}
		_, _ = io.WriteString(w, answer)
	default:
		http.NotFound(w, r)
	}
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		return net.JoinHostPort(strings.Trim(host, "[]"), "80")
	}
	return host
}
