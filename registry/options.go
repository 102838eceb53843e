package registry

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

// Options adjusts a registry. The zero value works.
type Options struct {
	// Namespace separates independent registries inside one Redis. Letters, digits, '.', '_' and '-', at most 128
	// bytes; empty means "default".
	Namespace string
	// ReplicaID names this process among the replicas of the namespace; two live replicas must not share one. Same
	// alphabet as Namespace. Empty means host-pid-random. What an earlier process of that name held stays its own for
	// one lease: what is not registered again by then is given up.
	ReplicaID string
	// LeaseTTL is how long the others keep this replica's clients after they last heard of it. 0 means 15 s; at
	// least 1 s.
	LeaseTTL time.Duration
	// QuotaWindow is how long SetModelQuotaExceeded takes a model out. 0 means 5 min.
	QuotaWindow time.Duration
	// MaxQuotaWindow caps every quota deadline. 0 means 8 days.
	MaxQuotaWindow time.Duration
	// KeepMarks keeps a client's marks when this replica registers a client again that it already holds; without it
	// such a registration means "this credential is fresh" and drops the marks that this replica had seen.
	KeepMarks bool
	// Observer only looks: it has no lease, holds no client and creates nothing. It cannot register clients; it may
	// set and lift marks.
	Observer bool
	// OperationTimeout limits every write, Sync included, from call to return. 0 means 1 s; at most 1 min.
	OperationTimeout time.Duration
	// StartDegraded opens the registry although Redis cannot be reached: with an empty view, writes that wait, and a
	// connection as soon as there is one.
	StartDegraded bool
	// TLS is used for rediss:// URLs in place of the system's settings; with other URLs, and with New, it is refused.
	// nil means the system's root certificates.
	TLS *tls.Config
	// Hook hears which clients are registered; nil: nobody does.
	Hook Hook
	// Logger hears of resyncs, lost connections and the like. nil means logrus' standard logger.
	Logger logrus.FieldLogger
}

// The limits of what Redis is asked to hold.
const (
	maxClientID    = 512      // bytes
	maxModelID     = 512      // bytes
	maxProvider    = 128      // bytes
	maxActor       = 128      // bytes
	maxName        = 128      // bytes of a namespace or replica ID
	maxReason      = 1 << 10  // bytes
	maxDescription = 64 << 10 // bytes of a model's description
	maxModels      = 1000     // of a client, duplicates included
	maxCatalog     = 4 << 20  // bytes of a client's models as JSON
)

// withDefaults returns the options with every zero field filled in, or an error that names the field that is wrong.
func (o Options) withDefaults() (Options, error) {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.ReplicaID == "" {
		host, err := os.Hostname()
		if err != nil || plainName("", host) != nil {
			host = "replica"
		}
		o.ReplicaID = fmt.Sprintf("%.64s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:8]))
	}
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	err := errors.Join(
		plainName("Options.Namespace", o.Namespace),
		plainName("Options.ReplicaID", o.ReplicaID),
		duration("Options.LeaseTTL", &o.LeaseTTL, 15*time.Second, time.Second, 24*time.Hour),
		duration("Options.MaxQuotaWindow", &o.MaxQuotaWindow, 8*24*time.Hour, time.Millisecond, 366*24*time.Hour),
		duration("Options.QuotaWindow", &o.QuotaWindow, 5*time.Minute, time.Millisecond, o.MaxQuotaWindow),
		duration("Options.OperationTimeout", &o.OperationTimeout, time.Second, 10*time.Millisecond, time.Minute),
	)
	return o, err
}

// plainName accepts letters, digits, '.', '_' and '-'.
func plainName(field, name string) error {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r) {
			return invalid(field, "must consist of letters, digits, '.', '_' and '-', but has %q", r)
		}
	}
	if len(name) > maxName {
		return invalid(field, "has %d bytes, at most %d are allowed", len(name), maxName)
	}
	return nil
}

func duration(field string, value *time.Duration, otherwise, least, most time.Duration) error {
	if *value == 0 {
		*value = min(otherwise, most)
	}
	if *value < least || *value > most {
		return invalid(field, "is %s, must be from %s to %s", *value, least, most)
	}
	return nil
}
