package httpapi_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkEventStreams measures what 1,000 event streams cost. paced is told of 100 changes a second, and cores says how
// many cores were busy meanwhile; burst is told of changes as fast as they can be made. Both count the receivers, which
// are in the same process.
func BenchmarkEventStreams(b *testing.B) {
	for name, pause := range map[string]time.Duration{"paced": 10 * time.Millisecond, "burst": 0} {
		b.Run(name, func(b *testing.B) { benchmarkStreams(b, pause) })
	}
}

func benchmarkStreams(b *testing.B, pause time.Duration) {
	const streams = 1000
	api, r := newAPI(b, named("m")...)
	server := streaming(b, api)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams}}
	var synced, ended sync.WaitGroup
	synced.Add(streams)
	for range streams {
		response, err := client.Get(server.URL + "/api/v1/events")
		if err != nil {
			b.Fatal(err)
		}
		ended.Go(func() {
			defer response.Body.Close()
			marks := 0
			for lines := bufio.NewScanner(response.Body); lines.Scan(); {
				switch {
				case lines.Text() == "event: synced":
					synced.Done()
				case strings.HasPrefix(lines.Text(), "event: mark"):
					if marks++; marks == b.N {
						return
					}
				}
			}
		})
	}
	synced.Wait()
	began, busy := time.Now(), processorTime(b)
	b.ResetTimer()
	for i := range b.N {
		time.Sleep(time.Until(began.Add(time.Duration(i) * pause)))
		var err error
		if i%2 == 0 {
			err = r.SuspendClientModel(b.Context(), "key-1", "m", fmt.Sprint("for the ", i, "th time"))
		} else {
			err = r.ResumeClientModel(b.Context(), "key-1", "m")
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	ended.Wait()
	b.ReportMetric(float64(processorTime(b)-busy)/float64(time.Since(began)), "cores")
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
