package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// The kernels that read between elements, and of sums along several axes.
var sampleKernelDefs = []*Def{
	{Name: "resample", In: Args("x", "at", "weight"), Out: Args("y"), Eval: evalResample},
	{Name: "gridsample", In: Args("x", "grid"), Out: Args("y"), Eval: evalGridSampleKernel},
	{Name: "roialign", In: Args("x", "rois", "batch"), Out: Args("y"), Eval: evalRoiAlignKernel},
	{Name: "maxroipool", In: Args("x", "rois"), Out: Args("y"), Eval: evalMaxRoiPoolKernel},
	{Name: "dft", In: Args("x", "table"), Out: Args("y"), Eval: evalDFTKernel},
	{Name: "contract", In: Args("a", "b"), Out: Args("y"), Eval: evalContract},
	{Name: "det", In: Args("x"), Out: Args("y"), Eval: evalDetKernel},
	{Name: "ngram", In: Args("x", "pool", "list", "weight"), Out: Args("y"), Eval: evalNgramKernel},
}

// lowerResize resamples one axis after the other: by a table of elements where one alone counts, of elements and weights otherwise.
func lowerResize(l *Lowering) error {
	list, err := newResize(l.Call)
	if err != nil {
		return err
	}
	x := l.In(0)
	extrapolation := l.Attrs.Float("extrapolation_value")
	value := tensor.New(l.Type(0).DType, 1)
	value.SetF64(0, float64(extrapolation))
	for _, r := range list {
		if r.keeps() {
			continue
		}
		if table, ok := r.table(); ok {
			x = l.take(x, r.axis, table, l.Constant("value", value))
			continue
		}
		if _, err := l.floatingC(); err != nil {
			return l.byFloats()
		}
		x = l.resample(x, r, extrapolation)
	}
	l.Replace("Identity", nil, x)
	return nil
}

// keeps reports whether an axis stays as it is.
func (r *resampling) keeps() bool {
	table, ok := r.table()
	for i, at := range table {
		ok = ok && i == at
	}
	return ok && r.in == r.out
}

// table returns the element that each output is, -1 for the extrapolation value; ok is false where one is made of several.
func (r *resampling) table() (table []int, ok bool) {
	for o := range r.out {
		at := -1
		for k, w := range r.weight[o] {
			switch {
			case w == 0 || r.outside[o]:
			case w == 1 && at < 0:
				at = r.index[o][k]
			default:
				return nil, false
			}
		}
		table = append(table, at)
	}
	return table, true
}

// resample emits the kernel for one axis.
func (l *Lowering) resample(x *ir.Value, r *resampling, extrapolation float32) *ir.Value {
	taps := 1
	for _, index := range r.index {
		taps = max(taps, len(index))
	}
	at, weight := tensor.New(tensor.Int32, r.out, taps), tensor.New(x.Type.DType, r.out, taps)
	for o := range r.out {
		for k := range r.index[o] {
			at.SetI64(o*taps+k, int64(r.index[o][k]))
			weight.SetF64(o*taps+k, r.weight[o][k])
		}
		if r.outside[o] {
			at.SetI64(o*taps, -1)
		}
	}
	outer, n, inner := around(x.Type.Shape, r.axis)
	shape := append([]int(nil), x.Type.Shape...)
	shape[r.axis] = r.out
	attrs := ir.Attrs{"T": x.Type.DType.C(), "OUTER": int64(outer), "N": int64(n), "INNER": int64(inner), "M": int64(r.out), "TAPS": int64(taps), "VALUE": extrapolation}
	return l.Emit("resample", attrs, ir.Type{DType: x.Type.DType, Shape: shape}, x, l.Constant("at", at), l.Constant("weight", weight))
}

// byFloats puts an operator on integers between two Casts.
func (l *Lowering) byFloats() error {
	t := ir.Type{DType: tensor.Float32, Shape: l.Shape(0)}
	in := append([]*ir.Value{l.Emit("Cast", ir.Attrs{"to": Number(t.DType)}, t, l.In(0))}, l.Node.Inputs[1:]...)
	y := l.Emit(l.Def.Name, l.Node.Attrs, ir.Type{DType: t.DType, Shape: l.Out(0).Shape}, in...)
	l.Replace("Cast", ir.Attrs{"to": Number(l.Out(0).DType)}, y)
	return nil
}

