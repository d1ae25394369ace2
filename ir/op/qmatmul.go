package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// QLinearMatMul (opsets 10, 21): MatMul of 8-bit values of any rank, quantized per tensor, a per row too, b per column.
var qmatmulDefs = []*Def{
	{Name: "QLinearMatMul", Since: []int{10, 21}, In: Args("a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point"), Out: Args("y"), Attrs: clampAttrs,
		Infer: inferQMatMul, Eval: evalQMatMul, Lower: lowerQMatMul},
	{Name: "matmul_s8", In: Args("a", "b"), Out: Args("y"), Eval: evalMatMulS8},
}

func inferQMatMul(c *Call) ([]ir.Type, error) {
	s, err := newMatMul(c.Shape(0), c.Shape(3))
	if err != nil {
		return nil, err
	}
	for i, x := range []int{0, 3} {
		for _, k := range []int{x + 1, x + 2} {
			if _, ok := zeroStrides(c.Shape(k), c.Shape(x), i); !ok {
				return nil, fmt.Errorf("%s has shape %v for an operand of shape %v; expected one element, or one per %s", c.Def.In[k].Name, c.Shape(k), c.Shape(x), []string{"row", "column"}[i])
			}
		}
	}
	for _, k := range []int{6, 7} {
		if err := c.checkSingle(k, c.Def.In[k].Name); err != nil {
			return nil, err
		}
	}
	return typed(c.Type(7).DType, s.out...), nil
}

// spreadOver returns parameter k of the operand x, the i-th of the product, for each of its elements.
func (c *Call) spreadOver(k, x, i int) func(at int) int {
	strides, _ := zeroStrides(c.X(k).Shape, c.X(x).Shape, i)
	index := make([]int, 0, c.X(x).Len())
	walk(c.X(x).Shape, func(offset []int) { index = append(index, offset[0]) }, strides)
	return func(at int) int { return index[at] }
}

func evalQMatMul(c *Call) ([]*tensor.Tensor, error) {
	s, err := newMatMul(c.X(0).Shape, c.X(3).Shape)
	if err != nil {
		return nil, err
	}
	a, b := c.X(0).Int64s(), c.X(3).Int64s()
	az, bz := c.spreadOver(2, 0, 0), c.spreadOver(5, 3, 1)
	as, bs := c.spreadOver(1, 0, 0), c.spreadOver(4, 3, 1)
	y := tensor.New(c.X(7).DType, s.out...)
	lo, hi := c.clampOf(y.DType)
	s.each(func(i, row, col int) {
		acc := int64(0)
		for p := range s.k {
			acc += (a[row+p] - c.X(2).I64(az(row+p))) * (b[col+p*s.n] - c.X(5).I64(bz(col+p*s.n)))
		}
		factor := 0.0
		if s.k > 0 {
			factor = c.X(1).F64(as(row)) * c.X(4).F64(bs(col)) / c.X(6).F64(0)
		}
		v := roundEven(float64(acc)*factor) + float64(zeroAt(c.X(7), 0))
		y.SetI64(i, int64(atMost(atLeast(v, float64(lo)), float64(hi))))
	})
	return one(y), nil
}

// lowerQMatMul: constant weights make it a fully connected layer on all rows.
func lowerQMatMul(l *Lowering) error {
	s, err := newMatMul(l.Shape(0), l.Shape(3))
	if err != nil {
		return err
	}
	if l.computed(1, 2, 4, 5, 6, 7) {
		return l.rescaledMatMul(s)
	}
	q, err := newScales(l.Call, 1, 4, 6)
	if err != nil {
		return err
	}
	if w := l.Const(3); w != nil && len(w.Shape) == 2 && l.Const(0) == nil && (q.ws.Len() == 1 || q.ws.Len() == s.n) {
		return l.denseOfRows(q, gatherStrided(w, []int{s.n, s.k}, []int{1, s.n}, 0), tensor.New(tensor.Int32, s.n), l.Type(0).Len()/s.k, s.k, s.n)
	}
	if q.ws.Len() != 1 || q.wz != nil && q.wz.Len() != 1 {
		return l.rescaledMatMul(s)
	}
	return l.matMulS8(s, q)
}

// matMulS8 emits the product of two values at run time.
func (l *Lowering) matMulS8(s *matMulShape, q *scales) error {
	dims, as, bs := mergeDims(s.batch, s.as, s.bs)
	if len(dims) > 1 {
		return fmt.Errorf("QLinearMatMul of shapes %v and %v broadcasts in more than one dimension, which is not available in C", l.Shape(0), l.Shape(3))
	}
	most := int64(s.k) * reachOf(l.Type(0).DType, q.xz) * reachOf(l.Type(3).DType, q.weightZero(0))
	p := &product{wide: tooWide(most, q.factor(0))}
	m, err := p.multiplier(q.factor(0), most)
	if err != nil {
		return err
	}
	lo, hi := l.clampOf(l.Out(0).DType)
	attrs := ir.Attrs{"M": int64(s.m), "K": int64(s.k), "NO": int64(s.n), "BATCH": int64(1), "AB": int64(0), "BB": int64(0), "AZ": q.xz, "BZ": q.weightZero(0), "YZ": q.yz, "QMIN": lo, "QMAX": hi,
		"MUL": int64(m.M), "SHIFT": int64(m.Shift), "AT": l.Type(0).DType.C(), "BT": l.Type(3).DType.C(), "YT": l.Out(0).DType.C()}
	if len(dims) == 1 {
		attrs["BATCH"], attrs["AB"], attrs["BB"] = int64(dims[0]), int64(as[0]), int64(bs[0])
	}
	p.accumulate(attrs)
	l.Replace("matmul_s8", attrs, l.inRAM(l.In(0)), l.inRAM(l.In(3)))
	return nil
}

func evalMatMulS8(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	s := &matMulShape{batch: []int{a.Int("BATCH")}, as: []int{a.Int("AB")}, bs: []int{a.Int("BB")}, m: a.Int("M"), k: a.Int("K"), n: a.Int("NO")}
	x, w, m := c.X(0).Int64s(), c.X(1).Int64s(), multiplierOf(a)
	s.each(func(i, row, col int) {
		acc := int64(0)
		for p := range s.k {
			acc += (x[row+p] - int64(a.Int("AZ"))) * (w[col+p*s.n] - int64(a.Int("BZ")))
		}
		y.SetI64(i, c.rescaled(acc, m))
	})
	return one(y), nil
}
