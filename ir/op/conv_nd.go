package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Kernels over up to three spatial axes with channels first, for what the kernels on NHWC images do not do: weights that are computed at
// run time, three axes, other types than float32.
var convNDDefs = []*Def{
	{Name: "convnd", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalConvND},
	{Name: "convtranspose", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalConvTransposeKernel},
	{Name: "poolnd", In: Args("x"), Out: Args("y"), Eval: evalPoolND},
	{Name: "maxpoolat", In: Args("x"), Out: Args("y", "where"), Eval: evalMaxPoolAt},
	{Name: "deformconv", In: Args("x", "w", "offset", "b", "mask"), Out: Args("y"), Eval: evalDeformKernel},
	{Name: "col2im", In: Args("x"), Out: Args("y"), Eval: evalCol2ImKernel},
	{Name: "unpool", In: Args("x", "at"), Out: Args("y"), Eval: evalUnpoolKernel},
	{Name: "lrn_f32", In: Args("x"), Out: Args("y"), Eval: evalLRNKernel},
}

// axisNames are the names of a window's parts along depth, height and width.
var axisNames = [3]struct{ in, out, kernel, stride, dilation, before, after string }{
	{"ID", "OD", "KD", "SD", "DD", "PF", "PB"}, {"IH", "OH", "KH", "SH", "DH", "PT", "PD"}, {"IW", "OW", "KW", "SW", "DW", "PL", "PR"},
}

// constants3 returns a window's constants for kernels over three axes; missing ones have one element.
func (w *window) constants3() (ir.Attrs, error) {
	if len(w.in) > 3 {
		return nil, fmt.Errorf("%d spatial axes are not available in C; expected at most 3", len(w.in))
	}
	attrs := ir.Attrs{}
	for i, n := range axisNames {
		set := func(name string, s []int, def int) {
			attrs[name] = int64(def)
			if k := i - 3 + len(w.in); k >= 0 {
				attrs[name] = int64(s[k])
			}
		}
		set(n.in, w.in, 1)
		set(n.out, w.out, 1)
		set(n.kernel, w.kernel, 1)
		set(n.stride, w.stride, 1)
		set(n.dilation, w.dilation, 1)
		set(n.before, w.before, 0)
	}
	return attrs, nil
}

// window3 reads the constants of a kernel.
func window3(a ir.Attrs) *window {
	w := &window{}
	for _, n := range axisNames {
		w.in, w.out, w.kernel = append(w.in, a.Int(n.in)), append(w.out, a.Int(n.out)), append(w.kernel, a.Int(n.kernel))
		w.stride, w.dilation = append(w.stride, a.Int(n.stride)), append(w.dilation, a.Int(n.dilation))
		w.before, w.after = append(w.before, a.Int(n.before)), append(w.after, a.Int(n.after))
	}
	return w
}

// floatingC returns the C type of floats that kernels compute with, or an error for every other type.
func (l *Lowering) floatingC() (string, error) {
	if d := l.Type(0).DType; d != tensor.Float32 && d != tensor.Float64 {
		return "", fmt.Errorf("%s on %s is not available in C", l.Def.Name, d)
	}
	return l.Type(0).DType.C(), nil
}

// zeros returns input i, or a constant of zeros where it is absent.
func (l *Lowering) zeros(i int, d tensor.DType, shape ...int) *ir.Value {
	if v := l.In(i); v != nil {
		return v
	}
	return l.Constant("zeros", tensor.New(d, shape...))
}

// convND lowers a convolution that the kernels on images do not take. All operands are of one type; b may be nil.
func (l *Lowering) convND(g *window, x, w, b *ir.Value) error {
	attrs, err := g.constants3()
	if err != nil {
		return err
	}
	s, oc := x.Type.Shape, w.Type.Shape[0]
	if b == nil {
		b = l.Constant("zeros", tensor.New(x.Type.DType, oc))
	}
	attrs["T"], attrs["N"], attrs["IC"], attrs["OC"], attrs["G"] = x.Type.DType.C(), int64(s[0]), int64(s[1]), int64(oc), int64(l.Attrs.Int("group"))
	l.Replace("convnd", attrs, x, w, b)
	return nil
}

