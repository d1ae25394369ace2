// cse makes nodes that compute the same from the same inputs one node, and identical constants one constant.
//
//	%a: f32[4] = Relu(%x)            %a: f32[4] = Relu(%x)
//	%b: f32[4] = Relu(%x)
//	%y: f32[4] = Add(%a, %b)     =>  %y: f32[4] = Add(%a, %a)

package passes

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

func cse(g *ir.Graph, _ *Config) (int, error) {
	changed := shareConstants(g)
	ids := map[*ir.Value]int{nil: 0}
	seen := map[string]*ir.Node{}
	return changed + rewrite(g, func(r *rewriter, n *ir.Node) bool {
		key, ok := nodeKey(n, ids)
		if !ok {
			return false
		}
		first := seen[key]
		if first == nil {
			seen[key] = n
			return false
		}
		return mergeInto(r, first, n)
	}), nil
}

// mergeInto makes the readers of n read first. Two outputs of the graph stay two values.
func mergeInto(r *rewriter, first, n *ir.Node) bool {
	for i, v := range n.Outputs {
		if r.g.IsOutput(v) && r.g.IsOutput(first.Outputs[i]) {
			return false
		}
	}
	inherit(first, n)
	for i, v := range n.Outputs {
		if v != nil {
			r.replace(v, first.Outputs[i])
		}
	}
	return true
}

// nodeKey returns a text that is equal for nodes that compute the same. ok is false for nodes that must stay as they are.
func nodeKey(n *ir.Node, ids map[*ir.Value]int) (key string, ok bool) {
	if d := op.Lookup(n.Op); d != nil && d.Random {
		return "", false
	}
	var b strings.Builder
	b.WriteString(n.Op)
	for _, v := range n.Inputs {
		if _, seen := ids[v]; !seen {
			ids[v] = len(ids)
		}
		fmt.Fprintf(&b, " %d", ids[v])
	}
	for _, k := range n.Attrs.Keys() {
		if n.Attrs.Graph(k) != nil {
			return "", false
		}
		fmt.Fprintf(&b, " %q=%s", k, attrKey(n.Attrs[k]))
	}
	for _, v := range n.Outputs {
		b.WriteString(" ")
		if v != nil {
			b.WriteString(v.Type.String())
		}
	}
	return b.String(), true
}

func attrKey(a any) string {
	if t, ok := a.(*tensor.Tensor); ok {
		return fmt.Sprintf("%s%v %x", t.DType, t.Shape, sha256.Sum256(t.Bytes()))
	}
	return fmt.Sprintf("%T %q", a, fmt.Sprint(a))
}

// shareConstants makes identical constants one. Only constants whose type another has are looked into.
func shareConstants(g *ir.Graph) int {
	alike := map[string][]*ir.Value{}
	var types []string
	for _, v := range g.Values() {
		if v.IsConst() {
			t := v.Type.String()
			if alike[t] == nil {
				types = append(types, t)
			}
			alike[t] = append(alike[t], v)
		}
	}
	same := map[*ir.Value]*ir.Value{}
	for _, t := range types {
		if len(alike[t]) > 1 {
			matchBytes(alike[t], same)
		}
	}
	if len(same) == 0 {
		return 0
	}
	for _, n := range g.Nodes {
		for i, v := range n.Inputs {
			if w := same[v]; w != nil {
				n.Inputs[i] = w
			}
		}
	}
	return len(same)
}

// matchBytes notes in same, for each value whose bytes an earlier one has, that earlier one. Outputs of the graph keep
// their own constant, as callers know them by name.
func matchBytes(vs []*ir.Value, same map[*ir.Value]*ir.Value) {
	first := map[[sha256.Size]byte]*ir.Value{}
	for _, v := range vs {
		sum := sha256.Sum256(v.Const.Bytes())
		if w := first[sum]; w != nil {
			same[v] = w
			continue
		}
		first[sum] = v
	}
}
