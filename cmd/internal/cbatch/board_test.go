package cbatch_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// signs is a model of one operator, compiled for a target by a name.
func signs(t *testing.T, target, name string) *deepgo.Program {
	data, err := onnx.Encode(&onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: &onnx.Graph{
		Name: "signs", Inputs: []*onnx.ValueInfo{typed("x", tensor.Float32, 3)}, Outputs: []*onnx.ValueInfo{typed("y", tensor.Float32, 3)}, Nodes: []*onnx.Node{node("Sign", "y", "x")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := deepgo.Decode("signs", data, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Compile(deepgo.CompileOptions{Name: name, Emit: "single", Target: target})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRunOn runs a model twice in one firmware; the second writes behind its output, and fails alone.
func TestRunOn(t *testing.T) {
	target := needs.Target(t, "cortex-m4")
	in := []*tensor.Tensor{tensor.Floats([]float32{-2, 0, 5}, 3)}
	bad := signs(t, target.Name, "bad")
	for i, f := range bad.Files {
		if strings.HasSuffix(f.Name, ".c") {
			bad.Files[i].Data = bytes.Replace(f.Data, []byte("return BAD_OK;"), []byte("y[3] = 1.0f;\n    return BAD_OK;"), 1)
		}
	}
	r, err := cbatch.RunOn(t.Context(), target, []cbatch.Case{{Program: signs(t, target.Name, "good"), Inputs: in}, {Program: bad, Inputs: in}})
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Err != nil || !slices.Equal(r[0].Outputs[0].Float64s(), []float64{-1, 0, 1}) {
		t.Errorf("%v, error %v", r[0].Outputs[0].Float64s(), r[0].Err)
	}
	if r[1].Err == nil {
		t.Error("nothing is said of what was written behind an output")
	}
}
