// A model with bounded dimensions is a family of models of fixed sizes. Some of its members go through the passes, each by itself; join
// then makes one graph of what came out, whose shapes and constants of kernels are extents where the members differ in them.
//
//	seq=99:  %y: f32[99,8] = fc_f32(%x, …) {M=99, …}
//	seq=100: %y: f32[100,8] = fc_f32(%x, …) {M=100, …}    =>    %y: f32[100,8] = fc_f32(%x, …) {M=seq, …}
//
// Operators and passes know nothing of it. Members of small sizes may differ in more than numbers, as where an axis of size 1 goes away;
// what holds for the others holds for them, as the model computes the same by the same operators.

package passes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Family is a graph of many sizes.
type Family struct {
	Dims []ir.Dim                             // whose sizes a run is told
	At   func(sizes []int) (*ir.Graph, error) // the member of given sizes

	Known []ir.Dim // dimensions that follow from those, as far as they are known

	shapes bool // that are all that is asked for
}

// RunFamily takes a family through the pipeline, and returns one graph for all of it.
func RunFamily(f Family, c *Config) (*ir.Graph, error) {
	at := slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == "pack" })
	if err := checkDisabled(c.Disable, Pipeline[:]); err != nil {
		return nil, err
	}
	own := *c
	own.pipeline, own.family = Pipeline[:], true
	lowered := Family{Dims: f.Dims, Known: f.Known, At: func(sizes []int) (*ir.Graph, error) {
		g, err := f.At(sizes)
		if err == nil {
			err = runPart(g, &own, 0, at)
		}
		own.Dump = nil // of the first member alone
		return g, err
	}}
	g, others, err := lowered.Join()
	if err != nil {
		return nil, f.hinted(err)
	}
	if err := f.prove(g, others); err != nil {
		return nil, err
	}
	flattenPools(g)
	own.Dump, own.CheckEval = c.Dump, false // a graph of all sizes is none that could be evaluated
	if err = runPart(g, &own, at, len(Pipeline)); err == nil {
		err = f.hinted(f.room(g))
	}
	if err == nil && c.CheckEval {
		err = f.check(g, own.Memory)
	}
	c.Memory = own.Memory
	return g, err
}

// hinted says what to do about a model that does not go with all sizes.
func (f Family) hinted(err error) error {
	var e *ir.Error
	if d := f.Dims[0]; errors.As(err, &e) && e.Hint == "" {
		e.Hint = fmt.Sprintf("fix the size, as with --dim %s=%d", d.Name, d.Max)
	}
	return err
}

// flattenPools makes images whose height a run is told, and which are pooled as a whole, a single row: how many rows a kernel gets is a constant.
func flattenPools(g *ir.Graph) {
	one := ir.Fixed(1)
	for _, n := range g.Nodes {
		a := n.Attrs
		if !strings.Contains(n.Op, "pool2d_") || !a.ExtentOf("KH").Varies() || a.Has("window") {
			continue
		}
		whole := a.ExtentOf("KH").Equal(a.ExtentOf("IH")) && a.ExtentOf("KW").Equal(a.ExtentOf("IW")) && a.ExtentOf("OH").Equal(one) && a.ExtentOf("OW").Equal(one)
		for _, name := range []string{"PT", "PL", "PB", "PR"} {
			whole = whole && a.ExtentOf(name).Equal(ir.Fixed(0))
		}
		if whole && a.Int("DH") == 1 && a.Int("DW") == 1 {
			pixels := a.ExtentOf("IH").Times(a.ExtentOf("IW")).Attr()
			a["IH"], a["KH"], a["SH"], a["IW"], a["KW"] = int64(1), int64(1), int64(1), pixels, pixels
		}
	}
}

// prove compares what g computes with the members of the sizes at which these differ from it.
func (f Family) prove(g *ir.Graph, others [][]int) error {
	const most = 1 << 26 // elements of constants and values, beyond which evaluating takes too long
	slices.SortStableFunc(others, func(a, b []int) int { return tensor.Len(a) - tensor.Len(b) })
	for work, i := 0, 0; i < len(others) && work < most; i++ {
		sizes := others[i]
		m, err := f.At(sizes)
		if err != nil {
			return err
		}
		for _, v := range m.Values() {
			work += v.Type.Len()
		}
		eval, err := newEvalCheck(m)
		if err != nil { // random inputs are none that the model takes
			continue
		}
		if err := eval.same(g, sizes); err != nil {
			d := f.Dims[0]
			return &ir.Error{Msg: fmt.Sprintf("of size %s, the model is not computed as it is of greater sizes: %v", f.named(sizes), err),
				Hint: fmt.Sprintf("give the least size, as with --dim '%d<=%s<=%d', or fix it with --dim %s=%d", sizes[0]+1, d.Name, d.Max, d.Name, d.Max)}
		}
	}
	return nil
}

