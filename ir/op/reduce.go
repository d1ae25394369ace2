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
	c      [3]string // start, step over acc and v, finish over acc and n, in C; "" where there is no kernel
}

func keep(acc, _ float64) float64 { return acc }
func plus(acc, v float64) float64 { return acc + v }

var reductions = []reduction{
	{"ReduceSum", []int{1, 11, 13}, 0, plus, keep, [3]string{"0.0f", "(acc + v)", "acc"}},
	{"ReduceMean", []int{1, 11, 13, 18}, 0, plus, func(a, n float64) float64 { return a / n }, [3]string{"0.0f", "(acc + v)", "(acc / n)"}},
	{"ReduceMax", []int{1, 11, 12, 13, 18, 20}, math.Inf(-1), math.Max, keep, [3]string{"(-DG_INF)", "dg_maxf(acc, v)", "acc"}},
	{"ReduceMin", []int{1, 11, 12, 13, 18, 20}, math.Inf(1), math.Min, keep, [3]string{"DG_INF", "dg_minf(acc, v)", "acc"}},
	{"ReduceProd", []int{1, 11, 13, 18}, 1, func(a, v float64) float64 { return a * v }, keep, [3]string{"1.0f", "(acc * v)", "acc"}},
	{"ReduceL1", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + math.Abs(v) }, keep, [3]string{"0.0f", "(acc + dg_absf(v))", "acc"}},
	{"ReduceL2", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + v*v }, func(a, _ float64) float64 { return math.Sqrt(a) }, [3]string{"0.0f", "(acc + v * v)", "dg_sqrtf(acc)"}},
	{"ReduceSumSquare", []int{1, 11, 13, 18}, 0, func(a, v float64) float64 { return a + v*v }, keep, [3]string{"0.0f", "(acc + v * v)", "acc"}},
	{"ReduceLogSum", []int{1, 11, 13, 18}, 0, plus, func(a, _ float64) float64 { return math.Log(a) }, [3]string{"0.0f", "(acc + v)", "dg_logf(acc)"}},
}

var reduceDefs = makeReduceDefs()

func makeReduceDefs() []*Def {
	defs := []*Def{{Name: "reduce_f32", In: Args("x"), Out: Args("y"), Eval: evalReduceKernel}}
	for _, r := range reductions {
		defs = append(defs, &Def{Name: r.name, Since: r.since, In: Args("data", "axes?"), Out: Args("reduced"),
			Attrs: []Attr{Int("keepdims", 1), Int("noop_with_empty_axes", 0)}, Upgrade: upgradeReduce, Infer: inferReduce, Eval: evalReduce, Lower: lowerReduce})
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
	r := reductionOf(c.Def.Name)
	start := r.start
	if y.DType == tensor.Bool { // what no bool is less than, or greater than
		start = min(max(start, 0), 1)
	}
	acc := make([]float64, y.Len())
	for i := range acc {
		acc[i] = start
	}
	i := 0
	walk(x.Shape, func(at []int) { acc[at[0]] = r.step(acc[at[0]], x.F64(i)); i++ }, broadcastStrides(full, x.Shape))
	for i, v := range acc {
		y.SetF64(i, r.finish(v, float64(n)))
	}
	return one(y), nil
}

// lowerReduce takes neighbouring axes; others are brought together by a Transpose first.
func lowerReduce(l *Lowering) error {
	axes, err := reduceAxes(l.Call)
	if err != nil {
		return err
	}
	if l.Type(0).DType != tensor.Float32 {
		return fmt.Errorf("%s on %s is not available in C", l.Def.Name, l.Type(0).DType)
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
	attrs := ir.Attrs{"OUTER": int64(tensor.Len(s[:first])), "N": int64(tensor.Len(s[first : last+1])), "INNER": int64(tensor.Len(s[last+1:])),
		"kind": r.name, "START()": r.c[0], "STEP(acc, v)": r.c[1], "FINISH(acc, n)": r.c[2]}
	l.Replace("reduce_f32", attrs, x)
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
	r, x, y := reductionOf(c.Attrs.String("kind")), c.X(0), c.newOut(0)
	n, inner := c.Attrs.Int("N"), c.Attrs.Int("INNER")
	for o := range c.Attrs.Int("OUTER") {
		for k := range inner {
			acc := r.start
			for i := range n {
				acc = r.step(acc, x.F64((o*n+i)*inner+k))
			}
			y.SetF64(o*inner+k, r.finish(acc, float64(n)))
		}
	}
	return one(y), nil
}
