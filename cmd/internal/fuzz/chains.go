package fuzz

import (
	"math/rand/v2"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// GenerateChain returns a random chain of operators on images, of the kind that runs row by row: convolutions with kernels of 1 to 7,
// strides, dilations and uneven padding, depthwise ones, poolings, elementwise functions, and residual branches around some of them.
func GenerateChain(r *rand.Rand, quantized bool) *ir.Graph {
	return chainOf(r, quantized, (*builder).chainConv, (*builder).chainConv, (*builder).separable, (*builder).chainPool, (*builder).unary, (*builder).residual, (*builder).manyChannels)
}

// GenerateJoined returns a chain in which images are also padded, and branches joined along the channels.
func GenerateJoined(r *rand.Rand, quantized bool) *ir.Graph {
	return chainOf(r, quantized, (*builder).chainConv, (*builder).chainPool, (*builder).unary, (*builder).pad, (*builder).branches, (*builder).branches)
}

// chainOf returns a chain of what makers make of an image.
func chainOf(r *rand.Rand, quantized bool, makers ...func(*builder, *ir.Value) *ir.Value) *ir.Graph {
	b := &builder{Rand: r, g: &ir.Graph{Name: "fuzz"}, quantized: quantized}
	shape := []int{1, 1 + b.IntN(5), 6 + b.IntN(20), 1 + b.IntN(7)}
	if b.IntN(4) == 0 {
		shape[3] = 4 * (1 + b.IntN(3))
	}
	if b.IntN(6) == 0 { // along time
		shape = []int{1, 1 + b.IntN(5), 8 + b.IntN(24)}
	}
	v := b.g.NewValue("in", ir.Type{DType: tensor.Float32, Shape: shape})
	b.g.Inputs = []*ir.Value{v}
	b.live = append(b.live, b.requantize(v))
	for steps := 2 + r.IntN(8); steps > 0; steps-- {
		x := b.live[len(b.live)-1]
		if y := makers[b.IntN(len(makers))](b, x); y != nil {
			b.live = append(b.live, b.requantize(y))
		}
	}
	if b.IntN(2) == 0 {
		b.head()
	}
	b.finish()
	return b.g
}

// window returns attributes of a window over the spatial axes of x.
func (b *builder) window(x *ir.Value, most int) ir.Attrs {
	spatial := len(x.Type.Shape) - 2
	attrs := ir.Attrs{"strides": b.ints(1, 1+b.IntN(3), spatial), "kernel_shape": b.ints(1, most, spatial)}
	pads := b.ints(0, 3, 2*spatial)
	for i := range pads {
		pads[i] = min(pads[i], attrs["kernel_shape"].([]int64)[i%spatial]-1)
	}
	attrs["pads"] = pads
	if b.IntN(4) == 0 {
		attrs["dilations"] = b.ints(1, 2, spatial)
	}
	return attrs
}

func (b *builder) chainConv(x *ir.Value) *ir.Value {
	c := x.Type.Shape[1]
	attrs := b.window(x, 1+b.IntN(7))
	group, oc := 1, 1+b.IntN(10)
	switch b.IntN(4) {
	case 0:
		group, oc = c, c*(1+b.IntN(2))
	case 1:
		oc = 4 * (1 + b.IntN(3))
	}
	attrs["group"] = int64(group)
	shape := []int{oc, c / group}
	for _, k := range attrs["kernel_shape"].([]int64) {
		shape = append(shape, int(k))
	}
	return b.node("Conv", attrs, x, b.weights(0, shape...), b.floats(oc, -1, 1))
}

// separable adds a pointwise convolution and a depthwise one behind it, as in MobileNets.
func (b *builder) separable(x *ir.Value) *ir.Value {
	oc, k, spatial := 4*(1+b.IntN(3)), int64(2+b.IntN(4)), len(x.Type.Shape)-2
	shape, kernel := []int{oc, x.Type.Shape[1]}, []int{oc, 1}
	for range spatial {
		shape, kernel = append(shape, 1), append(kernel, int(k))
	}
	y := b.node("Conv", nil, x, b.weights(0, shape...), b.floats(oc, -1, 1))
	if y == nil {
		return nil
	}
	if b.IntN(2) == 0 {
		y = b.node("Relu", nil, y)
	}
	attrs := ir.Attrs{"group": int64(oc), "strides": b.ints(1, 2, spatial), "pads": b.ints(0, int(k)-1, 2*spatial)}
	return b.node("Conv", attrs, b.requantize(y), b.weights(0, kernel...), b.floats(oc, -1, 1))
}

// manyChannels goes to as many channels as vectors are made for and, with three taps or five along each axis, back to fewer; or does nothing,
// mostly, since it takes long.
func (b *builder) manyChannels(x *ir.Value) *ir.Value {
	if b.IntN(3) > 0 {
		return nil
	}
	most, few, spatial := 16+b.IntN(50), 16+b.IntN(20), len(x.Type.Shape)-2
	k := int64(3 + b.IntN(2)*2)
	shape, kernel := []int{most, x.Type.Shape[1]}, []int{few, most}
	for range spatial {
		shape, kernel = append(shape, 1), append(kernel, int(k))
	}
	y := b.node("Conv", nil, x, b.weights(0, shape...), b.floats(most, -1, 1))
	if y == nil {
		return nil
	}
	y = b.requantize(y)
	if b.IntN(3) == 0 { // depthwise
		kernel[0], kernel[1], few = most, 1, most
	}
	group := int64(most / kernel[1])
	return b.node("Conv", ir.Attrs{"group": group, "pads": b.ints(0, int(k)-1, 2*spatial)}, y, b.weights(0, kernel...), b.floats(few, -1, 1))
}

func (b *builder) chainPool(x *ir.Value) *ir.Value {
	if b.IntN(2) == 0 {
		return b.node("MaxPool", b.window(x, 3), x)
	}
	attrs := b.window(x, 3)
	delete(attrs, "dilations")
	attrs["count_include_pad"] = int64(b.IntN(2))
	return b.node("AveragePool", attrs, x)
}

// sameConv is a convolution with a kernel of an odd size k, and padding that keeps the image's size.
func (b *builder) sameConv(x *ir.Value, k, channels int) *ir.Value {
	pads, shape := []int64{}, []int{channels, x.Type.Shape[1]}
	for range len(x.Type.Shape) - 2 {
		pads, shape = append(pads, int64(k/2), int64(k/2)), append(shape, k)
	}
	y := b.node("Conv", ir.Attrs{"pads": pads}, x, b.weights(0, shape...), b.floats(channels, -1, 1))
	if y == nil {
		return nil
	}
	return b.requantize(y)
}

// residual adds a branch of one convolution that keeps the shape to what it branches from, or joins the two.
func (b *builder) residual(x *ir.Value) *ir.Value {
	y := b.sameConv(x, 1+2*b.IntN(3), x.Type.Shape[1])
	if y == nil {
		return nil
	}
	if b.IntN(4) == 0 {
		return b.node("Concat", ir.Attrs{"axis": int64(1)}, x, y)
	}
	return b.node("Add", nil, x, y)
}

// pad adds rows and columns of one value.
func (b *builder) pad(x *ir.Value) *ir.Value {
	spatial := len(x.Type.Shape) - 2
	pads := append([]int64{0, 0}, b.ints(0, 3, spatial)...)
	pads = append(append(pads, 0, 0), b.ints(0, 3, spatial)...)
	value := tensor.Floats([]float32{float32(b.IntN(3)) / 4})
	return b.node("Pad", nil, x, b.g.NewConst("pads", tensor.Ints(pads, len(pads))), b.g.NewConst("value", value))
}

// branches joins what up to four branches make of x, among them x itself, with kernels of different sizes.
func (b *builder) branches(x *ir.Value) *ir.Value {
	var parts []*ir.Value
	for range 2 + b.IntN(3) {
		if b.IntN(4) == 0 {
			parts = append(parts, x)
			continue
		}
		y := b.sameConv(x, 1+2*b.IntN(3), 1+b.IntN(6))
		if y == nil {
			return nil
		}
		parts = append(parts, y)
	}
	return b.node("Concat", ir.Attrs{"axis": int64(1)}, parts...)
}

// head ends a chain as classifiers end: with an average, or a dense layer on all that there is.
func (b *builder) head() {
	x := b.live[len(b.live)-1]
	if b.IntN(2) == 0 {
		if x = b.node("GlobalAveragePool", nil, x); x == nil {
			return
		}
		x = b.requantize(x)
	}
	if x = b.node("Flatten", ir.Attrs{"axis": int64(1)}, x); x != nil {
		if y := b.gemm(x); y != nil {
			b.live = append(b.live, b.requantize(y))
		}
	}
}
