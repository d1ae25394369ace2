package frontend

import (
	"slices"
	"strconv"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Differing names the values that two imports of a model computed differently, as its input shapes differ: single numbers, such as a length.
// Where a model computes with one, and not only makes shapes of it, an import whose Options.Vary has it leaves that to the run.
func Differing(a, b map[string]*tensor.Tensor) map[string]bool {
	vary := map[string]bool{}
	for name, t := range a {
		u := b[name]
		if u != nil && t.Len() == 1 && u.DType == t.DType && slices.Equal(u.Shape, t.Shape) && !tensor.Equal(t, u) {
			vary[name] = true
		}
	}
	return vary
}

// takeLengths lets a node that computes at run time take values at run time that differ between imports.
func (b *builder) takeLengths(n *ir.Node) {
	if len(b.folded) == 0 || !slices.Contains(pointwise, n.Op) {
		return
	}
	for i, v := range n.Inputs {
		if b.folded[v] != nil {
			n.Inputs[i] = b.length(v)
		}
	}
}

// outputValue returns v, or what computes it at run time where it is a float that differs between imports.
func (b *builder) outputValue(v *ir.Value) *ir.Value {
	if b.folded[v] == nil || v.Type.DType.IsInt() {
		return v
	}
	w := b.length(v)
	v.Name, w.Name = w.Name, v.Name
	return w
}

// length returns what computes v at run time: a whole number is one that a run is told, others follow from such.
func (b *builder) length(v *ir.Value) *ir.Value {
	if w := b.lengths[v]; w != nil {
		return w
	}
	n := &ir.Node{Op: "extents", Attrs: ir.Attrs{"N": int64(1), "T": v.Type.DType.C()}, From: b.folded[v].From}
	if v.Type.DType.IsInt() {
		for i := range op.MostExtents {
			n.Attrs["E"+strconv.Itoa(i)] = int64(0)
		}
		n.Attrs["E0"] = v.Const.I64(0)
	} else {
		by := b.folded[v]
		n.Op, n.Attrs = by.Op, by.Attrs.Clone()
		for _, in := range by.Inputs {
			if b.folded[in] != nil {
				in = b.length(in)
			}
			n.Inputs = append(n.Inputs, in)
		}
	}
	w := b.g.NewValue(v.Name+".length", v.Type)
	w.Def, n.Outputs = n, []*ir.Value{w}
	b.lengths[v] = w
	b.g.Nodes = append(b.g.Nodes, n)
	return w
}
