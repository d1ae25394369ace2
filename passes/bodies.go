// bodies takes the sub-graphs of branches and loops through the pipeline, each with a memory plan of its own, and makes room for them: a
// node's scratch is the arena of its sub-graphs, and behind it the next values of a loop's variables. What a sub-graph takes in that is a
// constant by now becomes one inside.
//
//	%y: f32[4] = loop(%x, %w) {body=graph "b"(%v, %s) …}    =>   %y: f32[4] = loop(%x) {body=graph "b"(%v) …, next=[64], scratch=80}

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func bodies(g *ir.Graph, c *Config) (int, error) {
	changed := 0
	for _, n := range g.Nodes {
		if d := op.Lookup(n.Op); d == nil || !d.Control {
			continue
		}
		changed++
		if err := lowerBodies(n, c); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func lowerBodies(n *ir.Node, c *Config) error {
	var graphs []*ir.Graph
	for _, key := range n.Attrs.Keys() {
		if g := n.Attrs.Graph(key); g != nil {
			g = g.Clone()
			n.Attrs[key] = g
			graphs = append(graphs, g)
		}
	}
	takeConstants(n, graphs)
	scratch := 0
	for _, g := range graphs {
		own := &Config{Target: c.Target, Trees: c.Trees, Optimize: "speed", Disable: c.Disable}
		if err := run(g, own, c.pipeline); err != nil {
			return err
		}
		g.Memory = own.Memory
		scratch = max(scratch, roundUp(own.Memory.ArenaBytes))
	}
	var next []int
	if n.Op == "loop" {
		for _, v := range n.Outputs[:n.Attrs.Int("vars")] {
			next = append(next, scratch)
			scratch += roundUp(v.Type.Bytes())
		}
	}
	n.Attrs.SetInts("next", next)
	if scratch > 0 {
		n.Attrs["scratch"] = int64(scratch)
	}
	return nil
}

func roundUp(bytes int) int { return (bytes + 7) / 8 * 8 }

// takeConstants moves captured constants into the sub-graphs.
func takeConstants(n *ir.Node, graphs []*ir.Graph) {
	captures := len(n.Inputs) - 1
	if n.Op == "loop" {
		captures = len(ir.LoopOf(n).Captures)
	}
	for back := captures; back > 0; back-- {
		i := len(n.Inputs) - back
		v := n.Inputs[i]
		if !v.IsConst() {
			continue
		}
		n.Inputs = slices.Delete(n.Inputs, i, i+1)
		for _, g := range graphs {
			k := len(g.Inputs) - back
			formal := g.Inputs[k]
			g.Inputs = slices.Delete(g.Inputs, k, k+1)
			formal.Const = v.Const
		}
	}
}
