package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of 8-bit values whose weights are packed for four output channels at a time, for processors that multiply two pairs of
// 16-bit values at once; runtime/include/dg_quads.h describes the words.
var quadDefs = []*Def{
	{Name: "conv2d_quad_s8", In: Args("x", "quads"), Out: Args("y"), Eval: evalConv2DQuad},
	{Name: "fc_quad_s8", In: Args("x", "quads"), Out: Args("y"), Eval: evalFCQuad, Part: "fc_quad_part_s8"},
	{Name: "fc_quad_part_s8", In: Args("x", "quads"), Out: Args("y"), Eval: evalFCQuad},
}

// quadTail is the words of a quad behind its weights: four multipliers, and four shifts, a byte each.
const quadTail = 5

// quadLen is the number of words that a quad of channels takes which have so many weights each.
func quadLen(taps int) int { return 4 + (taps+3)/4*4 + quadTail }

// Quads packs the weights of a product kernel, [OC][…], with bias, multipliers and shifts. fast tells whether the kernel may round by the
// upper word, all in registers. ok is false where the weights cannot be packed.
func Quads(a ir.Attrs, w, b, m, s *tensor.Tensor) (packed *tensor.Tensor, fast, ok bool) {
	if w.DType != tensor.Int8 {
		return nil, false, false
	}
	w = inQuadOrder(a, w, b.Len())
	taps := w.Len() / b.Len()
	q := newQuadPacker(a, w, b, m, s)
	fast = a.Int("TIES") == 0 && byteOutput(a)
	for c := range q.channels {
		for t := range taps {
			if q.weight(c, t) == -128 && c%2 == 1 {
				return nil, false, false // 256 times it and another is no 16-bit number
			}
		}
		fast = fast && q.channels[c].fitsQuad(c)
	}
	for c := 0; c < len(q.channels); c += 4 {
		q.quad(c, fast)
	}
	return tensor.Of(tensor.Uint32, q.words, len(q.words)/quadLen(taps), quadLen(taps)), fast, true
}

// inQuadOrder returns a convolution's weights in the order in which its kernel reads inputs: of every row of the window as many as come in
// fours, then what is left of each row. Other weights stay as they are.
func inQuadOrder(a ir.Attrs, w *tensor.Tensor, channels int) *tensor.Tensor {
	row := a.Int("KW") * a.Int("IC")
	if row%4 == 0 {
		return w
	}
	taps := w.Len() / channels
	out := tensor.New(w.DType, channels, taps)
	for i := range w.Len() {
		copyElement(out, i/taps*taps+quadPlace(a, i%taps), w, i)
	}
	return out
}

// quadPlace is where input k of a pixel, counted row by row of the window, comes in a kernel's order.
func quadPlace(a ir.Attrs, k int) int {
	row := a.Int("KW") * a.Int("IC")
	fours, ky, at := row/4*4, k/row, k%row
	if at < fours {
		return ky*fours + at
	}
	return a.Int("KH")*fours + ky*(row-fours) + at - fours
}

type quadPacker struct {
	w        *tensor.Tensor
	taps     int
	channels []quadChannel
	words    []uint32
}

// quadChannel is what a channel has besides its weights.
type quadChannel struct {
	b, m, s     int64
	least, most int64 // sums
	constant    bool  // its result is the same for all inputs: its weights count as 0
}

func newQuadPacker(a ir.Attrs, w, b, m, s *tensor.Tensor) *quadPacker {
	lo, hi := int64(-128), int64(127)
	if a.String("XT") == "uint8_t" {
		lo, hi = 0, 255
	}
	q := &quadPacker{w: w, taps: w.Len() / b.Len(), channels: make([]quadChannel, b.Len())}
	for i := range q.channels {
		c := quadChannel{b: b.I64(i), m: m.I64(i), s: s.I64(i)}
		c.least, c.most = c.b, c.b
		for t := range q.taps {
			v := q.weight(i, t)
			c.least, c.most = c.least+min(v*lo, v*hi), c.most+max(v*lo, v*hi)
		}
		c.settle()
		q.channels[i] = c
	}
	return q
}

// settle gives a channel whose result does not depend on its inputs, as those that training has left without use, numbers that fit the
// registers.
func (c *quadChannel) settle() {
	f := fixed.Multiplier{M: int32(c.m), Shift: int32(c.s)}
	v := f.Apply(int32(c.least))
	if c.m != 0 && v != f.Apply(int32(c.most)) {
		return
	}
	const bits = 4
	*c = quadChannel{b: int64(v) << bits, m: 1 << 30, s: 30 + bits, constant: true}
	c.least, c.most = c.b, c.b
}

// weight is weight t of channel c; those that only fill up are 0.
func (q *quadPacker) weight(c, t int) int64 {
	if c >= len(q.channels) || t >= q.taps || q.channels[c].constant {
		return 0
	}
	return q.w.I64(c*q.taps + t)
}

