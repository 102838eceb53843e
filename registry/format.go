package registry

import "slices"

// format is a shape of model lists; the handler type of the original's callers selects it.
type format int

const (
	formatOpenAI format = iota
	formatClaude
	formatGemini
	formatGeneric
	formatCount
)

func formatOf(handlerType string) format {
	switch handlerType {
	case "openai":
		return formatOpenAI
	case "claude":
		return formatClaude
	case "gemini":
		return formatGemini
	}
	return formatGeneric
}

// field is one entry of a formatted model. Values are boxed once; a list is copied for each caller.
type field struct {
	key   string
	value any
}

// render returns the model in a shape, as a map that is the caller's own. Lists are copied into lists.
func (m *catalogModel) render(f format, lists *listSpace) map[string]any {
	fields := m.formats[f].Load()
	if fields == nil {
		made := f.fields(m.info)
		fields = &made
		m.formats[f].Store(fields)
	}
	rendered := make(map[string]any, len(*fields))
	for _, entry := range *fields {
		if list, ok := entry.value.([]string); ok {
			rendered[entry.key] = lists.clone(list)
			continue
		}
		rendered[entry.key] = entry.value
	}
	return rendered
}

// Format returns the description in the shape that handlerType names, as GetAvailableModels has it. The map is the
// caller's own.
func (m *ModelInfo) Format(handlerType string) map[string]any {
	fields := formatOf(handlerType).fields(m)
	formatted := make(map[string]any, len(fields))
	for _, entry := range fields {
		if list, ok := entry.value.([]string); ok {
			formatted[entry.key] = slices.Clone(list)
			continue
		}
		formatted[entry.key] = entry.value
	}
	return formatted
}

// listSpace copies short lists into few allocations. Each copy is cut to its length, so that appending to one moves it
// and does not write over the next.
type listSpace struct{ free []string }

func (s *listSpace) clone(list []string) []string {
	if len(s.free) < len(list) {
		s.free = make([]string, max(128, len(list)))
	}
	n := copy(s.free, list)
	copied := s.free[:n:n]
	s.free = s.free[n:]
	return copied
}

// fieldList gathers the entries of a model, leaving out what is not stated.
type fieldList []field

func (l *fieldList) always(key string, value any) { *l = append(*l, field{key, value}) }

func (l *fieldList) text(key, value string) {
	if value != "" {
		l.always(key, value)
	}
}

func (l *fieldList) limit(key string, value int) {
	if value > 0 {
		l.always(key, value)
	}
}

func (l *fieldList) list(key string, value []string) {
	if len(value) > 0 {
		l.always(key, value)
	}
}

func (f format) fields(m *ModelInfo) []field {
	var l fieldList
	switch f {
	case formatOpenAI:
		l.always("id", m.ID)
		l.always("object", "model")
		l.always("owned_by", m.OwnedBy)
		if m.Created > 0 {
			l.always("created", m.Created)
		}
		l.text("type", m.Type)
		l.text("display_name", m.DisplayName)
		l.text("version", m.Version)
		l.text("description", m.Description)
		l.limit("context_length", m.ContextLength)
		l.limit("max_completion_tokens", m.MaxCompletionTokens)
		l.list("supported_parameters", m.SupportedParameters)
	case formatClaude:
		l.always("id", m.ID)
		l.always("object", "model")
		l.always("owned_by", m.OwnedBy)
		if m.Created > 0 {
			l.always("created", m.Created)
		}
		l.text("type", m.Type)
		l.text("display_name", m.DisplayName)
	case formatGemini:
		name := m.Name
		if name == "" {
			name = m.ID
		}
		l.always("name", name)
		l.text("version", m.Version)
		l.text("displayName", m.DisplayName)
		l.text("description", m.Description)
		l.limit("inputTokenLimit", m.InputTokenLimit)
		l.limit("outputTokenLimit", m.OutputTokenLimit)
		l.list("supportedGenerationMethods", m.SupportedGenerationMethods)
	default:
		l.always("id", m.ID)
		l.always("object", "model")
		l.text("owned_by", m.OwnedBy)
		l.text("type", m.Type)
		if m.Created != 0 {
			l.always("created", m.Created)
		}
	}
	return l
}
