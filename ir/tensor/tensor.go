// Package tensor holds dense typed arrays in row-major order.
//
// Every element type has one storage type: float32 and float64 their own, 16-bit floats uint16 bit patterns, narrower
// floats uint8 bit patterns, integers of 8 bits and more their own, narrower integers one value to an int8 or uint8,
// bool uint8 (0 or 1), and strings int32: places in a table.
package tensor

import (
	"fmt"
	"math"
	"slices"
)

// Element is a storage type.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// Tensor is a dense array. Its shape is fixed; a scalar has no dimensions and one element.
type Tensor struct {
	DType DType
	Shape []int
	data  any // []E where E is the storage type of DType
}

// Len returns the number of elements of a shape.
func Len(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// New returns a tensor of zeros.
func New(d DType, shape ...int) *Tensor {
	return &Tensor{DType: d, Shape: slices.Clone(shape), data: makeData(d, Len(shape))}
}

// Of returns a tensor of d over data, which it keeps. It panics when the length or the storage type does not fit.
func Of[E Element](d DType, data []E, shape ...int) *Tensor {
	if want := Len(shape); want != len(data) {
		panic(fmt.Sprintf("tensor: %d elements for shape %v", len(data), shape))
	}
	t := &Tensor{DType: d, Shape: slices.Clone(shape), data: data}
	if _, ok := makeData(d, 0).([]E); !ok {
		panic(fmt.Sprintf("tensor: %T cannot store %s", data, d))
	}
	return t
}

// Floats returns a float32 tensor over data.
func Floats(data []float32, shape ...int) *Tensor { return Of(Float32, data, shape...) }

// Ints returns an int64 tensor over data.
func Ints(data []int64, shape ...int) *Tensor { return Of(Int64, data, shape...) }

// Data returns the storage of t. It panics when E is not t's storage type.
func Data[E Element](t *Tensor) []E { return t.data.([]E) }

func makeData(d DType, n int) any {
	switch d {
	case Float32:
		return make([]float32, n)
	case Float64:
		return make([]float64, n)
	case Float16, BFloat16, Uint16:
		return make([]uint16, n)
	case Int2, Int4, Int8:
		return make([]int8, n)
	case Int16:
		return make([]int16, n)
	case Int32, String:
		return make([]int32, n)
	case Int64:
		return make([]int64, n)
	case Uint32:
		return make([]uint32, n)
	case Uint64:
		return make([]uint64, n)
	case Invalid:
		panic("tensor: no element type")
	}
	return make([]uint8, n)
}

// Len returns the number of elements.
func (t *Tensor) Len() int { return Len(t.Shape) }

// Clone returns a copy that shares nothing with t.
func (t *Tensor) Clone() *Tensor {
	c := New(t.DType, t.Shape...)
	copyData(c.data, t.data)
	return c
}

// Reshape returns a tensor over the same storage with another shape of the same length.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	if Len(shape) != t.Len() {
		panic(fmt.Sprintf("tensor: reshape %v to %v", t.Shape, shape))
	}
	return &Tensor{DType: t.DType, Shape: slices.Clone(shape), data: t.data}
}

func copyData(dst, src any) {
	switch d := dst.(type) {
	case []float32:
		copy(d, src.([]float32))
	case []float64:
		copy(d, src.([]float64))
	case []int8:
		copy(d, src.([]int8))
	case []int16:
		copy(d, src.([]int16))
	case []int32:
		copy(d, src.([]int32))
	case []int64:
		copy(d, src.([]int64))
	case []uint8:
		copy(d, src.([]uint8))
	case []uint16:
		copy(d, src.([]uint16))
	case []uint32:
		copy(d, src.([]uint32))
	case []uint64:
		copy(d, src.([]uint64))
	}
}

// F64 returns element i as a float64: exact for every type but 64-bit integers beyond 2^53.
func (t *Tensor) F64(i int) float64 {
	switch d := t.data.(type) {
	case []float32:
		return float64(d[i])
	case []float64:
		return d[i]
	}
	if t.DType.IsFloat() {
		return smallToFloat(t.DType, t.bits(i))
	}
	if t.DType == Uint64 {
		return float64(Data[uint64](t)[i])
	}
	return float64(t.I64(i))
}

// I64 returns element i as an int64. Floats are truncated towards zero.
func (t *Tensor) I64(i int) int64 {
	if t.DType.IsFloat() {
		return truncInt64(t.F64(i))
	}
	switch d := t.data.(type) {
	case []int8:
		return int64(d[i])
	case []int16:
		return int64(d[i])
	case []int32:
		return int64(d[i])
	case []int64:
		return d[i]
	case []uint64:
		return int64(d[i])
	case []uint32:
		return int64(d[i])
	}
	return int64(t.bits(i))
}

