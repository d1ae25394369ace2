package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// RNN, LSTM and GRU. One direction over [steps][batch][input] is what they mean; two directions and the other layout are made of that.
// lstm_f32 and gru_f32 run the usual case, with constant weights; rnn, lstm and gru every other.
var recurrentDefs = []*Def{
	{Name: "RNN", Since: []int{1, 7, 14, 22}, In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?"), Out: Args("Y?", "Y_h?"),
		Attrs: recurrentAttrs, Infer: inferRecurrent, Eval: evalRecurrent, Lower: lowerRecurrent},
	{Name: "LSTM", Since: []int{1, 7, 14, 22}, In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"), Out: Args("Y?", "Y_h?", "Y_c?"),
		Attrs: append(recurrentAttrs, Int("input_forget", 0)), Infer: inferRecurrent, Eval: evalRecurrent, Lower: lowerRecurrent},
	{Name: "GRU", Since: []int{1, 3, 7, 14, 22}, In: Args("X", "W", "R", "B?", "sequence_lens?", "initial_h?"), Out: Args("Y?", "Y_h?"),
		Attrs: append(recurrentAttrs, Int("linear_before_reset", 0)), Infer: inferRecurrent, Eval: evalRecurrent, Lower: lowerRecurrent},
	{Name: "rnn", In: Args("x", "w", "r", "b", "lens", "h0"), Out: Args("y", "h"), Eval: evalRecurrentKernel},
	{Name: "lstm", In: Args("x", "w", "r", "b", "lens", "h0", "c0", "p"), Out: Args("y", "h", "c"), Eval: evalRecurrentKernel},
	{Name: "gru", In: Args("x", "w", "r", "b", "lens", "h0"), Out: Args("y", "h"), Eval: evalRecurrentKernel},
	{Name: "lstm_f32", In: Args("x", "w", "r", "b", "h0", "c0"), Out: Args("y", "h", "c"), Eval: evalLSTMKernel},
	{Name: "gru_f32", In: Args("x", "w", "r", "b", "h0"), Out: Args("y", "h"), Eval: evalGRUKernel},
}

var recurrentAttrs = slices.Clip([]Attr{Floats("activation_alpha"), Floats("activation_beta"), Strs("activations"), Float("clip", 0).Optional(),
	Str("direction", "forward"), Int("hidden_size", 0), Int("layout", 0)})

// recurrentKinds are the operators' gates, and the functions that they apply where no others are given.
var recurrentKinds = map[string]struct {
	gates int
	acts  []string
}{
	"RNN": {1, []string{"Tanh"}}, "GRU": {3, []string{"Sigmoid", "Tanh"}}, "LSTM": {4, []string{"Sigmoid", "Tanh", "Tanh"}},
}

// cell is a recurrent operator's sizes, and what it does in each direction.
type cell struct {
	steps, batch, in, hidden, gates, dirs int
	reverse                               []bool   // per direction
	acts                                  []string // expressions over v: those of the first direction, then those of the second
}

func newCell(c *Call) (*cell, error) {
	x, w, r := c.Shape(0), c.Shape(1), c.Shape(2)
	kind := recurrentKinds[c.Def.Name]
	k := &cell{gates: kind.gates, dirs: 1}
	switch d := c.Attrs.String("direction"); d {
	case "forward":
		k.reverse = []bool{false}
	case "reverse":
		k.reverse = []bool{true}
	case "bidirectional":
		k.reverse, k.dirs = []bool{false, true}, 2
	default:
		return nil, fmt.Errorf("direction %q is unknown; expected forward, reverse or bidirectional", d)
	}
	if len(x) != 3 || len(w) != 3 || len(r) != 3 {
		return nil, fmt.Errorf("X, W and R have shapes %v, %v and %v; expected three dimensions each", x, w, r)
	}
	k.steps, k.batch, k.in, k.hidden = x[0], x[1], x[2], r[2]
	if c.Attrs.Bool("layout") {
		k.steps, k.batch = k.batch, k.steps
	}
	for i, want := range k.shapes(c.Attrs.Bool("layout")) {
		if i > 0 && c.Has(i) && !slices.Equal(c.Shape(i), want) {
			return nil, fmt.Errorf("input %q has shape %v; expected %v", c.Def.In[i].Name, c.Shape(i), want)
		}
	}
	var err error
	k.acts, err = activations(c.Attrs, kind.acts, k.dirs)
	return k, err
}

