package op

import (
	"fmt"
	"math"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// MaxPool, AveragePool and their global forms, on any number of spatial axes; the kernels take one or two.
var poolDefs = []*Def{
	{Name: "MaxPool", Since: []int{1, 8, 10, 11, 12, 22}, In: Args("X"), Out: Args("Y", "Indices?"),
		Attrs: append([]Attr{Int("ceil_mode", 0), Int("storage_order", 0)}, windowAttrs...), Infer: inferPool, Eval: evalMaxPool, Lower: lowerMaxPool, Spatial: true},
	{Name: "AveragePool", Since: []int{1, 7, 10, 11, 19, 22}, In: Args("X"), Out: Args("Y"),
		Attrs: append([]Attr{Int("ceil_mode", 0), Int("count_include_pad", 0)}, windowAttrs...), Infer: inferPool, Eval: evalAveragePool, Lower: lowerAveragePool, Spatial: true},
	{Name: "GlobalAveragePool", Since: []int{1, 22}, In: Args("X"), Out: Args("Y"), Infer: inferPool, Eval: evalAveragePool, Lower: lowerAveragePool, Spatial: true},
	{Name: "GlobalMaxPool", Since: []int{1, 22}, In: Args("X"), Out: Args("Y"), Infer: inferPool, Eval: evalMaxPool, Lower: lowerMaxPool, Spatial: true},
	{Name: "maxpool2d_f32", In: Args("x"), Out: Args("y"), Eval: evalMaxPool2D},
	{Name: "maxpool2d_s8", In: Args("x"), Out: Args("y"), Eval: evalMaxPool2D},
	{Name: "maxpool2d_s16", In: Args("x"), Out: Args("y"), Eval: evalMaxPool2D},
	{Name: "maxpool2d_fold_f32", In: Args("x"), Out: Args("y"), Eval: evalMaxPool2D},
	{Name: "maxpool2d_fold_s8", In: Args("x"), Out: Args("y"), Eval: evalMaxPool2D},
	{Name: "avgpool2d_fold_f32", In: Args("x"), Out: Args("y"), Eval: evalAvgPool2D},
	{Name: "avgpool2d_f32", In: Args("x"), Out: Args("y"), Eval: evalAvgPool2D},
}

func poolWindow(c *Call) (*window, error) {
	x := c.Shape(0)
	if len(x) < 3 {
		return nil, fmt.Errorf("X has shape %v; expected [N, C, …]", x)
	}
	if strings.Contains(c.Def.Name, "Global") || c.Attrs.Bool("global") {
		return newWindow(ir.Attrs{}, x[2:], x[2:])
	}
	if c.Attrs.Ints("kernel_shape") == nil {
		return nil, fmt.Errorf("attribute kernel_shape is missing")
	}
	return newWindow(c.Attrs, x[2:], nil)
}

func inferPool(c *Call) ([]ir.Type, error) {
	g, err := poolWindow(c)
	if err != nil {
		return nil, err
	}
	shape := append([]int{c.Shape(0)[0], c.Shape(0)[1]}, g.out...)
	return []ir.Type{{DType: c.Type(0).DType, Shape: shape}, {DType: tensor.Int64, Shape: shape}}, nil
}

// pool calls element for every output of an NC… pooling; taps calls back with the index in X.
func pool(g *window, x []int, element func(i, base int, out []int, taps func(func(at int)))) {
	volume, i := tensor.Len(g.in), 0
	for plane := range x[0] * x[1] {
		g.positions(func(out []int) {
			element(i, plane*volume, out, func(f func(at int)) {
				g.taps(out, func(_, at int) { f(plane*volume + at) })
			})
			i++
		})
	}
}

func evalMaxPool(c *Call) ([]*tensor.Tensor, error) {
	g, err := poolWindow(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	shape := append([]int{x.Shape[0], x.Shape[1]}, g.out...)
	y, where := tensor.New(x.DType, shape...), tensor.New(tensor.Int64, shape...)
	maxPool(g, x, shape[0]*shape[1], c.Attrs.Bool("storage_order"), y, where)
	return []*tensor.Tensor{y, where}, nil
}

// maxPool finds the greatest element of every window, and where it is.
func maxPool(g *window, x *tensor.Tensor, planes int, columns bool, y, where *tensor.Tensor) {
	pool(g, []int{planes, 1}, func(i, base int, _ []int, taps func(func(at int))) {
		best := -1
		taps(func(at int) {
			if best < 0 || less(x, best, at) {
				best = at
			}
		})
		if best < 0 { // a window of padding alone
			lo, _ := limitsOf(x.DType)
			copyElement(y, i, lo, 0)
			return
		}
		copyElement(y, i, x, best)
		where.SetI64(i, int64(columnMajor(best-base, g.in, columns)+base))
	})
}

// columnMajor converts an index in a row-major volume to column-major order.
func columnMajor(at int, in []int, convert bool) int {
	if !convert {
		return at
	}
	out, step := 0, 1
	strides := stridesOf(in)
	for i, s := range strides {
		out += at / s % in[i] * step
		step *= in[i]
	}
	return out
}

// ReachesInput reports whether every window of a pooling has an element of the input. In one that has none, a MaxPool's result is the least
// number of its type, which no scale goes with.
func ReachesInput(n *ir.Node) bool {
	c, err := NewCall(n)
	if err != nil {
		return false
	}
	g, err := poolWindow(c)
	return err == nil && g.reachesInput()
}

func (g *window) reachesInput() bool {
	for axis, in := range g.in {
		for o := range g.out[axis] {
			first, step := o*g.stride[axis]-g.before[axis], g.dilation[axis]
			k := (max(-first, 0) + step - 1) / step // the first tap behind the padding
			if k >= g.kernel[axis] || first+k*step >= in {
				return false
			}
		}
	}
	return true
}

func evalAveragePool(c *Call) ([]*tensor.Tensor, error) {
	g, err := poolWindow(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	y := tensor.New(x.DType, append([]int{x.Shape[0], x.Shape[1]}, g.out...)...)
	pool(g, x.Shape, func(i, _ int, out []int, taps func(func(at int))) {
		sum, n := 0.0, 0
		taps(func(at int) { sum = singly(x.DType, sum+x.F64(at)); n++ })
		if c.Attrs.Bool("count_include_pad") {
			n = g.padded(out)
		}
		y.SetF64(i, sum/float64(n))
	})
	return one(y), nil
}

// singly rounds a partial sum of float32 elements to float32, as ONNX Runtime does. Averages of quantized values are so often
// halfway between two of them that the sum's rounding errors decide; ir/README.md has more.
func singly(d tensor.DType, v float64) float64 {
	if d == tensor.Float32 {
		return float64(float32(v))
	}
	return v
}

// padded is the number of taps at an output position that lie inside the input or its padding: with ceil_mode a window may
// reach beyond both.
func (g *window) padded(out []int) int {
	n := 1
	for i := range g.in {
		in := 0
		for k := range g.kernel[i] {
			if pos := out[i]*g.stride[i] - g.before[i] + k*g.dilation[i]; pos < g.in[i]+g.after[i] {
				in++
			}
		}
		n *= in
	}
	return n
}

var maxPools = map[tensor.DType]string{tensor.Float32: "maxpool2d_f32", tensor.Int8: "maxpool2d_s8", tensor.Uint8: "maxpool2d_s8", tensor.Int16: "maxpool2d_s16", tensor.Uint16: "maxpool2d_s16"}

func lowerMaxPool(l *Lowering) error {
	g, err := poolWindow(l.Call)
	switch {
	case err != nil:
		return err
	case l.Node.Output(1) != nil:
		return l.maxPoolAt(g)
	}
	kernel := maxPools[l.Type(0).DType]
	if kernel == "" || len(g.in) > 2 {
		attrs, err := l.reducing("ReduceMax")
		if err != nil {
			return err
		}
		return l.poolND(g, attrs)
	}
	attrs := g.constants()
	attrs["N"], attrs["C"] = int64(l.Shape(0)[0]), int64(l.Shape(0)[1])
	if kernel != "maxpool2d_f32" {
		attrs["XT"] = l.Type(0).DType.C()
	}
	l.image(kernel, attrs)
	return nil
}

func lowerAveragePool(l *Lowering) error {
	g, err := poolWindow(l.Call)
	switch {
	case err != nil:
		return err
	case len(g.in) > 2 || l.Type(0).DType != tensor.Float32:
		attrs, err := l.reducing("ReduceMean")
		if err != nil {
			return err
		}
		return l.poolND(g, attrs)
	}
	l.image("avgpool2d_f32", averageConstants(g, l.Call))
	return nil
}

// averageConstants are a pooling window's, with what to divide by: PAD is 1 where padding counts, and PB and PR are then
// the padding below and to the right.
func averageConstants(g *window, c *Call) ir.Attrs {
	attrs := g.constants()
	attrs["N"], attrs["C"] = int64(c.Shape(0)[0]), int64(c.Shape(0)[1])
	attrs["PAD"] = int64(c.Attrs.Int("count_include_pad"))
	attrs["PR"], attrs["PB"] = int64(g.after[len(g.after)-1]), int64(0)
	if len(g.after) == 2 {
		attrs["PB"] = int64(g.after[0])
	}
	return attrs
}

// pool2D calls element for every output of a pooling kernel on NHWC images.
func pool2D(a ir.Attrs, element func(i, c int, taps func(func(at int)))) {
	ch := a.Int("C")
	eval2D(a, ch, ch, func(i, c int, each func(func(tap, pixel int))) {
		element(i, c, func(f func(at int)) { each(func(_, pixel int) { f(pixel + c) }) })
	})
}

func evalMaxPool2D(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	lowest := math.Inf(-1)
	if x.DType.IsInt() {
		lo, _ := x.DType.Range()
		lowest = float64(lo)
	}
	pool2D(c.Attrs, func(i, _ int, taps func(func(at int))) {
		best := lowest
		taps(func(at int) { best = atLeast(best, x.F64(at)) })
		y.SetF64(i, best)
	})
	return one(y), nil
}

func evalAvgPool2D(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	count := divisors(c.Attrs)
	pool2D(c.Attrs, func(i, ch int, taps func(func(at int))) {
		sum, n := 0.0, 0
		taps(func(at int) { sum += x.F64(at); n++ })
		if count != nil {
			n = count(i / c.Attrs.Int("C"))
		}
		y.SetF64(i, sum/float64(n))
	})
	return one(y), nil
}

// divisors returns the number that the sum at each output pixel is divided by where padding counts, or nil.
func divisors(a ir.Attrs) func(pixel int) int {
	if !a.Bool("PAD") {
		return nil
	}
	g := windowOf(a)
	g.after = []int{a.Int("PB"), a.Int("PR")}
	return func(pixel int) int {
		pixel %= g.out[0] * g.out[1]
		return g.padded([]int{pixel / g.out[1], pixel % g.out[1]})
	}
}
