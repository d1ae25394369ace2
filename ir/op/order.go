package op

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that compare elements along an axis, or go through them one after the other.
var orderDefs = []*Def{
	{Name: "ArgMax", Since: []int{1, 11, 12, 13}, In: Args("data"), Out: Args("reduced"), Attrs: argAttrs, Infer: inferArg, Eval: evalArg, Lower: lowerArg},
	{Name: "ArgMin", Since: []int{1, 11, 12, 13}, In: Args("data"), Out: Args("reduced"), Attrs: argAttrs, Infer: inferArg, Eval: evalArg, Lower: lowerArg},
	{Name: "TopK", Since: []int{1, 10, 11, 24}, In: Args("X", "K"), Out: Args("Values", "Indices"), Attrs: []Attr{Int("axis", -1), Int("largest", 1), Int("sorted", 1)}, Upgrade: upgradeTopK, Infer: inferTopK, Eval: evalTopK, Lower: lowerTopK},
	{Name: "CumSum", Since: []int{11, 14}, In: Args("x", "axis"), Out: Args("y"), Attrs: cumAttrs, Infer: inferCum, Eval: evalCum, Lower: lowerCum},
	{Name: "CumProd", Since: []int{26}, In: Args("x", "axis"), Out: Args("y"), Attrs: cumAttrs, Infer: inferCum, Eval: evalCum, Lower: lowerCum},
	{Name: "Hardmax", Since: []int{1, 11, 13}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("axis", -1), Int("flatten", 0)}, Upgrade: upgradeSoftmax, Parts: partsHardmax},
	{Name: "argbest", In: Args("x"), Out: Args("y"), Eval: evalArgKernel},
	{Name: "topk", In: Args("x"), Out: Args("y", "where"), Eval: evalTopKKernel},
	{Name: "cumulate", In: Args("x"), Out: Args("y"), Eval: evalCumulateKernel},
}

var (
	argAttrs = []Attr{Int("axis", 0), Int("keepdims", 1), Int("select_last_index", 0)}
	cumAttrs = []Attr{Int("exclusive", 0), Int("reverse", 0)}
)

// less orders two elements of one tensor; a NaN is greater than everything, as in NumPy.
func less(t *tensor.Tensor, i, j int) bool {
	if !t.DType.IsFloat() {
		return lessInt(t.DType, t.I64(i), t.I64(j))
	}
	x, y := t.F64(i), t.F64(j)
	return x < y || x == x && y != y
}

// lanes calls f for every run of elements along an axis: element i of the run is at from + i*step.
func lanes(shape []int, axis int, f func(lane, from, step int)) {
	outer, n, inner := around(shape, axis)
	for o := range outer {
		for k := range inner {
			f(o*inner+k, o*n*inner+k, inner)
		}
	}
}

func inferArg(c *Call) ([]ir.Type, error) {
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return nil, err
	}
	if len(c.Shape(0)) == 0 || c.Shape(0)[axis] == 0 {
		return nil, fmt.Errorf("data of shape %v has no elements to compare on axis %d", c.Shape(0), axis)
	}
	shape := slices.Clone(c.Shape(0))
	if shape[axis] = 1; !c.Attrs.Bool("keepdims") {
		shape = slices.Delete(shape, axis, axis+1)
	}
	return typed(tensor.Int64, shape...), nil
}

func evalArg(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferArg(c)
	if err != nil {
		return nil, err
	}
	x, y := c.X(0), tensor.New(tensor.Int64, types[0].Shape...)
	axis, _ := axisOf(c.Attrs.Int("axis"), len(x.Shape))
	beats := argOrder(c.Def.Name == "ArgMin", c.Attrs.Bool("select_last_index"))
	lanes(x.Shape, axis, func(lane, from, step int) { y.SetI64(lane, int64(argBest(x, from, step, x.Shape[axis], beats))) })
	return one(y), nil
}

// argOrder says whether a later element j beats the best so far, i.
func argOrder(least, last bool) func(x *tensor.Tensor, i, j int) bool {
	return func(x *tensor.Tensor, i, j int) bool {
		if least {
			return less(x, j, i) || last && !less(x, i, j)
		}
		return less(x, i, j) || last && !less(x, j, i)
	}
}

