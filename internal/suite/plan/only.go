package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
)

// only is which configurations are wanted: of each of some parameters they have one of some values.
type only struct {
	wanted []wanted
	names  map[string]bool // of all parameters that were met
}

type wanted struct {
	name   string
	values []string
	met    map[string]bool // values that some configuration has; nil while no configuration has the parameter
}

// parseOnly reads name=a,b flags. Given twice, a parameter may have the values of either.
func parseOnly(flags []string) (*only, error) {
	o := &only{names: map[string]bool{}}
	for _, s := range flags {
		name, values, ok := strings.Cut(s, "=")
		if !ok || name == "" || values == "" {
			return nil, fmt.Errorf("--only %s: write --only name=value or --only name=a,b", s)
		}
		i := slices.IndexFunc(o.wanted, func(w wanted) bool { return w.name == name })
		if i < 0 {
			i = len(o.wanted)
			o.wanted = append(o.wanted, wanted{name: name})
		}
		o.wanted[i].values = append(o.wanted[i].values, strings.Split(values, ",")...)
	}
	return o, nil
}

// admit reports whether a configuration is wanted.
func (o *only) admit(config []model.ConfigValue) bool {
	ok := true
	for _, v := range config {
		o.names[v.Name] = true
	}
	for i := range o.wanted {
		w := &o.wanted[i]
		k := slices.IndexFunc(config, func(v model.ConfigValue) bool { return v.Name == w.name })
		if k < 0 {
			ok = false
			continue
		}
		if w.met == nil {
			w.met = map[string]bool{}
		}
		w.met[config[k].Value] = true
		ok = ok && slices.Contains(w.values, config[k].Value)
	}
	return ok
}

// check reports values that no configuration has, whatever else the configurations have, and parameters that no spec has.
func (o *only) check() error {
	for _, w := range o.wanted {
		if w.met == nil {
			return source.WithHint(fmt.Sprintf("--only %s=%s: no spec that is to be checked has this config parameter", w.name, strings.Join(w.values, ",")), source.DidYouMean(w.name, slices.Sorted(maps.Keys(o.names))))
		}
		for _, v := range w.values {
			if !w.met[v] {
				met := slices.Sorted(maps.Keys(w.met))
				return source.WithHint(fmt.Sprintf("--only %s=%s: no configuration has the value %s; there are %s", w.name, strings.Join(w.values, ","), v, strings.Join(met, ", ")), source.DidYouMean(v, met))
			}
		}
	}
	return nil
}
