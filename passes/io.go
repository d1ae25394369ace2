// io chooses the element types at the model's boundary: those of the file, floats, or the integers inside.
//
//	graph g(%x: f32[1,8]) …                          graph g(%q: i8[1,8] quant([0.1f], [0], 0)) …
//	%q: i8[1,8] = QuantizeLinear(%x, %s, %z)     =>  (with IO "quantized")
//
// It stands after qdq, which brings QuantizeLinear and DequantizeLinear to the boundary.

package passes

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func boundary(g *ir.Graph, c *Config) (int, error) {
	switch c.IO {
	case "", "model":
		return 0, nil
	case "quantized":
		return quantizedInputs(g) + quantizedOutputs(g), nil
	case "float":
		return floatInputs(g) + floatOutputs(g), nil
	}
	return 0, &ir.Error{Msg: fmt.Sprintf("--io %q is unknown; expected model, float or quantized", c.IO)}
}

// quantizedInputs lets the caller give what QuantizeLinear makes of an input.
func quantizedInputs(g *ir.Graph) int {
	changed := 0
	uses := g.Uses()
	for i, v := range g.Inputs {
		readers := uses[v]
		if len(readers) == 0 || g.IsOutput(v) || g.IsStateInput(i) || slices.ContainsFunc(readers, func(n *ir.Node) bool { return !sameQuantize(n, readers[0]) }) {
			continue
		}
		q := readers[0].Outputs[0]
		in := &ir.Value{Name: v.Name, Type: q.Type}
		v.Name = g.NewName(v.Name)
		for _, n := range readers {
			g.Replace(n.Outputs[0], in)
		}
		g.Inputs[i] = in
		g.Nodes = slices.DeleteFunc(g.Nodes, func(n *ir.Node) bool { return slices.Contains(readers, n) })
		changed++
	}
	return changed
}

func sameQuantize(a, b *ir.Node) bool {
	return a.Op == "QuantizeLinear" && b.Op == "QuantizeLinear" && a.Outputs[0].Type.Quant != nil && b.Outputs[0].Type.Quant != nil &&
		a.Outputs[0].Type.DType == b.Outputs[0].Type.DType && a.Outputs[0].Type.Quant.Scale[0] == b.Outputs[0].Type.Quant.Scale[0] &&
		a.Outputs[0].Type.Quant.Zero[0] == b.Outputs[0].Type.Quant.Zero[0]
}

// quantizedOutputs gives the caller what a DequantizeLinear reads.
func quantizedOutputs(g *ir.Graph) int {
	changed := 0
	for i, v := range g.Outputs {
		n := v.Def
		if n == nil || g.IsStateOutput(i) || n.Op != "DequantizeLinear" || n.Inputs[0].IsConst() || n.Inputs[0].Type.Quant == nil || n.Inputs[0].Def == nil || g.IsOutput(n.Inputs[0]) {
			continue
		}
		q := n.Inputs[0]
		q.Name, v.Name = v.Name, q.Name
		g.Outputs[i] = q
		changed++
	}
	return changed
}

// floatInputs puts a QuantizeLinear behind every input of integers whose scale is known.
func floatInputs(g *ir.Graph) int {
	changed := 0
	for i, q := range g.Inputs {
		if q.Type.Quant == nil || g.IsStateInput(i) || !q.Type.DType.IsInt() {
			continue
		}
		in := &ir.Value{Name: q.Name, Type: ir.Type{DType: tensor.Float32, Shape: q.Type.Shape}}
		q.Name = g.NewName(q.Name + ".q")
		s, z := parameters(g, q)
		q.Def = &ir.Node{Op: "QuantizeLinear", Attrs: ir.Attrs{}, Inputs: []*ir.Value{in, s, z}, Outputs: []*ir.Value{q}, From: []string{in.Name}}
		g.Inputs[i] = in
		g.Nodes = slices.Insert(g.Nodes, 0, q.Def)
		changed++
	}
	return changed
}

// floatOutputs puts a DequantizeLinear before every output of integers whose scale is known.
func floatOutputs(g *ir.Graph) int {
	changed := 0
	for i, q := range g.Outputs {
		if q.Type.Quant == nil || g.IsStateOutput(i) || !q.Type.DType.IsInt() {
			continue
		}
		out := &ir.Value{Name: q.Name, Type: ir.Type{DType: tensor.Float32, Shape: q.Type.Shape}}
		q.Name = g.NewName(q.Name + ".q")
		s, z := parameters(g, q)
		out.Def = &ir.Node{Op: "DequantizeLinear", Attrs: ir.Attrs{}, Inputs: []*ir.Value{q, s, z}, Outputs: []*ir.Value{out}, From: []string{out.Name}}
		g.Outputs[i] = out
		g.Nodes = append(g.Nodes, out.Def)
		changed++
	}
	return changed
}

func parameters(g *ir.Graph, q *ir.Value) (scale, zero *ir.Value) {
	z := tensor.New(q.Type.DType)
	z.SetI64(0, int64(q.Type.Quant.Zero[0]))
	return g.NewConst("scale", tensor.Floats(q.Type.Quant.Scale[:1])), g.NewConst("zero_point", z)
}
