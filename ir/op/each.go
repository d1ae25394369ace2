package op

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// The kernels of elementwise functions on any element types; those of float32 alone are in pointwise.go, as fusing knows them.
var eachDefs = []*Def{
	{Name: "each1", In: Args("x0"), Out: Args("y"), Eval: evalEachKernel},
	{Name: "each2", In: Args("x0", "x1"), Out: Args("y"), Eval: evalEachKernel},
	{Name: "each3", In: Args("x0", "x1", "x2"), Out: Args("y"), Eval: evalEachKernel},
}

// element is an elementwise function made ready for the types of its operands: on floats where one of them is a float, on integers
// otherwise.
type element struct {
	float func(a []float64) float64
	ints  func(d tensor.DType, a []int64) int64
	args  []float64    // attributes, behind the operands
	d     tensor.DType // of the first operand
}

func newElement(name string, x []*tensor.Tensor, args []float64) (*element, error) {
	e := &element{args: args, d: x[0].DType}
	for _, t := range x {
		if t.DType.IsFloat() {
			f := scalar(name)
			if f == nil {
				return nil, fmt.Errorf("%s is not defined on floats", name)
			}
			e.float = f.eval
			return e, nil
		}
	}
	f := integer(name)
	if f == nil {
		return nil, fmt.Errorf("%s is not defined on integers", name)
	}
	e.ints = f.eval
	return e, nil
}

// set computes element i of y from elements at of the operands.
func (e *element) set(y *tensor.Tensor, i int, x []*tensor.Tensor, at []int) {
	if e.float != nil {
		a := make([]float64, len(x), len(x)+len(e.args))
		for k, t := range x {
			a[k] = t.F64(at[k])
		}
		y.SetF64(i, e.float(append(a, e.args...)))
		return
	}
	a := make([]int64, len(x))
	for k, t := range x {
		a[k] = t.I64(at[k])
	}
	y.SetI64(i, e.ints(e.d, a))
}

// evalEach is the meaning of elementwise operators, with NumPy's broadcasting.
func evalEach(c *Call) ([]*tensor.Tensor, error) {
	types, err := c.Def.Infer(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(types[0].DType, types[0].Shape...)
	return one(y), c.eachOf(c.Def.Name, y, c.operandsOf(y.DType))
}

// eachOf applies a function to every element of operands that broadcast to y.
func (c *Call) eachOf(name string, y *tensor.Tensor, x []*tensor.Tensor) error {
	name = funcName(name, c.Attrs)
	e, err := newElement(name, x, c.attrArgs(scalar(name)))
	if err != nil {
		return err
	}
	strides := make([][]int, len(x))
	for k, t := range x {
		strides[k] = broadcastStrides(t.Shape, y.Shape)
	}
	i := 0
	walk(y.Shape, func(at []int) { e.set(y, i, x, at); i++ }, strides...)
	return nil
}

// operandsOf returns the inputs; the bounds that a Clip leaves out are those of the type.
func (c *Call) operandsOf(d tensor.DType) []*tensor.Tensor {
	x := make([]*tensor.Tensor, len(c.in))
	copy(x, c.in)
	if c.Def.Name != "Clip" {
		return x
	}
	lo, hi := limitsOf(d)
	for i, bound := range []*tensor.Tensor{nil, lo, hi} {
		if i >= len(x) {
			x = append(x, bound)
		} else if x[i] == nil {
			x[i] = bound
		}
	}
	return x
}

// limitsOf returns the least and the greatest value of a type: of floats, infinities.
func limitsOf(d tensor.DType) (lo, hi *tensor.Tensor) {
	lo, hi = tensor.New(d), tensor.New(d)
	switch {
	case d.IsFloat():
		lo.SetF64(0, math.Inf(-1))
		hi.SetF64(0, math.Inf(1))
	case d.IsSigned():
		lo.SetI64(0, -1<<(d.Bits()-1))
		hi.SetI64(0, 1<<(d.Bits()-1)-1)
	default:
		hi.SetI64(0, -1)
	}
	return lo, hi
}

func evalEachKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.in, c.newOut(0)
	if c.Attrs.String("fn") == "BitCast" {
		y, err := bitCast(x[0], y.DType)
		return one(y), err
	}
	var args []float64
	for _, a := range c.Attrs.Floats("args") {
		args = append(args, float64(a))
	}
	set := func(i int, at []int) { castElement(y, i, x[0], at[0], castingOf(c.Attrs)) }
	if name := c.Attrs.String("fn"); name != "Cast" {
		e, err := newElement(name, x, args)
		if err != nil {
			return nil, err
		}
		set = func(i int, at []int) { e.set(y, i, x, at) }
	}
	strides := make([][]int, len(x))
	for k := range x {
		strides[k] = six(c.Attrs, string(rune('A'+k)))
	}
	i := 0
	walk(six(c.Attrs, "D"), func(at []int) { set(i, at); i++ }, strides...)
	return one(y), nil
}

