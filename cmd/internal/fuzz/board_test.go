package fuzz

import (
	"context"
	"os"
	"testing"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// TestQuantizedGraphsOnBoards runs random quantized graphs on emulated boards whose kernels are in assembly or use instructions that C does not have:
// every bit must be the interpreter's.
func TestQuantizedGraphsOnBoards(t *testing.T) {
	for target, kernels := range map[string][]string{
		"cortex-m4": {"conv2d_quad_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_quad_s8", "fc4_s8", "fcn_s8", "conv2d_s16", "fc_s16", "convn_s8"},
		"cortex-m3": {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv32imac":  {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
		"rv64gc":    {"conv2d_four_s8", "dwconv2d_planes_s8", "dwconv2d_s8", "fc_four_s8"},
	} {
		t.Run(target, func(t *testing.T) { testQuantizedGraphs(t, target, kernels) })
	}
}

func testQuantizedGraphs(t *testing.T, name string, kernels []string) {
	target, err := targets.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if missing := toolchain.Missing(target); len(missing) > 0 {
		if os.Getenv("CI") != "" {
			t.Fatalf("missing: %v", missing)
		}
		t.Skipf("missing: %v", missing)
	}
	ran := map[string]int{}
	for seed := uint64(30001); seed < 30001+2*100; seed += 2 { // odd seeds are quantized
		g := graphOf(seed)
		p, err := CheckOn(context.Background(), name, g, seed)
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
