package op

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that move elements. Those that keep the order of all elements become views, the others a strided copy.
var moveDefs = []*Def{
	{Name: "Transpose", Since: []int{1, 13, 21, 23, 24, 25}, In: Args("data"), Out: Args("transposed"), Attrs: []Attr{Ints("perm")}, Infer: inferTranspose, Eval: evalTranspose, Lower: lowerTranspose, Moves: true},
	{Name: "Slice", Since: []int{1, 10, 11, 13}, In: Args("data", "starts", "ends", "axes?", "steps?"), Out: Args("output"), Upgrade: upgradeSlice, Infer: inferSlice, Eval: evalSlice, Lower: lowerSlice, Moves: true},
	{Name: "Concat", Since: []int{4, 11, 13}, In: Args("inputs..."), Out: Args("concat_result"), Attrs: []Attr{Int("axis", 0).Must()}, Infer: inferConcat, Eval: evalConcat, Lower: lowerConcat, Moves: true},
	{Name: "Split", Since: []int{2, 11, 13, 18}, In: Args("input", "split?"), Out: Args("outputs..."), Attrs: []Attr{Int("axis", 0), Int("num_outputs", 0)}, Upgrade: upgradeSplit, Infer: inferSplit, Eval: evalSplit, Lower: lowerSplit, Moves: true},
	{Name: "Expand", Since: []int{8, 13}, In: Args("input", "shape"), Out: Args("output"), Infer: inferExpand, Eval: evalExpand, Lower: lowerExpand, Moves: true},
	{Name: "Gather", Since: []int{1, 11, 13}, In: Args("data", "indices"), Out: Args("output"), Attrs: []Attr{Int("axis", 0)}, Infer: inferGather, Eval: evalGather, Lower: lowerGather, Moves: true},
	{Name: "Pad", Since: []int{2, 11, 13, 18, 19, 21, 23, 24, 25}, In: Args("data", "pads", "constant_value?", "axes?"), Out: Args("output"), Attrs: []Attr{Str("mode", "constant")}, Upgrade: upgradePad, Infer: inferPad, Eval: evalPad, Lower: lowerPad, Moves: true},
	{Name: "strided", In: Args("x"), Out: Args("y"), Eval: evalStrided},
	{Name: "pixels", In: Args("x"), Out: Args("y"), Eval: evalPixels},
	{Name: "pad2d", In: Args("x"), Out: Args("y"), Eval: evalPad2D},
	{Name: "place", In: Args("y", "x"), Out: Args("z"), Eval: evalPlace, InPlace: []int{0}},
	{Name: "join2", In: Args("a", "b"), Out: Args("y"), Eval: evalJoin2},
	{Name: "fill", Out: Args("y"), Eval: evalFill},
	{Name: "gather", In: Args("x", "at"), Out: Args("y"), Eval: evalGatherKernel},
	{Name: "take", In: Args("x", "at", "value"), Out: Args("y"), Eval: evalTake},
	{Name: "copy", In: Args("x"), Out: Args("y"), Eval: evalCopy, Elementwise: true},
	{Name: "load", In: Args("x"), Out: Args("y"), Eval: evalCopy},
}

