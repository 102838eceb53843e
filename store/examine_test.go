package store

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// examined is what was found, by check.
func examined(t *testing.T, s *Store) map[string]Finding {
	t.Helper()
	found := make(map[string]Finding)
	for _, one := range s.Examine(t.Context()) {
		if found[one.Check] != (Finding{}) {
			t.Errorf("%s is told twice", one.Check)
		}
		if one.Found == "" || (one.State != FindingOK && one.Do == "") {
			t.Errorf("%+v does not say what to do", one)
		}
		found[one.Check] = one
	}
	return found
}

func wantFinding(t *testing.T, found map[string]Finding, check, state, text string) {
	t.Helper()
	if one := found[check]; one.State != state || !strings.Contains(one.Found+"; "+one.Do, text) {
		t.Errorf("%s: got %+v, want %s with %q", check, one, state, text)
	}
}

func TestExamineAHealthyServer(t *testing.T) {
	onBoth(t, func(s *space) {
		found := examined(t, s.a)
		for _, check := range []string{"connection", "version", "eviction", "memory", "persistence", "rights", "clock", "data"} {
			wantFinding(t, found, check, FindingOK, "")
		}
		if found["latency"].State == "" { // a loaded machine may be slow
			t.Error("the latency is not told")
		}
		wantFinding(t, found, "leases", FindingOK, "2 live replicas")
	})
}

func TestExamineFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{
		MovableClock: true, Config: []string{"--maxmemory-policy", "volatile-ttl", "--maxmemory", "64mb"},
	})
	s := newSpace(t, server)
	server.Advance(t, 90*time.Minute)
	used, err := strconv.Atoi(regexp.MustCompile(`used_memory:(\d+)`).FindStringSubmatch(s.admin.Info(s.ctx, "memory").Val())[1])
	s.must(err)
	s.must(s.admin.ConfigSet(s.ctx, "maxmemory", strconv.Itoa(used*10/9)).Err())
	found := examined(t, s.a)
	wantFinding(t, found, "eviction", FindingWarn, "noeviction")
	wantFinding(t, found, "memory", FindingWarn, "maxmemory")
	wantFinding(t, found, "clock", FindingWarn, "NTP")
	_, apart, _ := strings.Cut(found["clock"].Found, "clock is +")
	apart, _, _ = strings.Cut(apart, " ")
	if is, err := time.ParseDuration(apart); err != nil || (is-90*time.Minute).Abs() > time.Minute {
		t.Errorf("the clock is an hour and a half ahead: %s", found["clock"].Found)
	}
	wantFinding(t, found, "persistence", FindingOK, "appendonly yes")
	wantFinding(t, found, "leases", FindingFail, "0 live replicas; lease over: a, b; start a daemon")

	s.must(s.admin.ConfigSet(s.ctx, "maxmemory-policy", "noeviction").Err())
	s.must(s.admin.ConfigSet(s.ctx, "maxmemory", strconv.Itoa(used/2)).Err())
	wantFinding(t, examined(t, s.a), "memory", FindingFail, "writes are refused; raise maxmemory")
}

func TestExamineNamesOverdueLeases(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.server.Advance(s.t, 30*time.Minute)
		_, err := s.a.Join(s.ctx, 3*hour, "{}", time.Time{})
		s.must(err)
		s.server.Advance(s.t, 40*time.Minute)
		found := examined(t, s.a)
		wantFinding(t, found, "leases", FindingWarn, "1 live replica; lease over: b; a live replica")
	})
}

// Who is late is a matter of the length of each one's own leases.
func TestExamineLateReplicas(t *testing.T) {
	onBothMoving(t, func(s *space) {
		_, err := s.a.Join(s.ctx, 3*hour, `{"lease_ms":10800000}`, time.Time{})
		s.must(err)
		_, err = s.b.Join(s.ctx, time.Hour, `{"lease_ms":3600000}`, time.Time{})
		s.must(err)
		wantFinding(t, examined(t, s.a), "leases", FindingOK, "2 live replicas")
		s.server.Advance(s.t, 40*time.Minute)
		found := examined(t, s.a)
		wantFinding(t, found, "leases", FindingWarn, "2 live replicas; late with their beat: b;")
	})
}

func TestExamineDamagedData(t *testing.T) {
	onBoth(t, func(s *space) {
		s.must(s.admin.Del(s.ctx, s.a.keys.replicas()).Err())
		wantFinding(t, examined(t, s.a), "data", FindingFail, "rollcall verify")
		s.must(s.admin.HSet(s.ctx, s.a.keys.meta(), "schema", "2").Err())
		wantFinding(t, examined(t, s.a), "data", FindingFail, "newer")
	})
}

func TestExamineAnEmptyNamespace(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s, err := New(server.Client(t), Options{Namespace: redistest.Namespace(t), Replica: "x"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wantFinding(t, examined(t, s), "data", FindingWarn, "rollcall namespace list")
	})
}

// A user who may not use INFO and CONFIG is told what is not known; one who lacks a right is told which.
func TestExamineARestrictedUser(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	url := func(name string, rules ...string) string {
		args := []any{"ACL", "SETUSER", name}
		for _, rule := range append(redistest.DocumentedUser(t), rules...) {
			args = append(args, rule)
		}
		if err := server.Admin(t).Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		return "redis://" + name + ":PASSWORD@" + server.Addr()
	}
	found := examined(t, openURL(t, url("blind", "-info")))
	for _, check := range []string{"version", "eviction", "memory", "persistence"} {
		wantFinding(t, found, check, FindingOK, "not known")
	}
	wantFinding(t, found, "rights", FindingOK, "blind")
	found = examined(t, openURL(t, url("documented")))
	wantFinding(t, found, "persistence", FindingOK, "save is not known")
	found = examined(t, openURL(t, url("weak", "-zadd")))
	wantFinding(t, found, "rights", FindingFail, "ACL SETUSER weak +zadd")
}

func TestExamineWhereNothingAnswers(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s := openURL(t, server.URL())
	server.Kill(t)
	found := examined(t, s)
	if len(found) != 1 {
		t.Errorf("got %v", found)
	}
	wantFinding(t, found, "connection", FindingFail, "Redis runs at that address")
}
