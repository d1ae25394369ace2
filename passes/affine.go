package passes

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// affine is the map y = scale*x + shift, with a scale and a shift for every element of a value. Spelling them out makes
// following it through a Transpose or a Reshape trivial.
type affine struct {
	scale, shift []float64
}

// affineOf returns the affine map that n applies to x with constants. ok is false where n is no such node.
func affineOf(n *ir.Node) (x *ir.Value, a affine, ok bool) {
	if n.Outputs[0] == nil || !n.Outputs[0].Type.DType.IsFloat() {
		return nil, a, false
	}
	switch n.Op {
	case "BatchNormalization":
		a, ok = batchNorm(n)
		return n.Inputs[0], a, ok
	case "Add", "Sub", "Mul", "Div":
		return binaryAffine(n)
	}
	return nil, a, false
}

// batchNorm returns scale = gamma / sqrt(var + epsilon) and shift = beta - mean * scale, per channel.
func batchNorm(n *ir.Node) (a affine, ok bool) {
	for _, v := range n.Inputs[1:5] {
		if !floatConst(v) {
			return a, false
		}
	}
	if n.Attrs.Bool("training_mode") || len(n.Inputs[0].Type.Shape) < 2 {
		return a, false
	}
	epsilon := float64(float32(1e-5))
	if n.Attrs.Has("epsilon") {
		epsilon = float64(n.Attrs.Float("epsilon"))
	}
	gamma, beta, mean, variance := n.Inputs[1].Const, n.Inputs[2].Const, n.Inputs[3].Const, n.Inputs[4].Const
	scale, shift := make([]float64, gamma.Len()), make([]float64, gamma.Len())
	for c := range scale {
		scale[c] = gamma.F64(c) / math.Sqrt(variance.F64(c)+epsilon)
		shift[c] = beta.F64(c) - mean.F64(c)*scale[c]
	}
	shape := n.Inputs[0].Type.Shape
	return affine{repeatChannels(scale, shape), repeatChannels(shift, shape)}, true
}

func binaryAffine(n *ir.Node) (x *ir.Value, a affine, ok bool) {
	x, c := n.Inputs[0], n.Inputs[1]
	swapped := x.IsConst()
	if swapped {
		x, c = c, x
	}
	if !floatConst(c) || x.IsConst() || !x.Type.Equal(n.Outputs[0].Type) || swapped && n.Op == "Div" {
		return nil, a, false
	}
	k, fits := broadcast(c.Const.Float64s(), c.Type.Shape, x.Type.Shape)
	if !fits || !finite(k) {
		return nil, a, false
	}
	ones, zeros := slices.Repeat([]float64{1}, len(k)), make([]float64, len(k))
	switch n.Op {
	case "Add":
		return x, affine{ones, k}, true
	case "Mul":
		return x, affine{k, zeros}, true
	case "Div":
		return x, affine{mapped(k, func(v float64) float64 { return 1 / v }), zeros}, !slices.Contains(k, 0)
	}
	minus := func(v float64) float64 { return -v }
	if swapped {
		return x, affine{mapped(ones, minus), k}, true
	}
	return x, affine{ones, mapped(k, minus)}, true
}

func finite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

func mapped(values []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = f(v)
	}
	return out
}

// shifts reports whether a moves zero.
func (a affine) shifts() bool {
	return slices.ContainsFunc(a.shift, func(t float64) bool { return t != 0 })
}

// scales reports whether a is more than a shift.
func (a affine) scales() bool {
	return slices.ContainsFunc(a.scale, func(s float64) bool { return s != 1 })
}

// keepsOrder reports whether a greater x never gives a smaller y.
func (a affine) keepsOrder() bool {
	return !slices.ContainsFunc(a.scale, func(s float64) bool { return s < 0 })
}

