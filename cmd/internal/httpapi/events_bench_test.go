package httpapi_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// BenchmarkEventStreams measures what a change costs that is told to 1,000 event streams, receivers included.
func BenchmarkEventStreams(b *testing.B) {
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
	b.ResetTimer()
	for i := range b.N {
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
}
