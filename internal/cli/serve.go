package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/internal/page"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/run"
	"pmdcheck/internal/watch"
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
			ctx, cancel := until(0)
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

// server answers with what is known, from the first moment, while specs are checked one after the other.
type server struct {
	app    *app
	args   []string
	flags  *checkFlags
	public bool
	told   bool // that something cannot be watched
	runs   runs
	shown
}

// patience is how long a configuration may take if no flag says so: the next spec is waiting.
const patience = time.Minute

// mostClients is how many connections there may be at a time.
const mostClients = 64

func (a *app) serve(ctx context.Context, s *server, listen string) error {
	for _, arg := range s.args { // what is not there may come later, but a wrong name is more likely
		if _, err := os.Stat(arg); err == nil {
			continue
		} else if strings.HasSuffix(arg, ".pmd") {
			return err
		}
		if _, err := catalog.Resolve([]string{arg}); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", listen, err)
	}
	if s.flags.timeout == 0 {
		s.flags.timeout = patience
	}
	s.title, s.number, s.specs = "pmdcheck: "+strings.Join(s.args, " "), 1, map[string]*shownSpec{}
	if names, err := specsBelow(s.args); err == nil {
		s.update(names) // how many there are is on the first page
	}
	srv := &http.Server{
		Handler: s, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 20 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	fmt.Fprintf(a.out, "http://%s/\n", l.Addr())
	failed := make(chan error, 2)
	go func() { failed <- srv.Serve(&few{Listener: l, free: make(chan struct{}, mostClients)}) }()
	go func() {
		if err := s.follow(ctx); err != nil {
			failed <- err
		}
	}()
	select {
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(stop)
		return nil
	case err := <-failed:
		return err
	}
}

// follow checks the specs, and again what has changed, until the context ends.
func (s *server) follow(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = run.Crashed(v)
		}
	}()
	w, err := watch.New()
	if err != nil {
		return fmt.Errorf("changes of files cannot be noticed: %w", err)
	}
	defer w.Close()
	look := func() []string {
		s.watch(w)
		names, err := specsBelow(s.args)
		if err != nil {
			s.app.explainError(err)
		}
		return s.update(names)
	}
	for todo := look(); ; {
		if len(todo) == 0 {
			s.watch(w) // what the specs import may lie elsewhere
			select {
			case <-ctx.Done():
				return nil
			case <-w.Changed():
				todo = look()
			}
			continue
		}
		s.check(todo[0])
		todo = todo[1:]
		select {
		case <-ctx.Done():
			return nil
		case <-w.Changed():
			todo = look() // what was saved in the meantime comes before the others
		default:
		}
	}
}

// watch watches the folders of all files that count.
func (s *server) watch(w *watch.Watcher) {
	tell := func(err error) {
		if err != nil && !s.told {
			s.told = true
			fmt.Fprintf(s.app.err, "pmdcheck: warning: not every change will be noticed: %v\n", err)
		}
	}
	for _, arg := range s.args {
		if st, err := os.Stat(arg); err == nil {
			if st.IsDir() {
				tell(w.Folder(arg, true))
			} else {
				tell(w.Folder(filepath.Dir(arg), false))
			}
		}
	}
	for dir := range s.folders() {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			tell(w.Folder(dir, false))
		}
	}
}

// few is a listener with a bounded number of connections: more wait until others end, which idle ones have to soon.
type few struct {
	net.Listener
	free chan struct{}
}

func (f *few) Accept() (net.Conn, error) {
	f.free <- struct{}{}
	c, err := f.Listener.Accept()
	if err != nil {
		<-f.free
		return nil, err
	}
	return &counted{Conn: c, done: sync.OnceFunc(func() { <-f.free })}, nil
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	defer c.done()
	return c.Conn.Close()
}

// ServeHTTP answers reads of three paths. A page of another site cannot make a browser read from here: the name it would use is refused.
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
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", page.Policy(true)+"; frame-ancestors 'none'")
	switch r.URL.Path {
	case "/":
		content, _, err := s.html()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(content)
	case "/changed":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		answer := "new"
		if v, err := strconv.Atoi(r.URL.Query().Get("v")); err == nil && v == s.now() {
			answer = "same"
		}
		_, _ = io.WriteString(w, answer)
	case "/run":
		s.serveRun(w, r)
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
