// simplify removes nodes that change nothing and brings the others into the form that later passes look for.
//
//	%s: i64[2] = const [0, -1]
//	%a: f32[2,1,3] = Unsqueeze(%x, %one)          %s: i64[2] = const [2, 3]
//	%y: f32[2,3] = Reshape(%a, %s)            =>  %y: f32[2,3] = Reshape(%x, %s)
//
// Squeeze, Unsqueeze and Flatten become Reshape, and so do Transposes that only move dimensions of size 1; the shape of a
// Reshape becomes a constant without 0 and -1; chains of Reshape, Transpose, Relu and Clip become one node.

package passes

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// simplifications are tried at every node of the operator, until none changes anything.
var simplifications = []struct {
	op   string
	rule func(r *rewriter, n *ir.Node) bool
	does string
}{
	{"Identity", same, "x"},
	{"Dropout", dropDropout, "at inference: x"},
	{"Cast", same, "to the type that x has: x"},
	{"Expand", same, "to the shape that x has: x"},
	{"Tile", same, "once: x"},
	{"Concat", dropSingle, "of one: x"},
	{"Sum", dropSingle, "of one: x"},
	{"Mean", dropSingle, "of one: x"},
	{"Max", dropSingle, "of one: x"},
	{"Min", dropSingle, "of one: x"},
	{"Split", dropSplit, "into one: x"},
	{"Pad", dropPad, "by nothing: x"},
	{"Slice", dropSlice, "of everything: x"},
	{"GlobalAveragePool", same, "of one pixel: x"},
	{"GlobalMaxPool", same, "of one pixel: x"},
	{"Add", dropNeutral(0, true), "x + 0: x"},
	{"Sub", dropNeutral(0, false), "x - 0: x"},
	{"Mul", dropNeutral(1, true), "x * 1: x"},
	{"Div", dropNeutral(1, false), "x / 1: x"},
	{"Pow", dropNeutral(1, false), "x ^ 1: x"},
	{"Squeeze", toReshape, "Reshape"},
	{"Unsqueeze", toReshape, "Reshape"},
	{"Flatten", toReshape, "Reshape"},
	{"Reshape", reshape, "of the first of several Reshapes, to a full constant shape"},
	{"Transpose", transpose, "of the first of several Transposes; Reshape where no element moves"},
	{"ReduceMean", toGlobalPool, "over the pixels of an image: GlobalAveragePool"},
	{"Relu", clip, "of Relu or Clip: one of them"},
	{"Clip", clip, "of Relu or Clip: one of them; Relu where the bounds are 0 and infinity"},
}

func simplify(g *ir.Graph, _ *Config) (int, error) {
	rules := map[string]func(*rewriter, *ir.Node) bool{}
	for _, s := range simplifications {
		rules[s.op] = s.rule
	}
	return rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		rule := rules[n.Op]
		return rule != nil && rule(r, n)
	}), nil
}

// same removes n where output 0 has input 0's type.
func same(r *rewriter, n *ir.Node) bool { return dropFor(r, n, n.Inputs[0]) }

// dropFor makes readers of n's output read x instead, where x has the output's type. An output of the graph stays where
// x cannot take over its name.
func dropFor(r *rewriter, n *ir.Node, x *ir.Value) bool {
	y := n.Outputs[0]
	if x == nil || !x.Type.Equal(y.Type) {
		return false
	}
	if r.g.IsOutput(y) && (x.IsConst() || r.g.IsOutput(x) || slices.Contains(r.g.Inputs, x)) {
		return false
	}
	if x.Def != nil {
		inherit(x.Def, n)
	}
	r.replace(y, x)
	return true
}

func dropDropout(r *rewriter, n *ir.Node) bool {
	training := n.Input(2)
	mask := n.Output(1)
	if training != nil && !uniform(training, 0) || mask != nil && (len(r.readers[mask]) > 0 || r.g.IsOutput(mask)) {
		return false
	}
	return same(r, n)
}

func dropSingle(r *rewriter, n *ir.Node) bool { return len(n.Inputs) == 1 && same(r, n) }

func dropSplit(r *rewriter, n *ir.Node) bool { return len(n.Outputs) == 1 && same(r, n) }

func dropPad(r *rewriter, n *ir.Node) bool { return uniform(n.Input(1), 0) && same(r, n) }

// dropSlice needs no look at starts and ends: with steps of 1, only the whole has the whole's size.
func dropSlice(r *rewriter, n *ir.Node) bool {
	return (n.Input(4) == nil || uniform(n.Input(4), 1)) && same(r, n)
}

// dropNeutral returns the rule for a binary operator whose second operand, or either where it commutes, is neutral.
func dropNeutral(neutral float64, commutes bool) func(*rewriter, *ir.Node) bool {
	return func(r *rewriter, n *ir.Node) bool {
		if uniform(n.Inputs[1], neutral) && dropFor(r, n, n.Inputs[0]) {
			return true
		}
		return commutes && uniform(n.Inputs[0], neutral) && dropFor(r, n, n.Inputs[1])
	}
}

// toReshape makes n a Reshape of input 0 to the shape that its output has.
func toReshape(r *rewriter, n *ir.Node) bool {
	reshapeOf(r, n, n.Inputs[0])
	return true
}

