package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that read or write where a tensor of indices says. Indices count from the back where they are negative; one that is
// outside is an error here, and in C the nearest that is inside.
var indexDefs = []*Def{
	{Name: "GatherElements", Since: []int{11, 13}, In: Args("data", "indices"), Out: Args("output"), Attrs: []Attr{Int("axis", 0)}, Infer: inferGatherElements, Eval: evalGatherElements, Lower: lowerGatherElements, Moves: true},
	{Name: "GatherND", Since: []int{11, 12, 13}, In: Args("data", "indices"), Out: Args("output"), Attrs: []Attr{Int("batch_dims", 0)}, Infer: inferGatherND, Eval: evalGatherND, Lower: lowerGatherND, Moves: true},
	{Name: "ScatterElements", Since: []int{11, 13, 16, 18}, In: Args("data", "indices", "updates"), Out: Args("output"), Attrs: []Attr{Int("axis", 0), Str("reduction", "none")}, Infer: inferScatterElements, Eval: evalScatterElements, Lower: lowerScatterElements},
	{Name: "Scatter", Since: []int{9, 11}, In: Args("data", "indices", "updates"), Out: Args("output"), Attrs: []Attr{Int("axis", 0)}, Parts: partsScatter},
	{Name: "ScatterND", Since: []int{11, 13, 16, 18}, In: Args("data", "indices", "updates"), Out: Args("output"), Attrs: []Attr{Str("reduction", "none")}, Infer: inferScatterND, Eval: evalScatterND, Lower: lowerScatterND},
	{Name: "TensorScatter", Since: []int{24}, In: Args("past_cache", "update", "write_indices?"), Out: Args("present_cache"), Attrs: []Attr{Int("axis", -2), Str("mode", "linear")}, Parts: partsTensorScatter},
	{Name: "ReverseSequence", Since: []int{10, 28}, In: Args("input", "sequence_lens"), Out: Args("Y"), Attrs: []Attr{Int("batch_axis", 1), Int("time_axis", 0)}, Infer: inferReverseSequence, Eval: evalReverseSequence, Lower: lowerReverseSequence, Moves: true},
	{Name: "OneHot", Since: []int{9, 11, 28}, In: Args("indices", "depth", "values"), Out: Args("output"), Attrs: []Attr{Int("axis", -1)}, Parts: partsOneHot},
	{Name: "gatherelems", In: Args("x", "at"), Out: Args("y"), Eval: evalGatherElementsKernel},
	{Name: "scatterelems", In: Args("x", "at", "u"), Out: Args("y"), Eval: evalScatterElementsKernel},
	{Name: "gathernd", In: Args("x", "at", "dims"), Out: Args("y"), Eval: evalGatherNDKernel},
	{Name: "scatternd", In: Args("x", "at", "dims", "u"), Out: Args("y"), Eval: evalScatterNDKernel},
	{Name: "reverseseq", In: Args("x", "lens"), Out: Args("y"), Eval: evalReverseKernel},
}

// indexInside resolves an index into n elements.
func indexInside(i int64, n int) (int, error) {
	at := int(i)
	if at < 0 {
		at += n
	}
	if at < 0 || at >= n {
		return 0, fmt.Errorf("index %d is outside %d elements", i, n)
	}
	return at, nil
}

// elementwiseIndices checks data and indices of GatherElements and ScatterElements, and returns the axis.
func elementwiseIndices(c *Call) (axis int, err error) {
	data, idx := c.Shape(0), c.Shape(1)
	if len(data) != len(idx) || len(data) == 0 {
		return 0, fmt.Errorf("data has shape %v and indices %v; expected one rank, of at least 1", data, idx)
	}
	if axis, err = axisOf(c.Attrs.Int("axis"), len(data)); err != nil {
		return 0, err
	}
	for i := range data {
		if i != axis && idx[i] > data[i] {
			return 0, fmt.Errorf("indices of shape %v reach beyond data of shape %v on axis %d", idx, data, i)
		}
	}
	return axis, nil
}

// eachIndex calls f with every position of the indices and the offset in data that the index there points to.
func eachIndex(data, idx *tensor.Tensor, axis int, f func(i, at int)) error {
	strides := stridesOf(data.Shape)
	step, n := strides[axis], data.Shape[axis]
	strides[axis] = 0
	i := 0
	var failed error
	walk(idx.Shape, func(at []int) {
		k, err := indexInside(idx.I64(i), n)
		if err != nil {
			failed = err
		} else {
			f(i, at[0]+k*step)
		}
		i++
	}, strides)
	return failed
}

