package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/deepgo/deepgo/frontend/onnx/onnxpb"
	"github.com/deepgo/deepgo/ir/tensor"
	"google.golang.org/protobuf/proto"
)

var dtypes = map[onnxpb.TensorProto_DataType]tensor.DType{
	onnxpb.TensorProto_FLOAT: tensor.Float32, onnxpb.TensorProto_DOUBLE: tensor.Float64,
	onnxpb.TensorProto_FLOAT16: tensor.Float16, onnxpb.TensorProto_BFLOAT16: tensor.BFloat16,
	onnxpb.TensorProto_FLOAT8E4M3FN: tensor.Float8E4M3FN, onnxpb.TensorProto_FLOAT8E4M3FNUZ: tensor.Float8E4M3FNUZ,
	onnxpb.TensorProto_FLOAT8E5M2: tensor.Float8E5M2, onnxpb.TensorProto_FLOAT8E5M2FNUZ: tensor.Float8E5M2FNUZ,
	onnxpb.TensorProto_FLOAT8E8M0: tensor.Float8E8M0, onnxpb.TensorProto_FLOAT4E2M1: tensor.Float4E2M1,
	onnxpb.TensorProto_INT2: tensor.Int2, onnxpb.TensorProto_INT4: tensor.Int4, onnxpb.TensorProto_INT8: tensor.Int8,
	onnxpb.TensorProto_INT16: tensor.Int16, onnxpb.TensorProto_INT32: tensor.Int32, onnxpb.TensorProto_INT64: tensor.Int64,
	onnxpb.TensorProto_UINT2: tensor.Uint2, onnxpb.TensorProto_UINT4: tensor.Uint4, onnxpb.TensorProto_UINT8: tensor.Uint8,
	onnxpb.TensorProto_UINT16: tensor.Uint16, onnxpb.TensorProto_UINT32: tensor.Uint32, onnxpb.TensorProto_UINT64: tensor.Uint64,
	onnxpb.TensorProto_BOOL: tensor.Bool, onnxpb.TensorProto_STRING: tensor.String,
}

// DTypeOf returns the element type with that number in the ONNX format.
func DTypeOf(number int32) (tensor.DType, bool) {
	d, ok := dtypes[onnxpb.TensorProto_DataType(number)]
	return d, ok
}

// ReadTensor reads a .pb file that holds one tensor, as ONNX's test data does. Strings become places in table, which may be nil.
func ReadTensor(path string, table *tensor.Strings) (*tensor.Tensor, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := DecodeTensor(data, table)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// DecodeTensor reads a tensor from the bytes of a TensorProto.
func DecodeTensor(data []byte, table *tensor.Strings) (*tensor.Tensor, error) {
	var pb onnxpb.TensorProto
	if err := proto.Unmarshal(data, &pb); err != nil {
		return nil, fmt.Errorf("not an ONNX tensor: %w", err)
	}
	if table == nil {
		table = &tensor.Strings{}
	}
	d := &decoder{lim: DefaultLimits, strings: table}
	t := d.tensor(&pb)
	return t, d.err
}

// tensor decodes pb; after an error it returns an empty tensor, so that callers need not look.
func (d *decoder) tensor(pb *onnxpb.TensorProto) *tensor.Tensor {
	t, err := d.decodeTensor(pb)
	if err != nil {
		d.fail("tensor %q: %w", pb.GetName(), err)
		return tensor.New(tensor.Float32, 0)
	}
	return t
}

func (d *decoder) decodeTensor(pb *onnxpb.TensorProto) (*tensor.Tensor, error) {
	dt, ok := DTypeOf(pb.GetDataType())
	if !ok {
		return nil, fmt.Errorf("elements of type %s are not supported", onnxpb.TensorProto_DataType(pb.GetDataType()))
	}
	n, err := d.count(pb.Dims, dt)
	if err != nil {
		return nil, err
	}
	if have := stored(pb, dt); have >= 0 && have != n {
		return nil, fmt.Errorf("%d elements for shape %v, which takes %d", have, pb.Dims, n)
	}
	raw := pb.RawData
	if pb.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
		if raw, err = d.external(pb, rawLen(dt, n)); err != nil {
			return nil, err
		}
	}
	shape := make([]int, len(pb.Dims))
	for i, s := range pb.Dims {
		shape[i] = int(s)
	}
	if dt == tensor.String {
		return d.stringTensor(pb, n, shape)
	}
	if raw != nil || n == 0 {
		return fromRaw(dt, raw, n, shape)
	}
	return fromFields(pb, dt, n, shape)
}

