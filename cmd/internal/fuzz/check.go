package fuzz

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Case is a graph, what goes in, and what the interpreter says comes out of its lowered form.
type Case struct {
	Graph   *ir.Graph
	Program *deepgo.Program
	Inputs  []*tensor.Tensor
	Want    []*tensor.Tensor
}

// Prepare compiles g, with some passes off where disable names them, and checks that the interpreter agrees about the
// graph before and after. The error is the difference.
func Prepare(g *ir.Graph, name string, seed uint64, disable []string) (*Case, error) {
	m := &deepgo.Model{File: name + ".ir", Name: name, Graph: g}
	c := &Case{Graph: g, Inputs: samples.Random(m.InputTypes(), seed)}
	before, err := m.Run(c.Inputs)
	if err != nil {
		return nil, fmt.Errorf("interpreting the graph: %w", err)
	}
	if c.Program, err = m.Compile(deepgo.CompileOptions{Name: name, Emit: "single", Disable: disable}); err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	if c.Want, err = interp.Run(c.Program.Lowered, c.Inputs, interp.Options{}); err != nil {
		return nil, fmt.Errorf("interpreting the lowered graph: %w", err)
	}
	for i := range before {
		if err := agree(before[i], c.Want[i], stepOf(g, g.Outputs[i])); err != nil {
			return nil, fmt.Errorf("output %d after the passes: %w", i, err)
		}
	}
	return c, nil
}

// stepOf returns the greatest difference that one step of a quantized value inside g can make at output v, or 0 where g
// has none. Random graphs put quantization anywhere, and an operator after it may enlarge a step: the bound is loose.
func stepOf(g *ir.Graph, v *ir.Value) float64 {
	step := 0.0
	for _, n := range g.Nodes {
		if n.Op == "QuantizeLinear" && n.Inputs[1].IsConst() {
			step = max(step, n.Inputs[1].Const.F64(0))
		}
	}
	return 2 * step
}

// agree compares floats by |got-want| <= 1e-4 + 1e-4*|want| + step, and integers exactly.
func agree(want, got *tensor.Tensor, step float64) error {
	if want.DType != got.DType || want.Len() != got.Len() {
		return fmt.Errorf("%s%v became %s%v", want.DType, want.Shape, got.DType, got.Shape)
	}
	for i := range want.Len() {
		w, g := want.F64(i), got.F64(i)
		limit := 0.0
		if want.DType.IsFloat() {
			limit = 1e-4 + 1e-4*math.Abs(w) + step
		}
		if d := math.Abs(w - g); d > limit || math.IsNaN(w) != math.IsNaN(g) {
			return fmt.Errorf("element %d is %g, expected %g", i, g, w)
		}
	}
	return nil
}
