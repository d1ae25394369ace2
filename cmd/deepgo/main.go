// Deepgo turns ONNX models into small, fast, fixed-buffer C for microcontrollers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes one command line and returns the exit code: 0 for success, 1 for a problem with the model or the machine,
// 2 for a wrong command line, 3 for a bug in deepgo. An interrupt ends compilers and emulators and removes their files.
func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "deepgo: %v\nThis is a bug in deepgo: please report it with the model, or `deepgo inspect --json` of it.\n", p)
			if os.Getenv("DEEPGO_TRACE") != "" {
				fmt.Fprintf(stderr, "%s", debug.Stack())
			}
			code = 3
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	cmd := newRoot()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	switch usage := (*usageError)(nil); {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "deepgo: %v\nSee %s --help.\n", err, strings.TrimSpace("deepgo "+usage.command))
		return 2
	case errors.Is(err, errFailed):
		return 1
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "deepgo: interrupted")
		return 1
	}
	fmt.Fprintf(stderr, "deepgo: %v\n", err)
	return 1
}

// errFailed ends a command whose output has already said what failed.
var errFailed = errors.New("failed")

// usageError is a command line that cannot be understood.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
