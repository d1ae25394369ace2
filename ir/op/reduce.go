package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// reduction says how elements are brought together: start, one step, and what is made of the result and their number.
type reduction struct {
	name   string
	since  []int
	start  float64
	step   func(acc, v float64) float64
	finish func(acc, n float64) float64
	c      [3]string // start, step over acc and v, finish over acc and n, in C
	ints   *integerReduction
}

// integerReduction is a reduction of integers, which wrap. The accumulator has the element's width, at least 32 bits, and no sign where
// sums wrap; $W is the suffix of dg_int.h's functions, $A the accumulator's type.
type integerReduction struct {
	start  func(d tensor.DType) int64
	step   func(d tensor.DType, acc, v int64) int64
	c      string
	signed bool // the accumulator is of the element's own signedness
}

func keep(acc, _ float64) float64 { return acc }
func plus(acc, v float64) float64 { return acc + v }

func startAt(v int64) func(tensor.DType) int64 { return func(tensor.DType) int64 { return v } }
func leastOf(d tensor.DType) int64             { lo, _ := limitsOf(d); return lo.I64(0) }
func mostOf(d tensor.DType) int64              { _, hi := limitsOf(d); return hi.I64(0) }

var (
	intSum     = &integerReduction{startAt(0), func(_ tensor.DType, a, v int64) int64 { return a + v }, "acc + ($A)v", false}
	intProd    = &integerReduction{startAt(1), func(_ tensor.DType, a, v int64) int64 { return a * v }, "acc * ($A)v", false}
	intL1      = &integerReduction{startAt(0), func(d tensor.DType, a, v int64) int64 { return a + absInt(d, v) }, "acc + dg_abs_$W(v)", false}
	intSquares = &integerReduction{startAt(0), func(_ tensor.DType, a, v int64) int64 { return a + v*v }, "acc + ($A)v * ($A)v", false}
	intMax     = &integerReduction{leastOf, maxInt, "dg_max_$W(acc, v)", true}
	intMin     = &integerReduction{mostOf, minInt, "dg_min_$W(acc, v)", true}
)

var reductions = []reduction{
	{"ReduceSum", []int{1, 11, 13}, 0, plus, keep, [3]string{"0.0f", "(acc + v)", "acc"}, intSum},
	{"ReduceMean", []int{1, 11, 13, 18}, 0, plus, func(a, n float64) float64 { return a / n }, [3]string{"0.0f", "(acc + v)", "(acc / n)"}, nil},
	{"ReduceMax", []int{1, 11, 12, 13, 18, 20}, math.Inf(-1), atLeast, keep, [3]string{"(-DG_INF)", "dg_maxf(acc, v)", "acc"}, intMax},
	{"ReduceMin", []int{1, 11, 12, 13, 18, 20}, math.Inf(1), atMost, keep, [3]string{"DG_INF", "dg_minf(acc, v)", "acc"}, intMin},
	{"ReduceProd", []int{1, 11, 13, 18}, 1, func(a, v float64) float64 { return a * v }, keep, [3]string{"1.0f", "(acc * v)", "acc"}, intProd},
	{"ReduceL1", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + math.Abs(v) }, keep, [3]string{"0.0f", "(acc + dg_absf(v))", "acc"}, intL1},
	{"ReduceL2", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + v*v }, func(a, _ float64) float64 { return math.Sqrt(a) }, [3]string{"0.0f", "(acc + v * v)", "dg_sqrtf(acc)"}, nil},
	{"ReduceSumSquare", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + v*v }, keep, [3]string{"0.0f", "(acc + v * v)", "acc"}, intSquares},
	{"ReduceLogSum", []int{1, 11, 13, 18, 28}, 0, plus, func(a, _ float64) float64 { return math.Log(a) }, [3]string{"0.0f", "(acc + v)", "dg_logf(acc)"}, nil},
}

var reduceDefs = makeReduceDefs()

var reduceAttrs = []Attr{Int("keepdims", 1), Int("noop_with_empty_axes", 0)}

