package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Float operators whose weights stay integers: deepgo's own, made of DequantizeLinear of a constant and the operator that reads it.
// Weights are [outputs][inputs], of 8 bits with a scale per output; W_scale and R_scale have an element per row. Those of
// GroupedWeightGemm have at most 8 bits, and a scale, maybe a zero point too, for every group of inputs of an output.
var weightOnlyDefs = []*Def{
	{Name: "WeightGemm", In: Args("x", "w", "scale", "b"), Out: Args("y"), Infer: inferWeightGemm, Eval: evalWeightGemm, Lower: lowerWeightGemm},
	{Name: "GroupedWeightGemm", In: Args("x", "w", "scales", "zeros?", "b"), Out: Args("y"), Attrs: []Attr{Int("group", 0).Must()}, Infer: inferWeightGemm, Eval: evalGroupedWeightGemm, Lower: lowerGroupedWeightGemm},
	{Name: "WeightLSTM", In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?", "W_scale", "R_scale"), Out: Args("Y?", "Y_h?", "Y_c?"),
		Attrs: append(recurrentAttrs, Int("input_forget", 0)), Infer: inferWeightRecurrent, Eval: evalWeightRecurrent, Lower: lowerWeightRecurrent},
	{Name: "WeightGRU", In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?", "W_scale", "R_scale"), Out: Args("Y?", "Y_h?"),
		Attrs: append(recurrentAttrs, Int("linear_before_reset", 0)), Infer: inferWeightRecurrent, Eval: evalWeightRecurrent, Lower: lowerWeightRecurrent},
	{Name: "fcw_f32", In: Args("x", "w", "s", "b"), Out: Args("y"), Eval: evalFCW, Post: "POST(v)"},
	{Name: "fcwn_f32", In: Args("x", "w", "s", "z", "b"), Out: Args("y"), Eval: evalFCWN, Post: "POST(v)"},
	{Name: "lstmw_f32", In: Args("x", "w", "r", "ws", "rs", "b", "h0", "c0"), Out: Args("y", "h", "c"), Eval: evalRecurrentKernelW},
	{Name: "gruw_f32", In: Args("x", "w", "r", "ws", "rs", "b", "h0"), Out: Args("y", "h"), Eval: evalRecurrentKernelW},
}

// scaledRows returns integers times the scale of their row; the last axis but one counts the rows.
func scaledRows(w, scale *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(tensor.Float32, w.Shape...)
	row := w.Shape[len(w.Shape)-1]
	for i := range w.Len() {
		out.SetF64(i, float64(float32(w.I64(i))*float32(scale.F64(i/row))))
	}
	return out
}

func inferWeightGemm(c *Call) ([]ir.Type, error) {
	return typed(tensor.Float32, c.Shape(0)[0], c.Shape(1)[0]), nil
}

func evalWeightGemm(c *Call) ([]*tensor.Tensor, error) {
	return c.gemmOf(scaledRows(c.X(1), c.X(2)), 3)
}

// gemmOf is the Gemm of input 0 with the rows w, and the bias that is another input.
func (c *Call) gemmOf(w *tensor.Tensor, bias int) ([]*tensor.Tensor, error) {
	gemm := *c
	gemm.in = []*tensor.Tensor{c.X(0), w, c.X(bias)}
	gemm.Attrs = ir.Attrs{"transB": int64(1), "transA": int64(0), "alpha": float32(1), "beta": float32(1)}
	n := *c.Node
	n.Inputs = []*ir.Value{c.Node.Inputs[0], c.Node.Inputs[1], c.Node.Inputs[bias]}
	gemm.Node = &n
	return evalGemm(&gemm)
}

// scaled returns what weights in groups stand for.
func (g *groups) scaled(scales *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(tensor.Float32, g.n, g.k)
	for i := range out.Len() {
		out.SetF64(i, float64(float32(g.centred(i))*float32(scales.F64(g.at(i)))))
	}
	return out
}

// weightGroups are the groups of a GroupedWeightGemm.
func (c *Call) weightGroups() *groups {
	s, group := c.Shape(1), c.Attrs.Int("group")
	return &groups{m: c.Shape(0)[0], k: s[1], n: s[0], group: group, perRow: (s[1] + group - 1) / group, w: c.Const(1), zeros: c.Const(3)}
}

