package tensor

import "fmt"

// DType is the element type of a tensor.
type DType uint8

// The element types, named as ONNX names them.
const (
	Invalid DType = iota
	Float32
	Float64
	Float16
	BFloat16
	Float8E4M3FN
	Float8E4M3FNUZ
	Float8E5M2
	Float8E5M2FNUZ
	Float8E8M0
	Float4E2M1
	Int2
	Int4
	Int8
	Int16
	Int32
	Int64
	Uint2
	Uint4
	Uint8
	Uint16
	Uint32
	Uint64
	Bool
	String // a place in a table of strings
	dtypeEnd
)

// kind says how a value of a type is computed with.
type kind uint8

const (
	kindFloat kind = iota + 1
	kindInt
	kindUint
	kindBool
	kindString
)

type dtypeInfo struct {
	name string // short name, as the IR prints it
	c    string // C type of one stored element
	size int    // bytes of one stored element; types under a byte are stored one to a byte
	bits int    // bits of the value itself
	kind kind
}

var dtypes = [dtypeEnd]dtypeInfo{
	Float32:        {"f32", "float", 4, 32, kindFloat},
	Float64:        {"f64", "double", 8, 64, kindFloat},
	Float16:        {"f16", "uint16_t", 2, 16, kindFloat},
	BFloat16:       {"bf16", "uint16_t", 2, 16, kindFloat},
	Float8E4M3FN:   {"f8e4m3fn", "uint8_t", 1, 8, kindFloat},
	Float8E4M3FNUZ: {"f8e4m3fnuz", "uint8_t", 1, 8, kindFloat},
	Float8E5M2:     {"f8e5m2", "uint8_t", 1, 8, kindFloat},
	Float8E5M2FNUZ: {"f8e5m2fnuz", "uint8_t", 1, 8, kindFloat},
	Float8E8M0:     {"f8e8m0", "uint8_t", 1, 8, kindFloat},
	Float4E2M1:     {"f4e2m1", "uint8_t", 1, 4, kindFloat},
	Int2:           {"i2", "int8_t", 1, 2, kindInt},
	Int4:           {"i4", "int8_t", 1, 4, kindInt},
	Int8:           {"i8", "int8_t", 1, 8, kindInt},
	Int16:          {"i16", "int16_t", 2, 16, kindInt},
	Int32:          {"i32", "int32_t", 4, 32, kindInt},
	Int64:          {"i64", "int64_t", 8, 64, kindInt},
	Uint2:          {"u2", "uint8_t", 1, 2, kindUint},
	Uint4:          {"u4", "uint8_t", 1, 4, kindUint},
	Uint8:          {"u8", "uint8_t", 1, 8, kindUint},
	Uint16:         {"u16", "uint16_t", 2, 16, kindUint},
	Uint32:         {"u32", "uint32_t", 4, 32, kindUint},
	Uint64:         {"u64", "uint64_t", 8, 64, kindUint},
	Bool:           {"bool", "uint8_t", 1, 1, kindBool},
	String:         {"str", "int32_t", 4, 32, kindString},
}

func (d DType) info() dtypeInfo {
	if d >= dtypeEnd {
		return dtypeInfo{name: fmt.Sprintf("dtype(%d)", uint8(d))}
	}
	return dtypes[d]
}

// String returns the short name that the IR prints, such as f32 or i8.
func (d DType) String() string {
	if s := d.info().name; s != "" {
		return s
	}
	return "invalid"
}

// C returns the C type of one stored element.
func (d DType) C() string { return d.info().c }

// Size returns the bytes of one stored element. Types narrower than a byte are stored one to a byte.
func (d DType) Size() int { return d.info().size }

// Bits returns the width of the value itself.
func (d DType) Bits() int { return d.info().bits }

// IsFloat reports whether d is a floating-point type of any width.
func (d DType) IsFloat() bool { return d.info().kind == kindFloat }

// IsInt reports whether d is a signed or unsigned integer type; bool is not.
func (d DType) IsInt() bool { return d.info().kind == kindInt || d.info().kind == kindUint }

// IsSigned reports whether d is a signed integer type.
func (d DType) IsSigned() bool { return d.info().kind == kindInt }

// Range returns the least and the greatest value of an integer type of at most 32 bits, or of bool.
func (d DType) Range() (lo, hi int64) {
	bits := d.Bits()
	if d.IsSigned() {
		return -1 << (bits - 1), 1<<(bits-1) - 1
	}
	return 0, 1<<bits - 1
}

// ParseDType returns the type with the given short name.
func ParseDType(name string) (DType, error) {
	for d := Float32; d < dtypeEnd; d++ {
		if dtypes[d].name == name {
			return d, nil
		}
	}
	return Invalid, fmt.Errorf("unknown element type %q", name)
}
