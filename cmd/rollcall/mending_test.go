package main_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestRepairInEveryForm: while a replica lives, and where nobody does.
func TestRepairInEveryForm(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	ctx, url, admin := t.Context(), server.URL(), server.Admin(t)
	r := open(t, url, "default")
	must(t, r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	repair := func(name string) {
		t.Helper()
		for _, form := range []string{"table", "json", "yaml"} {
			must(t, admin.HSet(ctx, "rollcall:{default}:counts", "gpt-5", 7).Err())
			golden(t, name+"_"+form, url, "verify", "--repair", "--output", form)
		}
	}
	repair("verify_repaired")
	must(t, r.Close())
	repair("verify_recounted")
}

// TestDamageSaysWhatToTry, to those who only wanted to look.
func TestDamageSaysWhatToTry(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	ctx, url := t.Context(), server.URL()
	r := open(t, url, "default")
	must(t, r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	must(t, r.SetModelQuotaExceeded(ctx, "key-1", "gpt-5"))
	must(t, r.Close())
	must(t, server.Admin(t).Del(ctx, "rollcall:{default}:marks").Err())
	golden(t, "damaged", url, "models")
}

// TestDropByForce takes a namespace from those who live in it.
func TestDropByForce(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	open(t, server.URL(), "default")
	text := said(t, []string{"REDIS_URL=" + server.URL()}, "namespace", "drop", "default", "--force")
	holdGolden(t, "namespace_drop_force", regexp.MustCompile(`its \d+ keys`).ReplaceAllString(text, "its N keys"))
}

// measured are the numbers of a bench.
var measured = regexp.MustCompile(`(: |  )[\d.]+\b`)

// TestBenchInEveryForm holds what stands around the numbers.
func TestBenchInEveryForm(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	for _, form := range []string{"table", "json", "yaml"} {
		text := said(t, []string{"REDIS_URL=" + server.URL()}, "bench", "--operations", "20", "--workers", "2", "--output", form)
		body, code, _ := strings.Cut(text, "exit code")
		holdGolden(t, "bench_"+form, measured.ReplaceAllString(body, "${1}N")+"exit code"+code)
	}
}