// shapes returns the shapes that the inputs must have.
func (k *cell) shapes(batchFirst bool) [][]int {
	state := []int{k.dirs, k.batch, k.hidden}
	if batchFirst {
		state = []int{k.batch, k.dirs, k.hidden}
	}
	rows := k.gates * k.hidden
	return [][]int{nil, {k.dirs, rows, k.in}, {k.dirs, rows, k.hidden}, {k.dirs, 2 * rows}, {k.batch}, state, state, {k.dirs, 3 * k.hidden}}
}

// activations returns the functions as expressions over v. Those with parameters take them from the lists of alphas and betas in turn.
func activations(a ir.Attrs, usual []string, dirs int) ([]string, error) {
	names := a.Strings("activations")
	if names == nil {
		for range dirs {
			names = append(names, usual...)
		}
	}
	if len(names) != dirs*len(usual) {
		return nil, fmt.Errorf("%d activations; expected %d for each of %d directions", len(names), len(usual), dirs)
	}
	alphas, betas := a.Floats("activation_alpha"), a.Floats("activation_beta")
	next := func(list *[]float32, def float32) string {
		if len(*list) > 0 {
			def, *list = (*list)[0], (*list)[1:]
		}
		return literal(def)
	}
	exprs := make([]string, len(names))
	for i, name := range names {
		switch name {
		case "Sigmoid", "Tanh", "Relu", "Softsign", "Softplus":
			exprs[i] = name + "(v)"
		case "LeakyRelu":
			exprs[i] = fmt.Sprintf("LeakyRelu(v,%s)", next(&alphas, 0.01))
		case "Elu", "ThresholdedRelu":
			exprs[i] = fmt.Sprintf("%s(v,%s)", name, next(&alphas, 1))
		case "HardSigmoid":
			exprs[i] = fmt.Sprintf("HardSigmoid(v,%s,%s)", next(&alphas, 0.2), next(&betas, 0.5))
		case "Affine":
			exprs[i] = fmt.Sprintf("Add(Mul(v,%s),%s)", next(&alphas, 1), next(&betas, 0))
		case "ScaledTanh":
			exprs[i] = fmt.Sprintf("Mul(Tanh(Mul(v,%[2]s)),%[1]s)", next(&alphas, 1), next(&betas, 1))
		default:
			return nil, fmt.Errorf("activation %q is unknown", name)
		}
	}
	return exprs, nil
}

func inferRecurrent(c *Call) ([]ir.Type, error) {
	k, err := newCell(c)
	if err != nil {
		return nil, err
	}
	d := c.Type(0).DType
	y, state := []int{k.steps, k.dirs, k.batch, k.hidden}, []int{k.dirs, k.batch, k.hidden}
	if c.Attrs.Bool("layout") {
		y, state = []int{k.batch, k.steps, k.dirs, k.hidden}, []int{k.batch, k.dirs, k.hidden}
	}
	s := ir.Type{DType: d, Shape: state}
	return []ir.Type{{DType: d, Shape: y}, s, s}, nil
}

// recurrence is one direction of an operator, with everything at hand.
type recurrence struct {
	*cell
	x, w, r, bias, peepholes []float64
	lens                     []int64 // of each sequence of the batch; nil where all have every step
	reverse, linear, coupled bool    // linear_before_reset, input_forget
	clip                     float64
	act                      []func(float64) float64
}

func evalRecurrent(c *Call) ([]*tensor.Tensor, error) {
	k, err := newCell(c)
	if err != nil {
		return nil, err
	}
	if k.dirs > 1 || c.Attrs.Bool("layout") {
		return evalBy(c, partsRecurrent)
	}
	or := func(i, n int) []float64 {
		if c.Has(i) {
			return c.X(i).Float64s()
		}
		return make([]float64, n)
	}
	rec := &recurrence{cell: k, x: c.X(0).Float64s(), w: c.X(1).Float64s(), r: c.X(2).Float64s(), bias: or(3, 2*k.gates*k.hidden), peepholes: or(7, 3*k.hidden),
		reverse: k.reverse[0], linear: c.Attrs.Bool("linear_before_reset"), coupled: c.Attrs.Bool("input_forget"), clip: clipOf(c.Attrs), act: actFuncs(k.acts)}
	if c.Has(4) {
		rec.lens = c.X(4).Int64s()
	}
	h, cs := or(5, k.batch*k.hidden), or(6, k.batch*k.hidden)
	types, _ := inferRecurrent(c)
	y := tensor.New(types[0].DType, types[0].Shape...)
	rec.run(h, cs, y)
	return []*tensor.Tensor{y, tensorOf(types[1], h), tensorOf(types[2], cs)}[:len(c.Def.Out)], nil
}

func clipOf(a ir.Attrs) float64 {
	if !a.Has("clip") || a.Float("clip") == 0 {
		return math.Inf(1)
	}
	return float64(a.Float("clip"))
}

