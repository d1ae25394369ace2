package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Bounded reports whether the size of d's output depends on the elements of an input, and a node of it may be bounded.
func (d *Def) Bounded() bool {
	return slices.ContainsFunc(d.Attrs, func(a Attr) bool { return a.Name == boundedAttr.Name })
}

// BoundedAxis returns, per output of a bounded node but the last, the axis along which only as much is there as the last says; -1 for an
// output that is whole.
func BoundedAxis(n *ir.Node) []int {
	switch n.Op {
	case "NonZero":
		return []int{1}
	case "Unique":
		return []int{boundedAxis(n), 0, -1, 0}
	case "Compress":
		return []int{boundedAxis(n)}
	case "Loop":
		axes := make([]int, len(n.Outputs)-1)
		for i := range len(n.Inputs) - n.Attrs.Int("captures") - 2 {
			axes[i] = -1
		}
		return axes
	}
	return []int{0}
}

// boundedAxis is the axis of Compress and Unique, which work on all elements in a row where there is none.
func boundedAxis(n *ir.Node) int {
	axis, err := axisOf(n.Attrs.Int("axis"), len(n.Inputs[0].Type.Shape))
	if err != nil || !n.Attrs.Has("axis") {
		return 0
	}
	return axis
}

// inferBounded gives the greatest sizes of a bounded node; for another one it computes the outputs to know their sizes.
func inferBounded(c *Call) ([]ir.Type, error) {
	if !c.Attrs.Bool("bounded") {
		return inferByEval(c)
	}
	x, list := c.Type(0), []ir.Type(nil)
	switch c.Def.Name {
	case "NonZero":
		list = typed(tensor.Int64, len(x.Shape), x.Len())
	case "NonMaxSuppression":
		b, s := x.Shape, c.Shape(1)
		if len(b) != 3 || len(s) != 3 || b[0] != s[0] || b[1] != s[2] || b[2] != 4 {
			return nil, fmt.Errorf("boxes have shape %v and scores %v; expected [batches, boxes, 4] and [batches, classes, boxes]", b, s)
		}
		most := b[1]
		if v := c.Node.Input(2); v == nil {
			most = 0
		} else if v.IsConst() {
			most = int(min(max(v.Const.I64(0), 0), int64(most)))
		}
		list = typed(tensor.Int64, s[0]*s[1]*most, 3)
	case "Unique", "Compress":
		shape := slices.Clone(x.Shape)
		if !c.Attrs.Has("axis") {
			shape = []int{x.Len()}
		} else if _, err := axisOf(c.Attrs.Int("axis"), len(shape)); err != nil || len(shape) == 0 {
			return nil, fmt.Errorf("axis %d is outside rank %d", c.Attrs.Int("axis"), len(shape))
		}
		axis := boundedAxis(c.Node)
		if c.Def.Name == "Compress" {
			if t := c.Type(1); t.DType != tensor.Bool || len(t.Shape) != 1 {
				return nil, fmt.Errorf("condition is %s; expected a list of bools", t)
			}
			shape[axis] = min(shape[axis], c.Type(1).Len())
		}
		list = typed(x.DType, shape...)
		for c.Def.Name == "Unique" && len(list) < 4 {
			list = append(list, ir.Type{DType: tensor.Int64, Shape: []int{shape[axis]}})
		}
	}
	return append(list, ir.Type{DType: tensor.Int64}), nil
}

// evalBounded puts the outputs of a bounded node into tensors of the greatest sizes, and adds how much is there.
func evalBounded(eval func(*Call) ([]*tensor.Tensor, error)) func(*Call) ([]*tensor.Tensor, error) {
	return func(c *Call) ([]*tensor.Tensor, error) {
		out, err := eval(c)
		if err != nil || !c.Attrs.Bool("bounded") {
			return out, err
		}
		types, err := inferBounded(c)
		if err != nil {
			return nil, err
		}
		axes := BoundedAxis(c.Node)
		length := out[0].Shape[axes[0]]
		for i, axis := range axes {
			if axis >= 0 {
				out[i] = padded(out[i], types[i].Shape)
			}
		}
		return append(out, tensor.Ints([]int64{int64(length)})), nil
	}
}

// padded returns x with zeros behind it, of a shape that is nowhere smaller.
func padded(x *tensor.Tensor, shape []int) *tensor.Tensor {
	y := tensor.New(x.DType, shape...)
	strides := stridesOf(shape)
	for i, s := 0, stridesOf(x.Shape); i < x.Len(); i++ {
		at := 0
		for a := range shape {
			at += i / s[a] % x.Shape[a] * strides[a]
		}
		copyElement(y, at, x, i)
	}
	return y
}

func (l *Lowering) bounded() error {
	if !l.Attrs.Bool("bounded") {
		return fmt.Errorf("the output's size depends on the data; import makes such operators bounded")
	}
	return nil
}

// boundedOutputs returns the node's outputs, new values for those that nothing reads.
func (l *Lowering) boundedOutputs() ([]*ir.Value, error) {
	types, err := inferBounded(l.Call)
	out := make([]*ir.Value, len(types))
	for i, t := range types {
		if out[i] = l.Node.Output(i); out[i] == nil {
			out[i] = l.NewValue(fmt.Sprintf("%s.%d", l.Node.Op, i), t)
		}
	}
	return out, err
}

