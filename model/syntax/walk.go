package syntax

import (
	"reflect"

	"pmdcheck/model/source"
)

// Walk calls f for n and, while f returns true, for everything below it.
func Walk(n Node, f func(Node) bool) { walkValue(reflect.ValueOf(n), f) }

var nodeType = reflect.TypeOf((*Node)(nil)).Elem()

func walkValue(v reflect.Value, f func(Node) bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walkValue(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkValue(v.Index(i), f)
		}
	case reflect.Ptr:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return
		}
		if v.Type().Implements(nodeType) {
			if !f(v.Interface().(Node)) {
				return
			}
		}
		walkValue(v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Source" {
				walkValue(v.Field(i), f)
			}
		}
	}
}

// Span is empty: a file is a node so that it can be walked.
func (f *File) Span() source.Span { return source.Span{} }
