package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// WovenKernel is a depthwise convolution of 8-bit values whose weights are in blocks of four channels; runtime/include/dg_woven.h describes
// the words, and what is woven.
type WovenKernel struct {
	kh, kw  int
	Columns bool // a vector has four taps of each of four columns, not any 16 taps
}

// NewWovenKernel chooses how to lay out the weights of a dwconv2d_s8 with these constants: in columns where neighbours can share them.
func NewWovenKernel(a ir.Attrs) WovenKernel {
	k := WovenKernel{kh: a.Int("KH"), kw: a.Int("KW")}
	k.Columns = k.kh <= 4 && k.kw <= 4 && a.Int("OW") > 1
	return k
}

// vectors is how many vectors of 16 weights a channel has.
func (k WovenKernel) vectors() int {
	if k.Columns {
		return 1
	}
	return chunks(k.kh * k.kw)
}

// blockLen is the number of words of a block of four channels.
func (k WovenKernel) blockLen() int { return k.vectors()*blockInputs*blockChannels/4 + blockTail }

// at is the byte of a block that weight t of channel c is in.
func (k WovenKernel) at(c, t int) int {
	if k.Columns {
		t = t%k.kw*4 + t/k.kw
	}
	return t/blockInputs*blockInputs*blockChannels + c*blockInputs + t%blockInputs
}

// Pack packs weights, [KH][KW][C], with bias, multipliers and shifts. ok is false where the kernel cannot compute it.
func (k WovenKernel) Pack(a ir.Attrs, w, b, m, s *tensor.Tensor) (packed *tensor.Tensor, ok bool) {
	if a.Int("IC") != a.Int("OC") || w.DType != tensor.Int8 || a.Int("TIES") != 0 || a.String("XT") != "int8_t" || !byteOutput(a) {
		return nil, false
	}
	c, size := a.Int("OC"), k.blockLen()
	packed = tensor.New(tensor.Uint32, (c+blockChannels-1)/blockChannels, size)
	words := tensor.Data[uint32](packed)
	for i := range c {
		block := words[i/blockChannels*size:][:size]
		for t := range k.kh * k.kw {
			v, at := w.I64(t*c+i), k.at(i%blockChannels, t)
			block[at/4] |= uint32(uint8(v)) << (at % 4 * 8)
		}
		putTail(block[size-blockTail:], i%blockChannels, b.I64(i), m.I64(i), s.I64(i))
	}
	return packed, true
}

// unpack returns weights, biases, multipliers and shifts as dwconv2d_s8 has them.
func (k WovenKernel) unpack(packed *tensor.Tensor, channels int) []*tensor.Tensor {
	w, b := tensor.New(tensor.Int8, k.kh*k.kw, channels), tensor.New(tensor.Int32, channels)
	m, s := tensor.New(tensor.Int32, channels), tensor.New(tensor.Int8, channels)
	words, size := tensor.Data[uint32](packed), k.blockLen()
	for i := range channels {
		block := words[i/blockChannels*size:][:size]
		bias, mul, shift := getTail(block[size-blockTail:], i%blockChannels)
		for t := range k.kh * k.kw {
			at := k.at(i%blockChannels, t)
			w.SetI64(t*channels+i, int64(int8(block[at/4]>>(at%4*8))))
		}
		b.SetI64(i, bias)
		m.SetI64(i, mul)
		s.SetI64(i, shift)
	}
	return []*tensor.Tensor{w, b, m, s}
}

// Strip is how many pixels are woven at a time, as many as a few hundred bytes hold, and the bytes of scratch that it takes.
func (k WovenKernel) Strip(a ir.Attrs) (pixels, scratch int) {
	if !k.Columns {
		return 1, k.vectors()*256 + (a.Int("OC")+7)/8*8
	}
	const room, lanes, piece = 768, 16, 64
	column, sw, dw := 4*min(a.Int("OC"), lanes), a.Int("SW"), a.Int("DW")
	bytes := func(pixels int) int { return ((pixels-1)*sw + 3*dw + 1) * column }
	pixels = 1
	for pixels < a.Int("OW") && bytes(pixels+1) <= room {
		pixels++
	}
	return pixels, (bytes(pixels) + piece + 7) / 8 * 8
}

func evalDWBlock(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs.Clone()
	a["IC"], a["OC"] = a["C"], a["C"]
	k := WovenKernel{kh: a.Int("KH"), kw: a.Int("KW"), Columns: a.Bool("COLUMNS")}
	plain := *c
	plain.Attrs = a
	plain.in = append([]*tensor.Tensor{c.X(0)}, k.unpack(c.X(1), a.Int("C"))...)
	return evalDWConv2DS8(&plain)
}
