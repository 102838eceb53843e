package registry_test

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/registry"
)

// statusReader is every question about marks and picks.
type statusReader interface {
	ClientModelStatus(clientID, modelID string) registry.ClientModelStatus
	ModelStatus(modelID string) registry.ModelStatus
	AvailableClients(modelID string) []string
	PickClient(modelID string, opts registry.PickOptions) (string, bool)
	Clients() []registry.ClientStatus
	Client(clientID string) (registry.ClientStatus, bool)
}

// askStatus puts the questions about marks and picks; what the reference does not keep, and who holds a client, is left
// out: a hold alone moves no generation.
func (u universe) askStatus(r statusReader, say func(answer any, question string, args ...any)) {
	models := append([]string{"*"}, u.models...)
	for _, client := range u.clients {
		for _, model := range models {
			status := r.ClientModelStatus(client, model)
			if status.State == registry.StateCooling { // which mark ends last may be a matter of milliseconds
				status.Reason, status.WholeClient = "", false
			}
			status.Source, status.SetBy = "", ""
			status.Since, status.Until = noTime, noTime
			say(status, "ClientModelStatus(%q, %q)", client, model)
		}
		status, _ := r.Client(client)
		say(untimed(status), "Client(%q)", client)
	}
	var all []registry.ClientStatus
	for _, status := range r.Clients() {
		all = append(all, untimed(status))
	}
	say(all, "Clients()")
	for _, model := range models {
		status := r.ModelStatus(model)
		status.Recovery, status.RecoversIn = noTime, 0
		say(status, "ModelStatus(%q)", model)
		say(r.AvailableClients(model), "AvailableClients(%q)", model)
		say(u.picks(r, model, registry.PickOptions{}), "PickClient(%q)", model)
		for _, provider := range u.providers {
			opts := registry.PickOptions{Providers: []string{provider}}
			say(u.picks(r, model, opts), "PickClient(%q) of %q", model, provider)
		}
		if len(u.clients) > 0 {
			opts := registry.PickOptions{Exclude: u.clients[:1]}
			say(u.picks(r, model, opts), "PickClient(%q) but %q", model, u.clients[0])
		}
	}
}

// picks are all that are picked in turn, by excluding one after the other.
func (u universe) picks(r statusReader, model string, opts registry.PickOptions) string {
	var picked []string
	opts.Exclude = slices.Clone(opts.Exclude)
	for len(picked) <= 100 {
		client, ok := r.PickClient(model, opts)
		if !ok {
			break
		}
		picked, opts.Exclude = append(picked, client), append(opts.Exclude, client)
	}
	slices.Sort(picked)
	return strings.Join(picked, ", ")
}

var noTime = registry.ClientModelStatus{}.Since

func untimed(status registry.ClientStatus) registry.ClientStatus {
	status.Holders, status.RegisteredAt = nil, noTime
	marks := []registry.ClientMark{}
	for _, mark := range status.Marks {
		for _, part := range []**registry.MarkPart{&mark.Quota, &mark.Suspension} {
			if *part != nil {
				*part = &registry.MarkPart{Reason: (*part).Reason}
			}
		}
		marks = append(marks, mark)
	}
	status.Marks = marks
	return status
}
