package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// readRedisURL settles which Redis is meant: of a URL and a file that holds one, the one stated in the stronger place.
// Stated in places of equal strength they contradict each other.
func (c *Config) readRedisURL(sources map[string]source) error {
	direct, viaFile := sources["redis_url"], sources["redis_url_file"]
	if c.RedisURLFile == "" {
		return nil
	}
	if direct.rank > viaFile.rank {
		c.RedisURLFile = ""
		return nil
	}
	if direct.rank == viaFile.rank && c.RedisURL != "" {
		return &Error{"redis_url_file", viaFile.name, "redis_url (" + direct.name + ") is set as well; keep one of them"}
	}
	data, err := os.ReadFile(c.RedisURLFile)
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return &Error{"redis_url_file", viaFile.name, c.RedisURLFile + " cannot be read: " + err.Error()}
	}
	c.RedisURL = strings.TrimSpace(string(data))
	sources["redis_url"] = source{viaFile.rank, c.RedisURLFile}
	if c.RedisURL == "" {
		return &Error{"redis_url_file", viaFile.name, c.RedisURLFile + " is empty; it must hold the URL of a Redis"}
	}
	return nil
}
