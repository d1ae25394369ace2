// qdq turns QuantizeLinear … DequantizeLinear around float operators into operators on integers.
//
//	%a: f32[1,8] = DequantizeLinear(%x, %xs, %xz)
//	%b: f32[8,4] = DequantizeLinear(%w, %ws, %wz)
//	%c: f32[1,4] = Gemm(%a, %b, %bias)              %y: i8[1,4] = QGemm(%x, %xs, %xz, %w, %ws, %wz, %q, %ys, %yz) {clamp_min=-128}
//	%d: f32[1,4] = Relu(%c)                      =>
//	%y: i8[1,4] = QuantizeLinear(%d, %ys, %yz)
//
// Products become QLinearConv, QGemm and QLinearMatMul, sums QLinearAdd, averages QLinearAveragePool, Softmax QLinearSoftmax, any function
// of one 8-bit value a Lookup, and bounds or another scale of 16-bit values Requantize. Operators that only move elements, or
// choose among them, move to the integers' side of a DequantizeLinear. What does not fit stays as it is: QuantizeLinear and
// DequantizeLinear are operators too.

package passes

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

func qdq(g *ir.Graph, _ *Config) (int, error) {
	noteParameters(g)
	changed := rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		switch {
		case n.Op == "QuantizeLinear":
			return quantizeEarlier(r, n) || requantize(r, n) || quantizedProduct(r, n) || quantizedMatMul(r, n) || quantizedSum(r, n) || quantizedPool(r, n) || quantizedSoftmax(r, n) || quantizeParts(r, n)
		case movers[n.Op]:
			return moveIntegers(r, n)
		case n.Op == "Clip":
			return clipIntegers(r, n)
		}
		return false
	})
	return changed + rewriteAll(g, tabulateClip), nil
}

// clipIntegers makes Clip of integers, as exporters write it for activations of fewer bits than a byte has, bounds of the operator before.
func clipIntegers(r *rewriter, n *ir.Node) bool {
	at := n.Inputs[0].Def
	if at == nil || !clipsIntegers(n) || !clamps[at.Op] || r.only(n.Inputs[0]) != n {
		return false
	}
	attrs := at.Attrs.Clone()
	lo, hi := boundsOf(n)
	least, most := n.Outputs[0].Type.DType.Range()
	tighten(attrs, "clamp_min", int64(math.Max(lo, float64(least))), func(a, b int64) bool { return a > b })
	tighten(attrs, "clamp_max", int64(math.Min(hi, float64(most))), func(a, b int64) bool { return a < b })
	y := n.Outputs[0]
	t := y.Type
	t.Quant = at.Outputs[0].Type.Quant
	r.supersede(y, r.emit(y.Name, at.Op, attrs, t, fromAll([]*ir.Node{at, n}), at.Inputs...))
	return true
}

// clamps are the operators that bound their results.
var clamps = map[string]bool{"QLinearConv": true, "QGemm": true, "GroupedGemm": true, "QLinearMatMul": true, "QLinearAdd": true, "QLinearMul": true, "Requantize": true}

// clipsIntegers reports whether n is a Clip of integers of 8 bits or 16 by constants.
func clipsIntegers(n *ir.Node) bool {
	if n.Op != "Clip" {
		return false
	}
	d := n.Outputs[0].Type.DType
	constant := func(v *ir.Value) bool { return v == nil || v.IsConst() && v.Type.Len() == 1 }
	return d.IsInt() && (d.Bits() == 8 || d.Bits() == 16) && constant(n.Input(1)) && constant(n.Input(2))
}

// tabulateClip makes a table of a Clip of 8-bit integers that is left.
func tabulateClip(r *rewriter, n *ir.Node) bool {
	if !clipsIntegers(n) || n.Inputs[0].IsConst() || n.Inputs[0].Type.DType.Bits() != 8 {
		return false
	}
	y := n.Outputs[0]
	table, err := tabulate([]*ir.Node{n}, y.Type.DType)
	if err != nil {
		return false
	}
	r.supersede(y, r.emit(y.Name, "Lookup", nil, y.Type, n.From, n.Inputs[0], r.g.NewConst(y.Name+".table", table)))
	return true
}

