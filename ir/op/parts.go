package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Parts is what Def.Parts sees: the call, and the graph of other ONNX operators that it writes. What is wrong with a part is wrong
// with the operator: it ends the writing, and callers need not look.
type Parts struct {
	*Call
	in    []*ir.Value
	graph *ir.Graph
	nodes []*ir.Node
	from  []string
	eval  bool // random parts are computed too
}

// partsError carries a problem out of Def.Parts.
type partsError struct{ error }

// newParts writes parts into g by f. Inputs whose values are known are constants, and what depends on nothing else is computed at once.
func newParts(c *Call, g *ir.Graph, eval bool, f func(*Parts) []*ir.Value) (p *Parts, out []*ir.Value, err error) {
	p = &Parts{Call: c, graph: g, eval: eval, from: c.Node.From, in: make([]*ir.Value, len(c.Node.Inputs))}
	for i, v := range c.Node.Inputs {
		if t := c.Const(i); t != nil && v != nil && !v.IsConst() {
			v = &ir.Value{Name: v.Name, Type: ir.Type{DType: t.DType, Shape: t.Shape}, Const: t}
		}
		p.in[i] = v
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case partsError:
			err = e.error
		default:
			panic(e)
		}
	}()
	return p, f(p), nil
}

// inferParts is the shape rule of operators that are made of parts: the types of what these compute.
func inferParts(c *Call) ([]ir.Type, error) {
	_, out, err := newParts(c, &ir.Graph{}, false, c.Def.Parts)
	if err != nil {
		return nil, err
	}
	types := make([]ir.Type, len(out))
	for i, v := range out {
		if v != nil {
			types[i] = ir.Type{DType: v.Type.DType, Shape: v.Type.Shape}
		}
	}
	return types, nil
}

// evalParts computes the parts.
func evalParts(c *Call) ([]*tensor.Tensor, error) { return evalBy(c, c.Def.Parts) }

// evalBy computes what f writes.
func evalBy(c *Call, f func(*Parts) []*ir.Value) ([]*tensor.Tensor, error) {
	_, out, err := newParts(c, &ir.Graph{}, true, f)
	if err != nil {
		return nil, err
	}
	results := make([]*tensor.Tensor, len(out))
	for i, v := range out {
		if v != nil {
			results[i] = v.Const
		}
	}
	return results, nil
}

// LowerParts puts the parts in the place of the node.
func (l *Lowering) LowerParts() error { return l.lowerBy(l.Def.Parts) }

// lowerBy puts what f writes there.
func (l *Lowering) lowerBy(f func(*Parts) []*ir.Value) error {
	p, out, err := newParts(l.Call, l.graph, false, f)
	if err != nil {
		return err
	}
	l.nodes = append(l.nodes, p.nodes...)
	for i, want := range l.Node.Outputs {
		if want == nil {
			continue
		}
		if i >= len(out) || out[i] == nil {
			return fmt.Errorf("output %d is not computed", i)
		}
		if v := out[i]; v.IsConst() || !slices.Contains(p.nodes, v.Def) || !slices.Contains(v.Def.Outputs, v) {
			l.EmitTo([]*ir.Value{want}, "Identity", nil, v)
		} else {
			p.rename(v, want)
		}
	}
	return nil
}

// rename makes want what the parts called v.
func (p *Parts) rename(v, want *ir.Value) {
	want.Def = v.Def
	for _, n := range p.nodes {
		for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
			for i := range list {
				if list[i] == v {
					list[i] = want
				}
			}
		}
	}
}

// Fail ends the writing of parts with a problem of the model's.
func (p *Parts) Fail(format string, args ...any) { panic(partsError{fmt.Errorf(format, args...)}) }

// In returns input i, or nil where it is absent.
func (p *Parts) In(i int) *ir.Value {
	if i >= len(p.in) {
		return nil
	}
	return p.in[i]
}

// Do applies an operator and returns its first output.
func (p *Parts) Do(opName string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	return p.DoAll(1, opName, attrs, in...)[0]
}

// DoAll applies an operator and returns its first n outputs.
func (p *Parts) DoAll(n int, opName string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	if attrs == nil {
		attrs = ir.Attrs{}
	}
	node := &ir.Node{Op: opName, Attrs: attrs, Inputs: in, Outputs: make([]*ir.Value, n), From: p.from}
	types, err := Infer(node)
	if err != nil {
		p.Fail("%s in it: %w", opName, err)
	}
	for i := range node.Outputs {
		node.Outputs[i] = p.graph.NewValue(p.base()+"."+opName, types[i])
	}
	if !p.compute(node) {
		for _, v := range node.Outputs {
			v.Def = node
		}
		p.nodes = append(p.nodes, node)
	}
	return node.Outputs
}

