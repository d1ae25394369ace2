package frontend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Sequences and optionals exist only while importing: which tensors one holds must be known then. In a scope, one is a value of no type
// that stands for its elements in builder.sequences.

// sequence is a list of tensors, or an optional value: present or absent.
type sequence struct {
	elements []*ir.Value
	optional bool
}

func (b *builder) newSequence(s *sequence) *ir.Value {
	v := &ir.Value{Name: "sequence"}
	b.sequences[v] = s
	return v
}

func (b *builder) isSequence(v *ir.Value) bool { return v != nil && b.sequences[v] != nil }

// container makes inputs of what an input holds that is a sequence or an optional.
func (b *builder) container(in *onnx.ValueInfo) *ir.Value {
	shapes, given := b.opt.Elements[in.Name]
	elem, nested := in.Elem, in.Kind == "optional" && in.Elem.Kind == "sequence"
	if nested {
		elem = elem.Elem
	}
	switch {
	case elem.Kind != "tensor" || elem.DType == tensor.Invalid:
		b.failHint("deepgo takes sequences and optionals of tensors", "input %q is a %s of a %s", in.Name, in.Kind, elem.Kind)
		return nil
	case !given:
		b.failHint(fmt.Sprintf("give their shapes, as in --elements %s=3x2,4x2, or none, --elements %s=, where it is empty or absent", in.Name, in.Name), "input %q is a %s, and which tensors it holds is not known", in.Name, in.Kind)
		return nil
	case in.Kind == "optional" && !nested && len(shapes) > 1:
		b.fail("--elements gives %q %d tensors; expected one, or none", in.Name, len(shapes))
		return nil
	}
	s := &sequence{optional: in.Kind == "optional"}
	for i, shape := range shapes {
		if tensor.Len(shape) > 1<<31 {
			b.fail("element %d of input %q, of shape %v, is too large", i, in.Name, shape)
			return nil
		}
		v := b.addInput(fmt.Sprintf("%s.%d", in.Name, i), ir.Type{DType: elem.DType, Shape: shape})
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("input %q: element %d of the %s is input %q", in.Name, i, in.Kind, v.Name))
		s.elements = append(s.elements, v)
	}
	if nested && len(shapes) > 0 {
		s.elements = []*ir.Value{b.newSequence(&sequence{elements: s.elements})}
	}
	return b.newSequence(s)
}

// sequenceOp handles the operators on sequences and optionals. handled is false for any other node.
func (b *builder) sequenceOp(n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) (handled bool, err error) {
	if n.Domain == "ai.onnx.ml" && n.OpType == "ZipMap" {
		return true, b.zipMap(n, in, names)
	}
	if n.Domain != "" {
		return false, nil
	}
	f := map[string]func(*sequenceCall) (*ir.Value, error){
		"SequenceEmpty": seqEmpty, "SequenceConstruct": seqConstruct, "SequenceInsert": seqInsert, "SequenceErase": seqErase, "SequenceAt": seqAt, "SequenceLength": seqLength,
		"SplitToSequence": seqSplit, "ConcatFromSequence": seqConcat, "Optional": optional, "OptionalHasElement": optionalHas, "OptionalGetElement": optionalGet, "Identity": seqIdentity,
	}[n.OpType]
	hasSequence := slices.ContainsFunc(in, b.isSequence)
	switch {
	case n.OpType == "SequenceMap":
		return true, b.sequenceMap(n, in, opsets, names)
	case n.OpType == "Loop" && hasSequence:
		if ok, err := b.unroll(n, in, opsets, names); ok {
			return true, err
		}
		return true, b.nodeError(n, 0, nil, fmt.Errorf("a loop over a sequence must run a number of times that is known when compiling"), "")
	case f == nil || n.OpType == "Identity" && !hasSequence:
		if hasSequence {
			return true, b.nodeError(n, 0, nil, fmt.Errorf("an input is a sequence or an optional; expected a tensor"), "")
		}
		return false, nil
	}
	c := &sequenceCall{b, n, in}
	v, err := f(c)
	if err != nil {
		return true, b.nodeError(n, 0, nil, err, "")
	}
	if v == nil {
		return true, errReported
	}
	names[n.Outputs[0]] = v
	return true, nil
}

// sequenceCall is one application of such an operator.
type sequenceCall struct {
	*builder
	n  *onnx.Node
	in []*ir.Value
}

