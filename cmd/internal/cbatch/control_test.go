package cbatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

func typed(name string, d tensor.DType, shape ...int64) *onnx.ValueInfo {
	v := &onnx.ValueInfo{Name: name, Kind: "tensor", DType: d, HasShape: true}
	for _, n := range shape {
		v.Shape = append(v.Shape, onnx.Dim{Size: n, Known: true})
	}
	return v
}

func node(op, out string, in ...string) *onnx.Node {
	return &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: strings.Fields(out)}
}

func withBody(n *onnx.Node, name string, g *onnx.Graph) *onnx.Node {
	g.Name = name
	n.Attrs = append(n.Attrs, &onnx.Attr{Name: name, Value: g})
	return n
}

// rootModel finds square roots by Newton's method: a Scan over the rows of x, in it a Loop until no element changes by more than a
// little, in it an If that leaves zeros alone. n and last are what the innermost sub-graphs read from outside.
func rootModel(t *testing.T) []byte {
	branch := func(op string, in ...string) *onnx.Graph {
		return &onnx.Graph{Outputs: []*onnx.ValueInfo{typed(op+"_out", tensor.Float32, 3)}, Nodes: []*onnx.Node{node(op, op+"_out", in...)}}
	}
	choice := withBody(withBody(node("If", "next", "any"), "then_branch", branch("Mul", "sum", "half")), "else_branch", branch("Identity", "guess"))
	loop := &onnx.Graph{
		Inputs:  []*onnx.ValueInfo{typed("i", tensor.Int64), typed("on", tensor.Bool), typed("guess", tensor.Float32, 3)},
		Outputs: []*onnx.ValueInfo{typed("more", tensor.Bool), typed("next", tensor.Float32, 3)},
		Nodes: []*onnx.Node{
			node("ReduceMax", "greatest", "row"), node("Greater", "any", "greatest", "zero"), node("Reshape", "any_", "any", "scalar"),
			node("Div", "part", "row", "guess"), node("Add", "sum", "guess", "part"), choice,
			node("Sub", "change", "next", "guess"), node("Abs", "size", "change"), node("ReduceMax", "most", "size"), node("Reshape", "most_", "most", "scalar"),
			node("Greater", "more", "most_", "little"),
		},
	}
	choice.Inputs[0] = "any_"
	scan := &onnx.Graph{
		Inputs:  []*onnx.ValueInfo{typed("count", tensor.Int64), typed("row", tensor.Float32, 3)},
		Outputs: []*onnx.ValueInfo{typed("count2", tensor.Int64), typed("root", tensor.Float32, 3)},
		Nodes:   []*onnx.Node{node("Add", "count2", "count", "one"), withBody(node("Loop", "root", "limit", "", "ones"), "body", loop)},
	}
	outer := withBody(node("Scan", "n y", "start", "x"), "body", scan)
	outer.Attrs = append(outer.Attrs, &onnx.Attr{Name: "num_scan_inputs", Value: int64(1)})
	scalar := func(v float32) *tensor.Tensor { return tensor.Floats([]float32{v}) }
	m := &onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: &onnx.Graph{
		Name: "roots", Inputs: []*onnx.ValueInfo{typed("x", tensor.Float32, 4, 3), typed("limit", tensor.Int64)},
		Outputs: []*onnx.ValueInfo{typed("n", tensor.Int64), typed("y", tensor.Float32, 4, 3)},
		Initializers: []*onnx.Initializer{{Name: "half", Tensor: scalar(0.5)}, {Name: "zero", Tensor: scalar(0)}, {Name: "little", Tensor: scalar(1e-3)},
			{Name: "one", Tensor: tensor.Ints([]int64{1})}, {Name: "start", Tensor: tensor.Ints([]int64{0})}, {Name: "scalar", Tensor: tensor.Ints(nil, 0)},
			{Name: "ones", Tensor: tensor.Floats([]float32{1, 1, 1}, 3)}},
		Nodes: []*onnx.Node{outer},
	}}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// halvesModel halves x until it is below 1, and collects what is left each time.
