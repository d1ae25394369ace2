package passes

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// joiner makes one graph of members of a family that are alike.
type joiner struct {
	*fitter
	g       *ir.Graph   // the first member, to become that of all
	own     []*ir.Value // its values
	members []member    // that have a say
	every   []member    // those that have none any more, too
	names   string      // of the dimensions, for messages
}

// member is one of those that are joined.
type member struct {
	sizes  []int       // that a run is told
	attrs  []ir.Attrs  // per node, as they were
	values []*ir.Value // in one order
}

// join makes the members of the given sizes, the first of which has no less than others within bounds, and joins those that are like it.
// others are the sizes, within bounds, of which the members are not as the graph says.
func (f Family) join(sizes [][]int) (g *ir.Graph, others [][]int, err error) {
	j := &joiner{names: f.names()}
	var at [][]int
	var odd error
	made := 0
	for i, size := range sizes {
		g, err := f.At(size)
		switch {
		case err != nil && i == 0:
			return nil, nil, err
		case err != nil:
			continue
		case i == 0:
			j.g, j.own = g, g.Values()
		}
		made++
		if err := alike(j.g, g); err != nil {
			odd = err
			continue
		}
		at = append(at, size)
		j.add(size, g)
	}
	if 2*len(at) <= made && made > 2 {
		return nil, nil, odd
	}
	j.every = j.members
	j.fitter = newFitter(f.Dims, f.Known, at)
	if f.shapes {
		err = j.joinShapes()
	} else {
		err = j.join()
	}
	return j.g, f.without(sizes, j.sizes), err
}

// add lets a member have a say. Constants that it has in common with the first are in memory once.
func (j *joiner) add(size []int, g *ir.Graph) {
	values := g.Values()
	for i, v := range values {
		if first := j.own[i]; v.IsConst() && v.Const != first.Const && tensor.Equal(v.Const, first.Const) {
			v.Const = first.Const
		}
	}
	attrs := make([]ir.Attrs, len(g.Nodes))
	for i, n := range g.Nodes {
		attrs[i] = maps.Clone(n.Attrs)
	}
	j.members = append(j.members, member{size, attrs, values})
}

// without lists those sizes within bounds that are not among others, which may have more dimensions.
func (f Family) without(list, others [][]int) [][]int {
	var rest [][]int
	for _, at := range list {
		inside := true
		for i, d := range f.Dims {
			inside = inside && at[i] >= d.Min && at[i] <= d.Max
		}
		if inside && !slices.ContainsFunc(others, func(o []int) bool { return slices.Equal(o[:len(at)], at) }) {
			rest = append(rest, at)
		}
	}
	return rest
}

func (f Family) names() string {
	var names []string
	for _, d := range f.Dims {
		names = append(names, d.Name)
	}
	return strings.Join(names, " and ")
}

// join writes extents into the first member where others differ from it.
func (j *joiner) join() error {
	if err := j.joinShapes(); err != nil {
		return err
	}
	for k, n := range j.g.Nodes {
		if err := j.attrs(k, n); err != nil {
			return err
		}
	}
	if err := j.exceptions(); err != nil {
		return err
	}
	for i, v := range j.own {
		if v.IsConst() {
			if err := j.constant(i, v); err != nil {
				return err
			}
		}
	}
	j.g.Dims = j.dims
	return nil
}

// joinShapes writes the shapes alone.
func (j *joiner) joinShapes() error {
	for i, v := range j.own {
		if err := j.shape(i, v); err != nil {
			return err
		}
	}
	j.g.Dims = j.dims
	return nil
}

// refuse says that a node does not go with bounded dimensions.
func (j *joiner) refuse(n *ir.Node, format string, args ...any) error {
	return about(n, &ir.Error{Msg: fmt.Sprintf(format, args...) + ", as a run's " + j.names + " may", Hint: fmt.Sprintf("fix the size when compiling, as with --dim %s=%d", j.dims[0].Name, j.dims[0].Max)})
}

