package httpapi

// detail is what a list says of a model when ?detail=true asks for it, beside what the shape has.
type detail struct {
	Available int      `json:"available"` // registrations that can be used now
	Providers []string `json:"providers"` // the one with most registrations first
	// CooldownUntil is when the first client comes back; empty where one can be used now, or none comes back by itself.
	CooldownUntil string `json:"cooldown_until,omitempty"`
}

// detailOf returns the detail of a model, nil where it is not wanted.
func (l *lists) detailOf(id string, wanted bool) *detail {
	if !wanted {
		return nil
	}
	d := &detail{Available: l.registry.GetModelCount(id), Providers: l.registry.GetModelProviders(id)}
	if d.Providers == nil {
		d.Providers = []string{}
	}
	if status := l.registry.ModelStatus(id); d.Available == 0 && !status.Recovery.IsZero() {
		d.CooldownUntil = wholeTime(status.Recovery)
	}
	return d
}

// addTo puts the detail into a model that is a map.
func (d *detail) addTo(fields map[string]any) map[string]any {
	if d == nil {
		return fields
	}
	fields["available"], fields["providers"] = d.Available, d.Providers
	if d.CooldownUntil != "" {
		fields["cooldown_until"] = d.CooldownUntil
	}
	return fields
}
