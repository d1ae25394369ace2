package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Dynamic quantization: DynamicQuantizeLinear (opset 11) chooses the scale of an activation at run time; MatMulInteger and ConvInteger
// (opset 10) give the sums of products as they are, in 32 bits.
var dynamicDefs = []*Def{
	{Name: "DynamicQuantizeLinear", Since: []int{11}, In: Args("x"), Out: Args("y", "y_scale", "y_zero_point"), Infer: inferDynamicQuantize, Eval: evalDynamicQuantize, Lower: lowerDynamicQuantize},
	{Name: "MatMulInteger", Since: []int{10}, In: Args("A", "B", "a_zero_point?", "b_zero_point?"), Out: Args("Y"), Infer: inferMatMulInteger, Eval: evalMatMulInteger, Lower: lowerMatMulInteger},
	{Name: "ConvInteger", Since: []int{10}, In: Args("x", "w", "x_zero_point?", "w_zero_point?"), Out: Args("y"), Attrs: append([]Attr{Int("group", 1)}, windowAttrs...),
		Infer: inferConvInteger, Eval: evalConvInteger, Lower: lowerConvInteger, Spatial: true},
	// ScaledSums, deepgo's own, is Mul(Cast(x), Mul(x_scale, w_scale)) + b: the sums of one of the above as floats. channels_last is for matrices.
	{Name: "ScaledSums", In: Args("x", "x_scale", "w_scale", "b"), Out: Args("y"), Attrs: []Attr{Int("channels_last", 0)}, Infer: inferScaledSums, Eval: evalScaledSums, Lower: lowerScaledSums, Spatial: true},
	{Name: "sums_f32", In: Args("x", "xs", "ws", "b"), Out: Args("y"), Eval: evalSumsKernel, InPlace: []int{0}, Post: "POST(v)"},
	{Name: "dynquantize_f32", In: Args("x"), Out: Args("y", "scale", "zero"), Eval: evalDynamicQuantize},
	{Name: "fcint_s8", In: Args("x", "xz", "w"), Out: Args("y"), Eval: evalFCInt},
	{Name: "matmulint_s8", In: Args("a", "az", "b", "bz"), Out: Args("y"), Eval: evalMatMulInt},
	{Name: "convint2d_s8", In: Args("x", "xz", "w"), Out: Args("y"), Eval: evalConvInt},
	{Name: "dwconvint2d_s8", In: Args("x", "xz", "w"), Out: Args("y"), Eval: evalDWConvInt},
}

func inferDynamicQuantize(c *Call) ([]ir.Type, error) {
	if c.Type(0).DType != tensor.Float32 {
		return nil, fmt.Errorf("x is %s; expected f32", c.Type(0).DType)
	}
	return []ir.Type{{DType: tensor.Uint8, Shape: c.Shape(0)}, {DType: tensor.Float32}, {DType: tensor.Uint8}}, nil
}

