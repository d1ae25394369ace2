package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that give the same elements another shape, and those that compute shapes.
var reshapeDefs = []*Def{
	{Name: "Reshape", Since: []int{5, 13, 14, 19, 21, 23, 24, 25}, In: Args("data", "shape"), Out: Args("reshaped"), Attrs: []Attr{Int("allowzero", 0)}, Infer: inferReshape, Eval: evalSame, Lower: lowerView, Moves: true},
	{Name: "Flatten", Since: []int{1, 9, 11, 13, 21, 23, 24, 25}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("axis", 1)}, Infer: inferFlatten, Eval: evalSame, Lower: lowerView, Moves: true},
	{Name: "Squeeze", Since: []int{1, 11, 13, 21, 23, 24, 25}, In: Args("data", "axes?"), Out: Args("squeezed"), Upgrade: upgradeAxes, Infer: inferSqueeze, Eval: evalSame, Lower: lowerView, Moves: true},
	{Name: "Unsqueeze", Since: []int{1, 11, 13, 21, 23, 24, 25}, In: Args("data", "axes"), Out: Args("expanded"), Upgrade: upgradeAxes, Infer: inferUnsqueeze, Eval: evalSame, Lower: lowerView, Moves: true},
	{Name: "Identity", Since: []int{1, 13, 14, 16, 19, 21, 23, 24, 25}, In: Args("input"), Out: Args("output"), Infer: sameAsInput, Eval: evalSame, Lower: lowerView, Moves: true},
	{Name: "Dropout", Since: []int{7, 10, 12, 13, 22}, In: Args("data", "ratio?", "training_mode?"), Out: Args("output", "mask?"), Attrs: []Attr{Int("seed", 0), Float("ratio", 0.5)}, Infer: inferDropout, Eval: evalDropout, Lower: lowerDropout},
	{Name: "Shape", Since: []int{1, 13, 15, 19, 21, 23, 24, 25}, In: Args("data"), Out: Args("shape"), Attrs: []Attr{Int("start", 0), Int("end", 0).Optional()}, Infer: inferShape, Eval: evalShape, Moves: true},
	{Name: "Size", Since: []int{1, 13, 19, 21, 23, 24, 25}, In: Args("data"), Out: Args("size"), Infer: inferSize, Eval: evalSize, Moves: true},
	{Name: "ConstantOfShape", Since: []int{9, 20, 21, 23, 24, 25}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Tensor("value")}, Infer: inferConstantOfShape, Eval: evalConstantOfShape, Moves: true},
	{Name: "Range", Since: []int{11}, In: Args("start", "limit", "delta"), Out: Args("output"), Infer: inferRange, Eval: evalRange},
}

// upgradeAxes moves the axes of opset 11 to an input.
func upgradeAxes(u *Upgrade, v int) error {
	if v < 13 {
		u.AttrToInput("axes", 1)
	}
	return nil
}

// evalSame gives the elements of input 0 the shape that the operator infers.
func evalSame(c *Call) ([]*tensor.Tensor, error) {
	types, err := c.Def.Infer(c)
	if err != nil {
		return nil, err
	}
	return one(c.X(0).Reshape(types[0].Shape...)), nil
}

// lowerView makes the output input 0's memory.
func lowerView(l *Lowering) error {
	x := l.In(0)
	if x.IsConst() {
		x = l.load(x)
	}
	l.Replace("view", ir.Attrs{"offset": int64(0)}, x)
	return nil
}

func inferReshape(c *Call) ([]ir.Type, error) {
	want, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	in := c.Shape(0)
	shape, free, known := slices.Clone(want), -1, 1
	for i, d := range want {
		switch {
		case d == -1 && free >= 0:
			return nil, fmt.Errorf("shape %v leaves two sizes open", want)
		case d == -1:
			free = i
			continue
		case d == 0 && !c.Attrs.Bool("allowzero"):
			if i >= len(in) {
				return nil, fmt.Errorf("shape %v copies size %d of an input of shape %v", want, i, in)
			}
			shape[i] = in[i]
		case d < -1:
			return nil, fmt.Errorf("shape %v has a negative size", want)
		}
		known *= shape[i]
	}
	n := tensor.Len(in)
	if free >= 0 {
		if known == 0 || n%known != 0 {
			return nil, fmt.Errorf("%d elements of shape %v cannot be reshaped to %v", n, in, want)
		}
		shape[free] = n / known
		known *= shape[free]
	}
	if known != n {
		return nil, fmt.Errorf("%d elements of shape %v cannot be reshaped to %v", n, in, want)
	}
	return typed(c.Type(0).DType, shape...), nil
}

func inferFlatten(c *Call) ([]ir.Type, error) {
	s := c.Shape(0)
	axis := c.Attrs.Int("axis")
	if axis < -len(s) || axis > len(s) {
		return nil, fmt.Errorf("axis %d is outside rank %d", axis, len(s))
	}
	if axis < 0 {
		axis += len(s)
	}
	return typed(c.Type(0).DType, tensor.Len(s[:axis]), tensor.Len(s[axis:])), nil
}

