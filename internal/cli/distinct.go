package cli

import "errors"

// distinct are errors, each once: what is wrong with a spec is usually wrong in every configuration.
type distinct struct {
	list []error
	told map[string]bool
}

func (d *distinct) add(err error) {
	text := explained(err)
	if d.told[text] {
		return
	}
	if d.told == nil {
		d.told = map[string]bool{}
	}
	d.told[text] = true
	d.list = append(d.list, err)
}

func (d *distinct) join() error { return errors.Join(d.list...) }
