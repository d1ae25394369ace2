// foldbn folds BatchNormalization, and Mul, Add, Sub and Div by constants, into the weights of a Conv, ConvTranspose or Gemm.
//
//	%c: f32[1,2,4,4] = Conv(%x, %w, %b)              %w2, %b2 = const s*w, s*b
//	%r: f32[1,2,4,4] = Relu(%c)                      %c: f32[1,2,4,4] = Conv(%x, %w2, %b2)
//	%y: f32[1,2,4,4] = Mul(%r, %s)               =>  %y: f32[1,2,4,4] = Relu(%c)
//
// Backwards, into the node that computes the value: past MaxPool where the scale is positive, past Relu where there is
// no shift either, past data movement and average pooling. Forwards, into all nodes that read it, past the same; into a
// Conv with zero padding only without a shift, as the padding would have to change too. A BatchNormalization that goes
// neither way as a whole becomes Mul and Add, of which each may. All of this is exact in real arithmetic.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func foldBN(g *ir.Graph, _ *Config) (int, error) {
	return rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		x, a, ok := affineOf(n)
		if !ok || len(a.scale) == 0 || !finite(a.scale) || !finite(a.shift) {
			return false
		}
		es, ok := backwards(r, x, a, n)
		if !ok {
			es, ok = forwards(r, n.Outputs[0], a)
		}
		if !ok {
			return n.Op == "BatchNormalization" && splitBatchNorm(r, n, a)
		}
		r.replace(n.Outputs[0], x)
		es.apply(r, n)
		return true
	}), nil
}

// edit is the change of one node that takes a map in.
type edit struct {
	n  *ir.Node
	do func(r *rewriter)
}

type edits []edit

func (es edits) apply(r *rewriter, folded *ir.Node) {
	for _, e := range es {
		e.do(r)
		inherit(e.n, folded)
	}
}

// backwards returns the edits that make v come out as a(v). Only reader may read v.
func backwards(r *rewriter, v *ir.Value, a affine, reader *ir.Node) (edits, bool) {
	n := v.Def
	if n == nil || r.only(v) != reader {
		return nil, false
	}
	if e, ok := intoProducer(n, a); ok {
		return edits{e}, true
	}
	b, ok := throughInput(n, a)
	if !ok {
		return nil, false
	}
	return backwards(r, n.Inputs[0], b, n)
}

// intoProducer returns the edit that makes n compute a of what it computes now.
func intoProducer(n *ir.Node, a affine) (edit, bool) {
	y := n.Outputs[0]
	switch {
	case plainGemm(n):
		scale, shift, ok := a.columns(y.Type.Shape)
		return edit{n, func(r *rewriter) { scaleOutputs(r, n, scale, shift, 0, 1) }}, ok
	case convolution(n):
		scale, shift, ok := a.channels(y.Type.Shape)
		dim, groups := 0, 1
		if n.Op == "ConvTranspose" {
			dim, groups = 1, groupsOf(n)
		}
		return edit{n, func(r *rewriter) { scaleOutputs(r, n, scale, shift, dim, groups) }}, ok
	}
	return edit{}, false
}

// convolution reports whether n is a Conv or ConvTranspose with constant weights.
func convolution(n *ir.Node) bool {
	return (n.Op == "Conv" || n.Op == "ConvTranspose") && floatConst(n.Inputs[1]) && (n.Input(2) == nil || floatConst(n.Inputs[2]))
}

func groupsOf(n *ir.Node) int { return max(n.Attrs.Int("group"), 1) }

// scaleOutputs multiplies n's weights by a scale per output channel and gives it the new bias scale*bias + shift. Output
// channels are dimension dim of the weights; with groups along dimension 0, each group has its own.
func scaleOutputs(r *rewriter, n *ir.Node, scale, shift []float64, dim, groups int) {
	w := n.Inputs[1]
	shape := w.Type.Shape
	inner := 1
	for _, d := range shape[dim+1:] {
		inner *= d
	}
	weights := w.Const.Clone()
	perGroup := weights.Len() / groups
	for i := range weights.Len() {
		weights.SetF64(i, weights.F64(i)*scale[i/perGroup*shape[dim]+i/inner%shape[dim]])
	}
	bias := slices.Clone(shift)
	if b := n.Input(2); b != nil {
		for i := range bias {
			bias[i] += scale[i] * b.Const.F64(i)
		}
	}
	setWeights(r, n, weights, bias)
}