func argBest(x *tensor.Tensor, from, step, n int, beats func(*tensor.Tensor, int, int) bool) int {
	best := 0
	for i := 1; i < n; i++ {
		if beats(x, from+best*step, from+i*step) {
			best = i
		}
	}
	return best
}

// upgradeTopK makes the attribute of opset 9 an input.
func upgradeTopK(u *Upgrade, v int) error {
	if k, ok := u.Node.Attrs["k"].(int64); ok && v < 10 {
		u.SetInput(1, "k", tensor.Ints([]int64{k}, 1))
		delete(u.Node.Attrs, "k")
	}
	return nil
}

func inferTopK(c *Call) ([]ir.Type, error) {
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return nil, err
	}
	k, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	if len(k) != 1 || len(c.Shape(0)) == 0 || k[0] < 0 || k[0] > c.Shape(0)[axis] {
		return nil, fmt.Errorf("K is %v; expected one number of at most the size of axis %d of shape %v", k, axis, c.Shape(0))
	}
	shape := slices.Clone(c.Shape(0))
	shape[axis] = k[0]
	return []ir.Type{{DType: c.Type(0).DType, Shape: shape}, {DType: tensor.Int64, Shape: shape}}, nil
}

func evalTopK(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferTopK(c)
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	y, where := tensor.New(types[0].DType, types[0].Shape...), tensor.New(tensor.Int64, types[0].Shape...)
	topK(c.X(0), axis, types[0].Shape[axis], c.Attrs.Bool("largest"), y, where)
	return []*tensor.Tensor{y, where}, nil
}

// topK sorts each lane, equal elements in their order, and takes the first k.
func topK(x *tensor.Tensor, axis, k int, largest bool, y, where *tensor.Tensor) {
	_, _, inner := around(x.Shape, axis)
	lanes(x.Shape, axis, func(lane, from, step int) {
		order := make([]int, x.Shape[axis])
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int {
			a, b := from+i*step, from+j*step
			if largest {
				a, b = b, a
			}
			return cmp.Compare(boolToInt(less(x, b, a)), boolToInt(less(x, a, b)))
		})
		for i, at := range order[:k] {
			to := lane/inner*k*inner + i*inner + lane%inner
			copyElement(y, to, x, from+at*step)
			where.SetI64(to, int64(at))
		}
	})
}

func cumAxis(c *Call) (int, error) {
	axis, err := c.ConstInts(1)
	if err != nil {
		return 0, err
	}
	if len(axis) != 1 || len(c.Shape(0)) == 0 {
		return 0, fmt.Errorf("axis is %v for shape %v; expected one number", axis, c.Shape(0))
	}
	return axisOf(axis[0], len(c.Shape(0)))
}

func inferCum(c *Call) ([]ir.Type, error) {
	if _, err := cumAxis(c); err != nil {
		return nil, err
	}
	return sameAsInput(c)
}

