package explore

import "context"

// Interrupted reports whether the context asks a walk to end, and why.
func Interrupted(ctx context.Context) (Stop, bool) { return stopOf(ctx) }
