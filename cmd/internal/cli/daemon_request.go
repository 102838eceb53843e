package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// requestLimit is how long a daemon may take to answer, also to the request for a stream. It waits up to 1 s for a position.
const requestLimit = 10 * time.Second

// dots keeps the segments "." and ".." from being taken for steps in a path.
var dots = map[string]string{".": "%2E", "..": "%2E%2E"}

// at is the URL of a resource; an ID is one segment of it, whatever it consists of.
func (d *viaDaemon) at(segments ...string) string {
	path := d.base.JoinPath("api", "v1").String()
	for _, segment := range segments {
		path += "/" + cmp.Or(dots[segment], url.PathEscape(segment))
	}
	return path
}

// call asks the daemon, and reads its answer into what found points to; nil: there is nothing to read.
func (d *viaDaemon) call(ctx context.Context, method, at string, body, found any) (did outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	response, err := d.send(ctx, method, at, body)
	if err != nil {
		return did, err
	}
	defer response.Body.Close()
	if found != nil {
		if err := json.NewDecoder(response.Body).Decode(found); err != nil {
			return did, d.noDaemon("its answer cannot be read: %w", err)
		}
	}
	d.warnOfAge(response)
	text := response.Header.Get("X-Rollcall-Position")
	if method != http.MethodGet {
		d.wrote = text
		did.Pending = response.StatusCode == http.StatusAccepted
	}
	if err := did.Position.UnmarshalText([]byte(text)); err != nil {
		return did, d.noDaemon("it answers without a position")
	}
	return did, nil
}

// freshFor is how old a view may be before it is said: by then a replica knows that it has lost its Redis.
const freshFor = 2 // seconds

// warnOfAge says, once, that what the daemon shows may not hold any more.
func (d *viaDaemon) warnOfAge(response *http.Response) {
	age, err := strconv.ParseFloat(response.Header.Get("X-Rollcall-View-Age"), 64)
	if err != nil || age < freshFor || d.warned {
		return
	}
	d.warned = true
	d.log.Warn("the daemon has not heard from its Redis for more than two seconds: what it shows may be old; its /readyz says more")
}

// send returns the answer to a request that the daemon accepted. The caller closes its body.
func (d *viaDaemon) send(ctx context.Context, method, at string, body any) (*http.Response, error) {
	var encoded io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		encoded = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, at, encoded)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if d.token != "" {
		request.Header.Set("Authorization", "Bearer "+d.token)
	}
	if method == http.MethodGet && d.wrote != "" {
		request.Header.Set("X-Rollcall-After", d.wrote)
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }}
	response, err := d.client.Do(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		var reason *url.Error // repeats method and URL
		if errors.As(err, &reason) {
			err = reason.Err
		}
		hint := "see that a daemon listens at that address and lets this machine in"
		var distrusted *tls.CertificateVerificationError
		if errors.As(err, &distrusted) {
			hint = "give --tls-ca-file the certificate of the authority that signed the daemon's"
		}
		if method != http.MethodGet && sent.Load() {
			err, hint = fmt.Errorf("%w; %w", err, errUnknown), unknownHint
		}
		return nil, fmt.Errorf("daemon at %s: %w", d.base.Redacted(), &hinted{fmt.Errorf("%w: %w", errNoDaemon, err), hint})
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		return nil, d.refusal(response)
	}
	return response, nil
}

// errNoDaemon is for a daemon what registry.ErrUnavailable is for a Redis.
var errNoDaemon = errors.New("it does not answer")

// unanswered is an errNoDaemon in words of its own: somebody else answers in its place.
type unanswered struct{ error }

func (u unanswered) Is(target error) bool { return target == errNoDaemon }
func (u unanswered) Unwrap() error        { return u.error }

// errUnknown: a write was sent and not answered. A daemon that hangs may carry it out later.
var errUnknown = errors.New("whether the write is carried out is not known")

const unknownHint = "look with rollcall explain or rollcall client show what holds, before you do it again"

// errConflict: the daemon does not hold a client for others that is in its own config file.
var errConflict = errors.New("refused")

// noDaemon is the error of an answer that a daemon does not give.
func (d *viaDaemon) noDaemon(format string, args ...any) error {
	err := fmt.Errorf("daemon at %s: "+format, append([]any{d.base.Redacted()}, args...)...)
	return &hinted{err, noDaemonHint}
}

// noDaemonHint is for what speaks HTTP and not as a daemon.
const noDaemonHint = "see that --server is the URL of a rollcall serve as it stands in its log, without a path of the API"

// refusal is the error of an answer that is none.
func (d *viaDaemon) refusal(response *http.Response) error {
	var said struct {
		Error struct{ Message, Code string }
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // what did not come is not needed
	if json.Unmarshal(text, &said) != nil || said.Error.Message == "" {
		err := d.noDaemon("it answers %s to %s", response.Status, response.Request.URL.Path)
		if response.StatusCode >= http.StatusInternalServerError { // what stands before a daemon says so while it is away
			err = &hinted{unanswered{err}, "see that the daemon behind that address runs"}
			if response.Request.Method != http.MethodGet {
				err = &hinted{fmt.Errorf("%w; %w", err, errUnknown), unknownHint}
			}
		}
		return err
	}
	err := fmt.Errorf("daemon at %s: %s", d.base.Redacted(), said.Error.Message)
	switch said.Error.Code {
	case "not_registered", "model_not_found":
		return registry.ErrNotRegistered
	case "configured":
		return &hinted{fmt.Errorf("%w: %w", errConflict, err), "rollcall config --config FILE, where that daemon runs, shows its clients"}
	}
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return &usageError{err}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &hinted{err, "give --token-file or set ROLLCALL_TOKEN, to a token of that daemon which may do this"}
	case http.StatusNotFound:
		return &hinted{err, noDaemonHint}
	case http.StatusServiceUnavailable:
		return &hinted{fmt.Errorf("%w: %w", registry.ErrUnavailable, err), "again in a moment; the daemon's /readyz says how it is"}
	}
	return err
}
