// Package fixed is deepgo's integer requantization arithmetic, the one written spec of it; ir/README.md explains it and
// runtime/include/dg_fixed.h says the same in C.
//
// A real factor r > 0 is held as a multiplier M and a shift s with r = M * 2^-s, where 2^30 <= M < 2^31. A 32-bit
// accumulator a becomes
//
//	round(a * M * 2^-s)     the exact 64-bit product, rounded once, ties to even
//
// which is how ONNX's QuantizeLinear rounds.
package fixed

import (
	"fmt"
	"math"
	"math/bits"
)

// Multiplier is the factor M * 2^-Shift.
type Multiplier struct {
	M     int32 // 2^30 <= M < 2^31, or 0
	Shift int32 // 1 <= Shift <= 62
}

// nothing is the factor 0.
var nothing = Multiplier{Shift: 33}

// NewMultiplier returns the multiplier nearest to r. Factors too small to change any 32-bit accumulator become 0.
// It fails for a factor that is negative, not finite, or 2^30 and more.
func NewMultiplier(r float64) (Multiplier, error) {
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
	if shift > 62 {
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
