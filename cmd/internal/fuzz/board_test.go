package fuzz

import (
	"context"
	"os"
	"testing"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// TestQuantizedGraphsOnCortexM4 runs random quantized graphs on an emulated Cortex-M4, whose kernels use DSP instructions: every
// bit must be the interpreter's.
func TestQuantizedGraphsOnCortexM4(t *testing.T) {
	target, err := targets.Load("cortex-m4")
	if err != nil {
		t.Fatal(err)
	}
	if missing := toolchain.Missing(target); len(missing) > 0 {
		if os.Getenv("CI") != "" {
			t.Fatalf("missing: %v", missing)
		}
		t.Skipf("missing: %v", missing)
	}
	kernels := map[string]int{}
	for seed := uint64(30001); seed < 30001+2*120; seed += 2 { // odd seeds are quantized
		g := graphOf(seed)
		p, err := CheckOn(context.Background(), target.Name, g, seed)
		if err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, g)
			continue
		}
		for _, n := range p.Lowered.Nodes {
			kernels[n.Op]++
		}
	}
	for _, k := range []string{"conv2d_s8", "dwconv2d_s8", "fc_s8", "fc4_s8", "fcn_s8", "conv2d_s16", "fc_s16", "convn_s8"} {
		if kernels[k] < 3 {
			t.Errorf("%s ran only %d times", k, kernels[k])
		}
	}
	t.Log(kernels)
}
