package daemon_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/daemon"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// answer is what a daemon said.
type answer struct {
	status   int
	position string
	body     string
}

// soon is a renewal that lets a hold end in the shortest time there is. Holds are longer until the test is ready for that.
const soon = `{"ttl":"1s"}`

// ask sends a request that sees at least what after told; "" for nothing. While the daemon is too busy to have come that
// far, or to know what others did, it says that it may be asked again.
func ask(t *testing.T, d *daemon.Daemon, method, path, body, after string) answer {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		got := askOnce(t, d, method, path, body, after)
		if got.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return got
		}
	}
}

// askOnce is ask for a daemon whose Redis is away.
func askOnce(t *testing.T, d *daemon.Daemon, method, path, body, after string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.Address()+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Rollcall-After", after)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header.Get("X-Rollcall-Position"), string(bytes.TrimSpace(data))}
}

func (a answer) expect(t *testing.T, status int, body string) answer {
	t.Helper()
	if a.status != status || (body != "" && a.body != body) {
		t.Fatalf("got  %d %s\nwant %d %s", a.status, a.body, status, body)
	}
	return a
}

// two starts two daemons without clients of their own on one Redis.
func two(t *testing.T, s *redistest.Server) (a, b *daemon.Daemon) {
	t.Helper()
	namespace := redistest.Namespace(t)
	one := func(id string) *daemon.Daemon {
		c := withoutClients()
		c.RedisURL, c.Namespace, c.ReplicaID = s.URL(), namespace, id
		d, _ := start(t, c)
		return d
	}
	return one("a"), one("b")
}

// holders lists who holds a client, as a daemon's view shows it; nil for a client that is not registered.
func holders(t *testing.T, d *daemon.Daemon, client, after string) []string {
	t.Helper()
	got := ask(t, d, "GET", "clients/"+client, "", after)
	if got.status == 404 {
		return nil
	}
	var c struct{ Holders []string }
	if err := json.Unmarshal([]byte(got.body), &c); err != nil {
		t.Fatal(err)
	}
	return c.Holders
}

// awaitHolders returns when a daemon's view shows just these holders.
func awaitHolders(t *testing.T, d *daemon.Daemon, client, want string) {
	t.Helper()
	eventually(t, "held by", want, func() string { return strings.Join(holders(t, d, client, ""), " ") })
}

func TestWhatWasWrittenThroughOneDaemonIsReadThroughTheOther(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		a, b := two(t, s)
		for range 20 {
			put := ask(t, a, "PUT", "clients/k", `{"provider":"p","models":["m"]}`, "").expect(t, 200, `{"client":"k"}`)
			ask(t, b, "GET", "models/m/pick", "", put.position).expect(t, 200, `{"client":"k"}`)
			marked := ask(t, b, "PUT", "clients/k/models/m/quota", `{"retry_after":60}`, "").expect(t, 200, "")
			ask(t, a, "POST", "models/m/pick", "", marked.position).expect(t, 429, "")
			cleared := ask(t, a, "DELETE", "clients/k/models/m/quota", "", "").expect(t, 204, "")
			ask(t, b, "GET", "clients/k/models/m", "", cleared.position).expect(t, 200, `{"state":"available"}`)
			gone := ask(t, b, "DELETE", "clients/k", "", "").expect(t, 204, "")
			ask(t, a, "GET", "clients/k", "", gone.position).expect(t, 404, "")
		}
	})
}

func TestAnyDaemonRenewsAClientAndTheMarksStay(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		a, b := two(t, s)
		ask(t, a, "PUT", "clients/k", `{"provider":"p","models":["m",{"id":"n","created":7}],"ttl":"1h"}`, "").expect(t, 200, `{"client":"k","ttl":"1h0m0s"}`)
		ask(t, b, "POST", "clients/k/heartbeat", "", "").expect(t, 200, `{"client":"k","ttl":"1m0s"}`)
		ask(t, b, "POST", "clients/k/heartbeat", `{"ttl":"1h"}`, "").expect(t, 200, `{"client":"k","ttl":"1h0m0s"}`)
		ask(t, a, "POST", "clients/k/heartbeat", soon, "").expect(t, 200, `{"client":"k","ttl":"1s"}`)
		awaitHolders(t, b, "k", "b") // a's hold is over and b's is not
		ask(t, b, "PUT", "clients/k/models/m/suspension", `{}`, "").expect(t, 200, "")
		put := ask(t, a, "PUT", "clients/k", `{"provider":"p","models":["m",{"id":"n","created":7}],"ttl":"1h"}`, "").expect(t, 200, "")
		if got := ask(t, b, "GET", "clients/k/models/m", "", put.position); !strings.Contains(got.body, `"suspended"`) {
			t.Errorf("after a renewal by PUT: %s", got.body)
		}
		if got := holders(t, b, "k", put.position); len(got) != 2 {
			t.Errorf("held by %q", got)
		}
		ask(t, b, "POST", "clients/k/heartbeat", soon, put.position).expect(t, 200, `{"client":"k","ttl":"1s"}`)
		awaitHolders(t, a, "k", "a")
		if got := ask(t, a, "GET", "models/n", "", ""); !strings.Contains(got.body, `"created":7`) {
			t.Errorf("the description after all that: %s", got.body)
		}
		ask(t, a, "POST", "clients/k/heartbeat", "", "").expect(t, 200, `{"client":"k","ttl":"1h0m0s"}`)
	})
}

