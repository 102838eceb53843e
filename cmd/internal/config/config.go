// Package config finds and checks the settings of the daemon: command line before environment before file before
// defaults. Nothing here asks Redis.
package config

import (
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// Config holds the settings. Each field's key is its name in the file; ROLLCALL_ and the key in capitals is its name in
// the environment, and the key with dashes its flag. Tokens have no flag, and Clients are in
// the file only.
type Config struct {
	Listen            string        `key:"listen" usage:"HTTP address as host:port; port 0 takes a free one"`
	ListenTLSCertFile string        `key:"listen_tls_cert_file" usage:"PEM file of the certificate of the HTTP server; empty serves without TLS"`
	ListenTLSKeyFile  string        `key:"listen_tls_key_file" usage:"PEM file of that certificate's private key"`
	RedisURL          string        `key:"redis_url" usage:"URL of the Redis; empty runs an embedded one"`
	RedisURLFile      string        `key:"redis_url_file" usage:"file that holds the URL of the Redis, for secrets"`
	TLSCAFile         string        `key:"tls_ca_file" usage:"PEM file of the authorities that may sign the Redis' certificate; empty means the system's"`
	TLSCertFile       string        `key:"tls_cert_file" usage:"PEM file of the certificate to show to the Redis"`
	TLSKeyFile        string        `key:"tls_key_file" usage:"PEM file of that certificate's private key"`
	Namespace         string        `key:"namespace" usage:"the registry's name inside Redis"`
	ReplicaID         string        `key:"replica_id" usage:"name of this replica; empty makes one up"`
	LeaseTTL          time.Duration `key:"lease_ttl" usage:"how long the others keep this replica's clients without hearing of it"`
	QuotaWindow       time.Duration `key:"quota_window" usage:"how long a model is out when its quota is exceeded and no end is known"`
	MaxQuotaWindow    time.Duration `key:"max_quota_window" usage:"the longest time a model may be out for its quota"`
	OperationTimeout  time.Duration `key:"operation_timeout" usage:"limit of every write to Redis"`
	DrainTime         time.Duration `key:"drain_time" usage:"how long readiness says 503 before a stopping daemon refuses connections"`
	LogLevel          string        `key:"log_level" usage:"trace, debug, info, warn or error"`
	LogFormat         string        `key:"log_format" usage:"text or json"`
	Catalogue         string        `key:"catalogue" usage:"JSON file of sections of models, which clients may name"`
	Tokens            []Token       `key:"tokens"`
	Clients           []Client      `key:"clients"`
}

// Client is an upstream credential that this replica registers: either with a section of the catalogue, or with models
// of its own.
type Client struct {
	ID       string                `json:"id"`
	Provider string                `json:"provider"`
	Section  string                `json:"section"`
	Models   []*registry.ModelInfo `json:"models"`
}

// Default returns the settings that hold where nothing else is said. An empty RedisURL means the embedded Redis.
func Default() *Config {
	return &Config{
		Listen:           "127.0.0.1:8420",
		Namespace:        "default",
		LeaseTTL:         15 * time.Second,
		QuotaWindow:      5 * time.Minute,
		MaxQuotaWindow:   8 * 24 * time.Hour,
		OperationTimeout: time.Second,
		LogLevel:         "info",
		LogFormat:        "text",
	}
}

// Error is a setting that is refused, or a config file that cannot be used. It never repeats a secret.
type Error struct {
	Field   string // key or path, such as clients[2].id; empty where the file as a whole is meant
	Source  string // where it was said: a flag, an environment variable, a file
	Problem string
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Field == "":
		return e.Source + ": " + e.Problem
	case e.Source == "":
		return e.Field + ": " + e.Problem
	default:
		return e.Field + " (" + e.Source + "): " + e.Problem
	}
}
