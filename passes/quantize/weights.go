package quantize

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// weights are a product's quantized weights.
type weights struct {
	*grid
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

// byResult reports whether a product's weights are rounded by what the error of its result is: those of less than 8 bits, and beside
// 16-bit activations, where they make nearly all of the noise.
func (q *quantizer) byResult(p Precision) bool {
	return p.Weights < 8 || p.Weights == 8 && p.Activations == 16 && !q.quick
}

// round quantizes the weights of every integer product, by its result or to nearest.
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
		if q.byResult(p) {
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
		w := nearest(n, q.precision(n))
		if x := n.Inputs[0]; q.byResult(q.precision(n)) {
			if rounded[x] == nil {
				if rounded[x], err = q.inputsSoFar(n); err != nil {
					return err
				}
			}
			roundByResult(n, w, inputs[x], rounded[x])
		}
		w.real = w.grid.real()
		q.weights[n] = w
	}
	return nil
}

// check looks for bits that there are none of.
func (p Precision) check(n *ir.Node) error {
	if _, ok := narrowTypes[p.Weights]; !ok && p.Weights != 32 {
		return &ir.Error{Node: nameOf(n), Op: n.Op, Msg: fmt.Sprintf("weights of %d bits are not available; expected 8, 4, 2, or 32 for float", p.Weights)}
	}
	if p.Group < 0 || p.Group == 1 {
		return &ir.Error{Node: nameOf(n), Op: n.Op, Msg: fmt.Sprintf("groups of %d weights are not available; expected 2 or more, or 0 for none", p.Group)}
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

// sharingOf says which weights of a product have one scale.
func sharingOf(n *ir.Node, group int) sharing {
	s := sharing{shape: n.Inputs[1].Type.Shape, axis: channelAxis(n)}
	if n.Op != "Conv" {
		s.group = group
	}
	return s
}

// channelOf returns the output channel of element i of a product's weights.
func channelOf(n *ir.Node) func(i int) int {
	s := sharingOf(n, 0)
	return func(i int) int {
		output, _ := s.at(i)
		return output
	}
}

// nearest rounds a product's weights to nearest.
func nearest(n *ir.Node, p Precision) *weights {
	return &weights{grid: roundNearest(n.Inputs[1].Const, sharingOf(n, p.group()), p.Weights)}
}

// group is 0 where groups do not pay: 8 bits are enough without.
func (p Precision) group() int {
	if p.Weights >= 8 {
		return 0
	}
	return p.Group
}
