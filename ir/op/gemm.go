package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Gemm (opsets 7, 9, 11, 13) and MatMul (1, 9, 13): fully connected layers where the right operand is a constant.
var gemmDefs = []*Def{
	{Name: "Gemm", Since: []int{7, 9, 11, 13}, In: Args("A", "B", "C?"), Out: Args("Y"),
		Attrs: []Attr{Float("alpha", 1), Float("beta", 1), Int("transA", 0), Int("transB", 0)}, Infer: inferGemm, Eval: evalGemm, Lower: lowerGemm},
	{Name: "MatMul", Since: []int{1, 9, 13}, In: Args("A", "B"), Out: Args("Y"), Infer: inferMatMul, Eval: evalMatMul, Lower: lowerMatMul},
	{Name: "fc_f32", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalFC, Post: "POST(v)", Part: "fc_part_f32"},
	{Name: "fc_part_f32", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalFC, Post: "POST(v)"},
	{Name: "matmul_f32", In: Args("a", "b"), Out: Args("y"), Eval: evalMatMulKernel, Post: "POST(v)"},
	{Name: "matmulc_f32", In: Args("a", "b"), Out: Args("y"), Eval: evalMatMulKernel, Post: "POST(v)", Computed: "matmul_f32"},
}

// gemmSizes returns rows, inner size and columns of A' * B'.
func gemmSizes(a ir.Attrs, x, w []int) (m, k, n int, err error) {
	if len(x) != 2 || len(w) != 2 {
		return 0, 0, 0, fmt.Errorf("A has shape %v and B %v; expected two dimensions each", x, w)
	}
	m, k = x[0], x[1]
	if a.Bool("transA") {
		m, k = k, m
	}
	k2, n := w[0], w[1]
	if a.Bool("transB") {
		k2, n = n, k2
	}
	if k != k2 {
		return 0, 0, 0, fmt.Errorf("A has %d columns and B %d rows (transposes taken); they must be equal", k, k2)
	}
	return m, k, n, nil
}

