package op

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// ONNX Runtime's functions of one 8-bit value, which become tables, and its Concat of values that are quantized differently.
var qtableDefs = []*Def{
	{Name: "QLinearSigmoid", Domain: "com.microsoft", Since: []int{1}, In: Args("X", "X_scale", "X_zero_point?", "Y_scale", "Y_zero_point?"), Out: Args("Y"), Infer: inferQUnary, Eval: evalQUnary, Lower: lowerQUnary, Spatial: true},
	{Name: "QLinearLeakyRelu", Domain: "com.microsoft", Since: []int{1}, In: Args("X", "X_scale", "X_zero_point?", "Y_scale", "Y_zero_point?"), Out: Args("Y"), Attrs: []Attr{Float("alpha", 0.01)},
		Infer: inferQUnary, Eval: evalQUnary, Lower: lowerQUnary, Spatial: true},
	{Name: "QLinearConcat", Domain: "com.microsoft", Since: []int{1}, In: Args("Y_scale", "Y_zero_point", "inputs..."), Out: Args("Y"), Attrs: []Attr{Int("axis", 0).Must()}, Infer: inferQConcat, Eval: evalQConcat, Lower: lowerQConcat, Spatial: true},
}

func inferQUnary(c *Call) ([]ir.Type, error) {
	if c.Type(0).DType.Bits() != 8 {
		return nil, fmt.Errorf("X is %s; expected 8 bits", c.Type(0).DType)
	}
	return typed(c.Type(0).DType, c.Shape(0)...), c.checkQuantization(0, 0)
}

func evalQUnary(c *Call) ([]*tensor.Tensor, error) {
	f := scalar(map[string]string{"QLinearSigmoid": "Sigmoid", "QLinearLeakyRelu": "LeakyRelu"}[c.Def.Name])
	y := tensor.New(c.X(0).DType, c.X(0).Shape...)
	args := []float64{0}
	if c.Attrs.Has("alpha") {
		args = append(args, float64(c.Attrs.Float("alpha")))
	}
	for i := range y.Len() {
		args[0] = float64(float32(c.X(0).I64(i)-zeroAt(c.X(2), 0)) * float32(c.X(1).F64(0)))
		y.SetI64(i, quantize(float32(f.eval(args)), float32(c.X(3).F64(0)), zeroAt(c.X(4), 0), y.DType))
	}
	return one(y), nil
}

func lowerQUnary(l *Lowering) error {
	if l.computed(1, 2, 3, 4) {
		return l.throughFloat(strings.TrimPrefix(l.Def.Name, "QLinear"), "alpha")
	}
	return l.tabulate(0)
}

// tabulate replaces an operator whose inputs but the i-th are constants by a table of what it gives for every value of that.
func (l *Lowering) tabulate(i int) error {
	all := tensor.New(l.Type(i).DType, 256)
	lo, _ := all.DType.Range()
	for k := range all.Len() {
		all.SetI64(k, lo+int64(k))
	}
	n, in := *l.Node, slices.Clone(l.in)
	for k, v := range l.Node.Inputs {
		if k != i && v != nil && l.Const(k) == nil {
			return fmt.Errorf("input %q must be a constant", l.Def.In[min(k, len(l.Def.In)-1)].Name)
		}
	}
	in[i] = all
	n.Inputs = slices.Clone(n.Inputs)
	n.Inputs[i] = &ir.Value{Type: ir.Type{DType: all.DType, Shape: all.Shape}}
	n.Outputs = []*ir.Value{{Type: ir.Type{DType: l.Out(0).DType, Shape: all.Shape}}}
	table, err := Eval(&n, in)
	if err != nil {
		return err
	}
	l.Replace("Lookup", nil, l.In(i), l.Constant("table", table[0]))
	return nil
}

func inferQConcat(c *Call) ([]ir.Type, error) {
	if c.N() < 5 || (c.N()-2)%3 != 0 {
		return nil, fmt.Errorf("%d inputs; expected Y_scale, Y_zero_point, and three for each value", c.N())
	}
	for i := range c.N() {
		if i >= 2 && (i-2)%3 == 0 { // a value
			continue
		}
		if err := c.checkSingle(i, fmt.Sprintf("input %d, a scale or zero point,", i)); err != nil {
			return nil, err
		}
	}
	shape := slices.Clone(c.Shape(2))
	axis, err := axisOf(c.Attrs.Int("axis"), len(shape))
	if err != nil {
		return nil, err
	}
	for i := 5; i < c.N(); i += 3 {
		s := slices.Clone(c.Shape(i))
		if len(s) != len(shape) {
			return nil, fmt.Errorf("values have shapes %v and %v; expected one rank", c.Shape(2), s)
		}
		shape[axis], s[axis] = shape[axis]+s[axis], shape[axis]+s[axis]
		if !slices.Equal(s, shape) {
			return nil, fmt.Errorf("values %s and %s differ in more than axis %d", c.Type(2), c.Type(i), axis)
		}
	}
	return typed(c.Type(1).DType, shape...), nil
}

func evalQConcat(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferQConcat(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(types[0].DType, types[0].Shape...)
	axis, _ := axisOf(c.Attrs.Int("axis"), len(y.Shape))
	strides, from := stridesOf(y.Shape), 0
	for i := 2; i < c.N(); i += 3 {
		x, j := c.X(i), 0
		walk(x.Shape, func(at []int) {
			real := float32(x.I64(j)-zeroAt(c.X(i+2), 0)) * float32(c.X(i+1).F64(0))
			y.SetI64(from+at[0], quantize(real, float32(c.X(0).F64(0)), zeroAt(c.X(1), 0), y.DType))
			j++
		}, strides)
		from += x.Shape[axis] * strides[axis]
	}
	return one(y), nil
}

// lowerQConcat brings every value to the scale of the result, by a table where it has another one, and joins them.
func lowerQConcat(l *Lowering) error {
	values, scales, computed := []int{}, []int{}, l.computed(0, 1)
	for i := 2; i < l.N(); i += 3 {
		values, scales, computed = append(values, i), append(scales, i+1), computed || l.computed(i+1, i+2)
	}
	if computed {
		return l.throughFloats(values, scales, 0, func(p *Parts, x []*ir.Value) *ir.Value { return p.Concat(p.Attrs.Int("axis"), x...) })
	}
	var parts []*ir.Value
	t := l.Out(0)
	for _, i := range values {
		scale, zero := l.Const(i+1), l.Const(i+2)
		x := l.In(i)
		if l.Type(i).DType == t.DType && scale.F64(0) == l.Const(0).F64(0) && zeroAt(zero, 0) == zeroAt(l.Const(1), 0) {
			parts = append(parts, x)
			continue
		}
		table := tensor.New(t.DType, 256)
		lo, _ := l.Type(i).DType.Range()
		for k := range 256 {
			real := float32(lo+int64(k)-zeroAt(zero, 0)) * float32(scale.F64(0))
			table.SetI64(k, quantize(real, float32(l.Const(0).F64(0)), zeroAt(l.Const(1), 0), t.DType))
		}
		parts = append(parts, l.Emit("Lookup", nil, ir.Type{DType: t.DType, Shape: l.Shape(i), Quant: t.Quant}, x, l.Constant("table", table)))
	}
	l.Replace("Concat", ir.Attrs{"axis": int64(l.Attrs.Int("axis"))}, parts...)
	return nil
}
