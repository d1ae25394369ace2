package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of quantized values whose scales, zero points or weights are computed at run time: the sums of ConvInteger or MatMulInteger, and
// rescale_s8, which works out the factors that are constants elsewhere.

// computed reports whether one of these inputs is there, and not known when compiling.
func (c *Call) computed(inputs ...int) bool {
	return slices.ContainsFunc(inputs, func(i int) bool { return c.Has(i) && c.Const(i) == nil })
}

// product32 emits an integer product of operands x and w of the node, each followed by scale and zero point, with a bias of shape [n] or nil.
func (l *Lowering) product32(opName string, attrs ir.Attrs, x, w, bias *ir.Value, xz, wz int) *ir.Value {
	sums := ir.Type{DType: tensor.Int32, Shape: l.Out(0).Shape}
	acc := l.Emit(opName, attrs, sums, trimmed(x, w, l.In(xz), l.In(wz))...)
	if bias == nil {
		return acc
	}
	return l.Emit("Add", nil, sums, acc, bias)
}

// rescaled emits the last node: it brings sums [rows][columns][inner] to the scale and zero point of the output, inputs ys and ys+1, where
// input xs has scales that repeat after am rows, and ws after bm columns.
func (l *Lowering) rescaled(sums *ir.Value, rows, columns, xs, am, ws, bm, ys int) error {
	if l.Type(ys).Len() != 1 {
		return fmt.Errorf("activations are quantized per tensor: expected one scale")
	}
	zero := l.In(ys + 1)
	if zero == nil {
		zero = l.Constant("zero", tensor.New(l.Out(0).DType, 1))
	}
	lo, hi := l.clampOf(l.Out(0).DType)
	attrs := ir.Attrs{"M": int64(rows), "C": int64(columns), "I": int64(sums.Type.Len() / max(rows*columns, 1)), "AM": int64(am), "BM": int64(bm), "QMIN": lo, "QMAX": hi, "YT": l.Out(0).DType.C()}
	l.Replace("rescale_s8", attrs, sums, l.In(xs), l.In(ws), l.In(ys), zero)
	return nil
}

// alongRows returns how many elements input i has, a scale or zero point of the left operand of a product: 1, or one for each of n rows.
func (l *Lowering) alongRows(i, n int) (int, error) {
	s := l.Shape(i)
	return l.along(i, n, len(s) == 1 && s[0] == n || len(s) > 1 && s[len(s)-2] == n)
}

// alongColumns is alongRows for the right operand.
func (l *Lowering) alongColumns(i, n int) (int, error) {
	s := l.Shape(i)
	return l.along(i, n, len(s) > 0 && s[len(s)-1] == n)
}

func (l *Lowering) along(i, n int, fits bool) (int, error) {
	switch k := l.Type(i).Len(); {
	case k == 1:
		return 1, nil
	case k == n && fits:
		return n, nil
	}
	return 0, fmt.Errorf("%s of shape %v is available in C for one element or %d", l.Def.In[i].Name, l.Shape(i), n)
}

func (l *Lowering) rescaledConv() error {
	x, w := l.Shape(0), l.Shape(3)
	attrs := ir.Attrs{}
	for _, a := range append([]Attr{Int("group", 1)}, windowAttrs...) {
		if l.Attrs.Has(a.Name) {
			attrs[a.Name] = l.Attrs[a.Name]
		}
	}
	bias := l.In(8)
	if bias != nil {
		shape := orOnes(nil, len(x))
		shape[1] = w[0]
		bias = l.reshape(bias, ir.Type{DType: tensor.Int32, Shape: shape})
	}
	bm, err := l.alongColumns(4, w[0])
	if err != nil {
		return err
	}
	return l.rescaled(l.product32("ConvInteger", attrs, l.In(0), l.In(3), bias, 2, 5), x[0], w[0], 1, 1, 4, bm, 6)
}

