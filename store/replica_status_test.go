package store

import (
	"slices"
	"testing"
	"time"
)

func TestReplicas(t *testing.T) {
	onBothMoving(t, func(s *space) {
		const record = `{"host":"tor","pid":4711,"version":"v1.2.3","started":"2026-01-02T03:04:05Z"}`
		c := s.replica("c")
		_, err := c.Join(s.ctx, 3*hour, record, time.Time{})
		s.must(err)
		s.step(c.Register(s.ctx, registration("k1", "p", "m")))
		s.step(c.Register(s.ctx, registration("k2", "p", "m")))
		s.step(s.a.Register(s.ctx, registration("k2", "p", "m")))
		s.server.Advance(s.t, 90*time.Minute) // not so long that all leases start anew
		_, joined, err := c.Heartbeat(s.ctx, 3*hour)
		s.must(err)
		if !joined {
			t.Fatal("c is not known")
		}
		s.server.Advance(s.t, hour+time.Minute)

		got, err := c.Replicas(s.ctx)
		s.must(err)
		for i := range got {
			if until := got[i].LeaseUntil.UnixMilli(); until > s.start {
				got[i].LeaseUntil = time.UnixMilli(0).Add(time.Duration(until-s.start) * time.Millisecond).Round(hour)
			}
		}
		in := func(hours int) time.Time { return time.UnixMilli(0).Add(time.Duration(hours) * hour) }
		want := []ReplicaStatus{
			{ReplicaID: "a", Host: "here", LeaseUntil: in(1), Clients: 1},
			{ReplicaID: "b", Host: "here", LeaseUntil: in(1)},
			{
				ReplicaID: "c", Host: "tor", PID: 4711, Version: "v1.2.3", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
				LeaseUntil: in(5), Live: true, Clients: 2,
			},
		}
		same := func(a, b ReplicaStatus) bool {
			started, until := a.Started.Equal(b.Started), a.LeaseUntil.Equal(b.LeaseUntil)
			a.Started, a.LeaseUntil, b.Started, b.LeaseUntil = time.Time{}, time.Time{}, time.Time{}, time.Time{}
			return a == b && started && until
		}
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		s.server.Advance(s.t, 5*hour) // beyond all leases
		got, err = c.Replicas(s.ctx)
		s.must(err)
		if len(got) != 3 || slices.ContainsFunc(got, func(r ReplicaStatus) bool { return r.Live }) {
			t.Errorf("beyond all leases: %+v", got)
		}
	})
}

func TestReplicasOfNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		empty, err := New(s.client, Options{Namespace: s.name + "-2", Replica: "x"})
		s.must(err)
		defer empty.Close()
		if got, err := empty.Replicas(s.ctx); len(got) != 0 || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
