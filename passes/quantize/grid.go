package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// levels are the integers that weights of so many bits take.
type levels struct{ lo, hi float64 }

// levelsOf leaves out the least integer, so that weights are symmetric; of the four of 2 bits none can be spared.
func levelsOf(bits int) levels {
	hi := float64(int(1)<<(bits-1) - 1)
	if bits == 2 {
		return levels{-2, 1}
	}
	return levels{-hi, hi}
}

func (l levels) round(v float64) float64 {
	return math.Min(math.Max(math.RoundToEven(v), l.lo), l.hi)
}

// widest is the least scale at which no value is out of reach, 0 for zeros.
func (l levels) widest(values []float32) float64 {
	scale := 0.0
	for _, v := range values {
		scale = math.Max(scale, math.Max(float64(v)/l.hi, float64(v)/l.lo))
	}
	return scale
}

// scale is the one that the largest weight needs, or with search the smaller one that leaves the least squared error.
func (l levels) scale(values []float32, search bool) float32 {
	widest := l.widest(values)
	if widest == 0 {
		return 1
	}
	best, scale := math.Inf(1), positive(widest)
	if !search {
		return scale
	}
	for _, f := range l.shrink(0.02) {
		s := float64(positive(widest * f))
		sum := 0.0
		for _, v := range values {
			d := float64(v) - s*l.round(float64(v)/s)
			sum += d * d
		}
		if sum < best {
			best, scale = sum, float32(s)
		}
	}
	return scale
}

// shrink lists the parts of the widest scale that are worth trying, a step apart. With 2 bits the best cuts off much.
func (l levels) shrink(step float64) []float64 {
	least := 0.41
	if l.hi == 1 {
		least = 0.1
	}
	var list []float64
	for k := 0; 1-step*float64(k) > least; k++ {
		list = append(list, 1-step*float64(k))
	}
	return list
}

// sharing says which weights have one scale: those of an output, which is a slice of an axis, or of a group of an output's inputs.
type sharing struct {
	shape []int
	axis  int
	group int // inputs; 0 for all
}

func (s sharing) outputs() int { return s.shape[s.axis] }

func (s sharing) inputs() int { return tensor.Len(s.shape) / s.outputs() }

// groups is how many scales an output has.
func (s sharing) groups() int {
	if s.group == 0 || len(s.shape) != 2 {
		return 1
	}
	return (s.inputs() + s.group - 1) / s.group
}

// at returns the output and the group of weight i.
func (s sharing) at(i int) (output, group int) {
	inner := tensor.Len(s.shape[s.axis+1:])
	output = i / inner % s.outputs()
	if s.groups() == 1 {
		return output, 0
	}
	input := i % inner
	if s.axis == 1 {
		input = i / s.shape[1]
	}
	return output, input / s.group
}

// grid are integers that stand for weights, with their scales.
type grid struct {
	sharing
	bits    int
	q       *tensor.Tensor
	scale   []float32 // per output
	factors []uint8   // per output and group: what its scale is multiplied with; nil where outputs have one group
}

// narrowTypes are the element types of weights, by bits.
var narrowTypes = map[int]tensor.DType{8: tensor.Int8, 4: tensor.Int4, 2: tensor.Int2}

// roundNearest rounds weights to the nearest of the integers. The scales of less than 8 bits leave the least squared error.
func roundNearest(real *tensor.Tensor, s sharing, bits int) *grid {
	g := &grid{sharing: s, bits: bits, q: tensor.New(narrowTypes[bits], s.shape...), scale: make([]float32, s.outputs())}
	n, l := s.groups(), levelsOf(bits)
	of := make([][]float32, s.outputs()*n)
	values := tensor.Data[float32](real)
	for i, v := range values {
		output, group := s.at(i)
		of[output*n+group] = append(of[output*n+group], v)
	}
	if n > 1 {
		g.factors = make([]uint8, len(of))
	}
	scales := make([]float64, n)
	for c := range g.scale {
		for k := range scales {
			scales[k] = float64(l.scale(of[c*n+k], bits < 8))
		}
		g.setScales(c, scales)
	}
	for i, v := range values {
		g.q.SetI64(i, int64(l.round(float64(v)/g.scaleOf(i))))
	}
	return g
}

