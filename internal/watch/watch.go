// Package watch tells when something below folders changes, as the system reports it: nothing is looked at in between.
package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long nothing must have changed before it is told: editors write, rename and write again.
const settle = 100 * time.Millisecond

// Watcher watches folders with all that are below them, and folders alone.
type Watcher struct {
	w       *fsnotify.Watcher
	changed chan struct{}
}

// New begins to watch nothing.
func New() (*Watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	x := &Watcher{w: w, changed: make(chan struct{}, 1)}
	go x.listen()
	return x, nil
}

// Changed tells that something has changed since it last did. It may be nothing that matters.
func (x *Watcher) Changed() <-chan struct{} { return x.changed }

// Close ends it.
func (x *Watcher) Close() error { return x.w.Close() }

// Folder watches a folder, and if deep what is below it, also what comes later, if it is called again then. Hidden folders are left out.
func (x *Watcher) Folder(dir string, deep bool) error {
	if !deep {
		return x.w.Add(dir)
	}
	var errs []error
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it is gone
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case p != dir && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		if err := x.w.Add(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
			return fs.SkipAll // a limit of the system: the next would fail, too
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// listen tells of changes when they have settled.
func (x *Watcher) listen() {
	var timer <-chan time.Time
	for {
		select {
		case e, ok := <-x.w.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod {
				timer = time.After(settle)
			}
		case _, ok := <-x.w.Errors: // events were lost: anything may have changed
			if !ok {
				return
			}
			timer = time.After(settle)
		case <-timer:
			timer = nil
			select {
			case x.changed <- struct{}{}:
			default:
			}
		}
	}
}
