package scale

import (
	"fmt"
	"io"
	"math"
	"strings"

	"pmdcheck/checker"
)

// Size writes bytes for people.
func Size(n int64) string {
	f, i := float64(n), 0
	for ; f >= 1000 && i < 5; i++ {
		f /= 1024
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %ciB", f, "KMGTP"[i-1])
}

// Line says what a level was.
func Line(x *checker.Level) string {
	s := fmt.Sprintf("level %d: %d states, %d in all, %d transitions; %s read, %s written, %s on disk; %.1f s of tasks", x.Number, x.New, x.States, x.Transitions, Size(x.Cost.Read), Size(x.Cost.Written), Size(x.Disk), x.Cost.Seconds)
	if len(x.Violated) > 0 {
		s += "; violated " + strings.Join(x.Violated, ", ")
	}
	return s
}

// Estimate guesses how many states there will be, from how much larger each of the last levels was than the one before: this ratio falls, and its logarithm is drawn on as a line. ok is false while there is
// no such line, or it does not fall. It is no more than a guess.
func Estimate(news []int64, states int64) (guess int64, level int, ok bool) {
	const window = 8
	if len(news) < window+1 {
		return 0, 0, false
	}
	// Least squares over the logarithms of the ratios of the window.
	var n, sx, sy, sxx, sxy float64
	for i := len(news) - window; i < len(news); i++ {
		if news[i] <= 0 || news[i-1] <= 0 {
			return 0, 0, false
		}
		x, y := float64(i-len(news)), math.Log(float64(news[i])/float64(news[i-1]))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	slope := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	at := (sy - slope*sx) / n
	if slope >= -1e-4 {
		return 0, 0, false
	}
	f, sum := float64(news[len(news)-1]), float64(states)
	for k := 0; k < 10_000; k++ {
		f *= math.Exp(min(at+slope*float64(k), 2))
		if f < 0.5 {
			return int64(sum), len(news) + k - 1, true
		}
		sum += f
	}
	return 0, 0, false
}

// Status writes how far a search has come, level by level.
func (s *Search) Status(w io.Writer) error {
	last, err := s.Last()
	if err != nil {
		return err
	}
	var news []int64
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d parts\n", s.Check.Name(), s.Parts)
	fmt.Fprintf(&b, "%6s %14s %14s %16s %10s %10s %10s %9s\n", "level", "new", "states", "transitions", "read", "written", "disk", "seconds")
	for n := 0; n <= last.Number; n++ {
		x, err := s.Level(n)
		if err != nil {
			return err
		}
		if x == nil {
			return fmt.Errorf("%s: the record of level %d is missing", s.Dir, n)
		}
		news = append(news, x.New)
		fmt.Fprintf(&b, "%6d %14d %14d %16d %10s %10s %10s %9.1f\n", x.Number, x.New, x.States, x.Transitions, Size(x.Cost.Read), Size(x.Cost.Written), Size(x.Disk), x.Cost.Seconds)
	}
	fmt.Fprintf(&b, "%d states, %d transitions; %s read, %s written, %s on disk, at most %s; %.1f s of tasks\n",
		last.States, last.Transitions, Size(last.Total.Read), Size(last.Total.Written), Size(last.Used), Size(last.Peak), last.Total.Seconds)
	if len(last.Violated) > 0 {
		fmt.Fprintf(&b, "violated: %s\n", strings.Join(last.Violated, ", "))
	}
	if last.Stop != "" {
		fmt.Fprintf(&b, "ended: %s\n", last.Stop)
	} else {
		round, parts, err := s.Tasks(last)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			fmt.Fprintln(&b, "all tasks of this level are done")
		} else {
			fmt.Fprintf(&b, "to do: %s, parts %s\n", round, numbers(parts))
		}
		if guess, level, ok := Estimate(news, last.States); ok {
			fmt.Fprintf(&b, "a guess: about %.2g states in %d levels\n", float64(guess), level)
		} else {
			fmt.Fprintln(&b, "no guess yet how many states there will be: levels do not grow more slowly")
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
