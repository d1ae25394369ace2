package onnx

import (
	"fmt"
	"maps"
	"slices"

	"github.com/deepgo/deepgo/frontend/onnx/onnxpb"
	"github.com/deepgo/deepgo/ir/tensor"
	"google.golang.org/protobuf/proto"
)

// Encode returns the bytes of a model file. The same model gives the same bytes.
func Encode(m *Model) ([]byte, error) {
	pb := &onnxpb.ModelProto{IrVersion: proto.Int64(m.IRVersion), ProducerName: &m.Producer}
	for _, domain := range slices.Sorted(maps.Keys(m.Opsets)) {
		pb.OpsetImport = append(pb.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String(domain), Version: proto.Int64(m.Opsets[domain])})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		pb.MetadataProps = append(pb.MetadataProps, &onnxpb.StringStringEntryProto{Key: proto.String(key), Value: proto.String(m.Metadata[key])})
	}
	var err error
	if pb.Graph, err = encodeGraph(m.Graph); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(pb)
}

func encodeGraph(g *Graph) (*onnxpb.GraphProto, error) {
	pb := &onnxpb.GraphProto{Name: &g.Name, Input: encodeInfos(g.Inputs), Output: encodeInfos(g.Outputs), ValueInfo: encodeInfos(g.ValueInfo)}
	for _, x := range g.Initializers {
		t, err := encodeTensor(x.Name, x.Tensor)
		if err != nil {
			return nil, err
		}
		pb.Initializer = append(pb.Initializer, t)
	}
	for _, n := range g.Nodes {
		node := &onnxpb.NodeProto{Name: &n.Name, OpType: &n.OpType, Domain: &n.Domain, Input: n.Inputs, Output: n.Outputs}
		for _, a := range n.Attrs {
			attr, err := encodeAttr(a)
			if err != nil {
				return nil, fmt.Errorf("node %q (%s): %w", n.Name, n.OpType, err)
			}
			node.Attribute = append(node.Attribute, attr)
		}
		pb.Node = append(pb.Node, node)
	}
	return pb, nil
}

func encodeInfos(vs []*ValueInfo) []*onnxpb.ValueInfoProto {
	var out []*onnxpb.ValueInfoProto
	for _, v := range vs {
		tensorType := &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(numberOf(v.DType))}
		if v.HasShape {
			tensorType.Shape = encodeShape(v.Shape)
		}
		out = append(out, &onnxpb.ValueInfoProto{Name: &v.Name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: tensorType}}})
	}
	return out
}

func encodeShape(dims []Dim) *onnxpb.TensorShapeProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d.Size}}
		if !d.Known {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d.Name}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return shape
}

func encodeAttr(a *Attr) (*onnxpb.AttributeProto, error) {
	pb := &onnxpb.AttributeProto{Name: &a.Name}
	var err error
	switch v := a.Value.(type) {
	case int64:
		pb.Type, pb.I = onnxpb.AttributeProto_INT.Enum(), &v
	case float32:
		pb.Type, pb.F = onnxpb.AttributeProto_FLOAT.Enum(), &v
	case string:
		pb.Type, pb.S = onnxpb.AttributeProto_STRING.Enum(), []byte(v)
	case []int64:
		pb.Type, pb.Ints = onnxpb.AttributeProto_INTS.Enum(), v
	case []float32:
		pb.Type, pb.Floats = onnxpb.AttributeProto_FLOATS.Enum(), v
	case []string:
		pb.Type = onnxpb.AttributeProto_STRINGS.Enum()
		for _, s := range v {
			pb.Strings = append(pb.Strings, []byte(s))
		}
	case *tensor.Tensor:
		pb.Type = onnxpb.AttributeProto_TENSOR.Enum()
		pb.T, err = encodeTensor("", v)
	case *Graph:
		pb.Type = onnxpb.AttributeProto_GRAPH.Enum()
		pb.G, err = encodeGraph(v)
	default:
		err = fmt.Errorf("attribute %q: a %T cannot be written", a.Name, v)
	}
	return pb, err
}

func encodeTensor(name string, t *tensor.Tensor) (*onnxpb.TensorProto, error) {
	number := numberOf(t.DType)
	if number == 0 {
		return nil, fmt.Errorf("tensor %q: elements of type %s cannot be written", name, t.DType)
	}
	pb := &onnxpb.TensorProto{Name: &name, DataType: &number, RawData: t.Bytes()}
	for _, s := range t.Shape {
		pb.Dims = append(pb.Dims, int64(s))
	}
	if bits := t.DType.Bits(); bits < 8 && t.DType != tensor.Bool {
		pb.RawData = pack(t.Bytes(), bits)
	}
	return pb, nil
}

// pack puts elements narrower than a byte, one a byte, together; the first goes to the low bits.
func pack(stored []byte, bits int) []byte {
	per := 8 / bits
	out := make([]byte, (len(stored)+per-1)/per)
	for i, v := range stored {
		out[i/per] |= v & (1<<bits - 1) << (i % per * bits)
	}
	return out
}

func numberOf(d tensor.DType) int32 {
	for number, other := range dtypes {
		if other == d {
			return int32(number)
		}
	}
	return 0
}
