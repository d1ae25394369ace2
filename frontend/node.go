package frontend

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// foldLen is the largest tensor that the import computes for the sake of shapes; the foldconst pass does the rest.
const foldLen = 4096

// nodes adds the nodes of a graph, in an order in which they can run.
func (b *builder) nodes(g *onnx.Graph, opsets map[string]int64, names scope) {
	for _, n := range b.sorted(g.Nodes, names) {
		b.node(n, opsets, names)
	}
}

// sorted puts nodes behind those whose outputs they read. Cycles and names that nobody defines are reported.
func (b *builder) sorted(nodes []*onnx.Node, names scope) []*onnx.Node {
	makers := map[string]*onnx.Node{}
	for _, n := range nodes {
		for _, out := range n.Outputs {
			if _, taken := names[out]; out != "" && (taken || makers[out] != nil) {
				b.fail("value %q is defined twice, the second time by node %q (%s)", out, n.Name, n.OpType)
			}
			makers[out] = n
		}
	}
	s := &sorter{b: b, makers: makers, names: names, state: map[*onnx.Node]int{}}
	for _, n := range nodes {
		s.visit(n)
	}
	return s.out
}

type sorter struct {
	b      *builder
	makers map[string]*onnx.Node
	names  scope
	state  map[*onnx.Node]int // 0 new, 1 being visited, 2 done
	out    []*onnx.Node
}

// visit is a depth-first search with its own stack: a chain of nodes may be as long as the model.
func (s *sorter) visit(n *onnx.Node) {
	type frame struct {
		n    *onnx.Node
		deps []string
	}
	stack := []frame{{n, reads(n)}}
	if s.state[n] != 0 {
		return
	}
	s.state[n] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.deps) == 0 {
			s.state[top.n] = 2
			s.out = append(s.out, top.n)
			stack = stack[:len(stack)-1]
			continue
		}
		dep := top.deps[0]
		top.deps = top.deps[1:]
		maker := s.makers[dep]
		switch {
		case maker != nil && s.state[maker] == 1:
			s.b.fail("the graph is cyclic: node %q (%s) needs %q, which depends on it", top.n.Name, top.n.OpType, dep)
		case maker != nil && s.state[maker] == 0:
			s.state[maker] = 1
			stack = append(stack, frame{maker, reads(maker)})
		}
	}
}

// reads lists the names that a node reads, those that its sub-graphs take from outside included.
func reads(n *onnx.Node) []string {
	var names []string
	for _, in := range n.Inputs {
		if in != "" {
			names = append(names, in)
		}
	}
	for _, a := range n.Attrs {
		if g, ok := a.Value.(*onnx.Graph); ok {
			names = append(names, captured(g)...)
		}
	}
	return names
}

func captured(g *onnx.Graph) []string {
	inside := map[string]bool{}
	for _, v := range g.Inputs {
		inside[v.Name] = true
	}
	for _, c := range g.Initializers {
		inside[c.Name] = true
	}
	for _, n := range g.Nodes {
		for _, out := range n.Outputs {
			inside[out] = true
		}
	}
	var names []string
	for _, n := range g.Nodes {
		for _, in := range reads(n) {
			if !inside[in] {
				names = append(names, in)
			}
		}
	}
	for _, o := range g.Outputs {
		if !inside[o.Name] {
			names = append(names, o.Name)
		}
	}
	return names
}

// node adds one node. Whatever fails is reported, and its outputs become nil in the scope.
func (b *builder) node(n *onnx.Node, opsets map[string]int64, names scope) {
	if err := b.tryNode(n, opsets, names); err != nil {
		for _, out := range n.Outputs {
			if _, ok := names[out]; !ok {
				names[out] = nil
			}
		}
		if !errors.Is(err, errReported) {
			b.errs = append(b.errs, err)
		}
	}
}

