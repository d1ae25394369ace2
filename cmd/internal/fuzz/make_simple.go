package fuzz

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

var elementwise = []generator{
	{"Acos Acosh Asin Asinh Atan Atanh Cos Cosh Erf Exp Gelu HardSigmoid HardSwish Log Mish Reciprocal Selu Sigmoid Sin Sinh Softplus Softsign Sqrt Tan Tanh", floats, unary, false, false},
	{"Celu Elu LeakyRelu ThresholdedRelu Swish", floats, withAlpha, false, false},
	{"Shrink", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"bias": float32(b.IntN(3)), "lambd": b.floatTo(0, 1)}, b.in(d, b.shape(b.rank(0, 4), 5)...))
	}, true, false},
	{"Abs Neg Sign", slices.Concat(floats, signed), unary, true, false},
	{"Relu", slices.Concat(floats, signed), unary, true, false},
	{"Ceil Floor Round IsInf IsNaN", floats, unary, true, false},
	{"Not", bools, unary, true, false},
	{"BitwiseNot", integers, unary, true, false},
	{"Add Div Mul Sub", numbers, binaryOp, true, false},
	{"Mod", integers, binaryOp, true, false},
	{"Mod", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 3), 4)
		return b.one(name, ir.Attrs{"fmod": int64(1)}, b.in(d, s...), b.number(d, 0.5, 3, b.broadcast(s)...))
	}, false, false},
	{"And Or Xor", bools, binaryOp, true, false},
	{"BitwiseAnd BitwiseOr BitwiseXor", integers, binaryOp, true, false},
	{"BitShift", unsigned, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 3), 4)
		return b.one(name, ir.Attrs{"direction": b.of("LEFT RIGHT")}, b.in(d, s...), b.number(d, 0, 8, s...))
	}, true, false},
	{"Equal", slices.Concat(numbers, bools), binaryOp, true, false},
	{"Greater GreaterOrEqual Less LessOrEqual", numbers, binaryOp, true, false},
	{"Max Min", numbers, several, true, false},
	{"Mean Sum", floats, several, false, false},
	{"Pow", slices.Concat(floats, []tensor.DType{tensor.Int32, tensor.Int64}), func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 3), 4)
		return b.one(name, nil, b.in(d, s...), b.number(d, 0, 4, b.broadcast(s)...))
	}, false, false},
	{"PRelu", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		return b.one(name, nil, b.in(d, s...), b.in(d, b.broadcast(s)...))
	}, false, false},
	{"Clip", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(b.rank(0, 4), 5)...), b.maybe(b.number(d, -1, 0)), b.number(d, 1, 5))
	}, true, false},
	{"Where", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 4), 4)
		return b.one(name, nil, b.in(tensor.Bool, b.broadcast(s)...), b.in(d, s...), b.in(d, b.broadcast(s)...))
	}, true, false},
	{"Cast", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		to := anything[b.IntN(len(anything))]
		return b.one(name, ir.Attrs{"to": op.Number(to), "saturate": b.coin()}, b.in(d, b.shape(b.rank(0, 3), 6)...))
	}, true, false},
	{"CastLike", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(2, 4)...), b.in(numbers[b.IntN(len(numbers))], 1))
	}, true, false},
	{"BitCast", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"to": op.Number(tensor.Int32)}, b.in(d, b.shape(2, 4)...))
	}, true, false},
	{"SwiGLU", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(2, 5)
		return b.one(name, nil, b.in(d, s...), b.in(d, s...))
	}, false, false},
	{"Dropout", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.nodes(2, name, nil, b.in(d, b.shape(3, 4)...))
	}, true, false},
	{"Bernoulli RandomUniformLike", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"seed": float32(b.IntN(99))}, b.one("Sigmoid", nil, b.in(d, b.shape(2, 5)...))[0])
	}, false, false},
	{"RandomUniform RandomNormal", single, func(b *builder, name string, _ tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"seed": float32(b.IntN(99)), "shape": b.ints(1, 5, 2)})
	}, false, false},
	{"RandomNormalLike", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"seed": float32(b.IntN(99))}, b.in(d, b.shape(2, 5)...))
	}, false, false},
	{"Multinomial", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"seed": float32(b.IntN(99)), "sample_size": int64(1 + b.IntN(4))}, b.in(d, b.shape(2, 4)...))
	}, false, false},
}

