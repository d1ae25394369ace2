package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Softmax and normalizations.
var normDefs = []*Def{
	{Name: "Softmax", Since: []int{1, 11, 13}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("axis", -1), Int("flatten", 0)}, Upgrade: upgradeSoftmax, Infer: inferSoftmax, Eval: evalSoftmax, Lower: lowerSoftmax, Parts: partsSoftmax},
	{Name: "LogSoftmax", Since: []int{1, 11, 13}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("axis", -1), Int("flatten", 0)}, Upgrade: upgradeSoftmax, Infer: inferSoftmax, Eval: evalSoftmax, Parts: partsSoftmax},
	{Name: "BatchNormalization", Since: []int{7, 9, 14, 15}, In: Args("X", "scale", "B", "input_mean", "input_var"), Out: Args("Y", "running_mean?", "running_var?", "saved_mean?", "saved_var?"),
		Attrs: []Attr{Float("epsilon", 1e-5), Float("momentum", 0.9), Int("training_mode", 0), Int("spatial", 1)}, Infer: inferBatchNorm, Eval: evalBatchNorm, Lower: lowerBatchNorm, Parts: partsBatchNorm},
	{Name: "LayerNormalization", Since: []int{17}, In: Args("X", "Scale", "B?"), Out: Args("Y", "Mean?", "InvStdDev?"),
		Attrs: []Attr{Int("axis", -1), Float("epsilon", 1e-5), Int("stash_type", 1)}, Infer: inferLayerNorm, Eval: evalLayerNorm, Lower: lowerLayerNorm, Parts: partsLayerNorm},
	{Name: "softmax_f32", In: Args("x"), Out: Args("y"), Eval: evalSoftmaxKernel},
	{Name: "layernorm_f32", In: Args("x", "g", "b"), Out: Args("y"), Eval: evalLayerNormKernel},
}

// upgradeSoftmax keeps what opset 12 and older mean: everything from axis (default 1) on is one row.
func upgradeSoftmax(u *Upgrade, v int) error {
	if v >= 13 {
		return nil
	}
	if !u.Node.Attrs.Has("axis") {
		u.Node.Attrs["axis"] = int64(1)
	}
	u.Node.Attrs["flatten"] = int64(1)
	return nil
}

func inferSoftmax(c *Call) ([]ir.Type, error) {
	if _, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0))); err != nil {
		return nil, err
	}
	return sameAsInput(c)
}

func softmaxSizes(c *Call) (outer, n, inner int, err error) {
	axis, err := axisOf(c.Attrs.Int("axis"), len(c.Shape(0)))
	if err != nil {
		return 0, 0, 0, err
	}
	if len(c.Shape(0)) == 0 {
		return 1, 1, 1, nil
	}
	outer, n, inner = around(c.Shape(0), axis)
	if c.Attrs.Bool("flatten") {
		n, inner = n*inner, 1
	}
	return outer, n, inner, nil
}

func evalSoftmax(c *Call) ([]*tensor.Tensor, error) {
	outer, n, inner, err := softmaxSizes(c)
	if err != nil {
		return nil, err
	}
	return one(softmax(c.X(0), outer, n, inner, c.Def.Name == "LogSoftmax")), nil
}

func softmax(x *tensor.Tensor, outer, n, inner int, log bool) *tensor.Tensor {
	y := tensor.New(x.DType, x.Shape...)
	for o := range outer {
		for k := range inner {
			at := func(i int) int { return (o*n+i)*inner + k }
			most, sum := math.Inf(-1), 0.0
			for i := range n {
				most = math.Max(most, x.F64(at(i)))
			}
			for i := range n {
				sum += math.Exp(x.F64(at(i)) - most)
			}
			for i := range n {
				v := x.F64(at(i)) - most
				if log {
					y.SetF64(at(i), v-math.Log(sum))
				} else {
					y.SetF64(at(i), math.Exp(v)/sum)
				}
			}
		}
	}
	return y
}

