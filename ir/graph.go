// Package ir is deepgo's intermediate representation: a graph of typed values in static single assignment.
//
//	graph sine(%x: f32[1,1]) -> (%y: f32[1,1]) {
//	  %w: f32[16,1] = const base64 "…"
//	  %b: f32[16] = const {0, 0.5, …}
//	  %h: f32[1,16] = Gemm(%x, %w, %b) {transB=1} from "dense_1/MatMul", "dense_1/BiasAdd"
//	  …
//	}
//
// Every value has a static type. Operators in CamelCase are ONNX's, with ONNX's meaning at the newest opset; those in
// snake_case are deepgo's kernels, named after their C file. README.md says what numbers mean.
package ir

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir/tensor"
)

// Quant maps stored integers to real numbers: real = (q - Zero) * Scale, per tensor or per slice of Axis.
type Quant struct {
	Scale []float32
	Zero  []int32 // as long as Scale
	Axis  int     // meaningful where len(Scale) > 1
}

// Type is a value's element type and static shape, and what its integers stand for where that is known.
type Type struct {
	DType tensor.DType
	Shape []int
	Quant *Quant   // nil for values that are not quantized
	Dims  []Extent // of a value whose shape depends on the graph's dimensions: what it is, Shape being the greatest; nil for others
}

// Len returns the number of elements.
func (t Type) Len() int { return tensor.Len(t.Shape) }

// Extent returns the number of elements, as it depends on the graph's dimensions.
func (t Type) Extent() Extent {
	if t.Dims == nil {
		return Fixed(t.Len())
	}
	n := Fixed(1)
	for _, d := range t.Dims {
		n = n.Times(d)
	}
	return n
}

// BytesExtent returns the bytes that the elements take, as it depends on the graph's dimensions.
func (t Type) BytesExtent() Extent { return t.Extent().Times(Fixed(t.DType.Size())) }

// SameBytes reports whether values of t and u take the same memory, in every run.
func (t Type) SameBytes(u Type) bool {
	return t.Bytes() == u.Bytes() && (t.Dims == nil && u.Dims == nil || t.BytesExtent().Equal(u.BytesExtent()))
}

// Bytes returns the bytes that the elements take in memory.
func (t Type) Bytes() int { return t.Len() * t.DType.Size() }

// Equal reports whether t and u have the same element type and shape.
func (t Type) Equal(u Type) bool { return t.DType == u.DType && slices.Equal(t.Shape, u.Shape) }

// Value is one result: a graph input, a constant, or an output of a node.
type Value struct {
	Name  string // unique in its graph; the ONNX name where there is one
	Type  Type
	Const *tensor.Tensor // set for constants
	Def   *Node          // the node that computes it; nil for inputs and constants
}

// IsConst reports whether v is a constant.
func (v *Value) IsConst() bool { return v != nil && v.Const != nil }

// Node applies an operator. Absent optional inputs and unused optional outputs are nil.
type Node struct {
	Op      string
	Attrs   Attrs
	Inputs  []*Value
	Outputs []*Value
	From    []string // names of the ONNX nodes that it came from
}

// Input returns input i, or nil where it is absent.
func (n *Node) Input(i int) *Value {
	if i >= len(n.Inputs) {
		return nil
	}
	return n.Inputs[i]
}

// Output returns output i, or nil where it is absent.
func (n *Node) Output(i int) *Value {
	if i >= len(n.Outputs) {
		return nil
	}
	return n.Outputs[i]
}

// Graph is a model or the body of a control-flow operator. Nodes are in an order in which they can run.
type Graph struct {
	Name    string
	Inputs  []*Value
	Outputs []*Value
	Nodes   []*Node
	Strings *tensor.Strings // what elements of type str stand for; nil where there are none
	Dims    []Dim           // whose sizes differ from run to run, those that a run is told first
	States  []State         // outputs that are inputs of the next run
	Memory  *Memory         // of a lowered sub-graph, its plan; the plan of a model is apart

	names map[string]int // how often a base name was used by NewName
}

// State ties an output of the graph to an input of the same type: what a run puts out there, the next run gets.
type State struct{ Input, Output int }

// IsStateInput reports whether input i of the graph is what an output of the run before was.
func (g *Graph) IsStateInput(i int) bool {
	return slices.ContainsFunc(g.States, func(s State) bool { return s.Input == i })
}

// OpenInputs returns the inputs that a caller gives: those that are no state.
func (g *Graph) OpenInputs() []*Value { return Open(g.Inputs, g.IsStateInput) }

