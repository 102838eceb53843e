package httpapi

import "strings"

// pathProblem says why an escaped path is not taken as it is; "" where it is. http.ServeMux would send the caller on to
// the path that is left without these segments: to another client than the one meant, which a DELETE then removes.
func pathProblem(escaped string) string {
	segment, rest, more := "", strings.TrimPrefix(escaped, "/"), true
	for more {
		segment, rest, more = strings.Cut(rest, "/")
		switch {
		case segment == "" && more:
			return "the path has an empty segment; a slash in an ID is escaped as %2F"
		case segment == "." || segment == "..":
			return "the path has the segment " + segment + "; as an ID it is escaped as " + strings.Repeat("%2E", len(segment))
		}
	}
	return ""
}
