package quantize

import (
	"math"
	"sync"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// pair is two products with nothing between them that minds a positive factor per channel.
type pair struct {
	first, second *ir.Node
	between       *ir.Value // what second reads
	repeat        int       // inputs of second per channel of first: more than one behind a Flatten
}

// homogeneous operators give s*f(x) for s*x with s > 0, channel by channel.
var homogeneous = map[string]bool{"Relu": true, "LeakyRelu": true, "MaxPool": true, "AveragePool": true, "GlobalAveragePool": true, "GlobalMaxPool": true, "Flatten": true, "Reshape": true, "Squeeze": true}

// pairs finds products whose channels can be scaled against each other. With a batch of 1 the channels are the slowest axis, and a
// Reshape leaves the elements of each together.
func pairs(g *ir.Graph) []pair {
	uses := g.Uses()
	var list []pair
	for _, n := range g.Nodes {
		if !isProduct(n) {
			continue
		}
		v := n.Inputs[0]
		at := v.Def
		for at != nil && homogeneous[at.Op] && len(uses[v]) == 1 && !g.IsOutput(v) {
			v = at.Inputs[0]
			at = v.Def
		}
		if at == nil || !isProduct(at) || len(uses[v]) != 1 || g.IsOutput(v) {
			continue
		}
		channels, shape := channelsOf(at), n.Inputs[0].Type.Shape
		if shape[0] != 1 || at.Outputs[0].Type.Shape[0] != 1 || shape[1]%channels != 0 || n.Op == "Conv" && shape[1] != channels {
			continue
		}
		list = append(list, pair{at, n, n.Inputs[0], shape[1] / channels})
	}
	return list
}

// equalize scales the channels between products so that all have activations of one size, where that makes the error at the
// output smaller: cross-layer equalization (Nagel et al., "Data-Free Quantization", arXiv:1906.04721), with the ranges of the
// activations in place of the weights', as weights have a scale per channel anyway.
func (q *quantizer) equalize() error {
	list := pairs(q.g)
	if q.opt.NoEqualize || len(list) == 0 {
		return nil
	}
	sizes, err := q.channelSizes(list)
	if err != nil {
		return err
	}
	original := keepWeights(list)
	best, bestError := 0.0, math.Inf(1)
	for _, share := range []float64{0, 0.5, 1} {
		original.restore()
		scaleAll(list, sizes, share)
		e, err := q.quickError()
		if err != nil {
			return err
		}
		if e < bestError*0.98 {
			best, bestError = share, e
		}
	}
	original.restore()
	if best > 0 {
		scaleAll(list, sizes, best)
		q.result.Equalized = len(list)
	}
	return nil
}

// quickError is the error at the output with min-max ranges.
func (q *quantizer) quickError() (float64, error) {
	quick := &quantizer{g: q.g, opt: q.opt, samples: spread(q.samples, trials), result: &Result{}, quick: true}
	quick.opt.NoChoice, quick.opt.Step = true, nil
	for _, step := range []func() error{quick.measure, quick.round, quick.choose} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	e, err := quick.newErrors()
	if err != nil {
		return 0, err
	}
	return e.of(quick)
}

// channelSizes returns the greatest magnitude of each channel between a pair.
func (q *quantizer) channelSizes(list []pair) ([][]float64, error) {
	sizes, index, want := make([][]float64, len(list)), map[*ir.Value]int{}, map[*ir.Value]bool{}
	for i, p := range list {
		sizes[i] = make([]float64, channelsOf(p.first))
		index[p.between], want[p.between] = i, true
	}
	var mu sync.Mutex
	err := observe(q.g, q.samples, want, func(_ int, v *ir.Value, t *tensor.Tensor) {
		i := index[v]
		per := t.Len() / len(sizes[i])
		mu.Lock()
		defer mu.Unlock()
		for k, x := range tensor.Data[float32](t) {
			sizes[i][k/per] = math.Max(sizes[i][k/per], math.Abs(float64(x)))
		}
	})
	return sizes, err
}

// saved are the weights and biases of products before they were scaled.
type saved struct {
	node   *ir.Node
	inputs []*ir.Value
}

type savedAll []saved

func keepWeights(list []pair) savedAll {
	var all savedAll
	for _, p := range list {
		for _, n := range []*ir.Node{p.first, p.second} {
			all = append(all, saved{n, append([]*ir.Value(nil), n.Inputs...)})
		}
	}
	return all
}

func (all savedAll) restore() {
	for _, s := range all {
		s.node.Inputs = append([]*ir.Value(nil), s.inputs...)
	}
}

// scaleAll divides each channel of the first products by a factor, and multiplies the second's weights with it. share is how
// much of the difference the activations lose; the weights of the second keep the rest.
func scaleAll(list []pair, sizes [][]float64, share float64) {
	if share == 0 {
		return
	}
	for i, p := range list {
		factors := make([]float64, len(sizes[i]))
		columns := columnSizes(p, len(factors))
		for c, size := range sizes[i] {
			factors[c] = 1
			if size > 0 && columns[c] > 0 {
				factors[c] = math.Pow(size, share) * math.Pow(columns[c], share-1)
			}
		}
		factors = centred(factors)
		scaleOutputs(p.first, factors)
		scaleInputs(p, factors)
	}
}

// centred makes the geometric mean of factors one: the network as a whole keeps its size.
func centred(factors []float64) []float64 {
	sum := 0.0
	for _, f := range factors {
		sum += math.Log(f)
	}
	mean := math.Exp(sum / float64(len(factors)))
	out := make([]float64, len(factors))
	for i, f := range factors {
		out[i] = f / mean
	}
	return out
}

// inputChannel returns the channel between the pair that element i of the second's weights is multiplied with.
func (p pair) inputChannel() func(i int) int {
	n := p.second
	shape := n.Inputs[1].Type.Shape
	if n.Op == "Conv" {
		icg, inner := shape[1], tensor.Len(shape[2:])
		ocg := shape[0] / max(n.Attrs.Int("group"), 1)
		return func(i int) int { return i/(icg*inner)/ocg*icg + i/inner%icg }
	}
	if channelAxis(n) == 0 {
		return func(i int) int { return i % shape[1] / p.repeat }
	}
	return func(i int) int { return i / shape[1] / p.repeat }
}

// columnSizes returns the greatest weight of the second for each channel.
func columnSizes(p pair, channels int) []float64 {
	sizes, at := make([]float64, channels), p.inputChannel()
	for i, w := range tensor.Data[float32](p.second.Inputs[1].Const) {
		sizes[at(i)] = math.Max(sizes[at(i)], math.Abs(float64(w)))
	}
	return sizes
}

func scaleOutputs(n *ir.Node, factors []float64) {
	at := channelOf(n)
	replaceConst(n, 1, func(i int, w float64) float64 { return w / factors[at(i)] })
	if n.Input(2) != nil {
		replaceConst(n, 2, func(i int, b float64) float64 { return b / factors[i] })
	}
}

func scaleInputs(p pair, factors []float64) {
	at := p.inputChannel()
	replaceConst(p.second, 1, func(i int, w float64) float64 { return w * factors[at(i)] })
}

// replaceConst gives n a changed copy of a constant; others that read the constant keep theirs.
func replaceConst(n *ir.Node, input int, f func(i int, v float64) float64) {
	v := n.Inputs[input]
	t := v.Const.Clone()
	for i := range t.Len() {
		t.SetF64(i, f(i, t.F64(i)))
	}
	n.Inputs[input] = &ir.Value{Name: v.Name, Type: v.Type, Const: t}
}
