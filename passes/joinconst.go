package passes

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// constant makes one constant of those that the members have in place i: the greatest, where the others are its beginning. Others become
// nodes, which compute them in every run.
func (j *joiner) constant(i int, v *ir.Value) error {
	var all []*tensor.Tensor
	for _, m := range j.members {
		all = append(all, m.values[i].Const)
	}
	if every(all, func(t *tensor.Tensor) bool { return t == v.Const }) {
		return nil
	}
	raw := v.Const.Bytes()
	begins := func(t *tensor.Tensor) bool {
		b := t.Bytes()
		n := min(len(b), len(raw))
		return bytes.Equal(b[:n], raw[:n])
	}
	if every(all, begins) {
		if v.Type.Dims != nil {
			v.Const = v.Const.Beginning(v.Type.Shape)
		}
		return nil
	}
	var n *ir.Node
	switch {
	case v.Type.Dims == nil:
		n = j.told(v, all, v.Const.Len())
	case every(all, isUniform):
		n = j.uniform(v, all)
	default:
		n = j.crop(v, all)
	}
	if n == nil {
		return j.refuse(j.reader(v), "its constant %q, %s, is another one in every run, in a way that deepgo does not know", v.Name, v.Type)
	}
	j.compute(v, n)
	return nil
}

func every[T any](list []T, f func(T) bool) bool {
	return !slices.ContainsFunc(list, func(x T) bool { return !f(x) })
}

func (j *joiner) reader(v *ir.Value) *ir.Node {
	at := slices.IndexFunc(j.g.Nodes, func(n *ir.Node) bool { return slices.Contains(n.Inputs, v) })
	if at < 0 {
		return nil
	}
	return j.g.Nodes[at]
}

// told returns the node that writes the first few whole numbers of a constant, such as a length that the model computes with.
func (j *joiner) told(v *ir.Value, all []*tensor.Tensor, n int) *ir.Node {
	if n > op.MostExtents || v.Type.DType.IsFloat() && v.Type.DType != tensor.Float32 {
		return nil
	}
	attrs := ir.Attrs{"N": int64(n), "T": v.Type.DType.C()}
	for i := range op.MostExtents {
		key := "E" + strconv.Itoa(i)
		attrs[key] = int64(0)
		if i >= n {
			continue
		}
		if slices.ContainsFunc(all, func(t *tensor.Tensor) bool { return t.F64(i) != float64(int32(t.F64(i))) }) {
			return nil
		}
		e, ok := j.number(func(k int) int { return int(all[k].F64(i)) })
		if !ok {
			return nil
		}
		attrs[key] = e.Attr()
	}
	return &ir.Node{Op: "extents", Attrs: attrs}
}

// isUniform reports whether all elements of t are the same.
func isUniform(t *tensor.Tensor) bool {
	for i := range t.Len() {
		if t.F64(i) != t.F64(0) {
			return false
		}
	}
	return t.Len() > 0
}

// uniform returns the node that repeats one number, which a run decides about.
func (j *joiner) uniform(v *ir.Value, all []*tensor.Tensor) *ir.Node {
	one := j.told(v, all, 1)
	if one == nil || len(v.Type.Dims) > 6 {
		return nil
	}
	w := j.g.NewValue(v.Name+".one", ir.Type{DType: v.Type.DType, Shape: []int{1}})
	w.Def, one.Outputs, one.From = one, []*ir.Value{w}, j.reader(v).From
	j.g.Nodes = slices.Concat([]*ir.Node{one}, j.g.Nodes)
	n := cropNode(v, nil)
	n.Inputs[0] = w
	for i := range 6 {
		n.Attrs["S"+strconv.Itoa(i)] = int64(0)
	}
	return n
}

