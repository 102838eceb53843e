package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// send is what curl does: a request with a body, "" for none, that must be accepted. It returns the body of the answer and
// the position in its header. after is the position that the answer must have come to; "" for any. While a busy daemon has
// not come to it, it says that it may be asked again.
func (c *child) send(method, path, body, after string) (answer, position string) {
	c.t.Helper()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for deadline := time.Now().Add(patience); ; <-pause.C {
		status, answer, position := c.sendOnce(method, path, body, after)
		again := status == http.StatusServiceUnavailable && time.Now().Before(deadline)
		if !again && (status >= 300 || position == "") {
			c.t.Fatalf("%s %s is answered with %d, position %q: %s", method, path, status, position, answer)
		}
		if !again {
			return answer, position
		}
	}
}

func (c *child) sendOnce(method, path, body, after string) (status int, answer, position string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	must(c.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if after != "" {
		request.Header.Set("X-Rollcall-After", after)
	}
	response, err := http.DefaultClient.Do(request)
	must(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(c.t, err)
	return response.StatusCode, string(text), response.Header.Get("X-Rollcall-Position")
}

// reads asks for what a position, of another daemon, promises.
func (c *child) reads(path, after, want string) {
	c.t.Helper()
	if text, _ := c.send(http.MethodGet, path, "", after); !strings.Contains(text, want) {
		c.t.Errorf("%s%s after %s is\n%s\nwithout %s", c.base, path, after, text, want)
	}
}

// asks is a get for eventually.
func (c *child) asks(path string) func() string {
	return func() string {
		c.t.Helper()
		_, body := c.get(path)
		return body
	}
}

const clients = "/api/v1/clients/"

// endLease lets the lease of a killed replica be over, however long it was to last. A test in which leases last only as long
// as it can wait for would fail on a machine so busy that replicas which live do not renew theirs in time.
func endLease(t *testing.T, server *redistest.Server, namespace, replica string) {
	t.Helper()
	over := redis.Z{Score: float64(time.Now().Add(-time.Second).UnixMilli()), Member: replica}
	must(t, server.Admin(t).ZAddXX(t.Context(), "rollcall:{"+namespace+"}:leases", over).Err())
}

// twoDaemons start on one Redis. Each has a client of its own, key-one and key-two, and both have key-both. The lease of
// the first is long.
func twoDaemons(t *testing.T, url, leaseOfTwo string) (one, two *child, again func() *child) {
	t.Helper()
	dir := t.TempDir()
	start := func(name, lease string) *child {
		t.Helper()
		file := filepath.Join(dir, name+".yaml")
		must(t, os.WriteFile(file, fmt.Appendf(nil,
			"replica_id: %[1]s\nclients:\n  - {id: key-%[1]s, provider: p, models: [of-%[1]s]}\n  - {id: key-both, provider: p, models: [of-both]}\n", name), 0o600))
		return serve(t, nil, "--config", file, "--redis-url", url, "--lease-ttl", lease)
	}
	one, two = start("one", "1h"), start("two", leaseOfTwo)
	for _, d := range []*child{one, two} {
		d.awaitIDs("of-both of-one of-two")
	}
	return one, two, func() *child { t.Helper(); return start("one", "1h") }
}

// TestReadYourWritesThroughAnotherDaemon: a caller behind a load balancer finds what it wrote, wherever it is sent.
func TestReadYourWritesThroughAnotherDaemon(t *testing.T) {
	t.Parallel()
	one, two, _ := twoDaemons(t, redistest.Redis(t).URL(), "1h")
	const pair = clients + "key-both/models/of-both"
	for range 50 { // one alone could have luck
		_, written := one.send(http.MethodPut, pair+"/suspension", `{"reason": "broken"}`, "")
		two.reads(pair, written, `"state":"suspended"`)
		_, written = two.send(http.MethodDelete, pair+"/suspension", "", "")
		one.reads(pair, written, `"state":"available"`)
	}
	_, written := one.send(http.MethodPut, clients+"key-new", `{"provider": "q", "models": ["new"]}`, "")
	two.reads("/v1/models", written, `"id":"new"`)
	two.reads(clients+"key-new", written, `"holders":["one"]`)
	_, written = two.send(http.MethodDelete, clients+"key-new", "", "")
	if text, _ := one.send(http.MethodGet, "/v1/models", "", written); strings.Contains(text, `"new"`) {
		t.Errorf("after the eviction the other lists %s", text)
	}
}

// TestAHoldIsRenewedThroughAnyDaemon: who renews elsewhere keeps the client when the time at the first daemon is over.
func TestAHoldIsRenewedThroughAnyDaemon(t *testing.T) {
	t.Parallel()
	one, two, _ := twoDaemons(t, redistest.Redis(t).URL(), "1h")
	const client, soon = `{"provider": "q", "models": ["held"], "ttl": "1h"}`, `{"ttl": "1s"}`
	_, written := one.send(http.MethodPut, clients+"key-renewed", client, "")
	_, written = two.send(http.MethodPost, clients+"key-renewed/heartbeat", `{"ttl": "1h"}`, written)
	one.reads(clients+"key-renewed", written, `"two"`)
	one.send(http.MethodPut, clients+"key-left", client, "")
	one.send(http.MethodPost, clients+"key-renewed/heartbeat", soon, "")
	one.send(http.MethodPost, clients+"key-left/heartbeat", soon, "")

	one.eventually(one.asks(clients+"key-renewed"), `"holders":["two"]`)
	two.eventually(two.asks(clients+"key-left"), "not_registered")
	two.awaitIDs("held of-both of-one of-two")
}

// TestAKilledDaemon loses its lease and with it the clients that it alone held. Marks outlive that.
func TestAKilledDaemon(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	// Who ends the leases of others must have been connected for as long as its own lasts. On a busy machine this one is taken
	// for dead itself now and then, and comes back: so what it shows is waited for.
	one, two, again := twoDaemons(t, server.URL(), "1s")
	const forLong = `{"provider": "q", "models": ["%s"], "ttl": "1h"}`
	one.send(http.MethodPut, clients+"key-alone", fmt.Sprintf(forLong, "alone"), "")
	one.send(http.MethodPut, clients+"key-shared", fmt.Sprintf(forLong, "shared"), "")
	two.send(http.MethodPost, clients+"key-shared/heartbeat", "", "")
	one.send(http.MethodPut, clients+"key-one/models/of-one/suspension", `{"reason": "answers nonsense"}`, "")
	one.send(http.MethodPut, clients+"key-one/models/*/quota", `{"retry_after": "2h", "reason": "weekly limit"}`, "")
	one.send(http.MethodPut, clients+"key-both/models/of-both/quota", `{"retry_after": "3h", "reason": "daily limit"}`, "")
	_, written := one.send(http.MethodPut, clients+"key-shared/models/shared/suspension", `{"reason": "too dear"}`, "")
	two.reads("/v1/models", written, `"id":"alone"`)

	one.signal(syscall.SIGKILL)
	<-one.exited
	endLease(t, server, "default", "one")
	for _, gone := range []string{"key-one", "key-alone"} {
		two.eventually(two.asks(clients+gone), "not_registered")
	}
	two.eventually(func() string {
		list, _ := two.send(http.MethodGet, "/api/v1/models", "", "") // those that no client can serve now included
		return strings.Join(regexp.MustCompile(`"model":"[^"]+"`).FindAllString(list, -1), " ")
	}, `"model":"of-both" "model":"of-two" "model":"shared"`)
	for _, both := range []string{"key-both", "key-shared"} {
		two.eventually(two.asks(clients+both), `"holders":["two"]`)
	}
	two.eventually(two.asks(clients+"key-both/models/of-both"), `"reason":"daily limit"`)
	two.eventually(two.asks(clients+"key-shared/models/shared"), `"reason":"too dear"`)

	one = again()
	two.eventually(two.asks(clients+"key-both"), `"holders":["one","two"]`)
	two.eventually(two.asks(clients+"key-one"), `"holders":["one"]`)
	for _, d := range []*child{one, two} {
		d.eventually(d.asks(clients+"key-one"), `"reason":"answers nonsense"`)
		d.eventually(d.asks(clients+"key-one"), `"reason":"weekly limit"`)
		d.eventually(d.asks(clients+"key-both/models/of-both"), `"reason":"daily limit"`)
	}
}
