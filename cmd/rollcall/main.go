// Command rollcall runs a replica of the shared model registry.
package main

import (
	"os"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
