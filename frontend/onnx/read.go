package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deepgo/deepgo/frontend/onnx/onnxpb"
	"github.com/deepgo/deepgo/ir/tensor"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Read reads a model file and the external data files beside it.
func Read(path string, lim Limits) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder; expected an ONNX file", path)
	}
	if info.Size() > lim.FileBytes {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d that a model file may have", path, info.Size(), lim.FileBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := Decode(data, filepath.Dir(path), lim)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Decode reads a model from its bytes. External data files are looked for in dir; where dir is "" there may be none.
func Decode(data []byte, dir string, lim Limits) (*Model, error) {
	if len(data) == 0 {
		return nil, errors.New("the file is empty; expected an ONNX model")
	}
	if err := checkWire(data); err != nil {
		return nil, err
	}
	var pb onnxpb.ModelProto
	// Nesting is bounded here too: protobuf's own default lets messages nest 10,000 deep.
	opt := proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 8*lim.Depth + 16}
	if err := opt.Unmarshal(data, &pb); err != nil {
		return nil, fmt.Errorf("not an ONNX model, or a damaged one: %w", err)
	}
	if pb.Graph == nil {
		return nil, errors.New("the file holds no graph; expected an ONNX model")
	}
	d := &decoder{dir: dir, lim: lim, strings: &tensor.Strings{}}
	m := d.model(&pb)
	if d.err != nil {
		return nil, d.err
	}
	sum := sha256.Sum256(data)
	m.SHA256 = hex.EncodeToString(sum[:])
	return m, nil
}

// checkWire walks the outermost fields, so that a truncated file is told from one that never was ONNX.
func checkWire(data []byte) error {
	rest := data
	for len(rest) > 0 {
		_, _, n := protowire.ConsumeField(rest)
		if n < 0 {
			at := len(data) - len(rest)
			if at == 0 {
				return errors.New("not an ONNX model: the file does not begin as one")
			}
			return fmt.Errorf("the file is truncated or damaged at byte %d of %d", at, len(data))
		}
		rest = rest[n:]
	}
	return nil
}

// decoder turns messages into structs. The first error sticks.
type decoder struct {
	dir     string
	lim     Limits
	err     error
	strings *tensor.Strings
	bytes   int64 // of tensors so far
	nodes   int   // so far
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) model(pb *onnxpb.ModelProto) *Model {
	m := &Model{IRVersion: pb.GetIrVersion(), Producer: pb.GetProducerName(), Opsets: opsets(pb.OpsetImport), Strings: d.strings}
	for _, e := range pb.MetadataProps {
		if m.Metadata == nil {
			m.Metadata = map[string]string{}
		}
		m.Metadata[e.GetKey()] = e.GetValue()
	}
	m.Graph = d.graph(pb.Graph, 0)
	for _, f := range pb.Functions {
		m.Functions = append(m.Functions, d.function(f))
	}
	return m
}

func opsets(ids []*onnxpb.OperatorSetIdProto) map[string]int64 {
	m := map[string]int64{}
	for _, id := range ids {
		domain := id.GetDomain()
		if domain == "ai.onnx" {
			domain = ""
		}
		m[domain] = id.GetVersion()
	}
	return m
}

func (d *decoder) graph(pb *onnxpb.GraphProto, depth int) *Graph {
	g := &Graph{Name: pb.GetName()}
	if depth > d.lim.Depth {
		d.fail("sub-graphs nest more than %d deep", d.lim.Depth)
	}
	if d.err != nil {
		return g
	}
	g.Inputs = d.valueInfos(pb.Input)
	g.Outputs = d.valueInfos(pb.Output)
	g.ValueInfo = d.valueInfos(pb.ValueInfo)
	for _, t := range pb.Initializer {
		g.Initializers = append(g.Initializers, &Initializer{t.GetName(), d.tensor(t)})
	}
	for _, t := range pb.SparseInitializer {
		g.Initializers = append(g.Initializers, &Initializer{t.GetValues().GetName(), d.sparse(t)})
	}
	g.Nodes = d.nodeList(pb.Node, depth)
	return g
}

func (d *decoder) nodeList(pbs []*onnxpb.NodeProto, depth int) []*Node {
	d.nodes += len(pbs)
	if d.nodes > d.lim.Nodes {
		d.fail("more than %d nodes", d.lim.Nodes)
	}
	var nodes []*Node
	for _, pb := range pbs {
		if d.err != nil {
			break
		}
		domain := pb.GetDomain()
		if domain == "ai.onnx" {
			domain = ""
		}
		n := &Node{Name: pb.GetName(), OpType: pb.GetOpType(), Domain: domain, Inputs: pb.Input, Outputs: pb.Output}
		for _, a := range pb.Attribute {
			n.Attrs = append(n.Attrs, d.attr(a, n, depth))
		}
		nodes = append(nodes, n)
	}
	return nodes
}

