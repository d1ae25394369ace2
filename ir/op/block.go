package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of 8-bit values whose weights are in blocks of 16 inputs by four output channels, for processors that sum 16 products at once;
// runtime/include/dg_blocks.h describes the words.
var blockDefs = []*Def{
	{Name: "conv2d_block_s8", In: Args("x", "blocks"), Out: Args("y"), Eval: evalConv2DBlock},
	{Name: "dwconv2d_block_s8", In: Args("x", "blocks"), Out: Args("y"), Eval: evalDWBlock},
	{Name: "fc_block_s8", In: Args("x", "blocks"), Out: Args("y"), Eval: evalFCBlock, Part: "fc_block_part_s8"},
	{Name: "fc_block_part_s8", In: Args("x", "blocks"), Out: Args("y"), Eval: evalFCBlock},
}

const (
	blockInputs   = 16
	blockChannels = 4
	blockTail     = 3 * blockChannels // words behind the weights: biases, multipliers, shifts
)

// chunks is how often a block takes inputs, blockInputs at a time.
func chunks(taps int) int { return (taps + blockInputs - 1) / blockInputs }

// blockLen is the number of words of a block of channels that have so many weights each.
func blockLen(taps int) int { return chunks(taps)*blockInputs*blockChannels/4 + blockTail }

// blockAt is the byte of a block that weight t of channel c is in: the last inputs come first.
func blockAt(taps, c, t int) int {
	return ((chunks(taps)-1-t/blockInputs)*blockChannels+c)*blockInputs + t%blockInputs
}

// inputOffset is what the kernels subtract from inputs, so that they are signed.
func inputOffset(a ir.Attrs) int64 {
	if a.String("XT") == "uint8_t" {
		return 128
	}
	return 0
}

// byteOutput reports whether a kernel's results have 8 bits.
func byteOutput(a ir.Attrs) bool { return a.String("YT") == "int8_t" || a.String("YT") == "uint8_t" }

// Blocks packs the weights of a product kernel, [OC][…], in groups, with bias, multipliers and shifts. fast tells whether the kernel may round
// by the upper word. ok is false where the weights cannot be packed.
func Blocks(a ir.Attrs, groups int, w, b, m, s *tensor.Tensor) (packed *tensor.Tensor, fast, ok bool) {
	if w.DType != tensor.Int8 {
		return nil, false, false
	}
	oc := b.Len()
	taps, per := w.Len()/oc, oc/groups
	blocks, size := (per+blockChannels-1)/blockChannels, blockLen(taps)
	packed = tensor.New(tensor.Uint32, groups*blocks, size)
	words := tensor.Data[uint32](packed)
	for c := range oc {
		block := words[(c/per*blocks+c%per/blockChannels)*size:][:size]
		i, sum := c%per%blockChannels, int64(0)
		for t := range taps {
			v := w.I64(c*taps + t)
			at := blockAt(taps, i, t)
			block[at/4] |= uint32(uint8(v)) << (at % 4 * 8)
			sum += v
		}
		bias := b.I64(c) + inputOffset(a)*sum
		if int64(int32(bias)) != bias {
			return nil, false, false
		}
		putTail(block[size-blockTail:], i, bias, m.I64(c), s.I64(c))
	}
	return packed, a.Int("TIES") == 0 && byteOutput(a), true
}

// putTail writes what channel i of a block has besides its weights.
func putTail(tail []uint32, i int, bias, m, s int64) {
	tail[i], tail[blockChannels+i], tail[2*blockChannels+i] = uint32(bias), uint32(m), uint32(32-s)
}

// getTail reads what putTail wrote.
func getTail(tail []uint32, i int) (bias, m, s int64) {
	return int64(int32(tail[i])), int64(int32(tail[blockChannels+i])), 32 - int64(int32(tail[2*blockChannels+i]))
}

// unpackBlocks returns weights, biases, multipliers and shifts as a product kernel has them.
func unpackBlocks(a ir.Attrs, packed *tensor.Tensor, oc, groups, taps int) []*tensor.Tensor {
	w, b := tensor.New(tensor.Int8, oc, taps), tensor.New(tensor.Int32, oc)
	m, s := tensor.New(tensor.Int32, oc), tensor.New(tensor.Int8, oc)
	words, size, per := tensor.Data[uint32](packed), blockLen(taps), oc/groups
	blocks := (per + blockChannels - 1) / blockChannels
	for c := range oc {
		block := words[(c/per*blocks+c%per/blockChannels)*size:][:size]
		i, sum := c%per%blockChannels, int64(0)
		for t := range taps {
			at := blockAt(taps, i, t)
			v := int64(int8(block[at/4] >> (at % 4 * 8)))
			w.SetI64(c*taps+t, v)
			sum += v
		}
		bias, mul, shift := getTail(block[size-blockTail:], i)
		b.SetI64(c, bias-inputOffset(a)*sum)
		m.SetI64(c, mul)
		s.SetI64(c, shift)
	}
	return []*tensor.Tensor{w, b, m, s}
}

func evalConv2DBlock(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	plain := *c
	plain.in = append([]*tensor.Tensor{c.X(0)}, unpackBlocks(a, c.X(1), a.Int("OC"), a.Int("G"), a.Int("KH")*a.Int("KW")*a.Int("IC")/a.Int("G"))...)
	return evalConv2DS8(&plain)
}

func evalFCBlock(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	plain := *c
	plain.in = append([]*tensor.Tensor{c.X(0)}, unpackBlocks(a, c.X(1), a.Int("NO"), 1, a.Int("K")*max(a.Int("ROWS"), 1))...)
	return evalFCS8(&plain)
}

// BlockTile is how many pixels a convolution in blocks gathers at a time, and the bytes of scratch that it takes: as many as a few
// hundred bytes hold, two at least.
func BlockTile(a ir.Attrs) (pixels, scratch int) {
	const most, room = 8, 256
	bytes := chunks(a.Int("KH")*a.Int("KW")*a.Int("IC")/a.Int("G")) * blockInputs
	pixels = min(max(room/bytes/2*2, 2), most, (a.Int("OW")+1)/2*2)
	return pixels, pixels * bytes
}

// BlockDirect reports whether the inputs of each of a convolution's pixels are next to each other, and none outside the image.
func BlockDirect(a ir.Attrs) bool {
	inside := func(in, out, kernel, stride, dilation, before int) bool {
		return before == 0 && (out-1)*stride+(kernel-1)*dilation < in
	}
	return a.String("XT") == "int8_t" && a.Int("G") == 1 && a.Int("KH") == 1 && (a.Int("KW") == 1 || a.Int("DW") == 1) &&
		inside(a.Int("IH"), a.Int("OH"), a.Int("KH"), a.Int("SH"), a.Int("DH"), a.Int("PT")) &&
		inside(a.Int("IW"), a.Int("OW"), a.Int("KW"), a.Int("SW"), a.Int("DW"), a.Int("PL"))
}
