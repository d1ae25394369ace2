package op

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Sums, products by constants, averages and Softmax of quantized values, as ONNX Runtime's own operators write them.
var qpointwiseDefs = []*Def{
	{Name: "QLinearAdd", Domain: "com.microsoft", Since: []int{1}, In: Args("A", "A_scale", "A_zero_point?", "B", "B_scale", "B_zero_point?", "C_scale", "C_zero_point?"), Out: Args("C"),
		Attrs: clampAttrs, Infer: inferQBinary, Eval: evalQBinary, Lower: lowerQBinary, Spatial: true},
	{Name: "QLinearMul", Domain: "com.microsoft", Since: []int{1}, In: Args("A", "A_scale", "A_zero_point?", "B", "B_scale", "B_zero_point?", "C_scale", "C_zero_point?"), Out: Args("C"),
		Attrs: clampAttrs, Infer: inferQBinary, Eval: evalQBinary, Lower: lowerQBinary, Spatial: true},
	{Name: "QLinearGlobalAveragePool", Domain: "com.microsoft", Since: []int{1}, In: Args("X", "x_scale", "x_zero_point", "y_scale", "y_zero_point"), Out: Args("Y"),
		Attrs: []Attr{Int("channels_last", 0)}, Infer: inferQPool, Eval: evalQPool, Lower: lowerQPool, Spatial: true},
	{Name: "QLinearAveragePool", Domain: "com.microsoft", Since: []int{1}, In: Args("X", "x_scale", "x_zero_point?", "y_scale", "y_zero_point?"), Out: Args("Y"),
		Attrs: append([]Attr{Int("ceil_mode", 0), Int("count_include_pad", 0), Int("channels_last", 0), Int("global", 0)}, windowAttrs...), Infer: inferQPool, Eval: evalQPool, Lower: lowerQPool, Spatial: true},
	{Name: "QLinearSoftmax", Domain: "com.microsoft", Since: []int{1}, In: Args("X", "x_scale", "x_zero_point?", "y_scale", "y_zero_point"), Out: Args("Y"),
		Attrs: []Attr{Int("axis", -1), Int("opset", 13), Int("flatten", 0)}, Infer: inferQSoftmax, Eval: evalQSoftmax, Lower: lowerQSoftmax},
	{Name: "mul_s8", In: Args("a", "b"), Out: Args("y"), Eval: evalQMulKernel, InPlace: []int{0, 1}, Elementwise: true},
	{Name: "add_s8", In: Args("a", "b"), Out: Args("y"), Eval: evalQAdd, InPlace: []int{0, 1}, Elementwise: true},
	{Name: "add_s16", In: Args("a", "b"), Out: Args("y"), Eval: evalQAdd, InPlace: []int{0, 1}, Elementwise: true},
	{Name: "avgpool2d_fold_s8", In: Args("x"), Out: Args("y"), Eval: evalQAvgPool},
	{Name: "avgpool2d_s8", In: Args("x"), Out: Args("y"), Eval: evalQAvgPool},
	{Name: "avgpool2d_s16", In: Args("x"), Out: Args("y"), Eval: evalQAvgPool},
	{Name: "softmax_s8", In: Args("x", "table"), Out: Args("y"), Eval: evalSoftmaxS8},
}

func inferQSoftmax(c *Call) ([]ir.Type, error) {
	return typed(c.Type(0).DType, c.Shape(0)...), c.checkQuantization(0, 0)
}

func inferQBinary(c *Call) ([]ir.Type, error) {
	shape, err := broadcast(c.Shape(0), c.Shape(3))
	if err == nil {
		err = c.checkQuantization(0, 0)
	}
	return typed(c.zeroType(7, c.Type(0).DType), shape...), err
}

// zeroType is the type of a zero point, or where it is absent a given one.
func (c *Call) zeroType(i int, d tensor.DType) tensor.DType {
	if c.Has(i) {
		return c.Type(i).DType
	}
	return d
}

