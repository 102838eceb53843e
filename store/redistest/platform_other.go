//go:build unix && !linux

package redistest

import (
	"fmt"
	"net"
	"syscall"
)

// processAttributes has nothing to add: only Linux ties a process to its parent's life.
func processAttributes() *syscall.SysProcAttr { return nil }

// reservePort names a port that was free a moment ago. Somebody may take it before the server does; release does
// nothing.
func reservePort() (port int, release func(), err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	return port, func() {}, nil
}

// faketimeLibrary says that movable clocks are for Linux.
func faketimeLibrary() (string, error) {
	return "", &missingError{what: "libfaketimeMT.so.1", install: "Linux: movable clocks work there only"}
}

func removeFaketimeLeftovers(int) {}
