package httpapi_test

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

func TestEveryAnswerTellsPositionAndAgeOfTheView(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("a")...)
	for _, target := range []string{"/v1/models", "/v1/models/a", "/v1/models/x", "/v1beta/models", "/nothing", "/healthz", "/readyz"} {
		h := call(api, "GET", target).Header()
		if got := h.Get("X-Rollcall-Position"); got != r.Position().String() {
			t.Errorf("%s: position %q, want %q", target, got, r.Position())
		}
		if age, err := strconv.ParseFloat(h.Get("X-Rollcall-View-Age"), 64); err != nil || age < 0 {
			t.Errorf("%s: view age %q", target, h.Get("X-Rollcall-View-Age"))
		}
	}
	before := call(api, "GET", "/v1/models").Header().Get("X-Rollcall-Position")
	register(t, r, "key-2", "p", named("b")...)
	if after := call(api, "GET", "/v1/models").Header().Get("X-Rollcall-Position"); after == before {
		t.Errorf("a change did not move the position %s", after)
	}
}

func TestAReadWaitsForThePositionOfAWrite(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		options := registry.Options{Namespace: redistest.Namespace(t), Logger: silent(), OperationTimeout: patience}
		open := func() *registry.ModelRegistry {
			r, err := registry.Open(t.Context(), s.URL(), options)
			must(t, err)
			t.Cleanup(func() { must(t, r.Close()) })
			return r
		}
		writer, reader := open(), open()
		api := httpapi.New(reader, nil, silent(), httpapi.Options{})
		for i := range 20 {
			id := "m" + strconv.Itoa(i)
			register(t, writer, "key-"+id, "p", named(id)...)
			w := call(api, "GET", "/v1/models/"+id, "X-Rollcall-After", writer.Position().String())
			for deadline := time.Now().Add(patience); w.Code == 503 && time.Now().Before(deadline); { // on a busy machine it may not come in time
				w = call(api, "GET", "/v1/models/"+id, "X-Rollcall-After", writer.Position().String())
			}
			if w.Code != 200 {
				t.Fatalf("the read after write %d answers %d: %s", i, w.Code, w.Body)
			}
			var told registry.Position
			must(t, told.UnmarshalText([]byte(w.Header().Get("X-Rollcall-Position"))))
			if told.Revision < writer.Position().Revision {
				t.Errorf("the answer tells position %s, asked was for %s", told, writer.Position())
			}
		}
	})
}

func TestAPositionThatCannotBeWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, positionThatCannotBeWaitedFor) // where a second passes at once
}

func positionThatCannotBeWaitedFor(t *testing.T) {
	api, r := newAPI(t, named("a")...)
	at := r.Position()
	ahead := registry.Position{Epoch: at.Epoch, Revision: at.Revision + 100, Nonce: "n"}
	var waiting sync.WaitGroup
	for _, c := range []struct {
		target, after string
		status        int
		body          string
	}{
		{"/v1/models", "today", 400, `{"error":{"message":"X-Rollcall-After is \"today\"; must be a position as X-Rollcall-Position gave it, ` +
			`epoch:revision:nonce","type":"invalid_request_error","code":"invalid_parameter"}}`},
		{"/v1/models/a", "other:1:n", 409, `{"error":{"message":"X-Rollcall-After is of another epoch than the view; the history it ` +
			`belongs to was lost, so read without it","type":"invalid_request_error","code":"epoch"}}`},
		{"/v1beta/models", ahead.String(), 503, `{"error":{"code":503,"message":"the view has not come to the position of ` +
			`X-Rollcall-After in time","status":"UNAVAILABLE"}}`},
	} {
		waiting.Go(func() {
			w := call(api, "GET", c.target, "X-Rollcall-After", c.after)
			expect(t, w, c.status, c.body)
			if got := w.Header().Get("Retry-After"); (got == "1") != (c.status == 503) {
				t.Errorf("%d: Retry-After %q", c.status, got)
			}
		})
	}
	waiting.Wait()
	if w := call(api, "GET", "/v1/models", "X-Rollcall-After", ""); w.Code != 200 {
		t.Errorf("an empty position: status %d", w.Code)
	}
}
