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
	silenceLimit   = 45 * time.Second // how long a stream may be silent: one that lives says something every 15 s
	reconnectPause = time.Second
	maxEventBytes  = 16 << 20 // of a client with all its models
)

// Watch implements source, with the daemon's stream of events. One that was there and ended is taken up again, of which it
// warns once. What trying again cannot mend ends the watch, and so does whatever keeps the first stream from beginning.
func (d *viaDaemon) Watch(ctx context.Context, lost func(error) error, tell func(registry.Event) error) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for connected := false; ; connected = true {
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
		case !began && !connected, !passes(err):
			return err
		}
		if began {
			d.log.WithError(err).Warn("it is taken up again, with all there is then")
		}
		if err := lost(err); err != nil {
			return err
		}
		pause.Reset(reconnectPause)
	}
}

// errEnded: a stream broke off, or its daemon ended it.
var errEnded = errors.New("the stream of events ended")

// passes says whether a stream that ended so may be there when it is asked for again.
func passes(err error) bool {
	return errors.Is(err, errEnded) || errors.Is(err, errNoDaemon) || errors.Is(err, registry.ErrUnavailable)
}

// tellError is what the receiver of events returned.
type tellError struct{ error }

// follow tells what one stream has, until it ends. began says that there was one.
func (d *viaDaemon) follow(ctx context.Context, tell func(registry.Event) error) (began bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(requestLimit, func() { cancel(errors.New("the daemon is silent")) })
	defer silence.Stop()
	response, err := d.send(ctx, http.MethodGet, d.at("events"), nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	silence.Reset(silenceLimit)
	d.warnOfAge(response)
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		return false, d.noDaemon("it answers without events")
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxEventBytes)
	var data []byte // of the event that is being read; one that broke off is none
	for lines.Scan() {
		silence.Reset(silenceLimit)
		line := lines.Bytes()
		if text, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			data = append(data, text...)
		}
		if len(line) > 0 || len(data) == 0 {
			continue // the name and the ID of an event, and comments
		}
		var event registry.Event
		if err := json.Unmarshal(data, &event); err != nil {
			return true, d.unreadable(err)
		}
		if err := tell(event); err != nil {
			return true, &tellError{err}
		}
		data = data[:0]
	}
	err = lines.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return true, d.unreadable(err)
	case err == nil:
		err = errors.New("the daemon ended it")
	case context.Cause(ctx) != nil:
		err = context.Cause(ctx) // the daemon is silent
	}
	return true, fmt.Errorf("daemon at %s: %w: %w", d.base.Redacted(), errEnded, &hinted{err, "look into the daemon's log"})
}

func (d *viaDaemon) unreadable(err error) error {
	return d.noDaemon("an event cannot be read: %w", err)
}
