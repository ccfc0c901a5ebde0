package scale

import (
	"context"
	"errors"
	"sync"

	"pmdcheck/internal/pool"
)

// Local does tasks in this process.
type Local struct{ Jobs int }

// Run implements [Engine].
func (l *Local) Run(ctx context.Context, s *Search, r Round) error {
	var mu sync.Mutex
	var errs []error
	pool.Start(l.Jobs, len(r.Parts), func(i int) {
		if err := s.Do(ctx, r.Level, r.Name, r.Parts[i]); err != nil {
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		}
	}).Join()
	return errors.Join(errs...)
}