func actFuncs(exprs []string) []func(float64) float64 {
	fs := make([]func(float64) float64, len(exprs))
	for i, text := range exprs {
		e, err := ParseExpr(text)
		if err != nil {
			ir.Bugf("%v", err)
		}
		fs[i] = func(v float64) float64 { return e.eval64(v) }
	}
	return fs
}

// eval64 returns the value of an expression over one variable, in float64 throughout.
func (e *Expr) eval64(v float64) float64 {
	switch {
	case e.Func != "":
		args := make([]float64, len(e.Args))
		for i, a := range e.Args {
			args[i] = a.eval64(v)
		}
		return scalar(e.Func).eval(args)
	case e.Var != "":
		return v
	}
	return float64(e.Value)
}

func tensorOf(t ir.Type, v []float64) *tensor.Tensor {
	out := tensor.New(t.DType, t.Shape...)
	for i := range v {
		out.SetF64(i, v[i])
	}
	return out
}

// dot is a row of a matrix times a vector.
func dot(m []float64, row int, v []float64) float64 {
	acc := 0.0
	for i, x := range v {
		acc += m[row*len(v)+i] * x
	}
	return acc
}

// run goes through the steps. h and c are the states, updated; a step behind the end of a sequence leaves them, and gives zeros.
func (k *recurrence) run(h, c []float64, y *tensor.Tensor) {
	n := k.hidden
	for b := range k.batch {
		steps := k.steps
		if k.lens != nil {
			steps = min(max(int(k.lens[b]), 0), k.steps)
		}
		for i := range steps {
			t := i
			if k.reverse {
				t = steps - 1 - i
			}
			k.step(k.x[(t*k.batch+b)*k.in:][:k.in], h[b*n:][:n], c[b*n:][:n])
			for j := range n {
				y.SetF64((t*k.batch+b)*n+j, h[b*n+j])
			}
		}
	}
}

func (k *recurrence) step(x, h, c []float64) {
	switch k.gates {
	case 1:
		k.rnn(x, h)
	case 3:
		k.gru(x, h)
	default:
		k.lstm(x, h, c)
	}
}

// apply clips, and applies activation i.
func (k *recurrence) apply(i int, v float64) float64 {
	return k.act[i](min(max(v, -k.clip), k.clip))
}

// pre is what goes into a gate before its activation.
func (k *recurrence) pre(row int, x, h []float64) float64 {
	return dot(k.w, row, x) + dot(k.r, row, h) + k.bias[row] + k.bias[k.gates*k.hidden+row]
}

func (k *recurrence) rnn(x, h []float64) {
	before := slices.Clone(h)
	for j := range h {
		h[j] = k.apply(0, k.pre(j, x, before))
	}
}

// lstm has its gates in ONNX's order: input, output, forget, cell. Peepholes are in the order input, output, forget.
func (k *recurrence) lstm(x, h, c []float64) {
	n, before := k.hidden, slices.Clone(h)
	for j := range n {
		p := func(g int) float64 { return k.peepholes[g*n+j] }
		in := k.apply(0, k.pre(j, x, before)+p(0)*c[j])
		forget := 1 - in
		if !k.coupled {
			forget = k.apply(0, k.pre(2*n+j, x, before)+p(2)*c[j])
		}
		c[j] = forget*c[j] + in*k.apply(1, k.pre(3*n+j, x, before))
		h[j] = k.apply(0, k.pre(n+j, x, before)+p(1)*c[j]) * k.act[2](c[j])
	}
}

// gru has its gates in ONNX's order: update, reset, hidden.
func (k *recurrence) gru(x, h []float64) {
	n, before := k.hidden, slices.Clone(h)
	reset, gated := make([]float64, n), slices.Clone(h)
	for j := range n {
		reset[j] = k.apply(0, k.pre(n+j, x, before))
		gated[j] *= reset[j]
	}
	for j := range n {
		row := 2*n + j
		rec := dot(k.r, row, gated) + k.bias[3*n+row]
		if k.linear {
			rec = reset[j] * (dot(k.r, row, before) + k.bias[3*n+row])
		}
		z := k.apply(0, k.pre(j, x, before))
		h[j] = (1-z)*k.apply(1, dot(k.w, row, x)+rec+k.bias[row]) + z*before[j]
	}
}

