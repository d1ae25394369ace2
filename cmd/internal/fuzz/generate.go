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
	b.wide, b.dynamic = b.IntN(4) == 0, b.IntN(5) == 0
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
	wide      bool        // activations have 16 bits, most of them
	dynamic   bool        // some products quantize their inputs at run time
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
		{1, 24 + b.IntN(24), 3 + b.IntN(5), 3 + b.IntN(5)}, // weights enough to be packed
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
	if out := b.nodeOf(1, opName, attrs, in...); out != nil {
		return out[0]
	}
	return nil
}

// nodeOf is node with several results.
func (b *builder) nodeOf(outputs int, opName string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	n := &ir.Node{Op: opName, Attrs: attrs, Inputs: in, From: []string{fmt.Sprintf("%s_%d", opName, len(b.g.Nodes))}}
	n.Outputs = make([]*ir.Value, outputs)
	types, err := op.Infer(n)
	if err != nil || len(types) < outputs || types[0].Len() == 0 || types[0].Len() > 4000 {
		return nil
	}
	for i := range n.Outputs {
		n.Outputs[i] = b.g.NewValue("v", types[i])
		n.Outputs[i].Def = n
	}
	b.g.Nodes = append(b.g.Nodes, n)
	return n.Outputs
}

func (b *builder) step() {
	x := b.pick()
	makers := []func(*ir.Value) *ir.Value{b.unary, b.binary, b.move}
	if b.dynamic {
		makers = append(makers, b.dynamicProduct, b.dynamicProduct)
	}
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
	zero := b.zeroPoint()
	step := 0.02 + 0.05*b.Float32()
	if zero.Type.DType.Bits() > 8 {
		step /= []float32{100, 100, 100, 1e8}[b.IntN(4)] // so small that biases need 64 bits
	}
	if len(v.Type.Shape) > 1 && b.IntN(15) == 0 {
		return b.requantizeSlices(v, zero.Type.DType, step)
	}
	scale := b.scalar("scale", tensor.Floats([]float32{step}))
	q := b.node("QuantizeLinear", nil, v, scale, zero)
	return b.node("DequantizeLinear", nil, q, scale, zero)
}

// requantizeSlices quantizes an activation with a scale and a zero point for every slice of an axis, or block along it.
func (b *builder) requantizeSlices(v *ir.Value, d tensor.DType, step float32) *ir.Value {
	axis := b.IntN(len(v.Type.Shape))
	shape, attrs := []int{v.Type.Shape[axis]}, ir.Attrs{"axis": int64(axis)}
	if b.IntN(3) == 0 {
		block := 1 + b.IntN(3)
		shape = slices.Clone(v.Type.Shape)
		shape[axis] = (shape[axis] + block - 1) / block
		attrs["block_size"] = int64(block)
	}
	scales := tensor.New(tensor.Float32, shape...)
	for i := range scales.Len() {
		scales.SetF64(i, float64(step)*(0.5+b.Float64()))
	}
	scale, zero := b.g.NewConst("scale", scales), b.g.NewConst("zero", b.integers(d, shape...))
	q := b.node("QuantizeLinear", attrs, v, scale, zero)
	return b.node("DequantizeLinear", attrs.Clone(), q, scale, zero)
}

// zeroPoint returns that of an activation, whose type is the activation's.
func (b *builder) zeroPoint() *ir.Value {
	d, odds := tensor.Int8, b.IntN(30)
	switch {
	case b.wide && odds < 20 || odds < 3:
		return b.scalar("zero", tensor.New(tensor.Int16))
	case b.wide && odds < 25:
		d = []tensor.DType{tensor.Int16, tensor.Uint16}[b.IntN(2)]
	case odds < 13:
		d = tensor.Uint8
	}
	t := tensor.New(d)
	lo, hi := d.Range()
	t.SetI64(0, lo+b.Int64N(hi-lo+1))
	return b.scalar("zero", t)
}

func (b *builder) scalar(name string, t *tensor.Tensor) *ir.Value { return b.g.NewConst(name, t) }