func makeReduceDefs() []*Def {
	defs := []*Def{
		{Name: "reduce_f32", In: Args("x"), Out: Args("y"), Eval: evalReduceKernel},
		{Name: "reduce", In: Args("x"), Out: Args("y"), Eval: evalReduceKernel},
		{Name: "ReduceLogSumExp", Since: []int{1, 11, 13, 18, 28}, In: Args("data", "axes?"), Out: Args("reduced"), Attrs: reduceAttrs, Upgrade: upgradeReduce, Parts: partsLogSumExp},
	}
	for _, r := range reductions {
		defs = append(defs, &Def{Name: r.name, Since: r.since, In: Args("data", "axes?"), Out: Args("reduced"),
			Attrs: reduceAttrs, Upgrade: upgradeReduce, Infer: inferReduce, Eval: evalReduce, Lower: lowerReduce})
	}
	return defs
}

func upgradeReduce(u *Upgrade, v int) error {
	u.AttrToInput("axes", 1)
	return nil
}

// reduceAxes returns the axes that go, in order.
func reduceAxes(c *Call) ([]int, error) {
	rank := len(c.Shape(0))
	var axes []int
	if c.Has(1) {
		var err error
		if axes, err = c.ConstInts(1); err != nil {
			return nil, err
		}
	}
	if len(axes) == 0 && !c.Attrs.Bool("noop_with_empty_axes") {
		for i := range rank {
			axes = append(axes, i)
		}
	}
	axes, err := axesOf(axes, rank)
	slices.Sort(axes)
	return axes, err
}

