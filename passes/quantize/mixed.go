package quantize

import (
	"fmt"
	"maps"
	"math"
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
	Layer       string  `json:"layer"`
	Bits        int     `json:"bits"`
	Activations int     `json:"activation_bits"`
	Fewer       int     `json:"fewer_bits"`  // what it has, or could have had, less than 8 of; 0 where that was no question
	Saved       int     `json:"saved_bytes"` // by fewer bits instead of 8
	SNR         float64 `json:"snr_db"`      // of the model's output where this layer alone has fewer bits
	Why         string  `json:"why"`
}

// Precision is the choice as the command takes it.
func (c Choice) Precision() string { return precisionText(c.Bits, c.Activations) }

// Mixed quantizes with as few bits as the goal allows: every layer's weights have 8 bits, or 4 or 2 where the model's output minds that
// least for the bytes it saves. Where 8 bits lose more than the goal allows, the worst layers get 16-bit activations, and where
// those do not help stay in float.
func Mixed(g *ir.Graph, samples [][]*tensor.Tensor, opt Options, goal Goal) (*Result, []Choice, error) {
	m := &mixer{g: g, samples: samples, opt: opt, goal: goal}
	if err := m.sensitivities(); err != nil {
		return nil, nil, err
	}
	base, err := m.try(nil, nil)
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
	steps   []step // the cheapest first
}

// step takes a layer from 8 bits to 4, or from 4 to 2.
type step struct {
	layer string
	bits  int
	saved int     // bytes, against 8 bits
	noise float64 // relative, at the output, where this layer alone has these bits
	price float64 // noise a byte saved, by this step
}

// trial is one way to quantize.
type trial struct {
	taken  []step
	raised map[string]Precision // layers with more than 8
	result *Result
	score  float64
	bytes  int
}

// sensitivities measures what fewer bits in one layer alone do to the output, and sorts the steps by noise a byte saved.
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
		if !isProduct(n) || m.opt.Layers[nameOf(n)].Weights != 0 {
			continue
		}
		before := step{}
		for _, bits := range []int{4, 2} {
			w := nearest(n, Precision{Weights: bits}.or(m.opt.precision(n)))
			s := step{layer: nameOf(n), bits: bits, saved: w.inputs()*w.outputs() - w.bytes()}
			if s.saved <= before.saved {
				break
			}
			alone := g.Clone()
			alone.Nodes[i].Inputs[1] = alone.NewConst("narrow", w.grid.real())
			if s.noise, err = e.graph(alone); err != nil {
				return err
			}
			s.price = math.Max((s.noise-before.noise)/float64(s.saved-before.saved), before.price)
			m.steps = append(m.steps, s)
			before = s
		}
	}
	sort.SliceStable(m.steps, func(i, j int) bool { return m.steps[i].price < m.steps[j].price })
	return nil
}

