package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Cast, CastLike and BitCast between element types.
var castDefs = []*Def{
	{Name: "Cast", Since: []int{6, 9, 13, 19, 21, 23, 24, 25, 28}, In: Args("input"), Out: Args("output"), Attrs: append([]Attr{Int("to", 0).Must()}, castAttrs...), Infer: inferCast, Eval: evalCast, Lower: lowerCast, Moves: true},
	{Name: "CastLike", Since: []int{15, 19, 21, 23, 24, 25}, In: Args("input", "target_type"), Out: Args("output"), Attrs: castAttrs, Infer: inferCast, Eval: evalCast, Lower: lowerCast, Moves: true},
	{Name: "BitCast", Since: []int{26}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("to", 0).Must()}, Infer: inferBitCast, Eval: evalBitCast, Lower: lowerBitCast, Moves: true},
}

var castAttrs = []Attr{Int("saturate", 1), Str("round_mode", "up")}

// onnxDTypes are ONNX's numbers of element types (TensorProto.DataType).
var onnxDTypes = map[int]tensor.DType{
	1: tensor.Float32, 2: tensor.Uint8, 3: tensor.Int8, 4: tensor.Uint16, 5: tensor.Int16, 6: tensor.Int32, 7: tensor.Int64, 8: tensor.String, 9: tensor.Bool,
	10: tensor.Float16, 11: tensor.Float64, 12: tensor.Uint32, 13: tensor.Uint64, 16: tensor.BFloat16, 17: tensor.Float8E4M3FN,
	18: tensor.Float8E4M3FNUZ, 19: tensor.Float8E5M2, 20: tensor.Float8E5M2FNUZ, 21: tensor.Uint4, 22: tensor.Int4, 23: tensor.Float4E2M1,
	24: tensor.Float8E8M0, 25: tensor.Uint2, 26: tensor.Int2,
}

// Number returns ONNX's number of an element type.
func Number(d tensor.DType) int64 {
	for n, e := range onnxDTypes {
		if e == d {
			return int64(n)
		}
	}
	return 0
}

// dtypeAttr returns the element type that an attribute numbers, or def where it is absent.
func (c *Call) dtypeAttr(name string, def tensor.DType) (tensor.DType, error) {
	if !c.Attrs.Has(name) {
		return def, nil
	}
	d, ok := onnxDTypes[c.Attrs.Int(name)]
	if !ok {
		return d, fmt.Errorf("%s: element type number %d is not supported", name, c.Attrs.Int(name))
	}
	return d, nil
}

func inferCast(c *Call) ([]ir.Type, error) {
	if c.Def.Name == "CastLike" {
		return typed(c.Type(1).DType, c.Shape(0)...), nil
	}
	d, err := c.dtypeAttr("to", tensor.Invalid)
	if from := c.Type(0).DType; err == nil && from != d && (from == tensor.String || d == tensor.String) {
		err = fmt.Errorf("%s cannot be cast to %s: strings are places in a table here", from, d)
	}
	return typed(d, c.Shape(0)...), err
}

func evalCast(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferCast(c)
	if err != nil {
		return nil, err
	}
	x, y, k := c.X(0), tensor.New(types[0].DType, types[0].Shape...), castingOf(c.Attrs)
	for i := range x.Len() {
		castElement(y, i, x, i, k)
	}
	return one(y), nil
}

// casting says what becomes of floats that a narrow type cannot hold.
type casting struct {
	saturate bool
	round    string // to a power of two, for E8M0: "up" is away from zero, "down" towards it, or "nearest"
}

func castingOf(a ir.Attrs) casting { return casting{a.Bool("saturate"), a.String("round_mode")} }

// castElement casts element j of x to element i of y.
func castElement(y *tensor.Tensor, i int, x *tensor.Tensor, j int, k casting) {
	most, isFloat8 := float8Max[y.DType]
	switch {
	case x.DType == y.DType:
		copyElement(y, i, x, j)
	case y.DType == tensor.Float8E8M0:
		y.SetF64(i, k.powerOfTwo(x.F64(j)))
	case isFloat8 && k.saturate:
		y.SetF64(i, atMost(atLeast(x.F64(j), -most), most))
	case x.DType.IsFloat():
		y.SetF64(i, x.F64(j))
	case x.DType == tensor.Uint64 && y.DType.IsFloat():
		y.SetF64(i, x.F64(j))
	default:
		y.SetI64(i, x.I64(j))
	}
}

// float8Max are the greatest finite values of the 8-bit floats, where a saturating cast ends.
var float8Max = map[tensor.DType]float64{tensor.Float8E4M3FN: 448, tensor.Float8E4M3FNUZ: 240, tensor.Float8E5M2: 57344, tensor.Float8E5M2FNUZ: 57344}

// powerOfTwo rounds to what E8M0 holds, 2^-127 to 2^127.
func (k casting) powerOfTwo(v float64) float64 {
	if v != v || v < 0 {
		return math.NaN()
	}
	m, e := math.Frexp(v) // v = m * 2^e, m in [0.5, 1)
	e--
	if k.round == "up" && m > 0.5 || k.round == "nearest" && m >= 0.75 {
		e++
	}
	if v == 0 {
		e = -128
	}
	if math.IsInf(v, 1) {
		e = 128
	}
	if k.saturate {
		e = min(max(e, -127), 127)
	}
	if e < -127 || e > 127 {
		return math.NaN()
	}
	return math.Ldexp(1, e)
}

