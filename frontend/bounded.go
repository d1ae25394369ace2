package frontend

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// Bound says that of an output of the graph only a part is there, which the data decide: along an axis as much as another output says, with
// zeros behind. Outputs are counted from 0.
type Bound struct{ Output, Axis, Length int }

// extent is how much of a value is there.
type extent struct {
	axis   int
	length *ir.Value // an int64
}

func (b *builder) isBounded(v *ir.Value) bool { return v != nil && b.extents[v].length != nil }

// boundNode makes a node bounded whose output's size depends on what is not known yet.
func (b *builder) boundNode(d *op.Def, n *ir.Node) error {
	if !d.Bounded() {
		return nil
	}
	if n.Attrs.Has("bounded") || n.Attrs.Has("most") {
		return fmt.Errorf("attributes bounded and most are unknown")
	}
	if d.Name == "Loop" {
		if b.opt.MaxIterations > 0 {
			return op.BoundLoop(n, b.opt.MaxIterations)
		}
		return nil
	}
	if slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return v != nil && !v.IsConst() }) {
		n.Attrs["bounded"] = int64(1)
	}
	return nil
}

// addLength gives a bounded node its last output, and notes what that says of the others.
func (b *builder) addLength(n *ir.Node, types []ir.Type, base string) {
	if !n.Attrs.Bool("bounded") {
		return
	}
	length := b.g.NewValue(base+".length", types[len(types)-1])
	length.Def = n
	for len(n.Outputs) < len(types)-1 {
		n.Outputs = append(n.Outputs, nil)
	}
	n.Outputs = append(n.Outputs, length)
	for i, axis := range op.BoundedAxis(n) {
		if v := n.Outputs[i]; v != nil && axis >= 0 {
			b.extents[v] = extent{axis, length}
		}
	}
}

