package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Finding is one thing that was looked at, and what is to be done about it.
type Finding struct {
	Check string `json:"check"`
	State string `json:"state"` // FindingOK, FindingWarn or FindingFail
	Found string `json:"found"`
	// Do says what to do; empty where nothing is. With FindingOK it is a hint.
	Do string `json:"do,omitempty"`
}

// The states of a finding.
const (
	FindingOK   = "ok"
	FindingWarn = "warn" // it works, but not well
	FindingFail = "fail" // it does not work
)

// notKnown is found where the server does not tell: the user may lack a right, or it is not a Redis of usual make.
const notKnown = "not known: the server does not tell this user"

// Limits of what is found good.
const (
	clockApart  = 5 * time.Second        // beyond this people are misled by what is said about times
	slowPing    = 5 * time.Millisecond   // p50: each write takes one round trip
	stalledPing = 50 * time.Millisecond  // p99
	uselessPing = 500 * time.Millisecond // p50: half of a write's time
	pings       = 100
	fullMemory  = 0.8
)

// Examine looks at everything that a registry in this Redis depends on. Nothing is changed. What cannot be found out
// because an earlier check failed is left out.
func (s *Store) Examine(ctx context.Context) []Finding {
	if err := s.CheckConnection(ctx); err != nil {
		return []Finding{{"connection", FindingFail, err.Error(), "see that Redis runs at that address and lets this machine and user in"}}
	}
	findings := []Finding{{"connection", FindingOK, "Redis answers user " + s.user(), ""}}
	info, err := s.info(ctx)
	if err != nil {
		return append(findings, Finding{"version", FindingFail, err.Error(), "try again; the connection is not reliable"})
	}
	findings = append(findings, info.versionFinding(), info.evictionFinding(), info.memoryFinding(), s.persistenceFinding(ctx, info),
		s.rightsFinding(ctx), s.feedFinding(ctx), s.latencyFinding(ctx))
	data, err := s.dataFinding(ctx)
	findings = append(findings, s.clockFinding(), data)
	if data.State != FindingFail || errors.Is(err, ErrBroken) {
		findings = append(findings, s.leasesFinding(ctx))
	}
	return findings
}

func (i serverInfo) versionFinding() Finding {
	name, version := "Redis ", i["redis_version"]
	if i["valkey_version"] != "" {
		name, version = "Valkey ", i["valkey_version"]
	}
	if err := i.problem(); err != nil {
		return Finding{"version", FindingFail, err.Error(), "use a primary of Redis 6.2 or newer, or of Valkey"}
	}
	if version == "" {
		return Finding{"version", FindingOK, notKnown, ""}
	}
	return Finding{"version", FindingOK, name + version, ""}
}

func (i serverInfo) evictionFinding() Finding {
	policy := i["maxmemory_policy"]
	if policy == "" {
		return Finding{"eviction", FindingOK, notKnown, "see that maxmemory-policy is noeviction"}
	}
	if warnings := i.warnings(); len(warnings) > 0 {
		return Finding{"eviction", FindingWarn, "maxmemory-policy is " + policy + ": when memory is full, the registry is torn apart",
			"CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"}
	}
	return Finding{"eviction", FindingOK, "maxmemory-policy is " + policy, ""}
}

func (i serverInfo) memoryFinding() Finding {
	used, err1 := strconv.ParseFloat(i["used_memory"], 64)
	limit, err2 := strconv.ParseFloat(i["maxmemory"], 64)
	const mib = 1 << 20
	switch {
	case errors.Join(err1, err2) != nil:
		return Finding{"memory", FindingOK, notKnown, ""}
	case limit == 0:
		return Finding{"memory", FindingOK, fmt.Sprintf("%.1f MiB used, no limit", used/mib), "a maxmemory keeps Redis from taking the machine's"}
	case used > limit && i["maxmemory_policy"] == "noeviction":
		return Finding{"memory", FindingFail, fmt.Sprintf("%.1f of %.1f MiB used: writes are refused", used/mib, limit/mib),
			"raise maxmemory, or find out what fills it: redis-cli --bigkeys"}
	case used > limit*fullMemory:
		return Finding{"memory", FindingWarn, fmt.Sprintf("%.1f of %.1f MiB used; when it is full, writes are refused", used/mib, limit/mib),
			"raise maxmemory, or find out what fills it: redis-cli --bigkeys"}
	}
	return Finding{"memory", FindingOK, fmt.Sprintf("%.1f of %.1f MiB used", used/mib, limit/mib), ""}
}

