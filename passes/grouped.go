package passes

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir/tensor"
)

// grouped are the weights of a matrix product in blocks along its inputs, [outputs][inputs]. The scale of a block is that of its
// output times a whole number, the factor, or so nearly that no result changes by more than a step.
type grouped struct {
	w       *tensor.Tensor
	zeros   *tensor.Tensor // [outputs][blocks]; nil where all are 0
	scale   *tensor.Tensor // float64, per output
	factors *tensor.Tensor // [outputs][blocks]
	group   int
}

// factorTypes are the types that factors may have, the smallest first. Those of a byte must be exact; larger ones are rounded.
var factorTypes = []struct {
	most  float64
	dtype tensor.DType
}{{math.MaxUint8, tensor.Uint8}, {math.MaxUint16, tensor.Uint16}, {1 << 24, tensor.Int32}}

// blocksOf reads weights in blocks along the axis that is not the output's. nil where they are not, or where rounding the factors could
// change a sum of products with inputs of at most 1 by more than slack.
func blocksOf(d *quantized, axis int, slack float64) *grouped {
	if d.block() == 0 {
		return nil
	}
	g, scales := groupsIn(d, axis)
	if g == nil || slices.ContainsFunc(scales.Float64s(), func(s float64) bool { return !(s > 0) || math.IsInf(s, 1) }) {
		return nil
	}
	for k := range factorTypes {
		if g.split(scales, k) && g.lost(scales) <= slack {
			return g
		}
	}
	return nil
}

// groupsIn reads the weights of a matrix product whose inputs are in blocks, or all in one, with the scales of those. nil where they
// are not of that kind.
func groupsIn(d *quantized, axis int) (*grouped, *tensor.Tensor) {
	if !d.q.IsConst() || len(d.q.Type.Shape) != 2 || d.bits() > 8 || !d.q.Type.DType.IsInt() {
		return nil, nil
	}
	outputs, inputs := d.q.Type.Shape[axis], d.q.Type.Shape[1-axis]
	rows := func(t *tensor.Tensor) *tensor.Tensor {
		switch {
		case d.block() == 0:
			return spread(t, outputs)
		case axis == 1:
			return turned(t)
		}
		return t
	}
	g := &grouped{w: d.q.Const, group: inputs}
	if axis == 1 {
		g.w = turned(g.w)
	}
	switch {
	case d.block() > 0 && axisOfDequantize(d) == 1-axis:
		g.group = d.block()
	case d.block() > 0 || d.scale.Const.Len() != 1 && (d.scale.Const.Len() != outputs || axisOfDequantize(d) != axis):
		return nil, nil
	}
	if d.zero != nil {
		g.zeros = rows(d.zero.Const)
		g.centre()
	}
	return g, rows(d.scale.Const)
}

// spread returns one element, or one per output, as [outputs][1].
func spread(t *tensor.Tensor, outputs int) *tensor.Tensor {
	out := tensor.New(t.DType, outputs, 1)
	for i := range outputs {
		out.SetF64(i, t.F64(i%t.Len()))
	}
	return out
}

// split finds the factors of every output. It reports false where those of a byte are not exact.
func (g *grouped) split(scales *tensor.Tensor, kind int) bool {
	n, perRow := scales.Shape[0], scales.Shape[1]
	t := factorTypes[kind]
	g.scale, g.factors = tensor.New(tensor.Float64, n), tensor.New(t.dtype, n, perRow)
	for j := range n {
		row := scales.Float64s()[j*perRow : (j+1)*perRow]
		unit := slices.Max(row) / t.most
		if kind == 0 {
			if unit = commonUnit(row, t.most); unit == 0 {
				return false
			}
		}
		g.scale.SetF64(j, unit)
		for k, s := range row {
			g.factors.SetF64(j*perRow+k, math.RoundToEven(s/unit))
		}
	}
	return true
}

// commonUnit returns the greatest number of which all scales are whole multiples, but for the rounding of float32, and at most so many;
// 0 where there is none.
func commonUnit(scales []float64, most float64) float64 {
	least, largest := slices.Min(scales), slices.Max(scales)
	for j := 1.0; largest/least*j <= most+0.5; j++ {
		unit := least / j
		broken := func(s float64) bool {
			return math.Abs(s-math.RoundToEven(s/unit)*unit) > s/(1<<22)
		}
		if !slices.ContainsFunc(scales, broken) {
			return unit
		}
	}
	return 0
}

// lost bounds what the rounding of factors changes in a sum of products with inputs of at most 1.
func (g *grouped) lost(scales *tensor.Tensor) float64 {
	k, perRow := g.w.Shape[1], scales.Shape[1]
	worst := 0.0
	for j := range g.w.Shape[0] {
		sum := 0.0
		for i := range k {
			at := j*perRow + i/g.group
			v := float64(g.w.I64(j*k + i))
			if g.zeros != nil {
				v -= g.zeros.F64(at)
			}
			sum += math.Abs(v * (scales.F64(at) - g.factors.F64(at)*g.scale.F64(j)))
		}
		worst = math.Max(worst, sum)
	}
	return worst
}

// block is the block size of a DequantizeLinear, 0 where it has none.
func (d *quantized) block() int { return d.node.Attrs.Int("block_size") }

// centre takes the zero points off where they are the same everywhere and the weights then fit as signed integers.
func (g *grouped) centre() {
	zero, bits := g.zeros.I64(0), g.w.DType.Bits()
	if slices.ContainsFunc(g.zeros.Int64s(), func(z int64) bool { return z != zero }) {
		return
	}
	d := map[int]tensor.DType{2: tensor.Int2, 4: tensor.Int4, 8: tensor.Int8}[bits]
	if zero == 0 && g.w.DType.IsSigned() {
		g.zeros = nil
		return
	}
	lo, hi := d.Range()
	w := tensor.New(d, g.w.Shape...)
	for i := range w.Len() {
		v := g.w.I64(i) - zero
		if v < lo || v > hi {
			return
		}
		w.SetI64(i, v)
	}
	g.w, g.zeros = w, nil
}
