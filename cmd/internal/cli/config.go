package cli

import (
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/store"
)

// effective are the settings that serve would run with. Secrets are masked, or not there.
type effective struct {
	Settings []effectiveSetting `json:"settings"`
	Tokens   []effectiveToken   `json:"tokens"`
	Clients  []effectiveClient  `json:"clients"`
}

type effectiveSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Stated string `json:"stated"` // where
}

type effectiveToken struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

type effectiveClient struct {
	ClientID string `json:"client"`
	Provider string `json:"provider"`
	Section  string `json:"section,omitempty"`
	Models   int    `json:"models"` // its own; those of a section are in the catalogue
}

func newConfig() *cobra.Command {
	var f frame
	var file string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings that serve would run with, and where each was stated",
		Long: `Show the settings that serve would run with, from the same flags, environment and file, and where each was stated. They are
checked as serve checks them. Passwords are masked; tokens are not shown.`,
		Example: `  rollcall config --config config.example.yaml`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, stated, err := config.LoadStated(config.Input{File: file, Flags: givenFlags(cmd)})
			if err != nil {
				return err
			}
			found := effectiveOf(settings, stated)
			return f.show(cmd, answer{found, effectiveTables(found)})
		},
	}
	f.form.flag(cmd)
	settingFlags(cmd, &file)
	return cmd
}

func effectiveOf(c *config.Config, stated map[string]string) effective {
	e := effective{Tokens: []effectiveToken{}, Clients: []effectiveClient{}}
	for _, s := range config.Settings() {
		value := s.Text(c)
		if s.Key == "redis_url" && value != "" {
			value = store.MaskURL(value)
		}
		e.Settings = append(e.Settings, effectiveSetting{s.Key, value, stated[s.Key]})
	}
	for _, t := range c.Tokens {
		e.Tokens = append(e.Tokens, effectiveToken{t.Name, t.Role})
	}
	for _, client := range c.Clients {
		e.Clients = append(e.Clients, effectiveClient{client.ID, client.Provider, client.Section, len(client.Models)})
	}
	return e
}

func effectiveTables(e effective) []table {
	settings := table{columns: []string{"setting", "value", "stated"}}
	for _, s := range e.Settings {
		where := cell{text: s.Stated}
		if s.Stated == "default" {
			where.tone = faint
		}
		settings.rows = append(settings.rows, row(s.Key, orDash(s.Value), where))
	}
	tables := []table{settings}
	if len(e.Tokens) > 0 {
		t := table{columns: []string{"token", "role"}}
		for _, one := range e.Tokens {
			t.rows = append(t.rows, row(one.Name, one.Role))
		}
		tables = append(tables, t)
	}
	if len(e.Clients) > 0 {
		t := table{columns: []string{"client", "provider", "models"}}
		for _, c := range e.Clients {
			models := counted(c.Models, "model")
			if c.Section != "" {
				models = "section " + c.Section
			}
			t.rows = append(t.rows, row(c.ClientID, c.Provider, models))
		}
		tables = append(tables, t)
	}
	return tables
}
