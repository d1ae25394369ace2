package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Convolution of 8-bit values by three by three taps, by Winograd's F(2x2, 3x3) in whole numbers: runtime/include/dg_quad_wino.h has the source,
// runtime/kernels/conv2d_wino_s8.c describes the words.
var winoS8Defs = []*Def{
	{Name: "conv2d_wino_s8", In: Args("x", "quads"), Out: Args("y"), Eval: evalConv2DWinoS8},
}

// wholeWinoWeights is twice the matrix G, so that weights stay whole.
var wholeWinoWeights = [4][3]int64{{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}}

// winoOrder is the order in which the kernel has the places of a line.
var winoOrder = [4]int{1, 0, 2, 3}

// winoShift is the bits by which what the transforms make is greater than the convolution's sum.
const winoShift = 2

// winoWords is the number of words for four channels.
func winoWords(ic int) int { return 4 + winoPlaces*2*ic + quadTail }

// PackWinoS8 transforms and packs the weights of a convolution with constants a, [OC][3][3][IC], and returns the kernel's constants with them. ok is
// false where an output could leave 32 bits, or needs rounding that the kernel does not do. What is transformed always fits 16 bits: inputs
// become at most 4 times, weights 9 times as large.
func PackWinoS8(a ir.Attrs, w, b, m, s *tensor.Tensor) (packed *tensor.Tensor, kernel ir.Attrs, ok bool) {
	if w.DType != tensor.Int8 || a.Int("TIES") != 0 || a.String("YT") == "int16_t" {
		return nil, nil, false
	}
	q := newQuadPacker(a, w, b, m, s)
	for _, c := range q.channels {
		const most = 1<<(31-winoShift) - 1
		if c.least < -most || c.most > most || !c.roundsUpper(winoShift) {
			return nil, nil, false
		}
	}
	for c := 0; c < len(q.channels); c += 4 {
		q.winoQuad(c, a.Int("IC"))
	}
	kernel = a.Clone()
	for _, name := range []string{"KH", "KW", "G", "SH", "SW", "DH", "DW", "TIES", "WT"} {
		delete(kernel, name)
	}
	kernel["scratch"], kernel["keep"] = int64(WinoS8Scratch(a)), int64(1)
	ir.Window{In: a.Int("IH"), Out: a.Int("OH"), Kernel: 4, Stride: 1, Dilation: 1, Pad: a.Int("PT"), Fold: 1}.SetWindow(kernel)
	return tensor.Of(tensor.Uint32, q.words, len(q.channels)/4, winoWords(a.Int("IC"))), kernel, true
}

// winoQuad appends the words of channels c to c+3.
func (q *quadPacker) winoQuad(c, ic int) {
	for i := range 4 {
		q.words = append(q.words, uint32(q.channels[c+i].b<<winoShift))
	}
	for place := range winoPlaces {
		for pair := range ic / 2 {
			k := pair/2*4 + pair%2
			for i := range 4 {
				q.words = append(q.words, uint32(uint16(q.transformed(c+i, place, k, ic)))|uint32(q.transformed(c+i, place, k+2, ic))<<16)
			}
		}
	}
	shifts := uint32(0)
	for i := range 4 {
		q.words = append(q.words, uint32(q.channels[c+i].m))
		shifts |= uint32(q.channels[c+i].s+winoShift-33) << (8 * i)
	}
	q.words = append(q.words, shifts)
}

// transformed is the transformed weight of channel c for input channel k.
func (q *quadPacker) transformed(c, place, k, ic int) int64 {
	sum := int64(0)
	for t := range 9 {
		sum += wholeWinoWeights[place/4][t/3] * wholeWinoWeights[winoOrder[place%4]][t%3] * q.weight(c, t*ic+k)
	}
	return sum
}

// unpackWinoS8 returns weights, biases, multipliers and shifts as a product kernel has them.
func unpackWinoS8(t *tensor.Tensor, oc, ic int) []*tensor.Tensor {
	w, b := tensor.New(tensor.Int8, oc, 3, 3, ic), tensor.New(tensor.Int32, oc)
	m, s := tensor.New(tensor.Int32, oc), tensor.New(tensor.Int8, oc)
	words := tensor.Data[uint32](t)
	for c := range oc {
		q, i := words[c/4*winoWords(ic):(c/4+1)*winoWords(ic)], c%4
		for k := range 9 * ic {
			sum, tap, in := int64(0), k/ic, k%ic
			for place := range winoPlaces {
				two := q[4+(place*ic/2+in/4*2+in%2)*4+i]
				sum += winoBack[tap/3][place/4] * winoBack[tap%3][winoOrder[place%4]] * int64(int16(two>>(in/2%2*16)))
			}
			w.SetI64(c*9*ic+k, sum>>winoShift)
		}
		tail := q[len(q)-quadTail:]
		b.SetI64(c, int64(int32(q[i]))>>winoShift)
		m.SetI64(c, int64(int32(tail[i])))
		s.SetI64(c, int64(tail[4]>>(8*i)&0xFF)+33-winoShift)
	}
	return []*tensor.Tensor{w, b, m, s}
}

func evalConv2DWinoS8(c *Call) ([]*tensor.Tensor, error) {
	plain := *c
	plain.Attrs = winoAsPlain(c.Attrs)
	plain.in = append([]*tensor.Tensor{c.X(0)}, unpackWinoS8(c.X(1), c.Attrs.Int("OC"), c.Attrs.Int("IC"))...)
	return evalConv2DS8(&plain)
}

// WinoS8Scratch is the bytes that the kernel takes: a row of the output, then columns, transformed inputs and sums of two tiles, and a pixel of padding.
func WinoS8Scratch(a ir.Attrs) int {
	return (a.Int("OW")*a.Int("OC")+7)/8*8 + winoPlaces*8*4 + (48+64+1)*a.Int("IC")
}