// stringTensor enters the elements in the model's table.
func (d *decoder) stringTensor(pb *onnxpb.TensorProto, n int, shape []int) (*tensor.Tensor, error) {
	if len(pb.StringData) != n {
		return nil, fmt.Errorf("%d strings for shape %v, which takes %d", len(pb.StringData), pb.Dims, n)
	}
	t := tensor.New(tensor.String, shape...)
	for i, s := range pb.StringData {
		t.SetI64(i, int64(d.strings.Add(string(s))))
	}
	return t, nil
}

// count returns the number of elements of a shape, and charges their bytes to the limit.
func (d *decoder) count(dims []int64, dt tensor.DType) (int, error) {
	n := int64(1)
	for _, s := range dims {
		if s < 0 {
			return 0, fmt.Errorf("negative size in shape %v", dims)
		}
		if s > 0 && n > d.lim.TensorBytes/s {
			return 0, fmt.Errorf("shape %v is too large", dims)
		}
		n *= s
	}
	d.bytes += n * int64(dt.Size())
	if d.bytes > d.lim.TensorBytes {
		return 0, fmt.Errorf("the model's tensors take more than %d bytes", d.lim.TensorBytes)
	}
	return int(n), nil
}

// stored returns how many elements the message itself holds, or -1 where raw or external bytes hold them: a claim of a huge
// shape then costs no memory.
func stored(pb *onnxpb.TensorProto, dt tensor.DType) int {
	if pb.RawData != nil || pb.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
		return -1
	}
	switch dt {
	case tensor.Float32:
		return len(pb.FloatData)
	case tensor.Float64:
		return len(pb.DoubleData)
	case tensor.Int64:
		return len(pb.Int64Data)
	case tensor.Uint32, tensor.Uint64:
		return len(pb.Uint64Data)
	case tensor.String:
		return len(pb.StringData)
	}
	if dt.Bits() < 8 && dt != tensor.Bool {
		return -1 // several to an int32: fromFields checks
	}
	return len(pb.Int32Data)
}

// rawLen returns the bytes that n elements take in a file: types narrower than a byte are packed.
func rawLen(dt tensor.DType, n int) int {
	if dt == tensor.Bool {
		return n
	}
	return (n*dt.Bits() + 7) / 8
}

func fromRaw(dt tensor.DType, raw []byte, n int, shape []int) (*tensor.Tensor, error) {
	if len(raw) != rawLen(dt, n) {
		return nil, fmt.Errorf("%d bytes of raw data for %s%v, which takes %d", len(raw), dt, shape, rawLen(dt, n))
	}
	if dt.Bits() >= 8 || dt == tensor.Bool {
		return tensor.FromBytes(dt, raw, shape...)
	}
	return unpack(dt, func(i int) byte { return raw[i] }, n, shape), nil
}

// unpack spreads elements narrower than a byte; the first is in the low bits.
func unpack(dt tensor.DType, byteAt func(int) byte, n int, shape []int) *tensor.Tensor {
	bits := dt.Bits()
	per := 8 / bits
	stored := make([]byte, n)
	for i := range stored {
		v := byteAt(i/per) >> (i % per * bits) & (1<<bits - 1)
		if dt.IsSigned() && v >= 1<<(bits-1) {
			v |= ^byte(0) << bits
		}
		stored[i] = v
	}
	t, err := tensor.FromBytes(dt, stored, shape...)
	if err != nil {
		panic(err) // one stored byte an element, by construction
	}
	return t
}

