package op

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Normalizations that are made of reductions and arithmetic.
var normalizeDefs = []*Def{
	{Name: "InstanceNormalization", Since: []int{1, 6, 22}, In: Args("input", "scale", "B"), Out: Args("output"), Attrs: []Attr{Float("epsilon", 1e-5)}, Parts: partsInstanceNorm},
	{Name: "GroupNormalization", Since: []int{18, 21}, In: Args("X", "scale", "bias"), Out: Args("Y"),
		Attrs: []Attr{Float("epsilon", 1e-5), Int("num_groups", 0).Must(), Int("stash_type", 1), Int("per_group", 0)}, Upgrade: upgradeGroupNorm, Parts: partsGroupNorm},
	{Name: "RMSNormalization", Since: []int{23}, In: Args("X", "scale"), Out: Args("Y"), Attrs: []Attr{Int("axis", -1), Float("epsilon", 1e-5), Int("stash_type", 1)}, Parts: partsRMSNorm},
	{Name: "MeanVarianceNormalization", Since: []int{9, 13}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Ints("axes")}, Parts: partsMeanVarianceNorm},
	{Name: "LpNormalization", Since: []int{1, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("axis", -1), Int("p", 2)}, Parts: partsLpNorm},
}

// standardize returns x with a mean of 0 and a variance of 1 over axes, and what that took: the mean, and the reciprocal of the
// standard deviation.
func (p *Parts) standardize(x *ir.Value, epsilon float32, axes ...int) (y, mean, inv *ir.Value) {
	mean = p.Reduce("ReduceMean", x, axes...)
	d := p.Sub(x, mean)
	variance := p.Reduce("ReduceMean", p.Mul(d, d), axes...)
	inv = p.Do("Reciprocal", nil, p.Do("Sqrt", nil, p.Add(variance, p.Like(variance, float64(epsilon)))))
	return p.Mul(d, inv), mean, inv
}

// stash returns x in the type that a normalization computes in.
func (p *Parts) stash(x *ir.Value) *ir.Value {
	d, err := p.dtypeAttr("stash_type", tensor.Float32)
	if err != nil {
		p.Fail("%w", err)
	}
	if x.Type.DType == tensor.Float64 { // never less than what x has
		d = tensor.Float64
	}
	return p.Cast(x, d)
}

// perChannel gives a value per channel the rank of an image of shape s.
func (p *Parts) perChannel(v *ir.Value, s []int) *ir.Value {
	shape := orOnes(nil, len(s)-1)
	shape[0] = v.Type.Len()
	return p.Reshape(v, shape...)
}

// from lists the axes from a to rank-1.
func axesFrom(a, rank int) []int {
	var axes []int
	for ; a < rank; a++ {
		axes = append(axes, a)
	}
	return axes
}

func partsInstanceNorm(p *Parts) []*ir.Value {
	s := p.Shape(0)
	if len(s) < 3 || p.Type(1).Len() != s[1] || p.Type(2).Len() != s[1] {
		p.Fail("input has shape %v, scale %v and B %v; expected [N, C, …] and a value per channel", s, p.Shape(1), p.Shape(2))
	}
	y, _, _ := p.standardize(p.In(0), p.Attrs.Float("epsilon"), axesFrom(2, len(s))...)
	return []*ir.Value{p.Add(p.Mul(y, p.perChannel(p.In(1), s)), p.perChannel(p.In(2), s))}
}

// upgradeGroupNorm keeps in mind that opset 20 has a scale and a bias per group.
func upgradeGroupNorm(u *Upgrade, v int) error {
	if v < 21 {
		u.Node.Attrs["per_group"] = int64(1)
	}
	return nil
}

func partsGroupNorm(p *Parts) []*ir.Value {
	s, g := p.Shape(0), p.Attrs.Int("num_groups")
	if len(s) < 2 || g < 1 || s[1]%g != 0 {
		p.Fail("X has shape %v and num_groups is %d; expected [N, C, …] with channels that divide into the groups", s, g)
	}
	x := p.Reshape(p.stash(p.In(0)), s[0], g, tensor.Len(s[1:])/g)
	y, _, _ := p.standardize(x, p.Attrs.Float("epsilon"), 2)
	y = p.Cast(y, p.Type(0).DType)
	scale, bias := p.In(1), p.In(2)
	if p.Attrs.Bool("per_group") {
		y = p.Add(p.Mul(y, p.Reshape(scale, g, 1)), p.Reshape(bias, g, 1))
		return []*ir.Value{p.Reshape(y, s...)}
	}
	y = p.Reshape(y, s...)
	return []*ir.Value{p.Add(p.Mul(y, p.perChannel(scale, s)), p.perChannel(bias, s))}
}

