package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// QuantizeLinear (opsets 10 to 25) and DequantizeLinear, per tensor or per axis; Lookup is deepgo's own.
var quantizeDefs = []*Def{
	{Name: "QuantizeLinear", Since: []int{10, 13, 19, 21, 23, 24, 25}, In: Args("x", "y_scale", "y_zero_point?"), Out: Args("y"),
		Attrs: []Attr{Int("axis", 1), Int("saturate", 1), Int("block_size", 0), Int("output_dtype", 0), Int("precision", 0)}, Infer: inferQuantize, Eval: evalQuantize, Lower: lowerQuantize},
	{Name: "DequantizeLinear", Since: []int{10, 13, 19, 21, 23, 24, 25}, In: Args("x", "x_scale", "x_zero_point?"), Out: Args("y"),
		Attrs: []Attr{Int("axis", 1), Int("block_size", 0), Int("output_dtype", 0)}, Infer: inferDequantize, Eval: evalDequantize, Lower: lowerDequantize},
	// Lookup gives each 8-bit value its entry of a table of 256, which begins with the least value of the type.
	{Name: "Lookup", In: Args("x", "table"), Out: Args("y"), Infer: inferLookup, Eval: evalLookup, Lower: lowerLookup},
	{Name: "quantize_s8", In: Args("x"), Out: Args("y"), Eval: evalQuantizeKernel, Elementwise: true},
	{Name: "dequantize_s8", In: Args("x"), Out: Args("y"), Eval: evalDequantizeKernel, Elementwise: true},
	{Name: "lookup_s8", In: Args("x", "table"), Out: Args("y"), Eval: evalLookup, InPlace: []int{0}, Elementwise: true},
}

// checkScale checks a scale and a zero point against the value that they quantize: one each, or one per slice of the axis.
func checkScale(c *Call) error {
	s := c.Shape(1)
	if c.Attrs.Int("block_size") != 0 {
		return fmt.Errorf("blocked quantization is not supported")
	}
	if c.Has(2) && tensor.Len(c.Shape(2)) != tensor.Len(s) {
		return fmt.Errorf("scale has %d elements and zero point %d", tensor.Len(s), tensor.Len(c.Shape(2)))
	}
	if tensor.Len(s) == 1 && len(s) < 2 {
		return nil
	}
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return err
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
	if !d.IsInt() {
		return nil, fmt.Errorf("quantizing to %s is not supported", d)
	}
	return typed(d, c.Shape(0)...), checkScale(c)
}

func inferDequantize(c *Call) ([]ir.Type, error) {
	return typed(c.Type(1).DType, c.Shape(0)...), checkScale(c)
}

// sliceOf returns, per element, which scale applies to it.
func sliceOf(c *Call) func(i int) int {
	n := tensor.Len(c.X(1).Shape)
	if n == 1 {
		return func(int) int { return 0 }
	}
	axis, _ := axisOf(c.Attrs.Int("axis"), len(c.X(0).Shape))
	_, _, inner := around(c.X(0).Shape, axis)
	return func(i int) int { return i / inner % n }
}

// quantize returns round(x / scale) + zero, saturated to d; the quotient is a float32, as in ONNX Runtime.
func quantize(x, scale float32, zero int64, d tensor.DType) int64 {
	if x != x {
		return zero
	}
	lo, hi := d.Range()
	v := roundEven(float64(x/scale)) + float64(zero)
	return int64(atMost(atLeast(v, float64(lo)), float64(hi)))
}

func evalQuantize(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferQuantize(c)
	if err != nil {
		return nil, err
	}
	x, at := c.X(0), sliceOf(c)
	y := tensor.New(types[0].DType, x.Shape...)
	for i := range x.Len() {
		k := at(i)
		y.SetI64(i, quantize(float32(x.F64(i)), float32(c.X(1).F64(k)), zeroAt(c.X(2), k), y.DType))
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
	x, at := c.X(0), sliceOf(c)
	y := tensor.New(c.X(1).DType, x.Shape...)
	for i := range x.Len() {
		k := at(i)
		y.SetF64(i, float64(float32(x.I64(i)-zeroAt(c.X(2), k))*float32(c.X(1).F64(k))))
	}
	return one(y), nil
}

// perTensor returns the scale and zero point of inputs 1 and 2 where they are constants for the whole tensor.
func (c *Call) perTensor() (scale float32, zero int64, err error) {
	s := c.Const(1)
	if s == nil || s.Len() != 1 || c.Has(2) && c.Const(2) == nil {
		return 0, 0, fmt.Errorf("%s is available in C for one constant scale and zero point", c.Def.Name)
	}
	return float32(s.F64(0)), zeroAt(c.Const(2), 0), nil
}

func lowerQuantize(l *Lowering) error {
	scale, zero, err := l.perTensor()
	if err != nil {
		return err
	}
	d := l.Out(0).DType
	if d.Bits() > 16 || l.Type(0).DType != tensor.Float32 {
		return fmt.Errorf("quantizing %s to %s is not available in C", l.Type(0).DType, d)
	}
	lo, hi := d.Range()
	l.Replace("quantize_s8", ir.Attrs{"N": int64(l.Out(0).Len()), "YT": d.C(), "SCALE": scale, "ZERO": zero, "QMIN": lo, "QMAX": hi}, l.In(0))
	return nil
}

func lowerDequantize(l *Lowering) error {
	scale, zero, err := l.perTensor()
	if err != nil {
		return err
	}
	x := l.In(0)
	if x.IsConst() {
		x = l.load(x)
	}
	l.Replace("dequantize_s8", ir.Attrs{"N": int64(l.Out(0).Len()), "XT": l.Type(0).DType.C(), "SCALE": scale, "ZERO": zero}, x)
	return nil
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