func (b *builder) tryNode(n *onnx.Node, opsets map[string]int64, names scope) error {
	in, err := b.operands(n, names)
	if err != nil {
		return err
	}
	if err := b.takesBounded(n, in); err != nil {
		return err
	}
	if f := b.functions[n.Domain+"."+n.OpType]; f != nil {
		return b.inline(f, n, in, names)
	}
	switch {
	case n.Domain == "" && n.OpType == "Constant":
		return b.constant(n, names)
	case n.Domain == "" && n.OpType == "If" && len(in) == 1 && in[0] != nil && in[0].IsConst():
		return b.branch(n, in, opsets, names)
	}
	if handled, err := b.sequenceOp(n, in, opsets, names); handled {
		return err
	}
	if n.Domain == "" && n.OpType == "Loop" {
		return b.loop(n, in, opsets, names)
	}
	d := op.LookupDomain(n.Domain, n.OpType)
	if d == nil {
		if x := b.extern(n); x != nil {
			return b.external(n, x, in, names)
		}
		key := missingOp{n.Domain, n.OpType, opsets[n.Domain]}
		if b.missing[key] == nil {
			b.order = append(b.order, key)
		}
		b.missing[key] = append(b.missing[key], n.Name)
		return errReported
	}
	return b.apply(d, n, in, opsets, names)
}

// operands looks up a node's inputs.
func (b *builder) operands(n *onnx.Node, names scope) ([]*ir.Value, error) {
	in := make([]*ir.Value, len(n.Inputs))
	for i, name := range n.Inputs {
		if name == "" {
			continue
		}
		v, known := names[name]
		if !known {
			return nil, b.nodeError(n, 0, nil, fmt.Errorf("input %q is defined nowhere", name), "")
		}
		if v == nil {
			return nil, errReported
		}
		in[i] = v
	}
	return in, nil
}

func (b *builder) nodeError(n *onnx.Node, opset int, node *ir.Node, err error, hint string) error {
	e := &ir.Error{Model: b.opt.File, Node: n.Name, Op: n.OpType, Opset: opset, Msg: err.Error(), Hint: hint}
	if node != nil {
		e.At = node.Line()
	}
	return e
}

// apply adds an operator of the table.
func (b *builder) apply(d *op.Def, n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) error {
	opset := int(opsets[n.Domain])
	node := &ir.Node{Op: d.Name, Inputs: in, Attrs: ir.Attrs{}, From: []string{n.Name}}
	if n.Name == "" {
		node.From = []string{fmt.Sprintf("%s_%d", n.OpType, len(b.g.Nodes))}
	}
	for _, a := range n.Attrs {
		if _, isGraph := a.Value.(*onnx.Graph); !isGraph {
			node.Attrs[a.Name] = a.Value
		}
	}
	if d.Domain == "" && opset < MinOpset && d.VersionAt(opset) != d.VersionAt(MinOpset) {
		return b.nodeError(n, opset, nil, fmt.Errorf("opset %d is not supported; expected %d to %d", opset, MinOpset, MaxOpset), "onnx.version_converter converts a model to another opset")
	}
	if d.Upgrade != nil {
		if err := d.Upgrade(op.NewUpgrade(b.g, node), opset); err != nil {
			return b.nodeError(n, opset, node, err, "")
		}
	}
	trimInputs(node)
	if err := b.bodies(n, node, opsets, names); err != nil {
		return err
	}
	if err := b.boundNode(d, node); err != nil {
		return b.nodeError(n, opset, nil, err, "")
	}
	if err := checkForm(d, node, len(n.Outputs)); err != nil {
		return b.nodeError(n, opset, nil, err, "")
	}
	node.Outputs = make([]*ir.Value, len(n.Outputs))
	types, err := op.Infer(node)
	if err != nil {
		return b.nodeError(n, opset, node, err, "")
	}
	for i, name := range n.Outputs {
		if name == "" {
			continue
		}
		if i >= len(types) {
			return b.nodeError(n, opset, node, fmt.Errorf("output %d (%q) is not one of the operator's", i, name), "")
		}
		if size := types[i].Len(); size < 0 || size > 1<<31 {
			return b.nodeError(n, opset, node, fmt.Errorf("the result %s is too large", types[i]), "")
		}
		node.Outputs[i] = b.g.NewValue(name, types[i])
		node.Outputs[i].Def = node
		names[name] = node.Outputs[i]
	}
	b.addLength(node, types, n.Outputs[0])
	if err := b.carry(node); err != nil {
		return b.nodeError(n, opset, node, err, "make the value an output of the model, and compute the rest by yourself")
	}
	if d.Fused {
		return b.takeApart(d, n, node)
	}
	b.fold(node)
	return nil
}

// takeApart adds the operators that a fused one stands for.
func (b *builder) takeApart(d *op.Def, n *onnx.Node, node *ir.Node) error {
	l, err := op.NewLowering(b.g, node)
	if err == nil {
		err = d.Lower(l)
	}
	if err != nil {
		return b.nodeError(n, 0, node, err, "")
	}
	for _, part := range l.Nodes() {
		b.fold(part)
	}
	return nil
}

