// Package faults holds the tests that break things under a registry: servers, networks, clocks and replicas, each under
// a steady load of writes from several replicas, on real Redis processes.
//
// Every test ends the same way: the replicas' views equal each other and the counts in Redis, which equal what a
// recomputation from clients and rosters gives, and all of it equals a plain model of what the writers were told. While
// a fault lasts, a watcher reads all views and fails the test when one of them lacks what it showed before.
//
// Those that take long run only when the environment has ROLLCALL_FAULTS=long.
// docs/reliability.md tells what each fault looks like from outside and how long it takes to heal.
package faults
