package quantize

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// weights are a product's quantized weights: symmetric, a scale per output channel.
type weights struct {
	bits  int
	q     *tensor.Tensor // int8 or int4, in the shape of the float weights
	scale []float32
	real  *tensor.Tensor // what they stand for
	shift []float64      // what correction adds to the bias; nil for nothing
}

// bias returns a product's bias with its correction, nil where it has none.
func (w *weights) bias(n *ir.Node) []float64 {
	var b []float64
	if v := n.Input(2); v != nil {
		b = v.Const.Float64s()
	}
	if w.shift == nil {
		return b
	}
	if b == nil {
		b = make([]float64, len(w.shift))
	}
	for c, d := range w.shift {
		b[c] += d
	}
	return b
}

// narrowTypes are the element types of weights, by bits.
var narrowTypes = map[int]tensor.DType{8: tensor.Int8, 4: tensor.Int4}

// round quantizes the weights of every integer product. Those of less than 8 bits are rounded by what the error of the
// product's result is, the others to nearest.
func (q *quantizer) round() error {
	q.weights = map[*ir.Node]*weights{}
	narrow := map[*ir.Value]bool{}
	for _, n := range q.g.Nodes {
		if !isProduct(n) {
			continue
		}
		p := q.precision(n)
		if err := p.check(n); err != nil {
			return err
		}
		if p.Weights < 8 {
			narrow[n.Inputs[0]] = true
		}
	}
	inputs, err := keep(q.g, q.samples, narrow)
	if err != nil {
		return err
	}
	rounded := map[*ir.Value][]*tensor.Tensor{}
	for _, n := range q.g.Nodes {
		if !q.integerProduct(n) {
			continue
		}
		w := roundNearest(n, q.precision(n).Weights)
		if x := n.Inputs[0]; w.bits < 8 {
			if rounded[x] == nil {
				if rounded[x], err = q.inputsSoFar(n); err != nil {
					return err
				}
			}
			roundByResult(n, w, inputs[x], rounded[x])
		}
		w.dequantize(n)
		q.weights[n] = w
	}
	return nil
}

// check looks for bits that there are none of.
func (p Precision) check(n *ir.Node) error {
	if _, ok := narrowTypes[p.Weights]; !ok && p.Weights != 32 {
		return &ir.Error{Node: nameOf(n), Op: n.Op, Msg: fmt.Sprintf("weights of %d bits are not available; expected 8, 4, or 32 for float", p.Weights)}
	}
	if _, ok := activationTypes[p.Activations]; !ok {
		return &ir.Error{Node: nameOf(n), Op: n.Op, Msg: fmt.Sprintf("activations of %d bits are not available; expected 8 or 16", p.Activations)}
	}
	return nil
}

// inputsSoFar returns what n reads where the products before it are rounded already: it can then make up for what they lose.
func (q *quantizer) inputsSoFar(n *ir.Node) ([]*tensor.Tensor, error) {
	g := q.g.Clone()
	var at *ir.Value
	for i, m := range g.Nodes {
		if w := q.weights[q.g.Nodes[i]]; w != nil {
			m.Inputs[1] = g.NewConst("rounded", w.real)
			if bias := w.bias(q.g.Nodes[i]); bias != nil {
				m.Inputs = append(m.Inputs[:2:2], g.NewConst("rounded_bias", floats(bias)))
			}
		}
		if q.g.Nodes[i] == n {
			at = m.Inputs[0]
		}
	}
	kept, err := keep(g, q.samples, map[*ir.Value]bool{at: true})
	return kept[at], err
}

func floats(values []float64) *tensor.Tensor {
	t := tensor.New(tensor.Float32, len(values))
	for i, v := range values {
		t.SetF64(i, v)
	}
	return t
}

// keep returns the values of some activations for every sample.
func keep(g *ir.Graph, samples [][]*tensor.Tensor, want map[*ir.Value]bool) (map[*ir.Value][]*tensor.Tensor, error) {
	kept := map[*ir.Value][]*tensor.Tensor{}
	if len(want) == 0 {
		return kept, nil
	}
	for v := range want {
		kept[v] = make([]*tensor.Tensor, len(samples))
	}
	err := observe(g, samples, want, func(i int, v *ir.Value, t *tensor.Tensor) { kept[v][i] = t })
	return kept, err
}

// channelOf returns the output channel of element i of a product's weights.
func channelOf(n *ir.Node) func(i int) int {
	shape := n.Inputs[1].Type.Shape
	if channelAxis(n) == 0 {
		inner := tensor.Len(shape[1:])
		return func(i int) int { return i / inner }
	}
	return func(i int) int { return i % shape[1] }
}

func roundNearest(n *ir.Node, bits int) *weights {
	real := n.Inputs[1].Const
	values, at := tensor.Data[float32](real), channelOf(n)
	channels := channelsOf(n)
	of := make([][]float32, channels)
	for i, v := range values {
		of[at(i)] = append(of[at(i)], v)
	}
	w := &weights{bits: bits, q: tensor.New(narrowTypes[bits], real.Shape...), scale: make([]float32, channels)}
	most := float64(int(1)<<(bits-1) - 1)
	for c := range channels {
		w.scale[c] = weightScale(of[c], most, bits < 8)
	}
	for i, v := range values {
		w.q.SetI64(i, clampRound(float64(v)/float64(w.scale[at(i)]), most))
	}
	return w
}

func clampRound(v, most float64) int64 {
	return int64(math.Min(math.Max(math.RoundToEven(v), -most), most))
}

// weightScale is the scale that the largest weight needs, or with search the smaller one that leaves the least squared error.
func weightScale(values []float32, most float64, search bool) float32 {
	largest := 0.0
	for _, v := range values {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	if largest == 0 {
		return 1
	}
	best, scale := math.Inf(1), positive(largest/most)
	if !search {
		return scale
	}
	for step := range 30 {
		s := float64(positive(largest / most * (1 - 0.02*float64(step))))
		sum := 0.0
		for _, v := range values {
			d := float64(v) - s*float64(clampRound(float64(v)/s, most))
			sum += d * d
		}
		if sum < best {
			best, scale = sum, float32(s)
		}
	}
	return scale
}

func (w *weights) dequantize(n *ir.Node) {
	w.real = tensor.New(tensor.Float32, w.q.Shape...)
	out, at := tensor.Data[float32](w.real), channelOf(n)
	for i := range out {
		out[i] = float32(w.q.I64(i)) * w.scale[at(i)]
	}
}

// bytes is what the weights take in flash.
func (w *weights) bytes() int { return (w.q.Len()*w.bits + 7) / 8 }