// same runs the member of some sizes of a graph that may be wrong for them, and holds its outputs against those from before.
func (e *evalCheck) same(family *ir.Graph, sizes []int) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a value or a constant is shorter than what is read of it")
		}
	}()
	g := family.At(sizes)
	for i, v := range g.Outputs {
		if !slices.Equal(v.Type.Shape, e.out[i].Shape) {
			return fmt.Errorf("output %q is %s, was %v", v.Name, v.Type, e.out[i].Shape)
		}
	}
	for _, n := range g.Nodes { // the interpreter goes by the shapes
		if d := op.Lookup(n.Op); d != nil && d.Elementwise && n.Attrs.Int("N") != n.Outputs[0].Type.Len() {
			return fmt.Errorf("%q has %d elements, of which %d are computed", n.Outputs[0].Name, n.Outputs[0].Type.Len(), n.Attrs.Int("N"))
		}
	}
	return e.compare(g, nil)
}

// named shows sizes with the names of dimensions.
func (f Family) named(sizes []int) string {
	parts := make([]string, len(sizes))
	for i, d := range f.Dims {
		parts[i] = fmt.Sprintf("%s=%d", d.Name, sizes[i])
	}
	return strings.Join(parts, ", ")
}

// check compares what g computes at some sizes with the members of those.
func (f Family) check(g *ir.Graph, mem *ir.Memory) error {
	for _, part := range []int{0, 1, 3, 7, 8} { // eighths of the way to the greatest
		sizes := f.all(func(d ir.Dim) int { return d.Min + (d.Max-d.Min)*part/8 })
		m, err := f.At(sizes)
		if err != nil {
			return err
		}
		eval, err := newEvalCheck(m)
		if err != nil {
			return err
		}
		if err := eval.compare(g.PlannedAt(sizes, mem)); err != nil {
			return &ir.Bug{Msg: fmt.Sprintf("model %q of sizes %v is not what it is by itself: %s", g.Name, sizes, err)}
		}
	}
	return nil
}

// Join returns one graph for all members, and the sizes at which members differ from it: there it may not be the same. What differs between
// most members in another way than extents can say is an error.
func (f Family) Join() (g *ir.Graph, others [][]int, err error) {
	list := f.sizes()
	g, others, err = f.join(list)
	if err == nil {
		return g, others, nil
	}
	beyond := slices.Concat([][]int{f.all(func(d ir.Dim) int { return d.Max + 1 })}, list) // the greatest may happen to be the size of something else
	for _, more := range [][][]int{f.stepwise(list), beyond} {
		if g, others, retry := f.join(more); retry == nil {
			return g, others, nil
		}
	}
	return nil, nil, err
}

// sizes lists sizes that tell how a model depends on them, the greatest first: some below it, and some beyond where there are few; all small
// ones, where models are most unlike others; and some between.
func (f Family) sizes() [][]int {
	if len(f.Dims) == 1 {
		var list [][]int
		for _, n := range slices.Concat(around(f.Dims[0], 6), checked(f.Dims[0])) {
			list = append(list, []int{n})
		}
		return unequal(list)
	}
	list := [][]int{nil}
	for _, d := range f.Dims {
		var longer [][]int
		for _, at := range list {
			for _, n := range around(d, 3) {
				longer = append(longer, append(slices.Clone(at), n))
			}
		}
		list = longer
	}
	for i, d := range f.Dims {
		for _, n := range checked(d) { // with the others at their greatest, and at their least
			for _, end := range []func(ir.Dim) int{func(o ir.Dim) int { return o.Max }, func(o ir.Dim) int { return o.Min }} {
				at := f.all(end)
				at[i] = n
				list = append(list, at)
			}
		}
	}
	return unequal(append(list, f.all(func(d ir.Dim) int { return (d.Min + d.Max) / 2 })))
}

