package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// branch is If, and loop, which ir.LoopOf describes, is Loop and Scan: C statements around functions made of the sub-graphs.
var controlKernels = []*Def{
	{Name: "branch", In: append(Args("cond"), captured...), Out: Args("outputs..."), Eval: evalIf, Control: true},
	{Name: "loop", In: Args("inputs..."), Out: Args("outputs..."), Eval: evalLoopKernel, Control: true},
}

func lowerIf(l *Lowering) error {
	attrs := ir.Attrs{}
	for _, name := range []string{"then_branch", "else_branch"} {
		attrs[name] = l.Attrs.Graph(name)
	}
	l.emitControl("branch", attrs, l.inRAM(l.In(0)), l.Node.Inputs[1:])
	return nil
}

// emitControl adds a control kernel, all of whose outputs there are. The first input may be nil.
func (l *Lowering) emitControl(kernel string, attrs ir.Attrs, first *ir.Value, in []*ir.Value) {
	if first != nil {
		in = slices.Concat([]*ir.Value{first}, in)
	}
	l.EmitTo(l.allOutputs(attrs), kernel, attrs, slices.Clone(in)...)
}

// allOutputs returns the node's outputs, new values for those that nothing reads.
func (l *Lowering) allOutputs(attrs ir.Attrs) []*ir.Value {
	body := attrs.Graph("body")
	if body == nil {
		body = attrs.Graph("then_branch")
	}
	types, _ := l.Def.Infer(l.Call)
	out := make([]*ir.Value, len(types))
	for i, t := range types {
		if out[i] = l.Node.Output(i); out[i] == nil {
			out[i] = l.NewValue(fmt.Sprintf("%s.%d", l.Node.Op, i), t)
		}
	}
	return out
}

func lowerLoop(l *Lowering) error {
	n := l.given()
	attrs := ir.Attrs{"body": l.Attrs.Graph("body"), "told": int64(1), "vars": int64(n - 2), "most": int64(-1)}
	if l.Attrs.Int("most") > 0 {
		attrs["most"] = int64(l.Attrs.Int("most"))
	}
	if l.Attrs.Bool("bounded") {
		attrs["tally"] = int64(1)
	}
	var in []*ir.Value
	for i, name := range []string{"counted", "asked"} {
		c := l.Const(i)
		switch {
		case !l.Has(i) || i == 1 && c != nil && c.I64(0) != 0:
		case c == nil:
			attrs[name] = int64(1)
			in = append(in, l.In(i))
		case i == 0:
			attrs["most"] = max(c.I64(0), 0)
			if most := int64(l.Attrs.Int("most")); most > 0 {
				attrs["most"] = min(most, max(c.I64(0), 0))
			}
		default: // it does not begin
			attrs["most"] = int64(0)
		}
	}
	for _, v := range l.Node.Inputs[min(2, n):] {
		in = append(in, v)
	}
	l.emitControl("loop", attrs, nil, in)
	return nil
}

func lowerScan(l *Lowering) error {
	s, err := newScanning(l.Call)
	if err != nil {
		return err
	}
	if s.batch > 0 {
		return l.unbatch(s)
	}
	types, err := s.outputs(l.Call)
	if err != nil {
		return err
	}
	turn := func(dirs []int) []int64 {
		out := make([]int64, len(dirs))
		for i, d := range dirs {
			out[i] = int64(d)
		}
		return out
	}
	attrs := ir.Attrs{"body": l.Attrs.Graph("body"), "vars": int64(s.states), "scans": int64(s.scans), "most": int64(s.steps),
		"turn_in": turn(s.inDirs), "turn_out": turn(s.outDirs)}
	in := slices.Clone(l.Node.Inputs)
	for i, axis := range s.inAxes {
		in[s.states+i] = l.inRAM(l.moveAxis(in[s.states+i], axis, 0, nil))
	}
	out := l.allOutputs(attrs)
	made := slices.Clone(out)
	for i, axis := range s.outAxes {
		if k := s.states + i; axis != 0 {
			t := types[k]
			made[k] = l.NewValue(out[k].Name+".steps", ir.Type{DType: t.DType, Shape: permuted(t.Shape, moving(len(t.Shape), axis, 0))})
		}
	}
	l.EmitTo(made, "loop", attrs, in...)
	for i, axis := range s.outAxes {
		if k := s.states + i; axis != 0 {
			l.moveAxis(made[k], 0, axis, out[k])
		}
	}
	return nil
}