func evalConvND(c *Call) ([]*tensor.Tensor, error) {
	a, g, y := c.Attrs, window3(c.Attrs), c.newOut(0)
	xs, ws, b := c.X(0).Float64s(), c.X(1).Float64s(), c.X(2)
	ic, oc, group := a.Int("IC"), a.Int("OC"), a.Int("G")
	convolve(g, append([]int{a.Int("N"), ic}, g.in...), append([]int{oc, ic / group}, g.kernel...), group, func(i, oc int, sum func(func(xi, wi int))) {
		acc := b.F64(oc)
		sum(func(xi, wi int) { acc += xs[xi] * ws[wi] })
		y.SetF64(i, acc)
	})
	return one(y), nil
}

func lowerConvTranspose(l *Lowering) error {
	g, err := newTransposedWindow(l.Call)
	if err != nil {
		return err
	}
	back := *g // the kernel's input is what the window's convolution puts out
	back.in, back.out = g.out, g.in
	attrs, err := back.constants3()
	if err != nil {
		return err
	}
	if attrs["T"], err = l.floatingC(); err != nil {
		return err
	}
	group := l.Attrs.Int("group")
	oc := l.Shape(1)[1] * group
	attrs["N"], attrs["IC"], attrs["OC"], attrs["G"] = int64(l.Shape(0)[0]), int64(l.Shape(0)[1]), int64(oc), int64(group)
	l.Replace("convtranspose", attrs, l.In(0), l.In(1), l.zeros(2, l.Type(0).DType, oc))
	return nil
}

func evalConvTransposeKernel(c *Call) ([]*tensor.Tensor, error) {
	a, g := c.Attrs, window3(c.Attrs)
	g.in, g.out = g.out, g.in
	x := append([]int{a.Int("N"), a.Int("IC")}, g.out...)
	t := ir.Type{DType: c.Out(0).DType, Shape: append([]int{a.Int("N"), a.Int("OC")}, g.in...)}
	y := spread2(g, t, x, c.X(0).Float64s(), c.X(1).Float64s(), c.X(2).Float64s(), a.Int("G"))
	return one(y.Reshape(c.Out(0).Shape...)), nil
}

// poolND lowers a pooling by what becomes of a window's elements.
func (l *Lowering) poolND(g *window, attrs ir.Attrs) error {
	geometry, err := g.constants3()
	if err != nil {
		return err
	}
	for k, v := range geometry {
		attrs[k] = v
	}
	for i, n := range axisNames {
		attrs[n.after] = int64(0)
		if k := i - 3 + len(g.in); k >= 0 {
			attrs[n.after] = int64(g.after[k])
		}
	}
	attrs["NC"], attrs["XT"], attrs["PAD"] = int64(l.Shape(0)[0]*l.Shape(0)[1]), l.Type(0).DType.C(), int64(l.Attrs.Int("count_include_pad"))
	l.Replace("poolnd", attrs, l.In(0))
	return nil
}

// reducing returns the macros that bring elements together as a reduction does.
func (l *Lowering) reducing(kind string) (ir.Attrs, error) {
	attrs := ir.Attrs{"kind": kind}
	return attrs, reductionOf(kind).typed(attrs, l.Type(0).DType)
}

func evalPoolND(c *Call) ([]*tensor.Tensor, error) {
	g, x, y := window3(c.Attrs), c.X(0), c.newOut(0)
	kind := c.Attrs.String("kind")
	pool(g, []int{c.Attrs.Int("NC"), 1}, func(i, _ int, out []int, taps func(func(at int))) {
		var at []int
		taps(func(k int) { at = append(at, k) })
		n := len(at)
		if c.Attrs.Bool("PAD") {
			n = g.padded(out)
		}
		if kind == "LpPool" {
			y.SetF64(i, lpNorm(x, at, float64(c.Attrs.Int("p"))))
			return
		}
		row := tensor.New(x.DType, len(at))
		for k, from := range at {
			copyElement(row, k, x, from)
		}
		one := tensor.New(x.DType, 1)
		reductionOf(kind).reduce(row, one, []int{0}, n, tensor.Invalid)
		copyElement(y, i, one, 0)
	})
	return one(y), nil
}

