// Package redistest gives tests a Redis: in memory, as a process, as a cluster, or behind sentinels.
//
// # Choosing a server
//
//	Miniredis      in memory, over TCP, its clock stands still until Advance moves it
//	MiniredisLive  in memory, without a socket, its clock runs; for testing/synctest bubbles
//	Redis          a redis-server process of the test's own; with Options.MovableClock its clock can be moved
//	Shared         one redis-server process for the whole test binary
//	Cluster        a Redis Cluster of processes, with or without replicas
//	Sentinel       a primary, a replica and three sentinels
//
// Each runs one test on Miniredis and on a Redis with a movable clock; EachShared on Miniredis and Shared. All of them
// return a [Server], which knows its URL, makes clients, and tells and moves its clock. What a test starts is gone when
// the test is over. Every server listens on loopback only, on a port nobody else has.
//
// Tests that share a server keep apart by [Namespace]; they must not flush, reconfigure or kill it.
//
// # The end of the test binary
//
// A package that uses Shared says so in its TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }
//
// Main stops the shared server and the one goroutine this package keeps between tests, so a search for leaked
// goroutines belongs after it. On Linux the kernel kills the processes when the test binary dies without a word:
// a panic, a timeout, kill -9.
//
// # What has to be installed
//
// Redis, Shared, Cluster and Sentinel need redis-server 7.0 or newer on PATH, a movable clock needs libfaketime
// (Linux). Where that is missing the test is skipped, and says what to install; with ROLLCALL_REQUIRE_REDIS=1 in the
// environment it fails instead, which is what a build server wants.
//
// # Other servers
//
// ROLLCALL_TEST_SERVER names another program, by absolute path or by its name on PATH, such as that of a newer Redis or of
// Valkey. Every process is then one of that program, sentinels included. Its clock cannot be moved: Advance skips the
// test.
//
// # The user
//
// With ROLLCALL_TEST_ACL=1 in the environment the URLs, Options and Clients of every process without a Password are
// those of the ACL user that docs/operations.md documents, so that a test which needs more fails. Admin makes clients
// that may do everything: tests look into Redis, damage what it holds, and reconfigure it with those. A miniredis knows
// no users.
//
// # Failures
//
// Server.Kill, Restart, Freeze and Thaw do to a process what operators and kernels do to it, KillPrimary and KillOwner
// provoke a failover, and [Proxy] is the network in between: it can refuse, cut, and hold back. The package needs a
// Unix.
package redistest
