package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// CheckConnection asks Redis for a PING, so that a wrong password, a missing right or a certificate that is not
// accepted is told before anything else.
func (s *Store) CheckConnection(ctx context.Context) error {
	err := s.client.Ping(ctx).Err()
	if err == nil {
		return nil
	}
	if refused := s.refusal(err); errors.Is(refused, ErrInvalid) || errors.Is(refused, ErrUnsafeServer) {
		return refused
	}
	return s.handshakeError(ctx, fmt.Errorf("%w: %w", ErrUnavailable, unsafe(err)))
}

// Inspect looks at the server that has the namespace: ErrUnsafeServer for one that is too old, is a replica, or does
// not grant a command that is needed. The warnings name settings under which it works, but not well; it is for the
// caller to say them. What a server does not tell about itself is taken to be right.
func (s *Store) Inspect(ctx context.Context) (warnings []string, err error) {
	info, err := s.info(ctx)
	if err != nil {
		return nil, err
	}
	if err := info.problem(); err != nil {
		return nil, err
	}
	found, err := s.rights(ctx)
	if err != nil {
		return nil, err
	}
	if err := found.problem(s); err != nil {
		return nil, err
	}
	return append(info.warnings(), found.warnings(s)...), nil
}

// serverInfo is what INFO answers, by field.
type serverInfo map[string]string

// info asks the server that has the namespace about itself. Empty where the server does not tell.
func (s *Store) info(ctx context.Context) (serverInfo, error) {
	text, findsPrimary, err := retried(ctx, func(ctx context.Context) (string, bool, error) {
		switch client := s.client.(type) {
		case *redis.ClusterClient:
			node, err := client.MasterForKey(ctx, s.keys.meta())
			if err != nil {
				return "", true, err
			}
			text, err := node.Info(ctx).Result()
			return text, true, err
		case *redis.Client:
			text, err := client.Info(ctx).Result()
			return text, client.Options().Addr == sentinelAddr, err
		}
		return "", false, nil
	})
	info := make(serverInfo)
	var refused redis.Error
	switch {
	case errors.As(err, &refused) && !errors.Is(err, ErrUnavailable):
		return info, nil
	case err != nil:
		return nil, fmt.Errorf("look at the server: %w", err)
	}
	for line := range strings.Lines(text) {
		if field, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[field] = value
		}
	}
	if findsPrimary { // in a failover it may find the old one for a moment
		delete(info, "role")
	}
	return info, nil
}

// sentinelAddr is what a client that asks sentinels has for an address.
const sentinelAddr = "FailoverClient"

// oldest is the version from which on everything that the store needs is there: XRANGE with an open end came last.
var oldest = [2]int{6, 2}

// problem says what makes the server unusable.
func (i serverInfo) problem() error {
	if i["role"] == "slave" {
		return fmt.Errorf("%w: it is a replica of %s:%s; the URL must lead to the primary, or to its sentinels "+
			"(redis+sentinel://)", ErrUnsafeServer, i["master_host"], i["master_port"])
	}
	if i["server_name"] == "valkey" || i["valkey_version"] != "" {
		return nil // every Valkey is newer than that
	}
	parts := strings.SplitN(i["redis_version"], ".", 3)
	if len(parts) < 2 {
		return nil
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if errors.Join(err1, err2) != nil || major > oldest[0] || major == oldest[0] && minor >= oldest[1] {
		return nil
	}
	return fmt.Errorf("%w: it runs Redis %s; needed is Redis %d.%d or newer, or Valkey",
		ErrUnsafeServer, i["redis_version"], oldest[0], oldest[1])
}

// warnings says what the server's settings put at risk.
func (i serverInfo) warnings() []string {
	policy := i["maxmemory_policy"]
	if policy == "" || policy == "noeviction" {
		return nil
	}
	harm := "keys of the registry"
	if strings.HasPrefix(policy, "volatile-") {
		harm = "the deadlines of quotas and suspensions first, the registry's only key with a lifetime,"
	}
	return []string{fmt.Sprintf("the server's maxmemory-policy is %s: when its memory is full it deletes %s and the "+
		"replicas must rebuild the registry; set maxmemory-policy noeviction", policy, harm)}
}

// refusedCommand finds the command in what Redis says when it refuses one.
var refusedCommand = regexp.MustCompile(`'([a-z|]+)' command`)

// refusal translates what Redis refuses for good, and says which right is missing.
func (s *Store) refusal(err error) error {
	var answered redis.Error
	if !errors.As(err, &answered) || errors.Is(err, ErrUnavailable) {
		return err
	}
	text := answered.Error()
	switch found := refusedCommand.FindStringSubmatch(text); {
	case strings.HasPrefix(text, "MOVED"):
		return &InvalidError{"redis URL", "leads to a node of a Redis Cluster that does not have the namespace's slot; " +
			"must start with redis+cluster://"}
	case !strings.HasPrefix(text, "NOPERM"):
		return unsafe(err)
	case found != nil:
		return s.lacks(strings.ToUpper(found[1]))
	default:
		return fmt.Errorf("%w: the ACL user %s may not read and write the keys of the namespace; grant it: "+
			"ACL SETUSER %s ~%s*", ErrUnsafeServer, s.user(), s.user(), s.keys.prefix)
	}
}

func (s *Store) lacks(command string) error {
	return fmt.Errorf("%w: the ACL user %s may not use %s; grant it: ACL SETUSER %s +%s",
		ErrUnsafeServer, s.user(), command, s.user(), strings.ToLower(command))
}

// user is the name under which the store connects.
func (s *Store) user() string {
	var name string
	switch client := s.client.(type) {
	case *redis.Client:
		name = client.Options().Username
	case *redis.ClusterClient:
		name = client.Options().Username
	}
	if name == "" {
		return "default"
	}
	return name
}
