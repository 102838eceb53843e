package store

// keys spells every key of a namespace. They share the hash tag {namespace}, so a namespace is one slot of a Redis
// Cluster and a script may touch all of them.
type keys struct{ prefix string }

func newKeys(namespace string) keys { return keys{"rollcall:{" + namespace + "}:"} }

func (k keys) meta() string        { return k.prefix + "meta" }         // HASH: schema, epoch, rev, tail, now, deadline, sizes of all
func (k keys) clients() string     { return k.prefix + "clients" }      // HASH: client -> record
func (k keys) catalogs() string    { return k.prefix + "catalogs" }     // HASH: digest -> model descriptions
func (k keys) rosters() string     { return k.prefix + "rosters" }      // HASH: digest -> model IDs with copies
func (k keys) catalogRefs() string { return k.prefix + "catalog_refs" } // HASH: digest -> clients that use it
func (k keys) counts() string      { return k.prefix + "counts" }       // HASH: model -> registrations
func (k keys) providers() string   { return k.prefix + "providers" }    // HASH: model US provider -> registrations
func (k keys) marks() string       { return k.prefix + "marks" }        // HASH: client US model -> record
func (k keys) deadlines() string   { return k.prefix + "deadlines" }    // ZSET: client US model -> ms
func (k keys) leases() string      { return k.prefix + "leases" }       // ZSET: replica -> ms
func (k keys) replicas() string    { return k.prefix + "replicas" }     // HASH: replica -> host, pid, version, started
func (k keys) feed() string        { return k.prefix + "feed" }         // STREAM: <rev>-0 -> entry
func (k keys) ops() string         { return k.prefix + "ops" }          // ZSET: operation -> rev

func (k keys) holds(replica string) string { return k.prefix + "holds:" + replica } // SET: clients

// all lists the keys in the order in which every script takes them.
func (k keys) all(holder string) []string {
	return []string{
		k.meta(), k.clients(), k.catalogs(), k.rosters(), k.catalogRefs(), k.counts(), k.providers(), k.marks(),
		k.deadlines(), k.leases(), k.replicas(), k.holds(holder), k.feed(), k.ops(),
	}
}
