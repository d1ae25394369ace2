package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// LSTM and GRU: forward, with ONNX's default activations. The kernels run one direction over all steps.
var recurrentDefs = []*Def{
	{Name: "LSTM", Since: []int{1, 7, 14, 22}, In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"), Out: Args("Y?", "Y_h?", "Y_c?"),
		Attrs: append(recurrentAttrs, Int("input_forget", 0)), Infer: inferRecurrent, Eval: evalRecurrent, Lower: lowerRecurrent},
	{Name: "GRU", Since: []int{1, 3, 7, 14, 22}, In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?"), Out: Args("Y?", "Y_h?"),
		Attrs: append(recurrentAttrs, Int("linear_before_reset", 0)), Infer: inferRecurrent, Eval: evalRecurrent, Lower: lowerRecurrent},
	{Name: "lstm_f32", In: Args("x", "w", "r", "b", "h0", "c0"), Out: Args("y", "h", "c"), Eval: evalLSTMKernel},
	{Name: "gru_f32", In: Args("x", "w", "r", "b", "h0"), Out: Args("y", "h"), Eval: evalGRUKernel},
}

var recurrentAttrs = []Attr{Floats("activation_alpha"), Floats("activation_beta"), Strs("activations"), Float("clip", 0).Optional(),
	Str("direction", "forward"), Int("hidden_size", 0), Int("layout", 0)}

// cell is a recurrent operator's sizes.
type cell struct{ steps, batch, in, hidden, gates int }

func newCell(c *Call) (*cell, error) {
	x, w, r := c.Shape(0), c.Shape(1), c.Shape(2)
	k := &cell{gates: map[string]int{"LSTM": 4, "GRU": 3}[c.Def.Name]}
	switch {
	case c.Attrs.String("direction") != "forward" || c.Attrs.Int("layout") != 0:
		return nil, fmt.Errorf("direction %q with layout %d is not supported; expected forward and 0", c.Attrs.String("direction"), c.Attrs.Int("layout"))
	case c.Attrs.Has("clip") || c.Attrs.Strings("activations") != nil && !slices.Equal(c.Attrs.Strings("activations"), []string{"Sigmoid", "Tanh", "Tanh"}[:k.gates-1]):
		return nil, fmt.Errorf("clip and activations other than the default ones are not supported")
	case c.Has(4) || c.Has(7) || c.Attrs.Bool("input_forget"):
		return nil, fmt.Errorf("sequence_lens, peepholes and input_forget are not supported")
	case len(x) != 3 || len(w) != 3 || len(r) != 3:
		return nil, fmt.Errorf("X, W and R have shapes %v, %v and %v; expected three dimensions each", x, w, r)
	}
	k.steps, k.batch, k.in, k.hidden = x[0], x[1], x[2], r[2]
	if !slices.Equal(w, []int{1, k.gates * k.hidden, k.in}) || !slices.Equal(r, []int{1, k.gates * k.hidden, k.hidden}) {
		return nil, fmt.Errorf("W and R have shapes %v and %v; expected [1 %d %d] and [1 %d %d]", w, r, k.gates*k.hidden, k.in, k.gates*k.hidden, k.hidden)
	}
	if c.Has(3) && !slices.Equal(c.Shape(3), []int{1, 2 * k.gates * k.hidden}) {
		return nil, fmt.Errorf("B has shape %v; expected [1 %d]", c.Shape(3), 2*k.gates*k.hidden)
	}
	for i := 5; i < 7; i++ {
		if c.Has(i) && !slices.Equal(c.Shape(i), []int{1, k.batch, k.hidden}) {
			return nil, fmt.Errorf("input %q has shape %v; expected [1 %d %d]", c.Def.In[i].Name, c.Shape(i), k.batch, k.hidden)
		}
	}
	return k, nil
}

func inferRecurrent(c *Call) ([]ir.Type, error) {
	k, err := newCell(c)
	if err != nil {
		return nil, err
	}
	d := c.Type(0).DType
	state := ir.Type{DType: d, Shape: []int{1, k.batch, k.hidden}}
	return []ir.Type{{DType: d, Shape: []int{k.steps, 1, k.batch, k.hidden}}, state, state}, nil
}

func evalRecurrent(c *Call) ([]*tensor.Tensor, error) {
	k, err := newCell(c)
	if err != nil {
		return nil, err
	}
	bias := make([]float64, 2*k.gates*k.hidden)
	if c.Has(3) {
		bias = c.X(3).Float64s()
	}
	state := func(i int) []float64 {
		if c.Has(i) {
			return c.X(i).Float64s()
		}
		return make([]float64, k.batch*k.hidden)
	}
	x, w, r, h := c.X(0).Float64s(), c.X(1).Float64s(), c.X(2).Float64s(), state(5)
	types, _ := inferRecurrent(c)
	y := tensor.New(types[0].DType, types[0].Shape...)
	out := []*tensor.Tensor{y}
	if c.Def.Name == "LSTM" {
		cs := state(6)
		k.lstm(x, w, r, bias, h, cs, y)
		return append(out, tensorOf(types[1], h), tensorOf(types[2], cs)), nil
	}
	k.gru(x, w, r, bias, h, y, c.Attrs.Bool("linear_before_reset"))
	return append(out, tensorOf(types[1], h)), nil
}

func tensorOf(t ir.Type, v []float64) *tensor.Tensor {
	out := tensor.New(t.DType, t.Shape...)
	for i := range v {
		out.SetF64(i, v[i])
	}
	return out
}

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// dot is a row of a matrix times a vector.
func dot(m []float64, row int, v []float64) float64 {
	acc := 0.0
	for i, x := range v {
		acc += m[row*len(v)+i] * x
	}
	return acc
}

