package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// QuantizeLinear (opsets 10 to 25) and DequantizeLinear, per tensor, per axis or in blocks along an axis; Lookup is deepgo's own.
var quantizeDefs = []*Def{
	{Name: "QuantizeLinear", Since: []int{10, 13, 19, 21, 23, 24, 25, 28}, In: Args("x", "y_scale", "y_zero_point?"), Out: Args("y"),
		Attrs: []Attr{Int("axis", 1), Int("saturate", 1), Int("block_size", 0), Int("output_dtype", 0), Int("precision", 0)}, Infer: inferQuantize, Eval: evalQuantize, Lower: lowerQuantize, Parts: partsQuantize},
	{Name: "DequantizeLinear", Since: []int{10, 13, 19, 21, 23, 24, 25, 28}, In: Args("x", "x_scale", "x_zero_point?"), Out: Args("y"),
		Attrs: []Attr{Int("axis", 1), Int("block_size", 0), Int("output_dtype", 0)}, Infer: inferDequantize, Eval: evalDequantize, Lower: lowerDequantize, Parts: partsDequantize},
	// Lookup gives each 8-bit value its entry of a table of 256, which begins with the least value of the type.
	{Name: "Lookup", In: Args("x", "table"), Out: Args("y"), Infer: inferLookup, Eval: evalLookup, Lower: lowerLookup},
	{Name: "quantize_s8", In: Args("x"), Out: Args("y"), Eval: evalQuantizeKernel, Elementwise: true},
	{Name: "dequantize_s8", In: Args("x"), Out: Args("y"), Eval: evalDequantizeKernel, Elementwise: true},
	{Name: "quantizec_s8", In: Args("x", "scale", "zero"), Out: Args("y"), Eval: evalQuantizeManyKernel},
	{Name: "dequantizec_s8", In: Args("x", "scale", "zero"), Out: Args("y"), Eval: evalDequantizeManyKernel},
	{Name: "lookup_s8", In: Args("x", "table"), Out: Args("y"), Eval: evalLookup, InPlace: []int{0}, Elementwise: true},
}

// checkScale checks a scale and a zero point against the value that they quantize: one each, one per slice of the axis, or one per
// block_size elements along the axis.
func checkScale(c *Call) error {
	s := c.Shape(1)
	if c.Has(2) && tensor.Len(c.Shape(2)) != tensor.Len(s) {
		return fmt.Errorf("scale has %d elements and zero point %d", tensor.Len(s), tensor.Len(c.Shape(2)))
	}
	if c.Attrs.Int("block_size") == 0 && tensor.Len(s) == 1 && len(s) < 2 {
		return nil
	}
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return err
	}
	if block := c.Attrs.Int("block_size"); block != 0 {
		want := slices.Clone(c.Shape(0))
		want[axis] = (want[axis] + block - 1) / max(block, 1)
		if block < 0 || !slices.Equal(s, want) {
			return fmt.Errorf("scale has shape %v; expected %v: one per block of %d along axis %d of %v", s, want, block, axis, c.Shape(0))
		}
		return nil
	}
	if len(s) != 1 || s[0] != c.Shape(0)[axis] {
		return fmt.Errorf("scale has shape %v; expected one element, or %d for axis %d", s, c.Shape(0)[axis], axis)
	}
	return nil
}

func inferQuantize(c *Call) ([]ir.Type, error) {
	d := tensor.Uint8
	if c.Has(2) {
		d = c.Type(2).DType
	} else if n := c.Attrs.Int("output_dtype"); n != 0 {
		d = onnxDTypes[n]
	}
	if !d.IsInt() && !isFloat8(d) && d != tensor.Float4E2M1 {
		return nil, fmt.Errorf("quantizing to %s is not supported", d)
	}
	if _, err := quotientType(c); err != nil {
		return nil, err
	}
	return typed(d, c.Shape(0)...), checkScale(c)
}

func isFloat8(d tensor.DType) bool { return float8Max[d] != 0 }