// noteParameters writes scale and zero point into the types of quantized values, for the header of the C.
func noteParameters(g *ir.Graph) {
	for _, n := range g.Nodes {
		if n.Op != "QuantizeLinear" && n.Op != "DequantizeLinear" || !n.Inputs[1].IsConst() || n.Inputs[1].Const.Len() != 1 || n.Input(2) != nil && !n.Inputs[2].IsConst() {
			continue
		}
		q := &ir.Quant{Scale: []float32{float32(n.Inputs[1].Const.F64(0))}, Zero: []int32{0}}
		if z := n.Input(2); z != nil {
			q.Zero[0] = int32(z.Const.I64(0))
		}
		v := n.Inputs[0]
		if n.Op == "QuantizeLinear" {
			v = n.Outputs[0]
		}
		v.Type.Quant = q
	}
}

// Moves reports whether an operator's result is made of elements of its inputs, or is the greatest of some of them: it is then the
// same on integers.
func Moves(op string) bool { return movers[op] }

var movers = map[string]bool{
	"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Transpose": true, "Slice": true, "Split": true, "Gather": true,
	"Expand": true, "MaxPool": true, "GlobalMaxPool": true, "Concat": true,
}

// quantized is a value before DequantizeLinear, with its parameters.
type quantized struct {
	node        *ir.Node // the DequantizeLinear
	q           *ir.Value
	scale, zero *ir.Value // zero is nil where absent
}

// dequantized returns what v was before DequantizeLinear, or nil.
func dequantized(v *ir.Value) *quantized {
	if v == nil || v.Def == nil || v.Def.Op != "DequantizeLinear" {
		return nil
	}
	n := v.Def
	if !n.Inputs[1].IsConst() || n.Input(2) != nil && !n.Inputs[2].IsConst() {
		return nil
	}
	return &quantized{n, n.Inputs[0], n.Inputs[1], n.Input(2)}
}

// activation is dequantized for values of 8 or 16 bits that are computed at run time, with one scale.
func activation(v *ir.Value) *quantized {
	d := dequantized(v)
	if d == nil || d.q.IsConst() || d.bits() != 8 && d.bits() != 16 || d.scale.Const.Len() != 1 {
		return nil
	}
	return d
}

func (d *quantized) bits() int { return d.q.Type.DType.Bits() }

// zeroPoint returns the zero point as a value, one being made where it is absent.
func (d *quantized) zeroPoint(g *ir.Graph) *ir.Value {
	if d.zero != nil {
		return d.zero
	}
	return g.NewConst("zero_point", tensor.New(d.q.Type.DType, d.scale.Type.Shape...))
}

// same reports whether two values are quantized alike.
func (d *quantized) same(scale, zero *ir.Value, t tensor.DType) bool {
	z := int64(0)
	if zero != nil {
		z = zero.Const.I64(0)
	}
	own := int64(0)
	if d.zero != nil {
		own = d.zero.Const.I64(0)
	}
	return d.q.Type.DType == t && scale.Const.Len() == 1 && scale.Const.F64(0) == d.scale.Const.F64(0) && own == z
}

// outputOf returns a QuantizeLinear's scale and zero point where they are constants for a whole tensor of 8 or 16 bits.
func outputOf(g *ir.Graph, n *ir.Node) (scale, zero *ir.Value, ok bool) {
	scale, zero = n.Inputs[1], n.Input(2)
	t := n.Outputs[0].Type.DType
	if !scale.IsConst() || scale.Const.Len() != 1 || zero != nil && !zero.IsConst() || t.Bits() != 8 && t.Bits() != 16 {
		return nil, nil, false
	}
	if zero == nil {
		zero = g.NewConst("zero_point", tensor.New(t))
	}
	return scale, zero, true
}

// moveIntegers puts a mover before the DequantizeLinear that it reads.
func moveIntegers(r *rewriter, n *ir.Node) bool {
	d := activation(n.Inputs[0])
	if d == nil || n.Output(1) != nil && n.Op != "Split" || n.Op == "MaxPool" && !op.ReachesInput(n) {
		return false
	}
	in := slices.Clone(n.Inputs)
	in[0] = d.q
	if n.Op == "Concat" {
		for i, v := range n.Inputs {
			e := activation(v)
			if e == nil || !e.same(d.scale, d.zero, d.q.Type.DType) {
				return false
			}
			in[i] = e.q
		}
	}
	m := &ir.Node{Op: n.Op, Attrs: n.Attrs.Clone(), Inputs: in, From: n.From}
	for _, v := range n.Outputs {
		if v == nil {
			m.Outputs = append(m.Outputs, nil)
			continue
		}
		m.Outputs = append(m.Outputs, r.g.NewValue(v.Name+".q", ir.Type{DType: d.q.Type.DType, Shape: v.Type.Shape, Quant: d.q.Type.Quant}))
	}
	r.add(m)
	for i, v := range n.Outputs {
		if v != nil {
			r.supersede(v, r.emit(v.Name, "DequantizeLinear", d.node.Attrs.Clone(), v.Type, n.From, slices.Concat([]*ir.Value{m.Outputs[i]}, d.node.Inputs[1:])...))
		}
	}
	return true
}

