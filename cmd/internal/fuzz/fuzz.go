package fuzz

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes"
)

// Difference is a graph on which two ways of computing it disagree.
type Difference struct {
	Seed  uint64
	Graph *ir.Graph // shrunk
	Err   error
}

// batch is how many graphs share one C program.
const batch = 20

// disabled are the sets of passes that are switched off, in turn.
var disabled = [][]string{nil, nil, nil, {"transposes", "fuse"}, {"foldbn", "mergegemm", "simplify"}, {"qdq"}, {"gemm", "cse", "foldconst"}}

// machine is what a batch of graphs is compiled for.
type machine struct {
	target string
	flags  []string
}

// machines take turns, batch by batch: vectors as every machine of this kind has them, plain C, and vectors as this very machine has them.
var machines = []machine{{target: "host"}, {target: "portable"}, {target: "host", flags: ownFlags()}}

func ownFlags() []string {
	if runtime.GOARCH != "amd64" {
		return nil
	}
	return []string{"-march=native", "-DDG_ROUNDED"}
}

// machineOf returns that of a seed.
func machineOf(seed uint64) machine { return machines[seed/batch%uint64(len(machines))] }

// Hunt checks n graphs, whose seeds are seed, seed+step and so on. found is called with every difference; progress after every batch.
func Hunt(ctx context.Context, seed, step uint64, n int, found func(Difference), progress func(done int)) error {
	for from := 0; from < n; from += batch {
		todo := map[string]*hunted{}
		for i := from; i < min(from+batch, n); i++ {
			s := seed + step*uint64(i)
			g := graphOf(s)
			cases, err := prepare(g, fmt.Sprintf("fuzz%d", s), s)
			if err != nil {
				found(shrunk(ctx, s, g, err))
				continue
			}
			flags := machineOf(s).flags
			key := strings.Join(flags, " ")
			if todo[key] == nil {
				todo[key] = &hunted{flags: flags}
			}
			for _, c := range cases {
				todo[key].cases, todo[key].seeds, todo[key].graphs = append(todo[key].cases, c), append(todo[key].seeds, s), append(todo[key].graphs, g)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(todo)) {
			if err := todo[key].run(ctx, found); err != nil {
				return err
			}
		}
		progress(min(from+batch, n))
	}
	return nil
}

// prepare returns the cases of a seed's graph: of several sizes where it gets a dimension whose size a run is told.
func prepare(g *ir.Graph, name string, seed uint64) ([]*Case, error) {
	disable := disabled[seed%uint64(len(disabled))]
	if isSized(seed) {
		if cases, err := prepareSized(g, name, seed, disable); err != nil || len(cases) > 0 {
			return cases, err
		}
	}
	c, err := Prepare(g, name, seed, disable)
	return []*Case{c}, err
}

// graphOf returns a graph of the kind that belongs to the seed: all operators for one in four, or layers, or for one seed in three of those a
// chain on images, one in five of those with parts that are padded and joined; for odd seeds quantized.
func graphOf(seed uint64) *ir.Graph {
	r := rand.New(rand.NewPCG(seed, 1))
	switch {
	case seed%4 == 2:
		return GenerateOperators(r)
	case seed/2%15 == 6:
		return GenerateJoined(r, seed%2 == 1)
	case seed/2%3 == 0:
		return GenerateChain(r, seed%2 == 1)
	}
	return Generate(r, seed%2 == 1)
}

// optimizeFor says what a seed's graph is compiled for: mostly so that it runs row by row where it can.
func optimizeFor(seed uint64) string {
	if seed/2%5 == 4 {
		return "speed"
	}
	return "balanced"
}

// pushFor says how the input of a seed's graph arrives, where it has rows.
func pushFor(seed uint64) string {
	return []string{"", "", passes.PushRows, passes.PushFrames}[seed/6%4]
}

// memoriesFor divides the arena of one seed in five: a little of it is in a first memory, the rest in one without an end.
func memoriesFor(seed uint64) []passes.RAM {
	if seed/3%5 != 2 {
		return nil
	}
	return []passes.RAM{{Name: "tight", Bytes: 64 << (seed % 7)}, {Name: "wide", Bytes: 1 << 40}}
}

// hunted are cases that one program runs.
type hunted struct {
	flags  []string
	cases  []*Case
	seeds  []uint64
	graphs []*ir.Graph
}

func (h *hunted) run(ctx context.Context, found func(Difference)) error {
	diffs, err := RunC(ctx, h.cases, h.flags)
	if err != nil {
		return err
	}
	for i, d := range diffs {
		if again := i > 0 && diffs[i-1] != nil && h.seeds[i] == h.seeds[i-1]; d != nil && !again {
			found(shrunk(ctx, h.seeds[i], h.graphs[i], d))
		}
	}
	return nil
}

// Check returns the first difference on a graph: between the passes and the interpreter, or between that and the C.
func Check(ctx context.Context, g *ir.Graph, seed uint64) error {
	cases, err := prepare(g, "fuzz", seed)
	if err != nil {
		return err
	}
	diffs, err := RunC(ctx, cases, machineOf(seed).flags)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(diffs, func(err error) bool { return err != nil }); i >= 0 {
		return diffs[i]
	}
	return nil
}

func shrunk(ctx context.Context, seed uint64, g *ir.Graph, err error) Difference {
	sort := sortOf(err)
	small := Shrink(g, func(c *ir.Graph) bool {
		err := Check(ctx, c, seed)
		return err != nil && sortOf(err) == sort
	})
	if again := Check(ctx, small, seed); again != nil {
		err = again
	}
	return Difference{seed, small, err}
}

// sortOf is the sort of a difference, so that a graph that is cut down does not end as one with another: where values are cut off, what comes
// in instead may be what no operator takes.
func sortOf(err error) string {
	if errors.Is(err, errRefused) {
		return "refused"
	}
	for _, sort := range []string{"panic", "after the passes", "in C", "Sanitizer", "runtime error", "exit status"} {
		if strings.Contains(err.Error(), sort) {
			return sort
		}
	}
	return ""
}

// Keep writes a difference's graph into a folder, as a test for the time after it is mended.
func (d Difference) Keep(dir string) (string, error) {
	file := filepath.Join(dir, fmt.Sprintf("seed%d.ir", d.Seed))
	return file, os.WriteFile(file, []byte(d.Graph.String()), 0o666)
}