func fromFields(pb *onnxpb.TensorProto, dt tensor.DType, n int, shape []int) (*tensor.Tensor, error) {
	switch dt {
	case tensor.Float32:
		return tensor.Of(dt, pb.FloatData, shape...), nil
	case tensor.Float64:
		return tensor.Of(dt, pb.DoubleData, shape...), nil
	case tensor.Int64:
		return tensor.Of(dt, pb.Int64Data, shape...), nil
	case tensor.Uint64:
		return tensor.Of(dt, pb.Uint64Data, shape...), nil
	}
	if dt.Bits() < 8 && dt != tensor.Bool {
		if want := rawLen(dt, n); len(pb.Int32Data) != want {
			return nil, fmt.Errorf("%d packed bytes for %s%v, which takes %d", len(pb.Int32Data), dt, shape, want)
		}
		return unpack(dt, func(i int) byte { return byte(pb.Int32Data[i]) }, n, shape), nil
	}
	raw := make([]byte, 0, n*dt.Size())
	for i := range n {
		v := uint32(0)
		if dt == tensor.Uint32 {
			v = uint32(pb.Uint64Data[i])
		} else {
			v = uint32(pb.Int32Data[i])
		}
		raw = append(raw, binary.LittleEndian.AppendUint32(nil, v)[:dt.Size()]...)
	}
	return tensor.FromBytes(dt, raw, shape...)
}

// external reads the bytes of a tensor from a file in the model's folder.
func (d *decoder) external(pb *onnxpb.TensorProto, want int) ([]byte, error) {
	var location string
	var offset int64
	length := int64(want)
	for _, e := range pb.ExternalData {
		var err error
		switch e.GetKey() {
		case "location":
			location = e.GetValue()
		case "offset":
			offset, err = strconv.ParseInt(e.GetValue(), 10, 64)
		case "length":
			length, err = strconv.ParseInt(e.GetValue(), 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("external data: %s %q is not a number", e.GetKey(), e.GetValue())
		}
	}
	switch {
	case d.dir == "":
		return nil, errors.New("external data, and the model was not read from a folder")
	case !filepath.IsLocal(location):
		return nil, fmt.Errorf("external data %q is outside the model's folder", location)
	case length != int64(want):
		return nil, fmt.Errorf("external data %q: %d bytes declared, the tensor takes %d", location, length, want)
	case offset < 0 || offset > math.MaxInt64-length:
		return nil, fmt.Errorf("external data %q: offset %d is not possible", location, offset)
	}
	return readWithin(d.dir, location, offset, want)
}

// readWithin reads a part of a file inside dir. The folder is opened as a root, so that a symbolic link cannot lead out.
func readWithin(dir, location string, offset int64, n int) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(location)
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || offset+int64(n) > info.Size() {
		return nil, fmt.Errorf("external data %q: bytes %d to %d are wanted, the file has %d", location, offset, offset+int64(n), info.Size())
	}
	buf := make([]byte, n)
	if _, err := f.ReadAt(buf, offset); err != nil && err != io.EOF {
		return nil, err
	}
	return buf, nil
}

// sparse decodes a sparse tensor into a dense one.
func (d *decoder) sparse(pb *onnxpb.SparseTensorProto) *tensor.Tensor {
	t, err := d.decodeSparse(pb)
	if err != nil {
		d.fail("sparse tensor %q: %w", pb.GetValues().GetName(), err)
		return tensor.New(tensor.Float32, 0)
	}
	return t
}

func (d *decoder) decodeSparse(pb *onnxpb.SparseTensorProto) (*tensor.Tensor, error) {
	values, index := d.tensor(pb.GetValues()), d.tensor(pb.GetIndices())
	if d.err != nil {
		return nil, d.err
	}
	n, err := d.count(pb.Dims, values.DType)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(pb.Dims))
	for i, s := range pb.Dims {
		shape[i] = int(s)
	}
	nnz := values.Len()
	if index.DType != tensor.Int64 || index.Len() != nnz && index.Len() != nnz*len(shape) {
		return nil, fmt.Errorf("%d indices of %s for %d values", index.Len(), index.DType, nnz)
	}
	t := tensor.New(values.DType, shape...)
	for i := range nnz {
		at := sparseIndex(index, i, len(shape), shape)
		if at < 0 || at >= n {
			return nil, fmt.Errorf("index %d is outside shape %v", at, shape)
		}
		if t.DType.IsFloat() {
			t.SetF64(at, values.F64(i))
		} else {
			t.SetI64(at, values.I64(i))
		}
	}
	return t, nil
}

// sparseIndex returns the linear index of value i: given as such, or as one coordinate per dimension.
func sparseIndex(index *tensor.Tensor, i, rank int, shape []int) int {
	if len(index.Shape) < 2 {
		return int(index.I64(i))
	}
	at := 0
	for k, size := range shape {
		c := int(index.I64(i*rank + k))
		if c < 0 || c >= size {
			return -1
		}
		at = at*size + c
	}
	return at
}
