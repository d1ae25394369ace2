// weightonly keeps weights of at most 8 bits of float operators as they are stored, where the qdq pass has found no integers to multiply
// them with.
//
//	%f: f32[4,8] = DequantizeLinear(%w, %s) {axis=0}
//	%y: f32[1,4] = Gemm(%x, %f, %b) {transB=1}           =>  %y: f32[1,4] = WeightGemm(%x, %w, %s, %b)
//
// It knows Gemm, MatMul, LSTM and GRU. Matrices in blocks, with zero points, or of so few bits that packing pays become
// GroupedWeightGemm. What it leaves, floatweights computes.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

func weightOnly(g *ir.Graph, _ *Config) (int, error) {
	return rewrite(g, func(r *rewriter, n *ir.Node) bool {
		switch n.Op {
		case "Gemm", "MatMul":
			return weightGemm(r, n)
		case "LSTM", "GRU":
			return weightRecurrent(r, n)
		}
		return false
	}), nil
}

// rowWeights returns v, a dequantized constant, as int8 rows of one output each with their scales. axis is that of the outputs.
func rowWeights(v *ir.Value, axis int) (w, scale *tensor.Tensor) {
	d := dequantized(v)
	if d == nil || !d.q.IsConst() || !d.q.Type.DType.IsSigned() || d.q.Type.DType.Bits() > 8 || d.block() != 0 || v.Type.DType != tensor.Float32 {
		return nil, nil
	}
	if d.zero != nil && slices.ContainsFunc(d.zero.Const.Int64s(), func(z int64) bool { return z != 0 }) {
		return nil, nil
	}
	rows := d.q.Type.Shape[axis]
	if k := d.scale.Const.Len(); k != 1 && (k != rows || axisOfDequantize(d) != axis) {
		return nil, nil
	}
	scale = tensor.New(tensor.Float32, rows)
	for i := range rows {
		scale.SetF64(i, d.scale.Const.F64(i%d.scale.Const.Len()))
	}
	return d.q.Const.Convert(tensor.Int8), scale
}

// axisOfDequantize is the axis of a DequantizeLinear's scales.
func axisOfDequantize(d *quantized) int {
	axis := 1
	if d.node.Attrs.Has("axis") {
		axis = d.node.Attrs.Int("axis")
	}
	if axis < 0 {
		axis += len(d.q.Type.Shape)
	}
	return axis
}

func weightGemm(r *rewriter, n *ir.Node) bool {
	x, y := n.Inputs[0], n.Outputs[0]
	one := func(name string) bool { return !n.Attrs.Has(name) || n.Attrs.Float(name) == 1 }
	if n.Attrs.Bool("transA") || !one("alpha") || !one("beta") || x.IsConst() || len(x.Type.Shape) != 2 || len(n.Inputs[1].Type.Shape) != 2 {
		return false
	}
	axis := 1
	if n.Attrs.Bool("transB") {
		axis = 0
	}
	bias := floatBias(n.Input(2), n.Inputs[1].Type.Shape[axis])
	if bias == nil {
		return false
	}
	if g, scales := packedWeights(n.Inputs[1], axis); g != nil {
		in := []*ir.Value{x, r.g.NewConst(n.Inputs[1].Name+".w", g.w), r.g.NewConst(n.Inputs[1].Name+".scales", scales), nil, r.g.NewConst(y.Name+".bias", bias)}
		if g.zeros != nil {
			in[3] = r.g.NewConst(n.Inputs[1].Name+".zeros", g.zeros)
		}
		r.supersede(y, r.emit(y.Name, "GroupedWeightGemm", ir.Attrs{"group": int64(g.group)}, y.Type, n.From, in...))
		return true
	}
	w, scale := rowWeights(n.Inputs[1], axis)
	if w == nil {
		return false
	}
	if axis == 1 {
		w = turned(w)
	}
	r.supersede(y, r.emit(y.Name, "WeightGemm", nil, y.Type, n.From, x, r.g.NewConst(n.Inputs[1].Name+".w", w), r.g.NewConst(n.Inputs[1].Name+".scale", scale), r.g.NewConst(y.Name+".bias", bias)))
	return true
}

// floatBias returns a bias of n outputs, zeros where it is absent; nil where it is no constant.
func floatBias(v *ir.Value, n int) *tensor.Tensor {
	bias := tensor.New(tensor.Float32, n)
	if v == nil {
		return bias
	}
	real := realValues(v)
	if len(real) != n {
		return nil
	}
	for i, b := range real {
		bias.SetF64(i, b)
	}
	return bias
}

// packedWeights returns v, a dequantized constant, in groups, where rowWeights does not take it or needs more bytes.
func packedWeights(v *ir.Value, axis int) (*grouped, *tensor.Tensor) {
	d := dequantized(v)
	if d == nil || v.Type.DType != tensor.Float32 {
		return nil, nil
	}
	g, scales := groupsIn(d, axis)
	if g == nil {
		return nil, nil
	}
	n, k := g.w.Shape[0], g.w.Shape[1]
	if g.group == k && g.zeros == nil && op.PackedBytes(n, k, g.w.DType.Bits()) == n*k {
		return nil, nil
	}
	return g, scales.Convert(tensor.Float32)
}

func weightRecurrent(r *rewriter, n *ir.Node) bool {
	w, ws := rowWeights(n.Inputs[1], 1)
	rec, rs := rowWeights(n.Inputs[2], 1)
	if w == nil || rec == nil || n.Input(3) != nil && !n.Inputs[3].IsConst() {
		return false
	}
	in := make([]*ir.Value, 10)
	copy(in, n.Inputs)
	in[1], in[2] = r.g.NewConst(n.Inputs[1].Name+".w", w), r.g.NewConst(n.Inputs[2].Name+".w", rec)
	in[8], in[9] = r.g.NewConst(n.Inputs[1].Name+".scale", ws), r.g.NewConst(n.Inputs[2].Name+".scale", rs)
	r.setInputs(n, in...)
	n.Op = "Weight" + n.Op
	return true
}