func evalGroupedWeightGemm(c *Call) ([]*tensor.Tensor, error) {
	return c.gemmOf(c.weightGroups().scaled(c.X(2)), 4)
}

func lowerGroupedWeightGemm(l *Lowering) error {
	g := l.weightGroups()
	if g.w == nil || l.Const(2) == nil || l.Has(3) && g.zeros == nil {
		return fmt.Errorf("weights, scales and zero points must be constants")
	}
	w, zeros := g.signed()
	attrs := ir.Attrs{"M": int64(g.m), "K": int64(g.k), "NO": int64(g.n), "BITS": int64(w.DType.Bits()), "GROUP": int64(g.group), "GROUPS": int64(g.perRow), "ZEROS": int64(boolToInt(zeros != nil))}
	if zeros == nil {
		zeros = tensor.New(tensor.Int8, 1)
	}
	l.Replace("fcwn_f32", attrs, l.In(0), l.Constant("w", packRows(w, g.n, w.DType.Bits())), l.In(2), l.Constant("z", zeros), l.In(4))
	return nil
}

func evalFCWN(c *Call) ([]*tensor.Tensor, error) {
	g := packedGroups(c, 3)
	fc := *c
	fc.in = []*tensor.Tensor{c.X(0), g.scaled(c.X(2)), c.X(4)}
	return evalFC(&fc)
}

func lowerWeightGemm(l *Lowering) error {
	m, k, n := l.Shape(0)[0], l.Shape(0)[1], l.Shape(1)[0]
	l.Replace("fcw_f32", ir.Attrs{"M": int64(m), "K": int64(k), "NO": int64(n)}, l.In(0), l.In(1), l.In(2), l.In(3))
	return nil
}

func evalFCW(c *Call) ([]*tensor.Tensor, error) {
	fc := *c
	fc.in = []*tensor.Tensor{c.X(0), scaledRows(c.X(1), c.X(2)), c.X(3)}
	return evalFC(&fc)
}

// plain is the call of the operator on floats.
func (c *Call) plain() *Call {
	p := *c
	p.Def = Lookup(c.Def.Name[len("Weight"):])
	n := *c.Node
	n.Inputs = c.Node.Inputs[:8]
	p.Node = &n
	if c.in != nil {
		p.in = append([]*tensor.Tensor(nil), c.in[:8]...)
		for i := range 2 {
			if c.in[1+i] != nil && c.in[8+i] != nil {
				p.in[1+i] = scaledRows(c.in[1+i], c.in[8+i])
			}
		}
	}
	return &p
}

func inferWeightRecurrent(c *Call) ([]ir.Type, error) { return inferRecurrent(c.plain()) }

func evalWeightRecurrent(c *Call) ([]*tensor.Tensor, error) { return evalRecurrent(c.plain()) }

// lowerWeightRecurrent lowers as the float operator does, to the kernel that takes the scales.
func lowerWeightRecurrent(l *Lowering) error {
	wide := *l
	wide.Call = l.Call.plain()
	if l.Const(8) == nil || l.Const(9) == nil {
		return fmt.Errorf("the scales of W and R must be constants")
	}
	if err := lowerRecurrent(&wide); err != nil {
		return err
	}
	l.nodes = wide.nodes
	last := l.nodes[len(l.nodes)-1]
	last.Op = map[string]string{"lstm_f32": "lstmw_f32", "gru_f32": "gruw_f32"}[last.Op]
	last.Inputs = append([]*ir.Value{last.Inputs[0], l.In(1), l.In(2), l.In(8), l.In(9)}, last.Inputs[3:]...)
	return nil
}

func evalRecurrentKernelW(c *Call) ([]*tensor.Tensor, error) {
	wide := *c
	wide.in = append([]*tensor.Tensor{c.X(0), scaledRows(c.X(1), c.X(3)), scaledRows(c.X(2), c.X(4))}, c.in[5:]...)
	if c.Def.Name == "lstmw_f32" {
		return evalLSTMKernel(&wide)
	}
	return evalGRUKernel(&wide)
}