// lstm runs all steps; h and c are the states, updated. Gates are in ONNX's order: input, output, forget, cell.
func (k *cell) lstm(x, w, r, bias, h, c []float64, y *tensor.Tensor) {
	n := k.hidden
	for t := range k.steps {
		for b := range k.batch {
			xt, hb := x[(t*k.batch+b)*k.in:][:k.in], slices.Clone(h[b*n:][:n])
			for j := range n {
				gate := func(g int) float64 {
					row := g*n + j
					return dot(w, row, xt) + dot(r, row, hb) + bias[row] + bias[4*n+row]
				}
				cell := sigmoid(gate(2))*c[b*n+j] + sigmoid(gate(0))*math.Tanh(gate(3))
				c[b*n+j] = cell
				h[b*n+j] = sigmoid(gate(1)) * math.Tanh(cell)
				y.SetF64((t*k.batch+b)*n+j, h[b*n+j])
			}
		}
	}
}

// gru runs all steps; h is the state, updated. Gates are in ONNX's order: update, reset, hidden.
func (k *cell) gru(x, w, r, bias, h []float64, y *tensor.Tensor, linear bool) {
	n := k.hidden
	for t := range k.steps {
		for b := range k.batch {
			xt, hb := x[(t*k.batch+b)*k.in:][:k.in], slices.Clone(h[b*n:][:n])
			pre := func(row int) float64 { return dot(w, row, xt) + dot(r, row, hb) + bias[row] + bias[3*n+row] }
			reset := make([]float64, n)
			for j := range n {
				reset[j] = sigmoid(pre(n + j))
			}
			gated := slices.Clone(hb)
			for j := range n {
				gated[j] *= reset[j]
			}
			for j := range n {
				row := 2*n + j
				rec := dot(r, row, gated) + bias[3*n+row]
				if linear {
					rec = reset[j] * (dot(r, row, hb) + bias[3*n+row])
				}
				z := sigmoid(pre(j))
				h[b*n+j] = (1-z)*math.Tanh(dot(w, row, xt)+rec+bias[row]) + z*hb[j]
				y.SetF64((t*k.batch+b)*n+j, h[b*n+j])
			}
		}
	}
}

// lowerRecurrent supplies zeros for what is absent, and values for outputs that nobody wants.
func lowerRecurrent(l *Lowering) error {
	k, err := newCell(l.Call)
	if err != nil {
		return err
	}
	if l.Type(0).DType != tensor.Float32 || l.Const(1) == nil || l.Const(2) == nil || l.Has(3) && l.Const(3) == nil {
		return fmt.Errorf("%s is available in C for float32 with constant W, R and B", l.Def.Name)
	}
	bias := tensor.New(tensor.Float32, 1, 2*k.gates*k.hidden)
	if l.Has(3) {
		bias = l.Const(3)
	}
	attrs := ir.Attrs{"STEPS": int64(k.steps), "BATCH": int64(k.batch), "IN": int64(k.in), "H": int64(k.hidden)}
	kernel, states := "lstm_f32", 2
	if l.Def.Name == "GRU" {
		kernel, states = "gru_f32", 1
		attrs["LINEAR"] = int64(l.Attrs.Int("linear_before_reset"))
	}
	attrs["scratch"] = int64(4 * k.hidden * (k.gates + 1))
	in := []*ir.Value{l.In(0), l.In(1), l.In(2), l.Constant("b", bias)}
	for i := range states {
		in = append(in, l.state(5+i, k))
	}
	types, _ := inferRecurrent(l.Call)
	out := make([]*ir.Value, 1+states)
	for i := range out {
		if out[i] = l.Node.Output(i); out[i] == nil {
			out[i] = l.NewValue(kernel+".unused", types[i])
		}
	}
	l.EmitTo(out, kernel, attrs, in...)
	return nil
}

// state returns an initial state: input i, from RAM, or zeros.
func (l *Lowering) state(i int, k *cell) *ir.Value {
	t := ir.Type{DType: tensor.Float32, Shape: []int{1, k.batch, k.hidden}}
	switch v := l.In(i); {
	case v == nil:
		return l.Emit("fill", fillAttrs(t, t.Len(), 0), t)
	case v.IsConst():
		return l.load(v)
	default:
		return v
	}
}

func cellOf(c *Call, gates int) *cell {
	a := c.Attrs
	return &cell{steps: a.Int("STEPS"), batch: a.Int("BATCH"), in: a.Int("IN"), hidden: a.Int("H"), gates: gates}
}

func evalLSTMKernel(c *Call) ([]*tensor.Tensor, error) {
	y, h, cs := c.newOut(0), c.X(4).Float64s(), c.X(5).Float64s()
	cellOf(c, 4).lstm(c.X(0).Float64s(), c.X(1).Float64s(), c.X(2).Float64s(), c.X(3).Float64s(), h, cs, y)
	return []*tensor.Tensor{y, tensorOf(c.Out(1), h), tensorOf(c.Out(2), cs)}, nil
}

func evalGRUKernel(c *Call) ([]*tensor.Tensor, error) {
	y, h := c.newOut(0), c.X(4).Float64s()
	cellOf(c, 3).gru(c.X(0).Float64s(), c.X(1).Float64s(), c.X(2).Float64s(), c.X(3).Float64s(), h, y, c.Attrs.Bool("LINEAR"))
	return []*tensor.Tensor{y, tensorOf(c.Out(1), h)}, nil
}
