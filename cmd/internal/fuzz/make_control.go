package fuzz

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// control are the operators with sub-graphs. A body takes, behind what its operator hands over, one captured value.
var control = []generator{
	{"If", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 3), 4)
		x, cond := b.in(d, s...), b.in(tensor.Bool)
		branch := func() *ir.Graph {
			return b.body([]ir.Type{x.Type}, func(in *builder, v []*ir.Value) []*ir.Value {
				return []*ir.Value{in.combined(v[0], in.number(d, -2, 2, s...)), in.passed(v[0])}
			})
		}
		return b.nodes(2, name, ir.Attrs{"then_branch": branch(), "else_branch": branch(), "captures": int64(1)}, cond, x)
	}, true, false},
	{"Loop", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(0, 2), 4)
		x, start := b.in(d, s...), b.in(d, s...)
		count, cond := b.maybe(b.trips()), b.maybe(b.in(tensor.Bool))
		known := count != nil && count.IsConst() && (cond == nil || cond.IsConst() && cond.Const.I64(0) != 0)
		outputs, attrs := 1, ir.Attrs{"captures": int64(1)}
		switch {
		case known:
			outputs = 2
		case b.IntN(2) == 0:
			attrs["most"], attrs["bounded"], outputs = int64(1+b.IntN(4)), int64(1), 3
		}
		body := b.body([]ir.Type{{DType: tensor.Int64}, {DType: tensor.Bool}, start.Type, x.Type}, func(in *builder, v []*ir.Value) []*ir.Value {
			next := in.combined(v[2], v[3])
			if known {
				return []*ir.Value{v[1], next, in.combined(next, v[2])}
			}
			early := in.number(tensor.Int64, 1, 4.9)
			results := []*ir.Value{in.one("Less", nil, v[0], early)[0], next}
			if outputs > 1 {
				results = append(results, in.combined(next, v[2]))
			}
			return results
		})
		attrs["body"] = body
		return b.nodes(outputs, name, attrs, count, cond, start, x)
	}, true, false},
	{"Scan", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(b.rank(1, 3), 4)
		x, axis := b.in(d, s...), b.IntN(len(s))
		row := slices.Delete(slices.Clone(s), axis, axis+1)
		state, outer := b.in(d, row...), b.in(d, row...)
		t := ir.Type{DType: d, Shape: row}
		body := b.body([]ir.Type{t, t, t}, func(in *builder, v []*ir.Value) []*ir.Value {
			next := in.combined(v[0], v[1])
			return []*ir.Value{next, in.combined(next, v[2]), in.passed(v[1])}
		})
		return b.nodes(3, name, ir.Attrs{"body": body, "captures": int64(1), "num_scan_inputs": int64(1), "scan_input_axes": []int64{int64(axis)}, "scan_input_directions": []int64{b.coin()},
			"scan_output_axes": []int64{int64(b.IntN(len(s))), int64(b.IntN(len(s)))}, "scan_output_directions": []int64{b.coin(), b.coin()}}, state, x, outer)
	}, true, false},
}

// trips is how often a loop runs at most: a constant, or computed.
func (b *builder) trips() *ir.Value {
	if b.IntN(2) == 0 {
		return b.number(tensor.Int64, 0, 4.9)
	}
	v := b.in(tensor.Int64)
	if v.IsConst() {
		return b.trips()
	}
	return b.sure(b.one("Mod", nil, v, b.number(tensor.Int64, 5, 5))[0])
}

// body makes a sub-graph that takes values of some types.
func (b *builder) body(types []ir.Type, results func(in *builder, v []*ir.Value) []*ir.Value) *ir.Graph {
	in := &builder{Rand: b.Rand, g: &ir.Graph{Name: "body"}, exact: map[*ir.Value]bool{}}
	for _, t := range types {
		in.g.Inputs = append(in.g.Inputs, in.g.NewValue("p", t))
	}
	in.g.Outputs = results(in, slices.Clone(in.g.Inputs))
	return in.g
}

// combined computes something of two values of one type.
func (b *builder) combined(x, y *ir.Value) *ir.Value {
	return b.one(b.of("Add Sub Mul Max Min"), nil, x, y)[0]
}

// passed is v itself, or a constant.
func (b *builder) passed(v *ir.Value) *ir.Value {
	if b.IntN(3) == 0 {
		return b.number(v.Type.DType, -2, 2, v.Type.Shape...)
	}
	return v
}
