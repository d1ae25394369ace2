package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// If, Loop and Scan. A body's inputs are those that the operator gives it and, behind them, the values that it reads from outside: the
// last inputs of the node, as many as its attribute "captures" says.
var controlDefs = []*Def{
	{Name: "If", Since: []int{1, 11, 13, 16, 19, 21, 23, 24, 25}, In: append(Args("cond"), captured...), Out: Args("outputs..."), Attrs: []Attr{Body("then_branch"), Body("else_branch"), captures}, Infer: inferIf, Eval: evalIf, Lower: lowerIf, Formals: noFormals, Moves: true},
	{Name: "Loop", Since: []int{1, 11, 13, 16, 19, 21, 23, 24, 25}, In: append(Args("M?", "cond?"), captured...), Out: Args("outputs..."), Attrs: []Attr{Body("body"), captures, Int("most", 0), boundedAttr}, Infer: inferLoop, Eval: evalLoop, Lower: lowerLoop, Formals: loopFormals, Moves: true},
	{Name: "Scan", Since: []int{8, 9, 11, 16, 19, 21, 23, 24, 25}, In: append(Args("inputs..."), captured...), Out: Args("outputs..."),
		Attrs:   []Attr{Body("body"), captures, Int("num_scan_inputs", 0).Must(), Ints("scan_input_axes"), Ints("scan_input_directions"), Ints("scan_output_axes"), Ints("scan_output_directions"), Int("batched", 0)},
		Upgrade: upgradeScan, Infer: inferScan, Eval: evalScan, Lower: lowerScan, Formals: scanFormals, Moves: true},
}

var (
	captured = []Arg{{Name: "inputs", Optional: true, Variadic: true}}
	captures = Int("captures", 0)
)

func noFormals(*Call) ([]ir.Type, error) { return nil, nil }

// given returns the number of inputs that the model's node has, captured values aside.
func (c *Call) given() int { return c.N() - c.Attrs.Int("captures") }

// evalGraph computes a body.
func evalGraph(g *ir.Graph, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(in) != len(g.Inputs) {
		return nil, fmt.Errorf("the body takes %d inputs, and gets %d", len(g.Inputs), len(in))
	}
	values := map[*ir.Value]*tensor.Tensor{}
	for i, v := range g.Inputs {
		values[v] = in[i]
	}
	get := func(v *ir.Value) *tensor.Tensor {
		if v == nil || v.IsConst() {
			return constOf(v)
		}
		return values[v]
	}
	for _, n := range g.Nodes {
		args := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			args[i] = get(v)
		}
		out, err := Eval(n, args)
		if err != nil {
			return nil, fmt.Errorf("%s in the body: %w", n.Op, err)
		}
		for i, v := range n.Outputs {
			values[v] = out[i]
		}
	}
	out := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		out[i] = get(v)
	}
	return out, nil
}

func constOf(v *ir.Value) *tensor.Tensor {
	if v == nil {
		return nil
	}
	return v.Const
}

// typesOf returns values' element types and shapes.
func typesOf(vs []*ir.Value) []ir.Type {
	types := make([]ir.Type, len(vs))
	for i, v := range vs {
		types[i] = ir.Type{DType: v.Type.DType, Shape: v.Type.Shape}
	}
	return types
}

func inferIf(c *Call) ([]ir.Type, error) {
	if c.Type(0).DType != tensor.Bool || c.Type(0).Len() != 1 {
		return nil, fmt.Errorf("cond is %s; expected one bool", c.Type(0))
	}
	a, b := typesOf(c.Attrs.Graph("then_branch").Outputs), typesOf(c.Attrs.Graph("else_branch").Outputs)
	if len(a) != len(b) {
		return nil, fmt.Errorf("then_branch has %d outputs and else_branch %d", len(a), len(b))
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return nil, fmt.Errorf("output %d is %s by then_branch and %s by else_branch; a fixed buffer needs one type", i, a[i], b[i])
		}
	}
	return a, nil
}

func evalIf(c *Call) ([]*tensor.Tensor, error) {
	branch := "else_branch"
	if c.X(0).I64(0) != 0 {
		branch = "then_branch"
	}
	return evalGraph(c.Attrs.Graph(branch), c.in[1:])
}