// all lists a size of every dimension.
func (f Family) all(of func(ir.Dim) int) []int {
	sizes := make([]int, len(f.Dims))
	for i, d := range f.Dims {
		sizes[i] = of(d)
	}
	return sizes
}

// stepwise adds sizes that tell also extents that go up by steps.
func (f Family) stepwise(list [][]int) [][]int {
	const steps = 48
	for i, d := range f.Dims {
		for n := d.Max; n >= max(d.Min, d.Max-steps); n-- {
			at := f.all(func(o ir.Dim) int { return o.Max })
			at[i] = n
			list = append(list, at)
		}
	}
	return unequal(list)
}

// around lists n sizes of a dimension, those below the greatest first.
func around(d ir.Dim, n int) []int {
	list := []int{d.Max}
	if d.Max == 1 {
		return list
	}
	for k := d.Max - 1; k > 1 && len(list) < n; k-- {
		list = append(list, k)
	}
	for k := d.Max + 1; len(list) < n; k++ {
		list = append(list, k)
	}
	return list
}

func unequal(list [][]int) [][]int {
	var out [][]int
	for _, at := range list {
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(o, at) }) {
			out = append(out, at)
		}
	}
	return out
}

// Shapes returns the greatest member of a family of imported graphs, whose types say how shapes depend on the dimensions, and sets the least
// sizes at which that holds. note says why a size of 1 is too small; it is "" where none is.
func (f *Family) Shapes() (g *ir.Graph, note string, err error) {
	all := Family{Dims: f.Dims, At: f.At, shapes: true}
	if g, _, err = all.Join(); err != nil {
		return nil, "", err
	}
	for i := range f.Dims {
		least, why, err := f.least(g, i)
		if err != nil {
			return nil, "", err
		}
		if why != nil {
			note = fmt.Sprintf("dimension %q is from %d on: at %d, %v", f.Dims[i].Name, least, least-1, why)
		}
		f.Dims[i].Min, g.Dims[i].Min = least, least
	}
	if len(f.Dims) > 1 { // all at their least at once
		err = f.holds(g, f.all(func(d ir.Dim) int { return d.Min }))
	}
	return g, note, err
}

// least returns the least size of dimension i from which on g's shapes hold, the other dimensions being as large as can be. why is what is
// wrong with the size below.
func (f *Family) least(g *ir.Graph, i int) (least int, why, err error) {
	const most = 16 // a model that takes no shorter input than that is not what was meant
	d := f.Dims[i]
	sizes := f.all(func(other ir.Dim) int { return other.Max })
	least = d.Min
	for _, n := range checked(d) {
		sizes[i] = n
		if err := f.holds(g, sizes); err != nil {
			if n >= most || n > least || n == d.Max-1 {
				return 0, nil, &ir.Error{Msg: fmt.Sprintf("the model is another one where %q is %d: %v", d.Name, n, err), Hint: fmt.Sprintf("fix the size with --dim %s=%d", d.Name, d.Max)}
			}
			least, why = n+1, err
		}
	}
	return least, why, nil
}

// checked lists sizes of a dimension, ascending: all small ones, and some of the others.
func checked(d ir.Dim) []int {
	var list []int
	for n := d.Min; n < d.Max; n += 1 + max(n-16, 0)/4 {
		list = append(list, n)
	}
	return list
}

// holds returns an error where the member of the given sizes is not what g says of it.
func (f *Family) holds(g *ir.Graph, told []int) error {
	m, err := f.At(told)
	if err != nil {
		return err
	}
	if err := alike(g, m); err != nil {
		return err
	}
	sizes, values := ir.Sizes(g.Dims, told), m.Values()
	for i, v := range g.Values() {
		for axis, e := range v.Type.Dims {
			if n := values[i].Type.Shape[axis]; n != e.At(sizes) {
				return fmt.Errorf("axis %d of %q is %d, and not %s", axis, v.Name, n, e.Text(func(d int) string { return g.Dims[d].Name }))
			}
		}
		if v.Type.Dims == nil && !slices.Equal(v.Type.Shape, values[i].Type.Shape) {
			return fmt.Errorf("%q is %s, and not %s", v.Name, values[i].Type, v.Type)
		}
	}
	return nil
}