// lowerEach makes an elementwise operator of any types one kernel.
func lowerEach(l *Lowering) error {
	in := l.Node.Inputs
	if l.Def.Name == "Clip" {
		in = l.clipOperands()
	}
	return l.each(funcName(l.Def.Name, l.Attrs), in)
}

func (l *Lowering) clipOperands() []*ir.Value {
	lo, hi := limitsOf(l.Type(0).DType)
	in := []*ir.Value{l.In(0), l.In(1), l.In(2)}
	if in[1] == nil {
		in[1] = l.Constant("min", lo)
	}
	if in[2] == nil {
		in[2] = l.Constant("max", hi)
	}
	return in
}

// each emits the kernel of a function of the operands in, which broadcast to output 0.
func (l *Lowering) each(name string, in []*ir.Value) error {
	f := scalar(name)
	var args []float32
	for _, v := range l.attrArgs(f) {
		args = append(args, float32(v))
	}
	types := make([]tensor.DType, len(in))
	for i, v := range in {
		types[i] = v.Type.DType
		if l.Def.Moves {
			types[i] = storageType(types[i])
		}
	}
	expr, err := elementC(name, types, l.Out(0).DType, args)
	if err != nil {
		return err
	}
	attrs := ir.Attrs{"fn": name}
	if len(args) > 0 {
		attrs["args"] = args
	}
	return l.eachKernel(attrs, expr, in)
}

// eachKernel emits the kernel of an expression over v0, v1 … to output 0.
func (l *Lowering) eachKernel(attrs ir.Attrs, expr string, in []*ir.Value) error {
	strides, vars := make([][]int, len(in)), make([]string, len(in))
	for k, v := range in {
		strides[k], vars[k] = broadcastStrides(v.Type.Shape, l.Out(0).Shape), "v"+strconv.Itoa(k)
		attrs[fmt.Sprintf("X%dT", k)] = v.Type.DType.C()
	}
	dims, strides := joinDims(l.Out(0).Shape, strides...)
	if len(dims) > 6 {
		return fmt.Errorf("%s of shape %v walks through more than 6 dimensions, which is not available in C", l.Def.Name, l.Out(0).Shape)
	}
	attrs["YT"] = l.Out(0).DType.C()
	setSix(attrs, "D", dims, 1)
	for k, s := range strides {
		setSix(attrs, string(rune('A'+k)), s, 0)
	}
	attrs["EXPR("+strings.Join(vars, ", ")+")"] = expr
	l.Replace(fmt.Sprintf("each%d", len(in)), attrs, in...)
	return nil
}

// setSix sets attributes P0 … P5 to a list of at most six, filled up in front.
func setSix(a ir.Attrs, prefix string, v []int, fill int) {
	for i := range 6 {
		x := fill
		if j := i - 6 + len(v); j >= 0 {
			x = v[j]
		}
		a[prefix+strconv.Itoa(i)] = int64(x)
	}
}

