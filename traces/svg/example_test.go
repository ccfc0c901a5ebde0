package svg_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/svg"
)

// A run as a drawing, whose texts can be read by any XML parser.
func ExampleRender() {
	spec, _ := (&elab.Loader{}).Load("late.pmd", []byte("u2 n; process a { n = 1; } process b { assert (n == 0); }"))
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	if err := svg.Render(&b, res.Violations[0].Witness, svg.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	for d := xml.NewDecoder(&b); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if text, ok := tok.(xml.CharData); ok && len(bytes.TrimSpace(text)) > 0 && !bytes.Contains(text, []byte("{")) { // but for the style
			fmt.Println(string(bytes.TrimSpace(text)))
		}
	}
	// Output:
	// late: assertion
	// b finds n == 1 at step 2: assertion failed. a set n to 1 at step 1.
	// b finds n == 1 at step 2: assertion failed.
	// a set n to 1 at step 1.
	// a
	// b
	// 1
	// n = 1
	// 2
	// n == 1
	// ^^^ assertion failed
}