func evalResample(c *Call) ([]*tensor.Tensor, error) {
	a, x, y := c.Attrs, c.X(0), c.newOut(0)
	n, inner, m, taps := a.Int("N"), a.Int("INNER"), a.Int("M"), a.Int("TAPS")
	for i := range y.Len() {
		o, j, k := i/(m*inner), i/inner%m, i%inner
		if c.X(1).I64(j*taps) < 0 {
			y.SetF64(i, float64(a.Float("VALUE")))
			continue
		}
		acc := 0.0
		for t := range taps {
			acc += c.X(2).F64(j*taps+t) * x.F64((o*n+int(c.X(1).I64(j*taps+t)))*inner+k)
		}
		y.SetF64(i, acc)
	}
	return one(y), nil
}

var (
	sampleModes    = map[string]int64{"nearest": 0, "linear": 1, "cubic": 2}
	samplePaddings = map[string]int64{"zeros": 0, "border": 1, "reflection": 2}
)

func lowerGridSample(l *Lowering) error {
	x := l.Shape(0)
	t, err := l.floatingC()
	if err != nil {
		return l.byFloats()
	}
	rank := len(x) - 2
	if rank > 3 {
		return fmt.Errorf("%d spatial axes are not available in C; expected at most 3", rank)
	}
	attrs := ir.Attrs{"T": t, "GT": l.Type(1).DType.C(), "N": int64(x[0]), "C": int64(x[1]), "POINTS": int64(tensor.Len(l.Out(0).Shape[2:])), "RANK": int64(rank),
		"MODE": sampleModes[l.Attrs.String("mode")], "PADDING": samplePaddings[l.Attrs.String("padding_mode")], "ALIGN": truth(l.Attrs.Bool("align_corners"))}
	for i, n := range axisNames {
		attrs[n.in] = int64(1)
		if k := i - 3 + rank; k >= 0 {
			attrs[n.in] = int64(x[2+k])
		}
	}
	l.Replace("gridsample", attrs, l.In(0), l.In(1))
	return nil
}

func evalGridSampleKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y, rank := c.Attrs, c.newOut(0), c.Attrs.Int("RANK")
	dims := []int{a.Int("ID"), a.Int("IH"), a.Int("IW")}[3-rank:]
	s := &sampler{dims: dims, align: a.Bool("ALIGN")}
	for name, n := range sampleModes {
		if n == int64(a.Int("MODE")) {
			s.mode = name
		}
	}
	for name, n := range samplePaddings {
		if n == int64(a.Int("PADDING")) {
			s.padding = name
		}
	}
	x := c.X(0).Reshape(append([]int{a.Int("N"), a.Int("C")}, dims...)...)
	s.sample(x, c.X(1), y, a.Int("POINTS"))
	return one(y), nil
}

func lowerRoiAlign(l *Lowering) error {
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	x := l.Shape(0)
	attrs := ir.Attrs{"T": t, "IT": l.Type(2).DType.C(), "N": int64(x[0]), "C": int64(x[1]), "IH": int64(x[2]), "IW": int64(x[3]), "R": int64(l.Shape(1)[0]),
		"OH": int64(l.Attrs.Int("output_height")), "OW": int64(l.Attrs.Int("output_width")), "SAMPLES": int64(l.Attrs.Int("sampling_ratio")),
		"MOST": truth(l.Attrs.String("mode") == "max"), "HALF": truth(l.Attrs.String("coordinate_transformation_mode") == "half_pixel"), "SCALE": l.Attrs.Float("spatial_scale")}
	l.Replace("roialign", attrs, l.In(0), l.In(1), l.In(2))
	return nil
}

// onONNX computes a kernel as the ONNX operator that it came of, whose attributes and shapes its constants tell.
func (c *Call) onONNX(name string, attrs ir.Attrs, eval func(*Call) ([]*tensor.Tensor, error), in ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	n := &ir.Node{Op: name, Attrs: attrs, Outputs: c.Node.Outputs}
	for _, t := range in {
		n.Inputs = append(n.Inputs, &ir.Value{Type: ir.Type{DType: t.DType, Shape: t.Shape}})
	}
	call, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	call.in = in
	return eval(call)
}

func evalRoiAlignKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	attrs := ir.Attrs{"output_height": int64(a.Int("OH")), "output_width": int64(a.Int("OW")), "sampling_ratio": int64(a.Int("SAMPLES")), "spatial_scale": a.Float("SCALE"),
		"mode": map[bool]string{true: "max", false: "avg"}[a.Bool("MOST")], "coordinate_transformation_mode": map[bool]string{true: "half_pixel", false: "output_half_pixel"}[a.Bool("HALF")]}
	x, rois := c.X(0).Reshape(a.Int("N"), a.Int("C"), a.Int("IH"), a.Int("IW")), c.X(1).Reshape(a.Int("R"), 4)
	return c.onONNX("RoiAlign", attrs, evalRoiAlign, x, rois, c.X(2).Reshape(a.Int("R")))
}

func lowerMaxRoiPool(l *Lowering) error {
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	x, shape := l.Shape(0), l.Attrs.Ints("pooled_shape")
	attrs := ir.Attrs{"T": t, "N": int64(x[0]), "C": int64(x[1]), "IH": int64(x[2]), "IW": int64(x[3]), "R": int64(l.Shape(1)[0]), "OH": int64(shape[0]), "OW": int64(shape[1]), "SCALE": l.Attrs.Float("spatial_scale")}
	l.Replace("maxroipool", attrs, l.In(0), l.In(1))
	return nil
}

func evalMaxRoiPoolKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	attrs := ir.Attrs{"pooled_shape": []int64{int64(a.Int("OH")), int64(a.Int("OW"))}, "spatial_scale": a.Float("SCALE")}
	return c.onONNX("MaxRoiPool", attrs, evalMaxRoiPool, c.X(0).Reshape(a.Int("N"), a.Int("C"), a.Int("IH"), a.Int("IW")), c.X(1).Reshape(a.Int("R"), 5))
}

// lowerDFT computes by the definition, with a table of sines.
func lowerDFT(l *Lowering) error {
	t, err := newTransform(l.Call)
	if err != nil {
		return err
	}
	s := l.Shape(0)
	c, err := l.floatingC()
	if err != nil {
		return err
	}
	table := tensor.New(l.Type(0).DType, t.length, 2)
	for i := range t.length {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(t.length))
		table.SetF64(2*i, cos)
		table.SetF64(2*i+1, sin)
	}
	attrs := ir.Attrs{"T": c, "OUTER": int64(tensor.Len(s[:t.axis])), "IN": int64(min(t.in, t.length)), "INNER": int64(tensor.Len(s[t.axis+1 : len(s)-1])), "CI": int64(t.parts),
		"LENGTH": int64(t.length), "BINS": int64(t.bins), "CO": int64(t.outParts), "INVERSE": truth(t.inverse)}
	x := l.In(0)
	if t.in > t.length { // what is beyond is left out
		shape := append([]int(nil), s...)
		shape[t.axis] = t.length
		ints := func(v int) *ir.Value { return l.Constant("ints", tensor.Ints([]int64{int64(v)}, 1)) }
		x = l.Emit("Slice", nil, ir.Type{DType: x.Type.DType, Shape: shape}, x, ints(0), ints(t.length), ints(t.axis))
	}
	l.Replace("dft", attrs, x, l.Constant("table", table))
	return nil
}

func evalDFTKernel(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	t := &transform{in: a.Int("IN"), length: a.Int("LENGTH"), bins: a.Int("BINS"), parts: a.Int("CI"), outParts: a.Int("CO"), inverse: a.Bool("INVERSE")}
	y := c.newOut(0)
	t.apply(c.X(0), y, a.Int("OUTER"), a.Int("INNER"))
	return one(y), nil
}

// lowerSTFT reads the frames, which overlap, weighs them by the window and transforms each.
func lowerSTFT(l *Lowering) error {
	f, err := newFraming(l.Call)
	if err != nil {
		return err
	}
	shape := []int{f.batch, f.frames, f.length, f.parts}
	x, err := l.stridedValue(l.In(0), shape, []int{f.samples * f.parts, f.step * f.parts, f.parts, 1}, 0)
	if err != nil {
		return err
	}
	t := ir.Type{DType: l.Type(0).DType, Shape: shape}
	if w := l.In(2); w != nil {
		x = l.Emit("Mul", nil, t, x, l.reshape(w, ir.Type{DType: w.Type.DType, Shape: []int{f.length, 1}}))
	}
	axis := l.Constant("axis", tensor.Ints([]int64{2}))
	l.Replace("DFT", ir.Attrs{"onesided": truth(f.oneSided(l.Call))}, x, nil, axis)
	return nil
}

