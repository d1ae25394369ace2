package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Cast between element types, and operators that compare and choose: for shapes and masks that fold away.
var castDefs = []*Def{
	{Name: "Cast", Since: []int{6, 9, 13, 19, 21, 23, 24, 25}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("to", 0).Must(), Int("saturate", 1), Str("round_mode", "up")}, Infer: inferCast, Eval: evalCast, Lower: lowerCast},
	{Name: "Equal", Since: []int{7, 11, 13, 19}, In: Args("A", "B"), Out: Args("C"), Infer: inferCompare, Eval: evalCompare},
	{Name: "Greater", Since: []int{7, 9, 13}, In: Args("A", "B"), Out: Args("C"), Infer: inferCompare, Eval: evalCompare},
	{Name: "GreaterOrEqual", Since: []int{12, 16}, In: Args("A", "B"), Out: Args("C"), Infer: inferCompare, Eval: evalCompare},
	{Name: "Less", Since: []int{7, 9, 13}, In: Args("A", "B"), Out: Args("C"), Infer: inferCompare, Eval: evalCompare},
	{Name: "LessOrEqual", Since: []int{12, 16}, In: Args("A", "B"), Out: Args("C"), Infer: inferCompare, Eval: evalCompare},
	{Name: "Where", Since: []int{9, 16}, In: Args("condition", "X", "Y"), Out: Args("output"), Infer: inferWhere, Eval: evalWhere},
}

// onnxDTypes are ONNX's numbers of element types (TensorProto.DataType).
var onnxDTypes = map[int]tensor.DType{
	1: tensor.Float32, 2: tensor.Uint8, 3: tensor.Int8, 4: tensor.Uint16, 5: tensor.Int16, 6: tensor.Int32, 7: tensor.Int64, 9: tensor.Bool,
	10: tensor.Float16, 11: tensor.Float64, 12: tensor.Uint32, 13: tensor.Uint64, 16: tensor.BFloat16, 17: tensor.Float8E4M3FN,
	18: tensor.Float8E4M3FNUZ, 19: tensor.Float8E5M2, 20: tensor.Float8E5M2FNUZ, 21: tensor.Uint4, 22: tensor.Int4, 23: tensor.Float4E2M1,
	24: tensor.Float8E8M0, 25: tensor.Uint2, 26: tensor.Int2,
}

func inferCast(c *Call) ([]ir.Type, error) {
	d, ok := onnxDTypes[c.Attrs.Int("to")]
	if !ok {
		return nil, fmt.Errorf("element type number %d is not supported", c.Attrs.Int("to"))
	}
	return typed(d, c.Shape(0)...), nil
}

func evalCast(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferCast(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	if most, ok := float8Max[types[0].DType]; ok && x.DType.IsFloat() && c.Attrs.Bool("saturate") {
		y := tensor.New(types[0].DType, x.Shape...)
		for i := range x.Len() {
			y.SetF64(i, atMost(atLeast(x.F64(i), -most), most))
		}
		return one(y), nil
	}
	return one(x.Convert(types[0].DType)), nil
}

// lowerCast: integers become floats as dequantized ones do that count in ones.
func lowerCast(l *Lowering) error {
	d := l.Type(0).DType
	if !d.IsInt() || d.Bits() > 32 || d == tensor.Uint32 || l.Out(0).DType != tensor.Float32 {
		return fmt.Errorf("Cast from %s to %s is not available in C: it runs in the interpreter, and where the compiler can compute it beforehand", d, l.Out(0).DType)
	}
	l.Replace("dequantize_s8", ir.Attrs{"N": int64(l.Out(0).Len()), "XT": d.C(), "SCALE": float32(1), "ZERO": int64(0)}, l.In(0))
	return nil
}

// float8Max are the greatest finite values of the 8-bit floats, where a saturating cast ends.
var float8Max = map[tensor.DType]float64{tensor.Float8E4M3FN: 448, tensor.Float8E4M3FNUZ: 240, tensor.Float8E5M2: 57344, tensor.Float8E5M2FNUZ: 57344}

func inferCompare(c *Call) ([]ir.Type, error) {
	shape, err := broadcast(c.Shape(0), c.Shape(1))
	return typed(tensor.Bool, shape...), err
}

func evalCompare(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferCompare(c)
	if err != nil {
		return nil, err
	}
	a, b := c.X(0), c.X(1)
	y, i := tensor.New(tensor.Bool, types[0].Shape...), 0
	walk(y.Shape, func(at []int) {
		y.SetI64(i, int64(boolToInt(compare(c.Def.Name, a, at[0], b, at[1]))))
		i++
	}, broadcastStrides(a.Shape, y.Shape), broadcastStrides(b.Shape, y.Shape))
	return one(y), nil
}

func compare(name string, a *tensor.Tensor, i int, b *tensor.Tensor, j int) bool {
	less, equal := a.F64(i) < b.F64(j), a.F64(i) == b.F64(j)
	if !a.DType.IsFloat() {
		less, equal = a.I64(i) < b.I64(j), a.I64(i) == b.I64(j)
	}
	switch name {
	case "Equal":
		return equal
	case "Less":
		return less
	case "LessOrEqual":
		return less || equal
	}
	swapped := map[string]string{"Greater": "Less", "GreaterOrEqual": "LessOrEqual"}[name]
	return compare(swapped, b, j, a, i)
}

func inferWhere(c *Call) ([]ir.Type, error) {
	shape, err := broadcast(c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	shape, err = broadcast(shape, c.Shape(2))
	return typed(c.Type(1).DType, shape...), err
}

func evalWhere(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferWhere(c)
	if err != nil {
		return nil, err
	}
	y, i := tensor.New(types[0].DType, types[0].Shape...), 0
	walk(y.Shape, func(at []int) {
		if c.X(0).I64(at[0]) != 0 {
			copyElement(y, i, c.X(1), at[1])
		} else {
			copyElement(y, i, c.X(2), at[2])
		}
		i++
	}, broadcastStrides(c.Shape(0), y.Shape), broadcastStrides(c.Shape(1), y.Shape), broadcastStrides(c.Shape(2), y.Shape))
	return one(y), nil
}