// list returns the elements of input 0.
func (c *sequenceCall) list() ([]*ir.Value, error) {
	if len(c.in) == 0 || !c.isSequence(c.in[0]) {
		return nil, fmt.Errorf("input 0 is not a sequence")
	}
	return c.sequences[c.in[0]].elements, nil
}

// position returns input i as an index up to n, or def where it is absent.
func (c *sequenceCall) position(i, n, def int) (int, error) {
	if i >= len(c.in) || c.in[i] == nil {
		return def, nil
	}
	if !c.in[i].IsConst() || c.in[i].Const.Len() != 1 {
		return 0, fmt.Errorf("the position must be known when compiling, and is computed at run time")
	}
	at := int(c.in[i].Const.I64(0))
	if at < 0 {
		at += n
	}
	if at < 0 || at > n {
		return 0, fmt.Errorf("position %d is outside a sequence of %d", c.in[i].Const.I64(0), n)
	}
	return at, nil
}

func (c *sequenceCall) attr(name string, def int64) int64 {
	for _, a := range c.n.Attrs {
		if v, ok := a.Value.(int64); ok && a.Name == name {
			return v
		}
	}
	return def
}

func seqEmpty(c *sequenceCall) (*ir.Value, error) { return c.newSequence(&sequence{}), nil }

func seqConstruct(c *sequenceCall) (*ir.Value, error) {
	return c.newSequence(&sequence{elements: slices.Clone(c.in)}), nil
}

func seqIdentity(c *sequenceCall) (*ir.Value, error) { return c.in[0], nil }

func seqInsert(c *sequenceCall) (*ir.Value, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	at, err := c.position(2, len(list), len(list))
	if err != nil {
		return nil, err
	}
	return c.newSequence(&sequence{elements: slices.Insert(slices.Clone(list), at, c.in[1])}), nil
}

func seqErase(c *sequenceCall) (*ir.Value, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	at, err := c.position(1, len(list), len(list)-1)
	if err != nil || at >= len(list) || at < 0 {
		return nil, fmt.Errorf("there is no element to erase: %w", err)
	}
	return c.newSequence(&sequence{elements: slices.Delete(slices.Clone(list), at, at+1)}), nil
}

func seqAt(c *sequenceCall) (*ir.Value, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	at, err := c.position(1, len(list), 0)
	if err != nil {
		return nil, err
	}
	if at >= len(list) {
		return nil, fmt.Errorf("position %d is outside a sequence of %d", at, len(list))
	}
	return list[at], nil
}

func seqLength(c *sequenceCall) (*ir.Value, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	return c.g.NewConst("length", tensor.Ints([]int64{int64(len(list))})), nil
}

func seqConcat(c *sequenceCall) (*ir.Value, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	axis := c.attr("axis", 0)
	if len(list) == 0 {
		return nil, fmt.Errorf("the sequence is empty")
	}
	if c.attr("new_axis", 0) != 0 {
		list = slices.Clone(list)
		for i, v := range list {
			if list[i] = c.emit(c.n, "Unsqueeze", nil, v, c.ints(axis)); list[i] == nil {
				return nil, nil
			}
		}
	}
	return c.emit(c.n, "Concat", ir.Attrs{"axis": axis}, list...), nil
}

// seqSplit cuts along an axis: into parts of one size, the last one smaller, into parts of given sizes, or into single elements.
func seqSplit(c *sequenceCall) (*ir.Value, error) {
	x, axis := c.in[0], int(c.attr("axis", 0))
	rank := len(x.Type.Shape)
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return nil, fmt.Errorf("axis %d is outside rank %d", axis, rank)
	}
	n := int64(x.Type.Shape[axis])
	single := len(c.in) < 2 || c.in[1] == nil
	var sizes []int64
	switch {
	case single:
		sizes = slices.Repeat([]int64{1}, int(n))
	case !c.in[1].IsConst():
		return nil, fmt.Errorf("input \"split\" must be known when compiling, and is computed at run time")
	case len(c.in[1].Type.Shape) == 0:
		each := c.in[1].Const.I64(0)
		for left := n; left > 0 && each > 0; left -= each {
			sizes = append(sizes, min(each, left))
		}
	default:
		sizes = c.in[1].Const.Int64s()
	}
	s, from := &sequence{}, int64(0)
	for _, size := range sizes {
		v := c.emit(c.n, "Slice", nil, x, c.ints(from), c.ints(from+size), c.ints(int64(axis)))
		if v != nil && single && c.attr("keepdims", 1) == 0 {
			v = c.emit(c.n, "Squeeze", nil, v, c.ints(int64(axis)))
		}
		if v == nil {
			return nil, nil
		}
		s.elements, from = append(s.elements, v), from+size
	}
	if from != n {
		return nil, fmt.Errorf("parts of %v do not split %d elements", sizes, n)
	}
	return c.newSequence(s), nil
}

