// Package onnx reads and writes the ONNX file format as plain Go structs: no operators, no shapes, nothing inferred.
package onnx

import "github.com/deepgo/deepgo/ir/tensor"

// Model is a model file.
type Model struct {
	IRVersion int64
	Opsets    map[string]int64 // version per domain; "" is the default domain
	Producer  string
	SHA256    string // of the file's bytes, in hex
	Metadata  map[string]string
	Graph     *Graph
	Functions []*Function
	Strings   *tensor.Strings // those of string tensors
}

// Graph is a model's graph or the sub-graph of a control-flow operator.
type Graph struct {
	Name         string
	Nodes        []*Node
	Inputs       []*ValueInfo
	Outputs      []*ValueInfo
	ValueInfo    []*ValueInfo
	Initializers []*Initializer
}

// Initializer is a named constant.
type Initializer struct {
	Name   string
	Tensor *tensor.Tensor
}

// Node applies an operator. An empty name in Inputs or Outputs is an absent one.
type Node struct {
	Name, OpType, Domain string
	Inputs, Outputs      []string
	Attrs                []*Attr
}

// Attr is an attribute. Value is int64, float32, string, []int64, []float32, []string, *tensor.Tensor, *Graph, *ValueInfo (a
// type), or nil where Ref names the attribute of the enclosing function that gives the value.
type Attr struct {
	Name  string
	Value any
	Ref   string
}

// ValueInfo is a declared value.
type ValueInfo struct {
	Name  string
	DType tensor.DType // Invalid where the file declares no element type
	Shape []Dim        // nil where HasShape is false
	Kind  string       // "tensor", "sequence", "optional", or what deepgo does not take: "map", "sparse tensor"
	Elem  *ValueInfo   // of a sequence and an optional: what they hold

	HasShape bool
}

// Dim is a size: a number, or a name, or neither (unknown).
type Dim struct {
	Size int64 // meaningful where Name == "" and Known
	Name string

	Known bool
}

// Function is a model-local function.
type Function struct {
	Name, Domain string
	Inputs       []string
	Outputs      []string
	Attrs        []string // names without a default
	Defaults     []*Attr
	Nodes        []*Node
	Opsets       map[string]int64
}

// Limits bound what a file may cost.
type Limits struct {
	FileBytes   int64 // of the model file
	TensorBytes int64 // of all tensors together, as stored in memory
	Nodes       int   // in all graphs and functions together
	Depth       int   // of nested sub-graphs
}

// DefaultLimits let through every model that a microcontroller or a small computer could run.
var DefaultLimits = Limits{FileBytes: 2 << 30, TensorBytes: 4 << 30, Nodes: 200_000, Depth: 32}
