// transposes moves Transposes down through operators that do not care about the order of the dimensions, until they meet
// their inverse and both go.
//
//	%a: f32[1,8,6,6] = Transpose(%x) {perm=[0, 3, 1, 2]}        %b: f32[1,6,6,8] = Relu(%x)
//	%b: f32[1,8,6,6] = Relu(%a)
//	%y: f32[1,6,6,8] = Transpose(%b) {perm=[0, 2, 3, 1]}    =>
//
// A constant operand is permuted instead; an axis attribute is renumbered. Behind a Reshape to rows, the weights of the
// matrix product are permuted.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

func transposes(g *ir.Graph, c *Config) (int, error) {
	total := 0
	for {
		moved := rewriteAll(g, moveDown)
		cleaned, err := simplify(g, c)
		if err != nil {
			return 0, err
		}
		total += moved
		if moved == 0 && cleaned == 0 {
			return total, nil
		}
	}
}

// elementwiseOps are operators that treat every element alike and are not in the table of scalar functions.
var elementwiseOps = []string{"QuantizeLinear", "DequantizeLinear", "Lookup", "Requantize", "Clip", "add_s8", "add_s16", "mul_s8"}

// axisOps are operators with one axis attribute; the value is its default.
var axisOps = map[string]int{"Concat": 0, "Split": 0, "Softmax": -1}

func moveDown(r *rewriter, n *ir.Node) bool {
	if n.Op == "Transpose" || len(n.Inputs) == 0 {
		return false
	}
	t := firstTranspose(n)
	if t == nil {
		return false
	}
	perm := permOf(t)
	switch _, pointwise := op.ExprOf(n); {
	case pointwise || slices.Contains(elementwiseOps, n.Op):
		return movePointwise(r, n, perm)
	case n.Op == "Reshape":
		return moveIntoWeights(r, n, t, perm)
	case n.Op == "Pad":
		return movePad(r, n, t, perm)
	}
	if def, ok := axisOps[n.Op]; ok && !n.Attrs.Bool("flatten") {
		return moveAxis(r, n, perm, def)
	}
	return false
}

// firstTranspose returns the Transpose that computes one of n's inputs.
func firstTranspose(n *ir.Node) *ir.Node {
	for _, v := range n.Inputs {
		if v != nil && v.Def != nil && v.Def.Op == "Transpose" {
			return v.Def
		}
	}
	return nil
}

// below returns what v is before a Transpose by perm; a constant is permuted. ok is false for anything else.
func below(r *rewriter, v *ir.Value, perm []int, scalars bool) (*ir.Value, bool) {
	switch {
	case v == nil:
		return nil, true
	case scalars && v.Type.Len() == 1 && v.IsConst():
		return v, true
	case v.Def != nil && v.Def.Op == "Transpose" && slices.Equal(permOf(v.Def), perm):
		return v.Def.Inputs[0], true
	case v.IsConst() && len(v.Type.Shape) <= len(perm):
		shape := append(slices.Repeat([]int{1}, len(perm)-len(v.Type.Shape)), v.Type.Shape...)
		data := permute(v.Const.Float64s(), shape, inverse(perm))
		return constFloats(r.g, v.Name, v.Type.DType, data, permuteInts(shape, inverse(perm))...), true
	}
	return nil, false
}

func permuteInts[T int | int64](s []T, perm []int) []T {
	out := make([]T, len(perm))
	for i, p := range perm {
		out[i] = s[p]
	}
	return out
}

// movePointwise swaps an elementwise operator and the Transposes of all its operands.
func movePointwise(r *rewriter, n *ir.Node, perm []int) bool {
	rank := len(n.Outputs[0].Type.Shape)
	if rank != len(perm) || len(n.Inputs) > 1 && perAxis(n) {
		return false
	}
	in := make([]*ir.Value, len(n.Inputs))
	for i, v := range n.Inputs {
		if n.Op == "Lookup" && i == 1 {
			in[i] = v
			continue
		}
		var ok bool
		if in[i], ok = below(r, v, perm, true); !ok {
			return false
		}
	}
	return swap(r, n, n.Attrs.Clone(), in, perm)
}