func inferReduce(c *Call) ([]ir.Type, error) {
	axes, err := reduceAxes(c)
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for i, d := range c.Shape(0) {
		switch {
		case !slices.Contains(axes, i):
			shape = append(shape, d)
		case c.Attrs.Bool("keepdims"):
			shape = append(shape, 1)
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

func reductionOf(name string) *reduction {
	i := slices.IndexFunc(reductions, func(r reduction) bool { return r.name == name })
	return &reductions[i]
}

func evalReduce(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferReduce(c)
	if err != nil {
		return nil, err
	}
	axes, _ := reduceAxes(c)
	x, y := c.X(0), tensor.New(types[0].DType, types[0].Shape...)
	full := slices.Clone(x.Shape) // the output's shape with every axis kept
	n := 1
	for _, a := range axes {
		n *= full[a]
		full[a] = 1
	}
	reductionOf(c.Def.Name).reduce(x, y, broadcastStrides(full, x.Shape), n, c.stepType())
	return one(y), nil
}

// reduce brings the elements of x together in y, whose elements are found with strides; n elements each. Partial results are rounded to
// step, where that is a type.
func (r *reduction) reduce(x, y *tensor.Tensor, strides []int, n int, step tensor.DType) {
	i := 0
	if !x.DType.IsFloat() && r.ints != nil {
		acc := make([]int64, y.Len())
		for k := range acc {
			acc[k] = r.ints.start(x.DType)
		}
		walk(x.Shape, func(at []int) { acc[at[0]] = r.ints.step(x.DType, acc[at[0]], x.I64(i)); i++ }, strides)
		for k, v := range acc {
			y.SetI64(k, v)
		}
		return
	}
	acc := make([]float64, y.Len())
	for k := range acc {
		acc[k] = r.start
	}
	walk(x.Shape, func(at []int) {
		acc[at[0]] = rounded(step, r.step(acc[at[0]], x.F64(i)))
		i++
	}, strides)
	for k, v := range acc {
		y.SetF64(k, r.finish(v, float64(n)))
	}
}

// stepType is the type that partial results are rounded to: bfloat16's are, as the standard's reference adds one by one; others are not.
func (c *Call) stepType() tensor.DType {
	if c.Attrs.String("every_step") != "" || c.Type(0).DType == tensor.BFloat16 {
		return tensor.BFloat16
	}
	return tensor.Invalid
}

// rounded returns v in a type, or as it is where that is none.
func rounded(d tensor.DType, v float64) float64 {
	if d == tensor.Invalid {
		return v
	}
	t := tensor.New(d, 1)
	t.SetF64(0, v)
	return t.F64(0)
}

// partsLogSumExp takes the greatest element out of the exponentials, so that none is too large.
func partsLogSumExp(p *Parts) []*ir.Value {
	axes, err := reduceAxes(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	x := p.In(0)
	if !x.Type.DType.IsFloat() {
		x = p.Cast(x, tensor.Float64)
	}
	most := p.Reduce("ReduceMax", x, axes...)
	most = p.Where(p.Do("IsInf", nil, most), p.Like(most, 0), most)
	sum := p.Reduce("ReduceSum", p.Do("Exp", nil, p.Sub(x, most)), axes...)
	y := p.Cast(p.Add(p.Do("Log", nil, sum), most), p.Type(0).DType)
	if types, _ := inferReduce(p.Call); !p.Attrs.Bool("keepdims") {
		y = p.Reshape(y, types[0].Shape...)
	}
	return []*ir.Value{y}
}

// lowerReduce takes neighbouring axes; others are brought together by a Transpose first.
func lowerReduce(l *Lowering) error {
	axes, err := reduceAxes(l.Call)
	if err != nil {
		return err
	}
	x, first, last := l.In(0), 0, -1
	if len(axes) > 0 {
		first, last = axes[0], axes[len(axes)-1]
	}
	if last-first+1 != len(axes) {
		x = l.axesLast(x, axes)
		first, last = len(x.Type.Shape)-len(axes), len(x.Type.Shape)-1
	}
	s := x.Type.Shape
	r := reductionOf(l.Def.Name)
	attrs := ir.Attrs{"OUTER": int64(tensor.Len(s[:first])), "N": int64(tensor.Len(s[first : last+1])), "INNER": int64(tensor.Len(s[last+1:])), "kind": r.name}
	d := x.Type.DType
	if d == tensor.Float32 {
		attrs["START()"], attrs["STEP(acc, v)"], attrs["FINISH(acc, n)"] = r.c[0], r.c[1], r.c[2]
		if l.stepType() != tensor.Invalid {
			f := floatFormats[tensor.BFloat16]
			attrs["every_step"], attrs["STEP(acc, v)"] = "bf16", fmt.Sprintf("dg_narrow_float(dg_float_narrow(%s, %s), %s)", r.c[1], f, f)
		}
		l.Replace("reduce_f32", attrs, x)
		return nil
	}
	if err := r.typed(attrs, d); err != nil {
		return err
	}
	l.Replace("reduce", attrs, x)
	return nil
}

// typed sets the types and macros of the kernel for other elements than float32.
func (r *reduction) typed(attrs ir.Attrs, d tensor.DType) error {
	attrs["XT"], attrs["AT"] = d.C(), d.C()
	if d == tensor.Float32 || d == tensor.Float64 {
		c := r.c
		for i := range c {
			if d == tensor.Float64 {
				c[i] = doubleC(c[i])
			}
		}
		attrs["START()"], attrs["STEP(acc, v)"], attrs["FINISH(acc, n)"] = c[0], c[1], c[2]
		return nil
	}
	if d.IsFloat() || r.ints == nil || d.Bits() < 8 && d != tensor.Bool {
		return fmt.Errorf("%s on %s is not available in C", r.name, d)
	}
	w := widthOf(d)
	attrs["AT"] = w.unsigned
	if r.ints.signed {
		attrs["AT"] = w.own
	}
	attrs["START()"] = fmt.Sprintf("((%s)%s)", attrs["AT"], intLiteral(r.ints.start(d), d))
	attrs["STEP(acc, v)"] = "(" + w.replace(r.ints.c, attrs.String("AT")) + ")"
	attrs["FINISH(acc, n)"] = "acc"
	return nil
}

// axesLast emits a Transpose that moves axes to the end.
func (l *Lowering) axesLast(x *ir.Value, axes []int) *ir.Value {
	var perm []int
	for i := range x.Type.Shape {
		if !slices.Contains(axes, i) {
			perm = append(perm, i)
		}
	}
	perm = append(perm, axes...)
	a := ir.Attrs{}
	a.SetInts("perm", perm)
	return l.Emit("Transpose", a, ir.Type{DType: x.Type.DType, Shape: permuted(x.Type.Shape, perm)}, x)
}

func evalReduceKernel(c *Call) ([]*tensor.Tensor, error) {
	outer, n, inner := c.Attrs.Int("OUTER"), c.Attrs.Int("N"), c.Attrs.Int("INNER")
	x, y := c.X(0).Reshape(outer, n, inner), c.newOut(0)
	reductionOf(c.Attrs.String("kind")).reduce(x, y, []int{inner, 0, 1}, n, c.stepType())
	return one(y), nil
}