func inferGatherElements(c *Call) ([]ir.Type, error) {
	_, err := elementwiseIndices(c)
	return typed(c.Type(0).DType, c.Shape(1)...), err
}

func evalGatherElements(c *Call) ([]*tensor.Tensor, error) {
	axis, err := elementwiseIndices(c)
	if err != nil {
		return nil, err
	}
	x, y := c.X(0), tensor.New(c.X(0).DType, c.X(1).Shape...)
	return one(y), eachIndex(x, c.X(1), axis, func(i, at int) { copyElement(y, i, x, at) })
}

func inferScatterElements(c *Call) ([]ir.Type, error) {
	if !slices.Equal(c.Shape(1), c.Shape(2)) || c.Type(0).DType != c.Type(2).DType {
		return nil, fmt.Errorf("indices have shape %v, updates are %s%v and data %s; expected one shape and one element type", c.Shape(1), c.Type(2).DType, c.Shape(2), c.Type(0).DType)
	}
	if _, err := reduceFunc(c); err != nil {
		return nil, err
	}
	_, err := elementwiseIndices(c)
	return typed(c.Type(0).DType, c.Shape(0)...), err
}

// reduceFunc returns the elementwise function that brings an update together with what is there; "" replaces it.
func reduceFunc(c *Call) (string, error) {
	name, ok := map[string]string{"none": "", "": "", "add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}[c.Attrs.String("reduction")]
	if !ok {
		return "", fmt.Errorf("reduction %q is unknown; expected none, add, mul, max or min", c.Attrs.String("reduction"))
	}
	return name, nil
}

// updating returns the function that writes element j of updates to element i of y.
func updating(c *Call, y, updates *tensor.Tensor) (func(i, j int), error) {
	name, err := reduceFunc(c)
	if err != nil || name == "" {
		return func(i, j int) { copyElement(y, i, updates, j) }, err
	}
	e, err := newElement(name, []*tensor.Tensor{y, updates}, nil)
	return func(i, j int) { e.set(y, i, []*tensor.Tensor{y, updates}, []int{i, j}) }, err
}

func evalScatterElements(c *Call) ([]*tensor.Tensor, error) {
	axis, err := elementwiseIndices(c)
	if err != nil {
		return nil, err
	}
	y := c.X(0).Clone()
	put, err := updating(c, y, c.X(2))
	if err != nil {
		return nil, err
	}
	return one(y), eachIndex(y, c.X(1), axis, func(i, at int) { put(at, i) })
}

func partsScatter(p *Parts) []*ir.Value {
	return []*ir.Value{p.Do("ScatterElements", ir.Attrs{"axis": int64(p.Attrs.Int("axis"))}, p.In(0), p.In(1), p.In(2))}
}

// tuples is how GatherND and ScatterND read their indices: batch times count tuples of width numbers, each of which points to a slice
// of size elements in the batch's part of data.
type tuples struct {
	batch, count, width, size int
	dims, strides             []int // of data along the tuple's numbers
	volume                    int   // elements of data in a batch
}

func newTuples(data, idx []int, batchDims int) (*tuples, error) {
	if batchDims < 0 || batchDims >= len(data) || batchDims >= len(idx) || !slices.Equal(data[:batchDims], idx[:batchDims]) {
		return nil, fmt.Errorf("data of shape %v and indices of shape %v do not share %d batch dimensions", data, idx, batchDims)
	}
	k := idx[len(idx)-1]
	if k > len(data)-batchDims {
		return nil, fmt.Errorf("indices of shape %v hold tuples of %d, data of shape %v has fewer dimensions", idx, k, data)
	}
	inner := data[batchDims:]
	return &tuples{batch: tensor.Len(data[:batchDims]), count: tensor.Len(idx[batchDims : len(idx)-1]), width: k, size: tensor.Len(inner[k:]),
		dims: inner[:k], strides: stridesOf(inner)[:k], volume: tensor.Len(inner)}, nil
}

// each calls f with the number of every tuple and the offset of its slice in data.
func (t *tuples) each(idx *tensor.Tensor, f func(n, at int)) error {
	for n := range t.batch * t.count {
		at := n / t.count * t.volume
		for j := range t.width {
			k, err := indexInside(idx.I64(n*t.width+j), t.dims[j])
			if err != nil {
				return err
			}
			at += k * t.strides[j]
		}
		f(n, at)
	}
	return nil
}

func inferGatherND(c *Call) ([]ir.Type, error) {
	data, idx := c.Shape(0), c.Shape(1)
	if len(idx) == 0 {
		return nil, fmt.Errorf("indices have no dimensions; expected at least one")
	}
	b := c.Attrs.Int("batch_dims")
	t, err := newTuples(data, idx, b)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, slices.Concat(idx[:len(idx)-1], data[b+t.width:])...), nil
}

