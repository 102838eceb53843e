package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

// FuzzBodies reads every kind of body. Nothing panics, and what is taken keeps the rules that the registry relies on.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"ttl":"60s"}`, `{"provider":"p","models":["m",{"id":"n","created":1e3}],"ttl":"1h"}`,
		`{"models":[null]}`, `{"models":[{"thinking":{"levels":["low"]},"id":"m"}],"provider":"p"}`, `{"retry_after":1.5}`,
		`{"retry_after":1e999}`, `{"until":"2026-01-01T00:00:00Z","seen":"e:1:n"}`, `{"until":"0001-01-01T00:00:00Z"}`,
		`{"client":"c","model":"m","status":429,"headers":{"retry-after":"5"},"body":"{}"}`, `{"status":99999999999999999999}`,
		`{"a":1}{"b":2}`, `{"ttl":"2562047h47m16.854775807s"}`, "{\"provider\":\"\xff\"}", `{"provider":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var client clientBody
		if decodeBody(data, strict.Decoder{Short: config.ModelByID}, &client) == "" && client.problem() == "" {
			if ttl, problem := ttlFrom(client.TTL); problem == "" && ttl != 0 && (ttl < holds.MinTTL || ttl > maxTTL) {
				t.Errorf("a ttl of %v", ttl)
			}
			if len(client.Models) == 0 || !json.Valid(data) {
				t.Errorf("taken: %q", data)
			}
		}
		var quota quotaBody
		if decodeBody(data, strict.Decoder{Short: secondsByNumber}, &quota) == "" {
			if limit, problem := quota.limit(); problem == "" && (limit.RetryAfter < 0 || (limit.RetryAfter > 0 && !limit.Until.IsZero())) {
				t.Errorf("a limit of %+v", limit)
			}
		}
		var suspension suspensionBody
		if decodeBody(data, strict.Decoder{}, &suspension) == "" {
			if until, problem := momentFrom("until", suspension.Until); problem == "" && (suspension.Until == "") != until.Equal(time.Time{}) {
				t.Errorf("until %v of %q", until, suspension.Until)
			}
		}
		var heartbeat heartbeatBody
		_ = decodeBody(data, strict.Decoder{}, &heartbeat)
		var report reportBody
		if decodeBody(data, strict.Decoder{}, &report) == "" && report.problem() == "" && (report.Client == "" || report.Status == 0) {
			t.Errorf("taken: %q", data)
		}
	})
}
