package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// processAttributes make the kernel kill a process when the thread that started it ends, hence when the test binary
// ends, however it ends.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// reservePort takes a free loopback port until release is called. A socket is bound to it that never listens: the
// kernel then gives the port to nobody who asks for any port, refuses connections to it, and yet lets a server which
// names it listen there, as long as both sides set SO_REUSEADDR. Redis and package net do.
func reservePort() (port int, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	release = sync.OnceFunc(func() { _ = syscall.Close(fd) }) // nothing was written to it
	// The option comes after bind: with it, bind may choose a port that another reservation has.
	err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}
	if err != nil {
		release()
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		release()
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	return name.(*syscall.SockaddrInet4).Port, release, nil
}

// faketimeLibrary is the path of the libfaketime for programs with threads.
func faketimeLibrary() (string, error) {
	for _, pattern := range []string{
		"/usr/lib/*/faketime/libfaketimeMT.so.1",
		"/usr/lib/faketime/libfaketimeMT.so.1",
		"/usr/lib64/faketime/libfaketimeMT.so.1",
		"/usr/local/lib/faketime/libfaketimeMT.so.1",
	} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", &missingError{what: "libfaketimeMT.so.1",
		install: "libfaketime (Debian: apt-get install faketime), which a movable clock needs"}
}

// removeFaketimeLeftovers deletes the shared memory that libfaketime leaves behind when its process is killed.
func removeFaketimeLeftovers(pid int) {
	for _, name := range []string{"faketime_shm_%d", "sem.faketime_sem_%d"} {
		_ = os.Remove(filepath.Join("/dev/shm", fmt.Sprintf(name, pid))) // some versions make none
	}
}
