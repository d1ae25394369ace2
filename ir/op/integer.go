package op

import (
	"github.com/deepgo/deepgo/ir/tensor"
)

// integerFunc is what an elementwise function means on integers and bools, before the result wraps to the element type, and how C
// says it: $0, $1 … are the operands, $U is the unsigned type that is computed in, $W the suffix of dg_int.h's functions.
type integerFunc struct {
	name string
	eval func(d tensor.DType, a []int64) int64
	c    string
}

// integerFuncs are the elementwise functions of integers. 64-bit unsigned elements are held as the int64 of the same bits.
var integerFuncs = []integerFunc{
	{"Abs", func(d tensor.DType, a []int64) int64 { return absInt(d, a[0]) }, "dg_abs_$W($0)"},
	{"Neg", func(_ tensor.DType, a []int64) int64 { return -a[0] }, "0 - ($U)$0"},
	{"Relu", func(d tensor.DType, a []int64) int64 { return maxInt(d, a[0], 0) }, "dg_max_$W($0, 0)"},
	{"Sign", func(d tensor.DType, a []int64) int64 { return signInt(d, a[0]) }, "dg_sign_$W($0)"},
	{"Add", func(_ tensor.DType, a []int64) int64 { return a[0] + a[1] }, "($U)$0 + ($U)$1"},
	{"Sub", func(_ tensor.DType, a []int64) int64 { return a[0] - a[1] }, "($U)$0 - ($U)$1"},
	{"Mul", func(_ tensor.DType, a []int64) int64 { return a[0] * a[1] }, "($U)$0 * ($U)$1"},
	{"Div", func(d tensor.DType, a []int64) int64 { return divInt(d, a[0], a[1]) }, "dg_div_$W($0, $1)"},
	{"Mod", func(d tensor.DType, a []int64) int64 { return modInt(d, a[0], a[1]) }, "dg_mod_$W($0, $1)"},
	{"Fmod", func(d tensor.DType, a []int64) int64 { return a[0] - divInt(d, a[0], a[1])*a[1] }, "($U)$0 - ($U)dg_div_$W($0, $1) * ($U)$1"},
	{"Pow", func(_ tensor.DType, a []int64) int64 { return powInt(a[0], a[1]) }, "dg_pow_$W($0, (int64_t)$1)"},
	{"Max", func(d tensor.DType, a []int64) int64 { return maxInt(d, a[0], a[1]) }, "dg_max_$W($0, $1)"},
	{"Min", func(d tensor.DType, a []int64) int64 { return minInt(d, a[0], a[1]) }, "dg_min_$W($0, $1)"},
	{"Clip", func(d tensor.DType, a []int64) int64 { return minInt(d, maxInt(d, a[0], a[1]), a[2]) }, "dg_min_$W(dg_max_$W($0, $1), $2)"},
	{"PRelu", func(d tensor.DType, a []int64) int64 { return preluInt(d, a[0], a[1]) }, "dg_prelu_$W($0, $1)"},
	{"BitwiseAnd", func(_ tensor.DType, a []int64) int64 { return a[0] & a[1] }, "$0 & $1"},
	{"BitwiseOr", func(_ tensor.DType, a []int64) int64 { return a[0] | a[1] }, "$0 | $1"},
	{"BitwiseXor", func(_ tensor.DType, a []int64) int64 { return a[0] ^ a[1] }, "$0 ^ $1"},
	{"BitwiseNot", func(_ tensor.DType, a []int64) int64 { return ^a[0] }, "~($U)$0"},
	{"ShiftLeft", func(d tensor.DType, a []int64) int64 { return shiftLeft(d, a[0], a[1]) }, "dg_shl_$W($0, $1, $B)"},
	{"ShiftRight", func(d tensor.DType, a []int64) int64 { return shiftRight(d, a[0], a[1]) }, "dg_shr_$W($0, $1, $B)"},
	{"And", func(_ tensor.DType, a []int64) int64 { return a[0] & a[1] }, "$0 & $1"},
	{"Or", func(_ tensor.DType, a []int64) int64 { return a[0] | a[1] }, "$0 | $1"},
	{"Xor", func(_ tensor.DType, a []int64) int64 { return a[0] ^ a[1] }, "$0 ^ $1"},
	{"Not", func(_ tensor.DType, a []int64) int64 { return a[0] ^ 1 }, "$0 ^ 1u"},
	{"Less", func(d tensor.DType, a []int64) int64 { return truth(lessInt(d, a[0], a[1])) }, "$0 < $1"},
	{"LessOrEqual", func(d tensor.DType, a []int64) int64 { return truth(!lessInt(d, a[1], a[0])) }, "$0 <= $1"},
	{"Greater", func(d tensor.DType, a []int64) int64 { return truth(lessInt(d, a[1], a[0])) }, "$0 > $1"},
	{"GreaterOrEqual", func(d tensor.DType, a []int64) int64 { return truth(!lessInt(d, a[0], a[1])) }, "$0 >= $1"},
	{"Equal", func(_ tensor.DType, a []int64) int64 { return truth(a[0] == a[1]) }, "$0 == $1"},
	{"Where", func(_ tensor.DType, a []int64) int64 {
		if a[0] != 0 {
			return a[1]
		}
		return a[2]
	}, "$0 != 0 ? $1 : $2"},
}

