package quantize

import (
	"math"
	"runtime"
	"sync"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

const bins = 4096

// stats are the values that an activation takes over the samples.
type stats struct {
	min, max float64
	hist     []float64 // counts between min and max
}

func (s *stats) width() float64 { return (s.max - s.min) / bins }

// centre is the value in the middle of a bin.
func (s *stats) centre(i int) float64 { return s.min + (float64(i)+0.5)*s.width() }

// Each calls f for every index below n, on all processors, and returns an error of theirs.
func Each(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan int)
	for range min(runtime.NumCPU(), n) {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first
}

// observe runs g on every sample, and shows the values in want to see.
func observe(g *ir.Graph, samples [][]*tensor.Tensor, want map[*ir.Value]bool, see func(sample int, v *ir.Value, t *tensor.Tensor)) error {
	return Each(len(samples), func(i int) error {
		for k, v := range g.Inputs {
			if want[v] {
				see(i, v, samples[i][k])
			}
		}
		_, err := interp.Run(g, samples[i], interp.Options{Fast: true, Observe: func(n *ir.Node, out []*tensor.Tensor) {
			for k, v := range n.Outputs {
				if v != nil && want[v] {
					see(i, v, out[k])
				}
			}
		}})
		return err
	})
}

// measure finds the points, and the values that they take.
func (q *quantizer) measure() error {
	q.findPoints()
	want := map[*ir.Value]bool{}
	for _, p := range q.points {
		want[p.value] = true
		p.stats = stats{min: math.Inf(1), max: math.Inf(-1)}
	}
	var mu sync.Mutex
	bad := ""
	err := observe(q.g, q.samples, want, func(_ int, v *ir.Value, t *tensor.Tensor) {
		lo, hi, finite := extent(t)
		mu.Lock()
		defer mu.Unlock()
		if !finite && bad == "" {
			bad = v.Name
		}
		s := &q.at[v].own().stats
		s.min, s.max = math.Min(s.min, lo), math.Max(s.max, hi)
	})
	if err != nil {
		return err
	}
	if bad != "" {
		return &ir.Error{Msg: "with the calibration samples, " + bad + " is infinite or not a number", Hint: "look at the samples and --preprocess"}
	}
	for _, p := range q.points {
		if p.leader == nil {
			if p.stats.max <= p.stats.min {
				p.stats.max = p.stats.min + math.Max(math.Abs(p.stats.min), 1)*1e-3
			}
			p.stats.hist = make([]float64, bins)
		}
	}
	return observe(q.g, q.samples, want, func(_ int, v *ir.Value, t *tensor.Tensor) {
		s := &q.at[v].own().stats
		local := make([]float64, bins)
		scale := 1 / s.width()
		for _, x := range tensor.Data[float32](t) {
			local[min(max(int((float64(x)-s.min)*scale), 0), bins-1)]++
		}
		mu.Lock()
		defer mu.Unlock()
		for i, n := range local {
			s.hist[i] += n
		}
	})
}

func extent(t *tensor.Tensor) (lo, hi float64, finite bool) {
	lo, hi, finite = math.Inf(1), math.Inf(-1), true
	for _, v := range tensor.Data[float32](t) {
		x := float64(v)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			finite = false
		}
		lo, hi = math.Min(lo, x), math.Max(hi, x)
	}
	return lo, hi, finite
}
