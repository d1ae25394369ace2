package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// floatConst reports whether v is a constant of a floating-point type.
func floatConst(v *ir.Value) bool { return v.IsConst() && v.Type.DType.IsFloat() }

// static reports whether v is known when compiling: a constant, or a dequantized one, which stays a node of its own
// until the qdq pass.
func static(v *ir.Value) bool {
	if v == nil || v.IsConst() {
		return v != nil
	}
	return v.Def != nil && v.Def.Op == "DequantizeLinear" && v.Def.Inputs[0].IsConst()
}

// uniform reports whether every element of the constant v is x.
func uniform(v *ir.Value, x float64) bool {
	if !v.IsConst() {
		return false
	}
	for i := range v.Const.Len() {
		if v.Const.F64(i) != x {
			return false
		}
	}
	return true
}

// constFloats returns a constant of d with the given values.
func constFloats(g *ir.Graph, base string, d tensor.DType, values []float64, shape ...int) *ir.Value {
	t := tensor.New(d, shape...)
	for i, x := range values {
		t.SetF64(i, x)
	}
	return g.NewConst(base, t)
}

// constInts returns an int64 constant of one dimension.
func constInts(g *ir.Graph, base string, values []int) *ir.Value {
	t := tensor.New(tensor.Int64, len(values))
	for i, x := range values {
		t.SetI64(i, int64(x))
	}
	return g.NewConst(base, t)
}

// permOf returns the permutation of a Transpose: its default reverses the dimensions.
func permOf(n *ir.Node) []int {
	if perm := n.Attrs.Ints("perm"); perm != nil {
		return perm
	}
	perm := make([]int, len(n.Inputs[0].Type.Shape))
	for i := range perm {
		perm[i] = len(perm) - 1 - i
	}
	return perm
}

// inverse returns the permutation that undoes perm.
func inverse(perm []int) []int {
	inv := make([]int, len(perm))
	for i, p := range perm {
		inv[p] = i
	}
	return inv
}

// permute returns data, of the given shape, with its dimensions in the order perm.
func permute(data []float64, shape, perm []int) []float64 {
	rank := len(shape)
	stride := make([]int, rank)
	for i, s := rank-1, 1; i >= 0; i-- {
		stride[i] = s
		s *= shape[i]
	}
	out := make([]float64, 0, len(data))
	var walk func(dim, from int)
	walk = func(dim, from int) {
		if dim == rank {
			out = append(out, data[from])
			return
		}
		p := perm[dim]
		for i := range shape[p] {
			walk(dim+1, from+i*stride[p])
		}
	}
	walk(0, 0)
	return out
}

// broadcast returns data, of shape from, repeated to shape to as ONNX broadcasts. ok is false where it does not fit.
func broadcast(data []float64, from, to []int) (out []float64, ok bool) {
	if len(from) > len(to) {
		return nil, false
	}
	lead := len(to) - len(from)
	from = append(slices.Repeat([]int{1}, lead), from...)
	for i, d := range from {
		if d != 1 && d != to[i] {
			return nil, false
		}
	}
	out = make([]float64, 0, tensor.Len(to))
	var walk func(dim, at int)
	walk = func(dim, at int) {
		if dim == len(to) {
			out = append(out, data[at])
			return
		}
		for i := range to[dim] {
			walk(dim+1, at*from[dim]+min(i, from[dim]-1))
		}
	}
	if tensor.Len(to) > 0 {
		walk(0, 0)
	}
	return out, true
}