// trimInputs drops absent inputs at the end.
func trimInputs(n *ir.Node) {
	for len(n.Inputs) > 0 && n.Inputs[len(n.Inputs)-1] == nil {
		n.Inputs = n.Inputs[:len(n.Inputs)-1]
	}
}

// fold adds the node, or its values as constants where they are known and small.
func (b *builder) fold(n *ir.Node) {
	if !foldable(n) {
		b.takeLengths(n)
		b.g.Nodes = append(b.g.Nodes, n)
		return
	}
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v.IsConst() {
			in[i] = v.Const
		}
	}
	out, err := op.Eval(n, in)
	if err != nil {
		b.g.Nodes = append(b.g.Nodes, n)
		return
	}
	for i, v := range n.Outputs {
		if v != nil {
			v.Def, v.Const = nil, out[i]
			b.info.Folded[v.Name] = out[i]
			if b.opt.Vary[v.Name] {
				b.folded[v] = n
			}
		}
	}
}

func foldable(n *ir.Node) bool {
	if n.Op == "DequantizeLinear" {
		return false
	}
	static := n.Op == "Shape" || n.Op == "Size"
	for _, v := range n.Inputs {
		if v != nil && !v.IsConst() && !static {
			return false
		}
	}
	for _, v := range n.Outputs {
		if v != nil && v.Type.Len() > foldLen {
			return false
		}
	}
	return op.Lookup(n.Op).Eval != nil && !op.Lookup(n.Op).Random
}

// checkForm checks numbers of inputs and outputs, and the attributes, against the table.
func checkForm(d *op.Def, n *ir.Node, outputs int) error {
	if err := checkArgs("inputs", d.In, len(n.Inputs)); err != nil {
		return err
	}
	for i, a := range d.In {
		if !a.Optional && !a.Variadic && i < len(n.Inputs) && n.Inputs[i] == nil {
			return fmt.Errorf("input %q is missing", a.Name)
		}
	}
	if err := checkArgs("outputs", d.Out, outputs); err != nil {
		return err
	}
	return checkAttrs(d, n.Attrs)
}

func checkArgs(what string, args []op.Arg, n int) error {
	least, most := 0, len(args)
	for _, a := range args {
		if !a.Optional {
			least++
		}
		if a.Variadic {
			most = 1 << 20
		}
	}
	switch {
	case n < least && least == most:
		return fmt.Errorf("%d %s; expected %d", n, what, least)
	case n < least:
		return fmt.Errorf("%d %s; expected at least %d", n, what, least)
	case n > most:
		return fmt.Errorf("%d %s; expected at most %d", n, what, most)
	}
	return nil
}

func checkAttrs(d *op.Def, attrs ir.Attrs) error {
	for _, name := range attrs.Keys() {
		i := slices.IndexFunc(d.Attrs, func(a op.Attr) bool { return a.Name == name })
		if i < 0 {
			return fmt.Errorf("attribute %q is unknown; %s has %s", name, d.Name, attrNames(d))
		}
		if got, want := reflect.TypeOf(attrs[name]), reflect.TypeOf(d.Attrs[i].Kind); got != want {
			return fmt.Errorf("attribute %q is %s; expected %s", name, kindName(got), kindName(want))
		}
	}
	for _, a := range d.Attrs {
		if a.Required && !attrs.Has(a.Name) {
			return fmt.Errorf("attribute %q is missing", a.Name)
		}
	}
	return nil
}

func attrNames(d *op.Def) string {
	names := make([]string, len(d.Attrs))
	for i, a := range d.Attrs {
		names[i] = a.Name
	}
	return listOr(names)
}

func kindName(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	return map[string]string{
		"int64": "an integer", "float32": "a float", "string": "a string", "[]int64": "a list of integers", "[]float32": "a list of floats",
		"[]string": "a list of strings", "*tensor.Tensor": "a tensor", "*ir.Graph": "a graph", "*onnx.Graph": "a graph",
	}[t.String()]
}

