package config

import (
	"os"
	"path/filepath"

	"github.com/spf13/viper"
)

// Input is what the command line says.
type Input struct {
	File   string            // --config; empty means ./config.yaml where it exists
	NoFile bool              // no file is read; File is empty
	Flags  map[string]string // the flags that were given: key of the setting to text
}

// Load finds, reads and checks the settings. Relative paths stated in the config file come back relative to that file.
// Every error is an *Error.
func Load(in Input) (*Config, error) {
	c, _, err := load(in)
	return c, err
}

// LoadStated is Load that also tells where each setting was stated, by key: its flag, a variable, a file, or "default".
func LoadStated(in Input) (c *Config, stated map[string]string, err error) {
	c, sources, err := load(in)
	stated = map[string]string{}
	for key, from := range sources {
		stated[key] = from.name
	}
	return c, stated, err
}

func load(in Input) (*Config, map[string]source, error) {
	file := &file{values: map[string]any{}}
	if !in.NoFile {
		var err error
		if file, err = readFile(in.File); err != nil {
			return nil, nil, err
		}
	}
	v := viper.New()
	if err := v.MergeConfigMap(file.scalars()); err != nil {
		return nil, nil, &Error{Source: file.path, Problem: err.Error()}
	}
	c, sources := Default(), map[string]source{}
	for _, s := range Settings() {
		v.SetDefault(s.Key, s.Default)
		if err := v.BindEnv(append([]string{s.Key}, s.environment()...)...); err != nil {
			return nil, nil, &Error{Field: s.Key, Problem: err.Error()}
		}
		if text, given := in.Flags[s.Key]; given {
			v.Set(s.Key, text)
		}
		from := sourceOf(s, in, file)
		sources[s.Key] = from
		if problem := s.set(c, v.Get(s.Key)); problem != "" {
			return nil, nil, &Error{s.Key, from.name, problem}
		}
	}
	var err error
	if c.Clients, err = file.clients(); err != nil {
		return nil, nil, err
	}
	if c.Tokens, sources["tokens"], err = readTokens(file); err != nil {
		return nil, nil, err
	}
	c.anchorPaths(sources, file)
	if err := c.readRedisURL(sources); err != nil {
		return nil, nil, err
	}
	return c, sources, c.validate(sources, file.path)
}

// rank orders the places where a setting can be stated; the higher wins.
type rank int

const (
	fromDefault rank = iota
	fromFile
	fromEnvironment
	fromFlag
)

// source is where a setting was stated.
type source struct {
	rank rank
	name string // "--listen", "ROLLCALL_LISTEN", the file's path
}

// sourceOf follows the order in which viper looks, to tell where the value came from.
func sourceOf(s Setting, in Input, file *file) source {
	if _, given := in.Flags[s.Key]; given {
		return source{fromFlag, "--" + s.Flag()}
	}
	for _, name := range s.environment() {
		if os.Getenv(name) != "" {
			return source{fromEnvironment, name}
		}
	}
	if file.values[s.Key] != nil {
		return source{fromFile, file.path}
	}
	return source{fromDefault, "default"}
}

// anchorPaths makes paths that the config file states relative to the config file.
func (c *Config) anchorPaths(sources map[string]source, file *file) {
	for key, path := range map[string]*string{
		"catalogue": &c.Catalogue, "redis_url_file": &c.RedisURLFile, "tls_ca_file": &c.TLSCAFile,
		"tls_cert_file": &c.TLSCertFile, "tls_key_file": &c.TLSKeyFile,
		"listen_tls_cert_file": &c.ListenTLSCertFile, "listen_tls_key_file": &c.ListenTLSKeyFile,
	} {
		if sources[key].rank == fromFile && *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(filepath.Dir(file.path), *path)
		}
	}
}
