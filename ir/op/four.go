package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of 8-bit values whose weights stand four to an input, one for each of four output channels, for processors that multiply one value
// at a time and have registers for the sums of several pixels. Each four of channels has nine more words: biases, multipliers, and shifts,
// a byte each.
var fourDefs = []*Def{
	{Name: "conv2d_four_s8", In: Args("x", "w", "p"), Out: Args("y"), Eval: evalConv2DFour},
	{Name: "fc_four_s8", In: Args("x", "w", "p"), Out: Args("y"), Eval: evalFCFour, Part: "fc_four_part_s8"},
	{Name: "fc_four_part_s8", In: Args("x", "w", "p"), Out: Args("y"), Eval: evalFCFour},
}

// fourLen is the number of words that a four of channels has besides its weights.
const fourLen = 9

// Fours packs the weights of a product kernel, [OC][…], as [(OC+3)/4][…][4], and bias, multipliers and shifts. fast tells whether the kernel may
// round by the upper word: shifts are then less 33. ok is false where the weights are not of 8 bits.
func Fours(a ir.Attrs, w, b, m, s *tensor.Tensor) (weights, params *tensor.Tensor, fast, ok bool) {
	if w.DType != tensor.Int8 {
		return nil, nil, false, false
	}
	q := newQuadPacker(a, w, b, m, s)
	fast = a.Int("TIES") == 0 && byteOutput(a)
	for _, c := range q.channels {
		fast = fast && c.roundsUpper(0)
	}
	fours := (len(q.channels) + 3) / 4
	weights, params = tensor.New(tensor.Int8, fours, q.taps, 4), tensor.New(tensor.Int32, fours, fourLen)
	words := tensor.Data[int32](params)
	for c := range 4 * fours {
		for t := range q.taps {
			weights.SetI64((c/4*q.taps+t)*4+c%4, q.weight(c, t))
		}
		ch, shift := q.channel(c), q.channel(c).s
		if fast {
			shift -= 33
		}
		p := words[c/4*fourLen:]
		p[c%4], p[4+c%4] = int32(ch.b), int32(ch.m)
		p[8] |= int32(uint32(shift) << (c % 4 * 8))
	}
	return weights, params, fast, true
}

// unpackFours returns weights, biases, multipliers and shifts as a product kernel has them.
func unpackFours(w, params *tensor.Tensor, channels int, fast bool) []*tensor.Tensor {
	taps := w.Len() / (params.Len() / fourLen * 4)
	out := []*tensor.Tensor{tensor.New(tensor.Int8, channels, taps), tensor.New(tensor.Int32, channels), tensor.New(tensor.Int32, channels), tensor.New(tensor.Int8, channels)}
	words := tensor.Data[int32](params)
	for c := range channels {
		for t := range taps {
			copyElement(out[0], c*taps+t, w, (c/4*taps+t)*4+c%4)
		}
		p := words[c/4*fourLen:]
		shift := int64(uint32(p[8]) >> (c % 4 * 8) & 0xFF)
		if fast {
			shift += 33
		}
		out[1].SetI64(c, int64(p[c%4]))
		out[2].SetI64(c, int64(p[4+c%4]))
		out[3].SetI64(c, shift)
	}
	return out
}

// unpacked is the call of the plain kernel that a kernel with packed fours stands for.
func unpacked(c *Call, channels string) *Call {
	plain := *c
	plain.Attrs = c.Attrs.Clone()
	plain.Attrs["G"] = int64(1)
	plain.in = append([]*tensor.Tensor{c.X(0)}, unpackFours(c.X(1), c.X(2), c.Attrs.Int(channels), c.Attrs.Bool("FAST"))...)
	return &plain
}

func evalConv2DFour(c *Call) ([]*tensor.Tensor, error) { return evalInPlanes(unpacked(c, "OC")) }

func evalFCFour(c *Call) ([]*tensor.Tensor, error) { return evalFCS8(unpacked(c, "NO")) }
