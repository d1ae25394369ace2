// Fuzz looks for differences between the interpreter, the passes and the compiled C on random graphs.
//
//	go run ./cmd/fuzz -n 5000 -seed 1            layers of floats, quantized layers, and all operators
//	go run ./cmd/fuzz -n 5000 -seed 2 -step 4    all operators only
//	go run ./cmd/fuzz -n 200 -target cortex-m4   quantized graphs on an emulated board
//
// Every difference is shrunk and written to testdata/fuzz; the exit code is then 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/deepgo/deepgo/cmd/internal/fuzz"
)

func main() {
	n := flag.Int("n", 1000, "number of graphs")
	seed := flag.Uint64("seed", 1, "seed of the first graph")
	step := flag.Uint64("step", 1, "how far seeds are apart")
	target := flag.String("target", "", "a target whose emulator runs quantized graphs, instead of the host")
	dir := flag.String("keep", "testdata/fuzz", "folder for graphs that differ")
	flag.Parse()
	differences := 0
	found := func(d fuzz.Difference) {
		differences++
		file, err := d.Keep(*dir)
		if err != nil {
			file = err.Error()
		}
		fmt.Printf("seed %d: %v\n%s\n", d.Seed, d.Err, file)
	}
	progress := func(done int) { fmt.Fprintf(os.Stderr, "\r%d of %d graphs, %d differences", done, *n, differences) }
	hunt := func() error { return fuzz.Hunt(context.Background(), *seed, *step, *n, found, progress) }
	if *target != "" {
		hunt = func() error { return fuzz.HuntOn(context.Background(), *target, *seed, *n, found, progress) }
	}
	err := hunt()
	fmt.Fprintln(os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
	}
	if err != nil || differences > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d graphs, no difference\n", *n)
}
