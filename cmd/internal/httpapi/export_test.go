package httpapi

// Route is a route as tests need to know it.
type Route struct{ Method, Path string }

// Routes lists every route there is.
func Routes() []Route {
	var all []Route
	for _, r := range new(API).routes() {
		all = append(all, Route{r.method, r.path})
	}
	return all
}

// HoldStreams counts n event streams more.
func HoldStreams(a *API, n int64) { a.streams.Add(n) }
