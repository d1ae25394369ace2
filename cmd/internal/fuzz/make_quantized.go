package fuzz

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

var (
	bytes8     = []tensor.DType{tensor.Int8, tensor.Uint8}
	quantities = []tensor.DType{tensor.Int8, tensor.Uint8, tensor.Int16, tensor.Uint16, tensor.Int4, tensor.Uint4, tensor.Int2, tensor.Uint2}
	tinyFloats = []tensor.DType{tensor.Float8E4M3FN, tensor.Float8E5M2, tensor.Float8E4M3FNUZ, tensor.Float8E5M2FNUZ, tensor.Float4E2M1}
	upTo16     = []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float16, tensor.BFloat16}
)

// quantizers draw operators on quantized values whose scales and zero points are computed at run time. Those with constants are Generate's.
var quantizers = []generator{
	{"QuantizeLinear", upTo16, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 5)
		x, attrs := b.in(d, s...), ir.Attrs{}
		if b.IntN(3) == 0 {
			attrs["precision"] = op.Number(upTo16[b.IntN(len(upTo16))])
		}
		scale := b.scaleFor(d, attrs, s)
		switch b.IntN(4) {
		case 0:
			attrs["output_dtype"] = op.Number(quantities[b.IntN(len(quantities))])
			return b.one(name, attrs, x, scale)
		case 1:
			attrs["output_dtype"], attrs["saturate"] = op.Number(tinyFloats[b.IntN(len(tinyFloats))]), b.coin()
			return b.one(name, attrs, x, scale)
		}
		return b.one(name, attrs, x, scale, b.zero(quantities[b.IntN(len(quantities))], scale.Type.Shape...))
	}, true, false},
	{"DequantizeLinear", append(tinyFloats, quantities...), func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 5)
		x, attrs := b.in(d, s...), ir.Attrs{}
		if b.IntN(3) == 0 {
			attrs["output_dtype"] = op.Number(upTo16[b.IntN(len(upTo16))])
		}
		scale := b.scaleFor(upTo16[b.IntN(len(upTo16))], attrs, s)
		if d.IsFloat() || b.IntN(3) == 0 {
			return b.one(name, attrs, x, scale)
		}
		return b.one(name, attrs, x, scale, b.zero(d, scale.Type.Shape...))
	}, true, false},
	{"QLinearMatMul", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		m, k, n := 1+b.IntN(4), 1+b.IntN(9), 1+b.IntN(5)
		e := bytes8[b.IntN(2)]
		as, bs := b.scale(tensor.Float32, b.oneOr(m)...), b.scale(tensor.Float32, b.oneOr(n)...)
		return b.one(name, nil, b.in(d, append(b.shape(b.rank(0, 1), 2), m, k)...), as, b.zero(d, as.Type.Shape...), b.in(e, k, n), bs, b.zero(e, bs.Type.Shape...), b.scale(tensor.Float32), b.zero(bytes8[b.IntN(2)]))
	}, true, false},
	{"QGemm", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		m, k, n := 1+b.IntN(4), 1+b.IntN(9), 1+b.IntN(5)
		e, attrs := bytes8[b.IntN(2)], ir.Attrs{"transA": b.coin(), "transB": b.coin()}
		x, w := []int{m, k}, []int{k, n}
		if attrs.Bool("transA") {
			x = []int{k, m}
		}
		if attrs.Bool("transB") {
			w = []int{n, k}
		}
		bs := b.scale(tensor.Float32, b.oneOr(n)...)
		return b.one(name, attrs, b.in(d, x...), b.scale(tensor.Float32), b.zero(d), b.in(e, w...), bs, b.zero(e, bs.Type.Shape...), b.maybe(b.in(tensor.Int32, n)), b.scale(tensor.Float32), b.zero(d))
	}, true, false},
	{"QLinearConv", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		x, w, attrs := b.filtered(d)
		ws, e := b.scale(tensor.Float32, b.oneOr(w.Type.Shape[0])...), w.Type.DType
		return b.one(name, attrs, x, b.scale(tensor.Float32), b.zero(d), w, ws, b.zero(e, ws.Type.Shape...), b.scale(tensor.Float32), b.zero(d), b.maybe(b.in(tensor.Int32, w.Type.Shape[0])))
	}, true, false},
	{"ConvInteger", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		x, w, attrs := b.filtered(d)
		return b.one(name, attrs, x, w, b.zero(d), b.zero(w.Type.DType, b.oneOr(w.Type.Shape[0])...))
	}, true, false},
	{"QLinearAdd QLinearMul", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 4), 4)
		return b.one(name, nil, b.in(d, s...), b.scale(tensor.Float32), b.zero(d), b.in(d, b.broadcast(s)...), b.scale(tensor.Float32), b.zero(d), b.scale(tensor.Float32), b.zero(d))
	}, true, false},
	{"QLinearConcat", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 4)
		in := []*ir.Value{b.scale(tensor.Float32), b.zero(d)}
		for range 1 + b.IntN(3) {
			in = append(in, b.in(d, s...), b.scale(tensor.Float32), b.zero(d))
		}
		return b.one(name, ir.Attrs{"axis": int64(b.IntN(len(s)))}, in...)
	}, true, false},
	{"QLinearSigmoid QLinearLeakyRelu QLinearSoftmax", bytes8, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(b.rank(1, 3), 5)...), b.scale(tensor.Float32), b.zero(d), b.scale(tensor.Float32), b.zero(d))
	}, false, false},
}

// filtered returns an image, filters for it and a convolution's attributes.
func (b *builder) filtered(d tensor.DType) (x, w *ir.Value, attrs ir.Attrs) {
	dims := 1 + b.IntN(3)
	x = b.image(d, dims, 3)
	c := x.Type.Shape[1]
	group := []int{1, c}[b.IntN(2)]
	w = b.in(bytes8[b.IntN(2)], append([]int{group * (1 + b.IntN(3)), c / group}, b.shape(dims, 3)...)...)
	return x, w, ir.Attrs{"group": int64(group), "strides": b.ints(1, 2, dims), "pads": b.ints(0, 1, 2*dims)}
}

// oneOr is the shape of one element, or of n.
func (b *builder) oneOr(n int) []int { return [][]int{nil, {n}}[b.IntN(2)] }

// scaleFor returns a scale for values of shape s: one, one for each slice of an axis, or one for each block along it.
func (b *builder) scaleFor(d tensor.DType, attrs ir.Attrs, s []int) *ir.Value {
	axis := b.IntN(len(s))
	attrs["axis"] = int64(axis - len(s)*b.IntN(2))
	switch b.IntN(3) {
	case 0:
		return b.scale(d, s[axis])
	case 1:
		block := 1 + b.IntN(3)
		attrs["block_size"] = int64(block)
		per := slices.Clone(s)
		per[axis] = (s[axis] + block - 1) / block
		return b.scale(d, per...)
	}
	return b.scale(d, b.oneOr(1)...)
}

// scale returns scales from 1/16 to 1 that are computed.
func (b *builder) scale(d tensor.DType, shape ...int) *ir.Value {
	v := b.fresh(d, shape...)
	return b.sure(b.one("Clip", nil, b.one("Abs", nil, v)[0], b.number(d, 1.0/16, 1.0/16), b.number(d, 1, 1))[0])
}

// zero returns zero points that are inputs, or now and then a constant.
func (b *builder) zero(d tensor.DType, shape ...int) *ir.Value {
	if b.IntN(5) == 0 {
		return b.number(d, -2, 2, shape...)
	}
	return b.fresh(d, shape...)
}
