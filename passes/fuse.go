// fuse joins elementwise kernels with each other, and with the kernel whose result they take.
//
//	%a: f32[1,6,6,8] = conv2d_f32(%x, %w, %b)
//	%y: f32[1,6,6,8] = map1_f32(%a) {expr="Relu(v0)"}    =>    %y: f32[1,6,6,8] = conv2d_f32(%x, %w, %b) {post="Relu(v)"}

package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func fuse(g *ir.Graph, _ *Config) (int, error) {
	return rewriteAll(g, func(r *rewriter, n *ir.Node) bool {
		if !strings.HasPrefix(n.Op, "map") {
			return false
		}
		return fuseMaps(r, n) || n.Op == "map1_f32" && fusePost(r, n)
	}), nil
}

// fusePost makes a function of one value the last step of the kernel that computes it.
func fusePost(r *rewriter, n *ir.Node) bool {
	k := n.Inputs[0].Def
	if k == nil || r.only(n.Inputs[0]) != n || op.Lookup(k.Op).Post == "" {
		return false
	}
	post := k.Attrs.String("post")
	if post == "" {
		post = "v"
	}
	attrs := k.Attrs.Clone()
	attrs["post"] = op.Subst(n.Attrs.String("expr"), "v0", post)
	t := k.Outputs[0].Type
	if !t.Equal(n.Outputs[0].Type) {
		return false
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, k.Op, attrs, y.Type, slices.Concat(k.From, n.From), k.Inputs...))
	return true
}

// fuseMaps puts the expression of a map into that of the map that alone reads it.
func fuseMaps(r *rewriter, n *ir.Node) bool {
	for i, v := range n.Inputs {
		m := v.Def
		if m == nil || !strings.HasPrefix(m.Op, "map") || !sole(r, v, n) {
			continue
		}
		in := slices.Clone(n.Inputs)
		expr := op.Subst(n.Attrs.String("expr"), fmt.Sprintf("v%d", i), "vx")
		inner := m.Attrs.String("expr")
		for j, u := range m.Inputs {
			at := slices.Index(in, u)
			if at < 0 {
				at = len(in)
				in = append(in, u)
			}
			inner = op.Subst(inner, fmt.Sprintf("v%d", j), fmt.Sprintf("vy%d", at))
		}
		expr = op.Subst(expr, "vx", inner)
		used, expr := compact(in, expr)
		if len(used) > 3 || strings.Count(expr, "(") > 24 {
			continue
		}
		y := n.Outputs[0]
		attrs := ir.Attrs{"N": n.Attrs["N"], "expr": expr}
		r.supersede(y, r.emit(y.Name, fmt.Sprintf("map%d_f32", len(used)), attrs, y.Type, slices.Concat(m.From, n.From), used...))
		return true
	}
	return false
}

// sole reports whether n alone reads v, however often.
func sole(r *rewriter, v *ir.Value, n *ir.Node) bool {
	return !r.g.IsOutput(v) && !slices.ContainsFunc(r.readers[v], func(m *ir.Node) bool { return m != n })
}

// compact renames the variables of an expression, v… and vy… being indices of in, to v0, v1 … over those that it reads.
func compact(in []*ir.Value, expr string) ([]*ir.Value, string) {
	var used []*ir.Value
	for i, v := range in {
		read := false
		for _, name := range []string{fmt.Sprintf("v%d", i), fmt.Sprintf("vy%d", i)} {
			if s := op.Subst(expr, name, fmt.Sprintf("vz%d", len(used))); s != expr {
				expr, read = s, true
			}
		}
		if read {
			used = append(used, v)
		}
	}
	for i := range used {
		expr = op.Subst(expr, fmt.Sprintf("vz%d", i), fmt.Sprintf("v%d", i))
	}
	return used, expr
}