// OpenOutputs returns the outputs that a caller gets: those that are no state.
func (g *Graph) OpenOutputs() []*Value { return Open(g.Outputs, g.IsStateOutput) }

// Open leaves out those of a graph's inputs or outputs, or of what belongs to each of them, that are state.
func Open[T any](all []T, state func(i int) bool) []T {
	var list []T
	for i, v := range all {
		if !state(i) {
			list = append(list, v)
		}
	}
	return list
}

// IsStateOutput reports whether output i of the graph is an input of the next run.
func (g *Graph) IsStateOutput(i int) bool {
	return slices.ContainsFunc(g.States, func(s State) bool { return s.Output == i })
}

// NewValue returns a value that no node defines yet. Its name is base, or base with a number where base is taken.
func (g *Graph) NewValue(base string, t Type) *Value {
	return &Value{Name: g.NewName(base), Type: t}
}

// NewConst returns a constant.
func (g *Graph) NewConst(base string, t *tensor.Tensor) *Value {
	v := g.NewValue(base, Type{DType: t.DType, Shape: t.Shape})
	v.Const = t
	return v
}

// NewName returns base, or base with a number where base is taken, and takes it.
func (g *Graph) NewName(base string) string {
	if g.names == nil {
		g.names = map[string]int{}
		for _, v := range g.Values() {
			g.names[v.Name] = 1
		}
	}
	name := base
	for g.names[name] > 0 {
		g.names[base]++
		name = fmt.Sprintf("%s.%d", base, g.names[base])
	}
	g.names[name] = 1
	return name
}

// Values returns every value once: inputs, then per node its constants and its outputs, then constant graph outputs.
func (g *Graph) Values() []*Value {
	seen := map[*Value]bool{}
	var all []*Value
	add := func(vs []*Value) {
		for _, v := range vs {
			if v != nil && !seen[v] {
				seen[v] = true
				all = append(all, v)
			}
		}
	}
	add(g.Inputs)
	for _, n := range g.Nodes {
		add(n.Inputs)
		add(n.Outputs)
	}
	add(g.Outputs)
	return all
}

// Uses returns, per value, the nodes that read it, a node once for each time it does.
func (g *Graph) Uses() map[*Value][]*Node {
	uses := map[*Value][]*Node{}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil {
				uses[v] = append(uses[v], n)
			}
		}
	}
	return uses
}

// IsOutput reports whether v is an output of the graph.
func (g *Graph) IsOutput(v *Value) bool { return slices.Contains(g.Outputs, v) }

// Replace makes every reader of old, and the graph's outputs, read new instead. Where old is an output of the graph
// and new is not yet one, new takes over old's name, which callers of the model know.
func (g *Graph) Replace(old, new *Value) {
	for _, n := range g.Nodes {
		for i, v := range n.Inputs {
			if v == old {
				n.Inputs[i] = new
			}
		}
	}
	if !g.IsOutput(old) {
		return
	}
	if !g.IsOutput(new) && !slices.Contains(g.Inputs, new) && !new.IsConst() {
		new.Name, old.Name = old.Name, new.Name
	}
	for i, v := range g.Outputs {
		if v == old {
			g.Outputs[i] = new
		}
	}
}

// Clone returns a copy of g whose nodes and values can be changed without changing g. Constants' tensors are shared.
func (g *Graph) Clone() *Graph {
	c, _ := g.CloneMap()
	return c
}

// CloneMap returns a copy of g, and the copy of each of its values.
func (g *Graph) CloneMap() (*Graph, map[*Value]*Value) {
	c := &Graph{Name: g.Name, Strings: g.Strings, Dims: g.Dims, States: slices.Clone(g.States)}
	m := map[*Value]*Value{nil: nil}
	for _, v := range g.Values() {
		w := *v
		w.Def = nil
		m[v] = &w
	}
	list := func(vs []*Value) []*Value {
		out := make([]*Value, len(vs))
		for i, v := range vs {
			out[i] = m[v]
		}
		return out
	}
	c.Inputs, c.Outputs = list(g.Inputs), list(g.Outputs)
	for _, n := range g.Nodes {
		d := &Node{Op: n.Op, Attrs: n.Attrs.Clone(), Inputs: list(n.Inputs), Outputs: list(n.Outputs), From: slices.Clone(n.From)}
		for _, v := range d.Outputs {
			if v != nil {
				v.Def = d
			}
		}
		c.Nodes = append(c.Nodes, d)
	}
	return c, m
}
