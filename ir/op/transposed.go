package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Convolutions and poolings that go the other way, or astray, or along channels.
var transposedDefs = []*Def{
	{Name: "ConvTranspose", Since: []int{1, 11, 22}, In: Args("X", "W", "B?"), Out: Args("Y"), Attrs: append([]Attr{Int("group", 1), Ints("output_padding"), Ints("output_shape")}, windowAttrs...),
		Infer: inferConvTranspose, Eval: evalConvTranspose, Lower: lowerConvTranspose},
	{Name: "DeformConv", Since: []int{19, 22}, In: Args("X", "W", "offset", "B?", "mask?"), Out: Args("Y"), Attrs: []Attr{Ints("dilations"), Int("group", 1), Ints("kernel_shape"), Int("offset_group", 1), Ints("pads"), Ints("strides")},
		Infer: inferDeformConv, Eval: evalDeformConv, Lower: lowerDeformConv},
	{Name: "Col2Im", Since: []int{18}, In: Args("input", "image_shape", "block_shape"), Out: Args("output"), Attrs: []Attr{Ints("dilations"), Ints("pads"), Ints("strides")}, Infer: inferCol2Im, Eval: evalCol2Im, Lower: lowerCol2Im},
	{Name: "MaxUnpool", Since: []int{9, 11, 22}, In: Args("X", "I", "output_shape?"), Out: Args("output"), Attrs: []Attr{Ints("kernel_shape").Must(), Ints("pads"), Ints("strides")}, Infer: inferMaxUnpool, Eval: evalMaxUnpool, Lower: lowerMaxUnpool, Moves: true},
	{Name: "LpPool", Since: []int{1, 2, 11, 18, 22}, In: Args("X"), Out: Args("Y"), Attrs: append([]Attr{Int("ceil_mode", 0), Int("p", 2)}, windowAttrs...), Infer: inferPoolY, Eval: evalLpPool, Lower: lowerLpPool},
	{Name: "GlobalLpPool", Since: []int{1, 2, 22}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Int("p", 2)}, Infer: inferPoolY, Eval: evalLpPool, Lower: lowerLpPool},
	{Name: "LRN", Since: []int{1, 13}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Float("alpha", 1e-4), Float("beta", 0.75), Float("bias", 1), Int("size", 0).Must()}, Infer: inferLRN, Eval: evalLRN, Lower: lowerLRN},
}

// newTransposedWindow returns the window of the convolution that leads from the output of a ConvTranspose back to its input.
func newTransposedWindow(c *Call) (*window, error) {
	x, w, group := c.Shape(0), c.Shape(1), c.Attrs.Int("group")
	if len(x) < 3 || len(w) != len(x) || group < 1 || x[1] != w[0] || w[0]%group != 0 {
		return nil, fmt.Errorf("X has shape %v and W %v in %d groups; expected [N, C, …] and [C, M/group, …]", x, w, group)
	}
	n := len(x) - 2
	g := &window{in: make([]int, n), out: x[2:], kernel: w[2:], stride: orOnes(c.Attrs.Ints("strides"), n), dilation: orOnes(c.Attrs.Ints("dilations"), n)}
	pads, extra, shape := orZeros(c.Attrs.Ints("pads"), 2*n), orZeros(c.Attrs.Ints("output_padding"), n), c.Attrs.Ints("output_shape")
	if len(shape) > n {
		shape = shape[len(shape)-n:]
	}
	if len(g.stride) != n || len(g.dilation) != n || len(pads) != 2*n || len(extra) != n || shape != nil && len(shape) != n {
		return nil, fmt.Errorf("strides %v, dilations %v, pads %v, output_padding %v and output_shape %v do not fit %d spatial axes", g.stride, g.dilation, pads, extra, shape, n)
	}
	auto := c.Attrs.String("auto_pad")
	for i := range n {
		full := g.stride[i]*(g.out[i]-1) + extra[i] + g.extent(i)
		switch {
		case shape != nil:
			g.in[i] = shape[i]
		case auto == "SAME_UPPER" || auto == "SAME_LOWER":
			g.in[i] = g.out[i] * g.stride[i]
		case auto == "VALID":
			g.in[i] = full
		default:
			g.in[i] = full - pads[i] - pads[n+i]
			g.before = append(g.before, pads[i])
			continue
		}
		total := max(full-g.in[i], 0)
		if auto == "SAME_UPPER" {
			g.before = append(g.before, total/2)
		} else {
			g.before = append(g.before, total-total/2)
		}
	}
	if slices.Min(g.in) < 1 || slices.Min(g.stride) < 1 || slices.Min(g.dilation) < 1 {
		return nil, fmt.Errorf("an output of %v does not come of an input of %v by a kernel of %v", g.in, g.out, g.kernel)
	}
	return g, nil
}

