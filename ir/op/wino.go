package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Convolution of 3x3 taps by Winograd's F(2x2, 3x3): runtime/include/dg_vec_wino.h has the source.
var winoDefs = []*Def{
	{Name: "conv2d_wino_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalConv2DWino, Post: "VPOST(v)"},
}

// winoPlaces is how many products there are for a tile of outputs; winoBias the one that adds to all of its outputs alike.
const (
	winoPlaces = 16
	winoBias   = 5
)

// winoWeights is the matrix G that transforms a line of three weights, winoBack what takes them out again.
var (
	winoWeights = [4][3]float64{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}
	winoBack    = [3][4]int64{{1, 0, 0, 0}, {0, 1, -1, 0}, {0, 0, 0, 1}}
)

// PackWino transforms and packs weights [OC][3][3][IC]: [blocks][16][1+IC][16], biases first.
func PackWino(w, b *tensor.Tensor) *tensor.Tensor {
	oc := b.Len()
	ic := w.Len() / oc / 9
	p := vecPanels{oc, winoPlaces * (1 + ic)}
	out := tensor.New(tensor.Float32, p.blocks(), winoPlaces, 1+ic, vecBlock)
	for c := range oc {
		copyElement(out, p.at(c, winoBias*(1+ic)), b, c)
		for i := range ic {
			for place := range winoPlaces {
				sum := 0.0
				for t := range 9 {
					sum += winoWeights[place/4][t/3] * winoWeights[place%4][t%3] * w.F64((c*9+t)*ic+i)
				}
				out.SetF64(p.at(c, place*(1+ic)+1+i), sum)
			}
		}
	}
	return out
}

// evalConv2DWino takes the weights back out of their transform: four of the places have one each, the others are differences.
func evalConv2DWino(c *Call) ([]*tensor.Tensor, error) {
	packed, oc, ic := c.X(1), c.Attrs.Int("OC"), c.Attrs.Int("IC")
	p := vecPanels{oc, winoPlaces * (1 + ic)}
	w, b := tensor.New(tensor.Float32, oc, 3, 3, ic), tensor.New(tensor.Float32, oc)
	for o := range oc {
		copyElement(b, o, packed, p.at(o, winoBias*(1+ic)))
		for i := range ic {
			for t := range 9 {
				sum := 0.0
				for place := range winoPlaces {
					if f := winoBack[t/3][place/4] * winoBack[t%3][place%4]; f != 0 {
						sum += float64(f) * packed.F64(p.at(o, place*(1+ic)+1+i))
					}
				}
				w.SetF64((o*9+t)*ic+i, sum)
			}
		}
	}
	plain := *c
	plain.Attrs = winoAsPlain(c.Attrs)
	plain.in = []*tensor.Tensor{c.X(0), w, b}
	return evalConv2D(&plain)
}

// WinoScratch is the bytes that the kernel takes: transformed inputs of a row of tiles, sums of a block of channels, and what aligning them takes.
func WinoScratch(a ir.Attrs) int {
	const line = 64
	tiles, channels := min((a.Int("OW")+1)/2, vecPixels), (a.Int("IC")+vecBlock-1)/vecBlock*vecBlock
	return line + winoPlaces*4*(tiles*channels+vecPixels*vecBlock)
}

// winoAsPlain gives a convolution of three by three taps the constants that Winograd's kernels go without.
func winoAsPlain(a ir.Attrs) ir.Attrs {
	a = a.Clone()
	for _, name := range []string{"G", "SH", "SW", "DH", "DW"} {
		a[name] = int64(1)
	}
	a["KH"], a["KW"] = int64(3), int64(3)
	return a
}
