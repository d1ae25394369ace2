package quantize_test

import (
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// TestMatMulWithoutBias narrows a product that has nowhere to put the mean of what rounding takes.
func TestMatMulWithoutBias(t *testing.T) {
	g := &ir.Graph{Name: "g"}
	x := &ir.Value{Name: "x", Type: ir.Type{DType: tensor.Float32, Shape: []int{1, 8}}}
	r := &ir.Value{Name: "r", Type: ir.Type{DType: tensor.Float32, Shape: []int{1, 4}}}
	w := tensor.New(tensor.Float32, 8, 4)
	for i := range w.Len() {
		w.SetF64(i, float64(i%7)-2.6)
	}
	m := &ir.Value{Name: "m", Type: r.Type}
	y := &ir.Value{Name: "y", Type: r.Type}
	m.Def = &ir.Node{Op: "MatMul", Attrs: ir.Attrs{}, Inputs: []*ir.Value{x, g.NewConst("w", w)}, Outputs: []*ir.Value{m}, From: []string{"product"}}
	y.Def = &ir.Node{Op: "Add", Attrs: ir.Attrs{}, Inputs: []*ir.Value{m, r}, Outputs: []*ir.Value{y}, From: []string{"sum"}}
	g.Inputs, g.Outputs, g.Nodes = []*ir.Value{x, r}, []*ir.Value{y}, []*ir.Node{m.Def, y.Def}
	var samples [][]*tensor.Tensor
	for i := range 8 {
		a, b := tensor.New(tensor.Float32, 1, 8), tensor.New(tensor.Float32, 1, 4)
		for k := range 8 {
			a.SetF64(k, float64((i*5+k*3)%11)-2)
		}
		samples = append(samples, []*tensor.Tensor{a, b})
	}
	float := g.Clone()
	q, err := quantize.Run(g, samples, quantize.Options{All: quantize.Precision{Weights: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if got := snr(t, q.Graph, float, samples); got < 15 {
		t.Errorf("%.1f dB", got)
	}
	for _, n := range q.Graph.Nodes {
		if n.Op == "MatMul" && len(n.Inputs) != 2 {
			t.Errorf("a MatMul of %d inputs", len(n.Inputs))
		}
	}
}