func inferSqueeze(c *Call) ([]ir.Type, error) {
	s := c.Shape(0)
	var drop []int
	for i, d := range s {
		if d == 1 {
			drop = append(drop, i)
		}
	}
	if c.Has(1) {
		axes, err := c.ConstInts(1)
		if err != nil {
			return nil, err
		}
		if drop, err = axesOf(axes, len(s)); err != nil {
			return nil, err
		}
	}
	shape := []int{}
	for i, d := range s {
		switch {
		case !slices.Contains(drop, i):
			shape = append(shape, d)
		case d != 1:
			return nil, fmt.Errorf("axis %d of shape %v has size %d, not 1", i, s, d)
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

func inferUnsqueeze(c *Call) ([]ir.Type, error) {
	axes, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	rank := len(c.Shape(0)) + len(axes)
	if axes, err = axesOf(axes, rank); err != nil {
		return nil, err
	}
	shape, next := make([]int, rank), 0
	for i := range shape {
		shape[i] = 1
		if !slices.Contains(axes, i) {
			shape[i] = c.Shape(0)[next]
			next++
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

func inferDropout(c *Call) ([]ir.Type, error) {
	t := c.Type(0)
	if c.Has(2) && c.Const(2) == nil {
		return nil, fmt.Errorf("training_mode must be known when compiling, and is computed at run time")
	}
	return []ir.Type{{DType: t.DType, Shape: t.Shape}, {DType: tensor.Bool, Shape: t.Shape}}, nil
}

// trains reports whether a Dropout drops anything.
func trains(c *Call) bool { return c.Has(2) && c.Const(2) != nil && c.Const(2).I64(0) != 0 }

func evalDropout(c *Call) ([]*tensor.Tensor, error) {
	if trains(c) {
		return evalBy(c, partsDropout)
	}
	mask := tensor.New(tensor.Bool, c.X(0).Shape...)
	for i := range mask.Len() {
		mask.SetI64(i, 1)
	}
	return []*tensor.Tensor{c.X(0), mask}, nil
}

func lowerDropout(l *Lowering) error {
	if trains(l.Call) {
		return l.lowerBy(partsDropout)
	}
	if l.Node.Output(1) != nil {
		ones := tensor.New(tensor.Bool, l.Out(1).Shape...)
		for i := range ones.Len() {
			ones.SetI64(i, 1)
		}
		l.EmitTo(l.Node.Outputs[1:2], "Identity", nil, l.Constant("mask", ones))
	}
	return lowerView(l)
}

func shapeRange(c *Call) []int {
	s := c.Shape(0)
	clamp := func(v int) int {
		if v < 0 {
			v += len(s)
		}
		return min(max(v, 0), len(s))
	}
	from, to := clamp(c.Attrs.Int("start")), len(s)
	if c.Attrs.Has("end") {
		to = clamp(c.Attrs.Int("end"))
	}
	return s[from:max(from, to)]
}

func inferShape(c *Call) ([]ir.Type, error) { return typed(tensor.Int64, len(shapeRange(c))), nil }

func evalShape(c *Call) ([]*tensor.Tensor, error) {
	s := shapeRange(c)
	y := tensor.New(tensor.Int64, len(s))
	for i, d := range s {
		y.SetI64(i, int64(d))
	}
	return one(y), nil
}

func inferSize(*Call) ([]ir.Type, error) { return typed(tensor.Int64), nil }

func evalSize(c *Call) ([]*tensor.Tensor, error) {
	return one(tensor.Ints([]int64{int64(c.Type(0).Len())})), nil
}

func inferConstantOfShape(c *Call) ([]ir.Type, error) {
	shape, err := c.ConstInts(0)
	if err != nil {
		return nil, err
	}
	if len(shape) > 0 && slices.Min(shape) < 0 {
		return nil, fmt.Errorf("shape %v has a negative size", shape)
	}
	d := tensor.Float32
	if v := c.Attrs.Tensor("value"); v != nil {
		d = v.DType
	}
	return typed(d, shape...), nil
}

func evalConstantOfShape(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferConstantOfShape(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(types[0].DType, types[0].Shape...)
	if v := c.Attrs.Tensor("value"); v != nil {
		for i := range y.Len() {
			copyElement(y, i, v, 0)
		}
	}
	return one(y), nil
}

func rangeLen(c *Call) (int, error) {
	a, b, d := c.Const(0), c.Const(1), c.Const(2)
	if a == nil || b == nil || d == nil {
		return 0, fmt.Errorf("start, limit and delta must be known when compiling")
	}
	step := d.F64(0)
	if step == 0 {
		return 0, fmt.Errorf("delta is 0")
	}
	n := (b.F64(0) - a.F64(0)) / step
	return max(int(n)+boolToInt(n > float64(int(n))), 0), nil
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func inferRange(c *Call) ([]ir.Type, error) {
	n, err := rangeLen(c)
	return typed(c.Type(0).DType, n), err
}

func evalRange(c *Call) ([]*tensor.Tensor, error) {
	n, err := rangeLen(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(c.X(0).DType, n)
	for i := range n {
		if y.DType.IsFloat() {
			y.SetF64(i, c.X(0).F64(0)+float64(i)*c.X(2).F64(0))
		} else {
			y.SetI64(i, c.X(0).I64(0)+int64(i)*c.X(2).I64(0))
		}
	}
	return one(y), nil
}
