package fuzz

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// errRefused marks graphs that do not compile. Every generated one should; one that the shrinker cut down need not.
var errRefused = errors.New("compiling")

// Case is a graph, what goes in, and what the interpreter says comes out of its lowered form.
type Case struct {
	Graph   *ir.Graph
	Program *deepgo.Program
	Inputs  []*tensor.Tensor
	Want    []*tensor.Tensor
	Frames  []*tensor.Tensor   // what follows the input where it goes on frame by frame: windows, each so many frames after the one before
	After   [][]*tensor.Tensor // outputs for those windows
}

// Prepare compiles g, with some passes off where disable names them, and checks that the interpreter agrees about the
// graph before and after. The error is the difference.
func Prepare(g *ir.Graph, name string, seed uint64, disable []string) (*Case, error) {
	m := &deepgo.Model{File: name + ".ir", Name: name, Graph: g}
	c := &Case{Graph: g, Inputs: samples.Random(m.InputTypes(), seed)}
	most := magnitudes{}
	before, err := interp.Run(g, c.Inputs, interp.Options{Observe: most.add})
	if err != nil {
		return nil, fmt.Errorf("interpreting the graph: %w", err)
	}
	opt := deepgo.CompileOptions{Name: name, Emit: "single", Disable: disable, Optimize: optimizeFor(seed), Push: pushFor(seed)}
	c.Program, err = m.Compile(opt)
	if err != nil && strings.Contains(err.Error(), "--stream-input") { // the graph has no rows
		opt.Push = ""
		c.Program, err = m.Compile(opt)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	for i, v := range c.Program.Lowered.Inputs {
		c.Inputs[i] = verify.ChannelsLast(c.Inputs[i], v.Type.Shape)
	}
	if c.Want, err = interp.Run(c.Program.Lowered, c.Inputs, interp.Options{}); err != nil {
		return nil, fmt.Errorf("interpreting the lowered graph: %w", err)
	}
	step := stepOf(g) * most.gain(g)
	for i := range before {
		if err := agree(before[i], c.Want[i], step); err != nil {
			return nil, fmt.Errorf("output %d after the passes: %w", i, err)
		}
	}
	return c, c.follow(seed)
}

// follow adds windows that go on where the input ends.
func (c *Case) follow(seed uint64) error {
	pushed := c.Program.Memory.Pushed
	if pushed == nil || pushed.Last == nil {
		return nil
	}
	cases := [][]*tensor.Tensor{c.Inputs}
	for i := range uint64(6) {
		cases = append(cases, samples.Random([]ir.Type{pushed.Value.Type}, seed+1+i))
	}
	windows, err := verify.Windows(pushed, cases)
	if err != nil {
		return err
	}
	for _, w := range windows[1:] {
		out, err := interp.Run(c.Program.Lowered, w, interp.Options{})
		if err != nil {
			return err
		}
		c.Frames, c.After = append(c.Frames, w[0]), append(c.After, out)
	}
	return nil
}

// stepOf returns the greatest difference that one step of a quantized value inside g makes there, or 0 where g has none.
// Random graphs put quantization anywhere, and an operator after it may enlarge a step: the bound is loose.
func stepOf(g *ir.Graph) float64 {
	step := 0.0
	for _, n := range g.Nodes {
		if n.Op == "QuantizeLinear" && n.Inputs[1].IsConst() {
			step = max(step, n.Inputs[1].Const.F64(0))
		}
	}
	return 2 * step
}

// magnitudes holds the greatest absolute element of each value that a node computed.
type magnitudes map[*ir.Value]float64

func (m magnitudes) add(n *ir.Node, out []*tensor.Tensor) {
	for i, v := range n.Outputs {
		for j := range out[i].Len() {
			m[v] = max(m[v], math.Abs(out[i].F64(j)))
		}
	}
}

// gain bounds how much a step grows: in a convolution by the sum of a channel's weights, and where activations are multiplied by
// activations as often as the sum has terms, each time as much as the other factor is large.
func (m magnitudes) gain(g *ir.Graph) float64 {
	gain := 1.0
	for _, n := range g.Nodes {
		if n.Op == "Conv" {
			gain *= max(1, channelSum(n.Inputs[1]))
		}
		if n.Op != "MatMul" && n.Op != "Mul" || n.Inputs[0].IsConst() || n.Inputs[1].IsConst() {
			continue
		}
		terms := 1
		if shape := n.Inputs[0].Type.Shape; n.Op == "MatMul" {
			terms = shape[len(shape)-1]
		}
		gain *= max(1, float64(terms)*max(m[n.Inputs[0]], m[n.Inputs[1]]))
	}
	return gain
}

// channelSum is the greatest sum of the magnitudes of one output channel's weights, which are a constant or a dequantized one.
func channelSum(w *ir.Value) float64 {
	t := w.Const
	if t == nil {
		out, err := op.Eval(w.Def, constants(w.Def.Inputs))
		if err != nil {
			return 1
		}
		t = out[0]
	}
	most, per := 0.0, t.Len()/t.Shape[0]
	for c := range t.Shape[0] {
		sum := 0.0
		for i := range per {
			sum += math.Abs(t.F64(c*per + i))
		}
		most = max(most, sum)
	}
	return most
}

func constants(vs []*ir.Value) []*tensor.Tensor {
	list := make([]*tensor.Tensor, len(vs))
	for i, v := range vs {
		if v != nil {
			list[i] = v.Const
		}
	}
	return list
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