// quotientType is the float type that x / y_scale rounds to: precision, or the type of y_scale, at least of 16 bits.
func quotientType(c *Call) (tensor.DType, error) {
	d := c.Type(1).DType
	if n := c.Attrs.Int("precision"); n != 0 {
		if d = onnxDTypes[n]; d != tensor.Float32 && d != tensor.Float16 && d != tensor.BFloat16 {
			return d, fmt.Errorf("precision is element type number %d; expected float32, float16 or bfloat16", n)
		}
	}
	if d == tensor.Float16 || d == tensor.BFloat16 {
		return d, nil
	}
	return tensor.Float32, nil
}

func inferDequantize(c *Call) ([]ir.Type, error) {
	d := c.Type(1).DType
	if n := c.Attrs.Int("output_dtype"); n != 0 {
		d = onnxDTypes[n]
	}
	if !d.IsFloat() {
		return nil, fmt.Errorf("dequantizing to %s is not supported", d)
	}
	return typed(d, c.Shape(0)...), checkScale(c)
}

// scaling says which scale applies to an element: element i is number k inside slice d of the axis, the axis being the o-th, and has
// scale o*so + d/block*sd + k*sk.
type scaling struct{ axis, inner, block, so, sd, sk int }

func newScaling(c *Call) scaling {
	if tensor.Len(c.Shape(1)) == 1 {
		return scaling{axis: 1, inner: 1, block: 1}
	}
	axis, _ := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	_, n, inner := around(c.Shape(0), axis)
	if block := c.Attrs.Int("block_size"); block > 0 {
		return scaling{n, inner, block, (n + block - 1) / block * inner, inner, 1}
	}
	return scaling{n, inner, 1, 0, 1, 0}
}

func (s scaling) at(i int) int {
	return i/(s.inner*s.axis)*s.so + i/s.inner%s.axis/s.block*s.sd + i%s.inner*s.sk
}

// quantize returns round(x / scale) + zero, saturated to d; zero where the quotient, a float32, is NaN.
func quantize(x, scale float32, zero int64, d tensor.DType) int64 {
	x /= scale
	if x != x {
		return zero
	}
	lo, hi := d.Range()
	v := roundEven(float64(x)) + float64(zero)
	return int64(atMost(atLeast(v, float64(lo)), float64(hi)))
}

func evalQuantize(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferQuantize(c)
	if err != nil {
		return nil, err
	}
	d, _ := quotientType(c)
	x, scale, quotient := c.X(0).Convert(d), c.X(1).Convert(d), tensor.New(d)
	y, at := tensor.New(types[0].DType, x.Shape...), newScaling(c).at
	for i := range x.Len() {
		k := at(i)
		quotient.SetF64(0, float64(float32(x.F64(i))/float32(scale.F64(k))))
		if y.DType.IsFloat() { // of 8 or 4 bits, whose zero point is 0
			castElement(y, i, quotient, 0, castingOf(c.Attrs))
			continue
		}
		y.SetI64(i, quantize(float32(quotient.F64(0)), 1, zeroAt(c.X(2), k), y.DType))
	}
	return one(y), nil
}

// zeroAt returns element k of a zero point; an absent one is 0.
func zeroAt(t *tensor.Tensor, k int) int64 {
	if t == nil {
		return 0
	}
	return t.I64(k)
}

func evalDequantize(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferDequantize(c)
	if err != nil {
		return nil, err
	}
	x, at := c.X(0), newScaling(c).at
	y := tensor.New(types[0].DType, x.Shape...)
	for i := range x.Len() {
		k := at(i)
		v := float32(0)
		if x.DType.IsFloat() { // of 8 or 4 bits, whose zero point is 0
			v = float32(x.F64(i))
		} else {
			v = float32(x.I64(i) - zeroAt(c.X(2), k))
		}
		y.SetF64(i, float64(v*float32(c.X(1).F64(k))))
	}
	return one(y), nil
}