// quantizeEarlier puts QuantizeLinear before a Reshape or Transpose of floats, so that bytes are moved instead.
func quantizeEarlier(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	m := n.Inputs[0].Def
	if !ok || m == nil || m.Op != "Reshape" && m.Op != "Transpose" || r.only(n.Inputs[0]) != n || m.Inputs[0].IsConst() {
		return false
	}
	y := n.Outputs[0]
	q := r.emit(y.Name+".q", "QuantizeLinear", n.Attrs.Clone(), ir.Type{DType: y.Type.DType, Shape: m.Inputs[0].Type.Shape, Quant: y.Type.Quant}, n.From, m.Inputs[0], scale, zero)
	r.supersede(y, r.emit(y.Name, m.Op, m.Attrs.Clone(), y.Type, m.From, slices.Concat([]*ir.Value{q}, m.Inputs[1:])...))
	return true
}

// quantizeParts puts QuantizeLinear before a Concat of dequantized values, so that integers are joined; those of another scale change it
// first.
func quantizeParts(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	m := n.Inputs[0].Def
	if !ok || m == nil || m.Op != "Concat" || r.only(n.Inputs[0]) != n || slices.ContainsFunc(m.Inputs, func(v *ir.Value) bool { return activation(v) == nil }) {
		return false
	}
	y := n.Outputs[0]
	var parts []*ir.Value
	for _, v := range m.Inputs {
		parts = append(parts, r.emit(v.Name+".q", "QuantizeLinear", n.Attrs.Clone(), ir.Type{DType: y.Type.DType, Shape: v.Type.Shape, Quant: y.Type.Quant}, n.From, v, scale, zero))
	}
	r.supersede(y, r.emit(y.Name, "Concat", m.Attrs.Clone(), y.Type, m.From, parts...))
	return true
}

// requantize replaces QuantizeLinear of functions of one dequantized value: by nothing where it changes nothing, by a table of all
// results where there are 256, and of 16-bit values by Requantize where they are bounded alone.
func requantize(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	if !ok {
		return false
	}
	chain, d := unaryChain(r, n)
	if d == nil {
		return false
	}
	y := n.Outputs[0]
	if len(chain) == 0 && d.same(scale, zero, y.Type.DType) {
		if r.g.IsOutput(y) && (r.g.IsOutput(d.q) || d.q.Def == nil) {
			return false
		}
		r.supersede(y, d.q)
		return true
	}
	if d.bits() == 16 {
		return rescale(r, n, chain, d, scale, zero)
	}
	table, err := tabulate(slices.Concat([]*ir.Node{d.node}, chain, []*ir.Node{n}), d.q.Type.DType)
	if err != nil {
		return false
	}
	r.supersede(y, r.emit(y.Name, "Lookup", nil, y.Type, fromAll(append(chain, n)), d.q, r.g.NewConst(y.Name+".table", table)))
	return true
}

// rescale makes QuantizeLinear of bounded 16-bit values Requantize, where the result fits its arithmetic.
func rescale(r *rewriter, n *ir.Node, chain []*ir.Node, d *quantized, scale, zero *ir.Value) bool {
	attrs, y := ir.Attrs{}, n.Outputs[0]
	for _, m := range chain {
		if m.Op != "Relu" && m.Op != "Clip" {
			return false
		}
		limit(attrs, m, scale, zero)
	}
	if d.scale.Const.F64(0)/scale.Const.F64(0) >= 1<<12 {
		return false
	}
	r.supersede(y, r.emit(y.Name, "Requantize", attrs, y.Type, fromAll(append(chain, n)), d.q, d.scale, d.zeroPoint(r.g), scale, zero))
	return true
}