// setWeights gives n new weights, and a new bias where it had one or needs one.
func setWeights(r *rewriter, n *ir.Node, weights *tensor.Tensor, bias []float64) {
	r.renew(n, 1, r.g.NewConst(n.Inputs[1].Name, weights))
	if n.Input(2) != nil {
		r.renew(n, 2, constFloats(r.g, n.Inputs[2].Name, weights.DType, bias, len(bias)))
	} else if slices.ContainsFunc(bias, func(b float64) bool { return b != 0 }) {
		r.setInput(n, 2, constFloats(r.g, n.Inputs[1].Name+".bias", weights.DType, bias, len(bias)))
	}
}

// forwards returns the edits that make every reader of v treat it as a(v).
func forwards(r *rewriter, v *ir.Value, a affine) (edits, bool) {
	if r.g.IsOutput(v) || len(r.readers[v]) == 0 {
		return nil, false
	}
	var all edits
	for _, n := range r.readers[v] {
		es, ok := intoReader(r, n, v, a)
		if !ok {
			return nil, false
		}
		all = append(all, es...)
	}
	return all, true
}

// intoReader returns the edits that make n treat its input v as a(v).
func intoReader(r *rewriter, n *ir.Node, v *ir.Value, a affine) (edits, bool) {
	if n.Inputs[0] != v || slices.Contains(n.Inputs[1:], v) {
		return nil, false
	}
	switch {
	case plainGemm(n):
		scale, shift, ok := a.columns(v.Type.Shape)
		return edits{{n, func(r *rewriter) { scaleInputs(r, n, scale, shift) }}}, ok
	case convolution(n) && n.Op == "Conv" && !(a.shifts() && padded(n)):
		scale, shift, ok := a.channels(v.Type.Shape)
		return edits{{n, func(r *rewriter) { scaleInputs(r, n, scale, shift) }}}, ok
	}
	b, ok := throughOutput(n, a)
	if !ok {
		return nil, false
	}
	return forwards(r, n.Outputs[0], b)
}

// scaleInputs multiplies n's weights, [outputs][inputs of the group][…], by a scale per input channel and adds to the bias
// what the shifts contribute.
func scaleInputs(r *rewriter, n *ir.Node, scale, shift []float64) {
	w := n.Inputs[1]
	outs, ins := w.Type.Shape[0], w.Type.Shape[1]
	weights := w.Const.Clone()
	bias := make([]float64, outs)
	if b := n.Input(2); b != nil {
		copy(bias, b.Const.Float64s())
	}
	inner := weights.Len() / (outs * ins)
	groups := len(scale) / ins
	for i := range weights.Len() {
		out := i / (ins * inner)
		in := out/(outs/groups)*ins + i/inner%ins
		v := weights.F64(i)
		bias[out] += v * shift[in]
		weights.SetF64(i, v*scale[in])
	}
	setWeights(r, n, weights, bias)
}

// splitBatchNorm makes n an Add after a Mul.
func splitBatchNorm(r *rewriter, n *ir.Node, a affine) bool {
	x, y := n.Inputs[0], n.Outputs[0]
	scale, shift, ok := a.channels(x.Type.Shape)
	if !ok {
		return false
	}
	shape := append([]int{len(scale)}, slices.Repeat([]int{1}, len(x.Type.Shape)-2)...)
	constant := func(base string, values []float64) *ir.Value {
		return constFloats(r.g, y.Name+base, y.Type.DType, values, shape...)
	}
	if a.scales() {
		x = r.emit(y.Name+".scaled", "Mul", nil, ir.Type{DType: y.Type.DType, Shape: y.Type.Shape}, n.From, x, constant(".scale", scale))
	}
	n.Op, n.Attrs, n.Outputs = "Add", ir.Attrs{}, n.Outputs[:1]
	r.setInputs(n, x, constant(".shift", shift))
	return true
}
