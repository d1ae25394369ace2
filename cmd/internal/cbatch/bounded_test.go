package cbatch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// detector takes boxes and their scores, and returns the best boxes that do not overlap much, a row each, and their places twice over.
func detector(t *testing.T, last ...*onnx.Node) []byte {
	some := func(name string, d tensor.DType, shape ...onnx.Dim) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Kind: "tensor", DType: d, HasShape: true, Shape: append([]onnx.Dim{{Name: "some"}}, shape...)}
	}
	ints := func(name string, v ...int64) *onnx.Initializer {
		return &onnx.Initializer{Name: name, Tensor: tensor.Ints(v, len(v))}
	}
	m := &onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: &onnx.Graph{
		Name: "detector", Inputs: []*onnx.ValueInfo{typed("boxes", tensor.Float32, 1, 6, 4), typed("scores", tensor.Float32, 1, 2, 6)},
		Outputs:      []*onnx.ValueInfo{some("best", tensor.Float32, onnx.Dim{Size: 4, Known: true}), some("twice", tensor.Int64)},
		Initializers: []*onnx.Initializer{ints("two", 2), ints("one", 1), ints("zero", 0), ints("three", 3), {Name: "half", Tensor: tensor.Floats([]float32{0.5}, 1)}, {Name: "least", Tensor: tensor.Floats([]float32{0.1}, 1)}},
		Nodes: append([]*onnx.Node{
			node("NonMaxSuppression", "chosen", "boxes", "scores", "two", "half", "least"), node("Slice", "column", "chosen", "two", "three", "one"),
			node("Squeeze", "places", "column", "one"), node("Squeeze", "flat", "boxes", "zero"), node("Gather", "best", "flat", "places"), node("Add", "twice", "places", "places"),
		}, last...),
	}}
	if len(last) > 0 {
		m.Graph.Outputs = append(m.Graph.Outputs, some(last[len(last)-1].Outputs[0], tensor.Int64))
	}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSizesThatDependOnData follows what NonMaxSuppression finds through other operators, in the interpreter and in C.
func TestSizesThatDependOnData(t *testing.T) {
	m, err := deepgo.Decode("detector", detector(t), deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Notices, "\n"); !strings.Contains(got, `output "best" has room for 4 along axis 0; how many there are is output "best.length"`) {
		t.Error(got)
	}
	boxes := tensor.Floats([]float32{0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101}, 1, 6, 4)
	scores := tensor.Floats([]float32{0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.05, 0.01, 0, 0, 0.2, 0.02}, 1, 2, 6)
	in := []*tensor.Tensor{boxes, scores}
	out, err := m.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Compile(deepgo.CompileOptions{Name: "detector", Emit: "single", CheckEval: true})
	if err != nil {
		t.Fatal(err)
	}
	results, err := cbatch.Run(t.Context(), []cbatch.Case{{Program: p, Inputs: in}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	for _, got := range [][]*tensor.Tensor{m.Trim(out), m.Trim(results[0].Outputs)} {
		if want := []int64{6, 0, 8}; len(got) != 2 || !slices.Equal(got[1].Int64s(), want) {
			t.Fatalf("%d outputs, places %v, expected %v", len(got), got[1].Int64s(), want)
		}
		if !slices.Equal(got[0].Shape, []int{3, 4}) || got[0].F64(0) != 0 || got[0].F64(1) != 10 || got[0].F64(9) != 10.100000381469727 {
			t.Errorf("boxes %v %v", got[0].Shape, got[0].Float64s())
		}
	}
}

// TestSizesThatNobodyKnows names operators that cannot do with a part of a tensor.
func TestSizesThatNobodyKnows(t *testing.T) {
	for want, last := range map[string][]*onnx.Node{
		"ReduceSum takes tensors of known sizes": {node("ReduceSum", "sum", "twice")},
		"is the one that Gather works on":        {node("Gather", "third", "twice", "two")},
		"that of input 1 is not the same as another's": {node("NonMaxSuppression", "others", "boxes", "scores", "two", "half"), node("Slice", "picked", "others", "two", "three", "one"),
			node("Squeeze", "row", "picked", "one"), node("Add", "both", "places", "row")},
	} {
		_, err := deepgo.Decode("detector", detector(t, last...), deepgo.LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}