func evalQBinary(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferQBinary(c)
	if err != nil {
		return nil, err
	}
	f := scalar(map[string]string{"QLinearAdd": "Add", "QLinearMul": "Mul"}[c.Def.Name])
	a, b := c.X(0), c.X(3)
	y, i := tensor.New(types[0].DType, types[0].Shape...), 0
	lo, hi := c.clampOf(y.DType)
	real := func(t *tensor.Tensor, at, scale int) float64 {
		return float64(float32(t.I64(at)-zeroAt(c.X(scale+1), 0)) * float32(c.X(scale).F64(0)))
	}
	ys, yz := float32(c.X(6).F64(0)), zeroAt(c.X(7), 0)
	walk(y.Shape, func(at []int) {
		v := float32(f.eval([]float64{real(a, at[0], 1), real(b, at[1], 4)}))
		y.SetI64(i, min(max(quantize(v, ys, yz, y.DType), lo), hi))
		i++
	}, broadcastStrides(a.Shape, y.Shape), broadcastStrides(b.Shape, y.Shape))
	return one(y), nil
}

// lowerQBinary: a constant per channel makes it a depthwise convolution of one tap, whose weights are the factors, or whose bias is
// the addend; a constant that is one number a table. What else is not of the result's shape is repeated first.
func lowerQBinary(l *Lowering) error {
	for _, i := range []int{1, 2, 4, 5, 6, 7} {
		if l.Has(i) && l.Type(i).Len() != 1 {
			return fmt.Errorf("%s is available in C for one scale and zero point of each operand", l.Def.Name)
		}
	}
	if l.computed(1, 2, 4, 5, 6, 7) {
		return l.throughFloats([]int{0, 3}, []int{1, 4}, 6, func(p *Parts, x []*ir.Value) *ir.Value {
			return p.Do(strings.TrimPrefix(l.Def.Name, "QLinear"), nil, x...)
		})
	}
	if k := l.Const(3); k != nil && perChannel(k.Shape, l.Shape(0)) && len(l.Shape(0)) <= 4 && l.Type(0).Len() == l.Out(0).Len() && l.qAffine() == nil {
		return nil
	}
	for i, other := range map[int]int{0: 3, 3: 0} {
		if k := l.Const(other); k != nil && k.Len() == 1 && l.Type(i).DType.Bits() == 8 && l.Type(i).Len() == l.Out(0).Len() {
			return l.tabulate(i)
		}
	}
	if l.Def.Name == "QLinearMul" {
		return l.qMul()
	}
	return l.qAdd()
}

// whole returns an operand in the shape of the result.
func (l *Lowering) whole(i int) *ir.Value {
	v, t := l.In(i), l.Out(0)
	if k := l.Const(i); k != nil {
		if k.Len() < t.Len() {
			k = gatherStrided(k, t.Shape, broadcastStrides(k.Shape, t.Shape), 0)
		}
		return l.load(l.Constant(v.Name, k))
	}
	if v.Type.Len() == t.Len() {
		return v
	}
	shape := tensor.New(tensor.Int64, len(t.Shape))
	for k, d := range t.Shape {
		shape.SetI64(k, int64(d))
	}
	return l.Emit("Expand", nil, ir.Type{DType: v.Type.DType, Shape: t.Shape}, v, l.Constant("shape", shape))
}

func (l *Lowering) qMul() error {
	factor := l.Const(1).F64(0) * l.Const(4).F64(0) / l.Const(6).F64(0)
	az, bz := zeroAt(l.Const(2), 0), zeroAt(l.Const(5), 0)
	most := reachOf(l.Type(0).DType, az) * reachOf(l.Type(3).DType, bz)
	p := &product{wide: tooWide(most, factor)}
	m, err := p.multiplier(factor, most)
	if err != nil {
		return err
	}
	lo, hi := l.clampOf(l.Out(0).DType)
	attrs := ir.Attrs{"N": int64(l.Out(0).Len()), "AT": l.Type(0).DType.C(), "BT": l.Type(3).DType.C(), "YT": l.Out(0).DType.C(), "AZ": az, "BZ": bz, "YZ": zeroAt(l.Const(7), 0),
		"QMIN": lo, "QMAX": hi, "MUL": int64(m.M), "SHIFT": int64(m.Shift)}
	p.accumulate(attrs)
	l.Replace("mul_s8", attrs, l.whole(0), l.whole(3))
	return nil
}

func evalQMulKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	for i := range y.Len() {
		y.SetI64(i, c.rescaled((c.X(0).I64(i)-int64(a.Int("AZ")))*(c.X(1).I64(i)-int64(a.Int("BZ"))), multiplierOf(a)))
	}
	return one(y), nil
}

// multiplierOf is the factor of a kernel that has one for all.
func multiplierOf(a ir.Attrs) fixed.Multiplier {
	return fixed.Multiplier{M: int32(a.Int("MUL")), Shift: int32(a.Int("SHIFT"))}
}

// perChannel reports whether shape s varies along axis 1 of x alone.
func perChannel(s, x []int) bool {
	if len(x) < 3 || tensor.Len(s) != x[1] {
		return false
	}
	k := len(x) - 1
	return k <= len(s) && s[len(s)-k] == x[1]
}

// sumBits is the weight that stands for 1 where a constant is added: large, so that the addend in units of it is exact to
// well below a rounding.
const sumBits = 14

func (l *Lowering) qAffine() error {
	x, k := l.Shape(0), l.Const(3)
	n := x[1]
	s := &scales{xs: l.Const(1).F64(0), xz: zeroAt(l.Const(2), 0), ys: l.Const(6).F64(0), yz: zeroAt(l.Const(7), 0)}
	w, bias := tensor.New(tensor.Int16, n, 1), tensor.New(tensor.Int32, n)
	for i := range n {
		v := k.I64(i) - zeroAt(l.Const(5), 0)
		if l.Def.Name == "QLinearMul" {
			w.SetI64(i, v)
			continue
		}
		w.SetI64(i, 1<<sumBits)
		addend := math.RoundToEven(float64(v) * l.Const(4).F64(0) / s.xs * (1 << sumBits))
		if math.Abs(addend) > 1<<30 {
			return fmt.Errorf("the constant is too large beside the other operand")
		}
		bias.SetF64(i, addend)
	}
	s.ws = tensor.Of(tensor.Float64, []float64{1.0 / (1 << sumBits)})
	if l.Def.Name == "QLinearMul" {
		s.ws = l.Const(4)
	}
	p, err := l.product(s, w, bias, n, false)
	if err != nil {
		return err
	}
	g, err := newWindow(ir.Attrs{}, x[2:], orOnes(nil, len(x)-2))
	if err != nil {
		return err
	}
	attrs := g.constants()
	attrs["N"], attrs["OC"], attrs["IC"] = int64(x[0]), int64(n), int64(n)
	p.attrs(attrs, w)
	l.image("dwconv2d"+p.suffix(), attrs, append([]*ir.Value{l.Constant("w", w.Reshape(1, 1, n))}, p.consts...)...)
	return nil
}

// qAdd brings both operands to one scale of as many bits as the sum of both fits in: 31 where all values have 8 bits, else 62, the factors
// having 30.
func (l *Lowering) qAdd() error {
	a, b := l.Const(1).F64(0)/l.Const(6).F64(0), l.Const(4).F64(0)/l.Const(6).F64(0)
	kernel, shift := "add_s8", 0
	for shift < 30 && math.Ldexp(a+b, shift+1)*255 < 1<<30 {
		shift++
	}
	if slices.Max([]int{l.Type(0).DType.Bits(), l.Type(3).DType.Bits(), l.Out(0).DType.Bits()}) > 8 {
		_, exp := math.Frexp(max(a, b))
		kernel, shift = "add_s16", min(30-exp, 62)
	}
	if shift < 1 {
		return fmt.Errorf("scales %g and %g are too large beside the output's", a, b)
	}
	lo, hi := l.clampOf(l.Out(0).DType)
	l.Replace(kernel, ir.Attrs{
		"N": int64(l.Out(0).Len()), "AT": l.Type(0).DType.C(), "BT": l.Type(3).DType.C(), "YT": l.Out(0).DType.C(),
		"AZ": zeroAt(l.Const(2), 0), "BZ": zeroAt(l.Const(5), 0), "YZ": zeroAt(l.Const(7), 0), "QMIN": lo, "QMAX": hi,
		"AM": int64(math.RoundToEven(math.Ldexp(a, shift))), "BM": int64(math.RoundToEven(math.Ldexp(b, shift))), "SHIFT": int64(shift),
	}, l.whole(0), l.whole(3))
	return nil
}