func halvesModel(t *testing.T) []byte {
	body := &onnx.Graph{
		Inputs:  []*onnx.ValueInfo{typed("i", tensor.Int64), typed("on", tensor.Bool), typed("v", tensor.Float32, 1)},
		Outputs: []*onnx.ValueInfo{typed("more", tensor.Bool), typed("w", tensor.Float32, 1), typed("step", tensor.Float32, 1)},
		Nodes:   []*onnx.Node{node("Mul", "w", "v", "half"), node("Greater", "more_", "w", "one"), node("Reshape", "more", "more_", "scalar"), node("Identity", "step", "w")},
	}
	data, err := onnx.Encode(&onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: &onnx.Graph{
		Name: "halves", Inputs: []*onnx.ValueInfo{typed("x", tensor.Float32, 1)},
		Outputs:      []*onnx.ValueInfo{typed("last", tensor.Float32, 1), {Name: "steps", Kind: "tensor", DType: tensor.Float32, HasShape: true, Shape: []onnx.Dim{{Name: "n"}, {Size: 1, Known: true}}}},
		Initializers: []*onnx.Initializer{{Name: "half", Tensor: tensor.Floats([]float32{0.5})}, {Name: "one", Tensor: tensor.Floats([]float32{1})}, {Name: "scalar", Tensor: tensor.Ints(nil, 0)}},
		Nodes:        []*onnx.Node{withBody(node("Loop", "last steps", "", "", "x"), "body", body)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestMaxIterations holds a loop that collects outputs, an unknown number of times, to a bound.
func TestMaxIterations(t *testing.T) {
	if _, err := deepgo.Decode("halves", halvesModel(t), deepgo.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "--max-iterations") {
		t.Errorf("without a bound: %v", err)
	}
	m, err := deepgo.Decode("halves", halvesModel(t), deepgo.LoadOptions{MaxIterations: 5})
	if err != nil {
		t.Fatal(err)
	}
	var cases []cbatch.Case
	for i, x := range []float32{6, 1000} {
		p, err := m.Compile(deepgo.CompileOptions{Name: fmt.Sprintf("halves%d", i), Emit: "single", CheckEval: true})
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, cbatch.Case{Program: p, Inputs: []*tensor.Tensor{tensor.Floats([]float32{x}, 1)}})
	}
	results, err := cbatch.Run(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{3, 1.5, 0.75}, {500, 250, 125, 62.5, 31.25}} {
		out, err := m.Run(cases[i].Inputs)
		if err != nil || results[i].Err != nil {
			t.Fatal(err, results[i].Err)
		}
		for _, got := range [][]*tensor.Tensor{m.Trim(out), m.Trim(results[i].Outputs)} {
			if len(got) != 2 || !slices.Equal(got[1].Float64s(), want) || got[0].F64(0) != want[len(want)-1] {
				t.Errorf("case %d: %v, expected %v", i, got[1].Float64s(), want)
			}
		}
	}
}

// TestNestedControlFlow holds the C of nested sub-graphs against the interpreter: it ends early, by its limit, and not at all.
func TestNestedControlFlow(t *testing.T) {
	m, err := deepgo.Decode("roots", rootModel(t), deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.Floats([]float32{1, 4, 9, 2, 3, 5, 0, 0, 0, 100, 1000, 1e4}, 4, 3)
	var cases []cbatch.Case
	var want [][]*tensor.Tensor
	for i, limit := range []int64{50, 3, 0} {
		p, err := m.Compile(deepgo.CompileOptions{Name: fmt.Sprintf("roots%d", i), Emit: "single", CheckEval: true})
		if err != nil {
			t.Fatal(err)
		}
		in := []*tensor.Tensor{x, tensor.Ints([]int64{limit})}
		out, err := m.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		cases, want = append(cases, cbatch.Case{Program: p, Inputs: in}), append(want, out)
	}
	if root := want[0][1].F64(11); root < 99.999 || root > 100.001 {
		t.Errorf("the interpreter says that the root of 1e4 is %g", root)
	}
	results, err := cbatch.Run(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("case %d: %v", i, r.Err)
			continue
		}
		if r.Outputs[0].I64(0) != 4 {
			t.Errorf("case %d: %d rows", i, r.Outputs[0].I64(0))
		}
		for k := range 12 {
			if got, want := r.Outputs[1].F64(k), want[i][1].F64(k); got-want > 1e-4*(1+want) || want-got > 1e-4*(1+want) {
				t.Errorf("case %d: element %d is %g, expected %g", i, k, got, want)
			}
		}
	}
}