// channels returns scale and shift per channel (dimension 1) of a value of the given shape. ok is false where they differ
// within a channel.
func (a affine) channels(shape []int) (scale, shift []float64, ok bool) {
	if len(shape) < 2 || len(a.scale) == 0 {
		return nil, nil, false
	}
	channels, plane := shape[1], len(a.scale)/(shape[0]*shape[1])
	scale, shift = make([]float64, channels), make([]float64, channels)
	for c := range channels {
		scale[c], shift[c] = a.scale[c*plane], a.shift[c*plane]
	}
	for i := range a.scale {
		if c := i / plane % channels; a.scale[i] != scale[c] || a.shift[i] != shift[c] {
			return nil, nil, false
		}
	}
	return scale, shift, true
}

// columns returns scale and shift per element of a row of a matrix. ok is false where rows differ.
func (a affine) columns(shape []int) (scale, shift []float64, ok bool) {
	if len(shape) != 2 || len(a.scale) == 0 {
		return nil, nil, false
	}
	k := shape[1]
	for i := range a.scale {
		if a.scale[i] != a.scale[i%k] || a.shift[i] != a.shift[i%k] {
			return nil, nil, false
		}
	}
	return a.scale[:k], a.shift[:k], true
}

// repeatChannels spells a number per channel (dimension 1) out for a value of the given shape.
func repeatChannels(per []float64, shape []int) []float64 {
	plane := 1
	for _, d := range shape[2:] {
		plane *= d
	}
	out := make([]float64, 0, shape[0]*shape[1]*plane)
	for range shape[0] {
		for _, v := range per {
			out = append(out, slices.Repeat([]float64{v}, plane)...)
		}
	}
	return out
}

// throughInput returns the map b on n's input for which n(b(x)) = a(n(x)) exactly in real arithmetic.
func throughInput(n *ir.Node, a affine) (b affine, ok bool) {
	if n.Op == "Transpose" {
		return a.permuted(n.Outputs[0].Type.Shape, inverse(permOf(n))), true
	}
	return commute(n, a, n.Outputs[0].Type.Shape, n.Inputs[0].Type.Shape)
}

// throughOutput returns the map b on n's output for which b(n(x)) = n(a(x)) exactly in real arithmetic.
func throughOutput(n *ir.Node, a affine) (b affine, ok bool) {
	if n.Op == "Transpose" {
		return a.permuted(n.Inputs[0].Type.Shape, permOf(n)), true
	}
	return commute(n, a, n.Inputs[0].Type.Shape, n.Outputs[0].Type.Shape)
}

func (a affine) permuted(shape, perm []int) affine {
	return affine{permute(a.scale, shape, perm), permute(a.shift, shape, perm)}
}

// commute moves a from one side of n to the other. Shapes are those of the side that a is on and of the other one.
func commute(n *ir.Node, a affine, shape, other []int) (affine, bool) {
	switch n.Op {
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		return a, true
	case "Relu", "LeakyRelu":
		return a, a.keepsOrder() && !a.shifts()
	case "MaxPool", "GlobalMaxPool": // padding is -infinity, which an order-keeping map with a positive scale keeps
		if !a.keepsOrder() || slices.Contains(a.scale, 0) || n.Output(1) != nil || !op.ReachesInput(n) {
			return a, false
		}
	case "AveragePool": // padded zeros, and those that count_include_pad counts, are not shifted
		if a.shifts() && padded(n) {
			return a, false
		}
	case "GlobalAveragePool":
	default:
		return a, false
	}
	scale, shift, ok := a.channels(shape)
	if !ok {
		return a, false
	}
	return affine{repeatChannels(scale, other), repeatChannels(shift, other)}, true
}

// padded reports whether a convolution or pooling may read beyond its input.
func padded(n *ir.Node) bool {
	if auto := n.Attrs.String("auto_pad"); auto != "" && auto != "NOTSET" && auto != "VALID" {
		return true
	}
	return slices.ContainsFunc(n.Attrs.Ints("pads"), func(p int) bool { return p != 0 }) || n.Attrs.Bool("ceil_mode")
}