// partsRecurrent makes one operator for each direction, on [steps][batch][input].
func partsRecurrent(p *Parts) []*ir.Value {
	k, err := newCell(p.Call)
	if err != nil {
		p.Fail("%w", err)
	}
	x, batchFirst := p.In(0), p.Attrs.Bool("layout")
	if batchFirst {
		x = p.Transpose(x, 1, 0, 2)
	}
	outs := make([][]*ir.Value, len(p.Def.Out))
	for d := range k.dirs {
		in := []*ir.Value{x}
		for i := 1; i < p.N(); i++ {
			v := p.In(i)
			switch {
			case v == nil || i == 4: // sequence_lens has no direction
			case batchFirst && (i == 5 || i == 6):
				v = p.Slice(p.Transpose(v, 1, 0, 2), 0, d, d+1)
			default:
				v = p.Slice(v, 0, d, d+1)
			}
			in = append(in, v)
		}
		for i, v := range p.DoAll(len(outs), p.Def.Name, k.direction(p.Attrs, d), in...) {
			outs[i] = append(outs[i], v)
		}
	}
	y := p.Concat(1, outs[0]...)
	if batchFirst {
		y = p.Transpose(y, 2, 0, 1, 3)
	}
	result := []*ir.Value{y}
	for _, states := range outs[1:] {
		s := p.Concat(0, states...)
		if batchFirst {
			s = p.Transpose(s, 1, 0, 2)
		}
		result = append(result, s)
	}
	return result
}

// direction returns the attributes of the operator for direction d alone.
func (k *cell) direction(a ir.Attrs, d int) ir.Attrs {
	one := ir.Attrs{}
	for _, key := range []string{"clip", "hidden_size", "input_forget", "linear_before_reset"} {
		if v, ok := a[key]; ok {
			one[key] = v
		}
	}
	one["direction"] = map[bool]string{false: "forward", true: "reverse"}[k.reverse[d]]
	n := len(k.acts) / k.dirs
	var names []string
	var alphas, betas []float32
	for _, text := range k.acts[d*n : (d+1)*n] {
		name, alpha, beta := activationOf(text)
		names, alphas, betas = append(names, name), append(alphas, alpha...), append(betas, beta...)
	}
	one["activations"] = names
	if alphas != nil {
		one["activation_alpha"] = alphas
	}
	if betas != nil {
		one["activation_beta"] = betas
	}
	return one
}

// activationOf returns the name and the parameters that make an expression of activations.
func activationOf(text string) (name string, alpha, beta []float32) {
	e, err := ParseExpr(text)
	if err != nil {
		ir.Bugf("%v", err)
	}
	switch {
	case e.Func == "Add":
		return "Affine", []float32{e.Args[0].Args[1].Value}, []float32{e.Args[1].Value}
	case e.Func == "Mul":
		return "ScaledTanh", []float32{e.Args[1].Value}, []float32{e.Args[0].Args[0].Args[1].Value}
	}
	if len(e.Args) > 1 {
		alpha = []float32{e.Args[1].Value}
	}
	if len(e.Args) > 2 {
		beta = []float32{e.Args[2].Value}
	}
	return e.Func, alpha, beta
}

