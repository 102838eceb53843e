package config_test

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/spf13/viper"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

const exampleFile = "../../../config.example.yaml"

func TestExampleStatesEverySettingAtItsDefault(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := viper.NewCodecRegistry().Decoder("yaml")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string]any{}
	if err := decoder.Decode(data, stated); err != nil {
		t.Fatal(err)
	}
	var fields []string
	for i := range reflect.TypeFor[config.Config]().NumField() {
		fields = append(fields, reflect.TypeFor[config.Config]().Field(i).Tag.Get("key"))
	}
	for _, key := range fields {
		if v, ok := stated[key]; !ok || v == nil {
			t.Errorf("the example does not state %s", key)
		}
	}
	for key := range stated {
		if !slices.Contains(fields, key) {
			t.Errorf("the example states %s, which is no setting", key)
		}
	}
	c, err := config.Load(config.Input{File: exampleFile})
	if err != nil {
		t.Fatal(err)
	}
	c.Clients = nil // samples
	if !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("the example has %+v\nthe defaults are %+v", c, config.Default())
	}
}

func TestExampleClientsKeepWhatTheirModelsState(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Input{File: exampleFile})
	if err != nil {
		t.Fatal(err)
	}
	providers := map[string]int{}
	for _, client := range c.Clients {
		providers[client.Provider]++
	}
	if want := map[string]int{"claude": 2, "gemini": 1, "openai": 1}; !reflect.DeepEqual(providers, want) {
		t.Fatalf("clients by provider: %v, want %v", providers, want)
	}
	gemini := c.Clients[2].Models[0]
	if gemini.InputTokenLimit != 1048576 || gemini.Version != "2.5" || gemini.Thinking == nil ||
		!gemini.Thinking.DynamicAllowed || len(gemini.SupportedGenerationMethods) != 2 {
		t.Errorf("%s came out as %+v", gemini.ID, gemini)
	}
	if last := c.Clients[3].Models[1]; last.ID != "gpt-5-mini" || last.Created != 0 {
		t.Errorf("the model stated by its ID alone came out as %+v", last)
	}
	if !reflect.DeepEqual(c.Clients[0].Models, c.Clients[1].Models) {
		t.Error("the two claude clients differ")
	}
}

func TestEverySettingHasAFlagAndAVariableOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if s.Key == "" || s.Usage == "" || seen[s.Flag()] {
			t.Errorf("setting %+v lacks a key or a usage, or its flag is taken", s)
		}
		seen[s.Flag()] = true
	}
	if len(seen) != reflect.TypeFor[config.Config]().NumField()-2 {
		t.Errorf("%d settings for %d fields; only tokens and clients have no flag", len(seen), reflect.TypeFor[config.Config]().NumField())
	}
}
