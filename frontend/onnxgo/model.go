package onnxgo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	onnxgo "github.com/owulveryck/onnx-go"
	gorgonia "gorgonia.org/tensor"
)

// Graph returns m, which was decoded into b, as a graph of ONNX operators with static shapes. Shapes that onnx-go cut
// short are given in opt.InputShapes. The error is an ir.Errors, or says what onnx-go's tensors cannot hold.
func (b *Backend) Graph(m *onnxgo.Model, opt frontend.Options) (*ir.Graph, *frontend.Info, error) {
	inputs, outputs := b.byID(m.Input), b.byID(m.Output)
	inputs = slices.DeleteFunc(inputs, func(n *Node) bool { return n.initializer })
	raw, err := b.model(inputs, outputs)
	if err != nil {
		return nil, nil, err
	}
	for _, in := range raw.Graph.Inputs { // what onnx-go kept of a shape says nothing where the user gives all of it
		if s, ok := opt.InputShapes[in.Name]; ok {
			in.Shape = dims(s)
		}
	}
	return frontend.Import(raw, opt)
}

// Run implements onnx-go's ComputationBackend: it evaluates the model in the reference interpreter on the tensors that
// the program has set, and sets those of all values that an operator computes.
func (b *Backend) Run() error {
	raw, err := b.model(nil, b.computed())
	if err != nil {
		return err
	}
	g, _, err := frontend.Import(raw, frontend.Options{})
	if err != nil {
		return err
	}
	out, err := interp.Run(g, nil, interp.Options{})
	if err != nil {
		return err
	}
	results := map[string]gorgonia.Tensor{}
	for i, o := range raw.Graph.Outputs {
		if results[o.Name], err = toGorgonia(out[i]); err != nil {
			return fmt.Errorf("output %q: %w", o.Name, err)
		}
	}
	for _, n := range b.values { // onnx-go makes a second node for a value that is declared twice
		if t, ok := results[n.name]; ok {
			n.data = t
		}
	}
	return nil
}

func (b *Backend) byID(ids []int64) []*Node {
	nodes := make([]*Node, len(ids))
	for i, id := range ids {
		nodes[i] = b.values[id]
	}
	return nodes
}

// computed returns the values that operators compute, each once.
func (b *Backend) computed() []*Node {
	var nodes []*Node
	seen := map[string]bool{"": true} // "" is an output that is not wanted
	for _, o := range b.ops {
		for _, n := range o.out {
			if !seen[n.name] {
				seen[n.name] = true
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

// model returns what was decoded in the form that the importer takes. Sources that are not inputs are initializers.
func (b *Backend) model(inputs, outputs []*Node) (*onnx.Model, error) {
	g := &onnx.Graph{}
	known := map[string]bool{"": true}
	for _, n := range b.computed() {
		known[n.name] = true
	}
	for _, n := range inputs {
		known[n.name] = true
		v, err := declared(n)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", n.name, err)
		}
		g.Inputs = append(g.Inputs, v)
	}
	for _, n := range outputs {
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: n.name, Kind: "tensor"})
	}
	for _, o := range b.ops {
		if err := appendOp(g, o, known); err != nil {
			return nil, err
		}
	}
	for _, n := range outputs { // an initializer may be an output
		if err := appendSource(g, n, known); err != nil {
			return nil, err
		}
	}
	return &onnx.Model{IRVersion: frontend.MinIR, Opsets: map[string]int64{"": b.opset}, Graph: g}, nil
}

func appendOp(g *onnx.Graph, o operation, known map[string]bool) error {
	n := &onnx.Node{OpType: o.Name}
	for _, in := range o.in {
		if len(o.in) == 1 && in.data == nil && !known[in.name] && strings.HasSuffix(in.name, "/input") {
			break // onnx-go invents an input for operators that have none
		}
		n.Inputs = append(n.Inputs, in.name)
		if err := appendSource(g, in, known); err != nil {
			return err
		}
	}
	for _, out := range o.out {
		n.Outputs = append(n.Outputs, out.name)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		v, err := attribute(o.Attributes[name])
		if err != nil {
			return fmt.Errorf("operator %s: attribute %q: %w", o.Name, name, err)
		}
		n.Attrs = append(n.Attrs, &onnx.Attr{Name: name, Value: v})
	}
	g.Nodes = append(g.Nodes, n)
	return nil
}

// appendSource enters n as an initializer where nothing else gives its value.
func appendSource(g *onnx.Graph, n *Node, known map[string]bool) error {
	if known[n.name] || n.data == nil {
		return nil
	}
	known[n.name] = true
	t, err := fromGorgonia(n.data)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", n.name, err)
	}
	if d, err := dtypeOf(n.declared); err == nil && d != t.DType {
		t = t.Convert(d)
	}
	g.Initializers = append(g.Initializers, &onnx.Initializer{Name: n.name, Tensor: t})
	return nil
}

func declared(n *Node) (*onnx.ValueInfo, error) {
	v := &onnx.ValueInfo{Name: n.name, Kind: "tensor"}
	if n.data == nil {
		return v, nil
	}
	d, err := dtypeOf(n.data.Dtype())
	if err != nil {
		return nil, err
	}
	v.DType, v.Shape, v.HasShape = d, dims(n.data.Shape()), true
	return v, nil
}

func dims(shape []int) []onnx.Dim {
	ds := make([]onnx.Dim, len(shape))
	for i, n := range shape {
		ds[i] = onnx.Dim{Size: int64(n), Known: true}
	}
	return ds
}

func attribute(v any) (any, error) {
	switch v := v.(type) {
	case gorgonia.Tensor:
		return fromGorgonia(v)
	case int64, float32, string, []int64, []float32, []string, *tensor.Tensor:
		return v, nil
	}
	return nil, fmt.Errorf("the file does not say which type it has")
}