func unary(b *builder, name string, d tensor.DType) []*ir.Value {
	return b.one(name, nil, b.in(d, b.shape(b.rank(0, 4), 5)...))
}

func withAlpha(b *builder, name string, d tensor.DType) []*ir.Value {
	return b.one(name, ir.Attrs{"alpha": b.floatTo(0.1, 2)}, b.in(d, b.shape(b.rank(0, 4), 5)...))
}

func binaryOp(b *builder, name string, d tensor.DType) []*ir.Value {
	s := b.shape(b.rank(0, 4), 4)
	x, y := b.in(d, s...), b.in(d, b.broadcast(s)...)
	if b.IntN(2) == 0 {
		x, y = y, x
	}
	return b.one(name, nil, x, y)
}

func several(b *builder, name string, d tensor.DType) []*ir.Value {
	s := b.shape(b.rank(0, 3), 4)
	in := []*ir.Value{b.in(d, s...)}
	for range b.IntN(3) {
		in = append(in, b.in(d, b.broadcast(s)...))
	}
	return b.one(name, nil, in...)
}

var movers = []generator{
	{"Identity", anything, unary, true, true},
	{"Transpose", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 5), 4)
		perm := identity(len(s))
		b.Shuffle(len(perm), func(i, j int) { perm[i], perm[j] = perm[j], perm[i] })
		return b.one(name, ir.Attrs{"perm": perm}, b.in(d, s...))
	}, true, true},
	{"Flatten", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		return b.one(name, ir.Attrs{"axis": int64(b.rank(-len(s), len(s)))}, b.in(d, s...))
	}, true, true},
	{"Reshape", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(b.rank(1, 4), 4)...), b.indices(0, -1, 1))
	}, true, true},
	{"Squeeze", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 1, 3, 1, 2), b.maybe(b.indices(0)))
	}, true, true},
	{"Unsqueeze", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(2, 4)...), b.indices(0, -1))
	}, true, true},
	{"Slice", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 6)
		axis := b.IntN(len(s))
		step := []int{1, 2, -1, -3}[b.IntN(4)]
		from, to := b.IntN(s[axis]), b.rank(-s[axis], s[axis])
		return b.one(name, nil, b.in(d, s...), b.indices(from), b.indices(to), b.indices(axis-len(s)), b.indices(step))
	}, true, true},
	{"Split", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		axis := b.IntN(len(s))
		s[axis] = 5
		return b.nodes(2, name, ir.Attrs{"axis": int64(axis)}, b.in(d, s...), b.indices(2, 3))
	}, true, true},
	{"Concat", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		axis, in := b.IntN(len(s)), []*ir.Value{}
		for range 1 + b.IntN(3) {
			s[axis] = 1 + b.IntN(3)
			in = append(in, b.in(d, s...))
		}
		return b.one(name, ir.Attrs{"axis": int64(axis)}, in...)
	}, true, true},
	{"Pad", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 5)
		pads := make([]int, 2*len(s))
		mode := b.of("constant edge wrap reflect")
		for i := range pads {
			pads[i] = b.IntN(min(3, s[i%len(s)]))
		}
		in := []*ir.Value{b.in(d, s...), b.indices(pads...)}
		if mode == "constant" {
			in = append(in, b.number(d, 1, 1))
		}
		return b.one(name, ir.Attrs{"mode": mode}, in...)
	}, true, true},
	{"Expand", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 4)
		return b.one(name, nil, b.in(d, b.broadcast(s)...), b.indices(s...))
	}, true, true},
	{"Tile", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 3)
		return b.one(name, nil, b.in(d, s...), b.indices(b.shape(len(s), 3)...))
	}, true, true},
	{"DepthToSpace", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"blocksize": int64(2), "mode": b.of("DCR CRD")}, b.in(d, 1, 4*(1+b.IntN(2)), 2, 3))
	}, true, true},
	{"SpaceToDepth", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"blocksize": int64(2)}, b.in(d, 1, 1+b.IntN(3), 4, 6))
	}, true, true},
	{"CenterCropPad", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, b.shape(2, 6)...), b.indices(b.shape(2, 6)...))
	}, true, true},
	{"Trilu", slices.Concat(numbers, bools), func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"upper": b.coin()}, b.in(d, b.shape(b.rank(2, 3), 5)...), b.number(tensor.Int64, -3, 3))
	}, true, true},
	{"EyeLike", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"k": int64(b.rank(-2, 2))}, b.in(d, b.shape(2, 5)...))
	}, true, true},
	{"Gather", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 5)
		axis := b.IntN(len(s))
		return b.one(name, ir.Attrs{"axis": int64(axis)}, b.in(d, s...), b.index(s[axis], b.shape(b.rank(0, 2), 3)...))
	}, true, true},
	{"GatherElements", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 5)
		axis := b.IntN(len(s))
		t := slices.Clone(s)
		t[axis] = 1 + b.IntN(5)
		return b.one(name, ir.Attrs{"axis": int64(axis)}, b.in(d, s...), b.index(s[axis], t...))
	}, true, true},
	{"GatherND", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 4, 4, 3), b.index(4, b.IntN(3)+1, 2))
	}, true, true},
	{"ScatterElements", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 5)
		axis := b.IntN(len(s))
		return b.one(name, ir.Attrs{"axis": int64(axis), "reduction": b.of("add mul max min")}, b.in(d, s...), b.index(s[axis], s...), b.in(d, s...))
	}, false, true},
	{"Scatter", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"axis": int64(1)}, b.in(d, 3, 5), b.column(3), b.in(d, 3, 1))
	}, true, true},
	{"ScatterND", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"reduction": b.of("add mul max min")}, b.in(d, 4, 3), b.index(3, 2, 2), b.in(d, 2))
	}, false, true},
	{"TensorScatter", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"mode": b.of("linear circular")}, b.in(d, 2, 3, 6, 4), b.in(d, 2, 3, 2, 4), b.number(tensor.Int64, 0, 4.9, 2))
	}, true, true},
	{"ReverseSequence", anything, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 5, 3, 2), b.number(tensor.Int64, 1, 5.9, 3))
	}, true, true},
	{"OneHot", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"axis": int64(b.rank(-2, 1))}, b.index(5, 4), b.indices(5), b.number(d, 0, 3, 2))
	}, true, true},
	{"TfIdfVectorizer", []tensor.DType{tensor.Int32, tensor.Int64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"max_gram_length": int64(2), "max_skip_count": int64(b.IntN(3)), "min_gram_length": int64(1 + b.IntN(2)), "mode": b.of("TF IDF TFIDF"), "ngram_counts": []int64{0, 3},
			"ngram_indexes": []int64{0, 1, 2, 3, 4}, "pool_int64s": []int64{1, 2, 5, 3, 4, 6, 7}, "weights": []float32{1, 0.5, 2, 3, 0.25}}, b.in(d, b.shape(b.rank(1, 2), 9)...))
	}, false, true},
}

