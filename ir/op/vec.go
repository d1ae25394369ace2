package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products whose weights are packed for vectors, in blocks of 16 output channels; the kernels' files describe the order.
var vecDefs = []*Def{
	{Name: "conv2d_vec_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalConv2DVecF32, Post: "VPOST(v)"},
	{Name: "conv2d_vec_s8", In: Args("x", "w", "q"), Out: Args("y"), Eval: evalConv2DVecS8},
}

const (
	vecBlock  = 16 // output channels that are next to each other in packed weights
	vecFour   = 4  // 8-bit inputs that are next to each other
	vecPixels = 24 // pixels that a kernel takes at once, at most
)

// vecPanels is where the values of output channels are in packed constants, [groups][blocks][rows][16]: groups of channels begin blocks of
// their own.
type vecPanels struct{ perGroup, rows int }

// blocks is how many blocks a group's channels are.
func (p vecPanels) blocks() int { return (p.perGroup + vecBlock - 1) / vecBlock }

// at is the index of value `row` of channel c.
func (p vecPanels) at(c, row int) int {
	block := c/p.perGroup*p.blocks() + c%p.perGroup/vecBlock
	return (block*p.rows+row)*vecBlock + c%p.perGroup%vecBlock
}

// PackVecF32 packs the weights of a convolution, [OC][…], of so many groups: [groups][blocks][1+inputs][16], biases first. Channels that only
// fill up a block are 0.
func PackVecF32(w, b *tensor.Tensor, groups int) *tensor.Tensor {
	oc, inputs := b.Len(), w.Len()/b.Len()
	p := vecPanels{oc / groups, 1 + inputs}
	out := tensor.New(tensor.Float32, groups, p.blocks(), p.rows, vecBlock)
	for c := range oc {
		copyElement(out, p.at(c, 0), b, c)
		for k := range inputs {
			copyElement(out, p.at(c, 1+k), w, c*inputs+k)
		}
	}
	return out
}

func evalConv2DVecF32(c *Call) ([]*tensor.Tensor, error) {
	packed, oc := c.X(1), c.Attrs.Int("OC")
	p := vecPanels{oc / c.Attrs.Int("G"), packed.Shape[2]}
	w, b := tensor.New(tensor.Float32, oc, p.rows-1), tensor.New(tensor.Float32, oc)
	for i := range oc {
		copyElement(b, i, packed, p.at(i, 0))
		for k := range p.rows - 1 {
			copyElement(w, i*(p.rows-1)+k, packed, p.at(i, 1+k))
		}
	}
	plain := *c
	plain.in = []*tensor.Tensor{c.X(0), w, b}
	return evalConv2D(&plain)
}

// Rows of a block in the constants of an 8-bit product besides its weights.
const (
	vecBias  = iota
	vecSum   // of the weights, times 128
	vecScale // multiplier
	vecShift // less 33
	vecRows
)

// VecS8 are the packed constants of a convolution of 8-bit values.
type VecS8 struct {
	Weights  *tensor.Tensor // int8 [groups][blocks][fours of inputs][16][4]
	Channels *tensor.Tensor // int32 [groups][blocks][vecRows][16]
	Full     bool           // a weight is -128
}

// PackVecS8 packs weights [OC][…], biases, multipliers and shifts of a convolution of so many groups.
func PackVecS8(w, b, m, s *tensor.Tensor, groups int) VecS8 {
	oc, inputs := b.Len(), w.Len()/b.Len()
	fours := (inputs + vecFour - 1) / vecFour
	p, at := vecPanels{oc / groups, vecRows}, vecPanels{oc / groups, fours}
	v := VecS8{Weights: tensor.New(tensor.Int8, groups, p.blocks(), fours, vecBlock, vecFour), Channels: tensor.New(tensor.Int32, groups, p.blocks(), vecRows, vecBlock)}
	for c := range oc {
		sum := int64(0)
		for k := range inputs {
			x := w.I64(c*inputs + k)
			sum += x
			v.Full = v.Full || x == -128
			v.Weights.SetI64(at.at(c, k/vecFour)*vecFour+k%vecFour, x)
		}
		for row, x := range [vecRows]int64{b.I64(c), 128 * sum, m.I64(c), s.I64(c) - 33} {
			v.Channels.SetI64(p.at(c, row), int64(int32(x)))
		}
	}
	return v
}

func evalConv2DVecS8(c *Call) ([]*tensor.Tensor, error) {
	a, weights, channels := c.Attrs, c.X(1), c.X(2)
	oc, groups := a.Int("OC"), a.Int("G")
	inputs := a.Int("KH") * a.Int("KW") * a.Int("IC") / groups
	p, at := vecPanels{oc / groups, vecRows}, vecPanels{oc / groups, weights.Shape[2]}
	w, b := tensor.New(tensor.Int8, oc, inputs), tensor.New(tensor.Int32, oc)
	m, s := tensor.New(tensor.Int32, oc), tensor.New(tensor.Int8, oc)
	for i := range oc {
		for k := range inputs {
			copyElement(w, i*inputs+k, weights, at.at(i, k/vecFour)*vecFour+k%vecFour)
		}
		copyElement(b, i, channels, p.at(i, vecBias))
		copyElement(m, i, channels, p.at(i, vecScale))
		s.SetI64(i, channels.I64(p.at(i, vecShift))+33)
	}
	plain := *c
	plain.in = []*tensor.Tensor{c.X(0), w, b, m, s}
	return evalConv2DS8(&plain)
}

// VecScratch is the bytes that a convolution in vectors takes for the columns which its pixels read, padding included, and where they do not come
// in fours, for the inputs of each pixel one after the other. An element has so many bytes.
func VecScratch(a ir.Attrs, size int) int {
	pixels, groups := a.Int("OW"), a.Int("G")
	if a.Int("KH") == 1 && a.Int("KW") == 1 { // its rows may be joined
		pixels *= a.Int("N") * a.Int("OH")
	}
	pixels = min(pixels, vecPixels)
	reach := func(outputs int, axis string) int {
		return (outputs-1)*a.Int("S"+axis) + (a.Int("K"+axis)-1)*a.Int("D"+axis) + 1
	}
	bytes := a.Int("KH") * reach(pixels, "W") * a.Int("IC") * size
	run := a.Int("IC") / groups
	if groups == 1 && a.Int("DW") == 1 {
		run *= a.Int("KW")
	}
	inside := a.Int("PT") == 0 && a.Int("PL") == 0 && reach(a.Int("OW"), "W") <= a.Int("IW") && reach(a.Int("OH"), "H") <= a.Int("IH")
	switch {
	case size == 1 && run%vecFour != 0:
		bytes += pixels * ((a.Int("KH")*a.Int("KW")*a.Int("IC")/groups + vecFour - 1) / vecFour * vecFour)
	case inside:
		bytes = 0
	}
	return max(bytes, 8)
}
