package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// build returns a copy of the float graph with QuantizeLinear and DequantizeLinear behind every point. Weights and biases
// become integers; with simulate they stay floats, of the values that the integers stand for, which is quicker to run.
func (q *quantizer) build(simulate bool) *built {
	b := &built{q: q, g: q.g.Clone(), simulate: simulate, value: map[*ir.Value]*ir.Value{}, node: map[*ir.Node]*ir.Node{}, out: map[*point]*ir.Value{}}
	for i, v := range q.g.Inputs {
		b.value[v] = b.g.Inputs[i]
	}
	for i, n := range q.g.Nodes {
		m := b.g.Nodes[i]
		b.node[n] = m
		for k, v := range n.Outputs {
			b.value[v] = m.Outputs[k]
		}
	}
	b.insert()
	return b
}

// built is a quantized copy, with the way from the float graph to it.
type built struct {
	q        *quantizer
	g        *ir.Graph
	simulate bool
	value    map[*ir.Value]*ir.Value
	node     map[*ir.Node]*ir.Node
	out      map[*point]*ir.Value // what DequantizeLinear gives
}

func (b *built) insert() {
	var nodes []*ir.Node
	for _, v := range b.q.g.Inputs {
		nodes = append(nodes, b.pair(v)...)
	}
	for _, n := range b.q.g.Nodes {
		m := b.node[n]
		if w := b.q.weights[n]; w != nil {
			nodes = append(nodes, b.weights(n, m, w)...)
		}
		nodes = append(nodes, m)
		for _, v := range n.Outputs {
			if v != nil {
				nodes = append(nodes, b.pair(v)...)
			}
		}
	}
	b.g.Nodes = nodes
}

// pair returns QuantizeLinear and DequantizeLinear for a value that is a point; what read the value now reads their result.
func (b *built) pair(v *ir.Value) []*ir.Node {
	p := b.q.at[v]
	if p == nil && b.q.follows[v] && !b.simulate {
		p = b.q.rootPoint(v)
	}
	if p == nil {
		return nil
	}
	x, params := b.value[v], p.own().params
	scale, zero := tensor.New(tensor.Float32), tensor.New(params.DType)
	scale.SetF64(0, float64(params.Scale))
	zero.SetI64(0, int64(params.Zero))
	s, z := b.g.NewConst(v.Name+"_scale", scale), b.g.NewConst(v.Name+"_zero_point", zero)
	integer := b.g.NewValue(v.Name+"_QuantizeLinear", ir.Type{DType: params.DType, Shape: v.Type.Shape})
	real := b.g.NewValue(v.Name+"_DequantizeLinear", ir.Type{DType: tensor.Float32, Shape: v.Type.Shape})
	quantize := &ir.Node{Op: "QuantizeLinear", Attrs: ir.Attrs{}, Inputs: []*ir.Value{x, s, z}, Outputs: []*ir.Value{integer}, From: []string{v.Name + "_QuantizeLinear"}}
	dequantize := &ir.Node{Op: "DequantizeLinear", Attrs: ir.Attrs{}, Inputs: []*ir.Value{integer, s, z}, Outputs: []*ir.Value{real}, From: []string{v.Name + "_DequantizeLinear"}}
	integer.Def, real.Def = quantize, dequantize
	if b.g.IsOutput(x) {
		x.Name, real.Name = real.Name, x.Name
	}
	b.g.Replace(x, real)
	quantize.Inputs[0] = x
	if b.q.at[v] != nil {
		b.out[p] = real
	}
	return []*ir.Node{quantize, dequantize}
}

// weights makes a product read dequantized integers.
func (b *built) weights(n, m *ir.Node, w *weights) []*ir.Node {
	name := n.Inputs[1].Name
	bias := w.bias(n)
	if b.simulate {
		m.Inputs[1] = b.g.NewConst(name+"_real", w.real)
		if bias != nil {
			b.setBias(m, b.floats(n, bias))
		}
		return nil
	}
	w = b.roomForBias(n, w, bias)
	nodes := []*ir.Node{w.node(b.g, name)}
	m.Inputs[1] = nodes[0].Outputs[0]
	if bias == nil {
		return nodes
	}
	if d := b.integerBias(n, w, bias); d != nil {
		b.setBias(m, d.Outputs[0])
		return append(nodes, d)
	}
	b.setBias(m, b.floats(n, bias))
	return nodes
}

func (b *built) setBias(m *ir.Node, v *ir.Value) { m.Inputs = append(m.Inputs[:2:2], v) }

func (b *built) floats(n *ir.Node, bias []float64) *ir.Value {
	return b.g.NewConst(biasName(n), floats(bias))
}

func biasName(n *ir.Node) string {
	if v := n.Input(2); v != nil {
		return v.Name
	}
	return n.Outputs[0].Name + "_bias"
}

// integerBias returns the bias in units of the input's scale times the weights', as 32-bit integers; nil where the input is not
// quantized, or where it does not fit: deepgo then computes with 64 bits.
func (b *built) integerBias(n *ir.Node, w *weights, bias []float64) *ir.Node {
	p := b.q.rootPoint(n.Inputs[0])
	if p == nil {
		return nil
	}
	integers, scales := tensor.New(tensor.Int32, len(w.scale)), make([]float32, len(w.scale))
	for c := range scales {
		scales[c] = p.own().params.Scale * w.scale[c]
		v := math.RoundToEven(bias[c] / float64(scales[c]))
		if math.Abs(v) > math.MaxInt32 {
			return nil
		}
		integers.SetI64(c, int64(v))
	}
	name := biasName(n)
	return dequantize(b.g, name, ir.Attrs{"axis": int64(0)}, integers, tensor.Floats(scales, len(scales)))
}

// mostBias is the greatest bias in integers, which leaves room for the products in an accumulator of 32 bits.
const mostBias = 1 << 29

// roomForBias makes the scale of channels greater whose bias would not fit: those whose weights are next to nothing beside it. With
// 16-bit activations there are accumulators of 64 bits, which only those are spared whose weights count for less than a step.
func (b *built) roomForBias(n *ir.Node, w *weights, bias []float64) *weights {
	p := b.q.rootPoint(n.Inputs[0])
	if p == nil || bias == nil {
		return w
	}
	copied := *w.grid
	copied.scale = append([]float32(nil), w.scale...)
	wide := &weights{grid: &copied, shift: w.shift}
	changed := map[int]bool{}
	slack := 1.0
	if p.params.DType.Bits() > 8 {
		slack = 256
	}
	for c, v := range bias {
		if least := math.Abs(v) / mostBias / float64(p.params.Scale); slack*float64(w.scale[c]) < least {
			wide.scale[c], changed[c] = positive(least), true
		}
	}
	if len(changed) == 0 {
		return w
	}
	wide.q = w.q.Clone()
	l := levelsOf(w.bits)
	for i, v := range tensor.Data[float32](n.Inputs[1].Const) {
		if c, _ := w.at(i); changed[c] {
			wide.q.SetI64(i, int64(l.round(float64(v)/wide.scaleOf(i))))
		}
	}
	return wide
}
