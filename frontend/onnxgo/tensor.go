package onnxgo

import (
	"fmt"

	"github.com/deepgo/deepgo/ir/tensor"
	gorgonia "gorgonia.org/tensor"
)

// dtypes pairs gorgonia's element types that onnx-go reads with ours.
var dtypes = map[gorgonia.Dtype]tensor.DType{
	gorgonia.Float32: tensor.Float32, gorgonia.Float64: tensor.Float64,
	gorgonia.Int32: tensor.Int32, gorgonia.Int64: tensor.Int64, gorgonia.Bool: tensor.Bool,
}

func dtypeOf(d gorgonia.Dtype) (tensor.DType, error) {
	if t, ok := dtypes[d]; ok {
		return t, nil
	}
	return tensor.Invalid, fmt.Errorf("element type %v; expected float32, float64, int32, int64 or bool", d)
}

// fromGorgonia copies a row-major tensor or a view of one.
func fromGorgonia(t gorgonia.Tensor) (*tensor.Tensor, error) {
	d, err := dtypeOf(t.Dtype())
	if err != nil {
		return nil, err
	}
	if t.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("column-major tensor; expected row-major")
	}
	if v, ok := t.(gorgonia.View); ok && v.RequiresIterator() {
		t = v.Materialize()
	}
	shape := append([]int{}, t.Shape()...)
	switch data := t.Data().(type) {
	case []float32:
		return elements(d, data, shape)
	case []float64:
		return elements(d, data, shape)
	case []int32:
		return elements(d, data, shape)
	case []int64:
		return elements(d, data, shape)
	case []bool:
		return elements(d, fromBools(data), shape)
	case float32:
		return tensor.Of(d, []float32{data}, shape...), nil
	case float64:
		return tensor.Of(d, []float64{data}, shape...), nil
	case int32:
		return tensor.Of(d, []int32{data}, shape...), nil
	case int64:
		return tensor.Of(d, []int64{data}, shape...), nil
	case bool:
		return tensor.Of(d, fromBools([]bool{data}), shape...), nil
	}
	return nil, fmt.Errorf("data of type %T", t.Data())
}

func elements[E tensor.Element](d tensor.DType, data []E, shape []int) (*tensor.Tensor, error) {
	if len(data) != tensor.Len(shape) {
		return nil, fmt.Errorf("%d elements for shape %v", len(data), shape)
	}
	return tensor.Of(d, append([]E{}, data...), shape...), nil
}

func toGorgonia(t *tensor.Tensor) (gorgonia.Tensor, error) {
	var backing any
	switch t.DType {
	case tensor.Float32:
		backing = tensor.Data[float32](t)
	case tensor.Float64:
		backing = tensor.Data[float64](t)
	case tensor.Int32:
		backing = tensor.Data[int32](t)
	case tensor.Int64:
		backing = tensor.Data[int64](t)
	case tensor.Bool:
		backing = toBools(tensor.Data[uint8](t))
	default:
		return nil, fmt.Errorf("onnx-go has no tensors of %s", t.DType)
	}
	return gorgonia.New(gorgonia.WithShape(t.Shape...), gorgonia.WithBacking(backing)), nil
}

func fromBools(bs []bool) []uint8 {
	out := make([]uint8, len(bs))
	for i, b := range bs {
		if b {
			out[i] = 1
		}
	}
	return out
}

func toBools(data []uint8) []bool {
	out := make([]bool, len(data))
	for i, b := range data {
		out[i] = b != 0
	}
	return out
}