// unaryChain walks up from a QuantizeLinear through functions of one value to a DequantizeLinear; nodes come first to last.
func unaryChain(r *rewriter, n *ir.Node) ([]*ir.Node, *quantized) {
	var chain []*ir.Node
	for v := n.Inputs[0]; ; v = v.Def.Inputs[0] {
		if d := activation(v); d != nil {
			return chain, d
		}
		if v.Def == nil || !unary(v.Def) || r.only(v) == nil {
			return nil, nil
		}
		chain = slices.Insert(chain, 0, v.Def)
	}
}

// unary reports whether n is elementwise in input 0, all else being scalar constants.
func unary(n *ir.Node) bool {
	if _, ok := op.ExprOf(n); !ok || n.Inputs[0].IsConst() || !n.Inputs[0].Type.Equal(n.Outputs[0].Type) {
		return false
	}
	for _, v := range n.Inputs[1:] {
		if v != nil && (!v.IsConst() || v.Type.Len() != 1) {
			return false
		}
	}
	return true
}

// tabulate evaluates a chain of nodes on every value of an 8-bit type.
func tabulate(chain []*ir.Node, d tensor.DType) (*tensor.Tensor, error) {
	t := tensor.New(d, 256)
	lo, _ := d.Range()
	for i := range 256 {
		t.SetI64(i, lo+int64(i))
	}
	for _, n := range chain {
		m := &ir.Node{Op: n.Op, Attrs: n.Attrs, Inputs: slices.Clone(n.Inputs), Outputs: []*ir.Value{{Type: ir.Type{DType: n.Outputs[0].Type.DType, Shape: t.Shape}}}}
		m.Inputs[0] = &ir.Value{Type: ir.Type{DType: t.DType, Shape: t.Shape}}
		in := []*tensor.Tensor{t}
		for _, v := range n.Inputs[1:] {
			if v == nil {
				in = append(in, nil)
			} else {
				in = append(in, v.Const)
			}
		}
		out, err := op.Eval(m, in)
		if err != nil {
			return nil, err
		}
		t = out[0]
	}
	return t, nil
}

func fromAll(nodes []*ir.Node) []string {
	var from []string
	for _, n := range nodes {
		from = append(from, n.From...)
	}
	return from
}

// clamped walks up from a QuantizeLinear through Relu and Clip to the operator before, and returns the bounds that they
// set on the quantized result.
func clamped(r *rewriter, n *ir.Node, scale, zero *ir.Value) (at *ir.Node, attrs ir.Attrs, through []*ir.Node) {
	attrs = ir.Attrs{}
	v := n.Inputs[0]
	for v.Def != nil && (v.Def.Op == "Relu" || v.Def.Op == "Clip") && unary(v.Def) && r.only(v) != nil {
		limit(attrs, v.Def, scale, zero)
		through = append(through, v.Def)
		v = v.Def.Inputs[0]
	}
	if v.Def == nil || r.only(v) == nil {
		return nil, nil, nil
	}
	return v.Def, attrs, append(through, v.Def)
}

// limit tightens clamp_min and clamp_max to the bounds of a Relu or Clip, quantized.
func limit(attrs ir.Attrs, n *ir.Node, scale, zero *ir.Value) {
	lo, hi := zero.Type.DType.Range()
	min, max := boundsOf(n)
	bound := func(x float64) int64 {
		q := math.RoundToEven(float64(float32(x)/float32(scale.Const.F64(0)))) + float64(zero.Const.I64(0))
		return int64(math.Min(math.Max(q, float64(lo)), float64(hi)))
	}
	tighten(attrs, "clamp_min", bound(min), func(a, b int64) bool { return a > b })
	tighten(attrs, "clamp_max", bound(max), func(a, b int64) bool { return a < b })
}

func tighten(attrs ir.Attrs, name string, v int64, tighter func(a, b int64) bool) {
	if old, ok := attrs[name].(int64); !ok || tighter(v, old) {
		attrs[name] = v
	}
}

// boundsOf returns the bounds of a Relu or a Clip by constants.
func boundsOf(n *ir.Node) (lo, hi float64) {
	if n.Op == "Relu" {
		return 0, math.Inf(1)
	}
	lo, hi = math.Inf(-1), math.Inf(1)
	if v := n.Input(1); v != nil {
		lo = v.Const.F64(0)
	}
	if v := n.Input(2); v != nil {
		hi = v.Const.F64(0)
	}
	return lo, hi
}

