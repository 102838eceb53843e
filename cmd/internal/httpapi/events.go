package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// The ways of an event stream.
const (
	maxStreams      = 2000
	heartbeatEvery  = 15 * time.Second      // of a comment, so that both ends notice when the other is gone
	streamPause     = 20 * time.Millisecond // between writes: what happens meanwhile goes in one
	maxEventBatch   = 256 << 10             // bytes that are written at once
	streamPatience  = 10 * time.Second      // with a receiver that does not take what is written
	reconnectMillis = 1000
)

// events tells the state of the view and then each change of it, as server-sent events. A stream that ended, because its
// receiver was too slow or the daemon stops, begins with the state again when the receiver comes back.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	if a.streams.Add(1) > maxStreams {
		a.streams.Add(-1)
		w.Header().Set("Retry-After", "5")
		shapeOf(r).writeErrorCode(w, http.StatusServiceUnavailable, "too_many_streams",
			fmt.Sprintf("there are %d event streams already, as many as are allowed", maxStreams))
		return
	}
	defer a.streams.Add(-1)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // for nginx, which would hold events back
	if r.Method == http.MethodHead {
		return
	}
	watcher := a.registry.Watch(r.Context())
	defer watcher.Close()
	newStream(w).run(watcher.C(), a.ending)
}

// stream is the connection of one receiver.
type stream struct {
	response   http.ResponseWriter
	controller *http.ResponseController
	batch      bytes.Buffer
}

func newStream(w http.ResponseWriter) *stream {
	s := &stream{response: w, controller: http.NewResponseController(w)}
	fmt.Fprintf(&s.batch, "retry: %d\n\n", reconnectMillis)
	return s
}

// run writes events until there are no more, the daemon stops, or the receiver is gone.
func (s *stream) run(events <-chan registry.Event, ending <-chan struct{}) {
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for pausing := true; ; {
		more := events
		if s.batch.Len() >= maxEventBatch {
			more = nil // the pause ends first
		}
		select {
		case event, ok := <-more:
			if !ok {
				s.flush()
				return
			}
			s.add(event)
		case <-heartbeat.C:
			s.batch.WriteString(": \n\n")
		case <-pause.C:
			pausing = false
		case <-ending:
			return
		}
		if pausing || s.batch.Len() == 0 {
			continue
		}
		if !s.flush() {
			return
		}
		pausing = true
		pause.Reset(streamPause)
	}
}

func (s *stream) add(event registry.Event) {
	fmt.Fprintf(&s.batch, "event: %s\nid: %s\ndata: ", event.Kind, event.Position)
	s.batch.Write(encode(event)) // ends its line
	s.batch.WriteByte('\n')
}

// flush writes what is there. It returns false where the receiver does not take it. The deadline goes with the write: in
// HTTP/2 it would end the stream also while nothing is to be written. Not every test's response has deadlines.
func (s *stream) flush() bool {
	_ = s.controller.SetWriteDeadline(time.Now().Add(streamPatience))
	_, err := s.response.Write(s.batch.Bytes())
	s.batch.Reset()
	if err != nil || s.controller.Flush() != nil {
		return false
	}
	_ = s.controller.SetWriteDeadline(time.Time{})
	return true
}
