package samples

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/sbinet/npyio"
)

// DecodeNPY returns the array in the bytes of a NumPy .npy file, in C order.
func DecodeNPY(data []byte) (t *tensor.Tensor, err error) {
	// A header length beyond the file would be allocated, and npyio panics on some damaged headers.
	if len(data) < 12 || data[6] > 1 && uint64(binary.LittleEndian.Uint32(data[8:])) > uint64(len(data)) {
		return nil, fmt.Errorf("not a .npy file, or a truncated one")
	}
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("not a .npy file: %v", p)
		}
	}()
	rest := bytes.NewReader(data)
	r, err := npyio.NewReader(rest)
	if err != nil {
		return nil, fmt.Errorf("not a .npy file: %w", err)
	}
	h := r.Header.Descr
	if h.Fortran {
		return nil, fmt.Errorf("the array is in Fortran order: save it with numpy.ascontiguousarray")
	}
	n := 1
	for _, d := range h.Shape {
		if d < 0 || d > 0 && n > len(data)/d {
			return nil, fmt.Errorf("shape %v is more than the file holds", h.Shape)
		}
		n *= d
	}
	var size int
	if _, err := fmt.Sscanf(strings.TrimLeft(h.Type, "<|=>uifb"), "%d", &size); err == nil && rest.Len() < n*size {
		return nil, fmt.Errorf("truncated: %d bytes for %d elements of %s", rest.Len(), n, h.Type)
	}
	switch h.Type {
	case "<f4", "float32":
		return readNPY[float32](r, tensor.Float32)
	case "<f8", "float64":
		return readNPY[float64](r, tensor.Float64)
	case "|i1", "int8":
		return readNPY[int8](r, tensor.Int8)
	case "<i2", "int16":
		return readNPY[int16](r, tensor.Int16)
	case "<i4", "int32":
		return readNPY[int32](r, tensor.Int32)
	case "<i8", "int64":
		return readNPY[int64](r, tensor.Int64)
	case "|u1", "uint8":
		return readNPY[uint8](r, tensor.Uint8)
	case "<u2", "uint16":
		return readNPY[uint16](r, tensor.Uint16)
	case "<u4", "uint32":
		return readNPY[uint32](r, tensor.Uint32)
	case "<u8", "uint64":
		return readNPY[uint64](r, tensor.Uint64)
	case "|b1", "bool":
		return readBools(r)
	}
	return nil, fmt.Errorf("elements of type %q are not supported", h.Type)
}

func readNPY[E tensor.Element](r *npyio.Reader, d tensor.DType) (*tensor.Tensor, error) {
	var data []E
	if err := r.Read(&data); err != nil {
		return nil, fmt.Errorf("truncated: %w", err)
	}
	return tensor.Of(d, data, r.Header.Descr.Shape...), nil
}

func readBools(r *npyio.Reader) (*tensor.Tensor, error) {
	var data []bool
	if err := r.Read(&data); err != nil {
		return nil, fmt.Errorf("truncated: %w", err)
	}
	t := tensor.New(tensor.Bool, r.Header.Descr.Shape...)
	for i, b := range data {
		if b {
			t.SetI64(i, 1)
		}
	}
	return t, nil
}

// EncodeNPY writes t as a .npy file. Floats narrower than 32 bits become float32, integers narrower than 8 bits 8.
func EncodeNPY(w io.Writer, t *tensor.Tensor) error {
	elem := reflect.TypeFor[float32]()
	switch {
	case t.DType == tensor.Bool:
		elem = reflect.TypeFor[bool]()
	case !t.DType.IsFloat() || t.DType.Size() >= 4:
		elem = goTypes[t.DType]
	}
	typ := elem
	for i := len(t.Shape) - 1; i >= 0; i-- {
		typ = reflect.ArrayOf(t.Shape[i], typ)
	}
	v := reflect.New(typ).Elem()
	next := 0
	fill(v, t, &next)
	return npyio.Write(w, v.Interface())
}

// fill stores t's elements, from *next on, in the nested arrays that npyio takes a shape from.
func fill(v reflect.Value, t *tensor.Tensor, next *int) {
	if v.Kind() == reflect.Array {
		for i := range v.Len() {
			fill(v.Index(i), t, next)
		}
		return
	}
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(t.I64(*next) != 0)
	case v.CanFloat():
		v.SetFloat(t.F64(*next))
	case v.CanUint():
		v.SetUint(uint64(t.I64(*next)))
	default:
		v.SetInt(t.I64(*next))
	}
	*next++
}

var goTypes = map[tensor.DType]reflect.Type{
	tensor.Float32: reflect.TypeFor[float32](), tensor.Float64: reflect.TypeFor[float64](),
	tensor.Int2: reflect.TypeFor[int8](), tensor.Int4: reflect.TypeFor[int8](), tensor.Int8: reflect.TypeFor[int8](),
	tensor.Int16: reflect.TypeFor[int16](), tensor.Int32: reflect.TypeFor[int32](), tensor.Int64: reflect.TypeFor[int64](),
	tensor.Uint2: reflect.TypeFor[uint8](), tensor.Uint4: reflect.TypeFor[uint8](), tensor.Uint8: reflect.TypeFor[uint8](),
	tensor.Uint16: reflect.TypeFor[uint16](), tensor.Uint32: reflect.TypeFor[uint32](), tensor.Uint64: reflect.TypeFor[uint64](),
}