// loopFormals are the number of the iteration, the condition, and the loop's variables.
func loopFormals(c *Call) ([]ir.Type, error) {
	types := []ir.Type{{DType: tensor.Int64}, {DType: tensor.Bool}}
	for i := 2; i < c.given(); i++ {
		if !c.Has(i) {
			return nil, fmt.Errorf("input %d, a variable of the loop, is missing", i)
		}
		types = append(types, c.Type(i))
	}
	return types, nil
}

func inferLoop(c *Call) ([]ir.Type, error) {
	body, formals := c.Attrs.Graph("body"), c.given()
	vars := formals - 2
	out := typesOf(body.Outputs)
	if len(out) < 1+vars || len(body.Inputs) != formals+c.Attrs.Int("captures") {
		return nil, fmt.Errorf("the body has %d inputs and %d outputs for %d variables", len(body.Inputs), len(out), vars)
	}
	for i := range vars {
		if want := body.Inputs[2+i].Type; !out[1+i].Equal(want) {
			return nil, fmt.Errorf("variable %d is %s before an iteration and %s behind; a fixed buffer needs one type", i, want, out[1+i])
		}
	}
	types := out[1 : 1+vars]
	if len(out) == 1+vars {
		return types, nil
	}
	trips, ok := c.trips()
	if c.Attrs.Bool("bounded") {
		trips = c.Attrs.Int("most")
	} else if !ok {
		return nil, fmt.Errorf("the loop collects outputs, and how often it runs is known only at run time: say how often at most with --max-iterations")
	}
	for _, t := range out[1+vars:] {
		types = append(types, ir.Type{DType: t.DType, Shape: slices.Concat([]int{trips}, t.Shape)})
	}
	if c.Attrs.Bool("bounded") {
		types = append(types, ir.Type{DType: tensor.Int64})
	}
	return types, nil
}

// BoundLoop lets a Loop run at most so often where it is not known how often it does. What it collects is then bounded.
func BoundLoop(n *ir.Node, most int) error {
	c, err := NewCall(n)
	if err != nil {
		return err
	}
	if _, known := c.trips(); known {
		return nil
	}
	n.Attrs["most"] = int64(most)
	if len(c.Attrs.Graph("body").Outputs) > 1+c.given()-2 {
		n.Attrs["bounded"] = int64(1)
	}
	return nil
}

// trips returns how often a loop runs, where that is known.
func (c *Call) trips() (int, bool) {
	body := c.Attrs.Graph("body")
	if c.Has(1) && (c.Const(1) == nil || c.Const(1).I64(0) == 0) {
		return 0, c.Has(1) && c.Const(1) != nil
	}
	cond := body.Outputs[0]
	for cond.Def != nil && cond.Def.Op == "Identity" {
		cond = cond.Def.Inputs[0]
	}
	stays := cond == body.Inputs[1] || cond.IsConst() && cond.Const.I64(0) != 0
	if !stays || !c.Has(0) || c.Const(0) == nil {
		return 0, false
	}
	return int(max(c.Const(0).I64(0), 0)), true
}

func evalLoop(c *Call) ([]*tensor.Tensor, error) {
	body, formals := c.Attrs.Graph("body"), c.given()
	vars, outer := slices.Clone(c.in[2:formals]), c.in[formals:]
	scans := make([][]*tensor.Tensor, len(body.Outputs)-1-len(vars))
	going := !c.Has(1) || c.X(1).I64(0) != 0
	most, count := int64(c.Attrs.Int("most")), int64(0)
	for i := int64(0); going && (!c.Has(0) || i < c.X(0).I64(0)) && (most == 0 || i < most); i++ {
		count++
		if i >= mostIterations {
			return nil, fmt.Errorf("the loop did not end after %d iterations", i)
		}
		in := slices.Concat([]*tensor.Tensor{tensor.Ints([]int64{i}), boolTensor(going)}, vars, outer)
		out, err := evalGraph(body, in)
		if err != nil {
			return nil, err
		}
		going = out[0].I64(0) != 0
		vars = out[1 : 1+len(vars)]
		for k, t := range out[1+len(vars):] {
			scans[k] = append(scans[k], t)
		}
	}
	for k, rows := range scans {
		t := body.Outputs[len(body.Outputs)-len(scans)+k].Type
		y := stack(t, rows, 0, false)
		if c.Attrs.Bool("bounded") {
			y = padded(y, slices.Concat([]int{int(most)}, t.Shape))
		}
		vars = append(vars, y)
	}
	if c.Attrs.Bool("bounded") {
		vars = append(vars, tensor.Ints([]int64{count}))
	}
	return vars, nil
}