func (t *Tensor) bits(i int) uint32 {
	switch d := t.data.(type) {
	case []uint8:
		return uint32(d[i])
	case []uint16:
		return uint32(d[i])
	}
	panic(fmt.Sprintf("tensor: bits of %s", t.DType))
}

// SetF64 stores v in element i: floats rounded to nearest even, integers truncated and wrapped, bool v != 0.
func (t *Tensor) SetF64(i int, v float64) {
	switch d := t.data.(type) {
	case []float32:
		d[i] = float32(v)
		return
	case []float64:
		d[i] = v
		return
	}
	if t.DType == Bool {
		t.SetI64(i, boolInt(v != 0))
		return
	}
	if t.DType.IsFloat() {
		t.setBits(i, smallFromFloat(t.DType, v))
		return
	}
	t.SetI64(i, truncInt64(v))
}

// truncInt64 is the int64 that C's conversion gives where it is defined, and saturates beyond.
func truncInt64(v float64) int64 {
	switch {
	case v != v:
		return 0
	case v >= math.MaxInt64:
		if v < math.MaxUint64 {
			return int64(uint64(v))
		}
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (t *Tensor) setBits(i int, b uint32) {
	switch d := t.data.(type) {
	case []uint8:
		d[i] = uint8(b)
	case []uint16:
		d[i] = uint16(b)
	}
}

// SetI64 stores v in element i; a value that does not fit wraps around, and bool takes v != 0.
func (t *Tensor) SetI64(i int, v int64) {
	if t.DType.IsFloat() {
		t.SetF64(i, float64(v))
		return
	}
	switch d := t.data.(type) {
	case []int8:
		d[i] = int8(wrapNarrow(t.DType, v))
	case []int16:
		d[i] = int16(v)
	case []int32:
		d[i] = int32(v)
	case []int64:
		d[i] = v
	case []uint8:
		if t.DType == Bool {
			v = boolInt(v != 0)
		}
		d[i] = uint8(wrapNarrow(t.DType, v))
	case []uint16:
		d[i] = uint16(v)
	case []uint32:
		d[i] = uint32(v)
	case []uint64:
		d[i] = uint64(v)
	}
}

// wrapNarrow wraps v to the 2- and 4-bit types.
func wrapNarrow(d DType, v int64) int64 {
	bits := d.Bits()
	if bits >= 8 || d == Bool {
		return v
	}
	v &= 1<<bits - 1
	if d.IsSigned() && v >= 1<<(bits-1) {
		v -= 1 << bits
	}
	return v
}

// Equal reports whether a and b have the same type, shape and bits. NaNs are equal when their bits are.
func Equal(a, b *Tensor) bool {
	if a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) {
		return false
	}
	return slices.Equal(a.Bytes(), b.Bytes())
}

// Convert returns t in another element type, as SetF64 and SetI64 convert.
func (t *Tensor) Convert(d DType) *Tensor {
	out := New(d, t.Shape...)
	for i := range t.Len() {
		if t.DType.IsFloat() {
			out.SetF64(i, t.F64(i))
		} else {
			out.SetI64(i, t.I64(i))
		}
	}
	return out
}

// Int64s returns the elements as int64.
func (t *Tensor) Int64s() []int64 {
	out := make([]int64, t.Len())
	if d, ok := t.data.([]int8); ok {
		for i, v := range d {
			out[i] = int64(v)
		}
		return out
	}
	for i := range out {
		out[i] = t.I64(i)
	}
	return out
}

// Float64s returns the elements as float64.
func (t *Tensor) Float64s() []float64 {
	out := make([]float64, t.Len())
	if d, ok := t.data.([]float32); ok {
		for i, v := range d {
			out[i] = float64(v)
		}
		return out
	}
	for i := range out {
		out[i] = t.F64(i)
	}
	return out
}

// CopyBits copies element j of src, which has t's 8- or 16-bit storage, to element i as it is stored.
func (t *Tensor) CopyBits(i int, src *Tensor, j int) { t.setBits(i, src.bits(j)) }

// Beginning returns the first elements of t in another shape.
func (t *Tensor) Beginning(shape []int) *Tensor {
	return t.Reshape(t.Len()).First(0, Len(shape)).Reshape(shape...)
}

// First returns the first n slices of an axis.
func (t *Tensor) First(axis, n int) *Tensor {
	shape := slices.Clone(t.Shape)
	shape[axis] = n
	size := Len(t.Shape[axis+1:]) * t.DType.Size()
	var out []byte
	for x := t.Bytes(); len(x) > 0; x = x[t.Shape[axis]*size:] {
		out = append(out, x[:n*size]...)
	}
	y, err := FromBytes(t.DType, out, shape...)
	if err != nil {
		panic(err) // n is greater than the axis
	}
	return y
}
