package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

func TestRefusedSettingIsNamed(t *testing.T) {
	t.Parallel()
	client := func(rest string) string { return "clients:\n  - id: a\n    provider: p\n" + rest }
	for name, c := range map[string]struct{ file, want string }{
		"unknown key":       {"redis-url: x\n", `redis-url (FILE): unknown key; the nearest known one is "redis_url"`},
		"other case":        {"Listen: x\n", `Listen (FILE): unknown key; the nearest known one is "listen"`},
		"integer":           {"listen: 8420\n", `listen (FILE): is an integer; must be a string (quote it)`},
		"duration w/o unit": {"lease_ttl: 15\n", `lease_ttl (FILE): is an integer; must be a duration such as "15s", "5m" or "1h30m"`},
		"bad duration":      {"quota_window: soon\n", `quota_window (FILE): is the string "soon"; must be a duration such as "15s", "5m" or "1h30m"`},
		"URL of wrong type": {"redis_url: [redis://:hush@h]\n", `redis_url (FILE): is a list; must be a string (quote it)`},
		"address":           {"listen: localhost\n", `listen (FILE): is "localhost"; must be host:port, such as 127.0.0.1:8420`},
		"port":              {"listen: ':70000'\n", `listen (FILE): has port "70000"; must be host:port, such as 127.0.0.1:8420`},
		"namespace":         {"namespace: 'a{b}'\n", `namespace (FILE): is "a{b}"; must be 1 to 128 letters, digits, '.', '_' or '-'`},
		"replica":           {"replica_id: 'a b'\n", `replica_id (FILE): is "a b"; must be 1 to 128 letters, digits, '.', '_' or '-'`},
		"lease":             {"lease_ttl: 10ms\n", `lease_ttl (FILE): is 10ms; must be from 1s to 24h0m0s`},
		"negative window":   {"quota_window: -1s\n", `quota_window (FILE): is -1s; must be from 1ms to 8784h0m0s`},
		"windows":           {"quota_window: 2h\nmax_quota_window: 1h\n", `max_quota_window (FILE): is 1h0m0s; must be from 2h0m0s to 8784h0m0s`},
		"timeout":           {"operation_timeout: 2m\n", `operation_timeout (FILE): is 2m0s; must be from 10ms to 1m0s`},
		"drain":             {"drain_time: 1h\n", `drain_time (FILE): is 1h0m0s; must be from 0s to 5m0s`},
		"level":             {"log_level: verbose\n", `log_level (FILE): is "verbose"; must be one of trace, debug, info, warn, error`},
		"format":            {"log_format: xml\n", `log_format (FILE): is "xml"; must be one of text, json`},
		"URL scheme":        {"redis_url: http://h\n", `redis_url (FILE): must begin with one of redis://, rediss://, unix://, redis+cluster://, rediss+cluster://, redis+sentinel://, rediss+sentinel://`},
		"no secret file":    {"redis_url_file: /nowhere/x\n", `redis_url_file (FILE): /nowhere/x cannot be read: no such file or directory`},
		"empty secret file": {"redis_url_file: /dev/null\n", `redis_url_file (FILE): /dev/null is empty; it must hold the URL of a Redis`},
		"two URLs":          {"redis_url: redis://h\nredis_url_file: /dev/null\n", `redis_url_file (FILE): redis_url (FILE) is set as well; keep one of them`},

		"clients type":  {"clients: {a: b}\n", `clients (FILE): is a mapping; must be a list`},
		"client key":    {client("    secton: x\n"), `clients[0].secton (FILE): unknown key; the nearest known one is "section"`},
		"model key":     {client("    models: [{id: m, foo: 1}]\n"), `clients[0].models[0].foo (FILE): unknown key; the nearest known one is "id"`},
		"model case":    {client("    models: [{id: m, inputtokenlimit: 1}]\n"), `clients[0].models[0].inputtokenlimit (FILE): unknown key; the nearest known one is "inputTokenLimit"`},
		"model type":    {client("    models: [x, {id: m, created: '1'}]\n"), `clients[0].models[1].created (FILE): is a string; must be an integer of at most 64 bits`},
		"model date":    {client("    models: [{id: m, version: 2025-01-02}]\n"), `clients[0].models[0].version (FILE): is a date; must be a string (quote it)`},
		"thinking key":  {client("    models: [{id: m, thinking: {maxx: 1}}]\n"), `clients[0].models[0].thinking.maxx (FILE): unknown key; the nearest known one is "max"`},
		"no model ID":   {client("    models: [{created: 1}]\n"), `clients[0].models[0].id (FILE): is missing`},
		"no client ID":  {"clients: [{provider: p, models: [m]}]\n", `clients[0].id (FILE): is missing`},
		"no provider":   {"clients: [{id: a, models: [m]}]\n", `clients[0].provider (FILE): is missing`},
		"no models":     {client(""), `clients[0] (FILE): has no models; state a section of the catalogue, or models`},
		"both":          {"catalogue: c\n" + client("    section: s\n    models: [m]\n"), `clients[0].section (FILE): models are stated as well; keep one of them`},
		"no catalogue":  {client("    section: s\n"), `clients[0].section (FILE): is "s", but no catalogue is set`},
		"duplicate":     {client("    models: [m]\n") + "  - {id: a, provider: q, models: [m]}\n", `clients[1].id (FILE): is "a", as clients[0].id is; each client needs its own`},
		"control":       {"clients: [{id: \"a\\u001fb\", provider: p, models: [m]}]\n", `clients[0].id (FILE): is "a\x1fb"; control characters are not allowed`},
		"long provider": {"clients: [{id: a, provider: " + strings.Repeat("p", 129) + ", models: [m]}]\n", `clients[0].provider (FILE): has 129 bytes; at most 128 are allowed`},
		"created ago":   {client("    models: [{id: m, created: -1}]\n"), `clients[0].models[0].created (FILE): is -1; must be Unix seconds from 0 to 253402300799, the end of the year 9999`},
		"created late":  {client("    models: [{id: m, created: 253402300800}]\n"), `clients[0].models[0].created (FILE): is 253402300800; must be Unix seconds from 0 to 253402300799, the end of the year 9999`},
		"input limit":   {client("    models: [{id: m, inputTokenLimit: -1}]\n"), `clients[0].models[0].inputTokenLimit (FILE): is -1; must not be negative`},
		"output limit":  {client("    models: [{id: m, outputTokenLimit: -1}]\n"), `clients[0].models[0].outputTokenLimit (FILE): is -1; must not be negative`},
		"context":       {client("    models: [{id: m, context_length: -1}]\n"), `clients[0].models[0].context_length (FILE): is -1; must not be negative`},
		"completion":    {client("    models: [{id: m, max_completion_tokens: -1}]\n"), `clients[0].models[0].max_completion_tokens (FILE): is -1; must not be negative`},
		"thinking min":  {client("    models: [m, {id: n, thinking: {min: -1}}]\n"), `clients[0].models[1].thinking.min (FILE): is -1; must not be negative`},
		"thinking max":  {client("    models: [{id: m, thinking: {max: -1}}]\n"), `clients[0].models[0].thinking.max (FILE): is -1; must not be negative`},
		"star":          {client("    models: ['*']\n"), `clients[0].models[0].id (FILE): is "*", which stands for all models of a client; a model needs a name of its own`},
		"description":   {client("    models: [{id: m, description: " + strings.Repeat("d", 65537) + "}]\n"), `clients[0].models[0].description (FILE): has 65537 bytes; at most 65536 are allowed`},
		"many models":   {client("    models: [" + strings.Repeat("m,", 1001) + "]\n"), `clients[0].models (FILE): has 1001 models; at most 1000 are allowed`},

		"not YAML": {"listen: x\na: b: c\n", `FILE: is not a YAML file of keys and values: line 2: mapping values are not allowed in this context`},
		"twice":    {"listen: ':1'\nlisten: ':2'\n", `FILE: is not a YAML file of keys and values: unmarshal errors: line 2: mapping key "listen" already defined at line 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.file)
			_, err := config.Load(config.Input{File: path})
			var e *config.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *config.Error", err)
			}
			if got := strings.ReplaceAll(err.Error(), path, "FILE"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRefusalNamesTheFlagOrVariable(t *testing.T) {
	t.Setenv("ROLLCALL_OPERATION_TIMEOUT", "1")
	_, err := config.Load(config.Input{})
	if want := `operation_timeout (ROLLCALL_OPERATION_TIMEOUT): is the string "1"`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s...", err, want)
	}
	_, err = config.Load(config.Input{Flags: map[string]string{"drain_time": "perhaps", "operation_timeout": "1s"}})
	if want := `drain_time (--drain-time): is the string "perhaps"`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s...", err, want)
	}
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	t.Parallel()
	for i, file := range []string{
		"redis_url: redis://:hush@h\nlisten: x\n",
		"redis_url: {redis://:hush@h: 1}\n",
		"redis_url: redis://:hush@h\nredis_url_file: x\n",
		"redis://:hush@h\n",
		"redis_url: user:hush@h:6379\n",
		"redis_url: redis://:hush@h: x\n",
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Input{File: write(t, file)})
			if err == nil || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v", err)
			}
		})
	}
}
