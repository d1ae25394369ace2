package conformance

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// classical is a model of classical machine learning, with what ONNX Runtime says of some rows.
type classical struct {
	name  string
	model *deepgo.Model
	x     *tensor.Tensor
	want  []*tensor.Tensor
}

func loadClassical(t *testing.T, dir string) *classical {
	c := &classical{name: filepath.Base(dir)}
	read := func(file string, table *tensor.Strings) *tensor.Tensor {
		v, err := onnx.ReadTensor(filepath.Join(dir, "test_data_set_0", file), table)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	c.x = read("input_0.pb", nil)
	var err error
	if c.model, err = deepgo.Load(filepath.Join(dir, "model.onnx"), deepgo.LoadOptions{InputShapes: map[string][]int{"x": c.x.Shape}}); err != nil {
		t.Fatal(err)
	}
	for i := range c.model.Graph.Outputs {
		c.want = append(c.want, read(fmt.Sprintf("output_%d.pb", i), c.model.Graph.Strings))
	}
	return c
}

// check holds results against ONNX Runtime's: labels must be equal, scores within 1e-5.
func (c *classical) check(t *testing.T, how string, got []*tensor.Tensor) {
	for i, want := range c.want {
		if want.DType != got[i].DType || want.Len() != got[i].Len() {
			t.Errorf("%s, %s: output %d is %s of %d elements, want %s of %d", c.name, how, i, got[i].DType, got[i].Len(), want.DType, want.Len())
			continue
		}
		for k := range want.Len() {
			w, g := want.F64(k), got[i].F64(k)
			if want.DType.IsFloat() && math.Abs(w-g) <= 1e-5*max(1, math.Abs(w)) || !want.DType.IsFloat() && want.I64(k) == got[i].I64(k) {
				continue
			}
			t.Errorf("%s, %s: output %d: element %d is %v, want %v", c.name, how, i, k, g, w)
			break
		}
	}
}

// TestClassical runs every model of testdata/ml in the interpreter and in C.
func TestClassical(t *testing.T) {
	dirs, err := filepath.Glob("../../../testdata/ml/*/model.onnx")
	if err != nil || len(dirs) < 30 {
		t.Fatalf("%d models found: %v", len(dirs), err)
	}
	var models []*classical
	var cases []cbatch.Case
	for i, file := range dirs {
		c := loadClassical(t, filepath.Dir(file))
		got, err := c.model.Run([]*tensor.Tensor{c.x})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		c.check(t, "interpreted", got)
		for _, trees := range []string{"table", "code"} {
			p, err := c.model.Compile(deepgo.CompileOptions{Name: fmt.Sprintf("m%d_%s", i, trees), Emit: "single", Trees: trees})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				break
			}
			models, cases = append(models, c), append(cases, cbatch.Case{Program: p, Inputs: []*tensor.Tensor{c.x}})
			if !strings.Contains(string(p.Files[1].Data), "trees") {
				break
			}
		}
	}
	needs.Tools(t, "gcc")
	results, err := cbatch.Run(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("%s in C, %s: %v", models[i].name, cases[i].Program.Name, r.Err)
			continue
		}
		models[i].check(t, "in C, "+cases[i].Program.Name, r.Outputs)
	}
}