func permOf(c *Call) ([]int, error) {
	rank := len(c.Shape(0))
	perm := c.Attrs.Ints("perm")
	if perm == nil {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	if _, err := axesOf(perm, rank); err != nil || len(perm) != rank || slices.Min(append(perm, 0)) < 0 {
		return nil, fmt.Errorf("perm %v is not an order of %d axes", perm, rank)
	}
	return perm, nil
}

// permuted returns s in the order of perm.
func permuted(s, perm []int) []int {
	out := make([]int, len(perm))
	for i, p := range perm {
		out[i] = s[p]
	}
	return out
}

func inferTranspose(c *Call) ([]ir.Type, error) {
	perm, err := permOf(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, permuted(c.Shape(0), perm)...), nil
}

func evalTranspose(c *Call) ([]*tensor.Tensor, error) {
	perm, err := permOf(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	shape := permuted(x.Shape, perm)
	return one(gatherStrided(x, shape, permuted(stridesOf(x.Shape), perm), 0)), nil
}

// gatherStrided reads x with strides from an offset into a new tensor of shape.
func gatherStrided(x *tensor.Tensor, shape, strides []int, from int) *tensor.Tensor {
	y, i := tensor.New(x.DType, shape...), 0
	walk(shape, func(at []int) { copyElement(y, i, x, from+at[0]); i++ }, strides)
	return y
}

func lowerTranspose(l *Lowering) error {
	perm, err := permOf(l.Call)
	if err != nil {
		return err
	}
	if !l.AnySize && l.pixels(perm) {
		return nil
	}
	return l.strided(l.In(0), permuted(stridesOf(l.Shape(0)), perm), 0)
}

// pixels emits the copy of an image with its channels last, row by row, and reports whether that is what perm does. Each row is read from all planes.
func (l *Lowering) pixels(perm []int) bool {
	const planes = 16 // pointers to so many rows are fewer bytes of stack than most kernels take
	s, x := l.Shape(0), l.In(0)
	if !slices.Equal(perm, []int{0, 2, 3, 1}) || s[1] < 2 || s[1] > planes || s[2] < 2 || l.Out(0).Len() == 0 || x.IsConst() {
		return false
	}
	a := ir.Attrs{"T": x.Type.DType.C(), "N": int64(s[0]), "C": int64(s[1]), "W": int64(s[3])}
	ir.Window{In: s[1] * s[2], Out: s[2], Kernel: s[1], Stride: 1, Dilation: s[2], Fold: 1}.SetWindow(a)
	l.Replace("pixels", a, x)
	return true
}

func evalPixels(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	n, ch := c.Attrs.Int("N"), c.Attrs.Int("C")
	plane := x.Len() / (n * ch)
	for i := range x.Len() {
		copyElement(y, (i/(ch*plane)*plane+i%plane)*ch+i/plane%ch, x, i)
	}
	return one(y), nil
}

// strided emits the copy of x, read with strides from an offset, to output 0; a view where the elements lie in order.
func (l *Lowering) strided(x *ir.Value, strides []int, from int) error {
	v, err := l.stridedValue(x, l.Out(0).Shape, strides, from)
	if err != nil {
		return err
	}
	n := l.nodes[len(l.nodes)-1]
	n.Outputs[0] = l.Node.Outputs[0]
	n.Outputs[0].Def = n
	_ = v
	return nil
}

// stridedValue emits the same to a new value.
func (l *Lowering) stridedValue(x *ir.Value, shape, strides []int, from int) (*ir.Value, error) {
	if x.IsConst() {
		x = l.load(x)
	}
	t := ir.Type{DType: x.Type.DType, Shape: shape, Quant: l.Node.Outputs[0].Type.Quant}
	dims, s, _ := mergeDims(shape, strides, strides)
	if len(dims) == 0 || len(dims) == 1 && s[0] == 1 {
		return l.Emit("view", ir.Attrs{"offset": int64(from * t.DType.Size())}, t, x), nil
	}
	if len(dims) > 6 {
		return nil, fmt.Errorf("%s of shape %v walks through more than 6 dimensions, which is not available in C", l.Def.Name, shape)
	}
	attrs := ir.Attrs{"T": t.DType.C(), "FROM": int64(from)}
	setSix(attrs, "D", dims, 1)
	setSix(attrs, "S", s, 0)
	return l.Emit("strided", attrs, t, x), nil
}

func six(a ir.Attrs, prefix string) []int {
	out := make([]int, 6)
	for i := range out {
		out[i] = a.Int(fmt.Sprintf("%s%d", prefix, i))
	}
	return out
}

func evalStrided(c *Call) ([]*tensor.Tensor, error) {
	y := gatherStrided(c.X(0), six(c.Attrs, "D"), six(c.Attrs, "S"), c.Attrs.Int("FROM"))
	return one(y.Reshape(c.Out(0).Shape...)), nil
}

func evalCopy(c *Call) ([]*tensor.Tensor, error) { return one(c.X(0).Reshape(c.Out(0).Shape...)), nil }

// slicing is Slice with everything resolved: per axis where it starts, its step, and how many elements it takes.
type slicing struct{ start, step, size []int }

func newSlicing(c *Call) (*slicing, error) {
	shape := c.Shape(0)
	s := &slicing{make([]int, len(shape)), orOnes(nil, len(shape)), slices.Clone(shape)}
	starts, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	ends, err := c.ConstInts(2)
	if err != nil {
		return nil, err
	}
	axes, steps := make([]int, len(starts)), orOnes(nil, len(starts))
	for i := range axes {
		axes[i] = i
	}
	if c.Has(3) {
		if axes, err = c.ConstInts(3); err != nil {
			return nil, err
		}
	}
	if c.Has(4) {
		if steps, err = c.ConstInts(4); err != nil {
			return nil, err
		}
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("%d starts, %d ends, %d axes and %d steps; expected as many of each", len(starts), len(ends), len(axes), len(steps))
	}
	if axes, err = axesOf(axes, len(shape)); err != nil {
		return nil, err
	}
	for i, a := range axes {
		if steps[i] == 0 {
			return nil, fmt.Errorf("step 0 on axis %d", a)
		}
		s.start[a], s.size[a] = sliceRange(starts[i], ends[i], steps[i], shape[a])
		s.step[a] = steps[i]
	}
	return s, nil
}

// sliceRange clamps as NumPy does, and returns the first index and the number of elements.
func sliceRange(start, end, step, n int) (first, size int) {
	lo, hi := 0, n
	if step < 0 {
		lo, hi = -1, n-1
	}
	clamp := func(v int) int {
		if v < 0 {
			v = max(v+n, -1)
		}
		return min(max(v, lo), hi)
	}
	start, end = clamp(start), clamp(end)
	if step > 0 {
		return start, max((end-start+step-1)/step, 0)
	}
	return start, max((start-end-step-1)/-step, 0)
}

// offset returns where the slice begins, and the strides with which it is read.
func (s *slicing) offset(shape []int) (from int, strides []int) {
	strides = stridesOf(shape)
	for i, k := range strides {
		from += s.start[i] * k
		strides[i] = k * s.step[i]
	}
	return from, strides
}

func upgradeSlice(u *Upgrade, v int) error {
	if v < 10 {
		u.AttrToInput("starts", 1)
		u.AttrToInput("ends", 2)
		u.AttrToInput("axes", 3)
	}
	return nil
}

func inferSlice(c *Call) ([]ir.Type, error) {
	s, err := newSlicing(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, s.size...), nil
}

func evalSlice(c *Call) ([]*tensor.Tensor, error) {
	s, err := newSlicing(c)
	if err != nil {
		return nil, err
	}
	from, strides := s.offset(c.X(0).Shape)
	return one(gatherStrided(c.X(0), s.size, strides, from)), nil
}

func lowerSlice(l *Lowering) error {
	s, err := newSlicing(l.Call)
	if err != nil {
		return err
	}
	from, strides := s.offset(l.Shape(0))
	return l.strided(l.In(0), strides, from)
}

func inferConcat(c *Call) ([]ir.Type, error) {
	shape := slices.Clone(c.Shape(0))
	axis, err := axisOf(c.Attrs.Int("axis"), len(shape))
	if err != nil {
		return nil, err
	}
	for i := 1; i < c.N(); i++ {
		s := slices.Clone(c.Shape(i))
		if len(s) != len(shape) {
			return nil, fmt.Errorf("inputs have shapes %v and %v; expected one rank", c.Shape(0), s)
		}
		shape[axis], s[axis] = shape[axis]+s[axis], shape[axis]+s[axis]
		if !slices.Equal(s, shape) || c.Type(i).DType != c.Type(0).DType {
			return nil, fmt.Errorf("inputs %s and %s differ in more than axis %d", c.Type(0), c.Type(i), axis)
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

func evalConcat(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferConcat(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(types[0].DType, types[0].Shape...)
	axis, _ := axisOf(c.Attrs.Int("axis"), len(y.Shape))
	strides, from := stridesOf(y.Shape), 0
	for i := range c.N() {
		x, j := c.X(i), 0
		walk(x.Shape, func(at []int) { copyElement(y, from+at[0], x, j); j++ }, strides)
		from += x.Shape[axis] * strides[axis]
	}
	return one(y), nil
}

// lowerConcat writes each input into its place: blocks of the input's own length, at the output's stride.
func lowerConcat(l *Lowering) error {
	t := l.Out(0)
	axis, err := axisOf(l.Attrs.Int("axis"), len(t.Shape))
	if err != nil {
		return err
	}
	outer, _, inner := around(t.Shape, axis)
	y := l.Emit("fill", fillAttrs(t, 0, 0), t)
	from := 0
	parts := slices.DeleteFunc(slices.Clone(l.Node.Inputs), func(v *ir.Value) bool { return v.Type.Len() == 0 })
	if len(parts) == 0 {
		l.Replace("view", ir.Attrs{"offset": int64(0)}, y)
	}
	for i, x := range parts {
		block := x.Type.Shape[axis] * inner
		if x.IsConst() {
			x = l.load(x)
		}
		out := []*ir.Value{l.NewValue(l.Node.Outputs[0].Name+".place", t)}
		if i == len(parts)-1 {
			out = l.Node.Outputs
		}
		l.EmitTo(out, "place", ir.Attrs{"T": t.DType.C(), "LEN": int64(t.Len()), "OUTER": int64(outer), "BLOCK": int64(block), "STRIDE": int64(t.Shape[axis] * inner), "FROM": int64(from)}, y, x)
		y, from = out[0], from+block
	}
	return nil
}

// fillAttrs are the constants of a fill of N elements of a type; N 0 leaves the memory as it is.
func fillAttrs(t ir.Type, n int, value float32) ir.Attrs {
	v := tensor.New(t.DType)
	v.SetF64(0, float64(value))
	return fillWith(t, n, v)
}

// fillWith is fillAttrs for a value of the elements' own type.
func fillWith(t ir.Type, n int, value *tensor.Tensor) ir.Attrs {
	return ir.Attrs{"T": t.DType.C(), "N": int64(n), "value": value, "VALUE()": literalC(value)}
}

// literalC returns the C of a stored element.
func literalC(t *tensor.Tensor) string {
	switch d := t.DType; {
	case d == tensor.Float32:
		return cFloat(float32(t.F64(0)))
	case d == tensor.Float64:
		return doubleLiteral(t.F64(0))
	case d.IsFloat():
		return strconv.Itoa(int(bitsOf(t)))
	default:
		return intLiteral(t.I64(0), d)
	}
}

// bitsOf returns the stored bits of an element of a narrow float.
func bitsOf(t *tensor.Tensor) uint64 {
	bits := uint64(0)
	for i, b := range t.Bytes()[:t.DType.Size()] {
		bits |= uint64(b) << (8 * i)
	}
	return bits
}

func evalFill(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	for i := range c.Attrs.Int("N") {
		copyElement(y, i, c.Attrs.Tensor("value"), 0)
	}
	return one(y), nil
}

// evalPlace copies OUTER blocks of x into y, STRIDE elements apart.
func evalPlace(c *Call) ([]*tensor.Tensor, error) {
	y, x := c.X(0).Clone(), c.X(1)
	block := c.Attrs.Int("BLOCK")
	for o := range x.Len() / max(block, 1) { // OUTER, or a row's where rows are put one by one
		for i := range block {
			copyElement(y, c.Attrs.Int("FROM")+o*c.Attrs.Int("STRIDE")+i, x, o*block+i)
		}
	}
	return one(y.Reshape(c.Out(0).Shape...)), nil
}

func evalJoin2(c *Call) ([]*tensor.Tensor, error) {
	y, from := c.newOut(0), 0
	for k, name := range []string{"A", "B"} {
		x, block := c.X(k), c.Attrs.Int(name)
		for i := range x.Len() {
			copyElement(y, from+i/block*c.Attrs.Int("STRIDE")+i%block, x, i)
		}
		from += block
	}
	return one(y), nil
}

// upgradeSplit moves the sizes of opset 11 to an input.
func upgradeSplit(u *Upgrade, v int) error {
	if v < 13 {
		u.AttrToInput("split", 1)
	}
	return nil
}

// splitSizes returns the axis and the size of each part.
func splitSizes(c *Call) (axis int, sizes []int, err error) {
	if axis, err = axisOf(c.Attrs.Int("axis"), len(c.Shape(0))); err != nil {
		return 0, nil, err
	}
	n, parts := c.Shape(0)[axis], c.NOut()
	if c.Has(1) {
		if sizes, err = c.ConstInts(1); err != nil {
			return 0, nil, err
		}
	} else {
		each := (n + parts - 1) / parts
		for left := n; len(sizes) < parts; left -= each {
			sizes = append(sizes, min(each, max(left, 0)))
		}
	}
	sum := 0
	for _, s := range sizes {
		sum += s
	}
	if len(sizes) != parts || sum != n {
		return 0, nil, fmt.Errorf("parts of %v do not split %d elements into %d outputs", sizes, n, parts)
	}
	return axis, sizes, nil
}

func inferSplit(c *Call) ([]ir.Type, error) {
	axis, sizes, err := splitSizes(c)
	if err != nil {
		return nil, err
	}
	types := make([]ir.Type, len(sizes))
	for i, s := range sizes {
		shape := slices.Clone(c.Shape(0))
		shape[axis] = s
		types[i] = ir.Type{DType: c.Type(0).DType, Shape: shape}
	}
	return types, nil
}

func evalSplit(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferSplit(c)
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	strides, from := stridesOf(c.Shape(0)), 0
	out := make([]*tensor.Tensor, len(types))
	for i, t := range types {
		out[i] = gatherStrided(c.X(0), t.Shape, strides, from)
		from += t.Shape[axis] * strides[axis]
	}
	return out, nil
}

func lowerSplit(l *Lowering) error {
	axis, sizes, err := splitSizes(l.Call)
	if err != nil {
		return err
	}
	strides, from := stridesOf(l.Shape(0)), 0
	for i, size := range sizes {
		if v := l.Node.Outputs[i]; v != nil {
			if _, err := l.stridedValue(l.In(0), v.Type.Shape, strides, from); err != nil {
				return err
			}
			n := l.nodes[len(l.nodes)-1]
			n.Outputs[0], v.Def = v, n
		}
		from += size * strides[axis]
	}
	return nil
}

func inferExpand(c *Call) ([]ir.Type, error) {
	want, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	shape, err := broadcast(c.Shape(0), want)
	return typed(c.Type(0).DType, shape...), err
}

func evalExpand(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferExpand(c)
	if err != nil {
		return nil, err
	}
	shape := types[0].Shape
	return one(gatherStrided(c.X(0), shape, broadcastStrides(c.X(0).Shape, shape), 0)), nil
}

func lowerExpand(l *Lowering) error {
	return l.strided(l.In(0), broadcastStrides(l.Shape(0), l.Out(0).Shape), 0)
}

func inferGather(c *Call) ([]ir.Type, error) {
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return nil, err
	}
	s := c.Shape(0)
	shape := slices.Concat(s[:axis], c.Shape(1), s[axis+1:])
	return typed(c.Type(0).DType, shape...), nil
}

func evalGather(c *Call) ([]*tensor.Tensor, error) {
	x, idx := c.X(0), c.X(1)
	types, err := inferGather(c)
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(c.Attrs.Int("axis"), len(x.Shape))
	outer, n, inner := around(x.Shape, axis)
	y, i := tensor.New(x.DType, types[0].Shape...), 0
	for o := range outer {
		for j := range idx.Len() {
			at, err := axisOf(int(idx.I64(j)), n)
			if err != nil {
				return nil, fmt.Errorf("index %d is outside %d elements", idx.I64(j), n)
			}
			for k := range inner {
				copyElement(y, i, x, (o*n+at)*inner+k)
				i++
			}
		}
	}
	return one(y), nil
}

// lowerGather makes one constant index a slice of one element; for others there is a kernel.
func lowerGather(l *Lowering) error {
	axis, err := axisOf(l.Attrs.Int("axis"), len(l.Shape(0)))
	if err != nil {
		return err
	}
	idx := l.Const(1)
	if idx == nil || idx.Len() != 1 {
		outer, n, inner := around(l.Shape(0), axis)
		l.Replace("gather", ir.Attrs{"T": l.Type(0).DType.C(), "IT": l.Type(1).DType.C(), "OUTER": int64(outer), "N": int64(n), "INNER": int64(inner), "M": int64(l.Type(1).Len())}, l.In(0), l.In(1))
		return nil
	}
	at, err := axisOf(int(idx.I64(0)), l.Shape(0)[axis])
	if err != nil {
		return err
	}
	strides := stridesOf(l.Shape(0))
	kept := slices.Concat(strides[:axis], make([]int, len(idx.Shape)), strides[axis+1:])
	return l.strided(l.In(0), kept, at*strides[axis])
}

// eachSlice calls f with the offsets of every element of a slice of y [outer][m][inner] and where x [outer][n][inner] has it; at gives
// the slice of x that each of y comes from, -1 for none.
func eachSlice(c *Call, m int, at func(i int) int, f func(to, from int)) {
	n, inner := c.Attrs.Int("N"), c.Attrs.Int("INNER")
	for o := range c.Attrs.Int("OUTER") {
		for i := range m {
			for k := range inner {
				from := -1
				if j := at(i); j >= 0 {
					from = (o*n+j)*inner + k
				}
				f((o*m+i)*inner+k, from)
			}
		}
	}
}

func evalGatherKernel(c *Call) ([]*tensor.Tensor, error) {
	x, idx, y := c.X(0), c.X(1), c.newOut(0)
	var failed error
	at := func(i int) int {
		k, err := indexInside(idx.I64(i), c.Attrs.Int("N"))
		if err != nil {
			failed = err
		}
		return k
	}
	eachSlice(c, idx.Len(), at, func(to, from int) { copyElement(y, to, x, from) })
	return one(y), failed
}

func evalTake(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	eachSlice(c, c.X(1).Len(), func(i int) int { return int(c.X(1).I64(i)) }, func(to, from int) {
		if from < 0 {
			copyElement(y, to, c.X(2), 0)
		} else {
			copyElement(y, to, x, from)
		}
	})
	return one(y), nil
}

// take emits the kernel that chooses slices of an axis by a table; -1 stands for the value.
func (l *Lowering) take(x *ir.Value, axis int, table []int, value *ir.Value) *ir.Value {
	outer, n, inner := around(x.Type.Shape, axis)
	at := tensor.New(tensor.Int32, len(table))
	for i, k := range table {
		at.SetI64(i, int64(k))
	}
	shape := slices.Clone(x.Type.Shape)
	shape[axis] = len(table)
	attrs := ir.Attrs{"T": x.Type.DType.C(), "OUTER": int64(outer), "N": int64(n), "INNER": int64(inner), "M": int64(len(table))}
	return l.Emit("take", attrs, ir.Type{DType: x.Type.DType, Shape: shape, Quant: l.Node.Outputs[0].Type.Quant}, x, l.Constant("at", at), value)
}
