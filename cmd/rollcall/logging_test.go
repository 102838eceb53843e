package main_test

import "testing"

// TestTheRedisClientLogsAsTheRestDoes: what it has to say of sentinels that are away is below the level of the log, and
// with it nothing but the error is written.
func TestTheRedisClientLogsAsTheRestDoes(t *testing.T) {
	t.Parallel()
	const want = "rollcall: redis at redis+sentinel://127.0.0.1:1?master_name=m: open registry: redis unavailable: " +
		"redis: all sentinels specified in configuration are unreachable: dial tcp 127.0.0.1:1: connect: connection refused\n" +
		"Try: see that Redis runs at that address and lets this machine in\n"
	for _, args := range [][]string{{"models"}, {"serve", "--listen", "127.0.0.1:0", "--log-level", "warn"}} {
		code, stderr := fails(t, []string{"REDIS_URL=redis+sentinel://127.0.0.1:1?master_name=m"}, args...)
		if code != 3 || stderr != want {
			t.Errorf("%s: exit code %d: %s", args[0], code, stderr)
		}
	}
}
