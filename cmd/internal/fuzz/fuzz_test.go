package fuzz

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/ir"
)

// TestRandomGraphs looks for differences in 200 graphs, half of them quantized, a quarter of all operators.
func TestRandomGraphs(t *testing.T) {
	needs.Tools(t, "gcc")
	done := 0
	err := Hunt(context.Background(), 1, 1, 200, func(d Difference) {
		t.Errorf("seed %d: %v\n%s", d.Seed, d.Err, d.Graph)
	}, func(n int) { done = n })
	if err != nil || done != 200 {
		t.Fatalf("%d graphs, %v", done, err)
	}
}

// TestKeptGraphs checks every graph that once differed.
func TestKeptGraphs(t *testing.T) {
	needs.Tools(t, "gcc")
	files, err := filepath.Glob("../../../testdata/fuzz/*.ir")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := ir.Parse(string(data))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range uint64(len(disabled) * len(machines)) {
			seed := i%uint64(len(disabled)) + i/uint64(len(disabled))*batch
			if err := Check(context.Background(), g, seed); err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		}
	}
}

// TestGraphsAreSound generates graphs of both kinds and checks them, and that they are not all of one sort.
func TestGraphsAreSound(t *testing.T) {
	ops := map[string]int{}
	for seed := range uint64(500) {
		g := graphOf(seed)
		if err := ir.Check(g); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, n := range g.Nodes {
			ops[n.Op]++
		}
	}
	for _, name := range strings.Fields("Conv MaxPool AveragePool Gemm MatMul Add Mul Relu Sigmoid Transpose Concat Slice Pad Softmax ReduceMean BatchNormalization QuantizeLinear DequantizeLinear DynamicQuantizeLinear MatMulInteger ConvInteger") {
		if ops[name] < 10 {
			t.Errorf("%s is in %d of 500 graphs only", name, ops[name])
		}
	}
}

// TestShrink finds the one node that matters.
func TestShrink(t *testing.T) {
	g := Generate(rand.New(rand.NewPCG(3, 1)), false)
	for seed := uint64(4); !has(g, "Tanh") || len(g.Nodes) < 4; seed++ {
		g = Generate(rand.New(rand.NewPCG(seed, 1)), false)
	}
	small := Shrink(g, func(c *ir.Graph) bool { return has(c, "Tanh") })
	if len(small.Nodes) != 1 {
		t.Errorf("shrunk to %d nodes:\n%s", len(small.Nodes), small)
	}
}

func has(g *ir.Graph, op string) bool {
	for _, n := range g.Nodes {
		if n.Op == op {
			return true
		}
	}
	return false
}

// TestSizedGraphs sees to it that most graphs which may get a dimension of any size have one, of every kind, at several sizes.
func TestSizedGraphs(t *testing.T) {
	some, ops := 0, map[string]bool{}
	for seed := uint64(4); seed < 254; seed += 5 {
		if !isSized(seed) {
			t.Fatalf("seed %d is not sized", seed)
		}
		g := graphOf(seed)
		cases, err := prepareSized(g, "fuzz", seed, nil)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if len(cases) < 2 {
			continue
		}
		some++
		for _, n := range g.Nodes {
			ops[n.Op] = true
		}
		if cases[0].Inputs[0].Len() == 0 || cases[0].Sizes[0] == cases[1].Sizes[0] {
			t.Errorf("seed %d: sizes %v and %v", seed, cases[0].Sizes, cases[1].Sizes)
		}
	}
	if some < 30 || len(ops) < 40 {
		t.Errorf("%d of 50 graphs have a dimension of any size, with %d operators", some, len(ops))
	}
}

// TestPaddedImagesOfAnySize runs chains with parts that are padded and joined, at several sizes, in C.
func TestPaddedImagesOfAnySize(t *testing.T) {
	needs.Tools(t, "gcc")
	var cases []*Case
	padded := 0
	for seed := range uint64(24) {
		g := GenerateJoined(rand.New(rand.NewPCG(seed, 3)), seed%2 == 1)
		of, err := prepareSized(g, fmt.Sprintf("fuzz%d", seed), seed, nil)
		if err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, g)
		}
		if len(of) > 0 && has(of[0].Program.Lowered, "pad2d") {
			padded++
		}
		cases = append(cases, of...)
	}
	if padded < 4 {
		t.Errorf("only %d graphs with padded images", padded)
	}
	checkC(t, cases)
}

// checkC runs all cases' C, and fails the test for each that differs.
func checkC(t *testing.T, cases []*Case) {
	t.Helper()
	diffs, err := RunC(t.Context(), cases, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range diffs {
		if d != nil {
			t.Errorf("%s at %v: %v\n%s", cases[i].Program.Name, cases[i].Sizes, d, cases[i].Graph)
		}
	}
}