func evalQAdd(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	for i := range y.Len() {
		acc := (c.X(0).I64(i)-int64(a.Int("AZ")))*int64(a.Int("AM")) + (c.X(1).I64(i)-int64(a.Int("BZ")))*int64(a.Int("BM"))
		v := fixed.RoundShift(acc, uint(a.Int("SHIFT"))) + int64(a.Int("YZ"))
		y.SetI64(i, min(max(v, int64(a.Int("QMIN"))), int64(a.Int("QMAX"))))
	}
	return one(y), nil
}

func inferQPool(c *Call) ([]ir.Type, error) {
	if c.Attrs.Bool("channels_last") {
		return nil, fmt.Errorf("channels_last is not supported")
	}
	types, err := inferPool(c)
	if err != nil {
		return nil, err
	}
	types[0].DType = c.zeroType(4, c.Type(0).DType)
	return types[:1], c.checkQuantization(0, 0)
}

func evalQPool(c *Call) ([]*tensor.Tensor, error) {
	g, err := poolWindow(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	y := tensor.New(c.zeroType(4, x.DType), append([]int{x.Shape[0], x.Shape[1]}, g.out...)...)
	lo, hi := y.DType.Range()
	factor := c.X(1).F64(0) / c.X(3).F64(0)
	pool(g, x.Shape, func(i, _ int, out []int, taps func(func(at int))) {
		sum, n := int64(0), 0
		taps(func(at int) { sum += x.I64(at) - zeroAt(c.X(2), 0); n++ })
		if c.Attrs.Bool("count_include_pad") {
			n = g.padded(out)
		}
		v := int64(roundEven(float64(sum)*factor/float64(n)*belowOne)) + zeroAt(c.X(4), 0)
		y.SetI64(i, min(max(v, lo), hi))
	})
	return one(y), nil
}

// belowOne makes averages that lie halfway between two quantized values go towards the zero point, which is where the
// rounding errors of float sums put them most often.
const belowOne = 1 - 1.0/(1<<31)

// lowerQPool is for windows that all have the same number of taps: the divisor is then part of the factor.
func lowerQPool(l *Lowering) error {
	if l.computed(1, 2, 3, 4) {
		return l.throughFloat(strings.TrimPrefix(l.Def.Name, "QLinear"), "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides")
	}
	g, err := poolWindow(l.Call)
	if err != nil {
		return err
	}
	if len(g.in) > 2 || g.pads() && !l.Attrs.Bool("count_include_pad") || l.Attrs.Bool("ceil_mode") {
		return fmt.Errorf("%s is available in C for one or two spatial axes and windows of one size", l.Def.Name)
	}
	xt, xz := l.Type(0).DType, zeroAt(l.Const(2), 0)
	factor, most := l.Const(1).F64(0)/l.Const(3).F64(0)/float64(tensor.Len(g.kernel))*belowOne, reachOf(xt, xz)*int64(tensor.Len(g.kernel))
	p := &product{xt: xt, wide: tooWide(most, factor)}
	m, err := p.multiplier(factor, most)
	if err != nil {
		return err
	}
	lo, hi := l.Out(0).DType.Range()
	attrs := g.constants()
	attrs["N"], attrs["C"] = int64(l.Shape(0)[0]), int64(l.Shape(0)[1])
	attrs["XT"], attrs["YT"] = xt.C(), l.Out(0).DType.C()
	attrs["XZ"], attrs["YZ"], attrs["QMIN"], attrs["QMAX"] = xz, zeroAt(l.Const(4), 0), lo, hi
	attrs["MUL"], attrs["SHIFT"] = int64(m.M), int64(m.Shift)
	if p.suffix() == "_s16" {
		p.accumulate(attrs)
	} else {
		attrs["TIES"] = truth(p.ties)
	}
	l.image("avgpool2d"+p.suffix(), attrs)
	return nil
}

func evalQAvgPool(c *Call) ([]*tensor.Tensor, error) {
	a, x, y := c.Attrs, c.X(0), c.newOut(0)
	m := multiplierOf(a)
	pool2D(a, func(i, _ int, taps func(func(at int))) {
		sum := int64(0)
		taps(func(at int) { sum += x.I64(at) - int64(a.Int("XZ")) })
		y.SetI64(i, c.rescaled(sum, m))
	})
	return one(y), nil
}

func evalQSoftmax(c *Call) ([]*tensor.Tensor, error) {
	outer, n, inner, err := softmaxSizes(c)
	if err != nil {
		return nil, err
	}
	x := tensor.New(tensor.Float32, c.X(0).Shape...)
	for i := range x.Len() {
		x.SetF64(i, float64(float32(c.X(0).I64(i)-zeroAt(c.X(2), 0))*float32(c.X(1).F64(0))))
	}
	p := softmax(x, outer, n, inner, false)
	y := tensor.New(c.X(0).DType, x.Shape...)
	for i := range y.Len() {
		y.SetI64(i, quantize(float32(p.F64(i)), float32(c.X(3).F64(0)), zeroAt(c.X(4), 0), y.DType))
	}
	return one(y), nil
}

// Softmax in integers: the exponential of a distance d to the maximum is expTable[d], with expBits bits for d = 0; the
// result is round(e * invScale / sum), where invScale is 1/y_scale with invBits fraction bits.
const (
	expBits = 22
	invBits = 16
)

func lowerQSoftmax(l *Lowering) error {
	if l.computed(1, 2, 3, 4) {
		return l.throughFloat("Softmax", "axis", "flatten")
	}
	outer, n, inner, err := softmaxSizes(l.Call)
	if err != nil {
		return err
	}
	inv := math.RoundToEven(math.Ldexp(1/l.Const(3).F64(0), invBits))
	if n > 512 || inv >= 1<<26 || inv < 1 {
		return fmt.Errorf("Softmax of %d elements with output scale %g is not available in integers", n, l.Const(3).F64(0))
	}
	table := tensor.New(tensor.Uint32, 256)
	for d := range 256 {
		table.SetI64(d, int64(math.RoundToEven(math.Ldexp(math.Exp(-float64(d)*l.Const(1).F64(0)), expBits))))
	}
	lo, hi := l.Out(0).DType.Range()
	l.Replace("softmax_s8", ir.Attrs{"OUTER": int64(outer), "N": int64(n), "INNER": int64(inner), "XT": l.Type(0).DType.C(), "YT": l.Out(0).DType.C(),
		"INV": int64(inv), "INVBITS": int64(invBits), "YZ": zeroAt(l.Const(4), 0), "QMIN": lo, "QMAX": hi}, l.In(0), l.Constant("exp", table))
	return nil
}

func evalSoftmaxS8(c *Call) ([]*tensor.Tensor, error) {
	a, x, y := c.Attrs, c.X(0), c.newOut(0)
	n, inner := a.Int("N"), a.Int("INNER")
	for o := range a.Int("OUTER") {
		for k := range inner {
			at := func(i int) int { return (o*n+i)*inner + k }
			most, sum := x.I64(at(0)), int64(0)
			for i := range n {
				most = max(most, x.I64(at(i)))
			}
			e := func(i int) int64 { return c.X(1).I64(int(most - x.I64(at(i)))) }
			for i := range n {
				sum += e(i)
			}
			for i := range n {
				v := divideEven(e(i)*int64(a.Int("INV")), sum<<a.Int("INVBITS")) + int64(a.Int("YZ"))
				y.SetI64(at(i), min(max(v, int64(a.Int("QMIN"))), int64(a.Int("QMAX"))))
			}
		}
	}
	return one(y), nil
}

// divideEven returns p / q rounded to nearest, ties to even, for p >= 0 and q > 0.
func divideEven(p, q int64) int64 {
	v, rest := p/q, p%q
	if 2*rest > q || 2*rest == q && v&1 == 1 {
		v++
	}
	return v
}
