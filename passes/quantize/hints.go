package quantize

import (
	"fmt"
	"math"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// Hint says why an activation is noisy, and what to do about it.
type Hint struct {
	Kind string `json:"kind"` // ties, outliers, channels, saturation, dead range, rounding, weights, inherited
	Text string `json:"text"`
	Do   string `json:"do"`
}

// From where on something is worth a hint.
const (
	unequalChannels = 64   // greatest to least range of a channel
	deadShare       = 0.5  // of the integers that no value takes
	ownShare        = 0.25 // of the noise that the rounding of the activation itself makes, for it to count
	loud            = 40   // dB of signal to noise, below which noise needs an explanation though nothing spoils the integers
	silent          = 60   // dB, above which nothing needs one
)

// finding is what was seen of an activation on the samples that layers are compared on.
type finding struct {
	least, most []float64 // per channel, axis 1 of images
	values      int
	ties        int // samples whose greatest element is no longer alone
	samples     int
	near        Nearness
}

// found looks at one sample: the activation in the float network, and in the quantized one.
func found(want, got *tensor.Tensor) *finding {
	f := &finding{values: want.Len(), samples: 1}
	f.near.Add(want, got)
	if greatest(want) == 1 && greatest(got) > 1 {
		f.ties = 1
	}
	if len(want.Shape) < 3 {
		return f
	}
	n := want.Shape[1]
	f.least, f.most = make([]float64, n), make([]float64, n)
	inner := tensor.Len(want.Shape[2:])
	for i, v := range tensor.Data[float32](want) {
		c := i / inner % n
		f.least[c], f.most[c] = math.Min(f.least[c], float64(v)), math.Max(f.most[c], float64(v))
	}
	return f
}

// merge takes in what was found of another sample, which may be nothing.
func (f *finding) merge(g *finding) {
	if g == nil {
		return
	}
	f.near = f.near.Plus(g.near)
	f.values, f.ties, f.samples = f.values+g.values, f.ties+g.ties, f.samples+g.samples
	if f.least == nil {
		f.least, f.most = g.least, g.most
		return
	}
	for c := range f.least {
		f.least[c], f.most[c] = math.Min(f.least[c], g.least[c]), math.Max(f.most[c], g.most[c])
	}
}

// greatest counts how often the greatest element is there.
func greatest(t *tensor.Tensor) int {
	best, n := math.Inf(-1), 0
	for _, v := range tensor.Data[float32](t) {
		switch x := float64(v); {
		case x > best:
			best, n = x, 1
		case x == best:
			n++
		}
	}
	return n
}

// power is the mean square of the activation, noise that of what it lost.
func (f *finding) power() float64 { return f.near.signal / math.Max(float64(f.values), 1) }
func (f *finding) noise() float64 { return f.near.noise / math.Max(float64(f.values), 1) }

// hints says what is wrong with a point: first what spoils its own integers, where that counts, else where its noise comes from.
func (q *quantizer) hints(p *point, found map[*point]*finding) []Hint {
	f := found[p]
	if f.near.SNR() > silent {
		return nil
	}
	rounding, clipping := p.own().stats.noises(p.own().params)
	var list []Hint
	if rounding+clipping < ownShare*f.noise() {
		list = append(list, q.origin(p, found))
	}
	if p.own().params.DType.Bits() > 8 {
		return list
	}
	own := q.spoilt(p, f, clipping > rounding)
	if len(own) == 0 && len(list) == 0 && f.near.SNR() < loud {
		return []Hint{{"rounding", "its range is well used: 8 bits are not enough for it", q.wider(p)}}
	}
	if len(own) > 0 && own[0].Kind == "ties" { // whatever the noise
		return append(own, list...)
	}
	return append(list, own...)
}

// spoilt says what makes a point's own integers coarse.
func (q *quantizer) spoilt(p *point, f *finding, cut bool) []Hint {
	s, lo, hi := &p.own().stats, p.own().params.least(), p.own().params.most()
	wider := q.wider(p)
	var list []Hint
	add := func(kind, do, format string, args ...any) {
		list = append(list, Hint{kind, fmt.Sprintf(format, args...), do})
	}
	if q.decides(p.value) && f.ties > 0 {
		add("ties", "leave it wider: --io float, or "+wider, "the greatest value of %d of %d samples is no longer alone", f.ties, f.samples)
	}
	if a, b := s.percentile(2e-3); s.max-s.min > farOut*(b-a) && b > a {
		add("outliers", "bound the activation when training, as Relu6 does, or "+wider, "the values reach %.1f times as far as 99.9 %% of them", (s.max-s.min)/(b-a))
	}
	if ratio := f.channelRatio(); ratio > unequalChannels {
		add("channels", "normalize the layer before it, or "+wider, "the range of its greatest channel is %.0f times that of its least, which has few of the 256 steps", ratio)
	}
	if cut {
		add("saturation", "calibrate with more samples, or "+wider, "what lies beyond the range of %.4g to %.4g and is cut off makes more noise than rounding", lo, hi)
	}
	if used := (math.Min(s.max, hi) - math.Max(s.min, lo)) / (hi - lo); used < 1-deadShare {
		add("dead range", "calibrate with samples that show what the model will see, or "+wider, "the values take %.0f %% of the range that the integers have", 100*used)
	}
	return list
}

// origin says where noise comes from that is not a point's own: the weights of the product that gives it, or an activation before.
func (q *quantizer) origin(p *point, found map[*point]*finding) Hint {
	at := behind(p.value.Def)
	if w := q.weights[at]; w != nil {
		x := q.rootPoint(at.Inputs[0])
		if lost := w.lost(at) * found[x].power(); lost > 0.5*found[p].noise() {
			do := fmt.Sprintf("leave it in float: --layer '%s=32'", nameOf(at))
			if w.bits < 8 {
				do = fmt.Sprintf("give it more bits: --layer '%s=8'", nameOf(at))
			}
			return Hint{"weights", fmt.Sprintf("rounding the weights of %s to %d bits makes most of it", nameOf(at), w.bits), do}
		}
	}
	worst := q.noisiest(p, found)
	if worst == nil {
		return Hint{"inherited", "little of it is its own rounding, the rest comes with what it is computed of", "look at the activations before it"}
	}
	return Hint{"inherited", fmt.Sprintf("little of it is its own rounding, most comes with %s, which has %.1f dB", worst.value.Name, found[worst].near.SNR()), "look there, or " + q.wider(worst)}
}

// lost is the mean over the outputs of the sum of the squares of what rounding takes from the weights.
func (w *weights) lost(n *ir.Node) float64 {
	sum, real := 0.0, tensor.Data[float32](w.real)
	for i, v := range tensor.Data[float32](n.Inputs[1].Const) {
		sum += float64(v-real[i]) * float64(v-real[i])
	}
	return sum / float64(w.outputs())
}

// noisiest is the point with the most noise of those that p is computed of.
func (q *quantizer) noisiest(p *point, found map[*point]*finding) *point {
	var worst *point
	seen := map[*ir.Node]bool{}
	var visit func(n *ir.Node)
	visit = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for _, v := range nonConst(n) {
			if b := q.at[v]; b != nil && found[b] != nil {
				if worst == nil || found[b].near.SNR() < found[worst].near.SNR() {
					worst = b
				}
				continue
			}
			visit(v.Def)
		}
	}
	visit(p.value.Def)
	return worst
}

