package fixed

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact returns round(a * m.M * 2^-m.Shift), ties to even, by rational arithmetic.
func exact(a int64, m Multiplier) *big.Int {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(int64(m.M)))
	d := new(big.Int).Lsh(big.NewInt(1), uint(m.Shift))
	q, r := new(big.Int).DivMod(p, d, new(big.Int)) // floor, 0 <= r < d
	switch twice := r.Lsh(r, 1).Cmp(d); {
	case twice > 0, twice == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return q
}

func TestApplyIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		m := Multiplier{M: 1<<30 | int32(r.Uint32()>>2), Shift: int32(1 + r.IntN(62))}
		if r.IntN(4) == 0 {
			m.M = 1 << 30 // powers of two make ties
		}
		a := int32(r.Uint32()) >> r.IntN(32)
		if got, want := m.Apply(a), Saturate32(exact(int64(a), m).Int64()); got != want {
			t.Fatalf("%+v.Apply(%d) = %d, want %d", m, a, got, want)
		}
	}
}

func TestApplyWideIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	least, most := big.NewInt(-wideLimit), big.NewInt(wideLimit)
	limited := 0
	for range 200000 {
		m := Multiplier{M: 1<<30 | int32(r.Uint32()>>2), Shift: int32(1 + r.IntN(94))}
		a := int64(r.Uint64()) >> r.IntN(64)
		if r.IntN(4) == 0 { // powers of two, and sums of few, make ties
			m.M, a = 1<<30, (a>>40|1)<<r.IntN(40)
		}
		want := exact(a, m)
		if want.Cmp(least) < 0 {
			want, limited = least, limited+1
		}
		if want.Cmp(most) > 0 {
			want, limited = most, limited+1
		}
		if got := m.ApplyWide(a); int64(got) != want.Int64() {
			t.Fatalf("%+v.ApplyWide(%d) = %d, want %d", m, a, got, want)
		}
	}
	if limited < 1000 || limited > 190000 {
		t.Errorf("%d results are limited: the cases say little", limited)
	}
	for _, a := range []int64{math.MinInt64, math.MaxInt64} {
		if got := (Multiplier{1 << 30, 94}).ApplyWide(a); int64(got) != exact(a, Multiplier{1 << 30, 94}).Int64() {
			t.Errorf("%d became %d", a, got)
		}
	}
}

func TestTiesGoToEven(t *testing.T) {
	half, err := NewMultiplier(0.5)
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[int32]int32{1: 0, 3: 2, 5: 2, -1: 0, -3: -2, -5: -2, 4: 2, math.MinInt32: -1 << 30} {
		if got := half.Apply(a); got != want {
			t.Errorf("round(%d / 2) = %d, want %d", a, got, want)
		}
	}
}

func TestNewMultiplier(t *testing.T) {
	for _, r := range []float64{1, 0.0003, 1 << 29, 0.99999999999, 1e-9, 3} {
		m, err := NewMultiplier(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := math.Ldexp(float64(m.M), -int(m.Shift)); math.Abs(got-r) > r*math.Ldexp(1, -31) || m.M < 1<<30 {
			t.Errorf("%g became %+v = %g", r, m, got)
		}
	}
	for _, r := range []float64{-1, math.NaN(), math.Inf(1), 1 << 30} {
		if m, err := NewMultiplier(r); err == nil {
			t.Errorf("%g became %+v", r, m)
		}
	}
	if m, err := NewWideMultiplier(1e-18); err != nil || m.ApplyWide(math.MaxInt64) != 9 {
		t.Errorf("1e-18 became %+v, %v", m, err)
	}
	if m, err := NewMultiplier(1e-30); err != nil || m.Apply(math.MaxInt32) != 0 {
		t.Errorf("1e-30 became %+v, %v", m, err)
	}
}

func TestHalves(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 100000 {
		m := Multiplier{M: 1<<30 | int32(r.Uint32()>>2)&^(1<<r.IntN(31)-1), Shift: int32(33 + r.IntN(30))}
		most := int64(1) << r.IntN(31)
		a := int32(r.Int64N(2*most+1) - most)
		up := (int64(a)*int64(m.M)>>32 + int64(1)<<(m.Shift-33)) >> (m.Shift - 32)
		switch {
		case !m.Halves(most) && int32(up) != m.Apply(a):
			t.Fatalf("%+v cannot tie within %d, but %d becomes %d by the upper word and %d by Apply", m, most, a, up, m.Apply(a))
		case int32(up) != m.Apply(a):
			found++
		}
	}
	if found == 0 {
		t.Error("no tie was met: the test shows nothing")
	}
}