func TestAClientThatIsNotRenewedGoesAndItsMarksWait(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		a, b := two(t, s)
		const put = `{"provider":"p","models":["m"],"ttl":"1h"}`
		ask(t, a, "PUT", "clients/k", put, "").expect(t, 200, "")
		marked := ask(t, a, "POST", "429", `{"provider":"p","status":429,"client":"k","model":"m"}`, "").expect(t, 200, "")
		ask(t, b, "GET", "clients", "", marked.position).expect(t, 200, "") // its view has come to that
		ask(t, a, "POST", "clients/k/heartbeat", soon, "").expect(t, 200, "")
		awaitHolders(t, b, "k", "")
		ask(t, b, "POST", "clients/k/heartbeat", "", "").expect(t, 404, "")
		ask(t, b, "PUT", "clients/k", put, "").expect(t, 200, "")
		ask(t, b, "GET", "models/m/pick", "", "").expect(t, 429, "")

		gone := ask(t, a, "DELETE", "clients/k", "", "").expect(t, 204, "") // which b holds
		if got := holders(t, b, "k", gone.position); got != nil {
			t.Errorf("evicted, it is held by %q", got)
		}
		ask(t, b, "POST", "clients/k/heartbeat", "", "").expect(t, 404, "")
		back := ask(t, b, "PUT", "clients/k", put, "").expect(t, 200, "")
		ask(t, a, "GET", "models/m/pick", "", back.position).expect(t, 200, `{"client":"k"}`)
	})
}

func TestClientsOfTheConfigFileCannotBePut(t *testing.T) {
	t.Parallel()
	d, _ := start(t, settings())
	ask(t, d, "PUT", "clients/key-1", `{"provider":"p","models":["m"]}`, "").expect(t, 409,
		`{"error":{"message":"the client is one of this daemon's config file: change it there, or choose another ID; one that was evicted comes back when the daemon starts again",`+
			`"type":"invalid_request_error","code":"configured"}}`)
	ask(t, d, "POST", "clients/key-1/heartbeat", `{"ttl":"1s"}`, "").expect(t, 200, `{"client":"key-1"}`)
}

func TestAClientOfTheConfigFileOutlivesAPutThroughAnotherDaemon(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		namespace := redistest.Namespace(t)
		one := func(id string, clients ...config.Client) (*daemon.Daemon, logLines) {
			c := withoutClients()
			c.RedisURL, c.Namespace, c.ReplicaID, c.Clients = s.URL(), namespace, id, clients
			return start(t, c)
		}
		a, lines := one("a", config.Client{ID: "k", Provider: "P", Models: []*registry.ModelInfo{
			{ID: "m", Created: 7, SupportedParameters: []string{}}, {ID: "n"}, {ID: "m"},
		}})
		b, _ := one("b")
		put := ask(t, b, "PUT", "clients/k", `{"provider":"q","models":["theirs"],"ttl":"1h"}`, "").expect(t, 200, "")
		if got := ask(t, a, "GET", "clients/k", "", put.position); !strings.Contains(got.body, `"theirs"`) {
			t.Errorf("while both hold it: %s", got.body)
		}
		ask(t, b, "POST", "clients/k/heartbeat", soon, "").expect(t, 200, "")
		lines.await(t, "somebody else had registered the client; registered again as the config file has it")
		got := ask(t, a, "GET", "clients/k", "", "").expect(t, 200, "")
		if !strings.Contains(got.body, `"provider":"p"`) || !strings.Contains(got.body, `"models":["m","n"]`) {
			t.Errorf("when the other hold is over: %s", got.body)
		}
		ask(t, b, "DELETE", "clients/k", "", "").expect(t, 204, "")
		awaitHolders(t, a, "k", "")
	})
}

func TestWhileRedisIsAwayWritesAreAccepted(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t, redistest.Options{})
	c := withoutClients()
	c.RedisURL, c.OperationTimeout = s.URL(), 2*time.Second // what cannot wait takes so long
	d, _ := start(t, c)
	ask(t, d, "PUT", "clients/k", `{"provider":"p","models":["m"]}`, "").expect(t, 200, "")
	s.Kill(t)
	eventually(t, "its Redis is", "down", func() string {
		response, err := http.Get("http://" + d.Address() + "/readyz")
		must(t, err)
		defer response.Body.Close()
		var ready struct{ Redis string }
		must(t, json.NewDecoder(response.Body).Decode(&ready))
		return ready.Redis
	})
	unknown := func(method, path, body string) {
		t.Helper()
		if got := askOnce(t, d, method, path, body, "").expect(t, 503, ""); !strings.Contains(got.body, `"code":"view_stale"`) {
			t.Errorf("%s %s, which another daemon may know: %s", method, path, got.body)
		}
	}
	unknown("POST", "clients/x/heartbeat", `{"ttl":"60s"}`)
	unknown("POST", "429", `{"client":"x","model":"m","status":429}`)
	unknown("PUT", "clients/k/models/x/quota", `{}`)
	askOnce(t, d, "PUT", "clients/l", `{"provider":"p","models":["m"]}`, "").expect(t, 202, `{"client":"l"}`)
	askOnce(t, d, "PUT", "clients/k/models/m/suspension", `{}`, "").expect(t, 202, "")
	askOnce(t, d, "DELETE", "clients/k/models/m/suspension", "", "").expect(t, 202, "")
	askOnce(t, d, "DELETE", "clients/k", "", "").expect(t, 202, "")
	askOnce(t, d, "GET", "models/m/pick", "", "").expect(t, 200, `{"client":"l"}`)
	askOnce(t, d, "GET", "replicas", "", "").expect(t, 503, "")
}