// channel is what channel c has, or what does no harm where there is no such channel.
func (q *quadPacker) channel(c int) quadChannel {
	if c >= len(q.channels) {
		return quadChannel{s: 33}
	}
	return q.channels[c]
}

// fitsQuad reports whether a channel fits the registers of the kernels for quads. Every other channel's sum is multiplied by 256 there.
func (c quadChannel) fitsQuad(i int) bool {
	const sums = 1 << 23
	if i%2 == 0 {
		return c.roundsUpper(0)
	}
	return c.least >= -sums && c.most < sums && c.roundsUpper(8)
}

// roundsUpper reports whether a channel's result can be had by rounding the upper word, shifted by so many bits more: the shift is then so
// small that what is added for rounding and the zero point does not overflow.
func (c quadChannel) roundsUpper(more int64) bool {
	const shifts = 21
	shift := c.s - 33 + more
	return c.s >= 33 && shift <= shifts
}

// quad appends the words of channels c to c+3.
func (q *quadPacker) quad(c int, fast bool) {
	for i := range 4 {
		v := q.channel(c + i).b
		if fast && i%2 == 0 {
			v += 256 * q.channel(c+i+1).b
		} else if fast {
			v = q.channel(c + i - 1).b
		}
		q.words = append(q.words, uint32(v))
	}
	for t := 0; t < q.taps; t += 4 {
		for half := range 2 {
			for i := 0; i < 4; i += 2 {
				low := q.weight(c+i, t+half) + 256*q.weight(c+i+1, t+half)
				high := q.weight(c+i, t+half+2) + 256*q.weight(c+i+1, t+half+2)
				q.words = append(q.words, uint32(uint16(low))|uint32(high)<<16)
			}
		}
	}
	shifts := uint32(0)
	for i := range 4 {
		q.words = append(q.words, uint32(q.channel(c+i).m))
		shift := q.channel(c + i).s
		if fast {
			shift += int64(i%2*8) - 33
		}
		shifts |= uint32(shift) << (8 * i)
	}
	q.words = append(q.words, shifts)
}

// unpackQuads returns weights, biases, multipliers and shifts as a product kernel has them.
func unpackQuads(t *tensor.Tensor, channels, taps int, fast bool) []*tensor.Tensor {
	w, b := tensor.New(tensor.Int8, channels, taps), tensor.New(tensor.Int32, channels)
	m, s := tensor.New(tensor.Int32, channels), tensor.New(tensor.Int8, channels)
	words, size := tensor.Data[uint32](t), quadLen(taps)
	for c := range channels {
		q, i := words[c/4*size:(c/4+1)*size], c%4
		for k := range taps {
			both := int16(q[4+k/4*4+k%2*2+i/2] >> (k / 2 % 2 * 16))
			even := int8(both)
			w.SetI64(c*taps+k, int64(even))
			if i%2 == 1 {
				w.SetI64(c*taps+k, (int64(both)-int64(even))/256)
			}
		}
		tail := q[size-quadTail:]
		shift := int64(tail[4] >> (8 * i) & 0xFF)
		bias := int64(int32(q[i]))
		if fast {
			shift += int64(33 - i%2*8)
			if bias = int64(int32(q[i/2*2+1])); i%2 == 1 {
				bias = int64(int32(q[i/2*2]-q[i/2*2+1])) / 256
			}
		}
		b.SetI64(c, bias)
		m.SetI64(c, int64(int32(tail[i])))
		s.SetI64(c, shift)
	}
	return []*tensor.Tensor{w, b, m, s}
}

func evalConv2DQuad(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs.Clone()
	a["G"] = int64(1)
	plain := *c
	plain.Attrs = a
	taps := a.Int("KH") * a.Int("KW") * a.Int("IC")
	consts := unpackQuads(c.X(1), a.Int("OC"), taps, a.Bool("FAST"))
	w := tensor.New(tensor.Int8, a.Int("OC"), taps)
	for i := range w.Len() {
		copyElement(w, i, consts[0], i/taps*taps+quadPlace(a, i%taps))
	}
	plain.in = append([]*tensor.Tensor{c.X(0), w}, consts[1:]...)
	return evalInPlanes(&plain)
}

func evalFCQuad(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs.Clone()
	a["M"] = int64(1)
	plain := *c
	plain.Attrs = a
	plain.in = append([]*tensor.Tensor{c.X(0)}, unpackQuads(c.X(1), a.Int("NO"), a.Int("K")*max(a.Int("ROWS"), 1), a.Bool("FAST"))...)
	return evalFCS8(&plain)
}

// QuadScratch is the bytes of scratch that a convolution of packed weights takes: the inputs of two pixels, widened, and where channels do
// not come in fours, as they are.
func QuadScratch(a ir.Attrs) int {
	taps := (a.Int("KH")*a.Int("KW")*a.Int("IC") + 3) / 4 * 4
	bytes := 4 * taps
	if a.Int("IC")%4 != 0 {
		bytes += 2 * taps
	}
	return max(bytes, 8)
}
