package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// process is one redis-server or sentinel. It can be killed and started again on its port.
type process struct {
	path     string
	args     []string
	env      []string // beyond the environment of the test
	dir      string   // its working directory, with its log
	port     int
	busPort  int // of a cluster node, for the other nodes
	password string
	release  []func() // give its ports back

	mu     sync.Mutex
	cmd    *exec.Cmd     // nil before the first start
	exited chan struct{} // closed once cmd has ended and been waited for
}

func (p *process) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

func (p *process) logPath() string { return filepath.Join(p.dir, "redistest.log") }

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// makeDirs makes n directories in dir, one a process.
func makeDirs(dir string, n int) ([]string, error) {
	dirs := make([]string, n)
	for i := range dirs {
		dirs[i] = filepath.Join(dir, strconv.Itoa(i))
		if err := os.Mkdir(dirs[i], 0o700); err != nil {
			return nil, fmt.Errorf("making a server's directory: %w", err)
		}
	}
	return dirs, nil
}

// start runs the program and waits until it answers. On an error it is not running.
func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.path, err)
	}
	defer log.Close() // the process has its own
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = processAttributes()
	if err := startCommand(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", p.path, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // it ends by our signal, or ready sees that it has ended
	}()
	p.mu.Lock()
	p.cmd, p.exited = cmd, exited
	p.mu.Unlock()
	if err := await(ctx, fmt.Sprintf("%s on port %d", filepath.Base(p.path), p.port), p.ready); err != nil {
		p.kill()
		return fmt.Errorf("%w; its log ends:\n%s", err, p.logTail())
	}
	return nil
}

// ready is nil if the server answers, and is ours: on a platform where ports cannot be reserved, another server may
// have come first.
func (p *process) ready(ctx context.Context) error {
	if !p.alive() {
		return finalError{errors.New("it has exited")}
	}
	c := p.connect()
	defer c.Close()
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("\r\nprocess_id:%d\r\n", p.pid()); !strings.Contains(info, want) {
		return errors.New("another server answers on its port")
	}
	return nil
}

// connect is a client of this very process; the caller closes it.
func (p *process) connect() *redis.Client {
	s := Server{kind: kindRedis, addrs: []string{p.addr()}, password: p.password}
	return redis.NewClient(s.Options().Simple())
}

// alive says whether the process was started and has not ended.
func (p *process) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// signal sends sig to the process.
func (p *process) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Signal(sig)
}

// kill ends the process as kill -9 does and waits for its end; its port stays reserved. It may be called again.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // fails only if it has ended already
	<-p.exited
	if p.env != nil {
		removeFaketimeLeftovers(p.cmd.Process.Pid)
	}
}

// stop kills the process and gives its ports back.
func (p *process) stop() {
	p.kill()
	for _, release := range p.release {
		release()
	}
}

// logTail is the end of what the process has logged.
func (p *process) logTail() []byte {
	log, err := os.ReadFile(p.logPath())
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(log[max(0, len(log)-2000):])
}
