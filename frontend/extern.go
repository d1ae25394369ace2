package frontend

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Extern is a C function of the user's that computes an operator which deepgo does not know.
type Extern struct {
	Function string
	Types    []ir.Type // of the outputs; nil where the model declares them
}

// ParseExtern reads the value of --extern: Foo=foo_kernel, or Foo=foo_kernel:1x8xf32,3xi64 with the types of the outputs. Foo is a node's
// name or an operator's, with or without its domain (my.domain.Foo).
func ParseExtern(text string) (name string, x Extern, err error) {
	name, rest, ok := strings.Cut(text, "=")
	function, types, typed := strings.Cut(rest, ":")
	if !ok || name == "" || !cName.MatchString(function) {
		return "", x, fmt.Errorf("%q: expected an operator and a C function, such as Foo=foo_kernel or Foo=foo_kernel:1x8xf32", text)
	}
	x.Function = function
	if typed {
		for part := range strings.SplitSeq(types, ",") {
			t, err := op.ParseExternType(part)
			if err != nil {
				return "", x, err
			}
			x.Types = append(x.Types, t)
		}
	}
	return name, x, nil
}

var cName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// extern returns the user's function for a node, or nil.
func (b *builder) extern(n *onnx.Node) *Extern {
	for _, name := range []string{n.Name, n.Domain + "." + n.OpType, n.OpType} {
		if x, ok := b.opt.Externs[name]; ok && name != "" {
			b.usedExterns[name] = true
			return &x
		}
	}
	return nil
}

// external adds a node that the user's C computes.
func (b *builder) external(n *onnx.Node, x *Extern, in []*ir.Value, names scope) error {
	types := x.Types
	if types == nil {
		for _, out := range n.Outputs {
			t, ok := b.declared(out)
			if !ok {
				return b.nodeError(n, 0, nil, fmt.Errorf("the model does not say which type output %q has", out), fmt.Sprintf("give the types of the outputs with --extern '%s=%s:1x8xf32'", n.OpType, x.Function))
			}
			types = append(types, t)
		}
	}
	if len(types) != len(n.Outputs) {
		return b.nodeError(n, 0, nil, fmt.Errorf("--extern gives %d types for %d outputs", len(types), len(n.Outputs)), "")
	}
	attrs := ir.Attrs{"op": n.OpType, "function": x.Function}
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = op.ExternType(t)
	}
	attrs["types"] = texts
	node := &ir.Node{Op: "Extern", Inputs: in, Attrs: attrs, From: []string{n.Name}}
	for i, name := range n.Outputs {
		v := b.g.NewValue(name, types[i])
		v.Def = node
		node.Outputs = append(node.Outputs, v)
		names[name] = v
	}
	b.g.Nodes = append(b.g.Nodes, node)
	return nil
}

// declared returns the type that the file gives a value, where it is whole.
func (b *builder) declared(name string) (ir.Type, bool) {
	g := b.model.Graph
	for _, v := range slices.Concat(g.ValueInfo, g.Outputs) {
		if v.Name != name || v.DType == tensor.Invalid || !v.HasShape {
			continue
		}
		t := ir.Type{DType: v.DType, Shape: make([]int, len(v.Shape))}
		for i, d := range v.Shape {
			size, given := b.opt.Dims[d.Name]
			if d.Known {
				size, given = int(d.Size), d.Size >= 0
			}
			if !given {
				return ir.Type{}, false
			}
			t.Shape[i] = size
		}
		return t, true
	}
	return ir.Type{}, false
}