func orZeros(v []int, n int) []int {
	if v == nil {
		return make([]int, n)
	}
	return v
}

func inferConvTranspose(c *Call) ([]ir.Type, error) {
	g, err := newTransposedWindow(c)
	if err != nil {
		return nil, err
	}
	oc := c.Shape(1)[1] * c.Attrs.Int("group")
	if c.Has(2) && !slices.Equal(c.Shape(2), []int{oc}) {
		return nil, fmt.Errorf("B has shape %v; expected [%d], a value per output channel", c.Shape(2), oc)
	}
	return typed(c.Type(0).DType, slices.Concat(c.Shape(0)[:1], []int{oc}, g.in)...), nil
}

func evalConvTranspose(c *Call) ([]*tensor.Tensor, error) {
	g, err := newTransposedWindow(c)
	if err != nil {
		return nil, err
	}
	var bias []float64
	if c.Has(2) {
		bias = c.X(2).Float64s()
	}
	types, _ := inferConvTranspose(c)
	y := spread2(g, types[0], c.Shape(0), c.X(0).Float64s(), c.X(1).Float64s(), bias, c.Attrs.Int("group"))
	return one(y), nil
}

// spread2 adds to every output what each input spreads to it through the weights [C][M/group][taps].
func spread2(g *window, t ir.Type, x []int, xs, ws, bias []float64, group int) *tensor.Tensor {
	icg, oc := x[1]/group, t.Shape[1]
	ocg, taps := oc/group, tensor.Len(g.kernel)
	from, to := tensor.Len(g.out), tensor.Len(g.in)
	acc := make([]float64, t.Len())
	for i := range acc {
		if bias != nil {
			acc[i] = bias[i/to%oc]
		}
	}
	for n := range x[0] {
		for ic := range x[1] {
			i := (n*x[1] + ic) * from
			g.positions(func(out []int) {
				v := xs[i]
				g.taps(out, func(tap, at int) {
					for o := range ocg {
						acc[(n*oc+ic/icg*ocg+o)*to+at] += v * ws[(ic*ocg+o)*taps+tap]
					}
				})
				i++
			})
		}
	}
	return tensorOf(t, acc)
}

// deformation is a DeformConv's geometry.
type deformation struct {
	*window
	group, offsetGroup int
}

func newDeformation(c *Call) (*deformation, error) {
	x, w := c.Shape(0), c.Shape(1)
	g, err := convGeometry(c.Attrs, x, w)
	if err != nil {
		return nil, err
	}
	d := &deformation{g, c.Attrs.Int("group"), c.Attrs.Int("offset_group")}
	if len(g.in) != 2 {
		return nil, fmt.Errorf("X has shape %v; DeformConv is supported on two spatial axes", x)
	}
	taps := tensor.Len(g.kernel)
	if want := slices.Concat([]int{x[0], d.offsetGroup * taps * 2}, g.out); d.offsetGroup < 1 || x[1]%d.offsetGroup != 0 || !slices.Equal(c.Shape(2), want) {
		return nil, fmt.Errorf("offset has shape %v; expected %v", c.Shape(2), want)
	}
	if want := slices.Concat([]int{x[0], d.offsetGroup * taps}, g.out); c.Has(4) && !slices.Equal(c.Shape(4), want) {
		return nil, fmt.Errorf("mask has shape %v; expected %v", c.Shape(4), want)
	}
	return d, nil
}

func inferDeformConv(c *Call) ([]ir.Type, error) {
	d, err := newDeformation(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, slices.Concat(c.Shape(0)[:1], c.Shape(1)[:1], d.out)...), nil
}

func evalDeformConv(c *Call) ([]*tensor.Tensor, error) {
	d, err := newDeformation(c)
	if err != nil {
		return nil, err
	}
	x, w := c.X(0), c.X(1)
	types, _ := inferDeformConv(c)
	y := tensor.New(types[0].DType, types[0].Shape...)
	pixels, i := d.out[0]*d.out[1], 0
	for n := range x.Shape[0] {
		for oc := range w.Shape[0] {
			for p := range pixels {
				acc := 0.0
				if c.Has(3) {
					acc = c.X(3).F64(oc)
				}
				y.SetF64(i, acc+d.sum(c, n, oc, p))
				i++
			}
		}
	}
	return one(y), nil
}

