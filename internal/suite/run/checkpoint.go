package run

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/suite/plan"
)

// Checkpoints say where the search of every configuration is kept. The zero value keeps none.
type Checkpoints struct {
	Folder string
	Every  time.Duration
	Resume bool // go on with what the folder has
}

// add adds the checkpoint of a configuration. The name says which configuration it is of.
func (p *Checkpoints) add(o *checker.Options, c plan.Check) {
	if p.Folder == "" {
		return
	}
	name := strings.ReplaceAll(c.Spec.Name, "/", "-")
	for _, v := range c.Config {
		name += "-" + v.Value
	}
	sum := sha256.Sum256([]byte(c.Name()))
	o.Checkpoint, o.CheckpointEvery = filepath.Join(p.Folder, fmt.Sprintf("%s-%x.checkpoint", name, sum[:4])), p.Every
	if p.Resume {
		_, err := os.Stat(o.Checkpoint)
		o.Resume = err == nil
	}
}
