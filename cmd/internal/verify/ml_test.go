package verify

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// rowCases are the rows of a model's test data, a case each, with what ONNX Runtime says of them.
func rowCases(t *testing.T, dir string, m *deepgo.Model) []Case {
	var columns []*tensor.Tensor
	for _, name := range []string{"input_0.pb", "output_0.pb", "output_1.pb"} {
		x, err := onnx.ReadTensor(filepath.Join(dir, "test_data_set_0", name), m.Graph.Strings)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, x)
	}
	cases := make([]Case, columns[0].Shape[0])
	for i := range cases {
		row := func(k int, shape []int) *tensor.Tensor {
			n := columns[k].Len() / len(cases)
			x := tensor.New(columns[k].DType, shape...)
			for j := range n {
				x.SetF64(j, columns[k].F64(i*n+j))
			}
			return x
		}
		cases[i] = Case{Name: "row", Inputs: []*tensor.Tensor{row(0, m.Graph.Inputs[0].Type.Shape)}}
		for k, v := range m.Graph.Outputs {
			cases[i].Goldens = append(cases[i].Goldens, row(k+1, v.Type.Shape))
		}
	}
	return cases
}

// TestForestOnAMicrocontroller runs a forest of 50 trees on a Cortex-M0+, as tables and as code, and a small one on an ATmega328P.
func TestForestOnAMicrocontroller(t *testing.T) {
	for _, c := range []struct {
		model, target string
		shape         []int
	}{
		{"digits_forest50", "cortex-m0plus", []int{1, 64}},
		{"iris_forest", "atmega328p", []int{1, 4}},
	} {
		needs.Target(t, c.target)
		dir := filepath.Join(own, "ml", c.model)
		m, err := deepgo.Load(filepath.Join(dir, "model.onnx"), deepgo.LoadOptions{InputShapes: map[string][]int{"x": c.shape}})
		if err != nil {
			t.Fatal(err)
		}
		for _, trees := range []string{"table", "code"} {
			t.Run(c.model+" as "+trees, func(t *testing.T) {
				t.Parallel()
				r, err := Run(context.Background(), m, rowCases(t, dir, m), Options{Compile: deepgo.CompileOptions{Target: c.target, Trees: trees}})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Pass || !r.Fits || r.Against != "goldens" {
					t.Errorf("%+v", r)
				}
				t.Logf("%d bytes of flash, %d instructions", r.FlashBytes, r.Insns)
			})
		}
	}
}