// quantizedProduct makes Conv, Gemm, or MatMul and Add, between dequantized operands a product of integers.
func quantizedProduct(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	if !ok {
		return false
	}
	at, attrs, through := clamped(r, n, scale, zero)
	if at == nil {
		return false
	}
	p := productOf(r, at, scale)
	if p == nil {
		return false
	}
	y := n.Outputs[0]
	from := fromAll(append(slices.Clone(through), n))
	xz := p.x.zeroPoint(r.g)
	if p.groups != nil {
		g := p.groups
		in := []*ir.Value{p.x.q, p.x.scale, xz, r.g.NewConst(y.Name+".w", g.w), r.g.NewConst(y.Name+".scale", g.scale), nil, r.g.NewConst(y.Name+".factors", g.factors), p.bias, scale, zero}
		if g.zeros != nil {
			in[5] = r.g.NewConst(y.Name+".zeros", g.zeros)
		}
		attrs["group"] = int64(g.group)
		r.supersede(y, r.emit(y.Name, p.op, attrs, y.Type, from, in...))
		return true
	}
	wz := p.w.zeroPoint(r.g)
	if p.op == "QLinearConv" {
		a := p.attrs.Clone()
		for k, v := range attrs {
			a[k] = v
		}
		r.supersede(y, r.emit(y.Name, p.op, a, y.Type, from, p.x.q, p.x.scale, xz, p.w.q, p.w.scale, wz, scale, zero, p.bias))
		return true
	}
	attrs["transB"] = p.attrs["transB"]
	r.supersede(y, r.emit(y.Name, p.op, attrs, y.Type, from, p.x.q, p.x.scale, xz, p.w.q, p.w.scale, wz, p.bias, scale, zero))
	return true
}

// quantizedMatMul makes MatMul of two dequantized values at run time QLinearMatMul.
func quantizedMatMul(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	if !ok {
		return false
	}
	at, attrs, through := clamped(r, n, scale, zero)
	if at == nil || at.Op != "MatMul" {
		return false
	}
	a, b := activation(at.Inputs[0]), activation(at.Inputs[1])
	if a == nil || b == nil || !oneBatch(at.Inputs[0].Type.Shape, at.Inputs[1].Type.Shape) {
		return false
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "QLinearMatMul", attrs, y.Type, fromAll(append(through, n)), a.q, a.scale, a.zeroPoint(r.g), b.q, b.scale, b.zeroPoint(r.g), scale, zero))
	return true
}

// oneBatch reports whether the leading dimensions of two matrices are the same, or those of one are absent: the kernel has one loop for them.
func oneBatch(a, b []int) bool {
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	a, b = a[:len(a)-2], b[:len(b)-2]
	return slices.Equal(a, b) || tensor.Len(a) == 1 || tensor.Len(b) == 1
}

// integerProduct is a product that can be taken of integers.
type integerProduct struct {
	op    string
	attrs ir.Attrs
	x, w  *quantized
	bias  *ir.Value

	groups *grouped // of the weights, where they have a scale per block
}

// productOf returns the product that n takes of integers, its result having a scale; nil where it takes none.
func productOf(r *rewriter, n *ir.Node, y *ir.Value) *integerProduct {
	p := &integerProduct{attrs: ir.Attrs{}}
	var bias *ir.Value
	axis := 0 // of the weights' output channels
	switch n.Op {
	case "Conv":
		p.op, p.attrs, bias = "QLinearConv", n.Attrs, n.Input(2)
	case "Gemm":
		if n.Attrs.Bool("transA") || n.Attrs.Has("alpha") && n.Attrs.Float("alpha") != 1 || n.Attrs.Has("beta") && n.Attrs.Float("beta") != 1 {
			return nil
		}
		p.op, p.attrs["transB"], bias = "QGemm", int64(n.Attrs.Int("transB")), n.Input(2)
		axis = 1 - n.Attrs.Int("transB")
	case "MatMul":
		p.op, p.attrs["transB"], axis = "QGemm", int64(0), 1
	case "Add":
		return productAndBias(r, n, y)
	default:
		return nil
	}
	if p.x, p.w = activation(n.Inputs[0]), dequantized(n.Inputs[1]); p.x == nil || p.w == nil {
		return nil
	}
	if !weightsFit(p, axis) {
		if p.op != "QGemm" || len(p.x.q.Type.Shape) != 2 {
			return nil
		}
		p.op = "GroupedGemm"
		if p.groups = blocksOf(p.w, axis, p.x.halfStep(y)); p.groups == nil {
			return nil
		}
	}
	if p.bias = p.integerBias(r.g, bias, p.w.q.Type.Shape[axis]); p.bias == nil {
		return nil
	}
	return p
}

