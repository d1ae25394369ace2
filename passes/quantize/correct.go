package quantize

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// corrections is how many samples biases are corrected on.
const corrections = 64

// correct adds to every bias what quantization takes from the mean of the product's result: bias correction on the samples,
// product by product, each seeing the corrected ones before it (Nagel et al., arXiv:2106.08295, 3.2). It is taken back where
// the error at the output does not become smaller.
func (q *quantizer) correct() error {
	if q.opt.NoCorrect {
		return nil
	}
	e, err := q.newErrors()
	if err != nil {
		return err
	}
	before, err := e.of(q)
	if err != nil {
		return err
	}
	samples := spread(q.samples, corrections)
	want, err := q.means(samples)
	if err != nil {
		return err
	}
	s := &sweep{built: q.build(true), samples: samples, want: want, shifts: map[*ir.Node][]float64{}}
	if err := s.run(); err != nil {
		return err
	}
	original := map[*ir.Node][]float64{}
	for n, shift := range s.shifts {
		w := q.weights[n]
		original[n] = w.shift
		for c, d := range w.shift {
			shift[c] += d
		}
		w.shift = shift
	}
	after, err := e.of(q)
	if err == nil && after >= before {
		for n, shift := range original {
			q.weights[n].shift = shift
		}
	}
	return err
}

// means returns the mean of every integer product's channels over the samples, in the float graph.
func (q *quantizer) means(samples [][]*tensor.Tensor) (map[*ir.Node][]float64, error) {
	of, want := map[*ir.Node][][]float64{}, map[*ir.Value]bool{}
	for n := range q.weights {
		of[n], want[n.Outputs[0]] = make([][]float64, len(samples)), true
	}
	err := observe(q.g, samples, want, func(i int, v *ir.Value, t *tensor.Tensor) { of[v.Def][i] = channelMeans(t, channelsOf(v.Def)) })
	means := map[*ir.Node][]float64{}
	for n, list := range of {
		means[n] = make([]float64, channelsOf(n))
		for _, sample := range list { // in their order, so that the sums are the same every time
			for c, m := range sample {
				means[n][c] += m / float64(len(samples))
			}
		}
	}
	return means, err
}

// channelMeans returns the mean per channel, which is axis 1.
func channelMeans(t *tensor.Tensor, channels int) []float64 {
	mean := make([]float64, channels)
	inner := tensor.Len(t.Shape[2:])
	for i, v := range tensor.Data[float32](t) {
		mean[i/inner%channels] += float64(v)
	}
	for c := range mean {
		mean[c] /= float64(t.Len() / channels)
	}
	return mean
}

// sweep runs a quantized graph node by node on all samples at once.
type sweep struct {
	built   *built
	samples [][]*tensor.Tensor
	want    map[*ir.Node][]float64 // by node of the float graph
	shifts  map[*ir.Node][]float64
	envs    []map[*ir.Value]*tensor.Tensor
}

func (s *sweep) run() error {
	g := s.built.g
	for _, in := range s.samples {
		env := map[*ir.Value]*tensor.Tensor{}
		for k, v := range g.Inputs {
			env[v] = in[k]
		}
		s.envs = append(s.envs, env)
	}
	origin := map[*ir.Node]*ir.Node{}
	for n, m := range s.built.node {
		origin[m] = n
	}
	last := map[*ir.Value]int{}
	for i, n := range g.Nodes {
		for _, v := range n.Inputs {
			last[v] = i
		}
	}
	for i, n := range g.Nodes {
		if err := s.node(n); err != nil {
			return err
		}
		if float := origin[n]; float != nil && s.want[float] != nil && n.Op != "MatMul" {
			s.shift(n, float)
		}
		for _, v := range n.Inputs {
			if v != nil && last[v] == i {
				for _, env := range s.envs {
					delete(env, v)
				}
			}
		}
	}
	return nil
}

func (s *sweep) node(n *ir.Node) error {
	return Each(len(s.envs), func(i int) error {
		in := make([]*tensor.Tensor, len(n.Inputs))
		for k, v := range n.Inputs {
			switch {
			case v.IsConst():
				in[k] = v.Const
			case v != nil:
				in[k] = s.envs[i][v]
			}
		}
		out, err := op.EvalFast(n, in)
		if err != nil {
			return err
		}
		for k, v := range n.Outputs {
			if v != nil {
				s.envs[i][v] = out[k]
			}
		}
		return nil
	})
}

// shift moves a product's result to the mean that it has in the float graph.
func (s *sweep) shift(n, float *ir.Node) {
	want := s.want[float]
	shift := append([]float64(nil), want...)
	for _, env := range s.envs {
		for c, m := range channelMeans(env[n.Outputs[0]], len(want)) {
			shift[c] -= m / float64(len(s.envs))
		}
	}
	s.shifts[float] = shift
	for _, env := range s.envs {
		t := env[n.Outputs[0]]
		inner := tensor.Len(t.Shape[2:])
		data := tensor.Data[float32](t)
		for i := range data {
			data[i] += float32(shift[i/inner%len(shift)])
		}
	}
}
