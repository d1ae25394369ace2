package fuzz

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
)

// packedFor compiles g for this machine with weights packed and kernels chosen as for processors with those ISA words.
func packedFor(t *testing.T, g *ir.Graph, name string, isa ...string) *deepgo.Program {
	target, err := targets.Load("host")
	if err != nil {
		t.Fatal(err)
	}
	target.ISA = isa
	lowered := g.Clone()
	c := &passes.Config{Target: target, IO: "model", Optimize: "balanced"}
	if err := passes.Run(lowered, c); err != nil {
		t.Fatal(err)
	}
	out, err := codegen.Generate(lowered, c.Memory, target, codegen.Options{Name: name, Emit: "single", Source: name + ".ir"})
	if err != nil {
		t.Fatal(err)
	}
	return &deepgo.Program{Name: out.Name, Target: target, Lowered: lowered, Memory: c.Memory, Inputs: out.Inputs, Outputs: out.Outputs, Arenas: out.Arenas, Files: out.Files, Report: out.Report}
}

// floatSeeds returns n seeds of float chains from first on, and some whose dense layers take their input in parts.
func floatSeeds(first uint64, n int) []uint64 {
	seeds := []uint64{8, 14, 17, 43}
	for range n {
		seeds = append(seeds, first)
		first++
	}
	return seeds
}

func floatChain(seed uint64) *ir.Graph {
	return GenerateChain(rand.New(rand.NewPCG(seed, 1)), false)
}

func quantizedChain(seed uint64) *ir.Graph {
	return GenerateChain(rand.New(rand.NewPCG(seed, 1)), true)
}

// fpuKernels are the least numbers of kernels for FPUs that random float graphs shall have, blockKernels those for Helium of quantized ones.
var (
	fpuKernels   = map[string]int{"conv2d_fpu_f32": 20, "dwconv2d_fpu_f32": 8, "fc_fpu_f32": 8, "fc_fpu_part_f32": 4}
	blockKernels = map[string]int{"conv2d_block_s8": 20, "dwconv2d_block_s8": 5, "fc_block_s8": 2, "fc_block_part_s8": 1}
)

// TestPackedKernelsInC runs random graphs on this machine, under sanitizers, with the C of kernels whose weights are packed: the plain one, and
// that for FPUs with many registers.
func TestPackedKernelsInC(t *testing.T) {
	needs.Tools(t, "gcc")
	for _, isa := range [][]string{{"fpu"}, {"fpr", "fpu"}} {
		t.Run(isa[0], func(t *testing.T) { testPackedInC(t, floatChain, fpuKernels, isa) })
	}
	t.Run("block", func(t *testing.T) { testPackedInC(t, quantizedChain, blockKernels, []string{"block"}) })
}

func testPackedInC(t *testing.T, graph func(seed uint64) *ir.Graph, kernels map[string]int, isa []string) {
	ran := map[string]int{}
	var cases []*Case
	for _, seed := range floatSeeds(20002, 36) {
		m := &deepgo.Model{Name: "fuzz", Graph: graph(seed)}
		c := &Case{Graph: m.Graph, Inputs: samples.Random(m.InputTypes(), seed), Program: packedFor(t, m.Graph, fmt.Sprintf("fuzz%d", seed), isa...)}
		var err error
		if c.Want, err = interp.Run(c.Program.Lowered, c.Inputs, interp.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, n := range c.Program.Lowered.Nodes {
			ran[n.Op]++
		}
		cases = append(cases, c)
	}
	checkC(t, cases)
	for k, least := range kernels {
		if ran[k] < least {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}
