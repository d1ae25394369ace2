package fuzz

import (
	"context"
	"os"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// TestQuantizedGraphsOnBoards runs random quantized graphs on emulated boards whose kernels are in assembly or use instructions that C does not have:
// every bit must be the interpreter's.
func TestQuantizedGraphsOnBoards(t *testing.T) {
	for target, kernels := range map[string][]string{
		"cortex-m4": {"conv2d_quad_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_quad_s8", "fc4_s8"},
		"cortex-m3": {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv32imac":  {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv64gc":    {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
	} {
		t.Run(target, func(t *testing.T) { testQuantizedGraphs(t, target, kernels) })
	}
}

func testQuantizedGraphs(t *testing.T, target string, kernels []string) {
	ran := map[string]int{}
	for seed := uint64(30001); seed < 30001+2*100; seed += 2 { // odd seeds are quantized
		m := &deepgo.Model{File: "fuzz.ir", Name: "fuzz", Graph: graphOf(seed)}
		p, err := m.Compile(deepgo.CompileOptions{Target: target})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if missing := toolchain.Missing(p.Target); len(missing) > 0 {
			if os.Getenv("CI") != "" {
				t.Fatalf("missing: %v", missing)
			}
			t.Skipf("missing: %v", missing)
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
			if err := agree(want[i], x.Outputs[0][i], 0); err != nil {
				t.Errorf("seed %d: output %d: %v\n%s", seed, i, err, m.Graph)
			}
		}
		for _, n := range p.Lowered.Nodes {
			ran[n.Op]++
		}
	}
	for _, k := range kernels {
		if ran[k] < 5 {
			t.Errorf("%s ran only %d times", k, ran[k])
		}
	}
	t.Log(ran)
}
