package op

import (
	"fmt"
	"hash/fnv"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Random numbers, and what is made of them. They are a hash of the element's index and the seed: a run gives the same ones as the run
// before, here and in C, bit for bit where they are uniform. Import gives every node without a seed one of its own.
var randomDefs = []*Def{
	{Name: "RandomUniform", Since: []int{1, 22}, Out: Args("output"), Attrs: []Attr{Int("dtype", 1), Float("high", 1), Float("low", 0), Float("seed", 0), Ints("shape").Must()}, Upgrade: upgradeSeed, Infer: inferRandom, Eval: evalRandom, Lower: lowerRandom, Random: true},
	{Name: "RandomUniformLike", Since: []int{1, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("dtype", 1).Optional(), Float("high", 1), Float("low", 0), Float("seed", 0)}, Upgrade: upgradeSeed, Infer: inferRandom, Eval: evalRandom, Lower: lowerRandom, Random: true},
	{Name: "RandomNormal", Since: []int{1, 22}, Out: Args("output"), Attrs: []Attr{Int("dtype", 1), Float("mean", 0), Float("scale", 1), Float("seed", 0), Ints("shape").Must()}, Upgrade: upgradeSeed, Infer: inferRandom, Eval: evalRandom, Lower: lowerRandom, Random: true},
	{Name: "RandomNormalLike", Since: []int{1, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("dtype", 1).Optional(), Float("mean", 0), Float("scale", 1), Float("seed", 0)}, Upgrade: upgradeSeed, Infer: inferRandom, Eval: evalRandom, Lower: lowerRandom, Random: true},
	{Name: "Bernoulli", Since: []int{15, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("dtype", 1).Optional(), Float("seed", 0)}, Upgrade: upgradeSeed, Parts: partsBernoulli, Random: true},
	{Name: "Multinomial", Since: []int{7, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("dtype", 6), Int("sample_size", 1), Float("seed", 0)}, Upgrade: upgradeSeed, Parts: partsMultinomial, Random: true},
	{Name: "random_f32", Out: Args("y"), Eval: evalRandomKernel, Random: true},
}

// upgradeSeed makes a seed of the node's name where the model has none.
func upgradeSeed(u *Upgrade, _ int) error {
	if u.Node.Attrs.Has("seed") {
		return nil
	}
	h := fnv.New32a()
	for _, name := range u.Node.From {
		h.Write([]byte(name))
	}
	u.Node.Attrs["seed"] = float32(h.Sum32() & 0xffff)
	return nil
}

// randomBits hashes an index and a seed.
func randomBits(i, seed uint32) uint32 {
	h := i*0x9e3779b9 + seed
	for range 2 {
		h ^= h >> 16
		h *= 0x85ebca6b
		h ^= h >> 13
		h *= 0xc2b2ae35
	}
	return h ^ h>>16
}

// uniform is a float32 from 0 up to, and without, 1.
func uniform(i, seed uint32) float64 { return float64(randomBits(i, seed)>>8) / (1 << 24) }

// normal is made of two uniform numbers by the method of Box and Muller.
func normal(i, seed uint32) float64 {
	radius := math.Sqrt(-2 * math.Log(1-uniform(2*i, seed)))
	return radius * math.Cos(2*math.Pi*uniform(2*i+1, seed))
}

func inferRandom(c *Call) ([]ir.Type, error) {
	shape, d := c.Attrs.Ints("shape"), tensor.Float32
	if c.N() > 0 {
		shape, d = c.Shape(0), c.Type(0).DType
	}
	d, err := c.dtypeAttr("dtype", d)
	if err != nil || !d.IsFloat() {
		return nil, fmt.Errorf("random numbers of dtype %d are not supported; expected floats", c.Attrs.Int("dtype"))
	}
	return typed(d, shape...), nil
}

// distribution returns the number that element i has, before scaling, and the scale and shift.
func distribution(c *Call) (f func(i, seed uint32) float64, scale, shift float32) {
	if c.Def.Name == "RandomNormal" || c.Def.Name == "RandomNormalLike" {
		return normal, c.Attrs.Float("scale"), c.Attrs.Float("mean")
	}
	return uniform, c.Attrs.Float("high") - c.Attrs.Float("low"), c.Attrs.Float("low")
}

func seedOf(a ir.Attrs) uint32 { return math.Float32bits(a.Float("seed")) }

func evalRandom(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferRandom(c)
	if err != nil {
		return nil, err
	}
	f, scale, shift := distribution(c)
	y := tensor.New(types[0].DType, types[0].Shape...)
	for i := range y.Len() {
		y.SetF64(i, f(uint32(i), seedOf(c.Attrs))*float64(scale)+float64(shift))
	}
	return one(y), nil
}

func lowerRandom(l *Lowering) error {
	_, scale, shift := distribution(l.Call)
	t := ir.Type{DType: tensor.Float32, Shape: l.Out(0).Shape}
	attrs := ir.Attrs{"N": int64(t.Len()), "SEED": int64(seedOf(l.Attrs)), "SCALE": scale, "SHIFT": shift, "dist": "uniform", "DRAW(i, seed)": "dg_uniformf(i, seed)"}
	if name := l.Def.Name; name == "RandomNormal" || name == "RandomNormalLike" {
		attrs["dist"], attrs["DRAW(i, seed)"] = "normal", "dg_normalf(i, seed)"
	}
	if l.Out(0).DType == tensor.Float32 {
		l.Replace("random_f32", attrs)
		return nil
	}
	l.Replace("Cast", ir.Attrs{"to": Number(l.Out(0).DType)}, l.Emit("random_f32", attrs, t))
	return nil
}

func evalRandomKernel(c *Call) ([]*tensor.Tensor, error) {
	y, f := c.newOut(0), uniform
	if c.Attrs.String("dist") == "normal" {
		f = normal
	}
	for i := range y.Len() {
		y.SetF64(i, f(uint32(i), uint32(c.Attrs.Int("SEED")))*float64(c.Attrs.Float("SCALE"))+float64(c.Attrs.Float("SHIFT")))
	}
	return one(y), nil
}

// drawn returns random numbers from 0 to 1 for a shape.
func (p *Parts) drawn(shape []int, seed float32) *ir.Value {
	a := ir.Attrs{"seed": seed}
	a.SetInts("shape", shape)
	return p.Do("RandomUniform", a)
}

// partsBernoulli is 1 where a random number is less than the probability.
func partsBernoulli(p *Parts) []*ir.Value {
	d, err := p.dtypeAttr("dtype", p.Type(0).DType)
	if err != nil {
		p.Fail("%w", err)
	}
	draw := p.drawn(p.Shape(0), p.Attrs.Float("seed"))
	return []*ir.Value{p.Cast(p.Do("Less", nil, draw, p.Cast(p.In(0), tensor.Float32)), d)}
}

// partsMultinomial adds noise to the logarithms such that the greatest is a sample of the distribution (Gumbel).
func partsMultinomial(p *Parts) []*ir.Value {
	d, err := p.dtypeAttr("dtype", tensor.Int32)
	s, n := p.Shape(0), p.Attrs.Int("sample_size")
	if err != nil || len(s) != 2 || n < 1 {
		p.Fail("input has shape %v and sample_size is %d; expected [batch, classes] and a positive number", s, n)
	}
	minusLog := func(v *ir.Value) *ir.Value { return p.Do("Neg", nil, p.Do("Log", nil, v)) }
	noise := minusLog(minusLog(p.drawn([]int{s[0], n, s[1]}, p.Attrs.Float("seed"))))
	scores := p.Add(p.Reshape(p.Cast(p.In(0), tensor.Float32), s[0], 1, s[1]), noise)
	best := p.Do("ArgMax", ir.Attrs{"axis": int64(2), "keepdims": int64(0)}, scores)
	return []*ir.Value{p.Cast(best, d)}
}

// partsDropout is training: elements that a random number hits go, the others grow by as much.
func partsDropout(p *Parts) []*ir.Value {
	x := p.In(0)
	ratio := p.Scalar(tensor.Float32, float64(p.Attrs.Float("ratio")))
	if p.In(1) != nil {
		ratio = p.Reshape(p.Cast(p.In(1), tensor.Float32))
	}
	mask := p.Do("GreaterOrEqual", nil, p.drawn(p.Shape(0), float32(p.Attrs.Int("seed"))), ratio)
	kept := p.Cast(p.Sub(p.Scalar(tensor.Float32, 1), ratio), x.Type.DType)
	return []*ir.Value{p.Div(p.Mul(x, p.Cast(mask, x.Type.DType)), kept), mask}
}