// perAxis reports whether n quantizes each slice of an axis with a scale of its own.
func perAxis(n *ir.Node) bool {
	return (n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear") && n.Inputs[1].Type.Len() > 1
}

// swap adds n before the Transposes, and a Transpose of each of its outputs.
func swap(r *rewriter, n *ir.Node, attrs ir.Attrs, in []*ir.Value, perm []int) bool {
	m := &ir.Node{Op: n.Op, Attrs: attrs, Inputs: in, From: n.From}
	for _, v := range n.Outputs {
		t := v.Type
		t.Shape = permuteInts(t.Shape, inverse(perm))
		m.Outputs = append(m.Outputs, r.g.NewValue(v.Name+".t", t))
	}
	r.add(m)
	for i, v := range n.Outputs {
		a := ir.Attrs{}
		a.SetInts("perm", perm)
		r.supersede(v, r.emit(v.Name, "Transpose", a, v.Type, n.From, m.Outputs[i]))
	}
	return true
}

// moveAxis swaps an operator with an axis and the Transposes of all its operands.
func moveAxis(r *rewriter, n *ir.Node, perm []int, def int) bool {
	axis := def
	if n.Attrs.Has("axis") {
		axis = n.Attrs.Int("axis")
	}
	if axis < 0 {
		axis += len(perm)
	}
	in := slices.Clone(n.Inputs)
	for i, v := range in {
		if n.Op == "Split" && i == 1 {
			continue
		}
		var ok bool
		if in[i], ok = below(r, v, perm, false); !ok {
			return false
		}
	}
	attrs := n.Attrs.Clone()
	attrs["axis"] = int64(perm[axis])
	return swap(r, n, attrs, in, perm)
}

// movePad swaps a Pad of all axes and the Transpose of its operand.
func movePad(r *rewriter, n, t *ir.Node, perm []int) bool {
	pads := n.Inputs[1]
	if t.Outputs[0] != n.Inputs[0] || n.Input(3) != nil || !pads.IsConst() || pads.Type.Len() != 2*len(perm) {
		return false
	}
	sizes := pads.Const.Int64s()
	moved := append(permuteInts(sizes[:len(perm)], inverse(perm)), permuteInts(sizes[len(perm):], inverse(perm))...)
	in := slices.Clone(n.Inputs)
	in[0], in[1] = t.Inputs[0], r.g.NewConst(pads.Name, tensor.Of(tensor.Int64, moved, len(moved)))
	return swap(r, n, n.Attrs.Clone(), in, perm)
}

// moveIntoWeights drops a Transpose before a Reshape to rows that only matrix products by constants read, and permutes
// their weights instead.
func moveIntoWeights(r *rewriter, n, t *ir.Node, perm []int) bool {
	y, in := n.Outputs[0], t.Inputs[0].Type.Shape
	if len(y.Type.Shape) != 2 || perm[0] != 0 || in[0] != y.Type.Shape[0] || len(r.readers[y]) == 0 || r.g.IsOutput(y) {
		return false
	}
	for _, m := range r.readers[y] {
		if weightsAt(m) < 0 || m.Inputs[0] != y || !m.Inputs[weightsAt(m)].IsConst() || m.Attrs.Bool("transA") {
			return false
		}
	}
	order := rowOrder(in[1:], perm[1:])
	for _, m := range r.readers[y] {
		i := weightsAt(m)
		r.renew(m, i, permuteRows(r.g, m.Inputs[i], order, m.Attrs.Bool("transB")))
	}
	r.replace(y, r.emit(y.Name, "Reshape", nil, y.Type, n.From, t.Inputs[0], n.Inputs[1]))
	return true
}

// weightsAt returns which input of a matrix product holds the weights, or -1.
func weightsAt(n *ir.Node) int {
	switch n.Op {
	case "Gemm", "MatMul":
		return 1
	case "QGemm":
		return 3
	}
	return -1
}

// rowOrder returns, per element of the untransposed rows, which element of the transposed ones it is.
func rowOrder(shape []int, perm []int) []int {
	local := make([]int, len(perm))
	for i, p := range perm {
		local[i] = p - 1
	}
	index := make([]float64, tensor.Len(shape))
	for i := range index {
		index[i] = float64(i)
	}
	order := make([]int, len(index))
	for to, from := range permute(index, shape, local) {
		order[int(from)] = to
	}
	return order
}

// permuteRows puts the rows of a [K][N] matrix, or the columns of a transposed one, into another order.
func permuteRows(g *ir.Graph, w *ir.Value, order []int, transposed bool) *ir.Value {
	k, n := w.Type.Shape[0], w.Type.Shape[1]
	if transposed {
		k, n = n, k
	}
	out := tensor.New(w.Type.DType, w.Type.Shape...)
	for i := range k {
		for j := range n {
			to, from := i*n+j, order[i]*n+j
			if transposed {
				to, from = j*k+i, j*k+order[i]
			}
			out.SetF64(to, w.Const.F64(from))
		}
	}
	return g.NewConst(w.Name, out)
}