// base is the name that the parts' values begin with.
func (p *Parts) base() string {
	for _, v := range p.Node.Outputs {
		if v != nil && v.Name != "" {
			return v.Name
		}
	}
	return p.Def.Name
}

// compute makes the outputs of a node constants where its inputs are, and reports whether it did.
func (p *Parts) compute(n *ir.Node) bool {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v != nil && !v.IsConst() {
			return false
		}
		if v != nil {
			in[i] = v.Const
		}
	}
	if Lookup(n.Op).Random && !p.eval {
		return false
	}
	out, err := Eval(n, in)
	if err != nil {
		p.Fail("%s in it: %w", n.Op, err)
	}
	for i, v := range n.Outputs {
		v.Const = out[i]
	}
	return true
}

// Constant returns a constant.
func (p *Parts) Constant(t *tensor.Tensor) *ir.Value { return p.graph.NewConst(p.base()+".const", t) }

// Scalar returns a constant without dimensions.
func (p *Parts) Scalar(d tensor.DType, v float64) *ir.Value {
	t := tensor.New(d)
	t.SetF64(0, v)
	return p.Constant(t)
}

// Like returns a scalar of x's element type.
func (p *Parts) Like(x *ir.Value, v float64) *ir.Value { return p.Scalar(x.Type.DType, v) }

// Ints returns a list of integers, as shapes and axes are given.
func (p *Parts) Ints(v ...int) *ir.Value {
	t := tensor.New(tensor.Int64, len(v))
	for i, x := range v {
		t.SetI64(i, int64(x))
	}
	return p.Constant(t)
}

// Two-operand arithmetic.

func (p *Parts) Add(a, b *ir.Value) *ir.Value { return p.Do("Add", nil, a, b) }
func (p *Parts) Sub(a, b *ir.Value) *ir.Value { return p.Do("Sub", nil, a, b) }
func (p *Parts) Mul(a, b *ir.Value) *ir.Value { return p.Do("Mul", nil, a, b) }
func (p *Parts) Div(a, b *ir.Value) *ir.Value { return p.Do("Div", nil, a, b) }

// MatMul is the matrix product.
func (p *Parts) MatMul(a, b *ir.Value) *ir.Value { return p.Do("MatMul", nil, a, b) }

// Cast returns x as d; x itself where it is.
func (p *Parts) Cast(x *ir.Value, d tensor.DType) *ir.Value {
	if x.Type.DType == d {
		return x
	}
	return p.Do("Cast", ir.Attrs{"to": Number(d)}, x)
}

// Reshape gives x another shape.
func (p *Parts) Reshape(x *ir.Value, shape ...int) *ir.Value {
	if slices.Equal(x.Type.Shape, shape) {
		return x
	}
	return p.Do("Reshape", ir.Attrs{"allowzero": int64(1)}, x, p.Ints(shape...))
}

// Transpose puts the axes of x in the order of perm.
func (p *Parts) Transpose(x *ir.Value, perm ...int) *ir.Value {
	a := ir.Attrs{}
	a.SetInts("perm", perm)
	return p.Do("Transpose", a, x)
}

// Slice takes elements from to to along an axis.
func (p *Parts) Slice(x *ir.Value, axis, from, to int) *ir.Value {
	return p.Do("Slice", nil, x, p.Ints(from), p.Ints(to), p.Ints(axis))
}

// Concat joins values along an axis.
func (p *Parts) Concat(axis int, in ...*ir.Value) *ir.Value {
	return p.Do("Concat", ir.Attrs{"axis": int64(axis)}, in...)
}

// Expand repeats x to a shape.
func (p *Parts) Expand(x *ir.Value, shape ...int) *ir.Value {
	return p.Do("Expand", nil, x, p.Ints(shape...))
}

// Reduce applies a reduction over axes, which stay with one element.
func (p *Parts) Reduce(name string, x *ir.Value, axes ...int) *ir.Value {
	return p.Do(name, ir.Attrs{"keepdims": int64(1), "noop_with_empty_axes": int64(1)}, x, p.Ints(axes...))
}

// Where chooses a where cond holds, and b elsewhere.
func (p *Parts) Where(cond, a, b *ir.Value) *ir.Value { return p.Do("Where", nil, cond, a, b) }

// Iota returns 0, 1 … n-1 as int64, along the given axis of a shape that has one element along the others.
func (p *Parts) Iota(n, axis, rank int) *ir.Value {
	shape := orOnes(nil, rank)
	shape[axis] = n
	t := tensor.New(tensor.Int64, shape...)
	for i := range n {
		t.SetI64(i, int64(i))
	}
	return p.Constant(t)
}