// lowerRecurrent supplies zeros for what is absent, and values for outputs that nobody wants.
func lowerRecurrent(l *Lowering) error {
	k, err := newCell(l.Call)
	if err != nil {
		return err
	}
	if k.dirs > 1 || l.Attrs.Bool("layout") {
		return l.lowerBy(partsRecurrent)
	}
	if !l.usual(k) {
		return l.recurrentKernel(k)
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
	l.EmitTo(l.recurrentOutputs(kernel), kernel, attrs, in...)
	return nil
}

// usual reports whether the operator is what lstm_f32 and gru_f32 do.
func (l *Lowering) usual(k *cell) bool {
	usual, err := activations(ir.Attrs{}, recurrentKinds[l.Def.Name].acts, 1)
	return err == nil && l.Def.Name != "RNN" && l.Type(0).DType == tensor.Float32 && l.Const(1) != nil && l.Const(2) != nil && (!l.Has(3) || l.Const(3) != nil) &&
		!k.reverse[0] && !l.Has(4) && !l.Has(7) && math.IsInf(clipOf(l.Attrs), 1) && !l.Attrs.Bool("input_forget") && slices.Equal(k.acts, usual)
}

// recurrentOutputs returns the node's outputs, new values where nobody wants them.
func (l *Lowering) recurrentOutputs(kernel string) []*ir.Value {
	types, _ := inferRecurrent(l.Call)
	out := make([]*ir.Value, len(l.Def.Out))
	for i := range out {
		if out[i] = l.Node.Output(i); out[i] == nil {
			out[i] = l.NewValue(kernel+".unused", types[i])
		}
	}
	return out
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

// recurrenceOf reads a kernel's constants and weights.
func recurrenceOf(c *Call, kind string) *recurrence {
	a, k := c.Attrs, recurrentKinds[kind]
	acts, err := activations(ir.Attrs{}, k.acts, 1)
	if err != nil {
		ir.Bugf("%v", err)
	}
	sizes := &cell{steps: a.Int("STEPS"), batch: a.Int("BATCH"), in: a.Int("IN"), hidden: a.Int("H"), gates: k.gates}
	return &recurrence{cell: sizes, x: c.X(0).Float64s(), w: c.X(1).Float64s(), r: c.X(2).Float64s(), bias: c.X(3).Float64s(),
		peepholes: make([]float64, 3*sizes.hidden), linear: a.Bool("LINEAR"), clip: math.Inf(1), act: actFuncs(acts)}
}

func evalLSTMKernel(c *Call) ([]*tensor.Tensor, error) {
	y, h, cs := c.newOut(0), c.X(4).Float64s(), c.X(5).Float64s()
	recurrenceOf(c, "LSTM").run(h, cs, y)
	return []*tensor.Tensor{y, tensorOf(c.Out(1), h), tensorOf(c.Out(2), cs)}, nil
}

func evalGRUKernel(c *Call) ([]*tensor.Tensor, error) {
	y, h := c.newOut(0), c.X(4).Float64s()
	recurrenceOf(c, "GRU").run(h, h, y)
	return []*tensor.Tensor{y, tensorOf(c.Out(1), h)}, nil
}

// recurrentKernel lowers what lstm_f32 and gru_f32 do not do.
func (l *Lowering) recurrentKernel(k *cell) error {
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	d, rows := l.Type(0).DType, k.gates*k.hidden
	attrs := ir.Attrs{"T": t, "STEPS": int64(k.steps), "BATCH": int64(k.batch), "IN": int64(k.in), "H": int64(k.hidden), "BACKWARD": truth(k.reverse[0]), "acts": k.acts,
		"scratch": int64(map[string]int{"RNN": 1, "GRU": 4, "LSTM": 4}[l.Def.Name] * k.hidden * d.Size()), "clip": l.Attrs.Float("clip"), "CLIP(v)": "(v)"}
	if c := clipOf(l.Attrs); !math.IsInf(c, 1) {
		most := cFloat(float32(c))
		attrs["CLIP(v)"] = fmt.Sprintf("(v > %s ? %s : v < -%s ? -%s : v)", most, most, most, most)
	}
	for i, text := range k.acts {
		e, err := ParseExpr(text)
		if err != nil {
			return err
		}
		c := e.C()
		if d == tensor.Float64 {
			c = doubleC(c)
		}
		attrs[[]string{"F(v)", "G(v)", "O(v)"}[i]] = c
	}
	lens := tensor.New(tensor.Int32, k.batch)
	for i := range k.batch {
		lens.SetI64(i, int64(k.steps))
	}
	in := []*ir.Value{l.In(0), l.In(1), l.In(2), l.zeros(3, d, 2*rows), l.In(4), l.zeros(5, d, k.batch*k.hidden)}
	if in[4] == nil {
		in[4] = l.Constant("lens", lens)
	}
	switch l.Def.Name {
	case "LSTM":
		in = append(in, l.zeros(6, d, k.batch*k.hidden), l.zeros(7, d, 3*k.hidden))
		attrs["COUPLED"] = truth(l.Attrs.Bool("input_forget"))
	case "GRU":
		attrs["LINEAR"] = truth(l.Attrs.Bool("linear_before_reset"))
	}
	kernel := map[string]string{"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}[l.Def.Name]
	l.EmitTo(l.recurrentOutputs(kernel), kernel, attrs, in...)
	return nil
}

// evalRecurrentKernel is rnn, lstm and gru.
func evalRecurrentKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	k := recurrenceOf(c, map[string]string{"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[c.Def.Name])
	k.lens, k.reverse, k.coupled, k.clip, k.act = c.X(4).Int64s(), a.Bool("BACKWARD"), a.Bool("COUPLED"), clipOf(ir.Attrs{"clip": a.Float("clip")}), actFuncs(a.Strings("acts"))
	h, cs := c.X(5).Float64s(), c.X(5).Float64s()
	if c.Def.Name == "lstm" {
		cs, k.peepholes = c.X(6).Float64s(), c.X(7).Float64s()
	}
	y := c.newOut(0)
	k.run(h, cs, y)
	out := []*tensor.Tensor{y, tensorOf(c.Out(1), h)}
	if c.Def.Name == "lstm" {
		out = append(out, tensorOf(c.Out(2), cs))
	}
	return out, nil
}