// pointwise are operators that compute each element from those at the same place.
var pointwise = []string{"Abs", "Add", "And", "Cast", "CastLike", "Ceil", "Clip", "Cos", "Div", "Equal", "Erf", "Exp", "Floor", "Greater", "GreaterOrEqual", "Identity", "LeakyRelu", "Less", "LessOrEqual",
	"Log", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Sqrt", "Sub", "Tanh", "Where", "Xor"}

// carriers are the operators that may read a bounded value: what is behind its end does not matter to what is in front.
var carriers = append([]string{"Transpose", "Gather", "GatherND", "Slice", "Squeeze", "Unsqueeze", "Concat"}, pointwise...)

// takesBounded returns an error where an operator reads a bounded value and may not.
func (b *builder) takesBounded(n *onnx.Node, in []*ir.Value) error {
	i := slices.IndexFunc(in, b.isBounded)
	if i < 0 || b.functions[n.Domain+"."+n.OpType] != nil || n.Domain == "" && slices.Contains(carriers, n.OpType) {
		return nil
	}
	e := b.nodeError(n, 0, nil, fmt.Errorf("the size of input %q depends on the data; %s takes tensors of known sizes", n.Inputs[i], n.OpType), "make that input an output of the model, and compute the rest by yourself")
	return e
}

// carry notes how much of a node's result is there, where it reads bounded values.
func (b *builder) carry(n *ir.Node) error {
	if !slices.ContainsFunc(n.Inputs, b.isBounded) {
		return nil
	}
	axis, err := b.carriedAxis(n)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(n.Inputs, b.isBounded)
	b.extents[n.Outputs[0]] = extent{axis, b.extents[n.Inputs[i]].length}
	return nil
}

func (b *builder) carriedAxis(n *ir.Node) (int, error) {
	i := slices.IndexFunc(n.Inputs, b.isBounded)
	e, rank := b.extents[n.Inputs[i]], len(n.Inputs[i].Type.Shape)
	apart := fmt.Errorf("axis %d, whose size depends on the data, is the one that %s works on", e.axis, n.Op)
	switch n.Op {
	case "Transpose":
		perm := n.Attrs.Ints("perm")
		if perm == nil {
			return rank - 1 - e.axis, nil
		}
		return slices.Index(perm, e.axis), nil
	case "Gather":
		return b.gatheredAxis(n, e, apart)
	case "GatherND":
		if i != 1 || b.isBounded(n.Inputs[0]) || e.axis == rank-1 || n.Attrs.Int("batch_dims") != 0 {
			return 0, apart
		}
		return e.axis, nil
	case "Slice":
		axes := intsOf(n.Input(3))
		if n.Input(3) == nil {
			for k := range n.Inputs[1].Type.Len() {
				axes = append(axes, k)
			}
		}
		if i != 0 || counted(axes, rank)[e.axis] {
			return 0, apart
		}
		return e.axis, nil
	case "Squeeze", "Unsqueeze":
		return resized(n, e.axis, apart)
	case "Concat":
		if at := n.Attrs.Int("axis"); counted([]int{at}, rank)[e.axis] {
			return 0, apart
		}
	}
	return b.alignedAxis(n, rank-e.axis, e.length)
}

func (b *builder) gatheredAxis(n *ir.Node, e extent, apart error) (int, error) {
	data, indices := n.Inputs[0], n.Inputs[1]
	axis := n.Attrs.Int("axis")
	if axis < 0 {
		axis += len(data.Type.Shape)
	}
	switch {
	case b.isBounded(data) && (b.isBounded(indices) || axis == e.axis):
		return 0, apart
	case b.isBounded(indices):
		return axis + e.axis, nil
	case e.axis < axis:
		return e.axis, nil
	}
	return e.axis - 1 + len(indices.Type.Shape), nil
}

// resized is where an axis is after Squeeze or Unsqueeze.
func resized(n *ir.Node, axis int, apart error) (int, error) {
	rank := len(n.Outputs[0].Type.Shape)
	if n.Op == "Unsqueeze" {
		added := counted(intsOf(n.Input(1)), rank)
		for k := range rank {
			if !added[k] {
				if axis == 0 {
					return k, nil
				}
				axis--
			}
		}
	}
	shape := n.Inputs[0].Type.Shape
	gone := counted(intsOf(n.Input(1)), len(shape))
	if n.Input(1) == nil || gone[axis] {
		return 0, apart
	}
	at := 0
	for k := range axis {
		if !gone[k] {
			at++
		}
	}
	return at, nil
}

// counted marks axes, which may be counted from the back.
func counted(axes []int, rank int) map[int]bool {
	set := map[int]bool{}
	for _, a := range axes {
		if a < 0 {
			a += rank
		}
		set[a] = true
	}
	return set
}

func intsOf(v *ir.Value) []int {
	if v == nil || !v.IsConst() {
		return nil
	}
	list := make([]int, v.Const.Len())
	for i := range list {
		list[i] = int(v.Const.I64(i))
	}
	return list
}

// alignedAxis is the axis, so many from the back, of the result of operands side by side: each has as much there, or one element that repeats.
func (b *builder) alignedAxis(n *ir.Node, back int, length *ir.Value) (int, error) {
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		e, shape := b.extents[v], v.Type.Shape
		switch {
		case e.length == length && len(shape)-e.axis == back:
		case e.length == nil && n.Op != "Concat" && (len(shape) < back || shape[len(shape)-back] == 1):
		default:
			return 0, fmt.Errorf("the sizes of inputs depend on the data, and that of input %d is not the same as another's", i)
		}
	}
	return len(n.Outputs[0].Type.Shape) - back, nil
}

// boundOutputs adds to the graph's outputs how much of the others is there.
func (b *builder) boundOutputs() {
	at := map[*ir.Value]int{}
	for i, v := range b.g.Outputs {
		at[v] = i
	}
	for i, v := range slices.Clone(b.g.Outputs) {
		if !b.isBounded(v) {
			continue
		}
		e := b.extents[v]
		if _, known := at[e.length]; !known {
			if name := v.Name + ".length"; e.length.Name != name {
				e.length.Name = b.g.NewName(name)
			}
			at[e.length] = len(b.g.Outputs)
			b.g.Outputs = append(b.g.Outputs, e.length)
		}
		b.info.Bounds = append(b.info.Bounds, Bound{i, e.axis, at[e.length]})
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("output %q has room for %d along axis %d; how many there are is output %q", v.Name, v.Type.Shape[e.axis], e.axis, e.length.Name))
	}
}
