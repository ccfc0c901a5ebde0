package svg_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/traces"
	"pmdcheck/traces/svg"
)

func read(t testing.TB, file string) *traces.Trace {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := traces.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// wellFormed reads a drawing to its end, and refuses what would be fetched from outside.
func wellFormed(t *testing.T, src []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(src))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "href" || a.Name.Local == "src" {
					t.Errorf("<%s %s=%q>", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
	if bytes.Contains(src, []byte("url(")) || bytes.Contains(src, []byte("@import")) {
		t.Error("the style refers to something outside")
	}
}

// TestWellFormed: every stored trace, whole and in short, and hostile text.
func TestWellFormed(t *testing.T) {
	files, err := filepath.Glob("../testdata/golden/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	all := []*traces.Trace{{}, {Message: "<&>\x01", Spec: "a\"b", Processes: []traces.Process{{Name: "<p>", CPU: 0}}, Steps: []traces.Step{{Fatal: true, Property: "&", Label: "]]>"}}}}
	for _, f := range files {
		all = append(all, read(t, f))
	}
	for _, tr := range all {
		for _, full := range []bool{false, true} {
			var b bytes.Buffer
			if err := svg.Render(&b, tr, svg.Options{Full: full}); err != nil {
				t.Fatal(err)
			}
			wellFormed(t, b.Bytes())
		}
	}
}

// TestUseAfterTheEnd: the arrow of the bad access lies below the point where the life of the table turns red, and the states follow each other down the bar.
func TestUseAfterTheEnd(t *testing.T) {
	var b bytes.Buffer
	if err := svg.Render(&b, read(t, "../testdata/golden/race_a_grace-no_use_after_free.json"), svg.Options{}); err != nil {
		t.Fatal(err)
	}
	var order []string
	last, freed := 0.0, 0.0
	for _, m := range regexp.MustCompile(`<rect class="(live|unlinked|gathered|waiting|freed)" x="[0-9.]+" y="([0-9.]+)"`).FindAllStringSubmatch(b.String(), -1) {
		y := number(t, m[2])
		if y < last {
			t.Errorf("%s begins at %v, above the state before it", m[1], y)
		}
		last = y
		if len(order) == 0 || order[len(order)-1] != m[1] {
			order = append(order, m[1])
		}
		if m[1] == "freed" {
			freed = y
		}
	}
	if got := strings.Join(order, " "); got != "live unlinked gathered waiting freed" {
		t.Errorf("states: %s", got)
	}
	use := regexp.MustCompile(`class="use" d="M[0-9.]+ ([0-9.]+)H`).FindStringSubmatch(b.String())
	if use == nil || freed == 0 || number(t, use[1]) <= freed {
		t.Errorf("the access at %v is not below the free at %v", use, freed)
	}
	if !strings.Contains(b.String(), `class="grace"`) {
		t.Error("no bracket for the grace period")
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	var f float64
	if err := xml.Unmarshal([]byte("<x>"+s+"</x>"), &f); err != nil {
		t.Fatal(err)
	}
	return f
}