func inferGemm(c *Call) ([]ir.Type, error) {
	m, _, n, err := gemmSizes(c.Attrs, c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	if c.Has(2) {
		if s, err := broadcast(c.Shape(2), []int{m, n}); err != nil || len(s) != 2 || s[0] != m || s[1] != n {
			return nil, fmt.Errorf("C has shape %v, which does not broadcast to [%d %d]", c.Shape(2), m, n)
		}
	}
	return typed(c.Type(0).DType, m, n), nil
}

func evalGemm(c *Call) ([]*tensor.Tensor, error) {
	m, k, n, err := gemmSizes(c.Attrs, c.X(0).Shape, c.X(1).Shape)
	if err != nil {
		return nil, err
	}
	a, b := c.X(0).Float64s(), c.X(1).Float64s()
	ai, ak := strides2(k, m, c.Attrs.Bool("transA"))
	bk, bj := strides2(n, k, c.Attrs.Bool("transB"))
	alpha, beta := float64(c.Attrs.Float("alpha")), float64(c.Attrs.Float("beta"))
	y := tensor.New(c.X(0).DType, m, n)
	var cs []int
	if c.Has(2) {
		cs = broadcastStrides(c.X(2).Shape, []int{m, n})
	}
	for i := range m {
		for j := range n {
			acc := 0.0
			for p := range k {
				acc += a[i*ai+p*ak] * b[p*bk+j*bj]
			}
			acc *= alpha
			if c.Has(2) {
				acc += beta * c.X(2).F64(i*cs[0]+j*cs[1])
			}
			y.SetF64(i*n+j, acc)
		}
	}
	return one(y), nil
}

// strides2 returns the strides along rows and columns of a matrix stored with cols columns, or of its transpose stored
// with rows columns.
func strides2(cols, rows int, transposed bool) (row, col int) {
	if transposed {
		return 1, rows
	}
	return cols, 1
}

// lowerGemm makes a constant B the weights of fc_f32. The gemm pass has folded alpha and beta where they are constants.
func lowerGemm(l *Lowering) error {
	m, k, n, err := gemmSizes(l.Attrs, l.Shape(0), l.Shape(1))
	if err != nil {
		return err
	}
	bias := l.Const(2)
	if l.Type(0).DType != tensor.Float32 || l.Const(1) == nil || l.Has(2) && (bias == nil || bias.Len() != n && bias.Len() != 1) || l.Attrs.Bool("transA") {
		return l.gemmInParts(m, n)
	}
	alpha, beta := float64(l.Attrs.Float("alpha")), float64(l.Attrs.Float("beta"))
	w, b := tensor.New(tensor.Float32, n, k), tensor.New(tensor.Float32, n)
	bk, bj := strides2(n, k, l.Attrs.Bool("transB"))
	for j := range n {
		for p := range k {
			w.SetF64(j*k+p, alpha*l.Const(1).F64(p*bk+j*bj))
		}
		if bias != nil {
			b.SetF64(j, beta*bias.F64(j%bias.Len()))
		}
	}
	attrs := ir.Attrs{"M": int64(m), "K": int64(k), "NO": int64(n)}
	l.Replace("fc_f32", attrs, l.In(0), l.Constant("w", w), l.Constant("b", b))
	return nil
}

// gemmInParts writes a Gemm of run-time operands as MatMul, Mul and Add.
func (l *Lowering) gemmInParts(m, n int) error {
	t := ir.Type{DType: l.Type(0).DType, Shape: []int{m, n}}
	part := func(i int, name string) *ir.Value {
		v := l.In(i)
		if !l.Attrs.Bool(name) {
			return v
		}
		s := v.Type.Shape
		return l.Emit("Transpose", ir.Attrs{"perm": []int64{1, 0}}, ir.Type{DType: t.DType, Shape: []int{s[1], s[0]}}, v)
	}
	y := l.Emit("MatMul", nil, t, part(0, "transA"), part(1, "transB"))
	scale := func(v *ir.Value, name string) *ir.Value {
		if f := l.Attrs.Float(name); f != 1 {
			factor := tensor.New(v.Type.DType)
			factor.SetF64(0, float64(f))
			return l.Emit("Mul", nil, v.Type, v, l.Constant(name, factor))
		}
		return v
	}
	y = scale(y, "alpha")
	if !l.Has(2) {
		l.Replace("Identity", nil, y)
		return nil
	}
	l.Replace("Add", nil, y, scale(l.In(2), "beta"))
	return nil
}

// evalFC is fc: y [M][NO] = x [M][K] * w [NO][K] transposed, plus b [NO].
func evalFC(c *Call) ([]*tensor.Tensor, error) {
	x, w, post := c.X(0).Float64s(), c.X(1).Float64s(), postOf(c)
	m, k, n := max(c.Attrs.Int("M"), 1), c.Attrs.Int("K")*max(c.Attrs.Int("ROWS"), 1), c.Attrs.Int("NO")
	y := c.newOut(0)
	for i := range m {
		for j := range n {
			acc := c.X(2).F64(j)
			for p := range k {
				acc += x[i*k+p] * w[j*k+p]
			}
			y.SetF64(i*n+j, float64(post(float32(acc))))
		}
	}
	return one(y), nil
}

// matMulShape resolves NumPy's matmul: vectors become matrices, leading dimensions broadcast.
type matMulShape struct {
	batch   []int // broadcast leading dimensions
	as, bs  []int // strides of the operands along them
	m, k, n int
	out     []int // shape of the result
}

func newMatMul(a, b []int) (*matMulShape, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, fmt.Errorf("operands have shapes %v and %v; scalars are not allowed", a, b)
	}
	x, y := a, b
	if len(a) == 1 {
		x = []int{1, a[0]}
	}
	if len(b) == 1 {
		y = []int{b[0], 1}
	}
	s := &matMulShape{m: x[len(x)-2], k: x[len(x)-1], n: y[len(y)-1]}
	if s.k != y[len(y)-2] {
		return nil, fmt.Errorf("shapes %v and %v do not match: %d columns against %d rows", a, b, s.k, y[len(y)-2])
	}
	var err error
	if s.batch, err = broadcast(x[:len(x)-2], y[:len(y)-2]); err != nil {
		return nil, err
	}
	s.as, s.bs = broadcastStrides(x[:len(x)-2], s.batch), broadcastStrides(y[:len(y)-2], s.batch)
	for i := range s.batch {
		s.as[i] *= s.m * s.k
		s.bs[i] *= s.k * s.n
	}
	s.out = append([]int{}, s.batch...)
	if len(a) > 1 {
		s.out = append(s.out, s.m)
	}
	if len(b) > 1 {
		s.out = append(s.out, s.n)
	}
	return s, nil
}

