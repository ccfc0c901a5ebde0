package model
import ("testing";"os";"fmt";"pmdcheck/model/source")
func TestZZ(t *testing.T) {
	name := os.Getenv("PMD"); if name=="" { t.Skip() }
	b,_ := os.ReadFile(name)
	l := &Loader{Library: os.DirFS("linux"), ReadFile: os.ReadFile}
	s, err := l.Load(name, b)
	if err != nil { if d, ok := err.(*source.List); ok { d.Render(os.Stdout) }; t.Fatal(err) }
	cells, err := s.Cells(nil)
	if err != nil { t.Fatal(err) }
	fmt.Println(cells[0].Expect, len(cells))
	sys, err := s.Build(cells[0], BuildOptions{NoMerge: os.Getenv("NM")!=""})
	if err != nil { if d, ok := err.(*source.List); ok { d.Render(os.Stdout) }; t.Fatal(err) }
	sys.Dump(os.Stdout)
}