func lowerSoftmax(l *Lowering) error {
	outer, n, inner, err := softmaxSizes(l.Call)
	if err != nil {
		return err
	}
	if l.Type(0).DType != tensor.Float32 {
		return l.LowerParts()
	}
	l.Replace("softmax_f32", ir.Attrs{"OUTER": int64(outer), "N": int64(n), "INNER": int64(inner)}, l.In(0))
	return nil
}

func evalSoftmaxKernel(c *Call) ([]*tensor.Tensor, error) {
	return one(softmax(c.X(0), c.Attrs.Int("OUTER"), c.Attrs.Int("N"), c.Attrs.Int("INNER"), false)), nil
}

func inferBatchNorm(c *Call) ([]ir.Type, error) {
	x := c.Shape(0)
	if len(x) < 2 {
		return nil, fmt.Errorf("X has shape %v; expected [N, C, …]", x)
	}
	want := x[1:2]
	if !c.Attrs.Bool("spatial") {
		want = x[1:]
	}
	for i := 1; i < 5; i++ {
		if !slices.Equal(c.Shape(i), want) {
			return nil, fmt.Errorf("input %q has shape %v; expected %v", c.Def.In[i].Name, c.Shape(i), want)
		}
	}
	t, stat := c.Type(0), ir.Type{DType: c.Type(3).DType, Shape: want}
	return []ir.Type{{DType: t.DType, Shape: t.Shape}, stat, stat}, nil
}

// affineOf returns the factor and the addend per channel that a BatchNormalization amounts to.
func affineOf(scale, b, mean, variance *tensor.Tensor, epsilon float32) (mul, add []float64) {
	for i := range scale.Len() {
		m := scale.F64(i) / math.Sqrt(variance.F64(i)+float64(epsilon))
		mul, add = append(mul, m), append(add, b.F64(i)-mean.F64(i)*m)
	}
	return mul, add
}

func evalBatchNorm(c *Call) ([]*tensor.Tensor, error) {
	if c.Attrs.Bool("training_mode") || !c.Attrs.Bool("spatial") {
		return evalParts(c)
	}
	mul, add := affineOf(c.X(1), c.X(2), c.X(3), c.X(4), c.Attrs.Float("epsilon"))
	x := c.X(0)
	y := tensor.New(x.DType, x.Shape...)
	inner := tensor.Len(x.Shape[2:])
	for i := range x.Len() {
		ch := i / inner % x.Shape[1]
		y.SetF64(i, x.F64(i)*mul[ch]+add[ch])
	}
	return one(y), nil
}

// lowerBatchNorm writes what foldbn could not fold as a product and a sum.
func lowerBatchNorm(l *Lowering) error {
	known := !l.Attrs.Bool("training_mode") && l.Attrs.Bool("spatial")
	for i := 1; i < 5; i++ {
		known = known && l.Const(i) != nil
	}
	if !known {
		return l.LowerParts()
	}
	mul, add := affineOf(l.Const(1), l.Const(2), l.Const(3), l.Const(4), l.Attrs.Float("epsilon"))
	shape := orOnes(nil, len(l.Shape(0))-1)
	shape[0] = len(mul)
	m, a := tensor.New(l.Type(0).DType, shape...), tensor.New(l.Type(0).DType, shape...)
	for i := range mul {
		m.SetF64(i, mul[i])
		a.SetF64(i, add[i])
	}
	p := l.Emit("Mul", nil, l.Out(0), l.In(0), l.Constant("scale", m))
	l.Replace("Add", nil, p, l.Constant("shift", a))
	return nil
}

