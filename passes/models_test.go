package passes_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/testdata"
)

// arenaLimits are bytes of arena that the plans of some models must not exceed, with quantized inputs and outputs.
var arenaLimits = map[string]int{"kws_int8": 6000, "vww_int8": 16000, "ic_int8": 18000, "ad_int8": 300, "captcha_int8": 16000, "captcha": 16000}

// TestModels takes every model through the pipeline: the lowered graph must agree with the goldens, hold kernels alone,
// move nothing by Transposes in the models that Keras exported, stay integer where the model is, and fit its arena.
func TestModels(t *testing.T) {
	for _, file := range testdata.Models(t) {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(filepath.Dir(dir))+"/"+filepath.Base(dir), func(t *testing.T) { checkModel(t, dir) })
	}
}

func checkModel(t *testing.T, dir string) {
	m, err := onnx.Read(filepath.Join(dir, "model.onnx"), onnx.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := frontend.Import(m, frontend.Options{File: dir})
	if err != nil {
		t.Fatal(err)
	}
	lowered := g.Clone()
	c := &passes.Config{}
	if err := passes.Run(lowered, c); err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(dir)
	quantized := strings.Contains(name, "int8") || name == "captcha"
	for set := range 3 {
		compareCase(t, lowered, filepath.Join(dir, fmt.Sprintf("test_data_set_%d", set)), quantized)
	}
	checkLowered(t, g, name, quantized)
}

// checkLowered looks at what became of the model with quantized inputs and outputs.
func checkLowered(t *testing.T, g *ir.Graph, name string, quantized bool) {
	lowered, c := g.Clone(), &passes.Config{IO: "quantized", CheckEval: len(g.Nodes) < 60}
	if err := passes.Run(lowered, c); err != nil {
		t.Fatal(err)
	}
	ops := map[string]int{}
	for _, n := range lowered.Nodes {
		ops[n.Op]++
		if !op.IsKernel(n.Op) {
			t.Errorf("%s was not lowered", n.Op)
		}
	}
	t.Logf("arena %d bytes, lower bound %d, %v", c.Memory.ArenaBytes, c.Memory.LowerBound, ops)
	checkOptimal(t, g)
	if limit := arenaLimits[name]; limit > 0 && c.Memory.ArenaBytes > limit {
		t.Errorf("arena of %d bytes; the limit is %d", c.Memory.ArenaBytes, limit)
	}
	if !quantized {
		return
	}
	for o := range ops {
		if strings.HasSuffix(o, "_f32") || o == "strided" {
			t.Errorf("%d of %s are left in a model of integers", ops[o], o)
		}
	}
}

// checkOptimal expects that no plan of the chosen order can be smaller: the arena is as large as what is alive at once, but for less than a
// word of alignment.
func checkOptimal(t *testing.T, g *ir.Graph) {
	for _, target := range []string{"", "cortex-m4", "cortex-m3"} {
		for _, optimize := range []string{"balanced", "speed"} {
			c := &passes.Config{IO: "quantized", Optimize: optimize}
			if target != "" {
				x, err := targets.Load(target)
				if err != nil {
					t.Fatal(err)
				}
				c.Target = x
			}
			if err := passes.Run(g.Clone(), c); err != nil {
				t.Fatal(err)
			}
			if m := c.Memory; m.ArenaBytes >= m.LowerBound+4 {
				t.Errorf("%s, %s: the arena has %d bytes, %d are alive at once", target, optimize, m.ArenaBytes, m.LowerBound)
			}
		}
	}
}

func compareCase(t *testing.T, g *ir.Graph, dir string, quantized bool) {
	got, err := interp.Run(g, readAll(t, dir, "input", len(g.Inputs)), interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range readAll(t, dir, "output", len(got)) {
		worst, equal := 0.0, 0
		for j := range want.Len() {
			d := math.Abs(want.F64(j) - got[i].F64(j))
			if d == 0 {
				equal++
			}
			switch {
			case !quantized:
				d /= 1e-4 + 1e-4*math.Abs(want.F64(j))
			case want.DType.IsFloat():
				d /= stepOf(g.Outputs[i])
			}
			worst = max(worst, d)
		}
		if worst > 1.01 {
			t.Errorf("%s: output %d differs by %.3g of what is allowed", filepath.Base(dir), i, worst)
		}
		if quantized && equal*100 < want.Len()*99 {
			t.Logf("%s: output %d: %d of %d are equal", filepath.Base(dir), i, equal, want.Len())
		}
	}
}

// stepOf returns the scale of the integers that a float output stands for.
func stepOf(v *ir.Value) float64 {
	if v.Def.Op == "dequantize_s8" {
		return float64(v.Def.Attrs.Float("SCALE"))
	}
	return 1.0 / 255
}

func readAll(t *testing.T, dir, kind string, n int) []*tensor.Tensor {
	all := make([]*tensor.Tensor, n)
	for i := range all {
		var err error
		if all[i], err = onnx.ReadTensor(filepath.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