func evalGatherND(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferGatherND(c)
	if err != nil {
		return nil, err
	}
	t, _ := newTuples(c.X(0).Shape, c.X(1).Shape, c.Attrs.Int("batch_dims"))
	y := tensor.New(types[0].DType, types[0].Shape...)
	return one(y), t.each(c.X(1), func(n, at int) {
		for i := range t.size {
			copyElement(y, n*t.size+i, c.X(0), at+i)
		}
	})
}

func inferScatterND(c *Call) ([]ir.Type, error) {
	data, idx, up := c.Shape(0), c.Shape(1), c.Shape(2)
	if len(idx) == 0 {
		return nil, fmt.Errorf("indices have no dimensions; expected at least one")
	}
	t, err := newTuples(data, idx, 0)
	if err != nil {
		return nil, err
	}
	if want := slices.Concat(idx[:len(idx)-1], data[t.width:]); !slices.Equal(want, up) || c.Type(0).DType != c.Type(2).DType {
		return nil, fmt.Errorf("updates are %s%v; expected %s%v", c.Type(2).DType, up, c.Type(0).DType, want)
	}
	_, err = reduceFunc(c)
	return typed(c.Type(0).DType, data...), err
}

func evalScatterND(c *Call) ([]*tensor.Tensor, error) {
	t, err := newTuples(c.X(0).Shape, c.X(1).Shape, 0)
	if err != nil {
		return nil, err
	}
	y := c.X(0).Clone()
	put, err := updating(c, y, c.X(2))
	if err != nil {
		return nil, err
	}
	return one(y), t.each(c.X(1), func(n, at int) {
		for i := range t.size {
			put(at+i, n*t.size+i)
		}
	})
}

// partsTensorScatter writes update into the cache from write_indices on, per batch: row s goes to row write_indices + s, modulo the
// cache's rows where mode is circular.
func partsTensorScatter(p *Parts) []*ir.Value {
	cache, update := p.Shape(0), p.Shape(1)
	axis, err := axisOf(p.Attrs.Int("axis"), len(cache))
	if err != nil || axis == 0 || len(update) != len(cache) {
		p.Fail("axis %d of a cache of shape %v and an update of shape %v; expected one rank, and an axis behind the batch", p.Attrs.Int("axis"), cache, update)
	}
	at := p.Iota(update[axis], axis, len(cache))
	if first := p.In(2); first != nil {
		shape := orOnes(nil, len(cache))
		shape[0] = cache[0]
		at = p.Add(at, p.Reshape(first, shape...))
	}
	if p.Attrs.String("mode") == "circular" {
		at = p.Do("Mod", nil, at, p.Like(at, float64(cache[axis])))
	}
	return []*ir.Value{p.Do("ScatterElements", ir.Attrs{"axis": int64(axis)}, p.In(0), p.Expand(at, update...), p.In(1))}
}

func reverseAxes(c *Call) (batch, time int, err error) {
	batch, time = c.Attrs.Int("batch_axis"), c.Attrs.Int("time_axis")
	x := c.Shape(0)
	if len(x) < 2 || batch+time != 1 || batch*time != 0 {
		return 0, 0, fmt.Errorf("batch_axis %d and time_axis %d of shape %v; expected 0 and 1, or 1 and 0", batch, time, x)
	}
	if s := c.Shape(1); len(s) != 1 || s[0] != x[batch] {
		return 0, 0, fmt.Errorf("sequence_lens has shape %v; expected [%d]", s, x[batch])
	}
	return batch, time, nil
}

func inferReverseSequence(c *Call) ([]ir.Type, error) {
	if _, _, err := reverseAxes(c); err != nil {
		return nil, err
	}
	return sameAsInput(c)
}