// partsQuantize takes floats of 16 bits and less out of it: what is left is QuantizeLinear of float32, or a Cast.
func partsQuantize(p *Parts) []*ir.Value {
	d := p.quantizedType()
	quotient, err := quotientType(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	held := func(v *ir.Value) *ir.Value { return p.Cast(p.Cast(v, quotient), tensor.Float32) }
	x, scale := p.In(0), p.In(1)
	if d.IsFloat() || quotient != tensor.Float32 {
		x = held(p.Div(held(x), p.spread(held(scale))))
		scale = p.Expand(p.Scalar(tensor.Float32, 1), scale.Type.Shape...)
	}
	if d.IsFloat() {
		return []*ir.Value{p.Do("Cast", ir.Attrs{"to": Number(d), "saturate": int64(p.Attrs.Int("saturate"))}, x)}
	}
	attrs := p.pick("axis", "block_size", "output_dtype")
	return []*ir.Value{p.Do("QuantizeLinear", attrs, trimmed(p.Cast(x, tensor.Float32), p.Cast(scale, tensor.Float32), p.In(2))...)}
}

// quantizedType is the type of the first output.
func (p *Parts) quantizedType() tensor.DType {
	types, err := p.Def.Infer(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	return types[0].DType
}

// partsDequantize is partsQuantize the other way.
func partsDequantize(p *Parts) []*ir.Value {
	x, scale := p.In(0), p.Cast(p.In(1), tensor.Float32)
	if x.Type.DType.IsFloat() {
		x = p.Mul(p.Cast(x, tensor.Float32), p.spread(scale))
	} else {
		x = p.Do("DequantizeLinear", p.pick("axis", "block_size"), trimmed(x, scale, p.In(2))...)
	}
	return []*ir.Value{p.Cast(x, p.quantizedType())}
}

// spread gives scales a shape that broadcasts to what they quantize.
func (p *Parts) spread(scale *ir.Value) *ir.Value {
	shape := p.Shape(0)
	axis, block := p.Attrs.Int("axis"), p.Attrs.Int("block_size")
	switch n := scale.Type.Len(); {
	case block > 0:
		axis, _ = axisOf(axis, len(shape)) // checkScale has
		at := make([]int, shape[axis])
		for i := range at {
			at[i] = i / block
		}
		return p.Do("Gather", ir.Attrs{"axis": int64(axis)}, scale, p.Ints(at...))
	case n == 1:
		return p.Reshape(scale)
	default:
		axis, _ = axisOf(axis, len(shape))
		to := orOnes(nil, len(shape))
		to[axis] = n
		return p.Reshape(scale, to...)
	}
}

func lowerQuantize(l *Lowering) error {
	d := l.Out(0).DType
	if d.Bits() > 16 || !d.IsInt() {
		return fmt.Errorf("quantizing %s to %s is not available in C", l.Type(0).DType, d)
	}
	if l.Type(0).DType != tensor.Float32 || l.Type(1).DType != tensor.Float32 || l.narrowQuotient() {
		return l.LowerParts()
	}
	lo, hi := d.Range()
	return l.scaled("quantize", ir.Attrs{"YT": d.C(), "QMIN": lo, "QMAX": hi})
}

func (l *Lowering) narrowQuotient() bool {
	d, _ := quotientType(l.Call)
	return d != tensor.Float32
}

func lowerDequantize(l *Lowering) error {
	if t := l.Type(0).DType; !t.IsInt() || t.Bits() > 32 || l.Out(0).DType != tensor.Float32 {
		return fmt.Errorf("dequantizing %s to %s is not available in C", t, l.Out(0).DType)
	}
	return l.scaled("dequantize", ir.Attrs{"XT": l.Type(0).DType.C()})
}

// scaled emits a kernel that quantizes or dequantizes: where there is one constant scale and zero point, with numbers in it, else with
// arrays of them.
func (l *Lowering) scaled(kernel string, attrs ir.Attrs) error {
	x := l.inRAM(l.In(0))
	if scale, zero := l.Const(1), l.Const(2); scale != nil && scale.Len() == 1 && (zero != nil || !l.Has(2)) {
		attrs["N"], attrs["SCALE"], attrs["ZERO"] = int64(l.Out(0).Len()), float32(scale.F64(0)), zeroAt(zero, 0)
		l.Replace(kernel+"_s8", attrs, x)
		return nil
	}
	s := newScaling(l.Call)
	for name, v := range map[string]int{"O": l.Out(0).Len() / (s.axis * s.inner), "D": s.axis, "I": s.inner, "BLOCK": s.block, "SO": s.so, "SD": s.sd, "SK": s.sk} {
		attrs[name] = int64(v)
	}
	scale, zero := l.In(1), l.zeroPoints()
	if t := l.Const(1); t != nil {
		scale = l.Constant("scale", t.Convert(tensor.Float32).Reshape(t.Len()))
	}
	attrs["ZT"] = zero.Type.DType.C()
	l.Replace(kernel+"c_s8", attrs, x, scale, zero)
	return nil
}

// zeroPoints are those of a node with many, or with some that are known at run time; constants have 32 bits.
func (l *Lowering) zeroPoints() *ir.Value {
	if l.Has(2) && l.Const(2) == nil {
		return l.In(2)
	}
	zeros := tensor.New(tensor.Int32, l.Type(1).Len())
	for i := range zeros.Len() {
		zeros.SetI64(i, zeroAt(l.Const(2), i))
	}
	return l.Constant("zero", zeros)
}

// scalingOf reads the attributes of a kernel with many scales.
func scalingOf(a ir.Attrs) scaling {
	return scaling{a.Int("D"), a.Int("I"), a.Int("BLOCK"), a.Int("SO"), a.Int("SD"), a.Int("SK")}
}

func evalQuantizeManyKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y, s := c.X(0), c.newOut(0), scalingOf(c.Attrs)
	for i := range x.Len() {
		k := s.at(i)
		y.SetI64(i, quantize(float32(x.F64(i)), float32(c.X(1).F64(k)), c.X(2).I64(k), y.DType))
	}
	return one(y), nil
}

func evalDequantizeManyKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y, s := c.X(0), c.newOut(0), scalingOf(c.Attrs)
	for i := range x.Len() {
		k := s.at(i)
		y.SetF64(i, float64(float32(x.I64(i)-c.X(2).I64(k))*float32(c.X(1).F64(k))))
	}
	return one(y), nil
}

func evalQuantizeKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	for i := range x.Len() {
		y.SetI64(i, quantize(float32(x.F64(i)), c.Attrs.Float("SCALE"), int64(c.Attrs.Int("ZERO")), y.DType))
	}
	return one(y), nil
}

func evalDequantizeKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	for i := range x.Len() {
		y.SetF64(i, float64(float32(x.I64(i)-int64(c.Attrs.Int("ZERO")))*c.Attrs.Float("SCALE")))
	}
	return one(y), nil
}

func inferLookup(c *Call) ([]ir.Type, error) {
	return typed(c.Type(1).DType, c.Shape(0)...), nil
}

func evalLookup(c *Call) ([]*tensor.Tensor, error) {
	x, table := c.X(0), c.X(1)
	lo, _ := x.DType.Range()
	y := tensor.New(table.DType, x.Shape...)
	for i := range x.Len() {
		y.SetI64(i, table.I64(int(x.I64(i)-lo)))
	}
	return one(y), nil
}

func lowerLookup(l *Lowering) error {
	lo, _ := l.Type(0).DType.Range()
	attrs := ir.Attrs{"N": int64(l.Out(0).Len()), "XT": l.Type(0).DType.C(), "YT": l.Out(0).DType.C(), "LOW": lo}
	l.Replace("lookup_s8", attrs, l.In(0), l.In(1))
	return nil
}
