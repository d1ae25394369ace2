// dynamic joins what brings the sums of integers back to floats, where activations are quantized at run time.
//
//	%f: f32[1,4] = Cast(%sums) {to=1}
//	%s: f32[4] = Mul(%x_scale, %w_scale)          =>  %y: f32[1,4] = ScaledSums(%sums, %x_scale, %w_scale, %b) {channels_last=1}
//	%g: f32[1,4] = Mul(%f, %s)
//	%y: f32[1,4] = Add(%g, %b)

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func dynamic(g *ir.Graph, _ *Config) (int, error) {
	return rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		switch n.Op {
		case "Mul":
			return scaledSums(r, n)
		case "Add":
			return biasOfSums(r, n)
		}
		return false
	}), nil
}

// scaledSums takes the sums of a product as floats, times the scales of both operands.
func scaledSums(r *rewriter, n *ir.Node) bool {
	for i, v := range n.Inputs {
		cast, scale := v.Def, n.Inputs[1-i]
		if cast == nil || cast.Op != "Cast" || r.only(v) != n || !v.Type.Equal(n.Outputs[0].Type) || v.Type.DType != tensor.Float32 {
			continue
		}
		sums := cast.Inputs[0]
		if sums.Def == nil || sums.Def.Op != "MatMulInteger" && sums.Def.Op != "ConvInteger" || len(v.Type.Shape) < 2 {
			continue
		}
		xs, ws := scalesOf(scale)
		axis := channelAxis(sums.Def, v.Type.Shape)
		if xs == nil || len(v.Type.Shape) > 4 && axis == 1 {
			continue
		}
		weights := perChannel(ws, v.Type.Shape, axis)
		if weights == nil {
			continue
		}
		attrs := ir.Attrs{"channels_last": int64(0)}
		if axis > 1 || sums.Def.Op == "MatMulInteger" {
			attrs["channels_last"] = int64(1)
		}
		y := n.Outputs[0]
		bias := tensor.New(tensor.Float32, weights.Len())
		r.supersede(y, r.emit(y.Name, "ScaledSums", attrs, y.Type, fromAll([]*ir.Node{cast, n}), sums, xs, r.g.NewConst(y.Name+".w", weights), r.g.NewConst(y.Name+".b", bias)))
		return true
	}
	return false
}

// channelAxis is the axis of the output channels of a product of integers.
func channelAxis(product *ir.Node, shape []int) int {
	if product.Op == "ConvInteger" {
		return 1
	}
	return len(shape) - 1
}

// scalesOf splits a scale into one that is known at run time alone, and a constant.
func scalesOf(v *ir.Value) (x *ir.Value, w *tensor.Tensor) {
	n := v.Def
	if n != nil && n.Op == "Mul" {
		for i, a := range n.Inputs {
			if a.Type.Len() == 1 && !a.IsConst() && floatConst(n.Inputs[1-i]) {
				return a, n.Inputs[1-i].Const
			}
		}
	}
	if v.Type.Len() == 1 && !v.IsConst() {
		one := tensor.New(tensor.Float32, 1)
		one.SetF64(0, 1)
		return v, one
	}
	return nil, nil
}

// perChannel returns a constant as one number per channel of a value of that shape; nil where it differs within one.
func perChannel(t *tensor.Tensor, shape []int, axis int) *tensor.Tensor {
	n := shape[axis]
	out := tensor.New(tensor.Float32, n)
	at := len(t.Shape) - len(shape) + axis
	if t.Len() != 1 && (t.Len() != n || at < 0 || t.Shape[at] != n || len(t.Shape) > len(shape)) {
		return nil
	}
	for i := range n {
		out.SetF64(i, t.F64(i%t.Len()))
	}
	return out
}

// biasOfSums makes an Add of a constant per channel the bias.
func biasOfSums(r *rewriter, n *ir.Node) bool {
	for i, v := range n.Inputs {
		s, b := v.Def, n.Inputs[1-i]
		if s == nil || s.Op != "ScaledSums" || r.only(v) != n || !floatConst(b) || !v.Type.Equal(n.Outputs[0].Type) || slices.ContainsFunc(s.Inputs[3].Const.Float64s(), func(f float64) bool { return f != 0 }) {
			continue
		}
		axis := 1
		if s.Attrs.Bool("channels_last") {
			axis = len(v.Type.Shape) - 1
		}
		bias := perChannel(b.Const, v.Type.Shape, axis)
		if bias == nil {
			continue
		}
		y := n.Outputs[0]
		in := append(slices.Clone(s.Inputs[:3]), r.g.NewConst(y.Name+".b", bias))
		r.supersede(y, r.emit(y.Name, "ScaledSums", s.Attrs.Clone(), y.Type, fromAll([]*ir.Node{s, n}), in...))
		return true
	}
	return false
}