func lowerLpPool(l *Lowering) error {
	g, err := poolWindow(l.Call)
	if err != nil {
		return err
	}
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	attrs := ir.Attrs{"kind": "LpPool", "p": int64(l.Attrs.Int("p")), "AT": t, "START()": "0.0f"}
	p := cFloat(float32(l.Attrs.Int("p")))
	attrs["STEP(acc, v)"], attrs["FINISH(acc, n)"] = fmt.Sprintf("(acc + dg_powf(dg_absf(v), %s))", p), fmt.Sprintf("dg_powf(acc, 1.0f / %s)", p)
	switch l.Attrs.Int("p") {
	case 1:
		attrs["STEP(acc, v)"], attrs["FINISH(acc, n)"] = "(acc + dg_absf(v))", "acc"
	case 2:
		attrs["STEP(acc, v)"], attrs["FINISH(acc, n)"] = "(acc + v * v)", "dg_sqrtf(acc)"
	}
	if t == "double" {
		for _, k := range []string{"START()", "STEP(acc, v)", "FINISH(acc, n)"} {
			attrs[k] = doubleC(attrs.String(k))
		}
	}
	return l.poolND(g, attrs)
}

// maxPoolAt lowers a MaxPool whose indices are wanted.
func (l *Lowering) maxPoolAt(g *window) error {
	attrs, err := g.constants3()
	if err != nil {
		return err
	}
	attrs["NC"], attrs["T"], attrs["COLUMNS"], attrs["LESS(a, b)"] = int64(l.Shape(0)[0]*l.Shape(0)[1]), l.Type(0).DType.C(), int64(l.Attrs.Int("storage_order")), lessC(l.Type(0).DType)
	lo, _ := limitsOf(l.Type(0).DType)
	attrs["LOW()"] = literalC(lo)
	out := append([]*ir.Value(nil), l.Node.Outputs...)
	if out[0] == nil {
		out[0] = l.NewValue("maxpool.unused", ir.Type{DType: l.Type(0).DType, Shape: out[1].Type.Shape})
	}
	l.EmitTo(out, "maxpoolat", attrs, l.In(0))
	return nil
}

func evalMaxPoolAt(c *Call) ([]*tensor.Tensor, error) {
	g, y, where := window3(c.Attrs), c.newOut(0), c.newOut(1)
	maxPool(g, c.X(0), c.Attrs.Int("NC"), c.Attrs.Bool("COLUMNS"), y, where)
	return []*tensor.Tensor{y, where}, nil
}

func lowerDeformConv(l *Lowering) error {
	d, err := newDeformation(l.Call)
	if err != nil {
		return err
	}
	t, err := l.floatingC()
	if err != nil {
		return err
	}
	attrs := d.constants()
	attrs["FH"], attrs["FW"] = attrs["KH"], attrs["KW"] // it moves the taps of its filter: no window of known rows
	delete(attrs, "KH")
	delete(attrs, "KW")
	x, oc := l.Shape(0), l.Shape(1)[0]
	attrs["T"], attrs["N"], attrs["IC"], attrs["OC"], attrs["G"], attrs["OG"] = t, int64(x[0]), int64(x[1]), int64(oc), int64(d.group), int64(d.offsetGroup)
	mask := l.In(4)
	if mask == nil {
		ones := tensor.New(l.Type(0).DType, l.Type(2).Len()/2)
		for i := range ones.Len() {
			ones.SetF64(i, 1)
		}
		mask = l.Constant("mask", ones)
	}
	l.Replace("deformconv", attrs, l.In(0), l.In(1), l.In(2), l.zeros(3, l.Type(0).DType, oc), mask)
	return nil
}