// least and most are the ends of what integers stand for.
func (p Params) least() float64 { return p.real(0) }
func (p Params) most() float64  { return p.real(1) }

func (p Params) real(end int) float64 {
	lo, hi := p.DType.Range()
	return float64([]int64{lo, hi}[end]-int64(p.Zero)) * float64(p.Scale)
}

// noises are the mean squared errors of rounding inside the range, and of cutting off what is outside. Values that are exact have none.
func (s *stats) noises(p Params) (rounding, clipping float64) {
	total, lo, hi := 0.0, p.least(), p.most()
	for i, n := range s.hist {
		total += n
		x := s.centre(i)
		outside := math.Max(math.Max(lo-x, x-hi), 0)
		if outside > float64(p.Scale)/2 {
			clipping += n * outside * outside
		} else {
			rounding += n * float64(p.Scale) * float64(p.Scale) / 12
		}
	}
	return rounding / math.Max(total, 1), clipping / math.Max(total, 1)
}

// channelRatio is the greatest channel's range to the least one's that is not empty.
func (f *finding) channelRatio() float64 {
	least, most := math.Inf(1), 0.0
	for c := range f.least {
		if r := f.most[c] - f.least[c]; r > 0 {
			least, most = math.Min(least, r), math.Max(most, r)
		}
	}
	if most == 0 {
		return 1
	}
	return most / least
}

// wider says how the point gets 16 bits: by a layer that reads it.
func (q *quantizer) wider(p *point) string {
	for _, n := range q.g.Nodes {
		if q.integerProduct(n) && q.rootPoint(n.Inputs[0]) == p.own() {
			return fmt.Sprintf("give it 16 bits: --layer '%s=16x8'", nameOf(n))
		}
	}
	return "give it 16 bits: --activations 16"
}

// decides reports whether a value is what an answer is read from: an output, or what only changes its scale on the way to one.
func (q *quantizer) decides(v *ir.Value) bool {
	if q.g.IsOutput(v) {
		return true
	}
	var next []*ir.Node
	for _, n := range q.g.Nodes {
		for _, in := range n.Inputs {
			if in == v {
				next = append(next, n)
			}
		}
	}
	if len(next) != 1 {
		return false
	}
	n := next[0]
	steady := n.Op == "Softmax" || n.Op == "Sigmoid" || n.Op == "Identity" || passes.Moves(n.Op) && !strings.HasSuffix(n.Op, "Pool")
	return steady && q.decides(first(n))
}