func lowerCast(l *Lowering) error {
	from, to := l.Type(0).DType, l.Out(0).DType
	if from == to {
		return lowerView(l)
	}
	k := castingOf(l.Attrs)
	attrs := ir.Attrs{"fn": "Cast", "saturate": truth(k.saturate), "round_mode": k.round}
	return l.eachKernel(attrs, castC(from, to, k), l.Node.Inputs[:1])
}

// castC returns the C that casts v0.
func castC(from, to tensor.DType, k casting) string {
	v := "v0"
	if from.IsFloat() && from.Bits() < 32 {
		v = floatOfBits(from)
	}
	switch {
	case to == tensor.Bool:
		return fmt.Sprintf("((uint8_t)(%s != 0))", v)
	case to.IsFloat() && to.Bits() < 32:
		return fmt.Sprintf("((%s)%s)", to.C(), bitsOfFloat(from, to, v, k))
	case to.IsFloat():
		return fmt.Sprintf("((%s)%s)", to.C(), v)
	case from == tensor.Float64:
		v = "dg_trunc(v0)"
	case from.IsFloat():
		v = fmt.Sprintf("dg_truncf(%s)", v)
	}
	return wrapC(to, v)
}

// wrapC returns the C that wraps an integer to a type.
func wrapC(d tensor.DType, v string) string {
	switch n := d.Bits(); {
	case n >= 8:
		return fmt.Sprintf("((%s)%s)", d.C(), v)
	case d.IsSigned():
		return fmt.Sprintf("((int8_t)((int32_t)(((uint32_t)%s & %du) ^ %du) - %d))", v, 1<<n-1, 1<<(n-1), 1<<(n-1))
	default:
		return fmt.Sprintf("((uint8_t)((uint32_t)%s & %du))", v, 1<<n-1)
	}
}

// floatFormats are the arguments of dg_narrow.h's functions: bits of the exponent and of the mantissa, bias, and what the highest
// exponent means.
var floatFormats = map[tensor.DType]string{
	tensor.Float16: "5, 10, 15, DG_IEEE", tensor.BFloat16: "8, 7, 127, DG_IEEE",
	tensor.Float8E4M3FN: "4, 3, 7, DG_FN", tensor.Float8E4M3FNUZ: "4, 3, 8, DG_FNUZ", tensor.Float8E5M2: "5, 2, 15, DG_IEEE", tensor.Float8E5M2FNUZ: "5, 2, 16, DG_FNUZ",
	tensor.Float4E2M1: "2, 1, 1, DG_FINITE",
}

func floatOfBits(d tensor.DType) string {
	if d == tensor.Float8E8M0 {
		return "dg_e8m0_float(v0)"
	}
	return fmt.Sprintf("dg_narrow_float(v0, %s)", floatFormats[d])
}

// bitsOfFloat returns the C that rounds v, of type from, once.
func bitsOfFloat(from, to tensor.DType, v string, k casting) string {
	if from == tensor.Float64 || !from.IsFloat() && from.Bits() > 16 {
		v = fmt.Sprintf("dg_odd_float((double)%s)", v)
	} else if !from.IsFloat() {
		v = "(float)" + v
	}
	if to == tensor.Float8E8M0 {
		return fmt.Sprintf("dg_float_e8m0(%s, DG_%s, %d)", v, map[string]string{"up": "UP", "down": "DOWN", "nearest": "NEAREST"}[k.round], truth(k.saturate))
	}
	if most, ok := float8Max[to]; ok && k.saturate {
		v = fmt.Sprintf("dg_clampf(%s, %s)", v, cFloat(float32(most)))
	}
	return fmt.Sprintf("dg_float_narrow(%s, %s)", v, floatFormats[to])
}

func inferBitCast(c *Call) ([]ir.Type, error) {
	d, err := c.dtypeAttr("to", tensor.Invalid)
	if from := c.Type(0).DType; err == nil && bitsInFile(d) != bitsInFile(from) {
		err = fmt.Errorf("%s has %d bits and %s %d; they must have as many", from, bitsInFile(from), d, bitsInFile(d))
	}
	return typed(d, c.Shape(0)...), err
}

// bitsInFile is what an element takes in ONNX: a bool a byte.
func bitsInFile(d tensor.DType) int {
	if d == tensor.Bool {
		return 8
	}
	return d.Bits()
}

func evalBitCast(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferBitCast(c)
	if err != nil {
		return nil, err
	}
	y, err := bitCast(c.X(0), types[0].DType)
	if err != nil {
		return nil, err
	}
	return one(y), nil
}

// bitCast reads the bits of x as d. Integers narrower than a byte are stored with their sign in the bits above, floats with zeros.
func bitCast(x *tensor.Tensor, d tensor.DType) (*tensor.Tensor, error) {
	raw := x.Bytes()
	if n := d.Bits(); n < 8 && d != tensor.Bool {
		for i := range raw {
			raw[i] &= 1<<n - 1
			if d.IsSigned() && raw[i]>>(n-1) != 0 {
				raw[i] |= 0xff << n
			}
		}
	}
	return tensor.FromBytes(d, raw, x.Shape...)
}

func lowerBitCast(l *Lowering) error {
	if d := l.Out(0).DType; d.Bits() < 8 && d != tensor.Bool {
		return l.eachKernel(ir.Attrs{"fn": "BitCast"}, wrapC(d, "v0"), l.Node.Inputs[:1])
	}
	return lowerView(l)
}
