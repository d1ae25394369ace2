package frontend

import (
	"fmt"
	"maps"
	"slices"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// outside is what the sub-graphs of a node read from outside: values by the names that they have there.
type outside struct {
	names  []string
	values []*ir.Value
}

// runTime returns the values that are not constants, each once.
func (o *outside) runTime() []*ir.Value {
	var vs []*ir.Value
	for _, v := range o.values {
		if !v.IsConst() && !slices.Contains(vs, v) {
			vs = append(vs, v)
		}
	}
	return vs
}

// bodies builds the sub-graphs of a node. What they read from outside becomes inputs of theirs and of the node, constants aside, so that
// a graph never reads another's values.
func (b *builder) bodies(n *onnx.Node, node *ir.Node, opsets map[string]int64, names scope) error {
	if !slices.ContainsFunc(n.Attrs, isGraph) {
		return nil
	}
	outer, err := b.outside(n, names)
	if err != nil {
		return err
	}
	formals, err := op.FormalTypes(node)
	if err != nil {
		return b.nodeError(n, int(opsets[n.Domain]), nil, err, "")
	}
	for _, a := range n.Attrs {
		if isGraph(a) {
			if node.Attrs[a.Name], err = b.body(n, a.Value.(*onnx.Graph), formals, outer, opsets); err != nil {
				return err
			}
		}
	}
	for n.OpType == "Loop" && len(node.Inputs) < 2 { // M and cond stand in front of what is captured, also where they are absent
		node.Inputs = append(node.Inputs, nil)
	}
	captures := outer.runTime()
	node.Inputs = append(node.Inputs, captures...)
	node.Attrs["captures"] = int64(len(captures))
	return nil
}

func isGraph(a *onnx.Attr) bool { _, ok := a.Value.(*onnx.Graph); return ok }

// outside looks up what the sub-graphs of a node read.
func (b *builder) outside(n *onnx.Node, names scope) (*outside, error) {
	o := &outside{}
	for _, a := range n.Attrs {
		if !isGraph(a) {
			continue
		}
		for _, name := range captured(a.Value.(*onnx.Graph)) {
			v, known := names[name]
			switch {
			case !known:
				return nil, b.nodeError(n, 0, nil, fmt.Errorf("value %q, which a sub-graph reads, is defined nowhere", name), "")
			case v == nil:
				return nil, errReported
			case b.isBounded(v):
				return nil, b.nodeError(n, 0, nil, fmt.Errorf("the size of value %q, which a sub-graph reads, depends on the data", name), "")
			case b.isSequence(v):
				return nil, b.nodeError(n, 0, nil, fmt.Errorf("value %q, which a sub-graph reads, is a sequence", name), "")
			case !slices.Contains(o.names, name):
				o.names, o.values = append(o.names, name), append(o.values, v)
			}
		}
	}
	return o, nil
}

// body builds one sub-graph. Its inputs are the formals, and the outer values that are not constants.
func (b *builder) body(n *onnx.Node, g *onnx.Graph, formals []ir.Type, outer *outside, opsets map[string]int64) (*ir.Graph, error) {
	if len(g.Inputs) != len(formals) {
		return nil, b.nodeError(n, int(opsets[n.Domain]), nil, fmt.Errorf("sub-graph %q has %d inputs; expected %d", g.Name, len(g.Inputs), len(formals)), "")
	}
	problems := len(b.errs) + len(b.order)
	saved := b.g
	defer func() { b.g = saved }()
	b.g = &ir.Graph{Name: g.Name, Strings: saved.Strings}
	inner := scope{}
	for i, in := range g.Inputs {
		inner[in.Name] = b.parameter(in.Name, formals[i])
	}
	within := map[*ir.Value]*ir.Value{}
	for _, v := range outer.runTime() {
		within[v] = b.parameter(v.Name, v.Type)
	}
	for i, v := range outer.values {
		if inner[outer.names[i]] = within[v]; v.IsConst() {
			inner[outer.names[i]] = b.g.NewConst(v.Name, v.Const)
		}
	}
	results := b.results(g, opsets, inner)
	if len(b.errs)+len(b.order) > problems || slices.Contains(results, nil) {
		return nil, errReported
	}
	b.g.Outputs = results
	return b.g, nil
}

// parameter adds an input to the graph that is being built.
func (b *builder) parameter(name string, t ir.Type) *ir.Value {
	v := b.g.NewValue(name, ir.Type{DType: t.DType, Shape: t.Shape})
	b.g.Inputs = append(b.g.Inputs, v)
	return v
}

// results adds the nodes of a sub-graph to the graph that is being built, and returns its outputs; nil for one that could not be built.
func (b *builder) results(g *onnx.Graph, opsets map[string]int64, inner scope) []*ir.Value {
	for _, c := range g.Initializers {
		inner[c.Name] = b.g.NewConst(c.Name, c.Tensor)
	}
	b.nodes(g, opsets, inner)
	out := make([]*ir.Value, len(g.Outputs))
	for i, o := range g.Outputs {
		v, known := inner[o.Name]
		if !known {
			b.fail("output %q of sub-graph %q is computed by no node", o.Name, g.Name)
		}
		out[i] = v
	}
	return out
}

// Unrolling stops at this many nodes.
const mostUnrolled = 20_000

// unroll writes out a Loop whose number of iterations is known: its body may then change shapes, and read parts of values by the number of
// the iteration. ok is false where it is not known.
func (b *builder) unroll(n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) (ok bool, err error) {
	before := len(b.g.Nodes)
	defer func() {
		if !ok {
			b.g.Nodes = b.g.Nodes[:before]
		}
	}()
	g := n.Attrs[0].Value.(*onnx.Graph)
	trips := int64(mostUnrolled)
	if in[0] != nil && in[0].IsConst() {
		trips = in[0].Const.I64(0)
	}
	going := true
	if len(in) > 1 && in[1] != nil {
		if !in[1].IsConst() {
			return false, nil
		}
		going = in[1].Const.I64(0) != 0
	}
	vars := slices.Clone(in[min(2, len(in)):])
	if in[0] != nil && !in[0].IsConst() || len(g.Inputs) != 2+len(vars) || len(g.Outputs) < 1+len(vars) {
		return false, nil
	}
	scans := make([][]*ir.Value, len(g.Outputs)-1-len(vars))
	for i := int64(0); going && i < trips; i++ {
		if len(b.g.Nodes) > mostUnrolled {
			return false, nil
		}
		inner := maps.Clone(names)
		inner[g.Inputs[0].Name] = b.g.NewConst(g.Inputs[0].Name, tensor.Ints([]int64{i}))
		yes := tensor.New(tensor.Bool)
		yes.SetI64(0, 1)
		inner[g.Inputs[1].Name] = b.g.NewConst(g.Inputs[1].Name, yes)
		for k, v := range vars {
			inner[g.Inputs[2+k].Name] = v
		}
		out := b.results(g, opsets, inner)
		if slices.Contains(out, nil) {
			return true, errReported
		}
		if !out[0].IsConst() {
			return false, nil
		}
		going = out[0].Const.I64(0) != 0
		vars = out[1 : 1+len(vars)]
		for k, v := range out[1+len(vars):] {
			scans[k] = append(scans[k], v)
		}
	}
	return true, b.bindUnrolled(n, vars, scans, names)
}

// bindUnrolled gives the node's outputs the last variables, and what was collected.
func (b *builder) bindUnrolled(n *onnx.Node, vars []*ir.Value, scans [][]*ir.Value, names scope) error {
	for _, rows := range scans {
		if len(rows) == 0 {
			return b.nodeError(n, 0, nil, fmt.Errorf("the loop collects outputs, and does not run"), "")
		}
		for i, v := range rows {
			rows[i] = b.emit(n, "Unsqueeze", nil, v, b.ints(0))
		}
		vars = append(vars, b.emit(n, "Concat", ir.Attrs{"axis": int64(0)}, rows...))
	}
	for i, out := range n.Outputs {
		if out != "" {
			names[out] = vars[i]
		}
	}
	return nil
}

// ints returns a constant list of integers.
func (b *builder) ints(v ...int64) *ir.Value { return b.g.NewConst("ints", tensor.Ints(v, len(v))) }

// emit adds a node of one output on behalf of n; nil where it cannot be.
func (b *builder) emit(n *onnx.Node, opType string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	if attrs == nil {
		attrs = ir.Attrs{}
	}
	node := &ir.Node{Op: opType, Attrs: attrs, Inputs: in, From: []string{n.Name}, Outputs: make([]*ir.Value, 1)}
	types, err := op.Infer(node)
	if err != nil {
		b.errs = append(b.errs, b.nodeError(n, 0, node, err, ""))
		return nil
	}
	v := b.g.NewValue(n.OpType, types[0])
	v.Def, node.Outputs[0] = node, v
	b.fold(node)
	return v
}

// loop adds a Loop: as an operator with a body of fixed types, or else written out.
func (b *builder) loop(n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) error {
	problems, missing := len(b.errs), len(b.order)
	err := b.apply(op.Lookup("Loop"), n, in, opsets, names)
	if err == nil || len(n.Attrs) != 1 || !isGraph(n.Attrs[0]) || len(in) == 0 {
		return err
	}
	kept, keptOrder := slices.Clone(b.errs), slices.Clone(b.order)
	b.errs, b.order = b.errs[:problems], b.order[:missing]
	if ok, err := b.unroll(n, in, opsets, names); ok {
		return err
	}
	b.errs, b.order = kept, keptOrder
	return err
}