// shape writes the shape of value i.
func (j *joiner) shape(i int, v *ir.Value) error {
	dims, varies := make([]ir.Extent, len(v.Type.Shape)), false
	for axis := range dims {
		e, ok := j.number(func(k int) int { return j.members[k].values[i].Type.Shape[axis] })
		if !ok {
			return j.refuse(v.Def, "the size of axis %d of %q cannot be told from one run to the next", axis, v.Name)
		}
		dims[axis], varies = e, varies || e.Varies()
	}
	if !varies {
		return nil
	}
	v.Type.Shape, v.Type.Dims = make([]int, len(dims)), dims
	for axis, e := range dims {
		v.Type.Shape[axis] = e.Max
	}
	return nil
}

// number returns the extent that is of(k) for member k. A few members may be exceptions, where a size happens to be that of something else, or
// is too small: they have no say from then on.
func (j *joiner) number(of func(k int) int, likely ...ir.Extent) (ir.Extent, bool) {
	all := make([]int, len(j.members))
	for k := range all {
		all[k] = k
	}
	if e, ok := j.fitOf(all, of, likely); ok {
		return e, true
	}
	for _, n := range []int{len(all) * 3 / 4, len(all) / 2, 8, 5, 4} {
		if n >= len(all) || n < 3 {
			continue
		}
		for leave := range n + 1 { // nobody at first
			some := slices.Clone(all[:n])
			if leave > 0 {
				some = slices.Delete(some, leave-1, leave)
			}
			if e, ok := j.fitOf(some, of, likely); ok && j.dismiss(e, of) {
				return e, true
			}
		}
	}
	return ir.Extent{}, false
}

// fitOf returns the extent for some members.
func (j *joiner) fitOf(members []int, of func(k int) int, likely []ir.Extent) (ir.Extent, bool) {
	some, values := j.only(members), make([]int, len(members))
	for i, k := range members {
		values[i] = of(k)
	}
	e, ok := some.fit(values, likely...)
	if ok {
		j.know(some.dims)
	}
	return e, ok
}

// dismiss drops the members that are not as e says, unless these are most.
func (j *joiner) dismiss(e ir.Extent, of func(k int) int) bool {
	var kept []int
	var members []member
	for k, m := range j.members {
		if of(k) == e.At(j.sizes[k]) {
			kept, members = append(kept, k), append(members, m)
		}
	}
	if 2*len(kept) <= len(j.members) {
		return false
	}
	j.fitter, j.members = j.only(kept), members
	return true
}

