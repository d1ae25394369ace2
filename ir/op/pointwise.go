package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Elementwise operators: a row of scalarFuncs each, with the opset versions that changed them.
var pointwiseDefs = elementwise(map[string][]int{
	"Abs": {6, 13}, "Acos": {7, 22}, "Acosh": {9, 22}, "Asin": {7, 22}, "Asinh": {9, 22}, "Atan": {7, 22}, "Atanh": {9, 22},
	"Ceil": {6, 13}, "Celu": {12, 28}, "Cos": {7, 22}, "Cosh": {9, 22}, "Elu": {6, 22}, "Erf": {9, 13}, "Exp": {6, 13}, "Floor": {6, 13},
	"HardSigmoid": {6, 22}, "HardSwish": {14, 22}, "LeakyRelu": {6, 16}, "Log": {6, 13}, "Mish": {18, 22}, "Neg": {6, 13},
	"Reciprocal": {6, 13}, "Relu": {6, 13, 14}, "Round": {11, 22}, "Selu": {6, 22}, "Shrink": {9}, "Sigmoid": {6, 13}, "Sign": {9, 13},
	"Sin": {7, 22}, "Sinh": {9, 22}, "Softplus": {1, 22}, "Softsign": {1, 22}, "Sqrt": {6, 13}, "Swish": {24}, "Tan": {7, 22},
	"Tanh": {6, 13}, "ThresholdedRelu": {10, 22}, "Gelu": {20},
	"Add": {7, 13, 14}, "Sub": {7, 13, 14}, "Mul": {7, 13, 14}, "Div": {7, 13, 14}, "Pow": {7, 12, 13, 15}, "PRelu": {7, 9, 16}, "Mod": {10, 13, 28},
})

// chosenBy are attributes that choose between functions; funcName reads them.
var chosenBy = map[string][]Attr{"Mod": {Int("fmod", 0)}, "Gelu": {Str("approximate", "none")}}

func elementwise(since map[string][]int) []*Def {
	var defs []*Def
	for i := range scalarFuncs {
		f := &scalarFuncs[i]
		versions, ok := since[f.name]
		if !ok {
			continue
		}
		d := &Def{Name: f.name, Since: versions, Attrs: slices.Concat(f.attrs, chosenBy[f.name]), Out: Args("Y"), Lower: lowerPointwise}
		if f.arity-len(f.attrs) == 2 {
			d.In, d.Infer, d.Eval = Args("A", "B"), inferBinary, evalEach
		} else {
			d.In, d.Infer, d.Eval = Args("X"), sameAsInput, evalEach
		}
		defs = append(defs, d)
	}
	return defs
}

// Max, Min, Sum and Mean take any number of operands; Clip takes optional bounds.
var variadicDefs = []*Def{
	{Name: "Max", Since: []int{6, 8, 12, 13}, In: Args("data..."), Out: Args("max"), Infer: inferVariadic, Eval: evalVariadic, Lower: lowerVariadic},
	{Name: "Min", Since: []int{6, 8, 12, 13}, In: Args("data..."), Out: Args("min"), Infer: inferVariadic, Eval: evalVariadic, Lower: lowerVariadic},
	{Name: "Sum", Since: []int{6, 8, 13}, In: Args("data..."), Out: Args("sum"), Infer: inferVariadic, Eval: evalVariadic, Lower: lowerVariadic},
	{Name: "Mean", Since: []int{6, 8, 13}, In: Args("data..."), Out: Args("mean"), Infer: inferVariadic, Eval: evalVariadic, Lower: lowerVariadic},
	{Name: "Clip", Since: []int{6, 11, 12, 13}, In: Args("input", "min?", "max?"), Out: Args("output"),
		Upgrade: upgradeClip, Infer: sameAsInput, Eval: evalEach, Lower: lowerPointwise},
}

func inferBinary(c *Call) ([]ir.Type, error) {
	a, b := c.Type(0), c.Type(1)
	if a.DType != b.DType && c.Def.Name != "Pow" {
		return nil, fmt.Errorf("operands are %s and %s; they must have one element type", a.DType, b.DType)
	}
	shape, err := broadcast(a.Shape, b.Shape)
	return typed(a.DType, shape...), err
}

