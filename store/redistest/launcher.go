package redistest

import (
	"os/exec"
	"runtime"
	"sync"
)

// launcher starts every process. The kernel kills a process when the *thread* that started it ends, and the Go runtime
// may end a thread; so one goroutine keeps one thread to itself for this, from the first process until Main is over.
var launcher struct {
	mu   sync.Mutex
	jobs chan launch // nil while nobody runs
	done chan struct{}
}

// launch is a command to start and where to say how that went.
type launch struct {
	cmd *exec.Cmd
	err chan<- error
}

// startCommand starts cmd on the launcher's thread.
func startCommand(cmd *exec.Cmd) error {
	launcher.mu.Lock()
	defer launcher.mu.Unlock()
	if launcher.jobs == nil {
		launcher.jobs = make(chan launch)
		launcher.done = make(chan struct{})
		go runLauncher(launcher.jobs, launcher.done)
	}
	err := make(chan error, 1)
	launcher.jobs <- launch{cmd, err}
	return <-err
}

// stopLauncher ends the launcher's goroutine and waits for it. The next startCommand begins a new one.
func stopLauncher() {
	launcher.mu.Lock()
	defer launcher.mu.Unlock()
	if launcher.jobs == nil {
		return
	}
	close(launcher.jobs)
	<-launcher.done
	launcher.jobs = nil
}

// runLauncher gives the thread back at the end instead of ending it: processes that outlive Main by mistake then still
// live as long as the test binary.
func runLauncher(jobs <-chan launch, done chan<- struct{}) {
	defer close(done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for job := range jobs {
		job.err <- job.cmd.Start()
	}
}
