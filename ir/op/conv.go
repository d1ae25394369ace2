package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Conv (opsets 1, 11, 22) on any number of spatial axes; its kernels take one or two.
var convDefs = []*Def{
	{Name: "Conv", Since: []int{1, 11, 22}, In: Args("X", "W", "B?"), Out: Args("Y"), Attrs: append([]Attr{Int("group", 1)}, windowAttrs...),
		Infer: inferConv, Eval: evalConv, Lower: lowerConv, Spatial: true},
	{Name: "conv2d_f32", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalConv2D, Post: "POST(v)"},
	{Name: "dwconv2d_f32", In: Args("x", "w", "b"), Out: Args("y"), Eval: evalDWConv2D, Post: "POST(v)"},
}

// convGeometry checks X [N][C][…] against W [OC][C/group][…] and returns the window.
func convGeometry(a ir.Attrs, x, w []int) (*window, error) {
	if len(x) < 3 || len(w) != len(x) {
		return nil, fmt.Errorf("X has shape %v and W %v; expected [N, C, …] and [M, C/group, …] of one rank", x, w)
	}
	group := a.Int("group")
	if group < 1 || x[1] != w[1]*group {
		return nil, fmt.Errorf("channels of W do not match X: X has %d, W takes %d in %d groups", x[1], w[1], group)
	}
	if w[0]%group != 0 {
		return nil, fmt.Errorf("%d output channels do not divide into %d groups", w[0], group)
	}
	return newWindow(a, x[2:], w[2:])
}

func inferConv(c *Call) ([]ir.Type, error) {
	x, w := c.Type(0), c.Type(1)
	g, err := convGeometry(c.Attrs, x.Shape, w.Shape)
	if err != nil {
		return nil, err
	}
	if c.Has(2) && (len(c.Shape(2)) != 1 || c.Shape(2)[0] != w.Shape[0]) {
		return nil, fmt.Errorf("B has shape %v; expected [%d], a value per output channel", c.Shape(2), w.Shape[0])
	}
	return typed(x.DType, append([]int{x.Shape[0], w.Shape[0]}, g.out...)...), nil
}

func evalConv(c *Call) ([]*tensor.Tensor, error) {
	x, w := c.X(0), c.X(1)
	g, err := convGeometry(c.Attrs, x.Shape, w.Shape)
	if err != nil {
		return nil, err
	}
	y := tensor.New(x.DType, append([]int{x.Shape[0], w.Shape[0]}, g.out...)...)
	xs, ws := x.Float64s(), w.Float64s()
	convolve(g, x.Shape, w.Shape, c.Attrs.Int("group"), func(i, oc int, sum func(func(xi, wi int))) {
		acc := 0.0
		if c.Has(2) {
			acc = c.X(2).F64(oc)
		}
		sum(func(xi, wi int) { acc += xs[xi] * ws[wi] })
		y.SetF64(i, acc)
	})
	return one(y), nil
}

// convolve calls element for every output, in order; sum then calls back with the indices in X and W of every product.
func convolve(g *window, x, w []int, group int, element func(i, oc int, sum func(func(xi, wi int)))) {
	icg, ocg := w[1], w[0]/group
	volume, taps := tensor.Len(g.in), tensor.Len(g.kernel)
	i := 0
	for n := range x[0] {
		for oc := range w[0] {
			from := (n*x[1] + oc/ocg*icg) * volume
			g.positions(func(out []int) {
				element(i, oc, func(f func(xi, wi int)) {
					g.taps(out, func(tap, at int) {
						for ic := range icg {
							f(from+ic*volume+at, (oc*icg+ic)*taps+tap)
						}
					})
				})
				i++
			})
		}
	}
}

// lowerConv puts one or two spatial axes onto the NHWC kernels.
func lowerConv(l *Lowering) error {
	x, w := l.Type(0), l.Type(1)
	g, err := convGeometry(l.Attrs, x.Shape, w.Shape)
	if err != nil {
		return err
	}
	if x.DType != tensor.Float32 || len(g.in) > 2 || l.Const(1) == nil || l.Has(2) && l.Const(2) == nil {
		if _, err := l.floatingC(); err != nil {
			return err
		}
		return l.convND(g, l.In(0), l.In(1), l.In(2))
	}
	bias := tensor.New(tensor.Float32, w.Shape[0])
	if l.Has(2) {
		bias = l.Const(2)
	}
	kernel, attrs, packed, err := convKernel(g, x.Shape, l.Const(1), l.Attrs.Int("group"))
	if err != nil {
		return err
	}
	l.image(kernel+"_f32", attrs, l.Constant("w", packed), l.Constant("b", bias))
	return nil
}

// convKernel chooses conv2d or dwconv2d, and returns its constants and its weights in the kernel's order.
func convKernel(g *window, x []int, w *tensor.Tensor, group int) (string, ir.Attrs, *tensor.Tensor, error) {
	if len(g.in) > 2 {
		return "", nil, nil, fmt.Errorf("convolution over %d spatial axes is not available in C; expected 1 or 2", len(g.in))
	}
	attrs := g.constants()
	oc, icg := w.Shape[0], w.Shape[1]
	taps := tensor.Len(g.kernel)
	attrs["N"], attrs["OC"], attrs["IC"] = int64(x[0]), int64(oc), int64(x[1])
	kh, kw := int(attrs["KH"].(int64)), int(attrs["KW"].(int64))
	if icg == 1 && group > 1 {
		p := tensor.New(w.DType, kh, kw, oc)
		for o := range oc {
			for t := range taps {
				copyElement(p, t*oc+o, w, o*taps+t)
			}
		}
		return "dwconv2d", attrs, p, nil
	}
	attrs["G"] = int64(group)
	p := tensor.New(w.DType, oc, kh, kw, icg)
	for o := range oc {
		for t := range taps {
			for c := range icg {
				copyElement(p, (o*taps+t)*icg+c, w, (o*icg+c)*taps+t)
			}
		}
	}
	return "conv2d", attrs, p, nil
}

