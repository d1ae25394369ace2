package quantize

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// Dynamic makes products of integers whose activations are quantized at run time, each to the range that it has then: it needs no samples.
// It writes what ONNX Runtime's quantize_dynamic does.
//
//	%y = Gemm(%x, %w, %b)    =>    %q, %s, %z = DynamicQuantizeLinear(%x)
//	                               %a = MatMulInteger(%q, %wq, %z)
//	                               %y = Add(Mul(Cast(%a), Mul(%s, %ws)), %b)
func Dynamic(g *ir.Graph, opt Options) (*Result, error) {
	if err := passes.Prepare(g); err != nil {
		return nil, err
	}
	d := &dynamic{g: g, quantized: map[*ir.Value][]*ir.Value{}}
	q := &quantizer{g: g, opt: opt}
	if err := q.check(); err != nil {
		return nil, err
	}
	for _, n := range g.Nodes {
		if !d.takes(n) || q.precision(n).Weights == 32 {
			d.nodes = append(d.nodes, n)
			continue
		}
		w := roundNearest(n.Inputs[1].Const, sharingOf(n, 0), 8)
		d.layers = append(d.layers, Layer{Name: nameOf(n), Op: n.Op, Bits: 8, Activations: 8, Weights: w.q.Len(), Bytes: w.q.Len(), Hist: histogram(n.Inputs[1].Const)})
		d.product(n, w)
	}
	if len(d.layers) == 0 {
		return nil, &ir.Error{Msg: "there is nothing to quantize: no Conv, Gemm or MatMul with constant weights"}
	}
	g.Nodes = d.nodes
	return &Result{Graph: g, Layers: d.layers}, ir.Check(g)
}

// dynamic is a graph being rewritten.
type dynamic struct {
	g         *ir.Graph
	nodes     []*ir.Node
	layers    []Layer
	quantized map[*ir.Value][]*ir.Value // what DynamicQuantizeLinear gives: integers, scale, zero point
}

// takes reports whether n is a product with constant weights; unlike one of fixed ranges it may have any number of rows in any shape.
func (d *dynamic) takes(n *ir.Node) bool {
	if isProduct(n) {
		return true
	}
	return n.Op == "MatMul" && floatConst(n.Inputs[1]) && len(n.Inputs[1].Type.Shape) == 2 && len(n.Inputs[0].Type.Shape) > 1 && !n.Inputs[0].IsConst()
}

// add appends a node, named after the one that it is made of, and returns its first result.
func (d *dynamic) add(n *ir.Node, op string, attrs ir.Attrs, t ir.Type, in ...*ir.Value) *ir.Value {
	v := d.g.NewValue(nameOf(n)+"_"+op, t)
	v.Def = &ir.Node{Op: op, Attrs: attrs, Inputs: in, Outputs: []*ir.Value{v}, From: []string{nameOf(n) + "_" + op}}
	d.nodes = append(d.nodes, v.Def)
	return v
}

func (d *dynamic) product(n *ir.Node, w *grid) {
	x, y := n.Inputs[0], n.Outputs[0]
	q := d.quantize(x)
	channels := []int{w.outputs()}
	integers, op, attrs := w.q, "MatMulInteger", ir.Attrs{}
	switch {
	case n.Op == "Conv":
		op, attrs = "ConvInteger", n.Attrs.Clone()
		channels = append([]int{1, w.outputs()}, ones(len(y.Type.Shape)-2)...)
	case channelAxis(n) == 0:
		integers = transposed(w.q)
	}
	name := n.Inputs[1].Name
	sums := d.add(n, op, attrs, ir.Type{DType: tensor.Int32, Shape: y.Type.Shape}, q[0], d.g.NewConst(name+"_quantized", integers), q[2])
	scale := d.add(n, "Mul", nil, ir.Type{DType: tensor.Float32, Shape: channels}, q[1], d.g.NewConst(name+"_scale", tensor.Floats(w.scale, channels...)))
	last := d.add(n, "Mul", nil, y.Type, d.add(n, "Cast", ir.Attrs{"to": int64(1)}, y.Type, sums), scale)
	if b := n.Input(2); b != nil {
		last = d.add(n, "Add", nil, y.Type, last, d.g.NewConst(b.Name, b.Const.Reshape(channels...)))
	}
	last.Name, y.Name = y.Name, last.Name
	d.g.Replace(y, last)
}

// quantize adds a DynamicQuantizeLinear of v, one for all that read it.
func (d *dynamic) quantize(v *ir.Value) []*ir.Value {
	if q := d.quantized[v]; q != nil {
		return q
	}
	n := &ir.Node{Op: "DynamicQuantizeLinear", Attrs: ir.Attrs{}, Inputs: []*ir.Value{v}, From: []string{v.Name + "_QuantizeLinear"}}
	n.Outputs = []*ir.Value{
		d.g.NewValue(v.Name+"_quantized", ir.Type{DType: tensor.Uint8, Shape: v.Type.Shape}),
		d.g.NewValue(v.Name+"_scale", ir.Type{DType: tensor.Float32}),
		d.g.NewValue(v.Name+"_zero_point", ir.Type{DType: tensor.Uint8}),
	}
	for _, out := range n.Outputs {
		out.Def = n
	}
	d.nodes, d.quantized[v] = append(d.nodes, n), n.Outputs
	return n.Outputs
}

func ones(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// transposed swaps the axes of a matrix.
func transposed(t *tensor.Tensor) *tensor.Tensor {
	rows, cols := t.Shape[0], t.Shape[1]
	out := tensor.New(t.DType, cols, rows)
	for i := range t.Len() {
		out.SetI64(i%cols*rows+i/cols, t.I64(i))
	}
	return out
}