// weights returns a random constant; in a quantized graph DequantizeLinear of one of at most 8 bits, scaled per slice of axis, as a
// whole, or a matrix in blocks.
func (b *builder) weights(axis int, shape ...int) *ir.Value {
	if !b.quantized {
		t := tensor.New(tensor.Float32, shape...)
		for i := range t.Len() {
			t.SetF64(i, b.NormFloat64()*0.5)
		}
		return b.g.NewConst("w", t)
	}
	d := []tensor.DType{tensor.Int8, tensor.Int8, tensor.Int8, tensor.Int8, tensor.Int4, tensor.Int4, tensor.Int2, tensor.Uint4}[b.IntN(8)]
	if tensor.Len(shape) > 600 && b.IntN(2) == 0 { // packing pays
		d = []tensor.DType{tensor.Int4, tensor.Int2}[b.IntN(2)]
	}
	t := b.integers(d, shape...)
	n := shape[axis]
	if len(shape) == 2 && b.IntN(4) == 0 {
		return b.blocked(t, 1-axis)
	}
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

// integers returns a constant with all values that a type has but the least, which symmetric weights do without.
func (b *builder) integers(d tensor.DType, shape ...int) *tensor.Tensor {
	t := tensor.New(d, shape...)
	lo, hi := d.Range()
	if d.IsSigned() && d.Bits() > 2 {
		lo++
	}
	for i := range t.Len() {
		t.SetI64(i, lo+b.Int64N(hi-lo+1))
	}
	return t
}

// blocked dequantizes a matrix with a scale per block along an axis: whole multiples of one, or any; and sometimes zero points.
func (b *builder) blocked(t *tensor.Tensor, axis int) *ir.Value {
	block := 1 + b.IntN(t.Shape[axis]+2)
	shape := slices.Clone(t.Shape)
	shape[axis] = (shape[axis] + block - 1) / block
	scales, whole := tensor.New(tensor.Float32, shape...), b.IntN(2) == 0
	for i := range scales.Len() {
		s := 0.002 + 0.01*b.Float64()
		if whole {
			s = float64(1+b.IntN(255)) / (1 << 14)
		}
		scales.SetF64(i, s)
	}
	attrs, in := ir.Attrs{"axis": int64(axis), "block_size": int64(block)}, []*ir.Value{b.g.NewConst("w", t), b.g.NewConst("scale", scales)}
	if b.IntN(3) == 0 {
		in = append(in, b.g.NewConst("zero", b.integers(t.DType, shape...)))
	}
	return b.node("DequantizeLinear", attrs, in...)
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
	if b.IntN(4) == 0 {
		oc = 8 + b.IntN(24)
	}
	switch kind := b.IntN(4); {
	case kind == 0 || c >= 24 && kind < 3:
		group, oc = c, c*(1+b.IntN(2))
	case kind == 1:
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

// dynamicProduct multiplies by integers, quantizing x at run time, as quantize_dynamic of ONNX Runtime writes it.
func (b *builder) dynamicProduct(x *ir.Value) *ir.Value {
	q := b.nodeOf(3, "DynamicQuantizeLinear", nil, x)
	d := []tensor.DType{tensor.Int8, tensor.Uint8}[b.IntN(2)]
	shape := x.Type.Shape
	var sums *ir.Value
	switch k := shape[len(shape)-1]; {
	case q == nil:
		return nil
	case len(shape) == 4 && b.IntN(3) > 0:
		group := []int{1, shape[1]}[b.IntN(2)]
		w := b.g.NewConst("w", b.integers(d, group*(1+b.IntN(4)), shape[1]/group, 1+b.IntN(3), 1+b.IntN(3)))
		sums = b.node("ConvInteger", ir.Attrs{"group": int64(group), "pads": b.ints(0, 2, 4), "strides": b.ints(1, 2, 2)}, q[0], w, q[2], b.g.NewConst("zero", b.integers(d, 1)))
	case len(shape) > 1 && b.IntN(3) == 0: // both operands at run time
		perm := identity(len(shape))
		perm[len(shape)-1], perm[len(shape)-2] = perm[len(shape)-2], perm[len(shape)-1]
		sums = b.node("MatMulInteger", nil, q[0], b.node("Transpose", ir.Attrs{"perm": perm}, q[0]), q[2], q[2])
	default:
		n := 1 + b.IntN(8)
		zero := []int{n, 1}[b.IntN(2)]
		sums = b.node("MatMulInteger", nil, q[0], b.g.NewConst("w", b.integers(d, k, n)), q[2], b.g.NewConst("zero", b.integers(d, zero)))
	}
	scaled := b.node("Mul", nil, b.node("Cast", ir.Attrs{"to": int64(1)}, sums), q[1])
	return b.node("Mul", nil, scaled, b.scalar("scale", tensor.Floats([]float32{0.001 + 0.01*b.Float32()})))
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
