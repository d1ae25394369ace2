package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Bytes returns the stored elements in little-endian order, Size bytes each.
func (t *Tensor) Bytes() []byte {
	out := make([]byte, 0, t.Len()*t.DType.Size())
	out, err := binary.Append(out, binary.LittleEndian, t.data)
	if err != nil {
		panic(err)
	}
	return out
}

// FromBytes returns a tensor whose stored elements are raw, little-endian, Size bytes each.
func FromBytes(d DType, raw []byte, shape ...int) (*Tensor, error) {
	if want := Len(shape) * d.Size(); want != len(raw) {
		return nil, fmt.Errorf("%d bytes for %s of shape %v, which takes %d", len(raw), d, shape, want)
	}
	t := New(d, shape...)
	if _, err := binary.Decode(raw, binary.LittleEndian, t.data); err != nil {
		return nil, err
	}
	return t, nil
}

// floatFormat describes a binary floating-point format of at most 16 bits.
type floatFormat struct {
	exp, man int  // bits of the exponent and of the mantissa
	bias     int  // exponent bias
	inf      bool // has infinities and IEEE NaNs
	uz       bool // no negative zero: its pattern is the only NaN ("FNUZ")
	nan      bool // has a NaN at all
	unsigned bool // no sign bit, no zero (E8M0)
}

var formats = map[DType]floatFormat{
	Float16:        {exp: 5, man: 10, bias: 15, inf: true, nan: true},
	BFloat16:       {exp: 8, man: 7, bias: 127, inf: true, nan: true},
	Float8E4M3FN:   {exp: 4, man: 3, bias: 7, nan: true},
	Float8E4M3FNUZ: {exp: 4, man: 3, bias: 8, nan: true, uz: true},
	Float8E5M2:     {exp: 5, man: 2, bias: 15, inf: true, nan: true},
	Float8E5M2FNUZ: {exp: 5, man: 2, bias: 16, nan: true, uz: true},
	Float8E8M0:     {exp: 8, bias: 127, nan: true, unsigned: true},
	Float4E2M1:     {exp: 2, man: 1, bias: 1},
}

func smallToFloat(d DType, b uint32) float64 {
	f := formats[d]
	if f.unsigned {
		if b == 0xff {
			return math.NaN()
		}
		return math.Ldexp(1, int(b)-f.bias)
	}
	sign, e, m := b>>(f.exp+f.man)&1, int(b>>f.man)&(1<<f.exp-1), b&(1<<f.man-1)
	v := f.magnitude(e, m)
	if f.uz && sign == 1 && e == 0 && m == 0 {
		v = math.NaN()
	}
	if sign == 1 {
		return math.Copysign(v, -1)
	}
	return v
}

func (f floatFormat) magnitude(e int, m uint32) float64 {
	top := e == 1<<f.exp-1
	switch {
	case f.inf && top && m == 0:
		return math.Inf(1)
	case f.inf && top, f.nan && !f.uz && !f.inf && top && m == 1<<f.man-1:
		return math.NaN()
	case e == 0:
		return math.Ldexp(float64(m), 1-f.bias-f.man)
	}
	return math.Ldexp(float64(m|1<<f.man), e-f.bias-f.man)
}

// max returns the bit pattern of the greatest finite magnitude.
func (f floatFormat) max() uint32 {
	all := uint32(1)<<(f.exp+f.man) - 1
	switch {
	case f.inf:
		return all - 1<<f.man
	case f.nan && !f.uz:
		return all - 1
	}
	return all
}

// smallFromFloat rounds v to nearest even. Overflow gives infinity where the format has one, NaN where it has only
// that, and the greatest magnitude otherwise. NaN gives -0 where the format has none.
func smallFromFloat(d DType, v float64) uint32 {
	f := formats[d]
	if f.unsigned {
		return e8m0(v)
	}
	sign := uint32(0)
	if math.Signbit(v) {
		sign = 1 << (f.exp + f.man)
	}
	if v != v {
		return f.nanBits(sign)
	}
	mag := f.round(math.Abs(v))
	if mag > f.max() {
		return f.overflow(sign)
	}
	if f.uz && mag == 0 {
		return 0
	}
	return sign | mag
}

func (f floatFormat) round(a float64) uint32 {
	if a == 0 {
		return 0
	}
	if math.IsInf(a, 1) {
		return math.MaxUint32
	}
	_, e := math.Frexp(a)
	e = max(e-1, 1-f.bias)
	m := uint64(math.RoundToEven(math.Ldexp(a, f.man-e)))
	if m >= 1<<(f.man+1) {
		m >>= 1
		e++
	}
	if m < 1<<f.man {
		return uint32(m)
	}
	if e+f.bias > 1<<f.exp {
		return math.MaxUint32
	}
	return uint32(e+f.bias)<<f.man | uint32(m)&(1<<f.man-1)
}

func (f floatFormat) nanBits(sign uint32) uint32 {
	switch {
	case f.uz:
		return 1 << (f.exp + f.man)
	case f.inf:
		return sign | (1<<f.exp-1)<<f.man | 1<<(f.man-1)
	case f.nan:
		return sign | (1<<(f.exp+f.man) - 1)
	}
	return 1 << (f.exp + f.man)
}

func (f floatFormat) overflow(sign uint32) uint32 {
	switch {
	case f.inf:
		return sign | (1<<f.exp-1)<<f.man
	case f.nan:
		return f.nanBits(sign)
	}
	return sign | f.max()
}

func e8m0(v float64) uint32 {
	if v != v || v < 0 || math.IsInf(v, 0) {
		return 0xff
	}
	if v == 0 {
		return 0 // the least number: the format has no zero
	}
	m, e := math.Frexp(v)
	if m >= 0.75 {
		e++
	}
	return uint32(min(max(e-1+127, 0), 254))
}
