package conformance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
	"google.golang.org/protobuf/encoding/protowire"
)

// value is an input or output of a test: a tensor, or the tensors that a sequence or an optional holds.
type value struct {
	name    string
	tensors []*tensor.Tensor
	whole   bool // a tensor, not a container
}

// decodeValues reads the messages of a data set, which are of the declared kinds. Strings become places in table.
func decodeValues(declared []*onnx.ValueInfo, messages [][]byte, table *tensor.Strings) ([]value, error) {
	if len(messages) != len(declared) {
		return nil, fmt.Errorf("%d values in the data set, %d in the model", len(messages), len(declared))
	}
	all := make([]value, len(messages))
	for i, v := range declared {
		all[i] = value{name: v.Name, whole: v.Elem == nil}
		list, err := tensorsIn(v, messages[i])
		if err != nil {
			return nil, err
		}
		for _, data := range list {
			t, err := onnx.DecodeTensor(data, table)
			if err != nil {
				return nil, err
			}
			all[i].tensors = append(all[i].tensors, t)
		}
	}
	return all, nil
}

// The fields of SequenceProto and OptionalProto that hold what they contain.
const (
	fieldTensor   = 3
	fieldSequence = 5
)

// tensorsIn returns the TensorProtos inside a message.
func tensorsIn(v *onnx.ValueInfo, data []byte) ([][]byte, error) {
	if v.Elem == nil {
		return [][]byte{data}, nil
	}
	var all [][]byte
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil, errors.New("damaged message")
		}
		data = data[n:]
		if n = protowire.ConsumeFieldValue(number, kind, data); n < 0 {
			return nil, errors.New("damaged message")
		}
		if kind == protowire.BytesType && (number == fieldTensor || number == fieldSequence) {
			inner, _ := protowire.ConsumeBytes(data)
			elem := v.Elem
			if number == fieldTensor {
				elem = &onnx.ValueInfo{}
			}
			list, err := tensorsIn(elem, inner)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		data = data[n:]
	}
	return all, nil
}

// named returns the tensors of the values by the names that the model's inputs have.
func named(values []value) map[string]*tensor.Tensor {
	m := map[string]*tensor.Tensor{}
	for _, v := range values {
		for i, t := range v.tensors {
			if v.whole {
				m[v.name] = t
			} else {
				m[fmt.Sprintf("%s.%d", v.name, i)] = t
			}
		}
	}
	return m
}

// elements are the shapes of what the containers hold.
func elements(values []value) map[string][][]int {
	m := map[string][][]int{}
	for _, v := range values {
		if v.whole {
			continue
		}
		m[v.name] = nil
		for _, t := range v.tensors {
			m[v.name] = append(m[v.name], t.Shape)
		}
	}
	return m
}

// shapes are those of the tensors whose sizes the model leaves open.
func shapes(declared []*onnx.ValueInfo, values []value) map[string][]int {
	m := map[string][]int{}
	for i, v := range declared {
		open := slices.ContainsFunc(v.Shape, func(d onnx.Dim) bool { return !d.Known })
		if values[i].whole && (open || !v.HasShape) {
			m[v.Name] = values[i].tensors[0].Shape
		}
	}
	return m
}

// flat lists the tensors of all values.
func flat(values []value) []*tensor.Tensor {
	var all []*tensor.Tensor
	for _, v := range values {
		all = append(all, v.tensors...)
	}
	return all
}