func optional(c *sequenceCall) (*ir.Value, error) {
	s := &sequence{optional: true}
	if len(c.in) > 0 && c.in[0] != nil {
		s.elements = c.in[:1]
	}
	return c.newSequence(s), nil
}

// present reports whether input 0 holds something: a tensor and a sequence always do.
func (c *sequenceCall) present() bool {
	if len(c.in) == 0 || c.in[0] == nil {
		return false
	}
	s := c.sequences[c.in[0]]
	return s == nil || !s.optional || len(s.elements) > 0
}

func optionalHas(c *sequenceCall) (*ir.Value, error) {
	t := tensor.New(tensor.Bool)
	if c.present() {
		t.SetI64(0, 1)
	}
	return c.g.NewConst("has_element", t), nil
}

func optionalGet(c *sequenceCall) (*ir.Value, error) {
	if !c.present() {
		return nil, fmt.Errorf("the optional value is absent")
	}
	if s := c.sequences[c.in[0]]; s != nil && s.optional {
		return s.elements[0], nil
	}
	return c.in[0], nil
}

// sequenceMap applies a sub-graph to every element.
func (b *builder) sequenceMap(n *onnx.Node, in []*ir.Value, opsets map[string]int64, names scope) error {
	c := &sequenceCall{b, n, in}
	list, err := c.list()
	if err != nil || len(n.Attrs) != 1 || !isGraph(n.Attrs[0]) {
		return b.nodeError(n, 0, nil, fmt.Errorf("expected a sequence and a body"), "")
	}
	g := n.Attrs[0].Value.(*onnx.Graph)
	if len(g.Inputs) != len(in) || len(g.Outputs) < len(n.Outputs) {
		return b.nodeError(n, 0, nil, fmt.Errorf("the body has %d inputs and %d outputs, the node %d and %d", len(g.Inputs), len(g.Outputs), len(in), len(n.Outputs)), "")
	}
	outs := make([]*sequence, len(n.Outputs))
	for i := range outs {
		outs[i] = &sequence{}
	}
	for k := range list {
		inner := scope{}
		for name, v := range names {
			inner[name] = v
		}
		for i, v := range in {
			if s := b.sequences[v]; s != nil {
				if k >= len(s.elements) {
					return b.nodeError(n, 0, nil, fmt.Errorf("sequences of %d and %d elements", len(list), len(s.elements)), "")
				}
				v = s.elements[k]
			}
			inner[g.Inputs[i].Name] = v
		}
		results := b.results(g, opsets, inner)
		if slices.Contains(results, nil) {
			return errReported
		}
		for i := range outs {
			outs[i].elements = append(outs[i].elements, results[i])
		}
	}
	for i, name := range n.Outputs {
		if name != "" {
			names[name] = b.newSequence(outs[i])
		}
	}
	return nil
}

// zipMap drops a ZipMap: its tensor, a column per class, takes the place of the maps.
func (b *builder) zipMap(n *onnx.Node, in []*ir.Value, names scope) error {
	if len(in) != 1 || in[0] == nil || b.isSequence(in[0]) || len(n.Outputs) != 1 {
		return b.nodeError(n, 0, nil, fmt.Errorf("expected one tensor and one output"), "")
	}
	var keys []string
	for _, a := range n.Attrs {
		switch list := a.Value.(type) {
		case []string:
			keys = append(keys, list...)
		case []int64:
			for _, k := range list {
				keys = append(keys, fmt.Sprint(k))
			}
		}
	}
	b.info.Notices = append(b.info.Notices, fmt.Sprintf("output %q: ZipMap dropped, it is a tensor with a column for each of %s", n.Outputs[0], strings.Join(keys, ", ")))
	b.zipped[n.Outputs[0]] = true
	names[n.Outputs[0]] = in[0]
	return nil
}
