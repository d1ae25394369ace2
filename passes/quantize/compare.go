package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

const reportBins = 64

// compare fills in the result: the quantized graph, and how each point fares in it.
func (q *quantizer) compare() error {
	r := q.result
	r.Graph = q.build(false).g
	recurrent := q.narrowWeights(r.Graph, isRecurrent)
	if err := ir.Check(r.Graph); err != nil {
		ir.Bugf("quantizing broke the graph: %s", err)
	}
	if err := q.fillPoints(); err != nil {
		return err
	}
	for _, n := range q.g.Nodes {
		if !isProduct(n) {
			continue
		}
		l := Layer{Name: nameOf(n), Op: n.Op, Bits: 32, Activations: 32, Weights: n.Inputs[1].Type.Len()}
		l.Bytes, l.Hist = 4*l.Weights, histogram(n.Inputs[1].Const)
		if w := q.weights[n]; w != nil {
			l.Bits, l.Bytes = w.bits, w.bytes()
			l.Activations = q.rootPoint(n.Inputs[0]).params.DType.Bits()
		}
		r.Layers = append(r.Layers, l)
	}
	r.Layers = append(r.Layers, recurrent...)
	return nil
}

// histogram counts the values of t in bins between its extremes.
func histogram(t *tensor.Tensor) []int {
	lo, hi, _ := extent(t)
	hist := make([]int, reportBins)
	for _, v := range tensor.Data[float32](t) {
		hist[min(int((float64(v)-lo)/math.Max(hi-lo, 1e-30)*reportBins), reportBins-1)]++
	}
	return hist
}

// fillPoints compares every point with its value in the float graph.
func (q *quantizer) fillPoints() error {
	sim := q.build(true)
	want, back := map[*ir.Value]bool{}, map[*ir.Value]*point{}
	for p, v := range sim.out {
		want[p.value], back[v] = true, p
	}
	samples := spread(q.samples, trials)
	seen := make([]map[*point]*finding, len(samples))
	err := Each(len(samples), func(i int) error {
		float := map[*ir.Value]*tensor.Tensor{}
		if err := observe(q.g, samples[i:i+1], want, func(_ int, v *ir.Value, t *tensor.Tensor) { float[v] = t }); err != nil {
			return err
		}
		seen[i] = map[*point]*finding{}
		_, err := interp.Run(sim.g, samples[i], interp.Options{Fast: true, Observe: func(n *ir.Node, out []*tensor.Tensor) {
			if p := back[first(n)]; p != nil {
				seen[i][p] = found(float[p.value], out[0])
			}
		}})
		return err
	})
	if err != nil {
		return err
	}
	all := map[*point]*finding{}
	for _, p := range q.points {
		all[p] = &finding{}
		for _, sample := range seen { // in their order, so that the sums are the same every time
			all[p].merge(sample[p])
		}
	}
	for _, p := range q.points {
		q.result.Points = append(q.result.Points, q.describe(p, all))
	}
	return nil
}

// describe is what the report says of a point.
func (q *quantizer) describe(p *point, all map[*point]*finding) Point {
	own, f := p.own(), all[p]
	x := Point{Name: p.value.Name, DType: own.params.DType.String(), Min: own.stats.min, Max: own.stats.max, Range: own.chosen, Scale: own.params.Scale, Zero: own.params.Zero,
		SNR: f.near.SNR(), Cosine: f.near.Cosine(), Hist: make([]int, reportBins), Hints: q.hints(p, all)}
	if p != own {
		x.Range = "follows " + own.value.Name
	}
	for i, n := range own.stats.hist {
		x.Hist[i*reportBins/bins] += int(n)
	}
	return x
}