// mostIterations ends loops that would not end by themselves.
const mostIterations = 1 << 24

func boolTensor(b bool) *tensor.Tensor {
	t := tensor.New(tensor.Bool)
	t.SetI64(0, truth(b))
	return t
}

// stack joins tensors of type t along a new axis, the last first where reversed.
func stack(t ir.Type, rows []*tensor.Tensor, axis int, reversed bool) *tensor.Tensor {
	y := tensor.New(t.DType, slices.Insert(slices.Clone(t.Shape), axis, len(rows))...)
	_, n, inner := around(y.Shape, axis)
	for i, row := range rows {
		if reversed {
			i = n - 1 - i
		}
		for k := range row.Len() {
			copyElement(y, (k/inner*n+i)*inner+k%inner, row, k)
		}
	}
	return y
}

// upgradeScan: opset 8 had lengths of sequences first, and a batch along the first axis of everything.
func upgradeScan(u *Upgrade, v int) error {
	if v > 8 {
		return nil
	}
	if u.Node.Input(0) != nil {
		return fmt.Errorf("sequence_lens is not supported in opset 8")
	}
	u.Node.Inputs = u.Node.Inputs[1:]
	u.Node.Attrs["batched"] = int64(1)
	if d, ok := u.Node.Attrs["directions"]; ok {
		u.Node.Attrs["scan_input_directions"] = d
		delete(u.Node.Attrs, "directions")
	}
	return nil
}

// scanning is a Scan's geometry.
type scanning struct {
	states, scans    int
	batch            int // 0 where there is none
	inAxes, inDirs   []int
	outAxes, outDirs []int
	steps            int
}

func newScanning(c *Call) (*scanning, error) {
	s := &scanning{scans: c.Attrs.Int("num_scan_inputs")}
	s.states = c.given() - s.scans
	if s.scans < 1 || s.states < 0 {
		return nil, fmt.Errorf("%d inputs of which %d are scanned; expected at least one", c.given(), s.scans)
	}
	if c.Attrs.Bool("batched") {
		s.batch = c.Shape(0)[0]
	}
	s.inAxes, s.inDirs = orZeros(c.Attrs.Ints("scan_input_axes"), s.scans), orZeros(c.Attrs.Ints("scan_input_directions"), s.scans)
	if len(s.inAxes) != s.scans || len(s.inDirs) != s.scans {
		return nil, fmt.Errorf("axes %v and directions %v for %d scanned inputs", s.inAxes, s.inDirs, s.scans)
	}
	for i := range s.scans {
		shape := s.shape(c, s.states+i)
		axis, err := axisOf(s.inAxes[i], len(shape))
		if err != nil || len(shape) == 0 {
			return nil, fmt.Errorf("axis %d of a scanned input of shape %v", s.inAxes[i], shape)
		}
		if s.inAxes[i] = axis; i > 0 && shape[axis] != s.steps {
			return nil, fmt.Errorf("scanned inputs have %d and %d steps", s.steps, shape[axis])
		}
		s.steps = shape[axis]
	}
	return s, nil
}

// shape returns an input's shape, the batch left out.
func (s *scanning) shape(c *Call, i int) []int {
	if s.batch > 0 {
		return c.Shape(i)[1:]
	}
	return c.Shape(i)
}

func scanFormals(c *Call) ([]ir.Type, error) {
	s, err := newScanning(c)
	if err != nil {
		return nil, err
	}
	var types []ir.Type
	for i := range s.states + s.scans {
		shape := s.shape(c, i)
		if k := i - s.states; k >= 0 {
			shape = slices.Delete(slices.Clone(shape), s.inAxes[k], s.inAxes[k]+1)
		}
		types = append(types, ir.Type{DType: c.Type(i).DType, Shape: shape})
	}
	return types, nil
}

func inferScan(c *Call) ([]ir.Type, error) {
	s, err := newScanning(c)
	if err != nil {
		return nil, err
	}
	types, err := s.outputs(c)
	if s.batch > 0 {
		for i := range types {
			types[i].Shape = slices.Concat([]int{s.batch}, types[i].Shape)
		}
	}
	return types, err
}