// moving is the permutation that takes an axis from one place to another.
func moving(rank, from, to int) []int {
	perm := make([]int, 0, rank)
	for i := range rank {
		if i != from {
			perm = append(perm, i)
		}
	}
	return slices.Insert(perm, to, from)
}

// moveAxis emits a Transpose that takes an axis of x from one place to another, into y where there is one.
func (l *Lowering) moveAxis(x *ir.Value, from, to int, y *ir.Value) *ir.Value {
	if from == to {
		return x
	}
	perm := moving(len(x.Type.Shape), from, to)
	if y == nil {
		y = l.NewValue(x.Name+".steps", ir.Type{DType: x.Type.DType, Shape: permuted(x.Type.Shape, perm)})
	}
	attrs := ir.Attrs{}
	attrs.SetInts("perm", perm)
	l.EmitTo([]*ir.Value{y}, "Transpose", attrs, x)
	return y
}

// unbatch emits a Scan for each element of a batch, and joins what they give.
func (l *Lowering) unbatch(s *scanning) error {
	attrs := l.Node.Attrs.Clone()
	attrs["batched"] = int64(0)
	outs := l.allOutputs(attrs)
	parts := make([][]*ir.Value, len(outs))
	axis := l.Constant("axis", tensor.Ints([]int64{0}, 1))
	for b := range s.batch {
		in := slices.Clone(l.Node.Inputs)
		for i := range s.states + s.scans {
			t := ir.Type{DType: in[i].Type.DType, Shape: in[i].Type.Shape[1:]}
			at := l.Constant("at", tensor.Ints([]int64{int64(b)}))
			in[i] = l.Emit("Gather", ir.Attrs{"axis": int64(0)}, t, in[i], at)
		}
		made := make([]*ir.Value, len(outs))
		for i, y := range outs {
			made[i] = l.NewValue(y.Name+".of", ir.Type{DType: y.Type.DType, Shape: y.Type.Shape[1:]})
		}
		l.EmitTo(made, "Scan", attrs.Clone(), in...)
		for i, v := range made {
			row := l.Emit("Unsqueeze", nil, ir.Type{DType: v.Type.DType, Shape: slices.Concat([]int{1}, v.Type.Shape)}, v, axis)
			parts[i] = append(parts[i], row)
		}
	}
	for i, y := range outs {
		l.EmitTo([]*ir.Value{y}, "Concat", ir.Attrs{"axis": int64(0)}, parts[i]...)
	}
	return nil
}

func evalLoopKernel(c *Call) ([]*tensor.Tensor, error) {
	a, body := c.Attrs, c.Attrs.Graph("body")
	p := ir.LoopOf(c.Node)
	pick := func(at []int) []*tensor.Tensor {
		list := make([]*tensor.Tensor, len(at))
		for i, k := range at {
			list[i] = c.X(k)
		}
		return list
	}
	vars, outer := pick(p.Vars), pick(p.Captures)
	told := a.Int("told")
	trips := int64(mostIterations)
	if most := int64(a.Int("most")); most >= 0 {
		trips = most
	}
	if len(p.Count) > 0 {
		trips = min(trips, c.X(p.Count[0]).I64(0))
	}
	collected := make([][]*tensor.Tensor, len(body.Outputs)-told-len(vars))
	going := len(p.Asked) == 0 || c.X(p.Asked[0]).I64(0) != 0
	count := int64(0)
	for i := int64(0); going && i < trips; i++ {
		count++
		var in []*tensor.Tensor
		if told > 0 {
			in = append(in, tensor.Ints([]int64{i}), boolTensor(going))
		}
		in = append(in, vars...)
		for k, at := range p.Scans {
			row := int(i)
			if a.Ints("turn_in")[k] != 0 {
				row = int(trips-1) - row
			}
			in = append(in, rowOf(c.X(at), 0, row))
		}
		out, err := evalGraph(body, append(in, outer...))
		if err != nil {
			return nil, err
		}
		if told > 0 {
			going = out[0].I64(0) != 0
		}
		vars = out[told : told+len(vars)]
		for k, t := range out[told+len(vars):] {
			collected[k] = append(collected[k], t)
		}
	}
	for k, rows := range collected {
		turned := len(a.Ints("turn_out")) > 0 && a.Ints("turn_out")[k] != 0
		y := stack(body.Outputs[len(body.Outputs)-len(collected)+k].Type, rows, 0, turned)
		vars = append(vars, padded(y, c.Out(len(vars)).Shape))
	}
	if a.Bool("tally") {
		vars = append(vars, tensor.Ints([]int64{count}))
	}
	return vars, nil
}