// sum is the products of one output pixel: each tap is read where the offset moves it.
func (d *deformation) sum(c *Call, n, oc, p int) float64 {
	x, w := c.X(0), c.X(1)
	ic, icg, taps, pixels := x.Shape[1], w.Shape[1], tensor.Len(d.kernel), d.out[0]*d.out[1]
	first := oc / (w.Shape[0] / d.group) * icg
	acc := 0.0
	for k := range icg {
		ch := first + k
		og := ch / (ic / d.offsetGroup)
		for t := range taps {
			at := ((n*d.offsetGroup+og)*taps + t)
			dy, dx := c.X(2).F64((2*at)*pixels+p), c.X(2).F64((2*at+1)*pixels+p)
			v := zeroPadded(x, (n*ic+ch)*d.in[0]*d.in[1], d.in[0], d.in[1],
				float64(p/d.out[1]*d.stride[0]-d.before[0]+t/d.kernel[1]*d.dilation[0])+dy,
				float64(p%d.out[1]*d.stride[1]-d.before[1]+t%d.kernel[1]*d.dilation[1])+dx)
			if c.Has(4) {
				v *= c.X(4).F64(at*pixels + p)
			}
			acc += v * w.F64((oc*icg+k)*taps+t)
		}
	}
	return acc
}

// zeroPadded reads a plane of h by w between its pixels; outside are zeros.
func zeroPadded(x *tensor.Tensor, from, h, w int, y, xx float64) float64 {
	acc := 0.0
	y0, x0 := int(math.Floor(y)), int(math.Floor(xx))
	for i := y0; i <= y0+1; i++ {
		for j := x0; j <= x0+1; j++ {
			if i >= 0 && i < h && j >= 0 && j < w {
				acc += linearWeight(y-float64(i)) * linearWeight(xx-float64(j)) * x.F64(from+i*w+j)
			}
		}
	}
	return acc
}

// newCol2Im returns the window with which blocks were cut out of the image.
func newCol2Im(c *Call) (*window, error) {
	image, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	block, err := c.ConstInts(2)
	if err != nil {
		return nil, err
	}
	if len(block) != len(image) || len(image) == 0 || len(c.Shape(0)) != 3 {
		return nil, fmt.Errorf("input has shape %v, image_shape is %v and block_shape %v; expected [N, C * block, L] and two lists of one length", c.Shape(0), image, block)
	}
	g, err := newWindow(c.Attrs, image, block)
	if err != nil {
		return nil, err
	}
	if s := c.Shape(0); s[1]%tensor.Len(block) != 0 || s[2] != tensor.Len(g.out) {
		return nil, fmt.Errorf("input has shape %v; blocks of %v give columns of a multiple of %d and %d of them", s, block, tensor.Len(block), tensor.Len(g.out))
	}
	return g, nil
}

func inferCol2Im(c *Call) ([]ir.Type, error) {
	g, err := newCol2Im(c)
	if err != nil {
		return nil, err
	}
	s := c.Shape(0)
	return typed(c.Type(0).DType, slices.Concat([]int{s[0], s[1] / tensor.Len(g.kernel)}, g.in)...), nil
}

func evalCol2Im(c *Call) ([]*tensor.Tensor, error) {
	g, err := newCol2Im(c)
	if err != nil {
		return nil, err
	}
	types, _ := inferCol2Im(c)
	return one(tensorOf(types[0], addBlocks(g, c.X(0), types[0].Shape[0]*types[0].Shape[1]))), nil
}

// addBlocks adds the blocks of each plane to an image.
func addBlocks(g *window, x *tensor.Tensor, planes int) []float64 {
	taps, blocks, volume := tensor.Len(g.kernel), tensor.Len(g.out), tensor.Len(g.in)
	acc := make([]float64, planes*volume)
	for plane := range planes {
		i := 0
		g.positions(func(out []int) {
			g.taps(out, func(tap, at int) { acc[plane*volume+at] += x.F64((plane*taps+tap)*blocks + i) })
			i++
		})
	}
	return acc
}

