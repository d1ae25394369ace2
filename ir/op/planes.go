package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Depthwise convolution of planes: of each row of an image the channels one after the other, each with padding in front, which is also
// behind the channel before it. Neighbours of a pixel are then neighbours in memory.
var planesDefs = []*Def{
	{Name: "dwconv2d_planes_s8", In: Args("x", "w"), Out: Args("y"), Eval: evalDWPlanes},
}

// PlaneSize is what a dwconv2d_s8 with these constants needs of planes: elements from one to the next, those of a row of all of them, and how
// many elements behind a row the kernel for four pixels at a time may read, without a use for them.
func PlaneSize(a ir.Attrs) (width, row, beyond int) {
	reach := (a.Int("OW")-1)*a.Int("SW") + a.Int("KW")
	width = a.Int("IW") + max(a.Int("PL"), reach-a.Int("PL")-a.Int("IW"))
	row = a.Int("IC")*width + a.Int("PL")
	fours := (a.Int("OW") + 3) / 4 * 4
	return width, row, max((fours-1)*a.Int("SW")+(a.Int("KW")+3)/4*4-width-a.Int("PL"), 0)
}

// Planes packs the weights of a dwconv2d_s8, [KH][KW][C], with bias, multipliers and shifts, for planes. ok is false where the kernel cannot
// compute it.
func Planes(a ir.Attrs, w, b, m, s *tensor.Tensor) (packed *tensor.Tensor, ok bool) {
	if a.Int("IC") != a.Int("OC") || a.Int("DW") != 1 || w.DType != tensor.Int8 || a.Int("TIES") != 0 || !byteOutput(a) {
		return nil, false
	}
	c, kh, kw := a.Int("OC"), a.Int("KH"), a.Int("KW")
	quads := (kw + 3) / 4
	packed = tensor.New(tensor.Uint32, c, 4+kh*quads)
	words := tensor.Data[uint32](packed)
	for i := range c {
		ch := words[i*(4+kh*quads):]
		for t := range kh * kw {
			v := w.I64(t*c + i)
			ch[4+t/kw*quads+t%kw/4] |= uint32(uint8(v)) << (t % kw % 4 * 8)
		}
		shift := s.I64(i) - 33
		if m.I64(i) == 0 {
			shift = 0
		}
		const shifts = 21 // so that what is added for rounding and the zero point does not overflow
		if shift < 0 || shift > shifts {
			return nil, false
		}
		ch[0], ch[1], ch[2], ch[3] = uint32(b.I64(i)), uint32(m.I64(i)), uint32(shift), uint32((2*int64(a.Int("YZ"))+1)<<shift)
	}
	return packed, true
}

func evalDWPlanes(c *Call) ([]*tensor.Tensor, error) {
	a, x, y := c.Attrs, c.X(0), c.newOut(0)
	words := tensor.Data[uint32](c.X(1))
	ch, kh, kw := a.Int("C"), a.Int("KH"), a.Int("KW")
	size, row := len(words)/ch, x.Len()/a.Int("IH")
	for r := range a.Int("OH") {
		for ox := range a.Int("OW") {
			for i := range ch {
				w := words[i*size : (i+1)*size]
				acc := int64(int32(w[0]))
				for t := range kh * kw {
					v, at := int64(a.Int("XP")), r*a.Int("SH")-a.Int("PT")+t/kw*a.Int("DH")
					if at >= 0 && at < a.Int("IH") {
						v = x.I64(at*row + i*a.Int("XW") + ox*a.Int("SW") + t%kw)
					}
					acc += v * int64(int8(w[4+t/kw*a.Int("KQ")+t%kw/4]>>(t%kw%4*8)))
				}
				f := fixed.Multiplier{M: int32(w[1]), Shift: int32(w[2]) + 33}
				v := f.Apply(int32(acc)) + int32(a.Int("YZ"))
				y.SetI64((r*a.Int("OW")+ox)*ch+i, int64(fixed.Clamp(v, int32(a.Int("QMIN")), int32(a.Int("QMAX")))))
			}
		}
	}
	return one(y), nil
}

// evalInPlanes is evalConv2DS8 for kernels that write planes where YW says so.
func evalInPlanes(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	if a.Int("YW") == 0 {
		return evalConv2DS8(c)
	}
	pixels, planes := *c, c.Out(0)
	pixels.out = []ir.Type{{DType: planes.DType, Shape: []int{1, a.Int("OH"), a.Int("OW"), a.Int("OC")}}}
	y, err := evalConv2DS8(&pixels)
	if err != nil {
		return nil, err
	}
	return one(inPlanes(y[0], planes, a.Int("YW"), a.Int("YL"), int64(a.Int("YP")))), nil
}

// inPlanes arranges an image [1][H][W][C] as rows of planes, width elements from one to the next, left ones in front of each, all else being pad.
func inPlanes(t *tensor.Tensor, out ir.Type, width, left int, pad int64) *tensor.Tensor {
	y := tensor.New(out.DType, out.Shape...)
	h, w, c := t.Shape[1], t.Shape[2], t.Shape[3]
	for i := range y.Len() {
		y.SetI64(i, pad)
	}
	for i := range h * w * c {
		r, x, ch := i/(w*c), i/c%w, i%c
		y.SetI64(r*(y.Len()/h)+ch*width+left+x, t.I64(i))
	}
	return y
}