func inferMatMul(c *Call) ([]ir.Type, error) {
	s, err := newMatMul(c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	if c.Type(0).DType != c.Type(1).DType {
		return nil, fmt.Errorf("operands are %s and %s; they must have one element type", c.Type(0).DType, c.Type(1).DType)
	}
	return typed(c.Type(0).DType, s.out...), nil
}

// each calls f for every element of the product, with the offsets of its row in A and of its column in B.
func (s *matMulShape) each(f func(i, row, col int)) {
	i := 0
	walk(s.batch, func(at []int) {
		for r := range s.m {
			for col := range s.n {
				f(i, at[0]+r*s.k, at[1]+col)
				i++
			}
		}
	}, s.as, s.bs)
}

func evalMatMul(c *Call) ([]*tensor.Tensor, error) {
	s, err := newMatMul(c.X(0).Shape, c.X(1).Shape)
	if err != nil {
		return nil, err
	}
	y := tensor.New(c.X(0).DType, s.out...)
	if !y.DType.IsFloat() {
		s.each(func(i, row, col int) {
			acc := int64(0)
			for p := range s.k {
				acc += c.X(0).I64(row+p) * c.X(1).I64(col+p*s.n)
			}
			y.SetI64(i, acc)
		})
		return one(y), nil
	}
	a, b := c.X(0).Float64s(), c.X(1).Float64s()
	s.each(func(i, row, col int) {
		acc := 0.0
		for p := range s.k {
			acc += a[row+p] * b[col+p*s.n]
		}
		y.SetF64(i, acc)
	})
	return one(y), nil
}

// lowerMatMul: a constant 2-D right operand makes it a fully connected layer on all rows.
func lowerMatMul(l *Lowering) error {
	s, err := newMatMul(l.Shape(0), l.Shape(1))
	if err != nil {
		return err
	}
	if l.Type(0).DType != tensor.Float32 {
		return l.matMulContract(s)
	}
	if l.Const(1) != nil && len(l.Shape(1)) == 2 && l.Const(0) == nil {
		w := tensor.New(tensor.Float32, s.n, s.k)
		for j := range s.n {
			for p := range s.k {
				w.SetF64(j*s.k+p, l.Const(1).F64(p*s.n+j))
			}
		}
		rows := l.Type(0).Len() / s.k
		attrs := ir.Attrs{"M": int64(rows), "K": int64(s.k), "NO": int64(s.n)}
		l.Replace("fc_f32", attrs, l.In(0), l.Constant("w", w), l.Constant("b", tensor.New(tensor.Float32, s.n)))
		return nil
	}
	return l.matMulKernel(s)
}

func (l *Lowering) matMulKernel(s *matMulShape) error {
	dims, as, bs := mergeDims(s.batch, s.as, s.bs)
	if len(dims) > 1 {
		return l.matMulContract(s)
	}
	attrs := ir.Attrs{"M": int64(s.m), "K": int64(s.k), "NO": int64(s.n), "BATCH": int64(1), "AB": int64(0), "BB": int64(0)}
	if len(dims) == 1 {
		attrs["BATCH"], attrs["AB"], attrs["BB"] = int64(dims[0]), int64(as[0]), int64(bs[0])
	}
	kernel, a := "matmul_f32", l.In(0)
	if a.IsConst() {
		a = l.load(a)
	}
	if l.In(1).IsConst() {
		kernel = "matmulc_f32"
	}
	l.Replace(kernel, attrs, a, l.In(1))
	return nil
}

// load emits a copy of a constant into RAM, for kernels that take no constant there.
func (l *Lowering) load(v *ir.Value) *ir.Value {
	return l.Emit("load", ir.Attrs{"N": int64(v.Type.Len()), "T": v.Type.DType.C()}, v.Type, v)
}

func evalMatMulKernel(c *Call) ([]*tensor.Tensor, error) {
	a, b, post := c.X(0).Float64s(), c.X(1).Float64s(), postOf(c)
	s := &matMulShape{batch: []int{c.Attrs.Int("BATCH")}, as: []int{c.Attrs.Int("AB")}, bs: []int{c.Attrs.Int("BB")},
		m: c.Attrs.Int("M"), k: c.Attrs.Int("K"), n: c.Attrs.Int("NO")}
	y := c.newOut(0)
	s.each(func(i, row, col int) {
		acc := 0.0
		for p := range s.k {
			acc += a[row+p] * b[col+p*s.n]
		}
		y.SetF64(i, float64(post(float32(acc))))
	})
	return one(y), nil
}
