package levels

import (
	"maps"
	"slices"
	"sync"

	"pmdcheck/checker/internal/sorted"
)

// keptBytes is how much of small files is kept in memory.
const keptBytes = 16 << 20

// kept has in memory what this process has written or read of late: small files of states, and the documents of the latest level. Nothing that has its name is ever changed, so it need not be read again;
// where levels are small, this is most of what tasks would do. That something is not there is not kept, since another process may write it.
type kept struct {
	mu    sync.Mutex
	files map[string][]byte
	order []string // the first is the oldest
	bytes int
	level int // of the documents
	docs  map[string]any
}

// keep takes a small file in.
func (k *kept) keep(name string, whole []byte) {
	if len(whole) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.files == nil {
		k.files = map[string][]byte{}
	}
	if _, there := k.files[name]; there {
		return
	}
	k.files[name] = whole
	k.order = append(k.order, name)
	for k.bytes += len(whole); k.bytes > keptBytes; k.order = k.order[1:] {
		k.bytes -= len(k.files[k.order[0]])
		delete(k.files, k.order[0])
	}
}

func (k *kept) file(name string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.files[name]
}

// forget drops files that are needed no more.
func (k *kept) forget(needed map[string]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.files, func(name string, b []byte) bool {
		if !needed[name] {
			k.bytes -= len(b)
		}
		return !needed[name]
	})
	k.order = slices.DeleteFunc(k.order, func(name string) bool { return !needed[name] })
}

// document is a document of a level, if it is there. It must not be changed.
func document[T any](s *Search, name string, level int) (*T, error) {
	k := &s.kept
	k.mu.Lock()
	v, there := k.docs[name].(*T)
	k.mu.Unlock()
	if there {
		return v, nil
	}
	v = new(T)
	if there, err := s.read(name, v); err != nil || !there {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if level > k.level || k.docs == nil {
		k.level, k.docs = level, map[string]any{}
	}
	if level == k.level {
		k.docs[name] = v
	}
	return v, nil
}

func (s *Search) open(name string) (*sorted.File, error) {
	if b := s.kept.file(name); b != nil {
		return sorted.Of(s.data(name), b, s.Words)
	}
	return sorted.Open(s.data(name), s.Words)
}
