// gemm makes matrix products with a constant into Gemm, takes the bias in, and brings every Gemm into one form: transB set,
// so that the weights of one output are a row; alpha and beta folded into constants; the bias one number per output.
//
//	%w: f32[3,2] = const [1, 2, 3, 4, 5, 6]
//	%m: f32[1,2] = MatMul(%x, %w)                 %w.t: f32[2,3] = const [1, 3, 5, 2, 4, 6]
//	%y: f32[1,2] = Add(%m, %b)                =>  %y: f32[1,2] = Gemm(%x, %w.t, %b) {transB=1}
//
// A left operand of more than two dimensions is reshaped to two, and the result back. Weights and bias may also be
// dequantized constants, as the qdq pass wants them; those stay untransposed.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func gemm(g *ir.Graph, _ *Config) (int, error) {
	return rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		switch n.Op {
		case "Add":
			return addAfterMatMul(r, n) || addAfterGemm(r, n)
		case "MatMul":
			rows := len(n.Inputs[0].Type.Shape) > 2
			return (floatConst(n.Inputs[1]) || rows && static(n.Inputs[1])) && !feedsAdd(r, n) && matMulToGemm(r, n, n, nil)
		case "Gemm":
			return plainGemmForm(r, n)
		}
		return false
	}), nil
}

// addAfterMatMul takes MatMul and Add together.
func addAfterMatMul(r *rewriter, add *ir.Node) bool {
	for i, m := range add.Inputs {
		if m.Def == nil || m.Def.Op != "MatMul" || r.only(m) != add || !static(add.Inputs[1-i]) {
			continue
		}
		columns := m.Type.Shape[max(len(m.Type.Shape)-1, 0):]
		if bias := biasOf(r.g, add.Inputs[1-i], columns); bias != nil && add.Outputs[0].Type.Equal(m.Type) {
			return matMulToGemm(r, m.Def, add, bias)
		}
	}
	return false
}

// feedsAdd reports whether an Add that addAfterMatMul takes reads m.
func feedsAdd(r *rewriter, m *ir.Node) bool {
	y := m.Outputs[0]
	add := r.only(y)
	if add == nil || add.Op != "Add" || !add.Outputs[0].Type.Equal(y.Type) {
		return false
	}
	other := add.Inputs[0]
	if other == y {
		other = add.Inputs[1]
	}
	shape := y.Type.Shape
	return static(other) && fitsBias(other, shape[max(len(shape)-1, 0):])
}

// fitsBias reports whether c is one number per column, or one for all. A dequantized c cannot be repeated.
func fitsBias(c *ir.Value, columns []int) bool {
	shape := c.Type.Shape
	if !floatConst(c) {
		return slices.Equal(shape, columns)
	}
	return len(columns) == 1 && (c.Type.Len() == 1 || c.Type.Len() == columns[0] && shape[len(shape)-1] == columns[0])
}

// biasOf returns c as one number per column, or nil where it is not that.
func biasOf(g *ir.Graph, c *ir.Value, columns []int) *ir.Value {
	if !fitsBias(c, columns) {
		return nil
	}
	if slices.Equal(c.Type.Shape, columns) {
		return c
	}
	values := c.Const.Float64s()
	if len(values) == 1 {
		values = slices.Repeat(values, columns[0])
	}
	return constFloats(g, c.Name, c.Type.DType, values, columns...)
}

// matMulToGemm makes the node last compute matmul's product, plus the bias where there is one.
func matMulToGemm(r *rewriter, matmul, last *ir.Node, bias *ir.Value) bool {
	a, b := matmul.Inputs[0], matmul.Inputs[1]
	rank := len(a.Type.Shape)
	if rank < 2 || len(b.Type.Shape) != 2 || !static(b) || !a.Type.DType.IsFloat() {
		return false
	}
	attrs := ir.Attrs{}
	if floatConst(b) {
		b = transposed(r.g, b)
		attrs["transB"] = int64(1)
	}
	from := last.From
	if matmul != last {
		inherit(last, matmul)
		from = slices.Concat(matmul.From, from)
		last.From = from
	}
	if rank == 2 {
		last.Op, last.Attrs = "Gemm", attrs
		r.setInputs(last, gemmInputs(a, b, bias)...)
		return true
	}
	y := last.Outputs[0]
	rows := a.Type.Len() / max(a.Type.Shape[rank-1], 1)
	flat := r.emit(a.Name+".rows", "Reshape", nil, ir.Type{DType: a.Type.DType, Shape: []int{rows, a.Type.Shape[rank-1]}}, from,
		a, constInts(r.g, a.Name+".shape", []int{rows, a.Type.Shape[rank-1]}))
	columns := y.Type.Shape[len(y.Type.Shape)-1]
	product := r.emit(y.Name+".rows", "Gemm", attrs, ir.Type{DType: y.Type.DType, Shape: []int{rows, columns}}, from,
		gemmInputs(flat, b, bias)...)
	reshapeOf(r, last, product)
	return true
}

