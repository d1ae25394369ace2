package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir/tensor"
)

// candidate is a range that an activation could be quantized to.
type candidate struct {
	name   string
	lo, hi float64
}

// candidates are the ranges that the field's methods give.
func (s *stats) candidates(levels int) []candidate {
	list := []candidate{{"minmax", s.min, s.max}}
	add := func(name string, lo, hi float64) {
		for _, c := range list {
			if math.Abs(c.lo-lo)+math.Abs(c.hi-hi) < 0.01*(s.max-s.min) {
				return
			}
		}
		if hi > lo {
			list = append(list, candidate{name, lo, hi})
		}
	}
	lo, hi := s.shrink(func(lo, hi float64) float64 { return s.squaredError(lo, hi, levels) })
	add("mse", lo, hi)
	for _, p := range []struct {
		name string
		tail float64
	}{{"p99.99", 1e-4}, {"p99.9", 1e-3}} {
		lo, hi := s.percentile(p.tail)
		add(p.name, lo, hi)
	}
	lo, hi = s.shrink(func(lo, hi float64) float64 { return s.divergence(lo, hi, levels) })
	add("kl", lo, hi)
	lo, hi = s.clipped()
	add("clipped", lo, hi)
	return list
}

// farOut is how many times as far out as the 99.9th percentile a value is an outlier.
const farOut = 2

// clipped is the range without outliers: an end that is far beyond the 99.9th percentile ends where outliers begin.
func (s *stats) clipped() (lo, hi float64) {
	inner, outer := s.percentile(2e-3) // a thousandth at either end
	return math.Max(s.min, farOut*math.Min(inner, 0)), math.Min(s.max, farOut*math.Max(outer, 0))
}

// shrink returns the part of the range, taken smaller from both ends by one factor, that costs least.
func (s *stats) shrink(cost func(lo, hi float64) float64) (lo, hi float64) {
	best := math.Inf(1)
	for step := range 36 {
		f := 1 - 0.02*float64(step)
		if c := cost(s.min*f, s.max*f); c < best {
			best, lo, hi = c, s.min*f, s.max*f
		}
	}
	return lo, hi
}

// percentile leaves a part of the values out, half of it at either end; an end at zero stays.
func (s *stats) percentile(tail float64) (lo, hi float64) {
	total := 0.0
	for _, n := range s.hist {
		total += n
	}
	lo, hi = s.min, s.max
	cut := func(from, step int) int {
		sum, i := 0.0, from
		for ; i >= 0 && i < bins && sum+s.hist[i] <= total*tail/2; i += step {
			sum += s.hist[i]
		}
		return i
	}
	if s.min < 0 {
		lo = s.min + float64(cut(0, 1))*s.width()
	}
	if s.max > 0 {
		hi = s.min + float64(cut(bins-1, -1)+1)*s.width()
	}
	return lo, hi
}

// squaredError is the mean squared error of quantizing to that many levels: a twelfth of the square of a step inside the
// range, the distance to its end outside.
func (s *stats) squaredError(lo, hi float64, levels int) float64 {
	step := (hi - lo) / float64(levels-1)
	sum := 0.0
	for i, n := range s.hist {
		x := s.centre(i)
		switch {
		case x < lo:
			sum += n * (lo - x) * (lo - x)
		case x > hi:
			sum += n * (x - hi) * (x - hi)
		default:
			sum += n * step * step / 12
		}
	}
	return sum
}

// divergence is the Kullback-Leibler divergence of the clipped values from what quantization leaves of them: the measure of
// Migacz, "8-bit Inference with TensorRT" (2017).
func (s *stats) divergence(lo, hi float64, levels int) float64 {
	sums, filled := make([]float64, levels), make([]float64, levels)
	level := func(x float64) int {
		return min(max(int((x-lo)/(hi-lo)*float64(levels)), 0), levels-1)
	}
	total := 0.0
	for i, n := range s.hist {
		if n == 0 {
			continue
		}
		total += n
		k := level(s.centre(i))
		sums[k] += n
		filled[k]++
	}
	d := 0.0
	for i, n := range s.hist {
		if n == 0 {
			continue
		}
		x := s.centre(i)
		k := level(x)
		p := n / total
		if x < lo || x > hi { // what is clipped is piled up at the end, where quantization has nothing like it
			d += p * math.Log(math.Max(float64(levels), 2))
			continue
		}
		d += p * math.Log(p/(sums[k]/filled[k]/total))
	}
	return d
}

// paramsFor returns scale and zero point of a range, which is made to hold zero. 16-bit integers get zero point 0.
func paramsFor(lo, hi float64, d tensor.DType) Params {
	lo, hi = math.Min(lo, 0), math.Max(hi, 0)
	least, most := d.Range()
	if d.Bits() > 8 {
		return Params{DType: d, Scale: positive(math.Max(-lo, hi) / float64(most))}
	}
	scale := positive((hi - lo) / float64(most-least))
	zero := math.RoundToEven(float64(least) - lo/float64(scale))
	return Params{DType: d, Scale: scale, Zero: int32(math.Min(math.Max(zero, float64(least)), float64(most)))}
}

// positive keeps a scale a normal number.
func positive(s float64) float32 {
	const least = 1e-20
	return float32(math.Max(s, least))
}
