package plan

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// WithMemory adds the memory model of --memory-model to the fixed parameters.
func WithMemory(fixed []model.ConfigValue, name string) ([]model.ConfigValue, error) {
	if name == "" {
		return fixed, nil
	}
	if !slices.Contains(elab.MemoryModels(), name) {
		all := strings.Join(elab.MemoryModels(), " or ")
		if name == "lkmm" || name == "arm" {
			return nil, source.WithHint(fmt.Sprintf("--memory-model %s: models are explored under %s", name, all), "pmdcheck litmus knows "+name)
		}
		return nil, source.WithHint(fmt.Sprintf("--memory-model %s: it is %s", name, all), source.DidYouMean(name, elab.MemoryModels()))
	}
	for _, v := range fixed {
		if v.Name == elab.MemoryModel && v.Value != name {
			return nil, fmt.Errorf("--memory-model %s contradicts --set %s=%s", name, v.Name, v.Value)
		}
	}
	return append(slices.DeleteFunc(fixed, func(v model.ConfigValue) bool { return v.Name == elab.MemoryModel }), model.ConfigValue{Name: elab.MemoryModel, Value: name}), nil
}
