package fuzz

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TestQuantizedGraphsOnBoards runs random quantized graphs on emulated boards whose kernels are in assembly or use instructions that C does not have:
// every bit must be the interpreter's.
func TestQuantizedGraphsOnBoards(t *testing.T) {
	for target, kernels := range map[string][]string{
		"cortex-m4":  {"conv2d_quad_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_quad_s8", "fc4_s8", "fcn_s8", "conv2d_s16", "fc_s16", "convn_s8"},
		"cortex-m55": {"conv2d_block_s8", "dwconv2d_block_s8", "fc_block_s8", "convn_s8", "fcn_s8", "conv2d_s16", "fc_s16"},
		"cortex-m3":  {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv32imac":   {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv64gc":     {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
	} {
		t.Run(target, func(t *testing.T) { testQuantizedGraphs(t, target, kernels, 100, verify.Build{}) })
	}
}

// TestQuantizedGraphsInVectors does so for all the vectors that an emulator has: NEON, with and without dot products, SSE2 and AVX2.
func TestQuantizedGraphsInVectors(t *testing.T) {
	kernels := []string{"conv2d_vec_s8", "dwconv2d_s8"}
	for _, c := range []struct {
		target string
		flags  []string
	}{{"raspberry-pi-4", nil}, {"raspberry-pi-5", nil}, {"raspberry-pi-3", nil}, {"linux-x86_64", nil}, {"linux-x86_64", []string{"-march=x86-64-v3"}}} {
		t.Run(strings.Join(append([]string{c.target}, c.flags...), " "), func(t *testing.T) {
			testQuantizedGraphs(t, c.target, kernels, 20, verify.Build{CFlags: append(c.flags, "-DDG_ROUNDED")})
		})
	}
}

// testQuantizedGraphs runs n graphs on a target, whose kernels all have to occur.
func testQuantizedGraphs(t *testing.T, name string, kernels []string, n int, build verify.Build) {
	needs.Target(t, name)
	ran := map[string]int{}
	for seed := uint64(30001); seed < 30001+2*uint64(n); seed += 2 { // odd seeds are quantized
		g := graphOf(seed)
		p, err := CheckOn(context.Background(), name, g, seed, build)
		if err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, g)
			continue
		}
		for _, n := range p.Lowered.Nodes {
			ran[n.Op]++
		}
	}
	for _, k := range kernels {
		if ran[k] < 3 {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}

// runOnBoard runs the float chain of a seed on an emulated board and compares with the interpreter. It counts the kernels that ran.
func runOnBoard(t *testing.T, seed uint64, target string, ran map[string]int) (*deepgo.Model, *verify.Execution) {
	needs.Target(t, target)
	m := &deepgo.Model{File: "fuzz.ir", Name: "fuzz", Graph: floatChain(seed)}
	p, err := m.Compile(deepgo.CompileOptions{Target: target})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	in := samples.Random(m.InputTypes(), seed)
	want, err := interp.Run(p.Lowered, in, interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := verify.Execute(context.Background(), p, [][]*tensor.Tensor{in}, verify.Build{})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for i := range want {
		if err := agree(want[i], x.Outputs[0][i], floatSteps(p.Lowered).rounding(want[i])); err != nil {
			t.Errorf("seed %d: output %d: %v\n%s", seed, i, err, m.Graph)
		}
	}
	for _, n := range p.Lowered.Nodes {
		ran[n.Op]++
	}
	return m, x
}

// TestFloatGraphsOnBoards runs random float graphs on emulated boards that have kernels for their FPUs: results must be those of the interpreter, and
// every bit that of the same kernels in plain C on this machine.
func TestFloatGraphsOnBoards(t *testing.T) {
	needs.Tools(t, "gcc")
	for _, target := range []string{"cortex-m4", "rv32imafc"} {
		t.Run(target, func(t *testing.T) { testFloatGraphs(t, target) })
	}
}

func testFloatGraphs(t *testing.T, target string) {
	ran := map[string]int{}
	for _, seed := range floatSeeds(40002, 28) {
		m, x := runOnBoard(t, seed, target, ran)
		p := packedFor(t, m.Graph, m.Name, "fpu")
		plain, err := verify.Execute(context.Background(), p, [][]*tensor.Tensor{samples.Random(m.InputTypes(), seed)}, verify.Build{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, y := range plain.Outputs[0] {
			if !bytes.Equal(y.Bytes(), x.Outputs[0][i].Bytes()) {
				t.Errorf("seed %d: output %d has other bits in plain C\n%s", seed, i, m.Graph)
			}
		}
	}
	for k, least := range fpuKernels {
		if ran[k] < least {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}

// TestFloatGraphsOnHelium runs them where kernels do not round products before they add them.
func TestFloatGraphsOnHelium(t *testing.T) {
	ran := map[string]int{}
	for _, seed := range floatSeeds(40002, 28) {
		runOnBoard(t, seed, "cortex-m55", ran)
	}
	for k, least := range fpuKernels {
		if ran[k] < least {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}

// TestNarrowFloatsOnAVR casts to floats of 16 bits and less where an int has 16 bits, ordinary numbers and tiny ones.
func TestNarrowFloatsOnAVR(t *testing.T) {
	needs.Target(t, "atmega2560")
	for _, d := range append([]tensor.DType{tensor.Float16, tensor.BFloat16}, tinyFloats...) {
		for _, factor := range []float64{1, 1e-3} {
			b := &builder{Rand: rand.New(rand.NewPCG(1, 1)), g: &ir.Graph{Name: "fuzz"}, exact: map[*ir.Value]bool{}}
			x := b.one("Mul", nil, b.fresh(tensor.Float32, 24), b.number(tensor.Float32, factor, factor))[0]
			b.live = b.one("Cast", ir.Attrs{"to": op.Number(d)}, x)
			b.finish()
			if _, err := CheckOn(t.Context(), "atmega2560", b.g, 1, verify.Build{}); err != nil {
				t.Errorf("%s, times %g: %v", d, factor, err)
			}
		}
	}
}

// TestLongOutputsOnAVR: simavr cuts lines, and all of an output is compared.
func TestLongOutputsOnAVR(t *testing.T) {
	needs.Target(t, "atmega328p")
	g, err := ir.Parse("graph \"g\"(%x: f32[150]) -> (%y) {\n  %y: f32[150] = Relu(%x)\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CheckOn(t.Context(), "atmega328p", g, 1, verify.Build{}); err != nil {
		t.Error(err)
	}
}