// contraction is a sum of products of two operands: output indices, then summed ones.
type contraction struct {
	out, sum       []int    // sizes
	outStr, sumStr [2][]int // strides of the operands
}

// contract emits the kernel; output 0 is its result.
func (l *Lowering) contract(k *contraction, a, b *ir.Value) error {
	out, outStr := joinDims(k.out, k.outStr[0], k.outStr[1])
	sum, sumStr := joinDims(k.sum, k.sumStr[0], k.sumStr[1])
	if len(out) > 4 || len(sum) > 3 {
		return fmt.Errorf("%s over %d axes and a sum over %d are not available in C; expected at most 4 and 3", l.Def.Name, len(out), len(sum))
	}
	d := a.Type.DType
	attrs := ir.Attrs{"T": d.C(), "AT": d.C()}
	switch {
	case d.IsInt() && d.Bits() >= 8:
		attrs["AT"] = widthOf(d).unsigned
	case d != tensor.Float32 && d != tensor.Float64:
		return fmt.Errorf("%s on %s is not available in C", l.Def.Name, d)
	}
	set := func(prefix string, v []int, n, fill int) {
		for i := range n {
			attrs[fmt.Sprintf("%s%d", prefix, i)] = int64(fill)
			if j := i - n + len(v); j >= 0 {
				attrs[fmt.Sprintf("%s%d", prefix, i)] = int64(v[j])
			}
		}
	}
	set("D", out, 4, 1)
	set("A", outStr[0], 4, 0)
	set("B", outStr[1], 4, 0)
	set("R", sum, 3, 1)
	set("P", sumStr[0], 3, 0)
	set("Q", sumStr[1], 3, 0)
	l.Replace("contract", attrs, a, b)
	return nil
}

func evalContract(c *Call) ([]*tensor.Tensor, error) {
	read := func(prefix string, n int) []int {
		v := make([]int, n)
		for i := range v {
			v[i] = c.Attrs.Int(fmt.Sprintf("%s%d", prefix, i))
		}
		return v
	}
	e := &einsum{out: read("D", 4), sizes: append(read("D", 4), read("R", 3)...),
		strides: [][]int{append(read("A", 4), read("P", 3)...), append(read("B", 4), read("Q", 3)...)}}
	y := c.newOut(0)
	e.contract(c.in, y)
	return one(y), nil
}

// lowerEinsum: one operand is read with strides and summed; two make a contraction; more are joined one after the other.
func lowerEinsum(l *Lowering) error {
	e, err := einsumOf(l.Call)
	if err != nil {
		return err
	}
	n := len(e.out)
	switch l.N() {
	case 1:
		x, err := l.stridedValue(l.In(0), e.sizes, e.strides[0], 0)
		if err != nil {
			return err
		}
		if len(e.sizes) == n {
			l.Replace("Identity", nil, x)
			return nil
		}
		l.Replace("ReduceSum", ir.Attrs{"keepdims": int64(0)}, x, l.Constant("axes", int64s(axesFrom(n, len(e.sizes)))))
		return nil
	case 2:
		k := &contraction{out: e.out, sum: e.sizes[n:]}
		for i, s := range e.strides {
			k.outStr[i], k.sumStr[i] = s[:n], s[n:]
		}
		return l.contract(k, l.In(0), l.In(1))
	}
	return l.einsumInSteps(e)
}

// einsumInSteps multiplies the first two operands, over all indices that either has, and goes on with the product.
func (l *Lowering) einsumInSteps(e *einsum) error {
	letters := "abcdefghijklmnopqrstuvwxyz"
	if len(e.sizes) > len(letters) {
		return fmt.Errorf("an equation of %d indices is not available in C", len(e.sizes))
	}
	term := func(i int) string {
		s := ""
		for k := range e.sizes {
			if e.strides[i][k] != 0 || e.sizes[k] == 1 {
				s += letters[k : k+1]
			}
		}
		return s
	}
	operand := func(i int) (*ir.Value, string, error) { // with each index once, in the order of the letters
		var shape, strides []int
		for k, size := range e.sizes {
			if e.strides[i][k] != 0 || size == 1 {
				shape, strides = append(shape, size), append(strides, e.strides[i][k])
			}
		}
		v, err := l.stridedValue(l.In(i), shape, strides, 0)
		return v, term(i), err
	}
	x, have, err := operand(0)
	if err != nil {
		return err
	}
	for i := 1; i < l.N(); i++ {
		y, other, err := operand(i)
		if err != nil {
			return err
		}
		product, shape := "", []int{}
		for k, size := range e.sizes {
			if c := letters[k]; contains(have, c) || contains(other, c) {
				product, shape = product+string(c), append(shape, size)
			}
		}
		last := i == l.N()-1
		if last {
			product = letters[:len(e.out)]
		}
		attrs := ir.Attrs{"equation": have + "," + other + "->" + product}
		if last {
			l.Replace("Einsum", attrs, x, y)
			return nil
		}
		x, have = l.Emit("Einsum", attrs, ir.Type{DType: x.Type.DType, Shape: shape}, x, y), product
	}
	return nil
}

