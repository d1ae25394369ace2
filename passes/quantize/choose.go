package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// trials is how many samples the error at the output is measured on while ranges are chosen.
const trials = 16

// choose gives every point its range: of the candidates the one with the least error at the model's output, the other points
// being as they have been chosen so far.
func (q *quantizer) choose() error {
	for _, p := range q.points {
		if p.leader == nil {
			p.set(p.stats.candidates(256)[0])
		}
	}
	q.exactInputs()
	if q.opt.NoChoice {
		return nil
	}
	e, err := q.newErrors()
	if err != nil {
		return err
	}
	best, err := e.of(q)
	if err != nil {
		return err
	}
	for i, p := range q.points {
		q.step("choosing ranges", i, len(q.points))
		if p.leader != nil || p.chosen == "exact" || p.dtype.Bits() > 8 {
			continue
		}
		keep, how := p.params, p.chosen
		for _, c := range p.stats.candidates(256)[1:] {
			p.set(c)
			got, err := e.of(q)
			if err != nil {
				return err
			}
			if got < best*0.99 {
				best, keep, how = got, p.params, p.chosen
			}
		}
		p.params, p.chosen = keep, how
	}
	return nil
}

func (p *point) set(c candidate) {
	p.params, p.chosen = paramsFor(c.lo, c.hi, p.dtype), c.name
}

// exactInputs gives inputs the parameters that are known.
func (q *quantizer) exactInputs() {
	for i, v := range q.g.Inputs {
		if p := q.at[v]; p != nil && i < len(q.opt.Raw) && q.opt.Raw[i] != nil {
			own := p.own()
			own.params, own.chosen, own.dtype = *q.opt.Raw[i], "exact", q.opt.Raw[i].DType
		}
	}
}

// errors measures how far a quantized graph's outputs are from the float graph's.
type errors struct {
	samples [][]*tensor.Tensor
	want    [][]*tensor.Tensor
	power   []float64 // of each output
}

func (q *quantizer) newErrors() (*errors, error) {
	e := &errors{samples: spread(q.samples, trials), power: make([]float64, len(q.g.Outputs))}
	e.want = make([][]*tensor.Tensor, len(e.samples))
	err := Each(len(e.samples), func(i int) (err error) {
		e.want[i], err = interp.Run(q.g, e.samples[i], interp.Options{Fast: true})
		return err
	})
	for _, outs := range e.want {
		for k, t := range outs {
			sums := Nearness{}
			sums.Add(t, t)
			e.power[k] += sums.signal
		}
	}
	return e, err
}

// spread picks n samples, evenly.
func spread(samples [][]*tensor.Tensor, n int) [][]*tensor.Tensor {
	if len(samples) <= n {
		return samples
	}
	out := make([][]*tensor.Tensor, n)
	for i := range out {
		out[i] = samples[i*len(samples)/n]
	}
	return out
}

// of returns the mean over the outputs of noise to signal power.
func (e *errors) of(q *quantizer) (float64, error) { return e.graph(q.build(true).g) }

func (e *errors) graph(g *ir.Graph) (float64, error) {
	noise := make([][]float64, len(e.samples))
	err := Each(len(e.samples), func(i int) error {
		got, err := interp.Run(g, e.samples[i], interp.Options{Fast: true})
		if err != nil {
			return err
		}
		noise[i] = make([]float64, len(got))
		for k, t := range got {
			sums := Nearness{}
			sums.Add(e.want[i][k], t)
			noise[i][k] = sums.noise
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	total := 0.0
	for k, power := range e.power {
		sum := 0.0
		for i := range noise {
			sum += noise[i][k]
		}
		total += sum / math.Max(power, 1e-30)
	}
	return total / float64(len(e.power)), nil
}
