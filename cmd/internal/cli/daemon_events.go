package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

const (
	silenceLimit   = 45 * time.Second // a stream that lives says something every 15 s
	reconnectPause = time.Second
	maxEventBytes  = 16 << 20 // of a client with all its models
)

// Watch implements source, with the daemon's stream of events. A stream that ended begins with what there is then.
func (d *viaDaemon) Watch(ctx context.Context, tell func(registry.Event) error) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for connected := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		began, err := d.follow(ctx, tell)
		var told *tellError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &told):
			return told.error
		case !began && !connected:
			return err
		case began:
			d.log.WithError(err).Warn("the stream of events ended; it is taken up again, with all there is then")
		}
		connected = true
		pause.Reset(reconnectPause)
	}
}

// tellError is what the receiver of events returned.
type tellError struct{ error }

// follow tells what one stream has, until it ends. began says that there was one.
func (d *viaDaemon) follow(ctx context.Context, tell func(registry.Event) error) (began bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(silenceLimit, func() { cancel(errors.New("the daemon is silent")) })
	defer silence.Stop()
	response, err := d.send(ctx, http.MethodGet, d.at("events"), nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		return false, fmt.Errorf("daemon at %s: it answers without events; is it a rollcall serve?", d.base.Redacted())
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxEventBytes)
	for lines.Scan() {
		silence.Reset(silenceLimit)
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !ok {
			continue // the name, the ID and the end of an event, and comments
		}
		var event registry.Event
		if err := json.Unmarshal(data, &event); err != nil {
			return true, fmt.Errorf("daemon at %s: an event cannot be read: %w", d.base.Redacted(), err)
		}
		if err := tell(event); err != nil {
			return true, &tellError{err}
		}
	}
	if err := lines.Err(); err != nil {
		return true, errors.Join(context.Cause(ctx), err)
	}
	return true, errors.New("the daemon ended it")
}
