package fuzz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
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
	Sizes   []int // of the dimension that a run is told the size of; none where the graph has none
	Inputs  []*tensor.Tensor
	Want    []*tensor.Tensor
	Frames  []*tensor.Tensor   // what follows the input where it goes on frame by frame: windows, each so many frames after the one before
	After   [][]*tensor.Tensor // outputs for those windows
	Sums    float64            // the greatest sum of products on the way
	Dynamic float64            // what a step of a dynamically quantized value comes to in such a sum, where the last bits of floats decide about it
}

// Prepare compiles g, with some passes off where disable names them, and checks that the interpreter agrees about the
// graph before and after. The error is the difference.
func Prepare(g *ir.Graph, name string, seed uint64, disable []string) (c *Case, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m := &deepgo.Model{File: name + ".ir", Name: name, Graph: g}
	c = &Case{Graph: g, Inputs: samples.Random(m.InputTypes(), seed)}
	most := magnitudes{}
	before, err := interp.Run(g, c.Inputs, interp.Options{Observe: most.add})
	if err != nil {
		return nil, fmt.Errorf("interpreting the graph: %w", err)
	}
	opt := deepgo.CompileOptions{Target: machineOf(seed).target, Name: name, Emit: "single", Disable: disable, Optimize: optimizeFor(seed), Push: pushFor(seed), Memories: memoriesFor(seed)}
	c.Program, err = m.Compile(opt)
	if err != nil && strings.Contains(err.Error(), "--stream-input") { // the graph has no rows
		opt.Push = ""
		c.Program, err = m.Compile(opt)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	for i, x := range c.Inputs {
		c.Inputs[i] = verify.ChannelsLast(x, c.Program.Memory.Pushed)
	}
	if c.Want, err = interp.Run(c.Program.Lowered, c.Inputs, interp.Options{}); err != nil {
		return nil, fmt.Errorf("interpreting the lowered graph: %w", err)
	}
	if err := c.compare(before, most); err != nil {
		return nil, err
	}
	return c, c.follow(seed)
}

// compare holds what the lowered graph computes against the graph before the passes.
func (c *Case) compare(before []*tensor.Tensor, most magnitudes) error {
	step := most.step(c.Graph) * most.gain(c.Graph)
	c.Sums, c.Dynamic = most.sums(c.Graph), most.dynamicStep(c.Graph)
	for i := range before {
		if err := agree(before[i], c.Want[i], tolerance{float: step}.rounding(before[i])); err != nil {
			return fmt.Errorf("output %d after the passes: %w", i, err)
		}
	}
	return nil
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

// RunC runs all cases' C, with more flags for the compiler, in one program under the sanitizers. It returns, per case, the difference between
// what the C computed and what the interpreter did, or nil.
func RunC(ctx context.Context, cases []*Case, more []string) ([]error, error) {
	diffs := make([]error, len(cases))
	var batch []cbatch.Case
	var at, framesAt []int
	var frames []*Case
	for i, c := range cases {
		if len(c.After) > 0 {
			frames, framesAt = append(frames, c), append(framesAt, i)
			continue
		}
		batch, at = append(batch, cbatch.Case{Program: c.Program, Sizes: c.Sizes, Inputs: c.Inputs}), append(at, i)
	}
	results, err := cbatch.Run(ctx, batch, more...)
	if err != nil {
		return nil, err
	}
	for k, r := range results {
		i := at[k]
		diffs[i] = r.Err
		loose := cases[i].loose()
		for j := 0; diffs[i] == nil && j < len(r.Outputs); j++ {
			if err := agree(cases[i].Want[j], r.Outputs[j], loose.rounding(cases[i].Want[j])); err != nil {
				diffs[i] = fmt.Errorf("output %d in C: %w", j, err)
			}
		}
	}
	if len(frames) == 0 {
		return diffs, nil
	}
	for k, d := range runFrames(ctx, frames, more) {
		diffs[framesAt[k]] = d
	}
	return diffs, nil
}

// tolerance is how far outputs may differ, beyond what float arithmetic does, by the kind of their elements.
type tolerance struct {
	float, integer float64
}

// floatSteps returns what a step of the values in a lowered graph comes to that are quantized behind float functions: there the C's
// last bits decide which way a tie goes. It is nothing where integers are computed of integers alone.
func floatSteps(g *ir.Graph) tolerance {
	t := tolerance{}
	for _, n := range verify.QuantizedFloats(g) {
		t.integer = 1
		switch {
		case n.Attrs.Has("SCALE"):
			t.float = max(t.float, 2*float64(n.Attrs.Float("SCALE")))
		case len(n.Inputs) > 1 && n.Inputs[1].Const == nil: // quantizers draw scales of at most 1
			t.float = max(t.float, 2)
		case len(n.Inputs) > 1:
			t.float = max(t.float, 2*slices.Max(n.Inputs[1].Const.Float64s()))
		}
	}
	return t
}

// loose is floatSteps, and what the order of sums on the way may change.
func (c *Case) loose() tolerance {
	t := floatSteps(c.Program.Lowered)
	t.float += 1e-6*c.Sums + c.Dynamic
	return t
}

// magnitudes holds the greatest absolute element of each value that a node computed.
type magnitudes map[*ir.Value]float64

func (m magnitudes) add(n *ir.Node, out []*tensor.Tensor) {
	for i, v := range n.Outputs {
		for j := range out[i].Len() {
			if x := math.Abs(out[i].F64(j)); x == x {
				m[v] = max(m[v], x)
			}
		}
	}
}

// sums returns the greatest output of a product of matrices or a convolution.
func (m magnitudes) sums(g *ir.Graph) float64 {
	most := 0.0
	for _, n := range g.Nodes {
		if x := m[n.Output(0)]; slices.Contains([]string{"Conv", "ConvTranspose", "Gemm", "MatMul"}, n.Op) && x <= math.MaxFloat64 {
			most = max(most, x)
		}
	}
	return most
}

// step returns the greatest difference that one step of a quantized value inside g makes there, or 0 where g has none.
// Random graphs put quantization anywhere, and an operator after it may enlarge a step: the bound is loose.
func (m magnitudes) step(g *ir.Graph) float64 {
	step := 0.0
	for _, n := range g.Nodes {
		switch {
		case n.Op == "QuantizeLinear" && n.Inputs[1].IsConst():
			step = max(step, slices.Max(n.Inputs[1].Const.Float64s()))
		case n.Op == "DynamicQuantizeLinear":
			step = max(step, m[n.Output(1)])
		}
	}
	return 2 * step
}

// dynamicStep returns what two steps of a dynamically quantized value come to in a sum of its products with integers of 8 bits: 0 where g has none,
// or where it quantizes what comes in.
func (m magnitudes) dynamicStep(g *ir.Graph) float64 {
	step := 0.0
	for _, n := range g.Nodes {
		if n.Op == "DynamicQuantizeLinear" && n.Inputs[0].Def != nil {
			step = max(step, 2*m[n.Output(1)]*dynamicGain(m[n.Output(1)]))
		}
	}
	return step
}

// dynamicGain bounds how much a step of that scale grows in such a sum.
func dynamicGain(scale float64) float64 { return max(1, 255*scale) }

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
		if x := slices.IndexFunc(n.Inputs, isDynamicScale); x >= 0 {
			gain *= dynamicGain(m[n.Inputs[x]])
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

func isDynamicScale(v *ir.Value) bool {
	return v.Def != nil && v.Def.Op == "DynamicQuantizeLinear" && v == v.Def.Output(1)
}

// channelSum is the greatest sum of the magnitudes of one output channel's weights, which are a constant or a dequantized one; 1 where
// they are an input.
func channelSum(w *ir.Value) float64 {
	t := w.Const
	if t == nil && w.Def == nil {
		return 1
	}
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

// slack is the relative difference that floats of a type may have; others must be equal. What is stored in 16 bits is rounded after every
// operator, so that one may carry a few steps of what its inputs have.
var slack = map[tensor.DType]float64{tensor.Float32: 1e-4, tensor.Float64: 1e-9, tensor.Float16: 4.0 / (1 << 10), tensor.BFloat16: 4.0 / (1 << 7)}

// agree compares floats by |got-want| <= slack*(1+|want|) + t.float, and integers by |got-want| <= t.integer.
func agree(want, got *tensor.Tensor, t tolerance) error {
	if want.DType != got.DType || want.Len() != got.Len() {
		return fmt.Errorf("%s%v became %s%v", want.DType, want.Shape, got.DType, got.Shape)
	}
	for i := range want.Len() {
		w, g := want.F64(i), got.F64(i)
		if w == g || w != w && g != g {
			continue
		}
		limit := t.integer
		if want.DType.IsFloat() {
			limit = slack[want.DType]*(1+math.Abs(w)) + t.float
		}
		if !(math.Abs(w-g) <= limit) {
			return fmt.Errorf("element %d is %g, expected %g", i, g, w)
		}
	}
	return nil
}
