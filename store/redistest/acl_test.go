package redistest_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// With ROLLCALL_TEST_ACL=1 every client is the documented user, and only Admin may do more. It cannot be parallel, as
// it sets the environment; its parts are.
func TestRestrictedServers(t *testing.T) {
	t.Setenv("ROLLCALL_TEST_ACL", "1")
	for name, start := range map[string]func(testing.TB) *redistest.Server{
		"redis":    func(tb testing.TB) *redistest.Server { return redistest.Redis(tb) },
		"cluster":  func(tb testing.TB) *redistest.Server { return redistest.Cluster(tb, 2) },
		"sentinel": redistest.Sentinel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			if !strings.Contains(s.URL(), "rollcall") || !strings.Contains(s.URL(), "PASSWORD") {
				t.Errorf("the URL %s is not the documented user's", s.URL())
			}
			const key = "rollcall:{x}:y"
			if err := s.Client(t).HSet(t.Context(), key, "a", "b").Err(); err != nil {
				t.Errorf("what the user may do: %v", err)
			}
			if err := s.Client(t).HGetAll(t.Context(), key).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
				t.Errorf("what it may not do: got %v, want NOPERM", err)
			}
			if err := s.Admin(t).HGetAll(t.Context(), key).Err(); err != nil {
				t.Errorf("the administrator: %v", err)
			}
		})
	}
	t.Run("another database", func(t *testing.T) {
		t.Parallel()
		s := redistest.Redis(t)
		options, err := redis.ParseURL(s.URLFor(t, redistest.OtherDatabases) + "/3")
		if err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(options)
		defer c.Close()
		if err := c.Ping(t.Context()).Err(); err != nil {
			t.Errorf("in another database: %v", err)
		}
	})
}
