// Package fuzz makes random graphs and looks for a difference between what the interpreter says of them, what it says
// after the passes, and what the compiled C computes. A failing graph is shrunk, and kept as a test in testdata/fuzz.
package fuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Generate returns a random graph of float operators, or of QuantizeLinear, DequantizeLinear and the operators between
// them. The same source gives the same graph.
func Generate(r *rand.Rand, quantized bool) *ir.Graph {
	b := &builder{Rand: r, g: &ir.Graph{Name: "fuzz"}, quantized: quantized}
	b.input()
	for steps := 2 + r.IntN(7); steps > 0; steps-- {
		b.step()
	}
	b.finish()
	return b.g
}

// builder grows a graph by one operator at a time.
type builder struct {
	*rand.Rand
	g         *ir.Graph
	quantized bool
	live      []*ir.Value // values that may be read
	exact     map[*ir.Value]bool
	loose     bool // the operator that is drawn may read what is not exact
	first     bool // it has read nothing yet
}

func (b *builder) input() {
	shapes := [][]int{
		{1, 1 + b.IntN(6), 3 + b.IntN(8), 3 + b.IntN(8)},
		{1, 1 + b.IntN(6), 3 + b.IntN(8), 3 + b.IntN(8)},
		{1, 1 + b.IntN(20)},
		{1, 1 + b.IntN(4), 1 + b.IntN(12)},
		{1 + b.IntN(2), 2, 5, 4},
	}
	for range 1 + b.IntN(2) {
		v := b.g.NewValue("in", ir.Type{DType: tensor.Float32, Shape: shapes[b.IntN(len(shapes))]})
		b.g.Inputs = append(b.g.Inputs, v)
		b.live = append(b.live, b.requantize(v))
	}
}

// pick returns a value to read, mostly a recent one, so that chains grow deep.
func (b *builder) pick() *ir.Value {
	if b.IntN(3) > 0 {
		return b.live[len(b.live)-1]
	}
	return b.live[b.IntN(len(b.live))]
}

// node adds an operator, where its shape rule accepts it and the result is of a sensible size.
// So it is with what it would have read: nil in, nil out.
func (b *builder) node(opName string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	if slices.Contains(in, nil) {
		return nil
	}
	n := &ir.Node{Op: opName, Attrs: attrs, Inputs: in, From: []string{fmt.Sprintf("%s_%d", opName, len(b.g.Nodes))}}
	n.Outputs = []*ir.Value{{}}
	types, err := op.Infer(n)
	if err != nil || len(types) == 0 || types[0].Len() == 0 || types[0].Len() > 4000 {
		return nil
	}
	v := b.g.NewValue("v", types[0])
	v.Def = n
	n.Outputs[0] = v
	b.g.Nodes = append(b.g.Nodes, n)
	return v
}

func (b *builder) step() {
	x := b.pick()
	makers := []func(*ir.Value) *ir.Value{b.unary, b.binary, b.move}
	switch len(x.Type.Shape) {
	case 4:
		makers = append(makers, b.conv, b.conv, b.conv, b.pool, b.pool, b.norm, b.reduce)
	case 2:
		makers = append(makers, b.gemm, b.gemm, b.softmax)
	default:
		makers = append(makers, b.matmul, b.softmax, b.reduce)
	}
	if y := makers[b.IntN(len(makers))](x); y != nil {
		b.live = append(b.live, b.requantize(y))
	}
}

// requantize wraps a value in QuantizeLinear and DequantizeLinear in a quantized graph, most of the time.
func (b *builder) requantize(v *ir.Value) *ir.Value {
	if !b.quantized || b.IntN(12) == 0 {
		return v
	}
	scale := b.scalar("scale", tensor.Floats([]float32{0.02 + 0.05*b.Float32()}))
	zero := b.zeroPoint()
	q := b.node("QuantizeLinear", nil, v, scale, zero)
	return b.node("DequantizeLinear", nil, q, scale, zero)
}

func (b *builder) zeroPoint() *ir.Value {
	if b.IntN(10) == 0 {
		return b.scalar("zero", tensor.New(tensor.Int16))
	}
	if b.IntN(3) == 0 {
		return b.scalar("zero", tensor.Of(tensor.Uint8, []uint8{uint8(b.IntN(256))}))
	}
	return b.scalar("zero", tensor.Of(tensor.Int8, []int8{int8(b.IntN(256) - 128)}))
}

func (b *builder) scalar(name string, t *tensor.Tensor) *ir.Value { return b.g.NewConst(name, t) }