// try quantizes with some of the steps taken, and with more than 8 bits in the layers that are named.
func (m *mixer) try(taken []step, raised map[string]Precision) (*trial, error) {
	opt := m.opt
	opt.Layers = map[string]Precision{}
	maps.Copy(opt.Layers, m.opt.Layers)
	for _, s := range taken {
		opt.Layers[s.layer] = Precision{Weights: s.bits}.or(opt.Layers[s.layer])
	}
	for name, p := range raised {
		opt.Layers[name] = p.or(opt.Layers[name])
	}
	t := &trial{taken: taken, raised: raised}
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

// lower takes as many steps as the goal asks for, or as the loss allows where it asks for no size.
func (m *mixer) lower(base *trial) (*trial, error) {
	switch {
	case m.goal.Bytes > 0:
		return m.shrink(base)
	case m.goal.Drop >= 0:
		return m.cheapen(base)
	}
	return base, nil
}

// shrink takes the fewest steps that fit.
func (m *mixer) shrink(base *trial) (*trial, error) {
	if m.fits(base) {
		return base, nil
	}
	best, err := m.try(m.steps, nil)
	if err != nil {
		return nil, err
	}
	if !m.fits(best) {
		return nil, &ir.Error{Msg: fmt.Sprintf("the budget of %d bytes cannot be met: with as few bits in every layer as there are the model takes %d", m.goal.Bytes, best.bytes), Hint: "a smaller model, or a larger part"}
	}
	for lo, hi := 1, len(m.steps)-1; lo <= hi; {
		mid := (lo + hi) / 2
		t, err := m.try(m.steps[:mid], nil)
		if err != nil {
			return nil, err
		}
		if m.fits(t) {
			best, hi = t, mid-1
		} else {
			lo = mid + 1
		}
	}
	if !m.good(best) {
		return nil, &ir.Error{Msg: fmt.Sprintf("no mixture of 8, 4 and 2 bits is within %d bytes and %.2g %% of the float model: %d bytes lose %.2g %%", m.goal.Bytes, 100*m.goal.Drop, best.bytes, 100*(1-best.score)),
			Hint: "allow more of either"}
	}
	return best, nil
}

// mostRetries is how many steps are tried one by one, after the first that loses too much.
const mostRetries = 6

// cheapen takes the most steps whose loss is allowed: the first ones, and of those behind the first that is not allowed some more.
func (m *mixer) cheapen(best *trial) (*trial, error) {
	for lo, hi := 1, len(m.steps); lo <= hi; {
		mid := (lo + hi) / 2
		t, err := m.try(m.steps[:mid], nil)
		if err != nil {
			return nil, err
		}
		if m.good(t) {
			best, lo = t, mid+1
		} else {
			hi = mid - 1
		}
	}
	refused, retries := map[string]bool{}, 0
	for i, s := range m.steps[len(best.taken):] {
		if i == 0 || refused[s.layer] { // the first is known to lose too much
			refused[s.layer] = true
			continue
		}
		if retries++; retries > mostRetries {
			break
		}
		t, err := m.try(append(slices.Clone(best.taken), s), nil)
		if err != nil {
			return nil, err
		}
		if m.good(t) {
			best = t
		} else {
			refused[s.layer] = true
		}
	}
	return best, nil
}

// raise gives the layers that 8 bits hurt most 16-bit activations, as few of them as keep the loss. Where all of them do not, those
// that are hurt most stay in float besides.
func (m *mixer) raise(base *trial) (*Result, []Choice, error) {
	names, err := m.worstAtEight()
	if err != nil {
		return nil, nil, err
	}
	all := map[string]Precision{}
	for _, name := range names {
		all[name] = Precision{Activations: 16}
	}
	best, err := m.fewest(names, Precision{Activations: 16}, nil)
	if err == nil && !m.good(best) {
		best, err = m.fewest(names, Precision{Weights: 32}, all)
	}
	if err != nil {
		return nil, nil, err
	}
	if m.good(best) && m.fits(best) {
		return best.result, m.choices(best), nil
	}
	return nil, nil, &ir.Error{Msg: fmt.Sprintf("the loss of %.2g %% cannot be kept: 8 bits lose %.2g %%, and with %d layers of more bits it is %.2g %%%s", 100*m.goal.Drop, 100*(1-base.score), len(best.raised), 100*(1-best.score), m.bytesOf(best)),
		Hint: "allow more, or give more calibration samples"}
}

// bytesOf says what a trial takes where that matters.
func (m *mixer) bytesOf(t *trial) string {
	if m.goal.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf(" in %d bytes", t.bytes)
}

// fewest gives p to as few of the named layers, in their order, as make the result good; to all where no number does. others have
// the precision that they are given.
func (m *mixer) fewest(names []string, p Precision, others map[string]Precision) (*trial, error) {
	var best *trial
	for lo, hi := 1, len(names); lo <= hi; {
		mid := (lo + hi) / 2
		if best == nil {
			mid = hi // whether any number does
		}
		raised := maps.Clone(others)
		if raised == nil {
			raised = map[string]Precision{}
		}
		for _, name := range names[:mid] {
			raised[name] = p
		}
		t, err := m.try(nil, raised)
		if err != nil || best == nil && !m.good(t) {
			return t, err
		}
		if m.good(t) {
			best, hi = t, mid-1
		} else {
			lo = mid + 1
		}
	}
	return best, nil
}

// fits and good say whether a trial meets the goal, where that asks for a size, or for a loss.
func (m *mixer) fits(t *trial) bool { return m.goal.Bytes == 0 || t.bytes <= m.goal.Bytes }
func (m *mixer) good(t *trial) bool { return m.goal.Drop < 0 || 1-t.score <= m.goal.Drop }

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
		opt.Layers, opt.NoEqualize, opt.NoChoice, opt.NoCorrect, opt.Step = map[string]Precision{}, true, true, true, nil
		for _, other := range names {
			if other != only {
				opt.Layers[other] = Precision{Weights: 32}
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
	at := map[string]int{}
	for _, s := range m.steps {
		if _, ok := t.raised[s.layer]; ok {
			continue
		}
		c := Choice{Layer: s.layer, Bits: 8, Activations: m.opt.All.or(Precision{Activations: 8}).Activations, Fewer: s.bits, Saved: s.saved, SNR: Decibels(1, s.noise),
			Why: fmt.Sprintf("%d bits would cost more for what they save than in the others", s.bits)}
		if slices.Contains(t.taken, s) {
			c.Bits, c.Why = s.bits, "costs little for what it saves"
		}
		k, seen := at[s.layer]
		switch {
		case !seen:
			at[s.layer] = len(list)
			list = append(list, c)
		case c.Bits < 8:
			list[k] = c
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.raised)) {
		c := Choice{Layer: name, Bits: 8, Activations: 16, Why: "8-bit activations lose too much"}
		if t.raised[name].Weights == 32 {
			c.Bits, c.Activations, c.Why = 32, 32, "8-bit weights lose too much, whatever the activations"
		}
		list = append(list, c)
	}
	return list
}
