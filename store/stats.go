package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Stats counts what a store has asked of Redis since it was made.
type Stats struct {
	// Scripts has how long the calls of each verb took, from call to return, repetitions included.
	Scripts map[string]Durations
	// RoundTrips is how long single tries took that were answered, be it with a refusal.
	RoundTrips Durations
	// Failures counts the tries that failed, of scripts and of reads of the feed, by each of FailureClasses. What a script
	// refuses by its own rules is no failure.
	Failures map[string]uint64
}

// Durations is a histogram.
type Durations struct {
	Count   uint64
	Sum     time.Duration
	Buckets []uint64 // how many took no longer than each of DurationBounds
}

// DurationBounds are the bounds of every Durations.
func DurationBounds() []time.Duration { return append([]time.Duration(nil), durationBounds[:]...) }

var durationBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond,
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond,
}

// The classes of failures: no answer in time; no connection, or one that was lost; a server that starts, fails over or
// moves a slot; one without memory, or that cannot persist; anything else that it refuses, such as for lack of a right.
const (
	failureTimeout    = "timeout"
	failureConnection = "connection"
	failureNotReady   = "not_ready"
	failureFull       = "full"
	failureRefused    = "refused"
)

// FailureClasses are the keys of Stats.Failures.
func FailureClasses() []string {
	return []string{failureTimeout, failureConnection, failureNotReady, failureFull, failureRefused}
}

// stats is what Stats is read from. The maps do not change.
type stats struct {
	scripts    map[string]*durations
	roundTrips durations
	failures   map[string]*atomic.Uint64
}

type durations struct {
	counts [len(durationBounds) + 1]atomic.Uint64 // by the first bound that is not exceeded
	sum    atomic.Int64                           // ns
}

func newStats(verbs []string) *stats {
	s := &stats{scripts: make(map[string]*durations), failures: make(map[string]*atomic.Uint64)}
	for _, verb := range verbs {
		s.scripts[verb] = new(durations)
	}
	for _, class := range FailureClasses() {
		s.failures[class] = new(atomic.Uint64)
	}
	return s
}

// called notes a whole call of a verb.
func (s *stats) called(verb string, took time.Duration) {
	if d := s.scripts[verb]; d != nil {
		d.observe(took)
	}
}

// tried notes a single try.
func (s *stats) tried(took time.Duration, err error) {
	var answered redis.Error
	if err == nil || errors.As(err, &answered) {
		s.roundTrips.observe(took)
	}
	s.failed(err)
}

// failed notes an error of a try, if it is a failure.
func (s *stats) failed(err error) {
	if count := s.failures[failureClass(err)]; count != nil {
		count.Add(1)
	}
}

// failureClass names the class of an error; "" for none.
func failureClass(err error) string {
	var answered redis.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, redis.Nil), errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &answered):
		text := answered.Error()
		switch {
		case strings.HasPrefix(text, "ROLLCALL "):
			return ""
		case strings.HasPrefix(text, "OOM"), strings.HasPrefix(text, "MISCONF"):
			return failureFull
		case passes(err):
			return failureNotReady
		}
		return failureRefused
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout),
		errors.As(err, &network) && network.Timeout():
		return failureTimeout
	}
	return failureConnection
}

func (d *durations) observe(took time.Duration) {
	i := 0
	for i < len(durationBounds) && took > durationBounds[i] {
		i++
	}
	d.counts[i].Add(1)
	d.sum.Add(int64(took))
}

func (d *durations) read() Durations {
	read := Durations{Sum: time.Duration(d.sum.Load()), Buckets: make([]uint64, len(durationBounds))}
	for i := range d.counts {
		read.Count += d.counts[i].Load()
		if i < len(read.Buckets) {
			read.Buckets[i] = read.Count
		}
	}
	return read
}

// Stats returns the counts as they are now.
func (s *Store) Stats() Stats {
	read := Stats{
		Scripts: make(map[string]Durations, len(s.stats.scripts)), RoundTrips: s.stats.roundTrips.read(),
		Failures: make(map[string]uint64, len(s.stats.failures)),
	}
	for verb, d := range s.stats.scripts {
		read.Scripts[verb] = d.read()
	}
	for class, count := range s.stats.failures {
		read.Failures[class] = count.Load()
	}
	return read
}