// constant makes a Constant node a constant.
func (b *builder) constant(n *onnx.Node, names scope) error {
	if len(n.Attrs) != 1 || len(n.Outputs) != 1 {
		return b.nodeError(n, 0, nil, fmt.Errorf("expected one attribute and one output"), "")
	}
	var t *tensor.Tensor
	switch v := n.Attrs[0].Value.(type) {
	case *tensor.Tensor:
		t = v
	case int64:
		t = tensor.Ints([]int64{v})
	case float32:
		t = tensor.Floats([]float32{v})
	case []int64:
		t = tensor.Ints(v, len(v))
	case []float32:
		t = tensor.Floats(v, len(v))
	case string:
		t = b.strings(v).Reshape()
	case []string:
		t = b.strings(v...)
	default:
		return b.nodeError(n, 0, nil, fmt.Errorf("attribute %q holds no numbers", n.Attrs[0].Name), "")
	}
	names[n.Outputs[0]] = b.g.NewConst(n.Outputs[0], t)
	return nil
}

// strings returns a list of strings as places in the model's table.
func (b *builder) strings(list ...string) *tensor.Tensor {
	t := tensor.New(tensor.String, len(list))
	for i, s := range list {
		t.SetI64(i, int64(b.g.Strings.Add(s)))
	}
	return t
}

// branch replaces an If whose condition is known by its branch.
func (b *builder) branch(n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) error {
	if in[0].Const.Len() != 1 {
		return b.nodeError(n, 0, nil, fmt.Errorf("the condition has %d elements; expected one", in[0].Const.Len()), "")
	}
	want := "else_branch"
	if in[0].Const.I64(0) != 0 {
		want = "then_branch"
	}
	for _, a := range n.Attrs {
		g, ok := a.Value.(*onnx.Graph)
		if a.Name != want || !ok {
			continue
		}
		inner := maps.Clone(names)
		for _, c := range g.Initializers {
			inner[c.Name] = b.g.NewConst(c.Name, c.Tensor)
		}
		b.nodes(g, opsets, inner)
		outs := make([]string, len(g.Outputs))
		for i, o := range g.Outputs {
			outs[i] = o.Name
		}
		return b.bindOutputs(n, outs, inner, names)
	}
	return b.nodeError(n, 0, nil, fmt.Errorf("attribute %q is missing", want), "")
}

// bindOutputs gives the results of a body to the node's outputs.
func (b *builder) bindOutputs(n *onnx.Node, results []string, inner, names scope) error {
	if len(results) < len(n.Outputs) {
		return b.nodeError(n, 0, nil, fmt.Errorf("%d outputs, the body has %d", len(n.Outputs), len(results)), "")
	}
	for i, out := range n.Outputs {
		if out != "" {
			names[out] = inner[results[i]]
		}
	}
	return nil
}

// inline puts the nodes of a model-local function in the place of a call.
func (b *builder) inline(f *onnx.Function, n *onnx.Node, in []*ir.Value, names scope) error {
	key := f.Domain + "." + f.Name
	if slices.Contains(b.inlining, key) {
		return b.nodeError(n, 0, nil, fmt.Errorf("function %s calls itself, by way of %s", key, strings.Join(b.inlining, ", ")), "")
	}
	b.inlining = append(b.inlining, key)
	defer func() { b.inlining = b.inlining[:len(b.inlining)-1] }()
	inner := scope{}
	for i, name := range f.Inputs {
		if i < len(in) && in[i] != nil {
			inner[name] = in[i]
		}
	}
	body := &onnx.Graph{}
	for _, m := range f.Nodes {
		body.Nodes = append(body.Nodes, bindAttrs(f, n, m, inner))
	}
	b.nodes(body, f.Opsets, inner)
	return b.bindOutputs(n, f.Outputs, inner, names)
}

// bindAttrs returns a function's node with attribute references replaced by the call's values, and absent inputs empty.
func bindAttrs(f *onnx.Function, call, m *onnx.Node, inner scope) *onnx.Node {
	c := *m
	c.Name = call.Name + "/" + m.Name
	c.Attrs = nil
	for _, a := range m.Attrs {
		if a.Ref == "" {
			c.Attrs = append(c.Attrs, a)
			continue
		}
		for _, given := range append(slices.Clone(call.Attrs), f.Defaults...) {
			if given.Name == a.Ref {
				c.Attrs = append(c.Attrs, &onnx.Attr{Name: a.Name, Value: given.Value})
				break
			}
		}
	}
	c.Inputs = slices.Clone(m.Inputs)
	for i, name := range c.Inputs {
		if _, known := inner[name]; !known && slices.Contains(f.Inputs, name) {
			c.Inputs[i] = ""
		}
	}
	return &c
}
