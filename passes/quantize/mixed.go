package quantize

import (
	"fmt"
	"slices"
	"sort"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// Goal is what Mixed chooses the bits of every layer's weights for.
type Goal struct {
	Bytes int     // of flash; 0 where it does not matter
	Drop  float64 // of the score that may be lost; negative where it does not matter

	Score func(g *ir.Graph) (float64, error) // of a quantized graph: 1 is as good as the float graph
	Size  func(g *ir.Graph) (int, error)     // of a quantized graph in flash
}

// Choice is what was chosen for a layer, and what it was chosen by.
type Choice struct {
	Layer string  `json:"layer"`
	Bits  int     `json:"bits"`
	Saved int     `json:"saved_bytes"` // by 4 bits instead of 8
	SNR   float64 `json:"snr_db"`      // of the model's output where this layer alone has 4 bits
	Why   string  `json:"why"`
}

// Mixed quantizes with as few bits as the goal allows: every layer's weights have 8 bits, 4 where the model's output minds that
// least for the bytes it saves, or 32 where 8 lose more than the goal allows.
func Mixed(g *ir.Graph, samples [][]*tensor.Tensor, opt Options, goal Goal) (*Result, []Choice, error) {
	m := &mixer{g: g, samples: samples, opt: opt, goal: goal}
	if err := m.sensitivities(); err != nil {
		return nil, nil, err
	}
	base, err := m.try(0)
	if err != nil {
		return nil, nil, err
	}
	if goal.Drop >= 0 && 1-base.score > goal.Drop {
		return m.raise(base)
	}
	best, err := m.lower(base)
	if err != nil {
		return nil, nil, err
	}
	return best.result, m.choices(best), nil
}

type mixer struct {
	g       *ir.Graph
	samples [][]*tensor.Tensor
	opt     Options
	goal    Goal
	layers  []layerCost // the cheapest to lower first
}

// layerCost is a layer that 4 bits make smaller.
type layerCost struct {
	name  string
	saved int
	noise float64 // relative, at the output
}

// trial is one way to quantize.
type trial struct {
	lowered int // how many of the layers have 4 bits
	raised  []string
	result  *Result
	score   float64
	bytes   int
}

// sensitivities measures what 4 bits in one layer alone do to the output, and sorts the layers by noise a byte saved.
func (m *mixer) sensitivities() error {
	g := m.g.Clone()
	if err := passes.Prepare(g); err != nil {
		return err
	}
	q := &quantizer{g: g, opt: m.opt, samples: spread(m.samples, trials), result: &Result{}}
	e, err := q.newErrors()
	if err != nil {
		return err
	}
	for i, n := range g.Nodes {
		if !isProduct(n) || n.Op == "Conv" || m.opt.Bits[nameOf(n)] != 0 {
			continue // the C keeps a convolution's weights in 8 bits
		}
		w := roundNearest(n, 4)
		w.dequantize(n)
		alone := g.Clone()
		alone.Nodes[i].Inputs[1] = alone.NewConst("narrow", w.real)
		noise, err := e.graph(alone)
		if err != nil {
			return err
		}
		m.layers = append(m.layers, layerCost{nameOf(n), w.q.Len() - w.bytes(), noise})
	}
	sort.SliceStable(m.layers, func(i, j int) bool {
		a, b := m.layers[i], m.layers[j]
		return a.noise*float64(b.saved) < b.noise*float64(a.saved)
	})
	return nil
}

// try quantizes with 4 bits in the first layers, and in float those that are named.
func (m *mixer) try(lowered int, raised ...string) (*trial, error) {
	opt := m.opt
	opt.Bits = map[string]int{}
	for name, bits := range m.opt.Bits {
		opt.Bits[name] = bits
	}
	for _, l := range m.layers[:lowered] {
		opt.Bits[l.name] = 4
	}
	for _, name := range raised {
		opt.Bits[name] = 32
	}
	t := &trial{lowered: lowered, raised: raised}
	var err error
	if t.result, err = Run(m.g.Clone(), m.samples, opt); err != nil {
		return nil, err
	}
	if t.score, err = m.goal.Score(t.result.Graph); err != nil {
		return nil, err
	}
	if m.goal.Bytes > 0 {
		t.bytes, err = m.goal.Size(t.result.Graph)
	}
	return t, err
}

// lower gives 4 bits to as many layers as the goal asks for, or as the loss allows where it asks for no size.
func (m *mixer) lower(base *trial) (*trial, error) {
	best := base
	lo, hi := 0, len(m.layers)
	fits := func(t *trial) bool { return m.goal.Bytes > 0 && t.bytes <= m.goal.Bytes }
	good := func(t *trial) bool { return m.goal.Drop < 0 || 1-t.score <= m.goal.Drop }
	if fits(base) {
		return base, nil
	}
	if m.goal.Bytes == 0 && m.goal.Drop < 0 {
		return base, nil
	}
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if m.goal.Bytes > 0 {
			mid = (lo + hi) / 2
		}
		t, err := m.try(mid)
		if err != nil {
			return nil, err
		}
		switch {
		case m.goal.Bytes > 0 && fits(t): // the fewest layers that fit
			best, hi = t, mid
		case m.goal.Bytes > 0:
			lo = mid + 1
		case good(t): // the most layers that are good enough
			best, lo = t, mid
		default:
			hi = mid - 1
		}
	}
	if m.goal.Bytes > 0 && best == base {
		var err error
		if best, err = m.try(len(m.layers)); err != nil {
			return nil, err
		}
		if !fits(best) {
			return nil, &ir.Error{Msg: fmt.Sprintf("the budget of %d bytes cannot be met: with 4 bits in every dense layer the model takes %d", m.goal.Bytes, best.bytes), Hint: "a smaller model, or a larger part"}
		}
	}
	if !good(best) {
		return nil, &ir.Error{Msg: fmt.Sprintf("no mixture of 8 and 4 bits is within %d bytes and %.2g %% of the float model: %d bytes lose %.2g %%", m.goal.Bytes, 100*m.goal.Drop, best.bytes, 100*(1-best.score)),
			Hint: "allow more of either"}
	}
	return best, nil
}

