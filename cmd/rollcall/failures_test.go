package main_test

import (
	"strings"
	"testing"
)

// TestWhatTheVerbsAboutTheBinaryRefuse holds those that need no registry.
func TestWhatTheVerbsAboutTheBinaryRefuse(t *testing.T) {
	t.Parallel()
	var all []string
	for _, args := range [][]string{
		{"version", "now"}, {"version", "-o", "xml"}, {"completion", "tcsh"}, {"completion", "bas"}, {"completion", "bash", "now"},
		{"help", "modles"}, {"help", "model", "sho"}, {"serve", "--lease-ttl", "3"}, {"serve", "--log-level", "loud"},
	} {
		all = append(all, said(t, nil, args...))
	}
	holdGolden(t, "binary_refused", strings.Join(all, "\n"))
}

// TestFailuresInEveryForm: an error goes to the standard error as text, also where the answer would be a document.
func TestFailuresInEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []string
	for _, args := range [][]string{
		{"model", "show", "gpt-6"}, {"client", "evict", "key-9"}, {"suspend", "key-1", "claude-haiku-4-5"},
		{"client", "register", "key-9", "--models", "m"}, {"replicas", "--server", "http://127.0.0.1:1"},
	} {
		all = append(all, everyForm(t, w.http, args...))
	}
	for _, args := range [][]string{{"namespace", "drop", "nothing"}, {"history", "--limit", "-1"}, {"bench", "--workers", "0"}} {
		all = append(all, everyForm(t, w.redis, args...))
	}
	holdGolden(t, "failures", strings.Join(all, "\n"))
}