func evalReverseSequence(c *Call) ([]*tensor.Tensor, error) {
	batch, time, err := reverseAxes(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	y, strides := tensor.New(x.DType, x.Shape...), stridesOf(x.Shape)
	inner := tensor.Len(x.Shape[2:])
	for b := range x.Shape[batch] {
		n := int(c.X(1).I64(b))
		for t := range x.Shape[time] {
			from := t
			if t < n {
				from = n - 1 - t
			}
			if from >= x.Shape[time] {
				return nil, fmt.Errorf("sequence length %d is more than %d steps", n, x.Shape[time])
			}
			for k := range inner {
				copyElement(y, b*strides[batch]+t*strides[time]+k, x, b*strides[batch]+from*strides[time]+k)
			}
		}
	}
	return one(y), nil
}

// partsOneHot compares each index with 0, 1 … depth-1 along a new axis.
func partsOneHot(p *Parts) []*ir.Value {
	if p.Const(1) == nil || p.Const(1).Len() != 1 || p.Type(2).Len() != 2 {
		p.Fail("depth must be one number that is known when compiling, and values hold two")
	}
	depth := int(p.Const(1).I64(0))
	rank := len(p.Shape(0)) + 1
	axis, err := axisOf(p.Attrs.Int("axis"), rank)
	if err != nil {
		p.Fail("%w", err)
	}
	idx := p.Cast(p.In(0), tensor.Int64)
	idx = p.Where(p.Do("Less", nil, idx, p.Like(idx, 0)), p.Add(idx, p.Like(idx, float64(depth))), idx)
	hot := p.Do("Equal", nil, p.Do("Unsqueeze", nil, idx, p.Ints(axis)), p.Iota(depth, axis, rank))
	off, on := p.Slice(p.In(2), 0, 0, 1), p.Slice(p.In(2), 0, 1, 2)
	return []*ir.Value{p.Where(hot, on, off)}
}

// elementwiseKernel returns the constants of gatherelems and scatterelems.
func (l *Lowering) elementwiseKernel() (ir.Attrs, error) {
	axis, err := elementwiseIndices(l.Call)
	if err != nil {
		return nil, err
	}
	strides := stridesOf(l.Shape(0))
	attrs := ir.Attrs{"T": l.Type(0).DType.C(), "IT": l.Type(1).DType.C(), "STEP": int64(strides[axis]), "LIMIT": int64(l.Shape(0)[axis])}
	strides[axis] = 0
	dims, joined := joinDims(l.Shape(1), strides)
	if len(dims) > 6 {
		return nil, fmt.Errorf("indices of shape %v walk through more than 6 dimensions, which is not available in C", l.Shape(1))
	}
	setSix(attrs, "D", dims, 1)
	setSix(attrs, "A", joined[0], 0)
	return attrs, nil
}

func lowerGatherElements(l *Lowering) error {
	attrs, err := l.elementwiseKernel()
	if err != nil {
		return err
	}
	l.Replace("gatherelems", attrs, l.In(0), l.In(1))
	return nil
}

// updateC returns the macro that brings an update together with what is there.
func (l *Lowering) updateC(attrs ir.Attrs) error {
	name, err := reduceFunc(l.Call)
	if err != nil {
		return err
	}
	expr := "(v1)"
	if name != "" {
		d := l.Type(0).DType
		if expr, err = elementC(name, []tensor.DType{d, d}, d, nil); err != nil {
			return err
		}
	}
	attrs["fn"], attrs["UPDATE(v0, v1)"] = name, expr
	return nil
}

func lowerScatterElements(l *Lowering) error {
	attrs, err := l.elementwiseKernel()
	if err != nil {
		return err
	}
	attrs["LEN"] = int64(l.Type(0).Len())
	if err := l.updateC(attrs); err != nil {
		return err
	}
	l.Replace("scatterelems", attrs, l.In(0), l.In(1), l.In(2))
	return nil
}

// eachElement walks through the indices of gatherelems and scatterelems.
func eachElement(c *Call, f func(i, at int)) error {
	i := 0
	var failed error
	walk(six(c.Attrs, "D"), func(at []int) {
		k, err := indexInside(c.X(1).I64(i), c.Attrs.Int("LIMIT"))
		if err != nil {
			failed = err
			return
		}
		f(i, at[0]+k*c.Attrs.Int("STEP"))
		i++
	}, six(c.Attrs, "A"))
	return failed
}

func evalGatherElementsKernel(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	return one(y), eachElement(c, func(i, at int) { copyElement(y, i, c.X(0), at) })
}

// kernelUpdate returns the function that writes element j of updates to element i of y, as a kernel's "fn" says.
func kernelUpdate(c *Call, y, updates *tensor.Tensor) (func(i, j int), error) {
	name := c.Attrs.String("fn")
	if name == "" {
		return func(i, j int) { copyElement(y, i, updates, j) }, nil
	}
	e, err := newElement(name, []*tensor.Tensor{y, updates}, nil)
	return func(i, j int) { e.set(y, i, []*tensor.Tensor{y, updates}, []int{i, j}) }, err
}

func evalScatterElementsKernel(c *Call) ([]*tensor.Tensor, error) {
	y := c.X(0).Clone()
	put, err := kernelUpdate(c, y, c.X(2))
	if err != nil {
		return nil, err
	}
	return one(y), eachElement(c, func(i, at int) { put(at, i) })
}

// tupleKernel returns the constants of gathernd and scatternd, and the limits and strides of a tuple's indices.
func (l *Lowering) tupleKernel(t *tuples) (ir.Attrs, *ir.Value) {
	dims := tensor.New(tensor.Int32, 2, t.width)
	for j := range t.width {
		dims.SetI64(j, int64(t.dims[j]))
		dims.SetI64(t.width+j, int64(t.strides[j]))
	}
	return ir.Attrs{"T": l.Type(0).DType.C(), "IT": l.Type(1).DType.C(), "COUNT": int64(t.count), "WIDTH": int64(t.width), "SIZE": int64(t.size)}, l.Constant("dims", dims)
}

func lowerGatherND(l *Lowering) error {
	t, err := newTuples(l.Shape(0), l.Shape(1), l.Attrs.Int("batch_dims"))
	if err != nil {
		return err
	}
	attrs, dims := l.tupleKernel(t)
	attrs["BATCH"], attrs["VOLUME"] = int64(t.batch), int64(t.volume)
	l.Replace("gathernd", attrs, l.In(0), l.In(1), dims)
	return nil
}

func lowerScatterND(l *Lowering) error {
	t, err := newTuples(l.Shape(0), l.Shape(1), 0)
	if err != nil {
		return err
	}
	attrs, dims := l.tupleKernel(t)
	attrs["LEN"] = int64(l.Type(0).Len())
	if err := l.updateC(attrs); err != nil {
		return err
	}
	l.Replace("scatternd", attrs, l.In(0), l.In(1), dims, l.In(2))
	return nil
}

// tuplesOf reads a kernel's constants.
func tuplesOf(c *Call, batch, volume int) *tuples {
	t := &tuples{batch: batch, count: c.Attrs.Int("COUNT"), width: c.Attrs.Int("WIDTH"), size: c.Attrs.Int("SIZE"), volume: volume}
	for j := range t.width {
		t.dims, t.strides = append(t.dims, int(c.X(2).I64(j))), append(t.strides, int(c.X(2).I64(t.width+j)))
	}
	return t
}

func evalGatherNDKernel(c *Call) ([]*tensor.Tensor, error) {
	t, y := tuplesOf(c, c.Attrs.Int("BATCH"), c.Attrs.Int("VOLUME")), c.newOut(0)
	return one(y), t.each(c.X(1), func(n, at int) {
		for i := range t.size {
			copyElement(y, n*t.size+i, c.X(0), at+i)
		}
	})
}

func evalScatterNDKernel(c *Call) ([]*tensor.Tensor, error) {
	t, y := tuplesOf(c, 1, 0), c.X(0).Clone()
	put, err := kernelUpdate(c, y, c.X(3))
	if err != nil {
		return nil, err
	}
	return one(y), t.each(c.X(1), func(n, at int) {
		for i := range t.size {
			put(at+i, n*t.size+i)
		}
	})
}

func lowerReverseSequence(l *Lowering) error {
	batch, time, err := reverseAxes(l.Call)
	if err != nil {
		return err
	}
	s, strides := l.Shape(0), stridesOf(l.Shape(0))
	attrs := ir.Attrs{"T": l.Type(0).DType.C(), "IT": l.Type(1).DType.C(), "BATCH": int64(s[batch]), "TIME": int64(s[time]), "INNER": int64(tensor.Len(s[2:])),
		"BS": int64(strides[batch]), "TS": int64(strides[time])}
	l.Replace("reverseseq", attrs, l.In(0), l.In(1))
	return nil
}

func evalReverseKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	for b := range a.Int("BATCH") {
		n := int(c.X(1).I64(b))
		for t := range a.Int("TIME") {
			from := t
			if t < n {
				from = n - 1 - t
			}
			for k := range a.Int("INNER") {
				copyElement(y, b*a.Int("BS")+t*a.Int("TS")+k, c.X(0), b*a.Int("BS")+from*a.Int("TS")+k)
			}
		}
	}
	return one(y), nil
}