func lowerNonZero(l *Lowering) error {
	if err := l.bounded(); err != nil {
		return err
	}
	x := l.Type(0)
	shape := tensor.New(tensor.Int32, max(len(x.Shape), 1))
	for i, d := range x.Shape {
		shape.SetI64(i, int64(d))
	}
	out, err := l.boundedOutputs()
	l.EmitTo(out, "nonzero", ir.Attrs{"T": x.DType.C(), "N": int64(x.Len()), "RANK": int64(len(x.Shape))}, l.In(0), l.Constant("shape", shape))
	return err
}

func evalNonZeroKernel(c *Call) ([]*tensor.Tensor, error) {
	shape := make([]int, c.Attrs.Int("RANK"))
	for i := range shape {
		shape[i] = int(c.X(1).I64(i))
	}
	return c.as(evalNonZero, ir.Attrs{}, 1, [][]int{c.Out(0).Shape}, c.X(0).Reshape(shape...))
}

// as computes an operator for the Eval of its kernel, and puts the outputs into tensors of these shapes.
func (c *Call) as(eval func(*Call) ([]*tensor.Tensor, error), attrs ir.Attrs, axis int, shapes [][]int, in ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	n := &ir.Node{Attrs: attrs}
	for i, t := range in {
		n.Inputs = append(n.Inputs, &ir.Value{Name: fmt.Sprint(i), Type: ir.Type{DType: t.DType, Shape: t.Shape}})
	}
	out, err := eval(&Call{Def: c.Def, Node: n, Attrs: attrs, in: in})
	if err != nil {
		return nil, err
	}
	length := out[0].Shape[axis]
	for i, t := range out {
		out[i] = padded(t, shapes[i]).Reshape(c.Out(i).Shape...)
	}
	return append(out, tensor.Ints([]int64{int64(length)})), nil
}

func lowerCompress(l *Lowering) error {
	if err := l.bounded(); err != nil {
		return err
	}
	outer, n, inner := 1, l.Type(0).Len(), 1
	if l.Attrs.Has("axis") {
		outer, n, inner = around(l.Shape(0), boundedAxis(l.Node))
	}
	out, err := l.boundedOutputs()
	l.EmitTo(out, "compress", ir.Attrs{"T": l.Type(0).DType.C(), "OUTER": int64(outer), "N": int64(n), "INNER": int64(inner), "MOST": int64(min(n, l.Type(1).Len()))}, l.In(0), l.In(1))
	return err
}

func evalCompressKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	return c.as(evalCompress, ir.Attrs{"axis": int64(1)}, 1, [][]int{{a.Int("OUTER"), a.Int("MOST"), a.Int("INNER")}}, c.X(0).Reshape(a.Int("OUTER"), a.Int("N"), a.Int("INNER")), c.X(1))
}

func lowerUnique(l *Lowering) error {
	if err := l.bounded(); err != nil {
		return err
	}
	x, t := l.In(0), l.Type(0)
	axis, n := 0, t.Len()
	if l.Attrs.Has("axis") {
		axis = boundedAxis(l.Node)
		n = t.Shape[axis]
		x = l.moveAxis(x, axis, 0, nil)
	}
	out, err := l.boundedOutputs()
	if err != nil {
		return err
	}
	made := slices.Clone(out)
	if axis != 0 {
		made[0] = l.NewValue(out[0].Name+".first", ir.Type{DType: t.DType, Shape: permuted(out[0].Type.Shape, moving(len(t.Shape), axis, 0))})
	}
	inner := 1
	if n > 0 {
		inner = t.Len() / n
	}
	l.EmitTo(made, "unique", ir.Attrs{"T": t.DType.C(), "N": int64(n), "INNER": int64(inner), "SORTED": int64(l.Attrs.Int("sorted")), "LESS(a, b)": lessC(t.DType)}, x)
	if axis != 0 {
		l.moveAxis(made[0], 0, axis, out[0])
	}
	return nil
}

func evalUniqueKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	n := a.Int("N")
	return c.as(evalUnique, ir.Attrs{"axis": int64(0), "sorted": int64(a.Int("SORTED"))}, 0, [][]int{{n, a.Int("INNER")}, {n}, {n}, {n}}, c.X(0).Reshape(a.Int("N"), a.Int("INNER")))
}

func lowerNonMaxSuppression(l *Lowering) error {
	if err := l.bounded(); err != nil {
		return err
	}
	most, overlap, least := l.In(2), l.In(3), l.In(4)
	if most == nil {
		most = l.Constant("most", tensor.Ints([]int64{0}, 1))
	}
	if overlap == nil {
		overlap = l.Constant("overlap", tensor.Floats([]float32{0}, 1))
	}
	if least == nil {
		least = l.Constant("least", tensor.Floats([]float32{float32(math.Inf(-1))}, 1))
	}
	out, err := l.boundedOutputs()
	if err != nil {
		return err
	}
	s := l.Shape(1)
	attrs := ir.Attrs{"BATCHES": int64(s[0]), "CLASSES": int64(s[1]), "N": int64(s[2]), "MOST": int64(out[0].Type.Shape[0] / max(s[0]*s[1], 1)), "CENTER": int64(l.Attrs.Int("center_point_box"))}
	l.EmitTo(out, "nonmaxsuppression", attrs, l.In(0), l.In(1), most, overlap, least)
	return nil
}

func evalNonMaxSuppressionKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	most := tensor.Ints([]int64{min(c.X(2).I64(0), int64(a.Int("MOST")))})
	return c.as(evalNonMaxSuppression, ir.Attrs{"center_point_box": int64(a.Int("CENTER"))}, 0, [][]int{c.Out(0).Shape}, c.X(0), c.X(1), most, c.X(3), c.X(4))
}