func inferLayerNorm(c *Call) ([]ir.Type, error) {
	t := c.Type(0)
	axis, err := axisOf(c.Attrs.Int("axis"), len(t.Shape))
	if err != nil {
		return nil, err
	}
	for i := 1; i < 3; i++ {
		if !c.Has(i) {
			continue
		}
		if s, err := broadcast(c.Shape(i), t.Shape[axis:]); err != nil || !slices.Equal(s, t.Shape[axis:]) {
			return nil, fmt.Errorf("input %q has shape %v; expected %v", c.Def.In[i].Name, c.Shape(i), t.Shape[axis:])
		}
	}
	stat := slices.Clone(t.Shape)
	for i := axis; i < len(stat); i++ {
		stat[i] = 1
	}
	stash, err := c.dtypeAttr("stash_type", tensor.Float32)
	if t.DType == tensor.Float64 {
		stash = t.DType
	}
	s := ir.Type{DType: stash, Shape: stat}
	return []ir.Type{{DType: t.DType, Shape: t.Shape}, s, s}, err
}

func evalLayerNorm(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferLayerNorm(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	axis, _ := axisOf(c.Attrs.Int("axis"), len(x.Shape))
	n := tensor.Len(x.Shape[axis:])
	y, mean, inv := tensor.New(x.DType, x.Shape...), tensor.New(types[1].DType, types[1].Shape...), tensor.New(types[1].DType, types[1].Shape...)
	g, b := spread(c.X(1), x.Shape[axis:]), spread(c.X(2), x.Shape[axis:])
	for r := range x.Len() / max(n, 1) {
		m, s := layerStats(x, r*n, n, c.Attrs.Float("epsilon"))
		mean.SetF64(r, m)
		inv.SetF64(r, s)
		for i := range n {
			v := (x.F64(r*n+i) - m) * s * g[i]
			if b != nil {
				v += b[i]
			}
			y.SetF64(r*n+i, v)
		}
	}
	return []*tensor.Tensor{y, mean, inv}, nil
}

// spread broadcasts t to shape; nil stays nil.
func spread(t *tensor.Tensor, shape []int) []float64 {
	if t == nil {
		return nil
	}
	return gatherStrided(t, shape, broadcastStrides(t.Shape, shape), 0).Float64s()
}

// layerStats returns the mean of n elements, and the reciprocal of their standard deviation.
func layerStats(x *tensor.Tensor, from, n int, epsilon float32) (mean, inv float64) {
	for i := range n {
		mean += x.F64(from + i)
	}
	mean /= float64(n)
	variance := 0.0
	for i := range n {
		d := x.F64(from+i) - mean
		variance += d * d
	}
	return mean, 1 / math.Sqrt(variance/float64(n)+float64(epsilon))
}

func lowerLayerNorm(l *Lowering) error {
	axis, err := axisOf(l.Attrs.Int("axis"), len(l.Shape(0)))
	if err != nil {
		return err
	}
	if l.Type(0).DType != tensor.Float32 || l.Const(1) == nil || l.Has(2) && l.Const(2) == nil || l.NOut() > 1 {
		return l.LowerParts()
	}
	shape := l.Shape(0)[axis:]
	n := tensor.Len(shape)
	g, b := tensor.New(tensor.Float32, n), tensor.New(tensor.Float32, n)
	gs, bs := spread(l.Const(1), shape), spread(l.Const(2), shape)
	for i := range n {
		g.SetF64(i, gs[i])
		if bs != nil {
			b.SetF64(i, bs[i])
		}
	}
	attrs := ir.Attrs{"ROWS": int64(l.Type(0).Len() / n), "N": int64(n), "EPSILON": l.Attrs.Float("epsilon")}
	l.Replace("layernorm_f32", attrs, l.In(0), l.Constant("scale", g), l.Constant("bias", b))
	return nil
}

func evalLayerNormKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y, n := c.X(0), c.newOut(0), c.Attrs.Int("N")
	for r := range c.Attrs.Int("ROWS") {
		m, s := layerStats(x, r*n, n, c.Attrs.Float("EPSILON"))
		for i := range n {
			y.SetF64(r*n+i, (x.F64(r*n+i)-m)*s*c.X(1).F64(i)+c.X(2).F64(i))
		}
	}
	return one(y), nil
}