func (l *Lowering) rescaledMatMul(s *matMulShape) error {
	am, err := l.alongRows(1, s.m)
	if err != nil {
		return err
	}
	bm, err := l.alongColumns(4, s.n)
	if err != nil {
		return err
	}
	return l.rescaled(l.product32("MatMulInteger", nil, l.In(0), l.In(3), nil, 2, 5), l.Out(0).Len()/max(s.n, 1), s.n, 1, am, 4, bm, 6)
}

func (l *Lowering) rescaledGemm() error {
	if l.Attrs.Float("alpha") != 1 {
		return fmt.Errorf("QGemm with alpha is available in C for constant scales, B and C, and no transA")
	}
	operand := func(i int, transposed bool) *ir.Value {
		v := l.In(i)
		if !transposed {
			return v
		}
		s := v.Type.Shape
		if k := l.Const(i); k != nil {
			return l.Constant(v.Name, gatherStrided(k, []int{s[1], s[0]}, []int{1, s[1]}, 0))
		}
		return l.Emit("Transpose", ir.Attrs{"perm": []int64{1, 0}}, ir.Type{DType: v.Type.DType, Shape: []int{s[1], s[0]}}, v)
	}
	a, b, y := operand(0, l.Attrs.Bool("transA")), operand(3, l.Attrs.Bool("transB")), l.Out(0).Shape
	bm, err := l.alongColumns(4, y[1])
	if err != nil {
		return err
	}
	return l.rescaled(l.product32("MatMulInteger", nil, a, b, l.In(6), 2, 5), y[0], y[1], 1, 1, 4, bm, 7)
}

func evalRescale(c *Call) ([]*tensor.Tensor, error) {
	a, x, y := c.Attrs, c.X(0), c.newOut(0)
	columns, inner := a.Int("C"), a.Int("I")
	for i := range y.Len() {
		row, column := i/(columns*inner), i/inner%columns
		f := factorOf(c.X(1).F64(row%a.Int("AM")) * c.X(2).F64(column%a.Int("BM")) / c.X(3).F64(0))
		v := int64(f.ApplyWide(x.I64(i))) + c.X(4).I64(0)
		y.SetI64(i, min(max(v, int64(a.Int("QMIN"))), int64(a.Int("QMAX"))))
	}
	return one(y), nil
}

// factorOf is the multiplier of a factor; one that is too large becomes the greatest there is.
func factorOf(r float64) fixed.Multiplier {
	m, err := fixed.NewWideMultiplier(r)
	if err != nil {
		return fixed.Multiplier{M: math.MaxInt32, Shift: 1}
	}
	return m
}

// throughFloats lowers an operator on quantized values whose scales or zero points are computed at run time to DequantizeLinear of each of its
// values, f of those, and QuantizeLinear. A scale is followed by its zero point; values[i] is the place of a value, scales[i] that of its scale.
func (l *Lowering) throughFloats(values, scales []int, y int, f func(p *Parts, x []*ir.Value) *ir.Value) error {
	return l.lowerBy(func(p *Parts) []*ir.Value {
		x := make([]*ir.Value, len(values))
		for i, v := range values {
			x[i] = p.Do("DequantizeLinear", nil, trimmed(p.In(v), p.In(scales[i]), p.In(scales[i]+1))...)
		}
		attrs := ir.Attrs{"output_dtype": Number(l.Out(0).DType)}
		return []*ir.Value{p.Do("QuantizeLinear", attrs, trimmed(f(p, x), p.In(y), p.In(y+1))...)}
	})
}

// throughFloat is throughFloats for an operator of input 0 with scale 1, output scale 3, and the operator on floats with attributes of the same names.
func (l *Lowering) throughFloat(opName string, attrs ...string) error {
	return l.throughFloats([]int{0}, []int{1}, 3, func(p *Parts, x []*ir.Value) *ir.Value { return p.Do(opName, p.pick(attrs...), x...) })
}
