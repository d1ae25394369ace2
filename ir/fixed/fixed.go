// Package fixed is deepgo's integer requantization arithmetic, the one written spec of it; ir/README.md explains it and
// runtime/include/dg_fixed.h says the same in C.
//
// A real factor r > 0 is held as a multiplier M and a shift s with r = M * 2^-s, where 2^30 <= M < 2^31. A 32-bit
// accumulator a becomes
//
//	round(a * M * 2^-s)     the exact 64-bit product, rounded once, ties to even
//
// which is how ONNX's QuantizeLinear rounds. A 64-bit accumulator becomes the same: its exact product has up to 95 bits.
package fixed

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
)

// Multiplier is the factor M * 2^-Shift.
type Multiplier struct {
	M     int32 // 2^30 <= M < 2^31, or 0
	Shift int32 // 1 <= Shift <= 62; for a 64-bit accumulator <= 94
}

// nothing is the factor 0.
var nothing = Multiplier{Shift: 33}

// NewMultiplier returns the multiplier nearest to r. Factors too small to change any 32-bit accumulator become 0.
// It fails for a factor that is negative, not finite, or 2^30 and more.
func NewMultiplier(r float64) (Multiplier, error) { return newMultiplier(r, 62) }

// NewWideMultiplier is NewMultiplier for 64-bit accumulators, which smaller factors still change.
func NewWideMultiplier(r float64) (Multiplier, error) { return newMultiplier(r, 94) }

func newMultiplier(r float64, most int) (Multiplier, error) {
	if !(r >= 0) || r >= 1<<30 {
		return Multiplier{}, fmt.Errorf("requantization factor %g is outside [0, 2^30)", r)
	}
	if r == 0 {
		return nothing, nil
	}
	frac, exp := math.Frexp(r) // r = frac * 2^exp, 0.5 <= frac < 1
	m := int64(math.RoundToEven(frac * (1 << 31)))
	if m == 1<<31 {
		m >>= 1
		exp++
	}
	shift := 31 - exp
	if shift > most {
		return nothing, nil
	}
	if shift < 1 {
		return Multiplier{}, fmt.Errorf("requantization factor %g is outside [0, 2^30)", r)
	}
	return Multiplier{M: int32(m), Shift: int32(shift)}, nil
}

// Apply returns round(a * M * 2^-Shift), ties to even, saturated to 32 bits.
func (m Multiplier) Apply(a int32) int32 {
	return Saturate32(RoundShift(int64(a)*int64(m.M), uint(m.Shift)))
}

// wideLimit bounds what ApplyWide returns, so that a zero point can be added in 32 bits.
const wideLimit = 1 << 30

// ApplyWide returns round(a * M * 2^-Shift), ties to even, limited to ±2^30: far outside what any 16-bit result is clamped to.
func (m Multiplier) ApplyWide(a int64) int32 {
	size := uint64(a)
	if a < 0 {
		size = -size
	}
	hi, lo := bits.Mul64(size, uint64(m.M))
	q := wideLimit
	if up, ok := shiftEven(hi, lo, uint(m.Shift)); ok {
		q = int(up)
	}
	if a < 0 {
		q = -q
	}
	return int32(q)
}

// shiftEven returns round((hi * 2^64 + lo) * 2^-s), ties to even; ok is false where that is more than wideLimit.
func shiftEven(hi, lo uint64, s uint) (q uint64, ok bool) {
	over, rest, half := hi>>s, bits128{hi, lo}, bits128{0, 1 << (s - 1)}
	switch {
	case s < 64:
		q = hi<<(64-s) | lo>>s
		rest = bits128{0, lo & (1<<s - 1)}
	default:
		q, over = hi>>(s-64), 0
		rest.hi &= 1<<(s-64) - 1
		half = bits128{1 << (s - 64) >> 1, 0}
		if s == 64 {
			half.lo = 1 << 63
		}
	}
	if c := rest.compare(half); c > 0 || c == 0 && q&1 == 1 {
		q++
	}
	return q, over == 0 && q <= wideLimit
}

type bits128 struct{ hi, lo uint64 }

func (a bits128) compare(b bits128) int {
	return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo))
}

// Halves reports whether Apply has to look for ties on accumulators of at most this size: whether one could lie halfway between
// two results. Where none can, and the lower 32 bits of the product are shifted out anyway, rounding needs the upper word
// alone:
//
//	(a * M >> 32) + 2^(Shift-33) >> Shift-32
func (m Multiplier) Halves(most int64) bool {
	// a*M is an odd multiple of 2^(Shift-1) only where a has the factors of two that M lacks.
	lacking := int(m.Shift) - 1 - bits.TrailingZeros32(uint32(m.M))
	return m.Shift < 33 || m.M != 0 && lacking < 63 && int64(1)<<max(lacking, 0) <= most
}

// Within returns a factor with which accumulators of at most this size become the same: 0 where all of them become 0, else m.
func (m Multiplier) Within(most int64) Multiplier {
	most = min(most, math.MaxInt32)
	if m.Apply(int32(most)) == 0 && m.Apply(int32(-most)) == 0 {
		return nothing
	}
	return m
}

// RoundShift returns round(p * 2^-s), ties to even, for 1 <= s <= 62.
func RoundShift(p int64, s uint) int64 {
	q := p >> s
	rest := p - q<<s // 0 <= rest < 2^s
	half := int64(1) << (s - 1)
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	return q
}

// Saturate32 clamps v to int32.
func Saturate32(v int64) int32 {
	return int32(min(max(v, math.MinInt32), math.MaxInt32))
}

// Clamp returns v limited to [lo, hi].
func Clamp(v, lo, hi int32) int32 { return min(max(v, lo), hi) }
