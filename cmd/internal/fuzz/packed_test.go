package fuzz

import (
	"context"
	"fmt"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
)

// packedFor compiles g for this machine with weights packed as for processors with that ISA word, and kernels in plain C.
func packedFor(t *testing.T, g *ir.Graph, name, word, optimize string) *deepgo.Program {
	target, err := targets.Load("host")
	if err != nil {
		t.Fatal(err)
	}
	target.ISA = []string{word}
	lowered := g.Clone()
	c := &passes.Config{Target: target, IO: "model", Optimize: optimize}
	if err := passes.Run(lowered, c); err != nil {
		t.Fatal(err)
	}
	out, err := codegen.Generate(lowered, c.Memory, target, codegen.Options{Name: name, Emit: "single", Source: name + ".ir"})
	if err != nil {
		t.Fatal(err)
	}
	return &deepgo.Program{Name: out.Name, Target: target, Lowered: lowered, Memory: c.Memory, Inputs: out.Inputs, Outputs: out.Outputs, Files: out.Files, Report: out.Report}
}

// floatSeeds returns n seeds of float graphs from first on, and some whose dense layers take their input in parts.
func floatSeeds(first uint64, n int) []uint64 {
	seeds := []uint64{20304, 20334, 20934, 21786}
	for range n {
		seeds = append(seeds, first)
		first += 2 // odd seeds are quantized
	}
	return seeds
}

// fpuKernels are the least numbers of kernels for FPUs that random float graphs shall have.
var fpuKernels = map[string]int{"conv2d_fpu_f32": 20, "dwconv2d_fpu_f32": 10, "fc_fpu_f32": 10, "fc_fpu_part_f32": 4}

// TestPlainPackedKernels runs random graphs on this machine, under sanitizers, with the plain C of kernels whose weights are packed.
func TestPlainPackedKernels(t *testing.T) {
	needGCC(t)
	t.Run("fpu", func(t *testing.T) { testPlainPacked(t, "fpu", floatSeeds(20002, 50), fpuKernels) })
	quantized := []uint64{20467, 20503, 21859} // have dense layers that take their input in parts
	for seed := uint64(20001); len(quantized) < 40; seed += 2 {
		quantized = append(quantized, seed)
	}
	blocks := map[string]int{"conv2d_block_s8": 20, "dwconv2d_block_s8": 5, "fc_block_s8": 2, "fc_block_part_s8": 4}
	t.Run("block", func(t *testing.T) { testPlainPacked(t, "block", quantized, blocks) })
}

func testPlainPacked(t *testing.T, word string, seeds []uint64, kernels map[string]int) {
	ran := map[string]int{}
	var cases []*Case
	for _, seed := range seeds {
		m := &deepgo.Model{Name: "fuzz", Graph: graphOf(seed)}
		c := &Case{Graph: m.Graph, Inputs: samples.Random(m.InputTypes(), seed), Program: packedFor(t, m.Graph, fmt.Sprintf("fuzz%d", seed), word, "balanced")}
		var err error
		if c.Want, err = interp.Run(c.Program.Lowered, c.Inputs, interp.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, n := range c.Program.Lowered.Nodes {
			ran[n.Op]++
		}
		cases = append(cases, c)
	}
	diffs, err := RunC(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range diffs {
		if d != nil {
			t.Errorf("%s: %v\n%s", cases[i].Program.Name, d, cases[i].Graph)
		}
	}
	for k, least := range kernels {
		if ran[k] < least {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}
