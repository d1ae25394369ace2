// mergegemm makes Gemms of one row that read the same value one Gemm and a Split, and moves a function that follows each part
// of a Split before it.
//
//	%a: f32[1,2] = Gemm(%x, %wa, %ba) {transB=1}     %m: f32[1,5] = Gemm(%x, %w, %b) {transB=1}
//	%b: f32[1,3] = Gemm(%x, %wb, %bb) {transB=1}     %r: f32[1,5] = Relu(%m)
//	%p: f32[1,2] = Relu(%a)
//	%q: f32[1,3] = Relu(%b)                      =>  %p: f32[1,2], %q: f32[1,3] = Split(%r, %sizes) {axis=1}
//
// With one row the parts are contiguous, so that Split costs nothing. A Gemm whose result is an output of the graph stays:
// it can write into the caller's buffer, a part would have to be copied there.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func mergeGemm(g *ir.Graph, _ *Config) (int, error) {
	merged := rewrite(g, func(r *rewriter, n *ir.Node) bool {
		if !mergeable(r, n) {
			return false
		}
		group := []*ir.Node{n}
		for _, m := range r.readers[n.Inputs[0]] {
			if m != n && mergeable(r, m) && m.Inputs[0] == n.Inputs[0] && m.Inputs[1].Type.DType == n.Inputs[1].Type.DType {
				group = append(group, m)
			}
		}
		if len(group) < 2 {
			return false
		}
		mergeGroup(r, group)
		return true
	})
	return merged + rewriteAll(g, hoist), nil
}

// mergeable reports whether n is a Gemm of one row that could be a part of a greater one.
func mergeable(r *rewriter, n *ir.Node) bool {
	return plainGemm(n) && !r.dead[n] && n.Inputs[0].Type.Shape[0] == 1 && !slices.Contains(n.Inputs[1:], n.Inputs[0]) && !feedsOutput(r, n)
}

// feedsOutput reports whether n's result, or an elementwise function of it, is an output of the graph.
func feedsOutput(r *rewriter, n *ir.Node) bool {
	y := n.Outputs[0]
	if r.g.IsOutput(y) {
		return true
	}
	next := r.only(y)
	return next != nil && elementwise[next.Op] && r.g.IsOutput(next.Outputs[0])
}

func mergeGroup(r *rewriter, group []*ir.Node) {
	var biases []float64
	var sizes []int
	var from []string
	for _, n := range group {
		bias := make([]float64, n.Inputs[1].Type.Shape[0])
		if c := n.Input(2); c != nil {
			bias = c.Const.Float64s()
		}
		biases = append(biases, bias...)
		sizes = append(sizes, len(bias))
		from = append(from, n.From...)
	}
	first := group[0]
	x, w, t := first.Inputs[0], first.Inputs[1], first.Outputs[0].Type
	rows, name := len(biases), first.Outputs[0].Name+".merged"
	product := r.emit(name, "Gemm", ir.Attrs{"transB": int64(1)}, ir.Type{DType: t.DType, Shape: []int{1, rows}}, from, x,
		r.g.NewConst(w.Name+".merged", stackedWeights(group, rows)),
		constFloats(r.g, name+".bias", w.Type.DType, biases, rows))
	splitTo(r, product, sizes, group, from)
}

// stackedWeights returns the weights of all Gemms of the group, below each other.
func stackedWeights(group []*ir.Node, rows int) *tensor.Tensor {
	w := group[0].Inputs[1].Type
	all, at := tensor.New(w.DType, rows, w.Shape[1]), 0
	for _, n := range group {
		part := n.Inputs[1].Const
		for i := range part.Len() {
			all.SetF64(at+i, part.F64(i))
		}
		at += part.Len()
	}
	return all
}

// splitTo makes the parts of v replace what the nodes of the group compute.
func splitTo(r *rewriter, v *ir.Value, sizes []int, group []*ir.Node, from []string) {
	split := &ir.Node{Op: "Split", Attrs: ir.Attrs{"axis": int64(1)}, From: from,
		Inputs: []*ir.Value{v, constInts(r.g, v.Name+".sizes", sizes)}}
	for _, n := range group {
		old := n.Outputs[0]
		split.Outputs = append(split.Outputs, r.g.NewValue(old.Name, old.Type))
	}
	r.add(split)
	for i, n := range group {
		r.supersede(n.Outputs[0], split.Outputs[i])
	}
}

// elementwise holds the unary functions that hoist moves.
var elementwise = map[string]bool{
	"Relu": true, "LeakyRelu": true, "Clip": true, "Elu": true, "Selu": true, "Celu": true, "Gelu": true, "HardSigmoid": true,
	"HardSwish": true, "Mish": true, "Sigmoid": true, "Softplus": true, "Softsign": true, "Tanh": true, "ThresholdedRelu": true,
}

// hoist makes Split into parts that all go through the same function the Split of that function.
func hoist(r *rewriter, split *ir.Node) bool {
	if split.Op != "Split" {
		return false
	}
	var parts []*ir.Node
	for _, v := range split.Outputs {
		n := r.only(v)
		if n == nil || !elementwise[n.Op] || n.Inputs[0] != v || len(parts) > 0 && !sameFunction(parts[0], n) || r.g.IsOutput(n.Outputs[0]) {
			return false
		}
		parts = append(parts, n)
	}
	f, x := parts[0], split.Inputs[0]
	inputs := append([]*ir.Value{x}, f.Inputs[1:]...)
	y := r.emit(f.Outputs[0].Name+".whole", f.Op, f.Attrs.Clone(), ir.Type{DType: x.Type.DType, Shape: x.Type.Shape}, nil, inputs...)
	for i, n := range parts {
		inherit(y.Def, n)
		r.supersede(n.Outputs[0], split.Outputs[i])
	}
	r.setInput(split, 0, y)
	return true
}

// sameFunction reports whether n and m apply the same function to their first inputs.
func sameFunction(n, m *ir.Node) bool {
	ids := map[*ir.Value]int{}
	key := func(n *ir.Node) string {
		f := &ir.Node{Op: n.Op, Attrs: n.Attrs, Inputs: n.Inputs[1:]}
		k, _ := nodeKey(f, ids)
		return k
	}
	for _, v := range n.Inputs[1:] {
		if v != nil && !v.IsConst() {
			return false
		}
	}
	return key(n) == key(m)
}
