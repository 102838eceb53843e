package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

// BenchmarkModels measures GET /v1/models of 200 models: the handler alone, and with net/http and a socket around it. built
// is the yardstick: a handler that encodes the same list for each request.
func BenchmarkModels(b *testing.B) {
	api, r := newAPI(b, catalogOf(200)...)
	built := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		list := struct {
			Object string           `json:"object"`
			Data   []map[string]any `json:"data"`
		}{Object: "list"}
		for _, m := range r.GetAvailableModelInfos() {
			list.Data = append(list.Data, m.Format("openai"))
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(list); err != nil {
			b.Error(err)
		}
	})
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{{"prepared", api}, {"built", built}} {
		b.Run(one.name+"/handler", func(b *testing.B) {
			b.ReportAllocs()
			request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/models", nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				one.handler.ServeHTTP(nowhere{http.Header{}}, request)
			}
		})
		b.Run(one.name+"/served", func(b *testing.B) {
			server := httptest.NewServer(one.handler)
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			answers := bufio.NewReaderSize(conn, 64<<10)
			for b.Loop() {
				if _, err := io.WriteString(conn, "GET /v1/models HTTP/1.1\r\nHost: rollcall\r\n\r\n"); err != nil {
					b.Fatal(err)
				}
				response, err := http.ReadResponse(answers, nil)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, response.Body); err != nil || n < 200*100 || response.StatusCode != http.StatusOK {
					b.Fatalf("%s, %d bytes, %v", response.Status, n, err)
				}
			}
		})
	}
}

// catalogOf returns models with as much in them as a provider tells of one.
func catalogOf(n int) []*registry.ModelInfo {
	models := make([]*registry.ModelInfo, n)
	for i := range models {
		models[i] = &registry.ModelInfo{
			ID: fmt.Sprintf("model-%03d-preview", i), Object: "model", Created: 1_759_104_000 + int64(i), OwnedBy: "northwind",
			Type: "openai", DisplayName: fmt.Sprintf("Model %03d Preview", i), ContextLength: 200_000, MaxCompletionTokens: 64_000,
			Version: "2026-01", Description: "One of the models that the benchmark lists.",
			SupportedParameters: []string{"temperature", "top_p", "tools"},
		}
	}
	return models
}

// nowhere takes an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}