// attrs writes the attributes of node k.
func (j *joiner) attrs(k int, n *ir.Node) error {
	likely := runsOf(slices.Concat(n.Outputs, n.Inputs))
	for _, key := range n.Attrs.Keys() {
		var err error
		_, number := n.Attrs[key].(int64)
		switch {
		case slices.Contains(neverSizes, key):
			err = j.equal(k, n, key, j.every)
		case number:
			e, ok := j.number(func(m int) int { return j.members[m].attrs[k].Int(key) }, likely...)
			if !ok {
				err = j.refuse(n, "constant %s of its kernel cannot be told from one run to the next", key)
			}
			n.Attrs[key] = e.Attr()
		default:
			err = j.equal(k, n, key, j.members)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// neverSizes are the numbers of kernels that are no sizes, though some go by one, as the factors of an average. No extent says how, and no
// member may be an exception.
var neverSizes = []string{"AZ", "BITS", "BZ", "LOW", "MUL", "QMAX", "QMIN", "SHIFT", "TIES", "XZ", "YZ", "ZERO"}

// equal refuses an attribute of node k that is not the same for all members.
func (j *joiner) equal(k int, n *ir.Node, key string, members []member) error {
	if every(members, func(m member) bool { return sameAttr(n.Attrs[key], m.attrs[k][key]) }) {
		return nil
	}
	return j.refuse(n, "%s of its kernel differs from one run to the next", key)
}

// layouts begin the names of kernels that say by their constants alone what goes where. Where an axis is short, others of these may
// do the same: what they do is evaluated.
var layouts = []string{"broadcast", "contract", "each", "gather", "join", "matmul", "pad", "pixels", "place", "reduce", "scatter", "strided"}

// exceptions refuses members whose kernels differ from what the graph says in other ways than layouts do.
func (j *joiner) exceptions() error {
	sizes := make([][]int, len(j.every))
	for i, m := range j.every {
		sizes[i] = ir.Sizes(j.dims, m.sizes)
	}
	for k, n := range j.g.Nodes {
		if slices.ContainsFunc(layouts, func(l string) bool { return strings.HasPrefix(n.Op, l) }) {
			continue
		}
		for _, key := range n.Attrs.Keys() {
			if err := j.exception(k, n, key, sizes); err != nil {
				return err
			}
		}
	}
	return nil
}

// exception refuses members whose node k has another number under key than the graph says.
func (j *joiner) exception(k int, n *ir.Node, key string, sizes [][]int) error {
	e := n.Attrs.ExtentOf(key)
	for i, m := range j.every {
		if want, got := e.At(sizes[i]), m.attrs[k].Int(key); want != got {
			return j.refuse(n, "constant %s of its kernel is %d at some sizes and %d at others", key, got, want)
		}
	}
	return nil
}

// runsOf lists the products of neighbouring axes that vary, of values' shapes.
func runsOf(values []*ir.Value) []ir.Extent {
	var list []ir.Extent
	for _, v := range values {
		if v == nil {
			continue
		}
		for from := range v.Type.Dims {
			e := ir.Fixed(1)
			for _, axis := range v.Type.Dims[from:] {
				if e = e.Times(axis); e.Varies() && !slices.ContainsFunc(list, e.Equal) {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

// alike returns an error where two members differ in more than numbers.
func alike(a, b *ir.Graph) error {
	if len(a.Inputs) != len(b.Inputs) || len(a.Outputs) != len(b.Outputs) {
		return &ir.Error{Msg: "inputs and outputs are others at other sizes"}
	}
	av, bv := a.Values(), b.Values()
	place := map[*ir.Value]int{}
	for i, v := range bv {
		place[v] = i + 1
	}
	same := func(a, b []*ir.Value, index map[*ir.Value]int) bool {
		return slices.EqualFunc(a, b, func(v, w *ir.Value) bool { return index[v] == place[w] })
	}
	index := map[*ir.Value]int{}
	for i, v := range av {
		index[v] = i + 1
	}
	for i, n := range a.Nodes {
		if i >= len(b.Nodes) {
			return differs(n, "is not there")
		}
		m := b.Nodes[i]
		switch {
		case n.Op != m.Op:
			return differs(n, "is "+m.Op)
		case !same(n.Inputs, m.Inputs, index) || !same(n.Outputs, m.Outputs, index):
			return differs(n, "takes other inputs")
		case !slices.Equal(n.Attrs.Keys(), m.Attrs.Keys()):
			return differs(n, "has other attributes")
		}
	}
	if len(av) != len(bv) || len(a.Nodes) != len(b.Nodes) || !same(a.Outputs, b.Outputs, index) {
		return &ir.Error{Msg: "there are other nodes at other sizes"}
	}
	for i, v := range av {
		w := bv[i]
		if v.Type.DType != w.Type.DType || len(v.Type.Shape) != len(w.Type.Shape) || v.IsConst() != w.IsConst() {
			e := &ir.Error{Msg: fmt.Sprintf("value %q is %s at some sizes and %s at others", v.Name, v.Type, w.Type)}
			if v.Def != nil {
				e.Node, e.Op = nodeName(v.Def), v.Def.Op
			}
			return e
		}
	}
	return nil
}

func differs(n *ir.Node, how string) error {
	return &ir.Error{Node: nodeName(n), Op: n.Op, Msg: "at other sizes, the node in its place " + how}
}

// sameAttr reports whether attributes other than whole numbers are equal.
func sameAttr(a, b any) bool {
	if g, ok := a.(*ir.Graph); ok {
		h, ok := b.(*ir.Graph)
		return ok && g.String() == h.String()
	}
	return reflect.DeepEqual(a, b)
}