// image emits a kernel on NHWC images between two Transposes, for an operator on [N][C][H][W] or [N][C][W].
func (l *Lowering) image(kernel string, attrs ir.Attrs, consts ...*ir.Value) {
	x, y := l.toNHWC(l.In(0)), l.nhwcType(l.Out(0))
	l.fromNHWC(l.Emit(kernel, attrs, y, append([]*ir.Value{x}, consts...)...))
}

// nhwcType is the type of an NCHW or NCW value in NHWC.
func (l *Lowering) nhwcType(t ir.Type) ir.Type {
	s := t.Shape
	if len(s) == 3 {
		s = []int{s[0], s[1], 1, s[2]}
	}
	return ir.Type{DType: t.DType, Shape: []int{s[0], s[2], s[3], s[1]}, Quant: t.Quant}
}

func (l *Lowering) toNHWC(x *ir.Value) *ir.Value {
	t := l.nhwcType(x.Type)
	if len(x.Type.Shape) == 4 {
		return l.Emit("Transpose", ir.Attrs{"perm": []int64{0, 2, 3, 1}}, t, x)
	}
	swapped := ir.Type{DType: t.DType, Shape: []int{t.Shape[0], t.Shape[2], t.Shape[3]}, Quant: t.Quant}
	return l.reshape(l.Emit("Transpose", ir.Attrs{"perm": []int64{0, 2, 1}}, swapped, x), t)
}

func (l *Lowering) fromNHWC(y *ir.Value) {
	if len(l.Out(0).Shape) == 4 {
		l.Replace("Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, y)
		return
	}
	s := y.Type.Shape
	y = l.reshape(y, ir.Type{DType: y.Type.DType, Shape: []int{s[0], s[2], s[3]}, Quant: y.Type.Quant})
	l.Replace("Transpose", ir.Attrs{"perm": []int64{0, 2, 1}}, y)
}

// reshape emits ONNX's Reshape to a static shape.
func (l *Lowering) reshape(x *ir.Value, t ir.Type) *ir.Value {
	shape := tensor.New(tensor.Int64, len(t.Shape))
	for i, d := range t.Shape {
		shape.SetI64(i, int64(d))
	}
	return l.Emit("Reshape", nil, t, x, l.Constant("shape", shape))
}

// eval2D calls element for every output of a 2-D kernel on NHWC images; taps then calls back with the tap and the offset
// of the pixel in x.
func eval2D(a ir.Attrs, ic, oc int, element func(i, oc int, taps func(func(tap, pixel int)))) {
	g := windowOf(a)
	i := 0
	for n := range a.Int("N") {
		g.positions(func(out []int) {
			for o := range oc {
				element(i, o, func(f func(tap, pixel int)) {
					g.taps(out, func(tap, at int) { f(tap, (n*g.in[0]*g.in[1]+at)*ic) })
				})
				i++
			}
		})
	}
}

func evalConv2D(c *Call) ([]*tensor.Tensor, error) {
	x, w, b := c.X(0).Float64s(), c.X(1).Float64s(), c.X(2)
	y, post := c.newOut(0), postOf(c)
	conv2D(c.Attrs, func(i, oc int, sum func(func(xi, wi int))) {
		acc := b.F64(oc)
		sum(func(xi, wi int) { acc += x[xi] * w[wi] })
		y.SetF64(i, float64(post(float32(acc))))
	})
	return one(y), nil
}

// conv2D calls element for every output of conv2d; sum calls back with the indices of every product.
func conv2D(a ir.Attrs, element func(i, oc int, sum func(func(xi, wi int)))) {
	ic, oc, group := a.Int("IC"), a.Int("OC"), a.Int("G")
	icg, taps := ic/group, a.Int("KH")*a.Int("KW")
	eval2D(a, ic, oc, func(i, o int, each func(func(tap, pixel int))) {
		from := o / (oc / group) * icg
		element(i, o, func(f func(xi, wi int)) {
			each(func(tap, pixel int) {
				for k := range icg {
					f(pixel+from+k, (o*taps+tap)*icg+k)
				}
			})
		})
	})
}

func evalDWConv2D(c *Call) ([]*tensor.Tensor, error) {
	x, w, b := c.X(0).Float64s(), c.X(1).Float64s(), c.X(2)
	y, post := c.newOut(0), postOf(c)
	dwConv2D(c.Attrs, func(i, oc int, sum func(func(xi, wi int))) {
		acc := b.F64(oc)
		sum(func(xi, wi int) { acc += x[xi] * w[wi] })
		y.SetF64(i, float64(post(float32(acc))))
	})
	return one(y), nil
}

// dwConv2D is conv2D for depthwise convolution.
func dwConv2D(a ir.Attrs, element func(i, oc int, sum func(func(xi, wi int)))) {
	ic, oc := a.Int("IC"), a.Int("OC")
	eval2D(a, ic, oc, func(i, o int, each func(func(tap, pixel int))) {
		element(i, o, func(f func(xi, wi int)) {
			each(func(tap, pixel int) { f(pixel+o/(oc/ic), tap*oc+o) })
		})
	})
}
