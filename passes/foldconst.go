// foldconst computes nodes whose inputs are all constants, and Shape and Size of any value, as shapes are static.
//
//	%s: i64[2] = Shape(%x)                    %r: i64[1] = const [20]
//	%r: i64[1] = ReduceProd(%s)
//	%y: f32[20] = Reshape(%x, %r)         =>  %y: f32[20] = Reshape(%x, %r)
//
// It keeps DequantizeLinear of integer constants, which the qdq pass turns into integer kernels, operators whose result
// is random, and nodes that would make a large constant out of a small one where a kernel can do it at run time.

package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

const (
	foldFreeBytes = 64 << 10 // folding may always make a constant of this size
	foldMostBytes = 1 << 30  // folding never makes a greater one, also where there is no kernel
)

func foldConst(g *ir.Graph, _ *Config) (int, error) {
	changed := 0
	kept := g.Nodes[:0]
	for _, n := range g.Nodes {
		out, err := foldNode(n)
		if err != nil {
			return changed, &ir.Error{Node: nodeName(n), Op: n.Op, Msg: err.Error(), At: n.Line()}
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
func foldNode(n *ir.Node) ([]*tensor.Tensor, error) {
	switch n.Op {
	case "Shape":
		return []*tensor.Tensor{shapeOf(n)}, nil
	case "Size":
		size := tensor.New(tensor.Int64)
		size.SetI64(0, int64(n.Inputs[0].Type.Len()))
		return []*tensor.Tensor{size}, nil
	}
	if !foldable(n) {
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

func foldable(n *ir.Node) bool {
	d := op.Lookup(n.Op)
	if d == nil || d.Random || d.Eval == nil || len(captured(n)) > 0 {
		return false
	}
	inBytes, outBytes := 0, 0
	for _, v := range n.Inputs {
		if v == nil {
			continue
		}
		if !v.IsConst() {
			return false
		}
		inBytes += v.Type.Bytes()
	}
	for _, v := range n.Outputs {
		if v != nil {
			outBytes += v.Type.Bytes()
		}
	}
	if n.Op == "DequantizeLinear" && n.Inputs[0].Type.DType.IsInt() {
		return false
	}
	if d.Lower == nil && !d.IsKernel() {
		return outBytes <= foldMostBytes
	}
	return outBytes <= max(foldFreeBytes, inBytes)
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

// nodeName returns the name that the user knows n by.
func nodeName(n *ir.Node) string {
	if len(n.From) > 0 {
		return n.From[0]
	}
	return ""
}