// reshapeOf makes n a Reshape of x to the shape that its output has.
func reshapeOf(r *rewriter, n *ir.Node, x *ir.Value) {
	y := n.Outputs[0]
	n.Op, n.Attrs = "Reshape", ir.Attrs{}
	if slices.Contains(y.Type.Shape, 0) {
		n.Attrs["allowzero"] = int64(1)
	}
	r.setInputs(n, x, constInts(r.g, y.Name+".shape", y.Type.Shape))
}

func reshape(r *rewriter, n *ir.Node) bool {
	if same(r, n) {
		return true
	}
	if x := n.Inputs[0]; x.Def != nil && x.Def.Op == "Reshape" {
		inherit(n, x.Def)
		reshapeOf(r, n, x.Def.Inputs[0])
		return true
	}
	if fullShape(n) {
		return false
	}
	return toReshape(r, n)
}

// fullShape reports whether n's shape is a constant that spells out the output's shape.
func fullShape(n *ir.Node) bool {
	s := n.Inputs[1]
	if !s.IsConst() || n.Attrs.Bool("allowzero") != slices.Contains(n.Outputs[0].Type.Shape, 0) {
		return false
	}
	for i, d := range n.Outputs[0].Type.Shape {
		if s.Const.I64(i) != int64(d) {
			return false
		}
	}
	return true
}

func transpose(r *rewriter, n *ir.Node) bool {
	perm, x := permOf(n), n.Inputs[0]
	if slices.IsSorted(perm) {
		return same(r, n)
	}
	if inner := x.Def; inner != nil && inner.Op == "Transpose" {
		first := permOf(inner)
		both := make([]int, len(perm))
		for i, p := range perm {
			both[i] = first[p]
		}
		n.Attrs.SetInts("perm", both)
		inherit(n, inner)
		r.setInput(n, 0, inner.Inputs[0])
		return true
	}
	if movesNothing(perm, x.Type.Shape) {
		return toReshape(r, n)
	}
	return false
}

// movesNothing reports whether the dimensions greater than 1 keep their order.
func movesNothing(perm, shape []int) bool {
	last := -1
	for _, p := range perm {
		if shape[p] == 1 {
			continue
		}
		if p < last {
			return false
		}
		last = p
	}
	return true
}

// toGlobalPool makes the mean over all spatial dimensions of [N, C, …] a GlobalAveragePool, and a Reshape where the
// dimensions go.
func toGlobalPool(r *rewriter, n *ir.Node) bool {
	x, axes := n.Inputs[0], n.Input(1)
	shape := x.Type.Shape
	if len(shape) < 3 || !x.Type.DType.IsFloat() || !axes.IsConst() || axes.Const.Len() != len(shape)-2 {
		return false
	}
	for _, a := range axes.Const.Int64s() {
		if a >= 0 && a < 2 || a < 0 && int(a)+len(shape) < 2 {
			return false
		}
	}
	t := x.Type
	t.Shape = append([]int{shape[0], shape[1]}, slices.Repeat([]int{1}, len(shape)-2)...)
	t.Quant = nil
	pooled := r.emit(n.Outputs[0].Name+".pool", "GlobalAveragePool", nil, t, n.From, x)
	reshapeOf(r, n, pooled)
	return true
}

// bounds returns what Relu and Clip with constant bounds limit their input to.
func bounds(n *ir.Node) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if n == nil || n.Op != "Relu" && n.Op != "Clip" || !n.Outputs[0].Type.DType.IsFloat() {
		return lo, hi, false
	}
	if n.Op == "Relu" {
		return 0, hi, true
	}
	for i, bound := range []*float64{&lo, &hi} {
		v := n.Input(i + 1)
		if v == nil {
			continue
		}
		if !v.IsConst() {
			return lo, hi, false
		}
		*bound = v.Const.F64(0)
	}
	return lo, hi, lo <= hi
}

// clip makes a chain of Relu and Clip one node: limiting to [a, b] and then to [c, d] is limiting to what [c, d] makes of
// a and b.
func clip(r *rewriter, n *ir.Node) bool {
	lo, hi, ok := bounds(n)
	if !ok {
		return false
	}
	x := n.Inputs[0]
	inLo, inHi, chain := bounds(x.Def)
	if chain {
		inherit(n, x.Def)
		lo, hi = min(max(inLo, lo), hi), min(max(inHi, lo), hi)
		x = x.Def.Inputs[0]
	}
	switch {
	case math.IsInf(lo, -1) && math.IsInf(hi, 1):
		return dropFor(r, n, x)
	case lo == 0 && math.IsInf(hi, 1):
		if n.Op == "Relu" && !chain {
			return false
		}
		n.Op = "Relu"
		r.setInputs(n, x)
		return true
	case !chain:
		return false
	}
	setClip(r, n, x, lo, hi)
	return true
}

// setClip makes n limit x to [lo, hi]; an infinite bound is left out.
func setClip(r *rewriter, n *ir.Node, x *ir.Value, lo, hi float64) {
	bound := func(name string, v float64) *ir.Value {
		if math.IsInf(v, 0) {
			return nil
		}
		return constFloats(r.g, n.Outputs[0].Name+name, n.Outputs[0].Type.DType, []float64{v})
	}
	inputs := []*ir.Value{x, bound(".lo", lo)}
	if v := bound(".hi", hi); v != nil {
		inputs = append(inputs, v)
	}
	n.Op = "Clip"
	r.setInputs(n, inputs...)
}
