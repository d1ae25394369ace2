package tensor

import (
	"math"
	"testing"
)

// TestSmallFloats holds round trips and roundings against values from the formats' specifications (OCP FP8, OCP MX,
// IEEE 754 binary16, bfloat16).
func TestSmallFloats(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		d    DType
		in   float64
		bits uint32
		back float64
	}{
		{Float16, 1, 0x3c00, 1},
		{Float16, 65504, 0x7bff, 65504},
		{Float16, 65519, 0x7bff, 65504},
		{Float16, 65520, 0x7c00, inf},
		{Float16, 5.960464477539063e-08, 0x0001, 5.960464477539063e-08},
		{Float16, 1 + 1.0/2048, 0x3c00, 1},
		{Float16, 1 + 3.0/2048, 0x3c02, 1 + 2.0/1024},
		{Float16, nan, 0x7e00, nan},
		{BFloat16, -3.140625, 0xc049, -3.140625},
		{Float8E4M3FN, 448, 0x7e, 448},
		{Float8E4M3FN, 1e9, 0x7f, nan},
		{Float8E4M3FNUZ, 240, 0x7f, 240},
		{Float8E4M3FNUZ, nan, 0x80, nan},
		{Float8E5M2, 57344, 0x7b, 57344},
		{Float8E5M2, 1e9, 0x7c, inf},
		{Float8E5M2FNUZ, 57344, 0x7f, 57344},
		{Float4E2M1, 6, 0x7, 6},
		{Float4E2M1, -0.5, 0x9, -0.5},
		{Float4E2M1, 100, 0x7, 6},
		{Float8E8M0, 8, 130, 8},
	} {
		x := New(c.d, 1)
		x.SetF64(0, c.in)
		if got := x.bits(0); got != c.bits {
			t.Errorf("%s(%g) = %#x, want %#x", c.d, c.in, got, c.bits)
		}
		if got := x.F64(0); got != c.back && !(got != got && c.back != c.back) {
			t.Errorf("%s(%g) reads back as %g, want %g", c.d, c.in, got, c.back)
		}
	}
}

// TestSmallFloatsRoundTrip stores what each pattern means and expects the pattern back.
func TestSmallFloatsRoundTrip(t *testing.T) {
	for d := range formats {
		x := New(d, 1)
		for b := range uint32(1) << d.Bits() {
			x.setBits(0, b)
			v := x.F64(0)
			x.SetF64(0, v)
			if got := x.bits(0); got != b && v == v {
				t.Errorf("%s: %#x means %g, which is stored as %#x", d, b, v, got)
			}
		}
	}
}

func TestNarrowIntegersWrap(t *testing.T) {
	for _, c := range []struct {
		d        DType
		in, want int64
	}{
		{Int4, 8, -8}, {Int4, -9, 7}, {Uint4, 17, 1}, {Int2, 2, -2}, {Uint2, 5, 1}, {Bool, 7, 1}, {Uint8, 300, 44}, {Int8, 128, -128},
	} {
		x := New(c.d, 1)
		x.SetI64(0, c.in)
		if got := x.I64(0); got != c.want {
			t.Errorf("%s(%d) = %d, want %d", c.d, c.in, got, c.want)
		}
	}
}

func TestBytesRoundTrip(t *testing.T) {
	for d := Float32; d < dtypeEnd; d++ {
		x := New(d, 2, 3)
		for i := range 6 {
			x.SetI64(i, int64(i%2))
		}
		y, err := FromBytes(d, x.Bytes(), 2, 3)
		if err != nil || !Equal(x, y) {
			t.Errorf("%s: %v", d, err)
		}
	}
	if _, err := FromBytes(Int32, make([]byte, 5), 1); err == nil {
		t.Error("5 bytes passed for one int32")
	}
}
