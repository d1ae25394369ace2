package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Optimizers of ai.onnx.preview.training: one step each, for any number of tensors.
var trainingDefs = []*Def{
	{Name: "Adagrad", Domain: "ai.onnx.preview.training", Since: []int{1}, In: Args("R", "T", "inputs..."), Out: Args("outputs..."), Attrs: []Attr{Float("decay_factor", 0), Float("epsilon", 1e-6), Float("norm_coefficient", 0)}, Parts: partsAdagrad},
	{Name: "Adam", Domain: "ai.onnx.preview.training", Since: []int{1}, In: Args("R", "T", "inputs..."), Out: Args("outputs..."),
		Attrs: []Attr{Float("alpha", 0.9), Float("beta", 0.999), Float("epsilon", 1e-6), Float("norm_coefficient", 0), Float("norm_coefficient_post", 0)}, Parts: partsAdam},
	{Name: "Momentum", Domain: "ai.onnx.preview.training", Since: []int{1}, In: Args("R", "T", "inputs..."), Out: Args("outputs..."),
		Attrs: []Attr{Float("alpha", 0).Must(), Float("beta", 0).Must(), Str("mode", "").Must(), Float("norm_coefficient", 0).Must()}, Parts: partsMomentum},
}

// optimize calls step for every tensor, with its value, its gradient and its states, of which there are so many. Outputs are the new
// values, then the new states.
func (p *Parts) optimize(states int, step func(x, g *ir.Value, state []*ir.Value) (*ir.Value, []*ir.Value)) []*ir.Value {
	per := 2 + states
	if (p.N()-2)%per != 0 {
		p.Fail("%d tensors behind R and T; expected %d for each that is optimized", p.N()-2, per)
	}
	n := (p.N() - 2) / per
	out := make([]*ir.Value, n*(1+states))
	for i := range n {
		at := func(k int) *ir.Value { return p.In(2 + k*n + i) }
		x, state := at(0), make([]*ir.Value, states)
		for k := range state {
			state[k] = at(2 + k)
		}
		g := p.Add(p.attrTimes("norm_coefficient", x), at(1))
		y, after := step(x, g, state)
		out[i] = y
		for k, v := range after {
			out[(1+k)*n+i] = v
		}
	}
	return out
}

// attrTimes multiplies by an attribute.
func (p *Parts) attrTimes(attr string, x *ir.Value) *ir.Value {
	return p.Mul(p.Like(x, float64(p.Attrs.Float(attr))), x)
}

// count returns T as a float of R's type.
func (p *Parts) count() *ir.Value { return p.Cast(p.In(1), p.Type(0).DType) }

func partsAdagrad(p *Parts) []*ir.Value {
	rate := p.Div(p.In(0), p.Add(p.Like(p.In(0), 1), p.attrTimes("decay_factor", p.count())))
	return p.optimize(1, func(x, g *ir.Value, state []*ir.Value) (*ir.Value, []*ir.Value) {
		h := p.Add(state[0], p.Mul(g, g))
		adaptive := p.Add(p.Do("Sqrt", nil, h), p.Like(h, float64(p.Attrs.Float("epsilon"))))
		return p.Sub(x, p.Div(p.Mul(p.Cast(rate, x.Type.DType), g), adaptive)), []*ir.Value{h}
	})
}

func partsAdam(p *Parts) []*ir.Value {
	alpha, beta := float64(p.Attrs.Float("alpha")), float64(p.Attrs.Float("beta"))
	r, t := p.In(0), p.count()
	left := func(base float64) *ir.Value { return p.Sub(p.Like(r, 1), p.Do("Pow", nil, p.Like(r, base), t)) }
	begun := p.Do("Greater", nil, p.In(1), p.Like(p.In(1), 0))
	rate := p.Where(begun, p.Div(p.Mul(r, p.Do("Sqrt", nil, left(beta))), left(alpha)), r)
	mix := func(old *ir.Value, share float64, v *ir.Value) *ir.Value {
		return p.Add(p.Mul(p.Like(old, share), old), p.Mul(p.Like(v, 1-share), v))
	}
	return p.optimize(2, func(x, g *ir.Value, state []*ir.Value) (*ir.Value, []*ir.Value) {
		v, h := mix(state[0], alpha, g), mix(state[1], beta, p.Mul(g, g))
		root := p.Add(p.Do("Sqrt", nil, h), p.Like(h, float64(p.Attrs.Float("epsilon"))))
		y := p.Sub(x, p.Div(p.Mul(p.Cast(rate, x.Type.DType), v), root))
		return p.Mul(p.Like(y, 1-float64(p.Attrs.Float("norm_coefficient_post"))), y), []*ir.Value{v, h}
	})
}

func partsMomentum(p *Parts) []*ir.Value {
	mode := p.Attrs.String("mode")
	if mode != "standard" && mode != "nesterov" {
		p.Fail("mode %q is unknown; expected standard or nesterov", mode)
	}
	begun := p.Do("Greater", nil, p.In(1), p.Like(p.In(1), 0))
	beta := p.Where(begun, p.Scalar(tensor.Float32, float64(p.Attrs.Float("beta"))), p.Scalar(tensor.Float32, 1))
	return p.optimize(1, func(x, g *ir.Value, state []*ir.Value) (*ir.Value, []*ir.Value) {
		v := p.Add(p.attrTimes("alpha", state[0]), p.Mul(p.Cast(beta, x.Type.DType), g))
		move := v
		if mode == "nesterov" {
			move = p.Add(g, p.attrTimes("alpha", v))
		}
		return p.Sub(x, p.Mul(p.Cast(p.In(0), x.Type.DType), move)), []*ir.Value{v}
	})
}
