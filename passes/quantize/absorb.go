package quantize

import (
	"math"
	"slices"
	"sync"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// absorb moves what a channel before a Relu never falls below into the bias of the product behind it, where that makes the error at the
// output smaller: the activation's range then begins at what changes (Nagel et al., arXiv:1906.04721, 4.1.3).
func (q *quantizer) absorb() error {
	if q.opt.NoAbsorb {
		return nil
	}
	list := slices.DeleteFunc(pairs(q.g), func(p pair) bool { return !p.absorbs() })
	floors, err := q.floors(list)
	if err != nil || !slices.ContainsFunc(floors, positiveAny) {
		return err
	}
	before, err := q.quickError()
	if err != nil {
		return err
	}
	for i, p := range list {
		if !positiveAny(floors[i]) {
			continue
		}
		original := keepWeights([]pair{p})
		p.shift(q.g, floors[i])
		after, err := q.quickError()
		switch {
		case err != nil:
			return err
		case after < before*0.98:
			before = after
			q.result.Absorbed++
		default:
			original.restore()
		}
	}
	return nil
}

func positiveAny(floor []float64) bool { return slices.Max(append([]float64{0}, floor...)) > 0 }

// absorbs reports whether a constant less in first's result, where that stays above zero, is one less in what second reads everywhere: there
// is a Relu between, and no padding.
func (p pair) absorbs() bool {
	if p.first.Op == "MatMul" || p.second.Op == "MatMul" || pads(p.second) { // a MatMul has no bias
		return false
	}
	relu := false
	for at := p.between.Def; at != p.first; at = at.Inputs[0].Def {
		relu = relu || at.Op == "Relu" || at.Op == "LeakyRelu"
		if at.Op == "AveragePool" && pads(at) {
			return false
		}
	}
	return relu
}

func pads(n *ir.Node) bool {
	auto := n.Attrs.String("auto_pad")
	return auto == "SAME_UPPER" || auto == "SAME_LOWER" || slices.Max(append([]int{0}, n.Attrs.Ints("pads")...)) > 0 || n.Attrs.Bool("ceil_mode")
}

// leastSeen is how many values of a channel must have been seen to believe that it stays above the least of them.
const leastSeen = 64

// floors returns, per pair and channel, what first's result stays above on all samples, less a tenth of how far it reaches above that for
// what was not among them; 0 where it falls to zero, or where too little is known.
func (q *quantizer) floors(list []pair) ([][]float64, error) {
	least, most := make([][]float64, len(list)), make([][]float64, len(list))
	index, want := map[*ir.Value]int{}, map[*ir.Value]bool{}
	for i, p := range list {
		n := channelsOf(p.first)
		least[i], most[i] = slices.Repeat([]float64{math.Inf(1)}, n), slices.Repeat([]float64{math.Inf(-1)}, n)
		index[p.first.Outputs[0]], want[p.first.Outputs[0]] = i, true
	}
	var mu sync.Mutex
	err := observe(q.g, q.samples, want, func(_ int, v *ir.Value, t *tensor.Tensor) {
		i := index[v]
		per := t.Len() / len(least[i])
		mu.Lock()
		defer mu.Unlock()
		for k, x := range tensor.Data[float32](t) {
			least[i][k/per] = math.Min(least[i][k/per], float64(x))
			most[i][k/per] = math.Max(most[i][k/per], float64(x))
		}
	})
	for i, p := range list {
		if p.first.Outputs[0].Type.Len()/len(least[i])*len(q.samples) < leastSeen {
			clear(least[i])
			continue
		}
		for c, lo := range least[i] {
			least[i][c] = math.Max(lo-0.1*(most[i][c]-lo), 0)
		}
	}
	return least, err
}

// shift takes a number per channel off first's bias, and adds what it is worth to second's.
func (p pair) shift(g *ir.Graph, floor []float64) {
	addToBias(g, p.first, func(c int) float64 { return -floor[c] })
	moved, in, out := make([]float64, channelsOf(p.second)), p.inputChannel(), channelOf(p.second)
	for i, w := range tensor.Data[float32](p.second.Inputs[1].Const) {
		moved[out(i)] += float64(w) * floor[in(i)]
	}
	addToBias(g, p.second, func(c int) float64 { return moved[c] })
}

// addToBias gives n another bias.
func addToBias(g *ir.Graph, n *ir.Node, add func(c int) float64) {
	bias := tensor.New(tensor.Float32, channelsOf(n))
	for c := range bias.Len() {
		v := add(c)
		if old := n.Input(2); old != nil {
			v += old.Const.F64(c)
		}
		bias.SetF64(c, v)
	}
	n.Inputs = append(n.Inputs[:2:2], g.NewConst(biasName(n), bias))
}
