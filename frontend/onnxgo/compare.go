package onnxgo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/google/go-cmp/cmp"
	onnxgo "github.com/owulveryck/onnx-go"
)

// Opinion is what onnx-go says of a model that frontend.Import has read.
type Opinion struct {
	Read   bool   `json:"read"`             // onnx-go could read the model
	Reason string `json:"reason,omitempty"` // why not
	Differ string `json:"differ,omitempty"` // the first difference between the graphs of the two readers, if any
}

// Limits of what onnx-go is given. It allocates every declared value and copies each tensor several times.
const (
	maxFileBytes = 128 << 20
	maxElements  = 1 << 28 // of all declared values together
)

// Compare decodes data, the bytes of an ONNX model, with onnx-go and holds the graph against g, which frontend.Import
// built from the same bytes with opt.
func Compare(data []byte, opt frontend.Options, g *ir.Graph) Opinion {
	raw, err := suitable(data)
	if err != nil {
		return Opinion{Reason: err.Error()}
	}
	shapes := map[string][]int{} // onnx-go drops symbolic dimensions
	for _, v := range g.Values() {
		if _, pinned := opt.Consts[v.Name]; pinned || v.Def == nil && !v.IsConst() {
			shapes[v.Name] = v.Type.Shape
		}
	}
	other, err := read(data, raw.Opsets[""], frontend.Options{InputShapes: shapes, Consts: opt.Consts})
	if err != nil {
		return Opinion{Reason: err.Error()}
	}
	return Opinion{Read: true, Differ: difference(g, other)}
}

// suitable decodes the model with our own reader, and says what keeps it from onnx-go.
func suitable(data []byte) (*onnx.Model, error) {
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("the file has %d bytes, more than the %d that onnx-go is given", len(data), maxFileBytes)
	}
	m, err := onnx.Decode(data, "", onnx.DefaultLimits)
	if err != nil {
		return nil, err
	}
	if len(m.Functions) > 0 {
		return nil, errors.New("onnx-go knows no model-local functions")
	}
	total := 0
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs, m.Graph.ValueInfo) {
		if total += elementsOf(v); total > maxElements {
			return nil, errors.New("the declared values are larger than what onnx-go is given")
		}
	}
	for _, n := range m.Graph.Nodes {
		if n.Domain != "" {
			return nil, fmt.Errorf("onnx-go drops the domain of %s.%s", n.Domain, n.OpType)
		}
	}
	return m, nil
}

// elementsOf returns the number of elements that a value is declared with, or just over maxElements.
func elementsOf(v *onnx.ValueInfo) int {
	n := int64(1)
	for _, d := range v.Shape {
		if n *= max(d.Size, 1); n > maxElements || d.Size > maxElements {
			return maxElements + 1
		}
	}
	return int(n)
}

// read turns onnx-go's panics, which it answers what it does not expect with, into errors.
func read(data []byte, opset int64, opt frontend.Options) (g *ir.Graph, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("onnx-go panics: %v", r)
		}
	}()
	b := NewBackend(opset)
	m := onnxgo.NewModel(b)
	if err := m.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("onnx-go: %w", err)
	}
	g, _, err = b.Graph(m, opt)
	return g, err
}

// difference describes the first place where two graphs differ; node names, which onnx-go drops, aside.
func difference(want, got *ir.Graph) string {
	d := differ{same: map[*ir.Value]*ir.Value{}}
	d.values("input", want.Inputs, got.Inputs)
	if len(want.Nodes) != len(got.Nodes) {
		d.report("%d nodes, onnx-go gives %d", len(want.Nodes), len(got.Nodes))
	}
	for i := 0; d.first == "" && i < len(want.Nodes); i++ {
		d.node(want.Nodes[i], got.Nodes[i])
	}
	d.values("output", want.Outputs, got.Outputs)
	return d.first
}

// differ walks two graphs side by side.
type differ struct {
	same  map[*ir.Value]*ir.Value
	first string
}

func (d *differ) report(format string, args ...any) {
	if d.first == "" {
		d.first = fmt.Sprintf(format, args...)
	}
}

func (d *differ) node(a, b *ir.Node) {
	what := fmt.Sprintf("node %q (%s)", a.From, a.Op)
	if a.Op != b.Op {
		d.report("%s: onnx-go gives %s", what, b.Op)
	}
	if diff := cmp.Diff(a.Attrs, b.Attrs, cmp.Comparer(tensor.Equal)); diff != "" {
		d.report("%s: attributes differ: %s", what, diff)
	}
	d.values(what+": input", a.Inputs, b.Inputs)
	d.values(what+": output", a.Outputs, b.Outputs)
}

func (d *differ) values(what string, a, b []*ir.Value) {
	if len(a) != len(b) {
		d.report("%s: %d values, onnx-go gives %d", what, len(a), len(b))
		return
	}
	for i := range a {
		d.value(fmt.Sprintf("%s %d", what, i), a[i], b[i])
	}
}

func (d *differ) value(what string, a, b *ir.Value) {
	switch {
	case a == nil || b == nil:
		if a != b {
			d.report("%s: present in one only", what)
		}
	case !a.Type.Equal(b.Type):
		d.report("%s: %q is %s, onnx-go gives %s", what, a.Name, a.Type, b.Type)
	case a.IsConst() != b.IsConst(), a.IsConst() && !tensor.Equal(a.Const, b.Const):
		d.report("%s: the constant %q differs", what, a.Name)
	case d.same[a] == nil:
		d.same[a] = b
	case d.same[a] != b:
		d.report("%s: %q is another value", what, a.Name)
	}
}
