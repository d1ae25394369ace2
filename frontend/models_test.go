package frontend_test

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
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/testdata"
)

// TestModelsAgainstGoldens interprets every model as imported, and compares with ONNX Runtime's outputs.
func TestModelsAgainstGoldens(t *testing.T) {
	for _, file := range testdata.Models(t) {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(filepath.Dir(dir))+"/"+filepath.Base(dir), func(t *testing.T) {
			m, err := onnx.Read(file, onnx.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			g, _, err := frontend.Import(m, frontend.Options{File: dir})
			if err != nil {
				t.Fatal(err)
			}
			if err := ir.Check(g); err != nil {
				t.Fatal(err)
			}
			checkCase(t, g, filepath.Join(dir, "test_data_set_0"))
		})
	}
}

func checkCase(t *testing.T, g *ir.Graph, dir string) {
	read := func(kind string, n int) []*tensor.Tensor {
		all := make([]*tensor.Tensor, n)
		for i := range all {
			var err error
			if all[i], err = onnx.ReadTensor(filepath.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	got, err := interp.Run(g, read("input", len(g.Inputs)), interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quantized := strings.Contains(dir, "int8")
	for i, want := range read("output", len(got)) {
		worst := 0.0
		for j := range want.Len() {
			d := math.Abs(want.F64(j) - got[i].F64(j))
			if !quantized {
				d /= 1e-4 + 1e-4*math.Abs(want.F64(j))
			} else if want.DType.IsFloat() {
				d *= 255 // outputs between 0 and 1, or dequantized by about that
			}
			worst = max(worst, d)
		}
		if worst > 1.01 {
			t.Errorf("output %d differs by %.3g of what is allowed", i, worst)
		}
	}
}