// unpooled returns the spatial sizes that a MaxUnpool's indices count in, and those of its output.
func unpooled(c *Call) (inferred, out []int, err error) {
	x := c.Shape(0)
	kernel := c.Attrs.Ints("kernel_shape")
	n := len(x) - 2
	if n < 1 || len(kernel) != n || !slices.Equal(x, c.Shape(1)) {
		return nil, nil, fmt.Errorf("X has shape %v, I %v and kernel_shape is %v; expected one shape, and a size for each spatial axis", x, c.Shape(1), kernel)
	}
	stride, pads := orOnes(c.Attrs.Ints("strides"), n), orZeros(c.Attrs.Ints("pads"), 2*n)
	for i := range n {
		inferred = append(inferred, (x[2+i]-1)*stride[i]-pads[i]-pads[n+i]+kernel[i])
	}
	out = inferred
	if c.Has(2) {
		if out, err = c.ConstInts(2); err != nil {
			return nil, nil, err
		}
		if len(out) != len(x) {
			return nil, nil, fmt.Errorf("output_shape is %v; expected %d sizes", out, len(x))
		}
		out = out[2:]
	}
	for i := range n {
		if inferred[i] < 1 || out[i] < inferred[i] {
			return nil, nil, fmt.Errorf("output_shape %v is smaller than the %v that the pooling came of", out, inferred)
		}
	}
	return inferred, out, nil
}

func inferMaxUnpool(c *Call) ([]ir.Type, error) {
	_, out, err := unpooled(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, slices.Concat(c.Shape(0)[:2], out)...), nil
}

func evalMaxUnpool(c *Call) ([]*tensor.Tensor, error) {
	inferred, out, err := unpooled(c)
	if err != nil {
		return nil, err
	}
	x := c.X(0)
	y := tensor.New(x.DType, slices.Concat(x.Shape[:2], out)...)
	return one(y), unpool(x, c.X(1), y, slices.Concat(x.Shape[:2], inferred), y.Shape)
}

// unpool puts the elements of x into y where indices into a shape say.
func unpool(x, idx, y *tensor.Tensor, from, to []int) error {
	strides := stridesOf(to)
	for i := range x.Len() {
		at, err := indexInside(idx.I64(i), tensor.Len(from))
		if err != nil {
			return err
		}
		k := 0
		for a, s := range stridesOf(from) {
			k += at / s % from[a] * strides[a]
		}
		copyElement(y, k, x, i)
	}
	return nil
}

// inferPoolY is inferPool for poolings with one output.
func inferPoolY(c *Call) ([]ir.Type, error) {
	types, err := inferPool(c)
	if err != nil {
		return nil, err
	}
	return types[:1], nil
}

func evalLpPool(c *Call) ([]*tensor.Tensor, error) {
	g, err := poolWindow(c)
	if err != nil {
		return nil, err
	}
	x, p := c.X(0), float64(c.Attrs.Int("p"))
	y := tensor.New(x.DType, slices.Concat(x.Shape[:2], g.out)...)
	pool(g, x.Shape, func(i, _ int, _ []int, taps func(func(at int))) {
		var at []int
		taps(func(k int) { at = append(at, k) })
		y.SetF64(i, lpNorm(x, at, p))
	})
	return one(y), nil
}

// lpNorm is the p-norm of some elements.
func lpNorm(x *tensor.Tensor, at []int, p float64) float64 {
	sum := 0.0
	for _, k := range at {
		sum += math.Pow(math.Abs(x.F64(k)), p)
	}
	return math.Pow(sum, 1/p)
}

func inferLRN(c *Call) ([]ir.Type, error) {
	if len(c.Shape(0)) < 2 || c.Attrs.Int("size") < 1 {
		return nil, fmt.Errorf("X has shape %v and size is %d; expected [N, C, …] and a positive number", c.Shape(0), c.Attrs.Int("size"))
	}
	return sameAsInput(c)
}

func evalLRN(c *Call) ([]*tensor.Tensor, error) {
	if _, err := inferLRN(c); err != nil {
		return nil, err
	}
	x, size := c.X(0), c.Attrs.Int("size")
	outer, n, inner := around(x.Shape, 1)
	y := tensor.New(x.DType, x.Shape...)
	lrn(x, y, outer, n, inner, size, float64(c.Attrs.Float("alpha")), float64(c.Attrs.Float("beta")), float64(c.Attrs.Float("bias")))
	return one(y), nil
}

// lrn divides by a power of the sum of squares over size neighbouring channels; one more above than below where size is even.
func lrn(x, y *tensor.Tensor, outer, n, inner, size int, alpha, beta, bias float64) {
	for o := range outer {
		for ch := range n {
			for k := range inner {
				sum := 0.0
				for j := max(ch-(size-1)/2, 0); j <= min(ch+size/2, n-1); j++ {
					v := x.F64((o*n+j)*inner + k)
					sum += v * v
				}
				i := (o*n+ch)*inner + k
				y.SetF64(i, x.F64(i)/math.Pow(bias+alpha/float64(size)*sum, beta))
			}
		}
	}
}
