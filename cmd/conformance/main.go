// Conformance runs ONNX's node tests in the interpreter and in compiled C.
//
//	go run ./cmd/conformance            all of them
//	go run ./cmd/conformance -run pad   those with pad in their name
//
// It prints the lines of tests that do not pass, and last how many do. The exit code is 1 where a result is wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/cmd/internal/conformance"
)

func main() {
	run := flag.String("run", "", "only tests whose name contains this")
	all := flag.Bool("v", false, "print every test's line")
	flag.Parse()
	wrong, err := conform(*run, *all)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	if err != nil || wrong {
		os.Exit(1)
	}
}

// conform reports whether a result is wrong.
func conform(run string, all bool) (bool, error) {
	tests, err := conformance.ReadArchive(conformance.Archive)
	if err != nil {
		return false, err
	}
	tests = slices.DeleteFunc(tests, func(t *conformance.Test) bool { return !strings.Contains(t.Name, run) })
	lines, err := conformance.Run(context.Background(), tests, func(done int) { fmt.Fprintf(os.Stderr, "\r%d of %d tests in C", done, len(tests)) })
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return false, err
	}
	wrong := false
	for _, l := range lines {
		if all || !l.Interpreter.Passed() || !l.C.Passed() {
			fmt.Println(l)
		}
		if strings.Contains(l.Interpreter.Text+l.C.Text, "wrong:") {
			wrong = true
		}
	}
	fmt.Println(conformance.Summary(lines))
	return wrong, nil
}
