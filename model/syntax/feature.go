package syntax

// Default is the value of a feature in a release: 0 or 1, or the number of its shape.
func (d *FeatureDecl) Default(release int64) (value int64) {
	if d.Shapes == nil {
		if (d.Since == nil || release >= d.Since.Value) && (d.Until == nil || release < d.Until.Value) {
			return 1
		}
		return 0
	}
	for i, s := range d.Shapes {
		if s.Since != nil && release >= s.Since.Value {
			value = int64(i)
		}
	}
	return value
}

// Changes are the releases in which the default changes, in order.
func (d *FeatureDecl) Changes() (list []int64) {
	add := func(v *VersionLit) {
		if v != nil {
			list = append(list, v.Value)
		}
	}
	add(d.Since)
	add(d.Until)
	for _, s := range d.Shapes {
		add(s.Since)
	}
	return list
}