// evalDynamicQuantize computes in float32 throughout. Where all is zero the scale is 1, as in ONNX Runtime.
func evalDynamicQuantize(c *Call) ([]*tensor.Tensor, error) {
	x := c.X(0)
	lo, hi := float32(0), float32(0)
	for i := range x.Len() {
		v := float32(x.F64(i))
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	scale := (hi - lo) / 255
	if scale == 0 {
		scale = 1
	}
	zero := quantize(-lo, scale, 0, tensor.Uint8)
	y, ys, yz := tensor.New(tensor.Uint8, x.Shape...), tensor.New(tensor.Float32), tensor.New(tensor.Uint8)
	ys.SetF64(0, float64(scale))
	yz.SetI64(0, zero)
	for i := range x.Len() {
		y.SetI64(i, quantize(float32(x.F64(i)), scale, zero, tensor.Uint8))
	}
	return []*tensor.Tensor{y, ys, yz}, nil
}

func lowerDynamicQuantize(l *Lowering) error {
	x := l.In(0)
	if x.IsConst() {
		x = l.load(x)
	}
	outs := slices.Clone(l.Node.Outputs)
	types, err := inferDynamicQuantize(l.Call)
	if err != nil {
		return err
	}
	for i, t := range types {
		if i == len(outs) {
			outs = append(outs, nil)
		}
		if outs[i] == nil {
			outs[i] = l.NewValue(l.Def.Name, t)
		}
	}
	l.EmitTo(outs, "dynquantize_f32", ir.Attrs{"N": int64(l.Type(0).Len())}, x)
	return nil
}

// integerSum bounds a sum of k products of such types, each less a zero point of its type; it fails where 32 bits could overflow.
func integerSum(a, b tensor.DType, k int) error {
	if a.Bits() != 8 || b.Bits() > 8 {
		return fmt.Errorf("operands are %s and %s; expected 8 bits", a, b)
	}
	if most := int64(k) * 255 * 255; most > math.MaxInt32 {
		return fmt.Errorf("sums of %d products could reach %d, which overflows int32", k, most)
	}
	return nil
}

func inferMatMulInteger(c *Call) ([]ir.Type, error) {
	s, err := newMatMul(c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	for i := range 2 {
		if err := checkZeroPoint(c, i); err != nil {
			return nil, err
		}
	}
	return typed(tensor.Int32, s.out...), nil
}

// checkZeroPoint checks the zero point of operand i of a MatMulInteger: one, one per row of A or column of B, or one of those per matrix.
func checkZeroPoint(c *Call, i int) error {
	if !c.Has(2 + i) {
		return nil
	}
	z, x := c.Shape(2+i), c.Shape(i)
	_, fits := zeroStrides(z, x, i)
	if !fits || c.Type(2+i).DType != c.Type(i).DType {
		return fmt.Errorf("%s has type %s for an operand of type %s; expected one element, or one per %s", c.Def.In[2+i].Name, c.Type(2+i), c.Type(i), []string{"row", "column"}[i])
	}
	return nil
}

// zeroStrides broadcasts a zero point to its operand, the i-th: a vector goes along the rows of A, the columns of B.
func zeroStrides(z, x []int, i int) (strides []int, ok bool) {
	if tensor.Len(z) == 1 {
		return make([]int, len(x)), true
	}
	if len(z) == 1 && i == 0 {
		z = []int{z[0], 1}
	}
	s, err := broadcast(z, x)
	if err != nil || !slices.Equal(s, x) {
		return nil, false
	}
	return broadcastStrides(z, x), true
}

// lessZero returns an operand of a MatMulInteger less its zero point.
func (c *Call) lessZero(i int) *tensor.Tensor {
	x, z := c.X(i), c.X(2+i)
	out, at := tensor.New(tensor.Int64, x.Shape...), 0
	strides, _ := zeroStrides(shapeOf(z), x.Shape, i)
	walk(x.Shape, func(offset []int) {
		out.SetI64(at, x.I64(at)-zeroAt(z, offset[0]))
		at++
	}, strides)
	return out
}

func shapeOf(t *tensor.Tensor) []int {
	if t == nil {
		return nil
	}
	return t.Shape
}

func evalMatMulInteger(c *Call) ([]*tensor.Tensor, error) {
	s, err := newMatMul(c.X(0).Shape, c.X(1).Shape)
	if err != nil {
		return nil, err
	}
	a, b, y := c.lessZero(0).Int64s(), c.lessZero(1).Int64s(), tensor.New(tensor.Int32, s.out...)
	s.each(func(i, row, col int) {
		acc := int64(0)
		for p := range s.k {
			acc += a[row+p] * b[col+p*s.n]
		}
		y.SetI64(i, acc)
	})
	return one(y), nil
}

// lowerMatMulInteger: constant weights make fcint_s8, which has them less their zero points.
func lowerMatMulInteger(l *Lowering) error {
	s, err := newMatMul(l.Shape(0), l.Shape(1))
	if err != nil {
		return err
	}
	if err := integerSum(l.Type(0).DType, l.Type(1).DType, s.k); err != nil {
		return err
	}
	az, perRow, err := l.runtimeZero(2, s.m)
	if err != nil {
		return err
	}
	if l.Const(1) != nil && len(l.Shape(1)) == 2 && l.Const(0) == nil && (!l.Has(3) || l.Const(3) != nil) && (perRow == 0 || l.Type(0).Len() == s.m*s.k) {
		w := narrowest(l.lessZero(1))
		w = gatherStrided(w, []int{s.n, s.k}, []int{1, s.n}, 0)
		attrs := ir.Attrs{"M": int64(l.Type(0).Len() / s.k), "K": int64(s.k), "NO": int64(s.n), "ZS": int64(perRow), "XT": l.Type(0).DType.C(), "WT": w.DType.C()}
		l.Replace("fcint_s8", attrs, l.In(0), az, l.Constant("w", w))
		return nil
	}
	bz, perColumn, err := l.runtimeZero(3, s.n)
	if err != nil {
		return err
	}
	dims, as, bs := mergeDims(s.batch, s.as, s.bs)
	if len(dims) > 1 {
		return fmt.Errorf("MatMulInteger of shapes %v and %v broadcasts in more than one dimension, which is not available in C", l.Shape(0), l.Shape(1))
	}
	attrs := ir.Attrs{"M": int64(s.m), "K": int64(s.k), "NO": int64(s.n), "BATCH": int64(1), "AB": int64(0), "BB": int64(0), "AZS": int64(perRow), "BZS": int64(perColumn),
		"AT": l.Type(0).DType.C(), "BT": l.Type(1).DType.C()}
	if len(dims) == 1 {
		attrs["BATCH"], attrs["AB"], attrs["BB"] = int64(dims[0]), int64(as[0]), int64(bs[0])
	}
	l.Replace("matmulint_s8", attrs, l.inRAM(l.In(0)), az, l.inRAM(l.In(1)), bz)
	return nil
}

// inRAM is v, or a copy where it is a constant.
func (l *Lowering) inRAM(v *ir.Value) *ir.Value {
	if v.IsConst() {
		return l.load(v)
	}
	return v
}

// runtimeZero returns a zero point as a value at run time, and the step from one of n rows or columns to the next: 0 where they share it.
func (l *Lowering) runtimeZero(i, n int) (*ir.Value, int, error) {
	if !l.Has(i) {
		return l.load(l.Constant("zero", tensor.New(l.Type(i-2).DType, 1))), 0, nil
	}
	along := l.alongColumns
	if i == 2 {
		along = l.alongRows
	}
	k, err := along(i, n)
	return l.inRAM(l.In(i)), int(truth(k > 1)), err
}

// narrowest returns weights as int8 where they fit, as int16 otherwise.
func narrowest(w *tensor.Tensor) *tensor.Tensor {
	if slices.ContainsFunc(w.Int64s(), func(v int64) bool { return v < -128 || v > 127 }) {
		return w.Convert(tensor.Int16)
	}
	return w.Convert(tensor.Int8)
}

func evalFCInt(c *Call) ([]*tensor.Tensor, error) {
	a, x, z, w, y := c.Attrs, c.X(0), c.X(1), c.X(2), c.newOut(0)
	k, n := a.Int("K"), a.Int("NO")
	for i := range y.Len() {
		row, col, acc := i/n, i%n, int64(0)
		for p := range k {
			acc += (x.I64(row*k+p) - z.I64(row*a.Int("ZS"))) * w.I64(col*k+p)
		}
		y.SetI64(i, acc)
	}
	return one(y), nil
}

func evalMatMulInt(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	s := &matMulShape{batch: []int{a.Int("BATCH")}, as: []int{a.Int("AB")}, bs: []int{a.Int("BB")}, m: a.Int("M"), k: a.Int("K"), n: a.Int("NO")}
	s.each(func(i, row, col int) {
		az, bz, acc := c.X(1).I64(i/s.n%s.m*a.Int("AZS")), c.X(3).I64(i%s.n*a.Int("BZS")), int64(0)
		for p := range s.k {
			acc += (c.X(0).I64(row+p) - az) * (c.X(2).I64(col+p*s.n) - bz)
		}
		y.SetI64(i, acc)
	})
	return one(y), nil
}

func inferConvInteger(c *Call) ([]ir.Type, error) {
	g, err := convGeometry(c.Attrs, c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	m := c.Shape(1)[0]
	if c.Has(2) && tensor.Len(c.Shape(2)) != 1 || c.Has(3) && tensor.Len(c.Shape(3)) != 1 && tensor.Len(c.Shape(3)) != m {
		return nil, fmt.Errorf("expected one zero point of x, and one of w or %d", m)
	}
	return typed(tensor.Int32, append([]int{c.Shape(0)[0], m}, g.out...)...), nil
}

func evalConvInteger(c *Call) ([]*tensor.Tensor, error) {
	x, w := c.X(0), c.X(1)
	g, err := convGeometry(c.Attrs, x.Shape, w.Shape)
	if err != nil {
		return nil, err
	}
	y := tensor.New(tensor.Int32, append([]int{x.Shape[0], w.Shape[0]}, g.out...)...)
	xs, ws, xz := x.Int64s(), c.centredFilters().Int64s(), zeroAt(c.X(2), 0)
	convolve(g, x.Shape, w.Shape, c.Attrs.Int("group"), func(i, _ int, sum func(func(xi, wi int))) {
		acc := int64(0)
		sum(func(xi, wi int) { acc += (xs[xi] - xz) * ws[wi] })
		y.SetI64(i, acc)
	})
	return one(y), nil
}

// centredFilters are the weights of a ConvInteger less their zero points.
func (c *Call) centredFilters() *tensor.Tensor {
	w, z := c.X(1), c.X(3)
	out, per := tensor.New(tensor.Int64, w.Shape...), w.Len()/w.Shape[0]
	for i := range w.Len() {
		k := 0
		if z != nil {
			k = i / per % z.Len()
		}
		out.SetI64(i, w.I64(i)-zeroAt(z, k))
	}
	return out
}

func lowerConvInteger(l *Lowering) error {
	if l.computed(1, 3) || len(l.Shape(1)) > 4 {
		return l.convWide()
	}
	w := narrowest(l.centredFilters())
	if err := integerSum(l.Type(0).DType, l.Type(1).DType, w.Len()/w.Shape[0]); err != nil {
		return err
	}
	g, err := convGeometry(l.Attrs, l.Shape(0), w.Shape)
	if err != nil {
		return err
	}
	xz, _, err := l.runtimeZero(2, 1)
	if err != nil {
		return err
	}
	kernel, attrs, packed, err := convKernel(g, l.Shape(0), w, l.Attrs.Int("group"))
	if err != nil {
		return err
	}
	attrs["XT"], attrs["WT"] = l.Type(0).DType.C(), w.DType.C()
	l.image(map[string]string{"conv2d": "convint2d_s8", "dwconv2d": "dwconvint2d_s8"}[kernel], attrs, xz, l.Constant("w", packed))
	return nil
}

// convWide lowers a ConvInteger whose weights are computed at run time, or of three spatial axes: both operands become 32 bits, less their
// zero points.
func (l *Lowering) convWide() error {
	g, err := convGeometry(l.Attrs, l.Shape(0), l.Shape(1))
	if err != nil {
		return err
	}
	if err := integerSum(l.Type(0).DType, l.Type(1).DType, tensor.Len(l.Shape(1)[1:])); err != nil {
		return err
	}
	if l.computed(1, 3) {
		return l.convND(g, l.wideLessZero(0), l.wideLessZero(1), nil)
	}
	return l.convND(g, l.wideLessZero(0), l.Constant("w", l.centredFilters().Convert(tensor.Int32)), nil)
}

// wideLessZero is operand i of a ConvInteger less its zero point, which is one or goes along the first axis.
func (l *Lowering) wideLessZero(i int) *ir.Value {
	wide := func(v *ir.Value) *ir.Value {
		return l.Emit("Cast", ir.Attrs{"to": Number(tensor.Int32)}, ir.Type{DType: tensor.Int32, Shape: v.Type.Shape}, v)
	}
	x := wide(l.In(i))
	if !l.Has(2 + i) {
		return x
	}
	zero, per := wide(l.In(2+i)), orOnes(nil, len(l.Shape(i)))
	per[0] = zero.Type.Len()
	return l.Emit("Sub", nil, x.Type, x, l.reshape(zero, ir.Type{DType: tensor.Int32, Shape: per}))
}

func evalConvInt(c *Call) ([]*tensor.Tensor, error) { return evalSums(c, conv2D) }

func evalDWConvInt(c *Call) ([]*tensor.Tensor, error) { return evalSums(c, dwConv2D) }

func evalSums(c *Call, loop func(ir.Attrs, func(i, oc int, sum func(func(xi, wi int))))) ([]*tensor.Tensor, error) {
	x, w, y, zero := c.X(0).Int64s(), c.X(2).Int64s(), c.newOut(0), c.X(1).I64(0)
	loop(c.Attrs, func(i, _ int, sum func(func(xi, wi int))) {
		acc := int64(0)
		sum(func(xi, wi int) { acc += (x[xi] - zero) * w[wi] })
		y.SetI64(i, acc)
	})
	return one(y), nil
}

func inferScaledSums(c *Call) ([]ir.Type, error) { return typed(tensor.Float32, c.Shape(0)...), nil }

// evalScaledSums rounds to float32 after every step, as the operators do that it stands for.
func evalScaledSums(c *Call) ([]*tensor.Tensor, error) {
	x, inner := c.X(0), 1
	if !c.Attrs.Bool("channels_last") {
		_, _, inner = around(x.Shape, 1)
	}
	return one(c.scaledSums(x, inner, func(v float32) float32 { return v })), nil
}

func (c *Call) scaledSums(x *tensor.Tensor, inner int, post func(float32) float32) *tensor.Tensor {
	y := tensor.New(tensor.Float32, x.Shape...)
	xs, ws, b := float32(c.X(1).F64(0)), c.X(2), c.X(3)
	for i := range x.Len() {
		k := i / inner % ws.Len()
		v := float32(float32(x.I64(i)) * (xs * float32(ws.F64(k))))
		y.SetF64(i, float64(post(v+float32(b.F64(k)))))
	}
	return y
}

func lowerScaledSums(l *Lowering) error {
	s, n := l.Shape(0), l.Type(2).Len()
	attrs := ir.Attrs{"M": int64(tensor.Len(s) / n), "C": int64(n)}
	xs := l.inRAM(l.In(1))
	switch {
	case l.Attrs.Bool("channels_last"):
		l.Replace("sums_f32", attrs, l.In(0), xs, l.In(2), l.In(3))
	case len(s) == 3 || len(s) == 4:
		l.image("sums_f32", attrs, xs, l.In(2), l.In(3))
	default:
		return fmt.Errorf("it is available in C for matrices and images, not for shape %v", s)
	}
	return nil
}

func evalSumsKernel(c *Call) ([]*tensor.Tensor, error) {
	return one(c.scaledSums(c.X(0), 1, postOf(c))), nil
}
