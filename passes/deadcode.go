// deadcode removes nodes whose outputs nothing reads, and makes optional outputs that nothing reads absent.
//
//	%a: f32[4] = Relu(%x)            %y, _ = Dropout(%x)
//	%y: f32[4], %m: bool[4] = Dropout(%x)
//	graph output %y              =>  graph output %y

package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func deadCode(g *ir.Graph, _ *Config) (int, error) {
	live := map[*ir.Value]bool{}
	for _, v := range g.Outputs {
		live[v] = true
	}
	var kept []*ir.Node
	changed := 0
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if !anyLive(n.Outputs, live) {
			changed++
			continue
		}
		changed += dropOutputs(n, live)
		for _, v := range append(captured(n), n.Inputs...) {
			live[v] = true
		}
		kept = append(kept, n)
	}
	for i := range kept {
		g.Nodes[i] = kept[len(kept)-1-i]
	}
	clear(g.Nodes[len(kept):])
	g.Nodes = g.Nodes[:len(kept)]
	return changed, nil
}

func anyLive(vs []*ir.Value, live map[*ir.Value]bool) bool {
	for _, v := range vs {
		if v != nil && live[v] {
			return true
		}
	}
	return false
}

// dropOutputs makes optional outputs of n that nothing reads absent, and cuts absent ones off the end.
func dropOutputs(n *ir.Node, live map[*ir.Value]bool) int {
	d := op.Lookup(n.Op)
	changed := 0
	for i, v := range n.Outputs {
		if v != nil && !live[v] && d != nil && i < len(d.Out) && d.Out[i].Optional {
			n.Outputs[i] = nil
			changed++
		}
	}
	for len(n.Outputs) > 0 && n.Outputs[len(n.Outputs)-1] == nil {
		n.Outputs = n.Outputs[:len(n.Outputs)-1]
	}
	return changed
}
