package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// rowJoin is what Concat is lowered to, as far as it joins two values: memory that is left as it is, and the first of two parts put there. In a run
// row by row, the node that puts the second one joins rows of both.
//
//	%z: i8[1,8,8,5] = fill()                            %y: i8[1,8,8,5] = join2(%a, %b) {A=2, B=3, OUTER=8, …}
//	%f: i8[1,8,8,5] = place(%z, %a) {FROM=0, …}     =>
//	%y: i8[1,8,8,5] = place(%f, %b) {FROM=2, …}
type rowJoin struct {
	fill, first *ir.Node
	from, at    int // of fill and of the node that joins, in the graph
}

// findJoins returns the joins of a graph, by the nodes that they are made of.
func findJoins(g *ir.Graph) map[*ir.Node]*rowJoin {
	joins, index := map[*ir.Node]*rowJoin{}, map[*ir.Node]int{}
	uses := g.Uses()
	once := func(n *ir.Node) bool { return len(uses[n.Outputs[0]]) == 1 && !g.IsOutput(n.Outputs[0]) }
	for i, n := range g.Nodes {
		index[n] = i
		if n.Op != "place" || n.Inputs[0].Def == nil || n.Inputs[0].Def.Op != "place" {
			continue
		}
		first := n.Inputs[0].Def
		fill := first.Inputs[0].Def
		if fill == nil || fill.Op != "fill" || fill.Attrs.Int("N") > 0 || !once(fill) || !once(first) {
			continue
		}
		a, b := first.Attrs, n.Attrs
		if a.Int("FROM") == 0 && b.Int("FROM") == a.Int("BLOCK") && a.Int("STRIDE") == b.Int("STRIDE") && a.Int("OUTER") == b.Int("OUTER") {
			j := &rowJoin{fill: fill, first: first, from: index[fill], at: i}
			joins[fill], joins[first], joins[n] = j, j, j
		}
	}
	return joins
}

// inputs are the values that a stage reads.
func (s *stage) inputs() []*ir.Value {
	if s.join != nil {
		return []*ir.Value{s.join.first.Inputs[1], s.node.Inputs[1]}
	}
	return s.node.Inputs
}

// settleJoin makes the node that puts the second part one that joins both.
func (s *stage) settleJoin() {
	a := s.join.first.Attrs
	s.node.Op = "join2"
	s.node.Attrs = ir.Attrs{"T": a["T"], "OUTER": int64(a.Int("OUTER") / s.win.Out), "A": a["BLOCK"], "B": s.node.Attrs["BLOCK"], "STRIDE": a["STRIDE"]}
	s.node.Inputs = s.inputs()
	s.win.SetWindow(s.node.Attrs)
}

// dropJoined removes what joins have replaced, and counts the nodes of streams anew.
func dropJoined(g *ir.Graph, streams []ir.Stream, dead []*ir.Node) {
	before := make([]int, len(g.Nodes)+1)
	for i, n := range g.Nodes {
		before[i+1] = before[i]
		if slices.Contains(dead, n) {
			before[i+1]++
		}
	}
	for i := range streams {
		s := &streams[i]
		s.From, s.To = s.From-before[s.From], s.To-before[s.To]
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *ir.Node) bool { return slices.Contains(dead, n) })
}

// placed returns what a place reads and writes, of which each row is put in the same row; nil where it cannot be told.
func placed(n *ir.Node) []*ir.Value {
	if n.Op != "place" || n.Inputs[0].IsConst() || n.Inputs[1].IsConst() || n.Attrs.Int("FROM")+n.Attrs.Int("BLOCK") > n.Attrs.Int("STRIDE") {
		return nil
	}
	return []*ir.Value{n.Outputs[0], n.Inputs[0], n.Inputs[1]}
}