// weights returns a random constant; in a quantized graph DequantizeLinear of an int8 or int4 one, scaled per slice of axis or
// as a whole.
func (b *builder) weights(axis int, shape ...int) *ir.Value {
	if !b.quantized {
		t := tensor.New(tensor.Float32, shape...)
		for i := range t.Len() {
			t.SetF64(i, b.NormFloat64()*0.5)
		}
		return b.g.NewConst("w", t)
	}
	d, most := tensor.Int8, 127
	if b.IntN(4) == 0 {
		d, most = tensor.Int4, 7
	}
	t := tensor.New(d, shape...)
	for i := range t.Len() {
		t.SetI64(i, int64(b.IntN(2*most+1)-most))
	}
	n := shape[axis]
	if b.IntN(3) == 0 {
		s := b.scalar("scale", tensor.Floats([]float32{0.002 + 0.01*b.Float32()}))
		return b.node("DequantizeLinear", nil, b.g.NewConst("w", t), s, b.scalar("zero", tensor.New(d)))
	}
	scales := make([]float32, n)
	for i := range scales {
		scales[i] = 0.002 + 0.01*b.Float32()
	}
	attrs := ir.Attrs{"axis": int64(axis)}
	return b.node("DequantizeLinear", attrs, b.g.NewConst("w", t), b.g.NewConst("scale", tensor.Floats(scales, n)), b.g.NewConst("zero", tensor.New(d, n)))
}

func (b *builder) floats(n int, lo, hi float32) *ir.Value {
	data := make([]float32, n)
	for i := range data {
		data[i] = lo + (hi-lo)*b.Float32()
	}
	return b.g.NewConst("c", tensor.Floats(data, n))
}

func (b *builder) conv(x *ir.Value) *ir.Value {
	c := x.Type.Shape[1]
	group, oc := 1, 1+b.IntN(8)
	switch b.IntN(4) {
	case 0:
		group, oc = c, c*(1+b.IntN(2))
	case 1:
		if c%2 == 0 {
			group, oc = 2, 2*(1+b.IntN(3))
		}
	}
	kh, kw := 1+b.IntN(4), 1+b.IntN(4)
	attrs := ir.Attrs{"group": int64(group), "strides": b.ints(1, 3, 2), "pads": b.ints(0, 2, 4)}
	if b.IntN(3) == 0 {
		attrs["dilations"] = b.ints(1, 2, 2)
	}
	in := []*ir.Value{x, b.weights(0, oc, c/group, kh, kw)}
	if b.IntN(4) > 0 {
		in = append(in, b.floats(oc, -1, 1))
	}
	return b.node("Conv", attrs, in...)
}

// ints returns n values from lo to hi.
func (b *builder) ints(lo, hi, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(lo + b.IntN(hi-lo+1))
	}
	return out
}

func (b *builder) pool(x *ir.Value) *ir.Value {
	if b.IntN(5) == 0 {
		return b.node("GlobalAveragePool", nil, x)
	}
	attrs := ir.Attrs{"kernel_shape": b.ints(2, 3, 2), "strides": b.ints(1, 3, 2), "pads": b.ints(0, 1, 4), "ceil_mode": int64(b.IntN(2))}
	if b.IntN(2) == 0 {
		return b.node("MaxPool", attrs, x)
	}
	attrs["count_include_pad"] = int64(b.IntN(2))
	return b.node("AveragePool", attrs, x)
}

func (b *builder) norm(x *ir.Value) *ir.Value {
	c := x.Type.Shape[1]
	if b.IntN(2) == 0 {
		return b.node("BatchNormalization", nil, x, b.floats(c, -1, 2), b.floats(c, -1, 1), b.floats(c, -1, 1), b.floats(c, 0.2, 2))
	}
	scale := b.floats(c, 0.1, 2)
	scale.Const = scale.Const.Reshape(1, c, 1, 1)
	scale.Type.Shape = scale.Const.Shape
	return b.node([]string{"Mul", "Add"}[b.IntN(2)], nil, x, scale)
}

func (b *builder) reduce(x *ir.Value) *ir.Value {
	name := []string{"ReduceMean", "ReduceSum", "ReduceMax"}[b.IntN(3)]
	axis := int64(b.IntN(len(x.Type.Shape)))
	return b.node(name, ir.Attrs{"keepdims": int64(b.IntN(2))}, x, b.g.NewConst("axes", tensor.Ints([]int64{axis}, 1)))
}

func (b *builder) gemm(x *ir.Value) *ir.Value {
	k, n := x.Type.Shape[1], 1+b.IntN(10)
	if b.IntN(2) == 0 {
		return b.node("Gemm", ir.Attrs{"transB": int64(1)}, x, b.weights(0, n, k), b.floats(n, -1, 1))
	}
	y := b.node("MatMul", nil, x, b.weights(1, k, n))
	if y != nil && b.IntN(2) == 0 {
		return b.node("Add", nil, y, b.floats(n, -1, 1))
	}
	return y
}