// raise leaves the layers in float that 8 bits hurt most, one after another, until the loss is allowed.
func (m *mixer) raise(base *trial) (*Result, []Choice, error) {
	names, err := m.worstAtEight()
	if err != nil {
		return nil, nil, err
	}
	best := base
	for i := range names {
		t, err := m.try(0, names[:i+1]...)
		if err != nil {
			return nil, nil, err
		}
		if m.goal.Bytes > 0 && t.bytes > m.goal.Bytes {
			break
		}
		best = t
		if 1-t.score <= m.goal.Drop {
			return best.result, m.choices(best), nil
		}
	}
	return nil, nil, &ir.Error{Msg: fmt.Sprintf("the loss of %.2g %% cannot be kept: with %d layers in float it is %.2g %%", 100*m.goal.Drop, len(best.raised), 100*(1-best.score)), Hint: "allow more, or give more calibration samples"}
}

// worstAtEight sorts the products by the noise of 8-bit weights and inputs in that product alone, the worst first.
func (m *mixer) worstAtEight() ([]string, error) {
	g := m.g.Clone()
	if err := passes.Prepare(g); err != nil {
		return nil, err
	}
	var names []string
	for _, n := range g.Nodes {
		if isProduct(n) {
			names = append(names, nameOf(n))
		}
	}
	noise := map[string]float64{}
	for _, only := range names {
		opt := m.opt
		opt.Bits, opt.NoEqualize, opt.NoChoice, opt.NoCorrect, opt.Step = map[string]int{}, true, true, true, nil
		for _, other := range names {
			if other != only {
				opt.Bits[other] = 32
			}
		}
		q := &quantizer{g: g.Clone(), opt: opt, samples: spread(m.samples, trials), result: &Result{}}
		for _, step := range []func() error{q.measure, q.round, q.choose} {
			if err := step(); err != nil {
				return nil, err
			}
		}
		e, err := q.newErrors()
		if err != nil {
			return nil, err
		}
		if noise[only], err = e.of(q); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(names, func(i, j int) bool { return noise[names[i]] > noise[names[j]] })
	return names, nil
}

// choices says what was chosen, and why.
func (m *mixer) choices(t *trial) []Choice {
	var list []Choice
	for i, l := range m.layers {
		c := Choice{Layer: l.name, Bits: 8, Saved: l.saved, SNR: Decibels(1, l.noise), Why: "4 bits would cost more for what they save than in the others"}
		if i < t.lowered {
			c.Bits, c.Why = 4, "costs little for what it saves"
		}
		if slices.Contains(t.raised, l.name) {
			c.Bits, c.Why = 32, "8 bits lose too much"
		}
		list = append(list, c)
	}
	for _, name := range t.raised {
		if !slices.ContainsFunc(list, func(c Choice) bool { return c.Layer == name }) {
			list = append(list, Choice{Layer: name, Bits: 32, Why: "8 bits lose too much"})
		}
	}
	return list
}