func (s *Store) persistenceFinding(ctx context.Context, info serverInfo) Finding {
	const hint = "appendonly yes keeps, across a restart of Redis, also what no live replica knows: marks that wait for their clients"
	switch info["aof_enabled"] {
	case "1":
		return Finding{"persistence", FindingOK, "appendonly is on", ""}
	case "":
		return Finding{"persistence", FindingOK, notKnown, ""}
	}
	found := "appendonly is off"
	var save map[string]string
	var err error
	switch client := s.client.(type) {
	case *redis.ClusterClient:
		var node *redis.Client
		if node, err = client.MasterForKey(ctx, s.keys.meta()); err == nil {
			save, err = node.ConfigGet(ctx, "save").Result()
		}
	default:
		save, err = client.ConfigGet(ctx, "save").Result()
	}
	switch {
	case err != nil:
		found += ", save is not known"
	case save["save"] == "":
		found += ", and so is save: a restart loses everything but what replicas bring back"
	default:
		found += ", save is " + save["save"]
	}
	return Finding{"persistence", FindingOK, found, hint}
}

func (s *Store) latencyFinding(ctx context.Context) Finding {
	times := make([]time.Duration, pings)
	for i := range times {
		begun := time.Now()
		if err := s.client.Ping(ctx).Err(); err != nil {
			return Finding{"latency", FindingFail, fmt.Sprintf("PING %d of %d: %v", i+1, pings, err), "look at the network and at Redis' load"}
		}
		times[i] = time.Since(begun)
	}
	slices.Sort(times)
	p50, p99 := times[pings/2], times[pings*99/100]
	f := Finding{"latency", FindingOK, fmt.Sprintf("PING p50 %s, p99 %s", p50.Round(time.Microsecond), p99.Round(time.Microsecond)), ""}
	switch {
	case p50 >= uselessPing:
		f.State, f.Do = FindingFail, "writes will run out of their time; put Redis nearer, or raise operation_timeout"
	case p50 > slowPing || p99 > stalledPing:
		f.State, f.Do = FindingWarn, "look for slow commands (SLOWLOG GET), a busy machine, or a network that is far"
	}
	return f
}

// clockFinding compares the clocks after the calls before it have told the server's time.
func (s *Store) clockFinding() Finding {
	apart := time.Until(s.clock.Now()).Round(time.Millisecond)
	f := Finding{"clock", FindingOK, fmt.Sprintf("Redis' clock is %s from this machine's", signed(apart)), ""}
	if apart.Abs() > clockApart {
		f.State, f.Do = FindingWarn, "set both by NTP; deadlines hold by Redis' clock"
	}
	return f
}

func signed(d time.Duration) string {
	if d < 0 {
		return d.String()
	}
	return "+" + d.String()
}

// dataFinding reads the head and all records. It returns what is wrong as an error, too.
func (s *Store) dataFinding(ctx context.Context) (Finding, error) {
	head, err := s.Head(ctx)
	if err == nil {
		var all *Snapshot
		if all, err = s.Snapshot(ctx); err == nil && all.Unreadable != nil {
			return Finding{"data", FindingFail, all.Unreadable.Error(), "rollcall verify --repair"}, all.Unreadable
		}
		var moved *DivergedError
		if errors.As(err, &moved) {
			err = nil // while a new epoch begins
		}
	}
	switch {
	case err == nil:
		return Finding{"data", FindingOK, fmt.Sprintf("schema 1, revision %d, epoch of %s", head.Position.Revision,
			head.Began.UTC().Format(time.RFC3339)), ""}, nil
	case errors.Is(err, ErrEmpty):
		return Finding{"data", FindingWarn, "nobody has begun this namespace",
			"start a replica; or see whether the namespace is the right one: rollcall namespace list"}, err
	case errors.Is(err, ErrSchema):
		return Finding{"data", FindingFail, err.Error(), "use the version of rollcall that wrote it, or a newer one"}, err
	case errors.Is(err, ErrBroken):
		return Finding{"data", FindingFail, err.Error(), "replicas that live mend this within 2 s; else see rollcall verify"}, err
	}
	return Finding{"data", FindingFail, err.Error(), "see the checks above"}, err
}

// leasesFinding finds a replica late whose lease was not renewed for more than half of the time that it said its leases
// take; of one that said nothing that is not known.
func (s *Store) leasesFinding(ctx context.Context) Finding {
	replicas, err := s.Replicas(ctx)
	if err != nil {
		return Finding{"leases", FindingFail, err.Error(), "see the checks above"}
	}
	var over, late []string
	live := 0
	for _, one := range replicas {
		switch left := one.LeaseUntil.Sub(s.clock.Now()); {
		case !one.Live:
			over = append(over, one.ReplicaID)
			continue
		case left < one.lease/2: // renewed every third of it
			late = append(late, one.ReplicaID)
		}
		live++
	}
	f := Finding{"leases", FindingOK, fmt.Sprintf("%d live replicas", live), ""}
	if live == 1 {
		f.Found = "1 live replica"
	}
	if len(over) > 0 {
		f.State, f.Found = FindingWarn, f.Found+"; lease over: "+few(over)
		f.Do = "a live replica ends it within seconds"
	}
	if len(over) > 0 && live == 0 {
		f.State, f.Do = FindingFail, "start a daemon or another replica: what they held stands until one lives"
	}
	if len(late) > 0 {
		f.State, f.Found = FindingWarn, f.Found+"; late with their beat: "+few(late)
		f.Do = "look whether they run and reach Redis"
	}
	return f
}
