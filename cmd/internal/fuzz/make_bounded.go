package fuzz

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// sized are the operators whose output's size depends on the data, as import makes them where those are not known.
var sized = []generator{
	{"NonZero", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		x := b.one("Round", nil, b.in(tensor.Float32, b.shape(b.rank(1, 4), 4)...))
		return b.nodes(2, name, ir.Attrs{"bounded": int64(1)}, b.one("Cast", ir.Attrs{"to": op.Number(d)}, x[0])[0])
	}, true, false},
	{"Unique", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 5)
		attrs := ir.Attrs{"bounded": int64(1), "sorted": b.coin()}
		if b.IntN(2) == 0 {
			attrs["axis"] = int64(b.IntN(len(s)))
		}
		x := b.one("Round", nil, b.in(tensor.Float32, s...))
		return b.nodes(5, name, attrs, b.one("Cast", ir.Attrs{"to": op.Number(d)}, x[0])[0])
	}, true, false},
	{"Compress", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		axis := b.IntN(len(s))
		attrs, n := ir.Attrs{"bounded": int64(1), "axis": int64(axis)}, s[axis]
		if b.IntN(3) == 0 {
			delete(attrs, "axis")
			n = tensor.Len(s)
		}
		return b.nodes(2, name, attrs, b.in(d, s...), b.in(tensor.Bool, 1+b.IntN(n)))
	}, true, false},
	{"NonMaxSuppression", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		batches, classes, n := 1+b.IntN(2), 1+b.IntN(3), 1+b.IntN(9)
		return b.nodes(2, name, ir.Attrs{"bounded": int64(1), "center_point_box": b.coin()}, b.in(d, batches, n, 4), b.in(d, batches, classes, n), b.trips(), b.maybe(b.in(d)), b.maybe(b.in(d)))
	}, true, false},
}
