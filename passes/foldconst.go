// foldconst computes nodes whose inputs are all constants, and Shape and Size of any value, as shapes are static.
//
//	%s: i64[2] = Shape(%x)                    %r: i64[1] = const [20]
//	%r: i64[1] = ReduceProd(%s)
//	%y: f32[20] = Reshape(%x, %r)         =>  %y: f32[20] = Reshape(%x, %r)
//
// It keeps DequantizeLinear of integer constants, which the qdq pass turns into integer kernels, operators whose result
// is random, and nodes that would make a large constant out of a small one where a kernel can do it at run time.
//
// floatweights, after qdq, computes the DequantizeLinears of constants that are left: those in front of float kernels.

package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

const (
	foldFreeBytes = 64 << 10 // folding may always make a constant of this size
	foldMostBytes = 1 << 30  // folding never makes a greater one, also where there is no kernel
)

func foldConst(g *ir.Graph, _ *Config) (int, error) {
	return foldWhere(g, func(n *ir.Node) bool { return !dequantizes(n) && !grows(n) && n.Op != "load" }) // a load is for kernels that take no constant
}

func floatWeights(g *ir.Graph, _ *Config) (int, error) { return foldWhere(g, dequantizes) }

// dequantizes reports whether n makes floats of integers.
func dequantizes(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && n.Inputs[0].Type.DType.IsInt()
}

// foldWhere computes the nodes that want chooses among those that can be.
func foldWhere(g *ir.Graph, want func(*ir.Node) bool) (int, error) {
	changed := 0
	kept := g.Nodes[:0]
	for _, n := range g.Nodes {
		out, err := foldNode(n, want)
		if err != nil {
			return changed, about(n, &ir.Error{Msg: err.Error()})
		}
		if out == nil {
			kept = append(kept, n)
			continue
		}
		changed++
		for i, v := range n.Outputs {
			if v != nil {
				v.Const, v.Def = out[i], nil
			}
		}
	}
	clear(g.Nodes[len(kept):])
	g.Nodes = kept
	return changed, nil
}

// foldNode returns the outputs of n, or nil where n has to stay.
func foldNode(n *ir.Node, want func(*ir.Node) bool) ([]*tensor.Tensor, error) {
	switch n.Op {
	case "Shape":
		return []*tensor.Tensor{shapeOf(n)}, nil
	case "Size":
		size := tensor.New(tensor.Int64)
		size.SetI64(0, int64(n.Inputs[0].Type.Len()))
		return []*tensor.Tensor{size}, nil
	}
	if !foldable(n) || !want(n) {
		return nil, nil
	}
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v != nil {
			in[i] = v.Const
		}
	}
	return op.Eval(n, in)
}

// foldable reports whether the outputs of n are known when compiling.
func foldable(n *ir.Node) bool {
	d := op.Lookup(n.Op)
	if d == nil || d.Random || d.Eval == nil || len(captured(n)) > 0 {
		return false
	}
	return !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return v != nil && !v.IsConst() })
}

// grows reports whether folding n would make a constant too large: than what it is made of where a kernel can make it, than
// anything where only folding can.
func grows(n *ir.Node) bool {
	d := op.Lookup(n.Op)
	if d.Lower == nil && !d.IsKernel() {
		return bytesOf(n.Outputs) > foldMostBytes
	}
	return bytesOf(n.Outputs) > max(foldFreeBytes, bytesOf(n.Inputs))
}

func bytesOf(vs []*ir.Value) int {
	sum := 0
	for _, v := range vs {
		if v != nil {
			sum += v.Type.Bytes()
		}
	}
	return sum
}

// shapeOf returns what Shape computes: the dimensions from "start" to "end", both of which may count from the back.
func shapeOf(n *ir.Node) *tensor.Tensor {
	shape := n.Inputs[0].Type.Shape
	bound := func(name string, otherwise int) int {
		if !n.Attrs.Has(name) {
			return otherwise
		}
		i := n.Attrs.Int(name)
		if i < 0 {
			i += len(shape)
		}
		return min(max(i, 0), len(shape))
	}
	from, to := bound("start", 0), bound("end", len(shape))
	out := []int64{}
	for _, d := range shape[min(from, to):to] {
		out = append(out, int64(d))
	}
	return tensor.Ints(out, len(out))
}

// about says in e that it is about n, if that is not nil.
func about(n *ir.Node, e *ir.Error) *ir.Error {
	if n != nil {
		e.Node, e.Op, e.At = nodeName(n), n.Op, n.Line()
	}
	return e
}

// nodeName returns the name that the user knows n by.
func nodeName(n *ir.Node) string {
	if len(n.From) > 0 {
		return n.From[0]
	}
	return ""
}
