package passes

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// evalCheck holds what a graph computed before a pass, for random inputs.
type evalCheck struct {
	in, out []*tensor.Tensor
}

func newEvalCheck(g *ir.Graph) (*evalCheck, error) {
	rng := rand.New(rand.NewPCG(1, 2))
	e := &evalCheck{}
	for _, v := range g.Inputs {
		e.in = append(e.in, randomTensor(rng, v.Type))
	}
	var err error
	e.out, err = interp.Run(g, e.in, interp.Options{})
	return e, err
}

// compare runs g and holds its outputs against those from before, then makes them the new standard: each pass answers
// for its own error only. A pass that changes the types at the boundary sets a new standard without a comparison. Once memory
// is planned, g runs in it.
func (e *evalCheck) compare(g *ir.Graph, mem *ir.Memory) error {
	if !e.fits(g) {
		next, err := newEvalCheck(g)
		if err != nil {
			return err
		}
		*e = *next
		return nil
	}
	out, err := evaluate(g, mem, e.in)
	if err != nil {
		return err
	}
	for i, v := range g.Outputs {
		if err := closeTo(out[i], e.out[i], stepOf(v)); err != nil {
			return fmt.Errorf("output %q: %w", v.Name, err)
		}
	}
	e.out = out
	return nil
}

func evaluate(g *ir.Graph, mem *ir.Memory, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if mem != nil {
		return runPlanned(g, mem, in)
	}
	return interp.Run(g, in, interp.Options{})
}

func (e *evalCheck) fits(g *ir.Graph) bool {
	for i, v := range g.Inputs {
		if !v.Type.Equal(typeOf(e.in[i])) {
			return false
		}
	}
	for i, v := range g.Outputs {
		if !v.Type.Equal(typeOf(e.out[i])) {
			return false
		}
	}
	return true
}

func typeOf(t *tensor.Tensor) ir.Type { return ir.Type{DType: t.DType, Shape: t.Shape} }

// closeTo reports the first element of got that is too far from want: floats by 1e-4 relative and absolute, or by one
// quantization step where the output is computed from integers; integers of 8 and 16 bits by one; other types not at all.
func closeTo(got, want *tensor.Tensor, step float64) error {
	for i := range want.Len() {
		a, b := got.F64(i), want.F64(i)
		tol := 0.0
		switch {
		case want.DType.IsFloat():
			tol = max(1e-4+1e-4*math.Abs(b), step)
		case want.DType.IsInt() && (want.DType.Bits() == 8 || want.DType.Bits() == 16):
			tol = 1
		}
		if a != b && !(math.Abs(a-b) <= tol) && !(a != a && b != b) {
			return fmt.Errorf("element %d is %g, was %g", i, a, b)
		}
	}
	return nil
}

// stepOf returns the size of one quantization step of a float output, or 0 where it is not computed from integers.
func stepOf(v *ir.Value) float64 {
	switch {
	case v.Def == nil:
		return 0
	case v.Def.Op == "dequantize_s8":
		return stepSlack * float64(v.Def.Attrs.Float("SCALE"))
	case v.Def.Op == "DequantizeLinear" && v.Def.Input(1).IsConst():
		return stepSlack * v.Def.Inputs[1].Const.F64(0)
	}
	return 0
}

// stepSlack leaves room for the rounding of two dequantized numbers that are one step apart.
const stepSlack = 1.001

// randomTensor fills a tensor with normally distributed floats, 8-bit integers of the whole range, and zeros and ones
// for all other types, which are mostly indices and conditions.
func randomTensor(rng *rand.Rand, t ir.Type) *tensor.Tensor {
	x := tensor.New(t.DType, t.Shape...)
	for i := range x.Len() {
		switch {
		case t.DType.IsFloat():
			x.SetF64(i, rng.NormFloat64())
		case t.DType.IsInt() && t.DType.Bits() == 8:
			x.SetI64(i, rng.Int64N(256)-128)
		default:
			x.SetI64(i, rng.Int64N(2))
		}
	}
	return x
}