func gemmInputs(a, b, bias *ir.Value) []*ir.Value {
	if bias == nil {
		return []*ir.Value{a, b}
	}
	return []*ir.Value{a, b, bias}
}

// transposed returns the constant matrix b transposed.
func transposed(g *ir.Graph, b *ir.Value) *ir.Value {
	return g.NewConst(b.Name+".t", turned(b.Const))
}

// turned returns a matrix with rows and columns exchanged.
func turned(t *tensor.Tensor) *tensor.Tensor {
	rows, cols := t.Shape[0], t.Shape[1]
	out := tensor.New(t.DType, cols, rows)
	for i := range t.Len() {
		out.SetF64(i%cols*rows+i/cols, t.F64(i))
	}
	return out
}

// addAfterGemm takes a bias into a Gemm that has none.
func addAfterGemm(r *rewriter, add *ir.Node) bool {
	for i, m := range add.Inputs {
		d := m.Def
		if d == nil || d.Op != "Gemm" || d.Input(2) != nil || r.only(m) != add || !static(add.Inputs[1-i]) {
			continue
		}
		bias := biasOf(r.g, add.Inputs[1-i], m.Type.Shape[1:])
		if bias == nil || !add.Outputs[0].Type.Equal(m.Type) {
			continue
		}
		add.Op, add.Attrs, add.From = "Gemm", d.Attrs.Clone(), slices.Concat(d.From, add.From)
		delete(add.Attrs, "beta")
		r.setInputs(add, d.Inputs[0], d.Inputs[1], bias)
		return true
	}
	return false
}

// plainGemmForm brings a Gemm with constant weights into the form that plainGemm asks for.
func plainGemmForm(r *rewriter, n *ir.Node) bool {
	b, c := n.Inputs[1], n.Input(2)
	if plainGemm(n) || !floatConst(b) || n.Attrs.Bool("transA") || c != nil && !(floatConst(c) && fitsBias(c, n.Outputs[0].Type.Shape[1:])) {
		return false
	}
	if !n.Attrs.Bool("transB") {
		b = transposed(r.g, b)
	}
	r.renew(n, 1, scaled(r.g, b, attrOr1(n, "alpha")))
	if c != nil {
		r.renew(n, 2, scaled(r.g, biasOf(r.g, c, n.Outputs[0].Type.Shape[1:]), attrOr1(n, "beta")))
	}
	n.Attrs = ir.Attrs{"transB": int64(1)}
	return true
}

// plainGemm reports whether n is a Gemm with a constant row of weights per output and at most one constant bias per output.
func plainGemm(n *ir.Node) bool {
	if n.Op != "Gemm" || !floatConst(n.Inputs[1]) || n.Attrs.Bool("transA") || !n.Attrs.Bool("transB") {
		return false
	}
	if attrOr1(n, "alpha") != 1 || attrOr1(n, "beta") != 1 {
		return false
	}
	c := n.Input(2)
	return c == nil || floatConst(c) && slices.Equal(c.Type.Shape, n.Outputs[0].Type.Shape[1:])
}

func attrOr1(n *ir.Node, name string) float64 {
	if !n.Attrs.Has(name) {
		return 1
	}
	return float64(n.Attrs.Float(name))
}

// scaled returns the constant v times k.
func scaled(g *ir.Graph, v *ir.Value, k float64) *ir.Value {
	if k == 1 {
		return v
	}
	t := v.Const.Clone()
	for i := range t.Len() {
		t.SetF64(i, t.F64(i)*k)
	}
	return g.NewConst(v.Name, t)
}
