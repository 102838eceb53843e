package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// guard lets only those through who may. Without tokens everybody may: the daemon then listens on this machine alone.
func (a *API) guard(needed access, next http.HandlerFunc) http.HandlerFunc {
	if needed == anyone || len(a.tokens) == 0 {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := a.bearer(presented(r, needed))
		switch {
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="rollcall"`)
			shapeOf(r).writeError(w, http.StatusUnauthorized, "a token is needed that this daemon knows; send it as Authorization: Bearer TOKEN")
		case needed == writer && token.Role != config.RoleWrite:
			shapeOf(r).writeError(w, http.StatusForbidden, "the token "+token.Name+" has the role "+token.Role+"; this needs the role write")
		default:
			next(w, r.WithContext(context.WithValue(r.Context(), bearerKey{}, token.Name)))
		}
	}
}

// presented is the secret that a request brings; "" for none.
func presented(r *http.Request, needed access) string {
	if scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	if needed != lister {
		return ""
	}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key"} { // Anthropic's and Google's clients
		if secret := r.Header.Get(name); secret != "" {
			return secret
		}
	}
	if shapeOf(r) == gemini {
		return r.URL.Query().Get("key")
	}
	return ""
}

// bearer finds the token with a secret. It compares with all of them, and hashes, so that the time it takes tells nothing.
func (a *API) bearer(secret string) (token config.Token, ok bool) {
	sum := sha256.Sum256([]byte(secret))
	for _, known := range a.tokens {
		if subtle.ConstantTimeCompare(sum[:], known.Sum[:]) == 1 {
			token, ok = known, true
		}
	}
	return token, ok
}

type bearerKey struct{}

// anonymous stands behind what is done by hand where there are no tokens.
const anonymous = "anonymous"

// actorOf names who stands behind a request.
func actorOf(r *http.Request) string {
	if name, ok := r.Context().Value(bearerKey{}).(string); ok {
		return name
	}
	return anonymous
}
