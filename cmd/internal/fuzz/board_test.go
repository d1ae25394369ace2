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

// TestQuantizedGraphsOnCortexM4 runs random quantized graphs on an emulated Cortex-M4, whose kernels use DSP instructions: every
// bit must be the interpreter's.
func TestQuantizedGraphsOnCortexM4(t *testing.T) {
	kernels := map[string]int{}
	for seed := uint64(30001); seed < 30001+2*100; seed += 2 { // odd seeds are quantized
		m := &deepgo.Model{File: "fuzz.ir", Name: "fuzz", Graph: graphOf(seed)}
		p, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4"})
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
			kernels[n.Op]++
		}
	}
	for _, k := range []string{"conv2d_quad_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_quad_s8", "fc4_s8"} {
		if kernels[k] < 5 {
			t.Errorf("%s ran only %d times", k, kernels[k])
		}
	}
	t.Log(kernels)
}