// crop returns the node that copies a part of the greatest constant: along each axis the first elements, or the last.
func (j *joiner) crop(v *ir.Value, all []*tensor.Tensor) *ir.Node {
	var axes []int
	for axis, e := range v.Type.Dims {
		if e.Varies() {
			axes = append(axes, axis)
		}
	}
	const most = 6
	if len(v.Type.Dims) > most {
		return nil
	}
	for ends := range 1 << len(axes) { // a bit is set for axes of which the last elements are there
		last := map[int]bool{}
		for b, axis := range axes {
			last[axis] = ends>>b&1 == 1
		}
		if every(all, func(t *tensor.Tensor) bool { return isPart(t, v.Const, last) }) {
			return cropNode(v, last)
		}
	}
	return nil
}

// isPart reports whether t is a part of whole, or the other way round: along each axis the first elements, or the last.
func isPart(t, whole *tensor.Tensor, last map[int]bool) bool {
	if t.Len() > whole.Len() {
		t, whole = whole, t
	}
	from, strides := partOf(t.Shape, whole.Shape, last)
	a, b, size := t.Bytes(), whole.Bytes(), t.DType.Size()
	at := make([]int, len(t.Shape))
	for i := range t.Len() {
		k := from
		for axis, x := range at {
			k += x * strides[axis]
		}
		if !bytes.Equal(a[i*size:(i+1)*size], b[k*size:(k+1)*size]) {
			return false
		}
		for axis := len(at) - 1; axis >= 0; axis-- {
			if at[axis]++; at[axis] < t.Shape[axis] {
				break
			}
			at[axis] = 0
		}
	}
	return true
}

// partOf returns where a part begins, and the strides with which it is read.
func partOf(part, whole []int, last map[int]bool) (from int, strides []int) {
	strides = make([]int, len(whole))
	step := 1
	for axis := len(whole) - 1; axis >= 0; axis-- {
		strides[axis] = step
		if last[axis] {
			from += (whole[axis] - part[axis]) * step
		}
		step *= whole[axis]
	}
	return from, strides
}

func cropNode(v *ir.Value, last map[int]bool) *ir.Node {
	_, strides := partOf(v.Const.Shape, v.Const.Shape, last)
	attrs := ir.Attrs{"T": v.Type.DType.C()}
	from, pad := ir.Extent{}, 6-len(strides)
	for i := range 6 {
		d, s := ir.Fixed(1), 0
		if axis := i - pad; axis >= 0 {
			d, s = v.Type.Dims[axis], strides[axis]
			if last[axis] {
				from = from.Plus(ir.Fixed(v.Const.Shape[axis]).Plus(d.Times(ir.Fixed(-1))).Times(ir.Fixed(s)))
			}
		}
		attrs["D"+strconv.Itoa(i)], attrs["S"+strconv.Itoa(i)] = d.Attr(), int64(s)
	}
	attrs["FROM"] = from.Attr()
	return &ir.Node{Op: "strided", Attrs: attrs, Inputs: []*ir.Value{v}}
}

// compute lets node n compute what constant v was for its readers.
func (j *joiner) compute(v *ir.Value, n *ir.Node) {
	w := j.g.NewValue(v.Name+".part", v.Type)
	w.Def, n.Outputs = n, []*ir.Value{w}
	v.Type.Shape, v.Type.Dims = v.Const.Shape, nil // what n takes a part of is there as a whole
	if j.g.IsOutput(v) {
		for i, o := range j.g.Outputs {
			if o == v {
				j.g.Outputs[i] = w
			}
		}
		v.Name, w.Name = w.Name, v.Name
	}
	var kept []*ir.Node
	for _, r := range j.g.Nodes {
		if !slices.Contains(r.Inputs, v) {
			kept = append(kept, r)
			continue
		}
		n.From = r.From
		if r.Op == "load" {
			defer j.g.Replace(r.Outputs[0], w)
			continue
		}
		if computed := op.Lookup(r.Op).Computed; computed != "" {
			r.Op = computed
		}
		for i := range r.Inputs {
			if r.Inputs[i] == v {
				r.Inputs[i] = w
			}
		}
		kept = append(kept, r)
	}
	at := 0
	if len(n.Inputs) > 0 {
		at = slices.Index(kept, n.Inputs[0].Def) + 1
	}
	j.g.Nodes = slices.Insert(kept, at, n)
}
