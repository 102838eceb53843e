package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// query returns the parameters of a request; the problem is "" if they can be read. In the providers' shapes unknown ones
// mean nothing: their own clients send what they like.
func query(r *http.Request) (values url.Values, problem string) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "the query cannot be read: " + err.Error()
	}
	return values, ""
}

// onlyWith refuses parameters other than those named: a filter whose name has a slip would let everything through.
func onlyWith(names []string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		values, problem := query(r)
		for name := range values {
			if !slices.Contains(names, name) {
				problem = fmt.Sprintf("%q is no parameter here", name)
			}
		}
		if problem != "" {
			shapeOf(r).writeError(w, http.StatusBadRequest, problem)
			return
		}
		next(w, r)
	}
}

func yesOrNo(values url.Values, name string) (yes bool, problem string) {
	switch text := values.Get(name); text {
	case "", "false":
		return false, ""
	case "true":
		return true, ""
	default:
		return false, fmt.Sprintf("%s is %q; must be true or false", name, text)
	}
}

// wholeNumber reads a parameter that may be absent. The problem is "" if it is a number from least to most.
func wholeNumber(values url.Values, name string, absent, least, most int) (n int, problem string) {
	text := values.Get(name)
	if text == "" {
		return absent, ""
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Sprintf("%s is %q; must be a whole number from %d to %d", name, text, least, most)
	}
	return n, ""
}
