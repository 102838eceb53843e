package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// The marks a client of the availability table can have on model m.
const (
	healthy = ""
	quota   = "over quota"
	cooling = "suspended for quota"
	manual  = "suspended for another reason"
	both    = "over quota and suspended for quota"
	worst   = "over quota and suspended for another reason"
)

// availability is rule 21 (listed) and rule 22 (count) by the marks of the clients.
var availability = []struct {
	clients []string
	listed  bool
	count   int
}{
	{[]string{healthy}, true, 1},
	{[]string{quota}, true, 0},
	{[]string{cooling}, true, 0},
	{[]string{manual}, false, 0},
	{[]string{both}, true, 0},
	{[]string{worst}, false, 0},
	{[]string{healthy, quota}, true, 1},
	{[]string{healthy, manual}, true, 1},
	{[]string{healthy, both}, true, 1},
	{[]string{healthy, worst}, true, 1},
	{[]string{quota, quota}, true, 0},
	{[]string{quota, manual}, false, 0},
	{[]string{cooling, manual}, true, 0},
	{[]string{manual, manual}, false, 0},
	{[]string{both, manual}, false, 0},
	{[]string{cooling, worst}, true, 0},
	{[]string{cooling, cooling, cooling}, true, 0},
	{[]string{quota, cooling, manual}, true, 0},
	{[]string{healthy, quota, cooling}, true, 1},
	{[]string{healthy, healthy, manual, worst}, true, 2},
}

func (f *fleet) mark(client, model, how string) {
	f.t.Helper()
	switch how {
	case quota, both, worst:
		f.quota(client, model)
	}
	switch how {
	case cooling, both:
		f.suspend(client, model, "quota")
	case manual, worst:
		f.suspend(client, model, "manual")
	}
}

func TestRule21Listing(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		var listed []string
		for i, row := range availability {
			model := fmt.Sprintf("model-%02d", i)
			f.setUp(model, row.clients)
			if row.listed {
				listed = append(listed, model)
			}
		}
		f.listed(listed...)
	})
}

func TestRule22Count(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for i, row := range availability {
			model := fmt.Sprintf("model-%02d", i)
			f.setUp(model, row.clients)
			f.t.Log(model, row.clients)
			f.count(model, row.count)
		}
	})
}

// setUp registers a model with clients of its own, marked as told.
func (f *fleet) setUp(model string, clients []string) {
	f.t.Helper()
	for n, how := range clients {
		client := fmt.Sprintf("%s client %d", model, n)
		f.register(client, "p", model)
		f.mark(client, model, how)
	}
}

func TestRule22DuplicatesAndMarks(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		// A mark takes one off, however often the client has the model.
		f.register("c", "p", "m", "m", "m")
		f.quota("c", "m")
		f.count("m", 2)
		f.suspend("c", "m", "manual")
		f.count("m", 2)
		f.listed("m")
	})
}

func TestRule22MarksEndOneByOne(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.register("d", "p", "m")
		f.quota("c", "m")
		f.advance(2 * time.Minute)
		f.quota("d", "m")
		f.suspend("d", "m", "quota")
		f.count("m", 0)
		f.advance(4 * time.Minute)
		f.count("m", 1)
		f.advance(2 * time.Minute)
		f.count("m", 1) // d's quota mark is over, its suspension is not
		f.ok(f.b.ResumeClientModel(f.t.Context(), "d", "m"))
		f.count("m", 2)
	})
}

func TestRule23ProvidersByCountThenName(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.providers("m")
		f.register("c1", "zeta", "m")
		f.register("c2", "beta", "m")
		f.register("c3", "alpha", "m")
		f.providers("m", "alpha", "beta", "zeta")
		f.register("c4", "zeta", "m")
		f.providers("m", "zeta", "alpha", "beta")
		// Ten and two: numbers, not texts.
		f.register("c5", "beta", "m", "m", "m", "m", "m", "m", "m", "m", "m")
		f.providers("m", "beta", "zeta", "alpha")
		// Marks do not move it.
		for _, client := range []string{"c1", "c4", "c5"} {
			f.quota(client, "m")
			f.suspend(client, "m", "manual")
		}
		f.providers("m", "beta", "zeta", "alpha")
		f.register("c6", "", "m", "m", "m", "m")
		f.providers("m", "beta", "zeta", "alpha")
	})
}

func TestRule24SupportIgnoresMarks(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		for _, how := range []string{quota, manual} {
			f.mark("c", "m", how)
			f.supports("c", "m", true)
			f.supports(" c ", "M", true)
		}
	})
}