// mostFactor is the greatest factor of a group: as exact as a byte makes it.
const mostFactor = math.MaxUint8

// setScales gives output c scales that are near to those wanted, one per group: whole multiples of one number, which has so few bits
// that float32 holds the multiples too.
func (g *grid) setScales(c int, wanted []float64) {
	if g.factors == nil {
		g.scale[c] = float32(wanted[0])
		return
	}
	largest := 0.0
	for _, s := range wanted {
		largest = math.Max(largest, s)
	}
	frac, exp := math.Frexp(float64(positive(largest / mostFactor)))
	unit := math.Ldexp(math.Ceil(math.Ldexp(frac, 16)), exp-16)
	g.scale[c] = float32(unit)
	for k, s := range wanted {
		g.factors[c*len(wanted)+k] = uint8(math.Max(math.RoundToEven(s/unit), 1))
	}
}

// factorsOf are the factors of an output; nil where there are none.
func (g *grid) factorsOf(c int) []uint8 {
	if g.factors == nil {
		return nil
	}
	return g.factors[c*g.groups() : (c+1)*g.groups()]
}

// scaleOf is the scale of weight i.
func (g *grid) scaleOf(i int) float64 {
	output, group := g.at(i)
	return g.groupScale(output, group)
}

func (g *grid) groupScale(output, group int) float64 {
	if g.factors == nil {
		return float64(g.scale[output])
	}
	return float64(g.scale[output]) * float64(g.factors[output*g.groups()+group])
}

// real returns the weights that the integers stand for.
func (g *grid) real() *tensor.Tensor {
	t := tensor.New(tensor.Float32, g.shape...)
	out := tensor.Data[float32](t)
	for i := range out {
		out[i] = float32(g.q.I64(i)) * float32(g.scaleOf(i))
	}
	return t
}

// node returns a DequantizeLinear of the integers: with a scale per output, or in blocks.
func (g *grid) node(to *ir.Graph, name string) *ir.Node {
	attrs, scale := ir.Attrs{"axis": int64(g.axis)}, tensor.Floats(g.scale, len(g.scale))
	if g.factors != nil {
		shape := []int{g.outputs(), g.groups()}
		if g.axis == 1 {
			shape = []int{g.groups(), g.outputs()}
		}
		scale = tensor.New(tensor.Float32, shape...)
		for i := range scale.Len() {
			output, group := i/g.groups(), i%g.groups()
			if g.axis == 1 {
				output, group = i%g.outputs(), i/g.outputs()
			}
			scale.SetF64(i, g.groupScale(output, group))
		}
		attrs = ir.Attrs{"axis": int64(1 - g.axis), "block_size": int64(g.group)}
	}
	return dequantize(to, name, attrs, g.q, scale)
}

// dequantize returns a DequantizeLinear of constants, which are named after what they stand for.
func dequantize(g *ir.Graph, name string, attrs ir.Attrs, q, scale *tensor.Tensor) *ir.Node {
	out := g.NewValue(name+"_dequantized", ir.Type{DType: tensor.Float32, Shape: q.Shape})
	in := []*ir.Value{g.NewConst(name+"_quantized", q), g.NewConst(name+"_scale", scale)}
	n := &ir.Node{Op: "DequantizeLinear", Attrs: attrs, Inputs: in, Outputs: []*ir.Value{out}, From: []string{name + "_DequantizeLinear"}}
	out.Def = n
	return n
}

// bytes is what the weights take in flash.
func (g *grid) bytes() int {
	return op.PackedBytes(g.outputs(), g.inputs(), g.bits) + len(g.factors)
}