func contains(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

// matMulContract lowers a matrix product that matmul_f32 does not do.
func (l *Lowering) matMulContract(s *matMulShape) error {
	k := &contraction{out: append(append([]int(nil), s.batch...), s.m, s.n), sum: []int{s.k}}
	k.outStr[0], k.sumStr[0] = append(append([]int(nil), s.as...), s.k, 0), []int{1}
	k.outStr[1], k.sumStr[1] = append(append([]int(nil), s.bs...), 0, 1), []int{s.n}
	return l.contract(k, l.In(0), l.In(1))
}

func lowerDet(l *Lowering) error {
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	s := l.Shape(0)
	n := s[len(s)-1]
	l.Replace("det", ir.Attrs{"T": t, "BATCH": int64(l.Out(0).Len()), "N": int64(n), "scratch": int64(n * n * l.Type(0).DType.Size())}, l.In(0))
	return nil
}

func evalDetKernel(c *Call) ([]*tensor.Tensor, error) {
	y, n := c.newOut(0), c.Attrs.Int("N")
	x := c.X(0).Float64s()
	for i := range c.Attrs.Int("BATCH") {
		y.SetF64(i, determinant(x[i*n*n:(i+1)*n*n], n))
	}
	return one(y), nil
}

func lowerTfIdf(l *Lowering) error {
	g, err := newGrams(l.Attrs)
	if err != nil {
		return err
	}
	var pool []int64
	var list []int32
	var weight []float32
	for n := l.Attrs.Int("min_gram_length"); n <= l.Attrs.Int("max_gram_length") && n <= len(g.lists); n++ {
		for i, at := range g.place[n-1] {
			list, weight = append(list, int32(n), int32(len(pool)), int32(at)), append(weight, float32(g.weight[n-1][i]))
			for _, v := range g.lists[n-1][i*n : (i+1)*n] {
				pool = append(pool, int64(v))
			}
		}
	}
	s, mode := l.Shape(0), l.Attrs.String("mode")
	width := s[len(s)-1]
	attrs := ir.Attrs{"XT": l.Type(0).DType.C(), "ROWS": int64(l.Out(0).Len() / g.size), "N": int64(width), "GRAMS": int64(len(weight)), "SIZE": int64(g.size), "SKIPS": int64(l.Attrs.Int("max_skip_count")),
		"COUNTED": truth(mode != "IDF"), "WEIGHTED": truth(mode != "TF")}
	l.Replace("ngram", attrs, l.In(0), l.Constant("pool", tensor.Ints(pool, len(pool))), l.Constant("list", tensor.Of(tensor.Int32, list, len(list))), l.Constant("weight", tensor.Floats(weight, len(weight))))
	return nil
}

func evalNgramKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	n, size := a.Int("N"), a.Int("SIZE")
	for r := range a.Int("ROWS") {
		x := c.X(0).Int64s()[r*n : (r+1)*n]
		for g := range a.Int("GRAMS") {
			length, from, at := int(c.X(2).I64(3*g)), int(c.X(2).I64(3*g+1)), r*size+int(c.X(2).I64(3*g+2))
			var gram []int
			for k := range length {
				gram = append(gram, int(c.X(1).I64(from+k)))
			}
			count := 0
			for skip := range a.Int("SKIPS") + 1 {
				if length > 1 || skip == 0 {
					count += occurrences(x, gram, skip+1)
				}
			}
			w := 1.0
			if a.Bool("WEIGHTED") {
				w = c.X(3).F64(g)
			}
			switch {
			case a.Bool("COUNTED"):
				y.SetF64(at, y.F64(at)+float64(count)*w)
			case count > 0:
				y.SetF64(at, w)
			}
		}
	}
	return one(y), nil
}
