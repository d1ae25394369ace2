package quantize

import (
	"math"
	"sync"

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
	type sums struct{ signal, noise, dot, other float64 }
	total := map[*point]*sums{}
	for _, p := range q.points {
		total[p] = &sums{}
	}
	var mu sync.Mutex
	samples := spread(q.samples, trials)
	err := Each(len(samples), func(i int) error {
		float := map[*ir.Value]*tensor.Tensor{}
		if err := observe(q.g, samples[i:i+1], want, func(_ int, v *ir.Value, t *tensor.Tensor) { float[v] = t }); err != nil {
			return err
		}
		_, err := interp.Run(sim.g, samples[i], interp.Options{Fast: true, Observe: func(n *ir.Node, out []*tensor.Tensor) {
			p := back[first(n)]
			if p == nil {
				return
			}
			a, b := tensor.Data[float32](float[p.value]), tensor.Data[float32](out[0])
			var s sums
			for k, x := range a {
				x, y := float64(x), float64(b[k])
				s.signal, s.noise, s.dot, s.other = s.signal+x*x, s.noise+(x-y)*(x-y), s.dot+x*y, s.other+y*y
			}
			mu.Lock()
			defer mu.Unlock()
			t := total[p]
			t.signal, t.noise, t.dot, t.other = t.signal+s.signal, t.noise+s.noise, t.dot+s.dot, t.other+s.other
		}})
		return err
	})
	for _, p := range q.points {
		own, s := p.own(), total[p]
		x := Point{Name: p.value.Name, DType: own.params.DType.String(), Min: own.stats.min, Max: own.stats.max, Range: own.chosen, Scale: own.params.Scale, Zero: own.params.Zero,
			SNR: Decibels(s.signal, s.noise), Cosine: s.dot / math.Sqrt(math.Max(s.signal*s.other, 1e-300)), Hist: make([]int, reportBins)}
		if p != own {
			x.Range = "follows " + own.value.Name
		}
		for i, n := range own.stats.hist {
			x.Hist[i*reportBins/bins] += int(n)
		}
		q.result.Points = append(q.result.Points, x)
	}
	return err
}

// Decibels is the ratio of signal to noise power in dB, at most 200.
func Decibels(signal, noise float64) float64 {
	const most = 200
	if noise <= 0 || signal <= 0 {
		return most
	}
	return math.Min(10*math.Log10(signal/noise), most)
}