// halfStep is half a step of y in units of the greatest value of d: what a sum of products may be off, so that it is off by at most a
// step when it is rounded.
func (d *quantized) halfStep(y *ir.Value) float64 {
	lo, hi := d.q.Type.DType.Range()
	zero := int64(0)
	if d.zero != nil {
		zero = d.zero.Const.I64(0)
	}
	return 0.5 * y.Const.F64(0) / (d.scale.Const.F64(0) * float64(max(hi-zero, zero-lo)))
}

// productAndBias takes an Add of a constant to a MatMul.
func productAndBias(r *rewriter, n *ir.Node, y *ir.Value) *integerProduct {
	for i, v := range n.Inputs {
		if v.Def == nil || v.Def.Op != "MatMul" || r.only(v) != n {
			continue
		}
		p := productOf(r, v.Def, y)
		if p == nil {
			return nil
		}
		bias := n.Inputs[1-i]
		channels := p.w.q.Type.Shape[1]
		if len(bias.Type.Shape) == 0 || bias.Type.Shape[len(bias.Type.Shape)-1] != channels || bias.Type.Len() != channels {
			return nil
		}
		if p.bias = p.integerBias(r.g, bias, channels); p.bias == nil {
			return nil
		}
		return p
	}
	return nil
}

// weightsFit checks that the weights are constants of at most 8 bits with one scale, or one per output channel, and two-dimensional
// for a Gemm.
func weightsFit(p *integerProduct, axis int) bool {
	w := p.w
	if !w.q.IsConst() || w.bits() > 8 || w.block() != 0 || p.op == "QGemm" && (len(w.q.Type.Shape) != 2 || len(p.x.q.Type.Shape) != 2) {
		return false
	}
	n := w.scale.Const.Len()
	if n == 1 {
		return true
	}
	return axisOfDequantize(w) == axis && n == w.q.Type.Shape[axis]
}

// integerBias returns the bias of n outputs in units of x_scale * w_scale as int32: the dequantized constant as it is where it has that
// scale, rounded to it otherwise; as int64 beside 16-bit values where it needs to be. nil where it is no constant.
func (p *integerProduct) integerBias(g *ir.Graph, v *ir.Value, n int) *ir.Value {
	b, most := tensor.New(tensor.Int64, n), float64(math.MaxInt32)
	if v == nil {
		return g.NewConst("bias", b.Convert(tensor.Int32))
	}
	real, fits := realValues(v), true
	if real == nil || len(real) != n && len(real) != 1 {
		return nil
	}
	scale := p.w.scale.Const
	if p.groups != nil {
		scale = p.groups.scale
	}
	if p.x.bits() > 8 {
		most = 1 << 60
	}
	for i := range n {
		unit := p.x.scale.Const.F64(0) * scale.F64(i%scale.Len())
		q := math.RoundToEven(real[i%len(real)] / unit)
		if !(math.Abs(q) <= most) {
			return nil
		}
		fits = fits && math.Abs(q) <= math.MaxInt32
		b.SetF64(i, q)
	}
	if fits {
		b = b.Convert(tensor.Int32)
	}
	return g.NewConst(v.Name+".q", b)
}

// realValues returns the elements of a constant, or of a dequantized one; nil for anything else.
func realValues(v *ir.Value) []float64 {
	if v.IsConst() {
		return v.Const.Float64s()
	}
	d := dequantized(v)
	if d == nil || !d.q.IsConst() || d.block() != 0 || d.scale.Const.Len() != 1 && d.scale.Const.Len() != d.q.Type.Len() {
		return nil
	}
	out := make([]float64, d.q.Type.Len())
	for i := range out {
		k := i % d.scale.Const.Len()
		zero := int64(0)
		if d.zero != nil {
			zero = d.zero.Const.I64(k % d.zero.Const.Len())
		}
		out[i] = float64(d.q.Const.I64(i)-zero) * d.scale.Const.F64(k)
	}
	return out
}

