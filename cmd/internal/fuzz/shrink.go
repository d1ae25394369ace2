package fuzz

import (
	"github.com/deepgo/deepgo/ir"
)

// Shrink returns the smallest graph it finds, by leaving out outputs and nodes of g, that still fails.
func Shrink(g *ir.Graph, fails func(*ir.Graph) bool) *ir.Graph {
	for {
		smaller := shrinkOnce(g, fails)
		if smaller == nil {
			return g
		}
		g = smaller
	}
}

func shrinkOnce(g *ir.Graph, fails func(*ir.Graph) bool) *ir.Graph {
	for i := range g.Nodes {
		for _, cut := range []func(*ir.Graph, *ir.Node) bool{endAt, startAfter, bypass} {
			c := g.Clone()
			if cut(c, c.Nodes[i]) && ir.Check(c) == nil && len(c.Nodes) > 0 && smaller(c, g) && fails(c) {
				return c
			}
		}
	}
	for i := range g.Outputs {
		if len(g.Outputs) == 1 {
			break
		}
		c := g.Clone()
		c.Outputs = append(c.Outputs[:i:i], c.Outputs[i+1:]...)
		prune(c)
		if fails(c) {
			return c
		}
	}
	return nil
}

func smaller(c, g *ir.Graph) bool {
	return len(c.Nodes) < len(g.Nodes) || len(c.Nodes) == len(g.Nodes) && len(c.Outputs) < len(g.Outputs)
}

// endAt makes n's result the only output.
func endAt(g *ir.Graph, n *ir.Node) bool {
	g.Outputs = []*ir.Value{n.Outputs[0]}
	prune(g)
	return true
}

// startAfter makes n's result an input of the graph.
func startAfter(g *ir.Graph, n *ir.Node) bool {
	v := n.Outputs[0]
	if g.IsOutput(v) {
		return false
	}
	v.Def = nil
	n.Outputs[0] = &ir.Value{Name: g.NewName("cut"), Type: v.Type, Def: n}
	g.Inputs = append(g.Inputs, v)
	prune(g)
	return true
}

// bypass lets n's readers read its first input, where that has the same type.
func bypass(g *ir.Graph, n *ir.Node) bool {
	if n.Input(0) == nil || n.Inputs[0].IsConst() || !n.Inputs[0].Type.Equal(n.Outputs[0].Type) {
		return false
	}
	g.Replace(n.Outputs[0], n.Inputs[0])
	prune(g)
	return true
}
