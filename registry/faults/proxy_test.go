package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// proxy is a network between one replica and a Redis. It understands as much of the protocol as it takes to know which
// reply answers which request, so that it can lose a connection exactly between the two.
type proxy struct {
	t        *testing.T
	server   *redistest.Server
	listener net.Listener
	verbs    map[string]string // SHA-1 and source of a script -> verb
	work     sync.WaitGroup

	mu     sync.Mutex
	links  map[*link]struct{}
	delay  time.Duration
	open   chan struct{} // closed while bytes flow
	closed bool
	cuts   map[string]int // verb -> answers still to lose; "" stands for any that writes
	every  int            // lose the answer to every so many-th writing script
	ran    int            // writing scripts that ran
	lost   map[string]int // verb -> answers lost
	done   map[string]int // verb -> runs that changed something
}

func newProxy(t *testing.T, server *redistest.Server) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{
		t: t, server: server, listener: listener, verbs: make(map[string]string), links: make(map[*link]struct{}),
		open: make(chan struct{}), cuts: make(map[string]int), lost: make(map[string]int),
		done: make(map[string]int),
	}
	close(p.open)
	for _, verb := range scripts.Verbs() {
		source := scripts.Source(verb)
		p.verbs[source], p.verbs[redis.NewScript(source).Hash()] = verb, verb
	}
	p.work.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) url() string { return p.server.URLAt(p.listener.Addr().String()) }

// delayAll holds every answer up for so long.
func (p *proxy) delayAll(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// hole lets nothing through in either direction, while connections stay open and new ones are accepted.
func (p *proxy) hole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

// heal ends hole: what was held up arrives, late.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.open)
}

// reset breaks all connections, with an RST.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		_ = l.client.(*net.TCPConn).SetLinger(0) // one that is closed already is broken enough
		l.close()
	}
}

// cut loses the answers to the next n runs of a verb, each with its connection, after the script has run.
func (p *proxy) cut(verb string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts[verb] = n
}

// cutEvery loses the answer to every n-th writing script; 0 ends that.
func (p *proxy) cutEvery(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = n
}

// lostOf says how many answers to a verb were lost.
func (p *proxy) lostOf(verb string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost[verb]
}

// changed matches the answer of a script that changed something.
var changed = regexp.MustCompile(`^\*[69]\r\n\$4\r\ndone\r\n`)

// doneBy says how many runs of a verb changed something.
func (p *proxy) doneBy(verb string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[verb]
}

// loses decides about an answer to a verb.
func (p *proxy) loses(verb string, answer []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if changed.Match(answer) {
		p.done[verb]++
	}
	if verb == "" || verb == "head" {
		return false
	}
	p.ran++
	if p.cuts[verb] == 0 && (p.every == 0 || p.ran%p.every != 0) {
		return false
	}
	p.cuts[verb] = max(0, p.cuts[verb]-1)
	p.lost[verb]++
	return true
}

func (p *proxy) stop() {
	_ = p.listener.Close() // it has nothing to lose
	p.mu.Lock()
	p.closed = true
	for l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.work.Wait()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		l := &link{proxy: p, client: client, over: make(chan struct{}), asked: make(chan string, 10_000)}
		p.mu.Lock()
		if p.closed {
			l.close()
		}
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.work.Go(l.run)
	}
}

// link is one connection through a proxy.
type link struct {
	proxy  *proxy
	client net.Conn
	once   sync.Once
	over   chan struct{}
	asked  chan string // the verbs of requests under way, "" for other commands
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.over)
		_ = l.client.Close() // what was under way is lost, as it should be
	})
}

// passes waits until bytes flow, and for the delay. It returns false when the connection ends first.
func (l *link) passes(delayed bool) bool {
	l.proxy.mu.Lock()
	open, delay := l.proxy.open, l.proxy.delay
	l.proxy.mu.Unlock()
	select {
	case <-open:
	case <-l.over:
		return false
	}
	if !delayed || delay == 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.over:
		return false
	}
}

func (l *link) run() {
	defer func() {
		l.close()
		l.proxy.mu.Lock()
		delete(l.proxy.links, l)
		l.proxy.mu.Unlock()
	}()
	if !l.passes(false) {
		return
	}
	server, err := net.Dial("tcp", l.proxy.server.Addr())
	if err != nil {
		return // the client sees its connection end
	}
	var both sync.WaitGroup
	both.Go(func() { l.requests(server); l.close() })
	both.Go(func() { l.replies(server); l.close() })
	both.Go(func() { <-l.over; _ = server.Close() }) // see close
	both.Wait()
}

func (l *link) requests(server net.Conn) {
	in := bufio.NewReader(l.client)
	for {
		raw, words, err := readRequest(in)
		if err != nil || !l.passes(false) {
			return
		}
		verb := ""
		if name := strings.ToUpper(words[0]); len(words) > 1 && (name == "EVALSHA" || name == "EVAL") {
			verb = l.proxy.verbs[words[1]]
		}
		l.asked <- verb
		if _, err := server.Write(raw); err != nil {
			return
		}
	}
}

func (l *link) replies(server net.Conn) {
	in := bufio.NewReader(server)
	for {
		var raw bytes.Buffer
		if err := readReply(in, &raw); err != nil {
			return
		}
		verb := ""
		if raw.Bytes()[0] != '>' { // nobody asked for a push
			verb = <-l.asked
		}
		if raw.Bytes()[0] != '-' && l.proxy.loses(verb, raw.Bytes()) {
			return
		}
		if !l.passes(true) {
			return
		}
		if _, err := l.client.Write(raw.Bytes()); err != nil {
			return
		}
	}
}

// readRequest reads one command: its bytes and its words.
func readRequest(in *bufio.Reader) (raw []byte, words []string, err error) {
	var all bytes.Buffer
	count, err := readLine(in, &all, '*')
	if err != nil {
		return nil, nil, err
	}
	for range count {
		size, err := readLine(in, &all, '$')
		if err != nil {
			return nil, nil, err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(in, word); err != nil {
			return nil, nil, err
		}
		all.Write(word)
		words = append(words, string(word[:size]))
	}
	if len(words) == 0 {
		return nil, nil, fmt.Errorf("a request without words")
	}
	return all.Bytes(), words, nil
}

// readLine reads a line of the wanted type and returns its number.
func readLine(in *bufio.Reader, all *bytes.Buffer, wanted byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	all.WriteString(line)
	if line[0] != wanted {
		return 0, fmt.Errorf("line %q does not begin with %q", line, wanted)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// readReply copies one whole reply, of the second or third version of the protocol.
func readReply(in *bufio.Reader, all *bytes.Buffer) error {
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	all.WriteString(line)
	size, _ := strconv.Atoi(strings.TrimSpace(line[1:])) // not a number: a line of its own
	switch line[0] {
	case '$', '=', '!':
		if size >= 0 {
			_, err = io.CopyN(all, in, int64(size)+2)
		}
		return err
	case '%', '|':
		size *= 2
	case '*', '~', '>':
	default:
		return nil
	}
	for range size {
		if err := readReply(in, all); err != nil {
			return err
		}
	}
	return nil
}
