package conformance

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir/tensor"
)

// mostUlps is the greatest distance that the ledger gives in units in the last place; beyond it says close.
const mostUlps = 4

// closeness is how near results are to what a test expects.
type closeness struct {
	ulps uint64 // greatest distance, counted in steps of the element type; 0 where every element is equal
}

// String returns the closeness as the ledger has it.
func (c closeness) String() string {
	switch {
	case c.ulps > mostUlps:
		return "close"
	case c.ulps > 0:
		return fmt.Sprintf("ulp %d", c.ulps)
	}
	return "exact"
}

// add compares one output with what the test expects, within its tolerance: integers, and bits that mean no number, must be equal.
func (c *closeness) add(want, got *tensor.Tensor, rtol, atol float64) error {
	if want.DType != got.DType || !slices.Equal(want.Shape, got.Shape) {
		return fmt.Errorf("%s%v, expected %s%v", got.DType, got.Shape, want.DType, want.Shape)
	}
	wb, gb := want.Bytes(), got.Bytes()
	for i := range want.Len() {
		if !want.DType.IsFloat() {
			if want.I64(i) != got.I64(i) {
				return fmt.Errorf("element %d is %d, expected %d", i, got.I64(i), want.I64(i))
			}
			continue
		}
		w, g := want.F64(i), got.F64(i)
		if w == g || w != w && g != g {
			continue
		}
		if !(math.Abs(w-g) <= atol+rtol*math.Abs(w)) {
			return fmt.Errorf("element %d is %g, expected %g", i, g, w)
		}
		c.ulps = max(c.ulps, distance(want.DType, wb, gb, i))
	}
	return nil
}

// distance returns how many values of an element type lie between elements i of a and b: the difference of their bits, which
// order the magnitudes of every format.
func distance(d tensor.DType, a, b []byte, i int) uint64 {
	x, y := rank(d, a, i), rank(d, b, i)
	return uint64(max(x-y, y-x))
}

// rank counts the values of an element type from zero on, negative ones downwards.
func rank(d tensor.DType, data []byte, i int) int64 {
	var raw [8]byte
	copy(raw[:], data[i*d.Size():][:d.Size()])
	bits, sign := binary.LittleEndian.Uint64(raw[:]), uint64(1)<<(d.Bits()-1)
	if bits&sign != 0 && d != tensor.Float8E8M0 {
		return -int64(bits &^ sign)
	}
	return int64(bits)
}

// beyond are the tests that ask for what no other implementation can give.
var beyond = map[string]string{
	"test_dft_inverse":         "where 0 is right, the rounding errors of NumPy's transform are expected, to within 1e-7",
	"test_dft_inverse_opset19": "where 0 is right, the rounding errors of NumPy's transform are expected, to within 1e-7",
}

// judge returns the outcome of a run whose outputs are got.
func (c *Case) judge(got []*tensor.Tensor) string {
	if len(got) != len(c.Want) {
		return fmt.Sprintf("wrong: %d outputs, expected %d", len(got), len(c.Want))
	}
	if check := c.randomCheck(); check != nil {
		if err := check(got); err != nil {
			return fmt.Sprintf("wrong: %v", err)
		}
		return random
	}
	var near closeness
	for i, w := range c.Want {
		if err := near.add(w, got[i], c.RTol, c.ATol); err != nil {
			if reason := beyond[c.Name]; reason != "" {
				return "beyond tolerance: " + reason
			}
			return fmt.Sprintf("wrong: output %d: %v", i, err)
		}
	}
	return near.String()
}