// outputs returns the types of the outputs, the batch left out.
func (s *scanning) outputs(c *Call) ([]ir.Type, error) {
	body := c.Attrs.Graph("body")
	types := typesOf(body.Outputs)
	if len(types) < s.states {
		return nil, fmt.Errorf("the body has %d outputs for %d states", len(types), s.states)
	}
	n := len(types) - s.states
	s.outAxes, s.outDirs = orZeros(c.Attrs.Ints("scan_output_axes"), n), orZeros(c.Attrs.Ints("scan_output_directions"), n)
	if len(s.outAxes) != n || len(s.outDirs) != n {
		return nil, fmt.Errorf("axes %v and directions %v for %d scanned outputs", s.outAxes, s.outDirs, n)
	}
	for i := range types {
		if i < s.states {
			if want := body.Inputs[i].Type; !types[i].Equal(want) {
				return nil, fmt.Errorf("state %d is %s before a step and %s behind; a fixed buffer needs one type", i, want, types[i])
			}
			continue
		}
		axis, err := axisOf(s.outAxes[i-s.states], len(types[i].Shape)+1)
		if err != nil {
			return nil, err
		}
		s.outAxes[i-s.states] = axis
		types[i].Shape = slices.Insert(slices.Clone(types[i].Shape), axis, s.steps)
	}
	return types, nil
}

func evalScan(c *Call) ([]*tensor.Tensor, error) {
	s, err := newScanning(c)
	if err != nil {
		return nil, err
	}
	types, err := s.outputs(c)
	if err != nil {
		return nil, err
	}
	n := c.given()
	if s.batch == 0 {
		return s.run(c.Attrs.Graph("body"), c.in[:n], c.in[n:])
	}
	rows := make([][]*tensor.Tensor, len(types))
	for b := range s.batch {
		in := make([]*tensor.Tensor, n)
		for i := range in {
			in[i] = rowOf(c.in[i], 0, b)
		}
		out, err := s.run(c.Attrs.Graph("body"), in, c.in[n:])
		if err != nil {
			return nil, err
		}
		for i, t := range out {
			rows[i] = append(rows[i], t)
		}
	}
	out := make([]*tensor.Tensor, len(types))
	for i, t := range types {
		out[i] = stack(t, rows[i], 0, false)
	}
	return out, nil
}

// rowOf returns element i along an axis, without that axis.
func rowOf(x *tensor.Tensor, axis, i int) *tensor.Tensor {
	strides := stridesOf(x.Shape)
	from := i * strides[axis]
	shape := slices.Delete(slices.Clone(x.Shape), axis, axis+1)
	return gatherStrided(x, shape, slices.Delete(strides, axis, axis+1), from)
}

func (s *scanning) run(body *ir.Graph, in, outer []*tensor.Tensor) ([]*tensor.Tensor, error) {
	states := slices.Clone(in[:s.states])
	scans := make([][]*tensor.Tensor, len(body.Outputs)-s.states)
	for t := range s.steps {
		args := slices.Clone(states)
		for k, x := range in[s.states:] {
			at := t
			if s.inDirs[k] != 0 {
				at = s.steps - 1 - t
			}
			args = append(args, rowOf(x, s.inAxes[k], at))
		}
		out, err := evalGraph(body, append(args, outer...))
		if err != nil {
			return nil, err
		}
		states = out[:s.states]
		for k, y := range out[s.states:] {
			scans[k] = append(scans[k], y)
		}
	}
	result := slices.Clone(states)
	for k, rows := range scans {
		result = append(result, stack(body.Outputs[s.states+k].Type, rows, s.outAxes[k], s.outDirs[k] != 0))
	}
	return result, nil
}

// flexFormals are the scores, or the probabilities, of FlexAttention.
func flexFormals(c *Call) ([]ir.Type, error) {
	q, k := c.Shape(0), c.Shape(1)
	if len(q) != 4 || len(k) != 4 {
		return nil, fmt.Errorf("Q has shape %v and K %v; expected four dimensions each", q, k)
	}
	return typed(c.flexType(), q[0], q[1], q[2], k[2]), nil
}
