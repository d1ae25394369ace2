// trees writes decision trees as code, nested ifs, where that takes less flash than their tables, or where --trees code asks for it.
//
//	%y: f32[1,3] = trees(%x, %roots, %feature, …) {TREES=10, …}    =>    %y: f32[1,3] = treecode(%x) {roots=…, feature=…, …}
//
// Trees that no nested ifs can show stay tables: those too deep for a compiler, those whose branches meet again, as tests for members of a
// set do, and ensembles that take the least or greatest leaf.

package passes

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func trees(g *ir.Graph, c *Config) (int, error) {
	if !slices.Contains([]string{"", "auto", "table", "code"}, c.Trees) {
		return 0, &ir.Error{Msg: fmt.Sprintf("--trees %q is unknown; expected auto, table or code", c.Trees)}
	}
	changed := 0
	for _, n := range g.Nodes {
		if n.Op != "trees" || c.Trees == "table" || !nests(n) || c.Trees != "code" && !smallAsCode(n) {
			continue
		}
		n.Op = "treecode"
		for i, name := range []string{"roots", "feature", "threshold", "jump", "start", "target", "weight"} {
			n.Attrs[name] = n.Inputs[i+1].Const
		}
		n.Attrs["per"], n.Attrs["dense"] = n.Attrs["PER"], n.Attrs["DENSE"]
		for _, name := range []string{"ROOTT", "FEATURET", "JUMPT", "STARTT", "TARGETT", "PER", "DENSE"} {
			delete(n.Attrs, name)
		}
		n.Inputs = n.Inputs[:1]
		changed++
	}
	return changed, nil
}

// deepestIfs is how deep ifs may nest: C99 promises 127 blocks.
const deepestIfs = 100

// nests reports whether the trees can be nested ifs.
func nests(n *ir.Node) bool {
	roots, feature, jump := n.Inputs[1].Const, n.Inputs[2].Const, n.Inputs[4].Const
	if n.Attrs.Int("AGGREGATE") > 1 {
		return false
	}
	type place struct{ node, depth int }
	var todo []place
	for _, r := range roots.Int64s() {
		todo = append(todo, place{int(r), 0})
	}
	seen := make([]bool, feature.Len())
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p.node] || p.depth > deepestIfs {
			return false
		}
		seen[p.node] = true
		if feature.I64(p.node) >= 0 {
			todo = append(todo, place{p.node + 1, p.depth + 1}, place{int(jump.I64(p.node)), p.depth + 1})
		}
	}
	return true
}

// Bytes of flash, fitted to what gcc makes of the forests in testdata/ml for Cortex-M0+, M4 and RISC-V (see RATIONALE.md): the loop that
// reads tables; as code, a test, and what a leaf adds.
const (
	treeLoopBytes = 240
	treeTestBytes = 18
	treeAddBytes  = 14
)

// smallAsCode reports whether nested ifs take less flash than the tables and the loop that reads them.
func smallAsCode(n *ir.Node) bool {
	table := treeLoopBytes
	for _, v := range n.Inputs[1:] {
		table += v.Type.Bytes()
	}
	return codeBytes(n.Inputs[2].Const, n.Inputs[7].Const) < table
}

func codeBytes(feature, weight *tensor.Tensor) int {
	sum := 0
	for _, f := range feature.Int64s() {
		if f >= 0 {
			sum += treeTestBytes
		}
	}
	for _, w := range weight.Float64s() {
		if w != 0 {
			sum += treeAddBytes
		}
	}
	return sum
}
