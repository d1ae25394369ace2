package frontend

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// exportOpset is the version that Export writes where the operators allow it: the first with 16- and 4-bit quantization. Newer
// versions of the operators that it knows only take more element types.
const exportOpset, exportIR = 21, 10

// twoBitOpset and twoBitIR are the first with elements of 2 bits.
const twoBitOpset, twoBitIR = 25, 13

// Export returns a graph of ONNX operators as a model. Import of the model gives the graph again, but for the names of
// constants.
func Export(g *ir.Graph) (*onnx.Model, error) {
	e := &exporter{opset: exportOpset, domains: map[string]bool{}, written: map[*ir.Value]bool{}, names: map[string]int{}}
	graph, err := e.graph(g)
	if err != nil {
		return nil, err
	}
	ir := int64(exportIR)
	if e.opset >= twoBitOpset {
		ir = twoBitIR
	}
	m := &onnx.Model{IRVersion: ir, Opsets: map[string]int64{"": int64(e.opset)}, Producer: "deepgo", Graph: graph}
	for d := range e.domains {
		m.Opsets[d] = 1
	}
	return m, nil
}

type exporter struct {
	opset   int
	domains map[string]bool // besides the default one
	written map[*ir.Value]bool
	names   map[string]int // of nodes
}

func (e *exporter) graph(g *ir.Graph) (*onnx.Graph, error) {
	out := &onnx.Graph{Name: g.Name}
	for _, v := range g.Inputs {
		out.Inputs = append(out.Inputs, infoOf(v))
	}
	for _, n := range g.Nodes {
		node, err := e.node(n)
		if err != nil {
			return nil, err
		}
		for _, v := range n.Inputs {
			e.constant(out, v)
		}
		out.Nodes = append(out.Nodes, node)
	}
	for _, v := range g.Outputs {
		e.constant(out, v)
		out.Outputs = append(out.Outputs, infoOf(v))
	}
	return out, nil
}

func infoOf(v *ir.Value) *onnx.ValueInfo {
	info := &onnx.ValueInfo{Name: v.Name, DType: v.Type.DType, Kind: "tensor", HasShape: true}
	for _, s := range v.Type.Shape {
		info.Shape = append(info.Shape, onnx.Dim{Size: int64(s), Known: true})
	}
	return info
}

func (e *exporter) constant(g *onnx.Graph, v *ir.Value) {
	if v.IsConst() && !e.written[v] {
		e.written[v] = true
		if v.Type.DType.Bits() == 2 {
			e.opset = max(e.opset, twoBitOpset)
		}
		g.Initializers = append(g.Initializers, &onnx.Initializer{Name: v.Name, Tensor: v.Const})
	}
}

func (e *exporter) node(n *ir.Node) (*onnx.Node, error) {
	d := op.Lookup(n.Op)
	if d == nil || d.IsKernel() || len(d.Since) == 0 {
		return nil, fmt.Errorf("operator %s is not one of ONNX: it cannot be exported", n.Op)
	}
	if d.Domain != "" {
		e.domains[d.Domain] = true
	} else {
		e.opset = max(e.opset, d.Since[0])
	}
	out := &onnx.Node{Name: e.name(n), OpType: d.ONNX(), Domain: d.Domain, Inputs: namesOf(n.Inputs), Outputs: namesOf(n.Outputs)}
	for _, key := range n.Attrs.Keys() {
		value := n.Attrs[key]
		if body, ok := value.(*ir.Graph); ok {
			g, err := e.graph(body)
			if err != nil {
				return nil, err
			}
			value = g
		}
		if !slices.ContainsFunc(d.Attrs, func(a op.Attr) bool { return a.Name == key }) {
			continue // a note of deepgo's own
		}
		out.Attrs = append(out.Attrs, &onnx.Attr{Name: key, Value: value})
	}
	return out, nil
}

// name is the first ONNX node that n came from, or its operator; with a number where that is taken.
func (e *exporter) name(n *ir.Node) string {
	name := n.Op
	if len(n.From) > 0 {
		name = n.From[0]
	}
	e.names[name]++
	if k := e.names[name]; k > 1 {
		name = fmt.Sprintf("%s.%d", name, k)
	}
	return name
}

func namesOf(vs []*ir.Value) []string {
	names := make([]string, len(vs))
	for i, v := range vs {
		if v != nil {
			names[i] = v.Name
		}
	}
	return names
}