// storageType is the integer type in which a narrow float is stored; every other type is its own.
func storageType(d tensor.DType) tensor.DType {
	switch {
	case !d.IsFloat() || d.Bits() >= 32:
		return d
	case d.Size() == 2:
		return tensor.Uint16
	}
	return tensor.Uint8
}

var floatCall = regexp.MustCompile(`\bdg_(\w+)f\(`)

// elementC returns the C of a function over v0, v1 … of the given types.
func elementC(name string, in []tensor.DType, out tensor.DType, args []float32) (string, error) {
	wide := tensor.Invalid // the float type that is computed in
	for _, d := range in {
		switch {
		case d.IsFloat() && d.Bits() < 32:
			return "", fmt.Errorf("%s on %s is not available in C", name, d)
		case d.IsFloat():
			wide = max(wide, d) // float64 stands behind float32
		}
	}
	if wide == tensor.Invalid {
		return integerC(name, in, out)
	}
	f := scalar(name)
	if f == nil {
		return "", fmt.Errorf("%s is not defined on %s", name, wide)
	}
	expr := f.c
	if wide == tensor.Float64 {
		expr = doubleC(expr)
	}
	for i := f.arity - 1; i >= 0; i-- {
		expr = strings.ReplaceAll(expr, "$"+strconv.Itoa(i), operandC(i, in, wide, args))
	}
	if !out.IsFloat() {
		expr = fmt.Sprintf("((%s)(%s))", out.C(), expr)
	}
	return expr, nil
}

// operandC returns argument i of a function of floats: an operand, cast where it is an integer of a value, or an attribute.
func operandC(i int, in []tensor.DType, wide tensor.DType, args []float32) string {
	switch {
	case i >= len(in):
		return cFloat(args[i-len(in)])
	case in[i] == wide || in[i] == tensor.Bool:
		return "v" + strconv.Itoa(i)
	}
	return fmt.Sprintf("((%s)v%d)", wide.C(), i)
}

func integerC(name string, in []tensor.DType, out tensor.DType) (string, error) {
	f, d := integer(name), in[0]
	if f == nil {
		return "", fmt.Errorf("%s is not defined on %s", name, d)
	}
	if d.IsInt() && d.Bits() < 8 && out != tensor.Bool {
		return "", fmt.Errorf("%s on %s is not available in C", name, d)
	}
	w := widthOf(d)
	expr := strings.NewReplacer("$U", w.unsigned, "$B", strconv.Itoa(d.Bits()), "$0", "v0", "$1", "v1", "$2", "v2").Replace(w.replace(f.c, ""))
	return fmt.Sprintf("((%s)(%s))", out.C(), expr), nil
}

// doubleC returns float32 C on double. Literals stay float: attributes are.
func doubleC(expr string) string {
	return floatCall.ReplaceAllString(expr, "dg_$1(")
}

// width says how integers of a type are computed with in C: in at least 32 bits.
type width struct{ suffix, own, unsigned string }

func widthOf(d tensor.DType) width {
	bits := "32"
	if d.Bits() == 64 {
		bits = "64"
	}
	w := width{"u" + bits, "uint" + bits + "_t", "uint" + bits + "_t"}
	if d.IsSigned() {
		w.suffix, w.own = "i"+bits, "int"+bits+"_t"
	}
	return w
}

// replace fills in the suffix of dg_int.h's functions, and the type of an accumulator.
func (w width) replace(expr, accumulator string) string {
	return strings.NewReplacer("$W", w.suffix, "$A", accumulator).Replace(expr)
}

// intLiteral returns a constant of an integer type.
func intLiteral(v int64, d tensor.DType) string {
	switch {
	case d == tensor.Uint64:
		return fmt.Sprintf("UINT64_C(%d)", uint64(v))
	case v == math.MinInt64:
		return "INT64_MIN"
	case d == tensor.Int64:
		return fmt.Sprintf("INT64_C(%d)", v)
	case v == math.MinInt32:
		return "INT32_MIN"
	case d == tensor.Uint32:
		return fmt.Sprintf("UINT32_C(%d)", v)
	}
	return strconv.FormatInt(v, 10)
}