func inferVariadic(c *Call) ([]ir.Type, error) {
	shape := c.Shape(0)
	for i := 1; i < c.N(); i++ {
		var err error
		if shape, err = broadcast(shape, c.Shape(i)); err != nil {
			return nil, err
		}
		if c.Type(i).DType != c.Type(0).DType {
			return nil, fmt.Errorf("operands are %s and %s; they must have one element type", c.Type(0).DType, c.Type(i).DType)
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

// attrArgs returns the values of the function's attributes, its last arguments. f may be nil.
func (c *Call) attrArgs(f *scalarFunc) []float64 {
	if f == nil || len(f.attrs) == 0 {
		return nil
	}
	args := make([]float64, len(f.attrs))
	for i, a := range f.attrs {
		args[i] = float64(c.Attrs.Float(a.Name))
		if _, ok := a.Kind.(int64); ok {
			args[i] = float64(c.Attrs.Int(a.Name))
		}
	}
	return args
}

// combine applies a binary function to two tensors by NumPy's broadcasting.
func (c *Call) combine(name string, a, b *tensor.Tensor) (*tensor.Tensor, error) {
	shape, err := broadcast(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	y := tensor.New(a.DType, shape...)
	return y, c.eachOf(name, y, []*tensor.Tensor{a, b})
}

func evalVariadic(c *Call) ([]*tensor.Tensor, error) {
	name := map[string]string{"Max": "Max", "Min": "Min", "Sum": "Add", "Mean": "Add"}[c.Def.Name]
	y := c.X(0).Clone()
	for i := 1; i < c.N(); i++ {
		var err error
		if y, err = c.combine(name, y, c.X(i)); err != nil {
			return nil, err
		}
	}
	if c.Def.Name == "Mean" {
		for i := range y.Len() {
			y.SetF64(i, y.F64(i)/float64(c.N()))
		}
	}
	return one(y), nil
}

func lowerVariadic(l *Lowering) error {
	name := map[string]string{"Max": "Max", "Min": "Min", "Sum": "Add", "Mean": "Add"}[l.Def.Name]
	if l.N() == 2 && name == l.Def.Name {
		return lowerPointwise(l)
	}
	y := l.In(0)
	for i := 1; i < l.N(); i++ {
		shape, err := broadcast(y.Type.Shape, l.Shape(i))
		if err != nil {
			return err
		}
		y = l.Emit(name, nil, ir.Type{DType: l.Out(0).DType, Shape: shape}, y, l.In(i))
	}
	if l.Def.Name != "Mean" {
		l.Replace("Identity", nil, y)
		return nil
	}
	n := tensor.New(l.Out(0).DType)
	n.SetF64(0, float64(l.N()))
	l.Replace("Div", nil, y, l.Constant("n", n))
	return nil
}

// upgradeClip moves the bounds of opset 6 from attributes to inputs.
func upgradeClip(u *Upgrade, v int) error {
	if v >= 11 {
		return nil
	}
	for i, name := range []string{"min", "max"} {
		if u.Node.Attrs.Has(name) {
			u.SetInput(i+1, name, tensor.Floats([]float32{u.Node.Attrs.Float(name)}))
			delete(u.Node.Attrs, name)
		}
	}
	return nil
}

// lowerPointwise turns an elementwise operator on float32 into a map over values of one shape, or a broadcasting kernel; other
// types and shapes have kernels of their own, which nothing is fused with.
func lowerPointwise(l *Lowering) error {
	expr, ok := ExprOf(l.Node)
	if !ok {
		return lowerEach(l)
	}
	used, renamed := operands(l.Node, expr)
	if sameLen(used, l.Out(0).Len()) && len(used) > 0 {
		return lowerMap(l, used, renamed)
	}
	constant := !slices.ContainsFunc(used, func(v *ir.Value) bool { return !v.IsConst() })
	if constant || len(used) > 2 || lowerBroadcast(l, used, renamed) != nil {
		return lowerEach(l)
	}
	return nil
}

// operands returns the inputs that an expression reads, and the expression over v0, v1 … for just those.
func operands(n *ir.Node, expr string) ([]*ir.Value, string) {
	var used []*ir.Value
	for i, v := range n.Inputs {
		name := fmt.Sprintf("v%d", i)
		if to := fmt.Sprintf("v%d", len(used)); Subst(expr, name, "0") != expr {
			expr = Subst(expr, name, to)
			used = append(used, v)
		}
	}
	return used, expr
}

func sameLen(vs []*ir.Value, n int) bool {
	for _, v := range vs {
		if v.Type.Len() != n || v.IsConst() {
			return false
		}
	}
	return true
}

// maxMapInputs is the number of run-time operands that the map kernels take at most.
const maxMapInputs = 3

func lowerMap(l *Lowering, in []*ir.Value, expr string) error {
	l.Replace(fmt.Sprintf("map%d_f32", len(in)), ir.Attrs{"N": int64(l.Out(0).Len()), "expr": expr}, in...)
	return nil
}

// lowerBroadcast emits the kernel for two operands of different shapes; a constant operand is read where it lies, in flash.
func lowerBroadcast(l *Lowering, in []*ir.Value, expr string) error {
	if len(in) == 1 {
		in = append(in, l.Constant("zero", tensor.Floats([]float32{0})))
	}
	kernel := "broadcast_f32"
	if in[0].IsConst() {
		in[0], in[1] = in[1], in[0]
		expr = Subst(Subst(Subst(expr, "v0", "vt"), "v1", "v0"), "vt", "v1")
	}
	if in[1].IsConst() {
		kernel = "broadcastc_f32"
	}
	attrs, err := broadcastAttrs(l.Out(0).Shape, in[0].Type.Shape, in[1].Type.Shape)
	if err != nil {
		return err
	}
	attrs["expr"] = expr
	l.Replace(kernel, attrs, in...)
	return nil
}

// broadcastAttrs returns the constants of a broadcasting kernel: sizes D0 … D3 of the output, strides A… and B… of the operands.
func broadcastAttrs(out, a, b []int) (ir.Attrs, error) {
	dims, sa, sb := mergeDims(out, broadcastStrides(a, out), broadcastStrides(b, out))
	if len(dims) > 4 {
		return nil, fmt.Errorf("shapes %v and %v broadcast in more than 4 dimensions", a, b)
	}
	attrs := ir.Attrs{}
	for i := range 4 {
		d, x, y := 1, 0, 0
		if k := i - 4 + len(dims); k >= 0 {
			d, x, y = dims[k], sa[k], sb[k]
		}
		attrs[fmt.Sprintf("D%d", i)] = int64(d)
		attrs[fmt.Sprintf("A%d", i)] = int64(x)
		attrs[fmt.Sprintf("B%d", i)] = int64(y)
	}
	return attrs, nil
}

// mergeDims joins neighbouring dimensions that both operands walk through evenly, and drops those of size 1.
func mergeDims(out, a, b []int) (dims, sa, sb []int) {
	dims, s := joinDims(out, a, b)
	return dims, s[0], s[1]
}

// joinDims is mergeDims for any number of operands.
func joinDims(out []int, strides ...[]int) (dims []int, joined [][]int) {
	joined = make([][]int, len(strides))
	for i, d := range out {
		if d == 1 {
			continue
		}
		k := len(dims) - 1
		even := k >= 0
		for j, s := range strides {
			even = even && joined[j][k] == s[i]*d
		}
		if even {
			dims[k] *= d
		} else {
			dims, k = append(dims, d), k+1
		}
		for j, s := range strides {
			joined[j] = append(joined[j][:k], s[i])
		}
	}
	return dims, joined
}

// The kernels of elementwise functions.
var mapDefs = []*Def{
	{Name: "map1_f32", In: Args("x0"), Out: Args("y"), Eval: evalMap, InPlace: []int{0}, Elementwise: true},
	{Name: "map2_f32", In: Args("x0", "x1"), Out: Args("y"), Eval: evalMap, InPlace: []int{0, 1}, Elementwise: true},
	{Name: "map3_f32", In: Args("x0", "x1", "x2"), Out: Args("y"), Eval: evalMap, InPlace: []int{0, 1, 2}, Elementwise: true},
	{Name: "broadcast_f32", In: Args("x0", "x1"), Out: Args("y"), Eval: evalBroadcast},
	{Name: "broadcastc_f32", In: Args("x0", "x1"), Out: Args("y"), Eval: evalBroadcast, Computed: "broadcast_f32"},
}

func evalMap(c *Call) ([]*tensor.Tensor, error) {
	e, err := ParseExpr(c.Attrs.String("expr"))
	if err != nil {
		return nil, err
	}
	y := c.newOut(0)
	for i := range y.Len() {
		y.SetF64(i, float64(e.Eval(func(name string) float32 { return float32(c.X(int(name[1] - '0')).F64(i)) })))
	}
	return one(y), nil
}

func evalBroadcast(c *Call) ([]*tensor.Tensor, error) {
	e, err := ParseExpr(c.Attrs.String("expr"))
	if err != nil {
		return nil, err
	}
	read := func(prefix string) []int {
		out := make([]int, 4)
		for i := range out {
			out[i] = c.Attrs.Int(fmt.Sprintf("%s%d", prefix, i))
		}
		return out
	}
	y, i := c.newOut(0), 0
	walk(read("D"), func(at []int) {
		y.SetF64(i, float64(e.Eval(func(name string) float32 {
			k := int(name[1] - '0')
			return float32(c.X(k).F64(at[k]))
		})))
		i++
	}, read("A"), read("B"))
	return one(y), nil
}

// roundEven is ONNX's rounding: to nearest, ties to even.
func roundEven(v float64) float64 { return math.RoundToEven(v) }