func evalCum(c *Call) ([]*tensor.Tensor, error) {
	axis, err := cumAxis(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(c.X(0).DType, c.X(0).Shape...)
	cumulate(c.X(0), y, axis, c.Def.Name == "CumProd", c.Attrs.Bool("exclusive"), c.Attrs.Bool("reverse"))
	return one(y), nil
}

// cumulate sums or multiplies along an axis: floats in float64, each result rounded once.
func cumulate(x, y *tensor.Tensor, axis int, product, exclusive, reverse bool) {
	n := x.Shape[axis]
	lanes(x.Shape, axis, func(_, from, step int) {
		sum, whole := 0.0, int64(0)
		if product {
			sum, whole = 1, 1
		}
		for i := range n {
			at := from + i*step
			if reverse {
				at = from + (n-1-i)*step
			}
			before, beforeWhole := sum, whole
			if product {
				sum, whole = sum*x.F64(at), whole*x.I64(at)
			} else {
				sum, whole = sum+x.F64(at), whole+x.I64(at)
			}
			switch {
			case exclusive && y.DType.IsFloat():
				y.SetF64(at, before)
			case exclusive:
				y.SetI64(at, beforeWhole)
			case y.DType.IsFloat():
				y.SetF64(at, sum)
			default:
				y.SetI64(at, whole)
			}
		}
	})
}

// partsHardmax is 1 where the first maximum of the axis is, and 0 elsewhere.
func partsHardmax(p *Parts) []*ir.Value {
	outer, n, inner, err := softmaxSizes(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	x := p.Reshape(p.In(0), outer, n, inner)
	at := p.Do("ArgMax", ir.Attrs{"axis": int64(1)}, x)
	hot := p.Cast(p.Do("Equal", nil, at, p.Iota(n, 1, 3)), p.Type(0).DType)
	return []*ir.Value{p.Reshape(hot, p.Shape(0)...)}
}

// laneKernel returns the constants that kernels along one axis share.
func (l *Lowering) laneKernel(axis int) ir.Attrs {
	outer, n, inner := around(l.Shape(0), axis)
	return ir.Attrs{"T": l.Type(0).DType.C(), "OUTER": int64(outer), "N": int64(n), "INNER": int64(inner)}
}

// laneInput returns x as such a kernel sees it.
func laneInput(c *Call) *tensor.Tensor {
	return c.X(0).Reshape(c.Attrs.Int("OUTER"), c.Attrs.Int("N"), c.Attrs.Int("INNER"))
}

// lessC is the order of two elements in C; a NaN is greater than everything.
func lessC(d tensor.DType) string {
	if d.IsFloat() {
		return "((a) < (b) || ((a) == (a) && (b) != (b)))"
	}
	return "((a) < (b))"
}

func lowerArg(l *Lowering) error {
	axis, err := axisOf(l.Attrs.Int("axis"), len(l.Shape(0)))
	if err != nil {
		return err
	}
	attrs := l.laneKernel(axis)
	attrs["MOST"], attrs["LAST"], attrs["LESS(a, b)"] = truth(l.Def.Name == "ArgMax"), truth(l.Attrs.Bool("select_last_index")), lessC(l.Type(0).DType)
	l.Replace("argbest", attrs, l.In(0))
	return nil
}

func evalArgKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y := laneInput(c), c.newOut(0)
	beats := argOrder(!c.Attrs.Bool("MOST"), c.Attrs.Bool("LAST"))
	lanes(x.Shape, 1, func(lane, from, step int) { y.SetI64(lane, int64(argBest(x, from, step, x.Shape[1], beats))) })
	return one(y), nil
}

func lowerTopK(l *Lowering) error {
	axis, err := axisOf(l.Attrs.Int("axis"), len(l.Shape(0)))
	if err != nil {
		return err
	}
	types, err := inferTopK(l.Call)
	if err != nil {
		return err
	}
	attrs := l.laneKernel(axis)
	attrs["K"], attrs["MOST"], attrs["LESS(a, b)"] = int64(types[0].Shape[axis]), truth(l.Attrs.Bool("largest")), lessC(l.Type(0).DType)
	out := slices.Clone(l.Node.Outputs)
	for i, v := range out {
		if v == nil {
			out[i] = l.NewValue("topk.unused", types[i])
		}
	}
	l.EmitTo(out, "topk", attrs, l.In(0))
	return nil
}

func evalTopKKernel(c *Call) ([]*tensor.Tensor, error) {
	y, where := c.newOut(0), c.newOut(1)
	topK(laneInput(c), 1, c.Attrs.Int("K"), c.Attrs.Bool("MOST"), y, where)
	return []*tensor.Tensor{y, where}, nil
}

func lowerCum(l *Lowering) error {
	axis, err := cumAxis(l.Call)
	if err != nil {
		return err
	}
	r := reductionOf(map[string]string{"CumSum": "ReduceSum", "CumProd": "ReduceProd"}[l.Def.Name])
	attrs := l.laneKernel(axis)
	if err := r.typed(attrs, l.Type(0).DType); err != nil {
		return err
	}
	delete(attrs, "XT")
	delete(attrs, "FINISH(acc, n)")
	attrs["EXCLUSIVE"], attrs["REVERSE"] = truth(l.Attrs.Bool("exclusive")), truth(l.Attrs.Bool("reverse"))
	attrs["kind"] = r.name
	l.Replace("cumulate", attrs, l.In(0))
	return nil
}

func evalCumulateKernel(c *Call) ([]*tensor.Tensor, error) {
	x := laneInput(c)
	y := tensor.New(x.DType, x.Shape...)
	cumulate(x, y, 1, c.Attrs.String("kind") == "ReduceProd", c.Attrs.Bool("EXCLUSIVE"), c.Attrs.Bool("REVERSE"))
	return one(y.Reshape(c.Out(0).Shape...)), nil
}