// partsLayerNorm is for what layernorm_f32 does not do.
func partsLayerNorm(p *Parts) []*ir.Value {
	rank := len(p.Shape(0))
	axis, err := axisOf(p.Attrs.Int("axis"), rank)
	if err != nil {
		p.Fail("%w", err)
	}
	y, mean, inv := p.standardize(p.stash(p.In(0)), p.Attrs.Float("epsilon"), axesFrom(axis, rank)...)
	y = p.Mul(p.Cast(y, p.Type(0).DType), p.In(1))
	if p.In(2) != nil {
		y = p.Add(y, p.In(2))
	}
	return []*ir.Value{y, mean, inv}
}

func partsRMSNorm(p *Parts) []*ir.Value {
	rank := len(p.Shape(0))
	axis, err := axisOf(p.Attrs.Int("axis"), rank)
	if err != nil {
		p.Fail("%w", err)
	}
	x := p.stash(p.In(0))
	square := p.Reduce("ReduceMean", p.Mul(x, x), axesFrom(axis, rank)...)
	y := p.Div(x, p.Do("Sqrt", nil, p.Add(square, p.Like(square, float64(p.Attrs.Float("epsilon"))))))
	return []*ir.Value{p.Mul(p.Cast(y, p.Type(1).DType), p.In(1))}
}

func partsMeanVarianceNorm(p *Parts) []*ir.Value {
	axes := p.Attrs.Ints("axes")
	if axes == nil {
		axes = []int{0, 2, 3}
	}
	x := p.In(0)
	mean := p.Reduce("ReduceMean", x, axes...)
	square := p.Reduce("ReduceMean", p.Mul(x, x), axes...)
	deviation := p.Do("Sqrt", nil, p.Sub(square, p.Mul(mean, mean)))
	return []*ir.Value{p.Div(p.Sub(x, mean), p.Add(deviation, p.Like(x, 1e-9)))}
}

// partsLpNorm leaves a slice of zeros as it is.
func partsLpNorm(p *Parts) []*ir.Value {
	name := map[int]string{1: "ReduceL1", 2: "ReduceL2"}[p.Attrs.Int("p")]
	if name == "" {
		p.Fail("p is %d; expected 1 or 2", p.Attrs.Int("p"))
	}
	x := p.In(0)
	norm := p.Reduce(name, x, p.Attrs.Int("axis"))
	zero := p.Do("Equal", nil, norm, p.Like(norm, 0))
	return []*ir.Value{p.Div(x, p.Where(zero, p.Like(norm, 1), norm))}
}

// partsSoftmax is for what softmax_f32 does not do.
func partsSoftmax(p *Parts) []*ir.Value {
	outer, n, inner, err := softmaxSizes(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	x := p.Reshape(p.In(0), outer, n, inner)
	x = p.Sub(x, p.Reduce("ReduceMax", x, 1))
	e := p.Do("Exp", nil, x)
	y := p.Reduce("ReduceSum", e, 1)
	if p.Def.Name == "LogSoftmax" {
		y = p.Sub(x, p.Do("Log", nil, y))
	} else {
		y = p.Div(e, y)
	}
	return []*ir.Value{p.Reshape(y, p.Shape(0)...)}
}

// partsBatchNorm is for what has no constants, and for training: the statistics are then those of X, and the running ones move
// towards them.
func partsBatchNorm(p *Parts) []*ir.Value {
	x, s := p.In(0), p.Shape(0)
	shape := func(v *ir.Value) *ir.Value {
		if !p.Attrs.Bool("spatial") {
			return v
		}
		return p.perChannel(v, s)
	}
	if !p.Attrs.Bool("training_mode") {
		deviation := p.Do("Sqrt", nil, p.Add(p.In(4), p.Like(p.In(4), float64(p.Attrs.Float("epsilon")))))
		y := p.Div(p.Sub(x, shape(p.Cast(p.In(3), x.Type.DType))), shape(p.Cast(deviation, x.Type.DType)))
		return []*ir.Value{p.Add(p.Mul(y, shape(p.Cast(p.In(1), x.Type.DType))), shape(p.Cast(p.In(2), x.Type.DType)))}
	}
	axes := slices.Concat([]int{0}, axesFrom(2, len(s)))
	y, mean, _ := p.standardize(x, p.Attrs.Float("epsilon"), axes...)
	d := p.Sub(x, mean)
	variance := p.Reduce("ReduceMean", p.Mul(d, d), axes...)
	y = p.Add(p.Mul(y, shape(p.Cast(p.In(1), x.Type.DType))), shape(p.Cast(p.In(2), x.Type.DType)))
	momentum := float64(p.Attrs.Float("momentum"))
	moved := func(running, current *ir.Value) *ir.Value {
		current = p.Cast(p.Reshape(current, s[1]), running.Type.DType)
		return p.Add(p.Mul(running, p.Like(running, momentum)), p.Mul(current, p.Like(current, 1-momentum)))
	}
	return []*ir.Value{y, moved(p.In(3), mean), moved(p.In(4), variance)}
}