func evalDeformKernel(c *Call) ([]*tensor.Tensor, error) {
	a, g, y := c.Attrs, windowOf(c.Attrs), c.newOut(0)
	g.kernel = []int{a.Int("FH"), a.Int("FW")}
	d := &deformation{g, a.Int("G"), a.Int("OG")}
	ic, oc := a.Int("IC"), a.Int("OC")
	k := *c
	x, w := c.X(0).Reshape(append([]int{a.Int("N"), ic}, g.in...)...), c.X(1).Reshape(append([]int{oc, ic / d.group}, g.kernel...)...)
	k.in = []*tensor.Tensor{x, w, c.X(2), c.X(3), c.X(4)}
	pixels := g.out[0] * g.out[1]
	for i := range y.Len() {
		n, o, p := i/(oc*pixels), i/pixels%oc, i%pixels
		y.SetF64(i, c.X(3).F64(o)+d.sum(&k, n, o, p))
	}
	return one(y), nil
}

func lowerCol2Im(l *Lowering) error {
	g, err := newCol2Im(l.Call)
	if err != nil {
		return err
	}
	attrs, err := g.constants3()
	if err != nil {
		return err
	}
	if attrs["T"], err = l.floatingC(); err != nil {
		return err
	}
	attrs["NC"] = int64(l.Out(0).Shape[0] * l.Out(0).Shape[1])
	l.Replace("col2im", attrs, l.In(0))
	return nil
}

func evalCol2ImKernel(c *Call) ([]*tensor.Tensor, error) {
	g := window3(c.Attrs)
	return one(tensorOf(c.Out(0), addBlocks(g, c.X(0), c.Attrs.Int("NC")))), nil
}

func lowerMaxUnpool(l *Lowering) error {
	inferred, out, err := unpooled(l.Call)
	if err != nil {
		return err
	}
	if len(out) > 3 {
		return fmt.Errorf("%d spatial axes are not available in C; expected at most 3", len(out))
	}
	attrs := ir.Attrs{"T": l.Type(0).DType.C(), "IT": l.Type(1).DType.C(), "N": int64(l.Type(0).Len()), "NC": int64(l.Shape(0)[0] * l.Shape(0)[1])}
	for i, n := range axisNames {
		attrs[n.in], attrs[n.out] = int64(1), int64(1)
		if k := i - 3 + len(out); k >= 0 {
			attrs[n.in], attrs[n.out] = int64(inferred[k]), int64(out[k])
		}
	}
	l.Replace("unpool", attrs, l.In(0), l.In(1))
	return nil
}

func evalUnpoolKernel(c *Call) ([]*tensor.Tensor, error) {
	g, y := window3(c.Attrs), c.newOut(0)
	from, to := append([]int{c.Attrs.Int("NC")}, g.in...), append([]int{c.Attrs.Int("NC")}, g.out...)
	return one(y), unpool(c.X(0), c.X(1), y, from, to)
}

func lowerLRN(l *Lowering) error {
	if l.Type(0).DType != tensor.Float32 {
		return fmt.Errorf("LRN on %s is not available in C", l.Type(0).DType)
	}
	attrs := l.laneKernel(1)
	delete(attrs, "T")
	attrs["SIZE"], attrs["ALPHA"], attrs["BETA"], attrs["BIAS"] = int64(l.Attrs.Int("size")), l.Attrs.Float("alpha"), l.Attrs.Float("beta"), l.Attrs.Float("bias")
	l.Replace("lrn_f32", attrs, l.In(0))
	return nil
}

func evalLRNKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	lrn(c.X(0), y, a.Int("OUTER"), a.Int("N"), a.Int("INNER"), a.Int("SIZE"), float64(a.Float("ALPHA")), float64(a.Float("BETA")), float64(a.Float("BIAS")))
	return one(y), nil
}