func (d *decoder) function(pb *onnxpb.FunctionProto) *Function {
	f := &Function{Name: pb.GetName(), Domain: pb.GetDomain(), Inputs: pb.Input, Outputs: pb.Output, Attrs: pb.Attribute, Opsets: opsets(pb.OpsetImport)}
	f.Nodes = d.nodeList(pb.Node, 0)
	for _, a := range pb.AttributeProto {
		f.Defaults = append(f.Defaults, d.attr(a, &Node{Name: f.Name, OpType: f.Name}, 0))
	}
	return f
}

func (d *decoder) attr(pb *onnxpb.AttributeProto, n *Node, depth int) *Attr {
	a := &Attr{Name: pb.GetName(), Ref: pb.GetRefAttrName()}
	if a.Ref != "" {
		return a
	}
	a.Value = d.attrValue(pb, depth)
	if a.Value == nil {
		d.fail("node %q (%s): attribute %q is of a kind that deepgo does not read (%s)", n.Name, n.OpType, a.Name, pb.GetType())
	}
	return a
}

func (d *decoder) attrValue(pb *onnxpb.AttributeProto, depth int) any {
	switch pb.GetType() {
	case onnxpb.AttributeProto_FLOAT:
		return pb.GetF()
	case onnxpb.AttributeProto_INT:
		return pb.GetI()
	case onnxpb.AttributeProto_STRING:
		return string(pb.GetS())
	case onnxpb.AttributeProto_TENSOR:
		return d.tensor(pb.GetT())
	case onnxpb.AttributeProto_GRAPH:
		return d.graph(pb.GetG(), depth+1)
	case onnxpb.AttributeProto_FLOATS:
		return append([]float32{}, pb.Floats...)
	case onnxpb.AttributeProto_INTS:
		return append([]int64{}, pb.Ints...)
	case onnxpb.AttributeProto_STRINGS:
		out := make([]string, len(pb.Strings))
		for i, s := range pb.Strings {
			out[i] = string(s)
		}
		return out
	case onnxpb.AttributeProto_SPARSE_TENSOR:
		return d.sparse(pb.GetSparseTensor())
	case onnxpb.AttributeProto_TYPE_PROTO:
		return valueInfo("", pb.GetTp(), 0)
	}
	return nil
}

func (d *decoder) valueInfos(pbs []*onnxpb.ValueInfoProto) []*ValueInfo {
	out := make([]*ValueInfo, len(pbs))
	for i, pb := range pbs {
		out[i] = valueInfo(pb.GetName(), pb.GetType(), 0)
	}
	return out
}

// deepestType is how deep sequences and optionals may nest.
const deepestType = 8

func valueInfo(name string, pb *onnxpb.TypeProto, depth int) *ValueInfo {
	v := &ValueInfo{Name: name, Kind: "tensor"}
	if depth > deepestType {
		v.Kind = "type that is nested too deeply"
		return v
	}
	switch t := pb.GetValue().(type) {
	case *onnxpb.TypeProto_TensorType:
		v.DType, _ = DTypeOf(t.TensorType.GetElemType())
		v.HasShape = t.TensorType.Shape != nil
		for _, dim := range t.TensorType.GetShape().GetDim() {
			_, known := dim.GetValue().(*onnxpb.TensorShapeProto_Dimension_DimValue)
			v.Shape = append(v.Shape, Dim{Size: dim.GetDimValue(), Name: dim.GetDimParam(), Known: known})
		}
		if v.DType == tensor.Invalid && t.TensorType.GetElemType() != 0 {
			v.Kind = "tensor of " + onnxpb.TensorProto_DataType(t.TensorType.GetElemType()).String()
		}
	case *onnxpb.TypeProto_SequenceType:
		v.Kind, v.Elem = "sequence", valueInfo(name, t.SequenceType.GetElemType(), depth+1)
	case *onnxpb.TypeProto_MapType:
		v.Kind = "map"
	case *onnxpb.TypeProto_OptionalType:
		v.Kind, v.Elem = "optional", valueInfo(name, t.OptionalType.GetElemType(), depth+1)
	case *onnxpb.TypeProto_SparseTensorType:
		v.Kind = "sparse tensor"
	}
	return v
}
