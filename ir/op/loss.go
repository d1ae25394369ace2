package op

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Losses, as training graphs have them.
var lossDefs = []*Def{
	{Name: "NegativeLogLikelihoodLoss", Since: []int{12, 13, 22}, In: Args("input", "target", "weight?"), Out: Args("loss"), Attrs: lossAttrs, Parts: partsNLLLoss},
	{Name: "SoftmaxCrossEntropyLoss", Since: []int{12, 13}, In: Args("scores", "labels", "weights?"), Out: Args("output", "log_prob?"), Attrs: lossAttrs, Parts: partsCrossEntropy},
}

var lossAttrs = []Attr{Int("ignore_index", 0).Optional(), Str("reduction", "mean")}

func partsNLLLoss(p *Parts) []*ir.Value { return []*ir.Value{p.likelihoodLoss(p.In(0))} }

func partsCrossEntropy(p *Parts) []*ir.Value {
	logProb := p.Do("LogSoftmax", ir.Attrs{"axis": int64(1)}, p.In(0))
	return []*ir.Value{p.likelihoodLoss(logProb), logProb}
}

// likelihoodLoss is the negative of the log-probability that x gives each target class, weighted by class; targets to be ignored weigh
// nothing. The mean is over the weights.
func (p *Parts) likelihoodLoss(x *ir.Value) *ir.Value {
	s, t := x.Type.Shape, p.Shape(1)
	if len(s) < 2 || !slices.Equal(t, slices.Concat(s[:1], s[2:])) {
		p.Fail("scores have shape %v and targets %v; expected [N, C, …] and [N, …]", s, t)
	}
	d := x.Type.DType
	target := p.Reshape(p.Cast(p.In(1), tensor.Int64), slices.Concat(s[:1], []int{1}, s[2:])...)
	var weight *ir.Value
	var ignored *ir.Value
	if p.Attrs.Has("ignore_index") {
		ignored = p.Do("Equal", nil, target, p.Like(target, float64(p.Attrs.Int("ignore_index"))))
		target = p.Where(ignored, p.Like(target, 0), target)
	}
	if p.In(2) != nil {
		weight = p.Do("Gather", nil, p.In(2), target)
	} else {
		weight = p.Expand(p.Scalar(d, 1), target.Type.Shape...)
	}
	if ignored != nil {
		weight = p.Where(ignored, p.Like(weight, 0), weight)
	}
	loss := p.Mul(p.Do("Neg", nil, p.Do("GatherElements", ir.Attrs{"axis": int64(1)}, x, target)), weight)
	sum := func(v *ir.Value) *ir.Value { return p.Do("ReduceSum", ir.Attrs{"keepdims": int64(0)}, v) }
	switch r := p.Attrs.String("reduction"); r {
	case "none":
		return p.Reshape(loss, t...)
	case "sum":
		return sum(loss)
	case "mean":
		return p.Div(sum(loss), sum(weight))
	default:
		p.Fail("reduction %q is unknown; expected none, sum or mean", r)
	}
	return nil
}
