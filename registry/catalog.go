package registry

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/store"
)

// catalog is a list of models as clients register it, shared by all that registered the same. It does not change.
type catalog struct {
	digest string
	models []*catalogModel // in order of first appearance, each once
	names  names           // their trimmed IDs
	ids    map[string]struct{}
}

// has says whether a model is in the list, by its exact ID.
func (c *catalog) has(model string) bool {
	_, ok := c.ids[model]
	return ok
}

// catalogModel is one model of a catalog.
type catalogModel struct {
	info    *ModelInfo // never handed out, only clones of it
	copies  int        // how often the client listed it
	formats [formatCount]atomic.Pointer[[]field]
}

// wireModel is the form in which a model travels through Redis: the public one, and what public JSON leaves out.
type wireModel struct {
	ModelInfo
	MaxContextLength int  `json:"max_context_length,omitempty"`
	UserDefined      bool `json:"user_defined,omitempty"`
	IsCompat         bool `json:"is_compat,omitempty"`
	Copies           int  `json:"copies,omitempty"` // 0 is 1
}

// encodeCatalog makes the catalog of a registration: nil models and empty IDs are skipped, of duplicates the first
// one's description stays.
func encodeCatalog(models []*ModelInfo) (store.Catalog, error) {
	wire := make([]wireModel, 0, len(models))
	at := make(map[string]int, len(models))
	for _, model := range models {
		if model == nil || model.ID == "" {
			continue
		}
		if i, ok := at[model.ID]; ok {
			wire[i].Copies++
			continue
		}
		at[model.ID] = len(wire)
		wire = append(wire, wireModel{*model, model.MaxContextLength, model.UserDefined, model.IsCompat, 1})
	}
	roster := make([]store.RosterEntry, len(wire))
	for i := range wire {
		roster[i] = store.RosterEntry{Model: wire[i].ID, Copies: wire[i].Copies}
		if wire[i].Copies == 1 {
			wire[i].Copies = 0
		}
	}
	text, err := json.Marshal(wire)
	if err != nil {
		return store.Catalog{}, fmt.Errorf("encode models: %w", err)
	}
	sum := sha256.Sum256(text)
	return store.Catalog{Digest: base64.RawURLEncoding.EncodeToString(sum[:16]), JSON: text, Roster: roster}, nil
}

func decodeCatalog(digest string, text []byte) (*catalog, error) {
	var wire []wireModel
	if err := json.Unmarshal(text, &wire); err != nil {
		return nil, fmt.Errorf("decode catalog %s: %w", digest, err)
	}
	c, ids := &catalog{digest: digest, models: make([]*catalogModel, len(wire))}, make([]string, len(wire))
	c.ids = make(map[string]struct{}, len(wire))
	for i := range wire {
		info := wire[i].ModelInfo
		info.MaxContextLength, info.UserDefined, info.IsCompat = wire[i].MaxContextLength, wire[i].UserDefined, wire[i].IsCompat
		c.models[i] = &catalogModel{info: &info, copies: max(1, wire[i].Copies)}
		ids[i], c.ids[info.ID] = strings.TrimSpace(info.ID), struct{}{}
	}
	c.names = newNames(ids)
	return c, nil
}
