package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
)

// listener reads one event stream.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	hang  context.CancelFunc
}

func listen(t *testing.T, base string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", base+"/api/v1/events", nil)
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("status %d, content type %s", response.StatusCode, got)
	}
	return &listener{t, bufio.NewScanner(response.Body), cancel}
}

// next returns the next event; ok is false at the end of the stream.
func (l *listener) next() (event registry.Event, ok bool) {
	l.t.Helper()
	fields := map[string]string{}
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		if name != "" {
			fields[name] = value
			continue
		}
		if fields["data"] == "" { // the advice how to come back, or a heartbeat
			clear(fields)
			continue
		}
		must(l.t, json.Unmarshal([]byte(fields["data"]), &event))
		if fields["event"] != string(event.Kind) || fields["id"] != event.Position.String() {
			l.t.Errorf("event %s with ID %s has the data %s", fields["event"], fields["id"], fields["data"])
		}
		return event, true
	}
	return event, false
}

func (l *listener) expect(kind registry.EventKind, client, model string) registry.Event {
	l.t.Helper()
	event, ok := l.next()
	if !ok || event.Kind != kind || event.ClientID != client || event.ModelID != model {
		l.t.Fatalf("got %+v (%t), want a %s of client %q, model %q", event, ok, kind, client, model)
	}
	return event
}

func streaming(tb testing.TB, api *httpapi.API) *httptest.Server {
	tb.Helper()
	server := httptest.NewUnstartedServer(api)
	server.Config = api.Server() // with its limits, which a stream outlives
	server.Start()
	tb.Cleanup(server.Close)
	return server
}

func TestAStreamTellsTheStateAndThenEachChange(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	server := streaming(t, api)
	first := listen(t, server.URL)
	if e := first.expect(registry.EventClient, "key-1", ""); e.Provider != "p" || len(e.Models) != 1 || e.Models[0].ID != "m" {
		t.Errorf("the client came as %+v", e)
	}
	first.expect(registry.EventSynced, "", "")
	must(t, r.SetModelQuotaExceeded(t.Context(), "key-1", "m"))
	if e := first.expect(registry.EventMark, "key-1", "m"); e.Quota == nil || e.Position != r.Position() {
		t.Errorf("the mark came as %+v", e)
	}
	register(t, r, "key-2", "p", named("n")...)
	first.expect(registry.EventClient, "key-2", "")
	must(t, r.EvictClient(t.Context(), "key-2"))
	first.expect(registry.EventClientGone, "key-2", "")
	first.hang()

	again := listen(t, server.URL, "Last-Event-ID", r.Position().String(), "X-Rollcall-After", r.Position().String())
	again.expect(registry.EventClient, "key-1", "")
	again.expect(registry.EventMark, "key-1", "m")
	again.expect(registry.EventSynced, "", "")
	must(t, r.ClearModelQuotaExceeded(t.Context(), "key-1", "m"))
	if e := again.expect(registry.EventMark, "key-1", "m"); e.Quota != nil {
		t.Errorf("the end of the mark came as %+v", e)
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	server := streaming(t, api)
	l := listen(t, server.URL)
	l.expect(registry.EventSynced, "", "")
	must(t, server.Config.Shutdown(t.Context())) // waits for all requests
	if e, ok := l.next(); ok {
		t.Errorf("it went on with %+v", e)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	httpapi.HoldStreams(api, 2000)
	w := call(api, "GET", "/api/v1/events")
	expect(t, w, 503, `{"error":{"message":"there are 2000 event streams already, as many as are allowed","type":"server_error","code":"too_many_streams"}}`)
	if got := w.Header().Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After %q", got)
	}
	httpapi.HoldStreams(api, -1)
	l := listen(t, streaming(t, api).URL)
	l.expect(registry.EventSynced, "", "")
}

func TestAStreamThatEndedMakesRoom(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	httpapi.HoldStreams(api, 1999)
	for range 3 {
		expectStatus(t, send(gone(api), "GET", "/api/v1/events", ""), 200)
	}
}