// column returns one index for each row.
func (b *builder) column(rows int) *ir.Value {
	t := tensor.New(tensor.Int64, rows, 1)
	for i := range t.Len() {
		t.SetI64(i, int64(b.IntN(5)))
	}
	return b.g.NewConst("i", t)
}

var reducers = []generator{
	{"ReduceL1 ReduceL2 ReduceLogSumExp ReduceMean ReduceProd ReduceSum ReduceSumSquare", floats, reduction, false, false},
	{"ReduceL1 ReduceProd ReduceSum ReduceSumSquare", []tensor.DType{tensor.Int32, tensor.Int64, tensor.Uint32, tensor.Uint64}, reduction, true, false},
	{"ReduceMax ReduceMin", numbers, reduction, true, false},
	{"ReduceLogSum", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"keepdims": b.coin()}, b.sure(b.one("Abs", nil, b.in(d, b.shape(3, 4)...))[0]), b.indices(b.IntN(3)))
	}, false, false},
	{"ArgMax ArgMin", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 5)
		return b.one(name, ir.Attrs{"axis": int64(b.rank(-len(s), len(s)-1)), "keepdims": b.coin(), "select_last_index": b.coin()}, b.in(d, s...))
	}, true, false},
	{"TopK", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 6)
		axis := b.IntN(len(s))
		return b.nodes(2, name, ir.Attrs{"axis": int64(axis), "largest": b.coin()}, b.in(d, s...), b.indices(1+b.IntN(s[axis])))
	}, true, false},
	{"CumSum", slices.Concat(floats, []tensor.DType{tensor.Int32, tensor.Int64}), cumulative, false, false},
	{"CumProd", slices.Concat(floats, []tensor.DType{tensor.Int32, tensor.Int64}), cumulative, false, false},
	{"Softmax LogSoftmax Hardmax", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 4), 5)
		return b.one(name, ir.Attrs{"axis": int64(b.rank(-len(s), len(s)-1))}, b.in(d, s...))
	}, false, false},
	{"LpNormalization", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"axis": int64(b.IntN(3)), "p": int64(1 + b.IntN(2))}, b.in(d, b.shape(3, 5)...))
	}, false, false},
	{"MatMul", slices.Concat(floats, floats, []tensor.DType{tensor.Int32, tensor.Int64, tensor.Uint32}), func(b *builder, name string, d tensor.DType) []*ir.Value {
		m, k, n := 1+b.IntN(5), 1+b.IntN(6), 1+b.IntN(5)
		front := b.shape(b.rank(0, 2), 3)
		return b.one(name, nil, b.in(d, append(slices.Clone(front), m, k)...), b.in(d, append(b.broadcast(front), k, n)...))
	}, false, false},
	{"Gemm", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		m, k, n := 1+b.IntN(5), 1+b.IntN(6), 1+b.IntN(5)
		ta, tb := b.coin(), b.coin()
		turn := func(x, y int, t int64) []int {
			if t == 1 {
				return []int{y, x}
			}
			return []int{x, y}
		}
		return b.one(name, ir.Attrs{"alpha": b.floatTo(0.5, 2), "beta": b.floatTo(0.5, 2), "transA": ta, "transB": tb}, b.in(d, turn(m, k, ta)...), b.in(d, turn(k, n, tb)...), b.in(d, b.broadcast([]int{m, n})...))
	}, false, false},
	{"Einsum", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		switch b.IntN(4) {
		case 0:
			return b.one(name, ir.Attrs{"equation": "bij,bjk->bik"}, b.in(d, 2, 3, 4), b.in(d, 2, 4, 2))
		case 1:
			return b.one(name, ir.Attrs{"equation": "...ii->...i"}, b.in(d, 2, 3, 3))
		case 2:
			return b.one(name, ir.Attrs{"equation": "ij->ji"}, b.in(d, 4, 3))
		}
		return b.one(name, ir.Attrs{"equation": "i,j,k->ik"}, b.in(d, 3), b.in(d, 4), b.in(d, 2))
	}, false, false},
	{"Det", []tensor.DType{tensor.Float32, tensor.Float64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 2, 3, 3))
	}, false, false},
}

func reduction(b *builder, name string, d tensor.DType) []*ir.Value {
	s := b.shape(b.rank(1, 4), 4)
	attrs := ir.Attrs{"keepdims": b.coin()}
	axes := someAxes(b, len(s))
	if len(axes) == 0 {
		return b.one(name, attrs, b.in(d, s...))
	}
	return b.one(name, attrs, b.in(d, s...), b.indices(axes...))
}

// someAxes returns some of n axes, from the front or the back.
func someAxes(b *builder, n int) []int {
	var axes []int
	for i := range n {
		if b.IntN(2) == 0 {
			axes = append(axes, i-n*b.IntN(2))
		}
	}
	return axes
}

func cumulative(b *builder, name string, d tensor.DType) []*ir.Value {
	s := b.shape(b.rank(1, 3), 5)
	return b.one(name, ir.Attrs{"exclusive": b.coin(), "reverse": b.coin()}, b.in(d, s...), b.number(tensor.Int64, float64(b.IntN(len(s))), 0))
}