func integer(name string) *integerFunc {
	for i := range integerFuncs {
		if integerFuncs[i].name == name {
			return &integerFuncs[i]
		}
	}
	return nil
}

// truth is a condition as a number.
func truth(b bool) int64 { return int64(boolToInt(b)) }

func lessInt(d tensor.DType, x, y int64) bool {
	if d == tensor.Uint64 {
		return uint64(x) < uint64(y)
	}
	return x < y
}

func maxInt(d tensor.DType, x, y int64) int64 {
	if lessInt(d, x, y) {
		return y
	}
	return x
}

func minInt(d tensor.DType, x, y int64) int64 {
	if lessInt(d, y, x) {
		return y
	}
	return x
}

func absInt(d tensor.DType, x int64) int64 {
	if d.IsSigned() && x < 0 {
		return -x
	}
	return x
}

func signInt(d tensor.DType, x int64) int64 {
	if d.IsSigned() && x < 0 {
		return -1
	}
	return truth(x != 0)
}

// divInt truncates towards zero; a division by zero gives 0, that of the least value by -1 wraps.
func divInt(d tensor.DType, x, y int64) int64 {
	switch {
	case y == 0:
		return 0
	case d == tensor.Uint64:
		return int64(uint64(x) / uint64(y))
	}
	return x / y
}

// modInt has the sign of the divisor; a remainder by zero is the dividend.
func modInt(d tensor.DType, x, y int64) int64 {
	r := x - divInt(d, x, y)*y
	if d.IsSigned() && r != 0 && y != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

// powInt multiplies, wrapping; what a negative power leaves of an integer is 0, unless that is 1 or -1.
func powInt(x, n int64) int64 {
	if n < 0 {
		switch x {
		case 1:
			return 1
		case -1:
			return 1 - 2*(n&1)
		}
		return 0
	}
	y := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			y *= x
		}
		x *= x
	}
	return y
}

func preluInt(d tensor.DType, x, slope int64) int64 {
	if d.IsSigned() && x < 0 {
		return x * slope
	}
	return x
}

func shiftLeft(d tensor.DType, x, n int64) int64 {
	if uint64(n) >= uint64(d.Bits()) {
		return 0
	}
	return x << n
}

// shiftRight repeats the sign bit of a signed type.
func shiftRight(d tensor.DType, x, n int64) int64 {
	switch {
	case !d.IsSigned() && uint64(n) >= uint64(d.Bits()):
		return 0
	case !d.IsSigned():
		return int64(uint64(x) >> n)
	case uint64(n) >= uint64(d.Bits()):
		return x >> 63
	}
	return x >> n
}
