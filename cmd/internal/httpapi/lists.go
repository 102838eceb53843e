package httpapi

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// The limits of what is kept of one generation beside the whole list.
const (
	maxVariants     = 256
	maxVariantBytes = 8 << 20
)

// keepLists is how long a generation's lists are used. They change with the generation; the limit is for deadlines that
// pass between the moment at which a list was made and the moment at which the registry publishes that they passed.
const keepLists = time.Second

// lists prepares the answers about lists: each is made once a generation, by the first who asks.
type lists struct {
	registry Registry
	current  atomic.Pointer[generation]
	making   sync.Mutex
}

// generation is what is listed in one generation of the registry, and the answers made of it.
type generation struct {
	number uint64
	until  time.Time
	models []*registry.ModelInfo // by ID; not to be changed

	whole sync.Once // makes plain
	plain *answer   // OpenAI's list without parameters

	mu       sync.Mutex
	variants map[string]*answer
	size     int // bytes of variants
}

// now returns the present generation. Nothing in it is older than the call, but for what keepLists says.
func (l *lists) now() *generation {
	number := l.registry.GetGeneration()
	if g := l.current.Load(); g.serves(number) {
		return g
	}
	l.making.Lock()
	defer l.making.Unlock()
	// What is read below is of this number or a later one; then the next who asks makes the lists anew.
	number = l.registry.GetGeneration()
	if g := l.current.Load(); g.serves(number) {
		return g
	}
	g := &generation{
		number: number, until: time.Now().Add(keepLists), models: l.registry.GetAvailableModelInfos(),
		variants: make(map[string]*answer),
	}
	l.current.Store(g)
	return g
}

func (g *generation) serves(number uint64) bool {
	return g != nil && g.number == number && time.Now().Before(g.until)
}

// variant returns the answer with a key, made if it is not there. Only so many are kept; others are made each time.
func (g *generation) variant(key string, build func() any) *answer {
	g.mu.Lock()
	made := g.variants[key]
	g.mu.Unlock()
	if made != nil {
		return made
	}
	made = newAnswer(build())
	g.mu.Lock()
	defer g.mu.Unlock()
	if size := g.size + len(key) + len(made.body); len(g.variants) < maxVariants && size <= maxVariantBytes {
		g.variants[key], g.size = made, size
	}
	return made
}

// model returns the description of a listed model, nil for none.
func (g *generation) model(id string) *registry.ModelInfo {
	i, ok := slices.BinarySearchFunc(g.models, id, func(m *registry.ModelInfo, id string) int { return strings.Compare(m.ID, id) })
	if !ok {
		return nil
	}
	return g.models[i]
}

// selected returns the models that a selection leaves, by ID. With providers they are those that the providers' own
// clients list, as the first of these describes them.
func (l *lists) selected(g *generation, s selection) []*registry.ModelInfo {
	models := g.models
	if s.providers != nil {
		models = nil
		for _, provider := range s.providers {
			models = append(models, l.registry.GetAvailableModelsByProvider(provider)...)
		}
		byID := func(a, b *registry.ModelInfo) int { return cmp.Compare(a.ID, b.ID) }
		slices.SortStableFunc(models, byID)
		models = slices.CompactFunc(models, func(a, b *registry.ModelInfo) bool { return a.ID == b.ID })
	}
	if !s.available {
		return models
	}
	usable := make([]*registry.ModelInfo, 0, len(models))
	for _, m := range models {
		if l.usable(m.ID, s.providers) {
			usable = append(usable, m)
		}
	}
	return usable
}

// usable says whether some client can serve the model now; with providers, one of theirs.
func (l *lists) usable(id string, providers []string) bool {
	if providers == nil {
		return l.registry.GetModelCount(id) > 0
	}
	return slices.ContainsFunc(l.registry.ModelStatus(id).Providers, func(p registry.ProviderStatus) bool {
		return p.Available > 0 && slices.Contains(providers, p.Provider)
	})
}
