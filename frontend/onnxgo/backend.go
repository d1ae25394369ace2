// Package onnxgo is the bridge to programs that use github.com/owulveryck/onnx-go: a Backend that onnx-go decodes models
// into, from which deepgo's IR can be had, to run it in the reference interpreter or to compile it.
//
//	b := onnxgo.NewBackend(13)              // the model's opset: onnx-go does not pass it on
//	m := onnx.NewModel(b)
//	err := m.UnmarshalBinary(data)
//	g, info, err := b.Graph(m, frontend.Options{})
//
// onnx-go v0.5.0 reads float32, float64, int32, int64 and bool tensors and no sub-graphs; it drops node names, opsets,
// operator domains, and symbolic dimensions (a shape [N,784] arrives as [784]), which Options.InputShapes puts back.
package onnxgo

import (
	"github.com/owulveryck/onnx-go"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gorgonia.org/tensor"
)

// Backend implements onnx-go's Backend and ComputationBackend. Create one per model.
type Backend struct {
	*simple.WeightedDirectedGraph
	opset   int64
	values  []*Node // by ID
	pending []graph.WeightedEdge
	ops     []operation
}

// operation is one applied operator.
type operation struct {
	onnx.Operation
	in, out []*Node
}

// NewBackend returns an empty backend for a model of the given opset of the default domain.
func NewBackend(opset int64) *Backend {
	return &Backend{WeightedDirectedGraph: simple.NewWeightedDirectedGraph(0, 0), opset: opset}
}

// Node is one value of the model: an input, an initializer, or an operator's output.
type Node struct {
	id          int64
	name        string
	data        tensor.Tensor
	declared    tensor.Dtype // of the model; programs may set a tensor of another type
	backend     *Backend
	initializer bool // data came from an initializer although the value is declared as an input too
}

// ID implements graph.Node.
func (n *Node) ID() int64 { return n.id }

// SetName implements onnx.Namer.
func (n *Node) SetName(name string) { n.name = name }

// GetName implements onnx.Namer.
func (n *Node) GetName() string { return n.name }

// SetTensor implements onnx.DataCarrier. onnx-go calls it with an empty tensor of the declared type, then with an
// initializer's data; programs call it with an input's.
func (n *Node) SetTensor(t tensor.Tensor) error {
	if n.data != nil && len(n.backend.ops) == 0 {
		n.initializer = true
	}
	if n.data == nil {
		n.declared = t.Dtype()
	}
	n.data = t
	return nil
}

// GetTensor implements onnx.DataCarrier.
func (n *Node) GetTensor() tensor.Tensor { return n.data }

// NewNode implements graph.NodeAdder. IDs count up from zero, as onnx-go's SetInput expects of inputs.
func (b *Backend) NewNode() graph.Node { return &Node{id: int64(len(b.values)), backend: b} }

// AddNode implements graph.NodeAdder.
func (b *Backend) AddNode(n graph.Node) {
	b.values = append(b.values, n.(*Node))
	b.WeightedDirectedGraph.AddNode(n)
}

// SetWeightedEdge implements graph.WeightedEdgeAdder. The edge goes from an output to an input; its weight is the
// input's position. A simple graph holds neither loops nor parallel edges, so operators keep their own list.
func (b *Backend) SetWeightedEdge(e graph.WeightedEdge) {
	b.pending = append(b.pending, e)
	if e.From().ID() != e.To().ID() {
		b.WeightedDirectedGraph.SetWeightedEdge(e)
	}
}

// ApplyOperation implements onnx.OperationCarrier.
func (b *Backend) ApplyOperation(op onnx.Operation, outputs ...graph.Node) error {
	o := operation{Operation: op}
	for _, n := range outputs {
		o.out = append(o.out, n.(*Node))
	}
	if len(outputs) > 0 { // every output was given the same edges
		for _, e := range b.pending[:len(b.pending)/len(outputs)] {
			o.in = append(o.in, e.To().(*Node))
		}
	}
	b.pending = b.pending[:0]
	b.ops = append(b.ops, o)
	return nil
}