func (b *builder) matmul(x *ir.Value) *ir.Value {
	s := x.Type.Shape
	if len(s) < 2 {
		return nil
	}
	if b.IntN(2) == 0 {
		return b.node("MatMul", nil, x, b.weights(1, s[len(s)-1], 1+b.IntN(6)))
	}
	perm := identity(len(s))
	perm[len(s)-1], perm[len(s)-2] = perm[len(s)-2], perm[len(s)-1]
	return b.node("MatMul", nil, x, b.node("Transpose", ir.Attrs{"perm": perm}, x))
}

func identity(n int) []int64 {
	p := make([]int64, n)
	for i := range p {
		p[i] = int64(i)
	}
	return p
}

func (b *builder) softmax(x *ir.Value) *ir.Value { return b.node("Softmax", nil, x) }

func (b *builder) unary(x *ir.Value) *ir.Value {
	switch b.IntN(9) {
	case 0, 1, 2:
		return b.node("Relu", nil, x)
	case 3:
		return b.node("Clip", nil, x, b.scalar("lo", tensor.Floats([]float32{-0.5 * b.Float32()})), b.scalar("hi", tensor.Floats([]float32{1 + 5*b.Float32()})))
	case 4:
		return b.node("LeakyRelu", ir.Attrs{"alpha": float32(0.125)}, x)
	case 5:
		return b.node("Tanh", nil, x)
	case 6:
		return b.node("HardSigmoid", nil, x)
	case 7:
		return b.node("Neg", nil, x)
	}
	return b.node("Sigmoid", nil, x)
}

func (b *builder) binary(x *ir.Value) *ir.Value {
	name := []string{"Add", "Mul", "Sub", "Max"}[b.IntN(4)]
	var same []*ir.Value
	for _, v := range b.live {
		if slices.Equal(v.Type.Shape, x.Type.Shape) {
			same = append(same, v)
		}
	}
	if b.IntN(3) == 0 {
		return b.node(name, nil, x, b.scalar("k", tensor.Floats([]float32{2*b.Float32() - 1})))
	}
	return b.node(name, nil, x, same[b.IntN(len(same))])
}

// move adds an operator that only moves elements.
func (b *builder) move(x *ir.Value) *ir.Value {
	s := x.Type.Shape
	switch b.IntN(6) {
	case 0:
		perm := identity(len(s))
		b.Shuffle(len(perm), func(i, j int) { perm[i], perm[j] = perm[j], perm[i] })
		return b.node("Transpose", ir.Attrs{"perm": perm}, x)
	case 1:
		return b.node("Flatten", ir.Attrs{"axis": int64(1)}, x)
	case 2:
		axis := b.IntN(len(s))
		from := b.IntN(s[axis])
		to := from + 1 + b.IntN(s[axis]-from)
		return b.node("Slice", nil, x, b.indices(from), b.indices(to), b.indices(axis))
	case 3:
		return b.node("Concat", ir.Attrs{"axis": int64(b.IntN(len(s)))}, x, x)
	case 4:
		pads := make([]int, 2*len(s))
		pads[b.IntN(len(pads))] = 1 + b.IntN(2)
		return b.node("Pad", nil, x, b.indices(pads...))
	}
	return b.node("Reshape", nil, x, b.indices(s[0], -1))
}

func (b *builder) indices(v ...int) *ir.Value {
	t := tensor.New(tensor.Int64, len(v))
	for i, x := range v {
		t.SetI64(i, int64(x))
	}
	return b.g.NewConst("i", t)
}

// finish makes the values that nobody reads the outputs, drops what is unused, and takes the last value where that
// leaves none.
func (b *builder) finish() {
	uses := b.g.Uses()
	for _, v := range b.live {
		if len(uses[v]) == 0 && v.Def != nil {
			b.g.Outputs = append(b.g.Outputs, v)
		}
	}
	if len(b.g.Outputs) == 0 {
		v := b.node("Relu", nil, b.live[0])
		b.g.Outputs = []*ir.Value{v}
	}
	prune(b.g)
}

// prune removes nodes whose results nobody reads.
func prune(g *ir.Graph) {
	needed := map[*ir.Value]bool{}
	for _, v := range g.Outputs {
		needed[v] = true
	}
	kept := len(g.Nodes)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if !slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return needed[v] }) {
			continue
		}
		for _, v := range n.Inputs {
			needed[v] = true
		}
		kept--
		g.Nodes[kept] = n
	}
	g.Nodes = slices.Clone(g.Nodes[kept:])
}
