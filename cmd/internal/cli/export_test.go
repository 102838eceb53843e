package cli

// NewRoot lets the tests look at the verbs.
var NewRoot = newRoot

// RequestLimit and SilenceLimit are how long a verb waits for a daemon.
const RequestLimit, SilenceLimit = requestLimit, silenceLimit

// BenchText is what bench says of one kind of operation.
func BenchText(name string, p50, p99, max, perSecond, ratio float64) string {
	results := []benchResult{{Name: name, P50: p50, P99: p99, Max: max, Throughput: perSecond, Ratio: ratio}}
	return string(tablesText([]table{benchTable(results)}, false))
}