// quantizedSum makes Add and Mul of dequantized values QLinearAdd and QLinearMul.
func quantizedSum(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	if !ok {
		return false
	}
	at, attrs, through := clamped(r, n, scale, zero)
	if at == nil || at.Op != "Add" && at.Op != "Mul" {
		return false
	}
	a, b := summand(at.Inputs[0]), summand(at.Inputs[1])
	if a != nil && a.q.IsConst() {
		a, b = b, a
	}
	if a == nil || b == nil || a.q.IsConst() {
		return false
	}
	y := n.Outputs[0]
	if perChannel := b.q.IsConst() && channelConst(b.q.Type.Shape, a.q.Type.Shape); at.Op == "Add" && !perChannel && !sumFits(a, b, scale) {
		return false
	}
	op := map[string]string{"Add": "QLinearAdd", "Mul": "QLinearMul"}[at.Op]
	r.supersede(y, r.emit(y.Name, op, attrs, y.Type, fromAll(append(through, n)), a.q, a.scale, a.zeroPoint(r.g), b.q, b.scale, b.zeroPoint(r.g), scale, zero))
	return true
}

// summand is dequantized for values of 8 or 16 bits with one scale, constants too.
func summand(v *ir.Value) *quantized {
	d := dequantized(v)
	if d == nil || d.scale.Const.Len() != 1 || d.bits() != 8 && d.bits() != 16 {
		return nil
	}
	return d
}

// sumFits reports whether both scales are within reach of the kernel's common scale.
func sumFits(a, b *quantized, y *ir.Value) bool {
	sum := (a.scale.Const.F64(0) + b.scale.Const.F64(0)) / y.Const.F64(0)
	return sum*255 < 1<<20
}

// channelConst reports whether a constant of shape s has one element per channel of images of shape x.
func channelConst(s, x []int) bool {
	if len(x) < 3 || len(x) > 4 || tensor.Len(s) != x[1] {
		return false
	}
	k := len(x) - 1
	return k <= len(s) && s[len(s)-k] == x[1]
}

// quantizedPool makes AveragePool of a dequantized value QLinearAveragePool, where every window has one divisor.
func quantizedPool(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	p := n.Inputs[0].Def
	if !ok || p == nil || r.only(n.Inputs[0]) != n || p.Op != "AveragePool" && p.Op != "GlobalAveragePool" {
		return false
	}
	d := activation(p.Inputs[0])
	if d == nil || len(d.q.Type.Shape) > 4 || p.Op == "AveragePool" && !wholeWindows(p) {
		return false
	}
	attrs := p.Attrs.Clone()
	if p.Op == "GlobalAveragePool" {
		attrs = ir.Attrs{"global": int64(1)}
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "QLinearAveragePool", attrs, y.Type, fromAll([]*ir.Node{p, n}), d.q, d.scale, d.zeroPoint(r.g), scale, zero))
	return true
}

// wholeWindows reports whether no window of an AveragePool reaches into padding that does not count.
func wholeWindows(p *ir.Node) bool {
	if p.Attrs.Bool("ceil_mode") || p.Attrs.String("auto_pad") != "" && p.Attrs.String("auto_pad") != "NOTSET" && p.Attrs.String("auto_pad") != "VALID" {
		return false
	}
	pads := p.Attrs.Ints("pads")
	return p.Attrs.Bool("count_include_pad") || len(pads) == 0 || slices.Max(pads) == 0
}

// quantizedSoftmax makes Softmax of a dequantized value QLinearSoftmax, within the limits of its kernel.
func quantizedSoftmax(r *rewriter, n *ir.Node) bool {
	scale, zero, ok := outputOf(r.g, n)
	p := n.Inputs[0].Def
	if !ok || p == nil || p.Op != "Softmax" || r.only(n.Inputs[0]) != n {
		return false
	}
	d := activation(p.Inputs[0])
	s := scale.Const.F64(0)
	if d == nil || d.bits() != 8 || d.q.Type.DType != n.Outputs[0].Type.DType || p.Inputs[0].Type.Len() > 1<<20 || s < 1.0/512 || s > 1 || rowLen(p) > 512 {
		return false
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "QLinearSoftmax", p.Attrs.Clone(), y.Type, fromAll([]*ir.Node{p, n}), d.q, d.scale, d.zeroPoint(r.g), scale, zero))
	return true
}

// rowLen returns the number of elements that a Softmax makes sum to 1.
func rowLen(p *ir.Node) int {
	shape := p.Inputs[0].Type.Shape
	axis := -1
	if p.Attrs.Has("axis") {
		axis = p.Attrs.Int("axis")
	}
	if axis < 0 {
		axis += len(shape)
	}
	if p.Attrs.Bool("flatten") {
		return tensor.Len(shape[axis:])
	}
	return shape[axis]
}
