// narrow lets operators on floats of 16 bits and less compute in float32. What a model means is that each operator rounds: its inputs
// are cast up, which is exact, and its outputs down. Operators that are made of others are taken apart first, as each part rounds.
//
//	%y: f16[4] = Add(%a, %b)         =>   %a.wide: f32[4] = Cast(%a) {to=1}
//	                                      %b.wide: f32[4] = Cast(%b) {to=1}
//	                                      %y.wide: f32[4] = Add(%a.wide, %b.wide)
//	                                      %y: f16[4] = Cast(%y.wide) {to=10}
//
// Operators that only move elements are left alone.

package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

func narrow(g *ir.Graph, _ *Config) (int, error) {
	var nodes []*ir.Node
	changed := 0
	todo := g.Nodes
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		d := op.Lookup(n.Op)
		if d == nil || d.IsKernel() || op.Moves(n) || !narrowIn(n) {
			nodes = append(nodes, n)
			continue
		}
		changed++
		if d.Parts == nil {
			nodes = append(nodes, widen(g, n)...)
			continue
		}
		l, err := op.NewLowering(g, n)
		if err == nil {
			err = l.LowerParts()
		}
		if err != nil {
			return changed, about(n, &ir.Error{Msg: err.Error()})
		}
		todo = append(l.Nodes(), todo...)
	}
	g.Nodes = nodes
	return changed, nil
}

func narrowIn(n *ir.Node) bool {
	for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
		for _, v := range list {
			if v != nil && op.IsNarrow(v.Type.DType) {
				return true
			}
		}
	}
	return false
}

// widen returns n on float32, with its Casts before and behind it.
func widen(g *ir.Graph, n *ir.Node) []*ir.Node {
	var before, after []*ir.Node
	wide := func(v *ir.Value) *ir.Value {
		return g.NewValue(v.Name+".wide", ir.Type{DType: tensor.Float32, Shape: v.Type.Shape})
	}
	done := map[*ir.Value]*ir.Value{}
	for i, v := range n.Inputs {
		if v == nil || !op.IsNarrow(v.Type.DType) {
			continue
		}
		if done[v] == nil {
			done[v] = wide(v)
			before = append(before, castNode(v, done[v], n.From))
		}
		n.Inputs[i] = done[v]
	}
	for i, v := range n.Outputs {
		if v == nil || !op.IsNarrow(v.Type.DType) {
			continue
		}
		if v.Type.DType == tensor.BFloat16 { // see ir/README.md
			n.Attrs["every_step"] = v.Type.DType.String()
		}
		w := wide(v)
		w.Def, n.Outputs[i] = n, w
		after = append(after, castNode(w, v, n.From))
	}
	return append(append(before, n), after...)
}

func castNode(from, to *ir.Value, names []string) *ir.Node {
	n := &ir.Node{Op: "Cast", Attrs: ir.Attrs{"to": op.Number(to.Type.DType)}, Inputs: []*ir.Value{from}, Outputs: []*ir.Value{to}, From: names}
	to.Def = n
	return n
}
