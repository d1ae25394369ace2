package verify

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/device"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/frontend/onnxgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// The tolerance of floats: |error| <= AbsTol + RelTol*|expected|.
const (
	AbsTol = 1e-4
	RelTol = 1e-4
)

// Case is one set of inputs, with golden outputs where there are some.
type Case struct {
	Name    string
	Inputs  []*tensor.Tensor
	Goldens []*tensor.Tensor // nil where there are none
}

// LoadCases reads ONNX's layout of test data: dir/test_data_set_N/input_I.pb and output_I.pb.
func LoadCases(dir string, m *deepgo.Model) ([]Case, error) {
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return nil, fmt.Errorf("%s: no folders test_data_set_N", dir)
	}
	slices.SortFunc(sets, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
	var cases []Case
	for _, set := range sets {
		c := Case{Name: filepath.Base(set)}
		of := m
		if len(m.Dims) > 0 {
			if of, err = sized(set, m); err != nil {
				return nil, err
			}
		}
		if c.Inputs, err = readTensors(set, "input", of.Graph.Inputs, of.Graph.Strings, nil); err != nil {
			return nil, err
		}
		if c.Goldens, err = readGoldens(set, of); err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// sized returns the model of the sizes that a case's inputs have.
func sized(set string, m *deepgo.Model) (*deepgo.Model, error) {
	inputs, err := readTensors(set, "input", m.Graph.Inputs, m.Graph.Strings, func(int, ir.Type) bool { return true })
	if err != nil {
		return nil, err
	}
	sizes, err := m.SizesOf(inputs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", set, err)
	}
	return m.At(sizes)
}

// readTensors reads a tensor for each value. Where loose is set, it may let types pass that are not the values'.
func readTensors(dir, kind string, vs []*ir.Value, table *tensor.Strings, loose func(i int, got ir.Type) bool) ([]*tensor.Tensor, error) {
	all := make([]*tensor.Tensor, len(vs))
	for i, v := range vs {
		file := filepath.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i))
		t, err := onnx.ReadTensor(file, table)
		if errors.Is(err, os.ErrNotExist) && kind == "output" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if got := (ir.Type{DType: t.DType, Shape: t.Shape}); !got.Equal(v.Type) && (loose == nil || !loose(i, got)) {
			return nil, fmt.Errorf("%s: %s, the model has %s", file, got, v.Type)
		}
		all[i] = t
	}
	return all, nil
}

// Result is what verify found. The JSON is for CI.
type Result struct {
	Model         string         `json:"model"`
	Target        string         `json:"target"`
	Cases         int            `json:"cases"`
	Against       string         `json:"against"` // "goldens" or "interpreter"
	MaxAbsErr     float64        `json:"max_abs_err"`
	MaxRelErr     float64        `json:"max_rel_err"`
	MaxSteps      float64        `json:"max_steps"`      // greatest difference of quantized outputs, in quantization steps
	ExactFraction float64        `json:"exact_fraction"` // elements equal to what they are compared with
	BitExact      bool           `json:"bit_exact"`      // quantized: every bit equal to the interpreter's run of the lowered graph
	FlashBytes    int            `json:"flash_bytes"`
	CodeBytes     int            `json:"code_bytes"`
	ConstBytes    int            `json:"const_bytes"`
	RAMBytes      int            `json:"ram_bytes"`   // arena
	StackBytes    int            `json:"stack_bytes"` // bound from the compiler
	StackMeasured int            `json:"stack_measured_bytes,omitempty"`
	Insns         uint64         `json:"insns,omitempty"`
	Cycles        uint64         `json:"cycles,omitempty"`
	Fits          bool           `json:"fits"`              // the part's flash and RAM, with buffers and stack; emulated boards may have more
	Windows       int            `json:"windows,omitempty"` // pushed frame by frame, with --stream-input=frames
	OnnxGo        onnxgo.Opinion `json:"onnx_go"`           // the second reader's
	Layers        []LayerResult  `json:"layers,omitempty"`
	Pass          bool           `json:"pass"`
	Problems      []string       `json:"problems,omitempty"`
}

// LayerResult is what one node of the lowered graph computed in the first case.
type LayerResult struct {
	Node   int      `json:"node"` // index in the lowered graph
	Op     string   `json:"op"`
	From   []string `json:"from"`             // the ONNX nodes that it computes
	Equal  bool     `json:"equal"`            // every bit as the interpreter has it
	Cycles uint64   `json:"cycles,omitempty"` // on a board, by its own count
}

// Options say what to verify.
type Options struct {
	Compile deepgo.CompileOptions
	Build   Build
	Layers  bool              // name the first node that differs
	Step    func(what string) // called as each stage begins
	Device  *device.Client    // run on this board instead of the target's emulator
}

// Run verifies the model on one target.
func Run(ctx context.Context, m *deepgo.Model, cases []Case, opt Options) (*Result, error) {
	step := opt.Step
	if step == nil {
		step = func(string) {}
	}
	step("compiling")
	opt.Compile.Trace, opt.Build.Trace = opt.Layers, opt.Layers
	p, err := m.Compile(opt.Compile)
	if err != nil {
		return nil, err
	}
	if missing := toolchain.Missing(p.Target); len(missing) > 0 && opt.Build.CC == "" && opt.Device == nil {
		return nil, &ir.Error{Msg: fmt.Sprintf("target %s needs %s, which this machine lacks", p.Target.Name, strings.Join(missing, ", ")), Hint: toolchain.InstallHint(p.Target)}
	}
	c := &comparison{model: m, program: p, result: &Result{Model: m.Name, Target: p.Target.Name, Cases: len(cases), Against: "interpreter", RAMBytes: p.Memory.ArenaBytes, BitExact: true}}
	step("interpreting")
	if err := c.interpret(cases); err != nil {
		return nil, err
	}
	if opt.Device != nil {
		step("running on the board")
		return c.result, c.executeOn(opt.Device, cases, opt.Layers)
	}
	step("building and running")
	x, err := c.execute(ctx, cases, opt)
	if err != nil {
		return nil, err
	}
	if opt.Layers {
		if err := c.compareLayers(x); err != nil {
			return nil, err
		}
	}
	if pushed := p.Memory.Pushed; pushed != nil && pushed.Last != nil {
		step("pushing frames")
		if err := c.pushOn(ctx, opt.Build); err != nil {
			return nil, err
		}
	}
	return c.result, c.measure(ctx, opt.Build)
}

// comparison is one verification under way.
type comparison struct {
	model   *deepgo.Model
	program *deepgo.Program
	result  *Result
	inputs  [][]*tensor.Tensor // as the program takes them
	lowered [][]*tensor.Tensor // the interpreter's outputs of the lowered graph
	onnx    [][]*tensor.Tensor // of the graph as imported
	exact   int
	total   int

	perProgram int              // cases that one program has inside
	first      []*tensor.Tensor // what the lowered graph gets in the first case, state included
}

// interpret computes what is expected. A model with state runs the cases one after the other; those of one program begin with zeros.
func (c *comparison) interpret(cases []Case) error {
	states := c.program.Lowered.States
	c.perProgram = c.casesAtOnce(cases)
	kept, plainKept := newKept(states), newKept(states)
	for i, k := range cases {
		if i%c.perProgram == 0 {
			kept, plainKept = newKept(states), newKept(states)
		}
		in := boundary(c.model, c.program, k)
		kept.enter(c.program.Lowered, in)
		if i == 0 {
			c.first = in
		}
		lowered, err := runLowered(c.program, in, interp.Options{})
		if err != nil {
			return err
		}
		kept.leave(lowered)
		plain := slices.Clone(k.Inputs)
		plainKept.enter(c.model.Graph, plain)
		onnx, err := c.model.Run(plain)
		if err != nil {
			return err
		}
		plainKept.leave(onnx)
		g := c.program.Lowered
		c.inputs, c.lowered, c.onnx = append(c.inputs, ir.Open(in, g.IsStateInput)), append(c.lowered, ir.Open(lowered, g.IsStateOutput)), append(c.onnx, ir.Open(onnx, g.IsStateOutput))
	}
	return nil
}

// Reference returns a case's inputs as the program takes them, and what the interpreter computes from them by the lowered
// graph, its state being zeros.
func Reference(m *deepgo.Model, p *deepgo.Program, k Case) (in, out []*tensor.Tensor, err error) {
	in = boundary(m, p, k)
	newKept(p.Lowered.States).enter(p.Lowered, in)
	out, err = runLowered(p, in, interp.Options{})
	return ir.Open(in, p.Lowered.IsStateInput), ir.Open(out, p.Lowered.IsStateOutput), err
}

// runLowered runs a program's lowered graph, of the sizes that the inputs have.
func runLowered(p *deepgo.Program, in []*tensor.Tensor, opt interp.Options) ([]*tensor.Tensor, error) {
	if len(p.Dims) == 0 {
		return interp.Run(p.Lowered, in, opt)
	}
	sizes, err := p.SizesOf(ir.Open(in, p.Lowered.IsStateInput))
	if err != nil {
		return nil, err
	}
	return interp.Run(p.Lowered.At(sizes), in, opt)
}

// boundary returns a case's inputs in the types that the program takes.
func boundary(m *deepgo.Model, p *deepgo.Program, k Case) []*tensor.Tensor {
	in := make([]*tensor.Tensor, len(k.Inputs))
	for i, t := range k.Inputs {
		in[i] = ChannelsLast(convert(t, m.Graph.Inputs[i].Type.Quant, p.Lowered.Inputs[i].Type), p.Memory.Pushed)
	}
	return in
}

// ChannelsLast returns t, [N][C][…], as the program takes it, where that is [N][…][C].
func ChannelsLast(t *tensor.Tensor, pushed *ir.PushedInput) *tensor.Tensor {
	if pushed == nil || !pushed.Turned {
		return t
	}
	want := pushed.Value.Type.Shape
	from, size, channels := t.Bytes(), t.DType.Size(), want[len(want)-1]
	to, pixels := make([]byte, len(from)), t.Len()/(channels*want[0])
	for i := range t.Len() {
		image, at := i/(channels*pixels), i%(channels*pixels)
		j := image*channels*pixels + at%pixels*channels + at/pixels
		copy(to[j*size:(j+1)*size], from[i*size:])
	}
	y, err := tensor.FromBytes(t.DType, to, want...)
	if err != nil {
		ir.Bugf("%v", err)
	}
	return y
}

// convert quantizes or dequantizes t to the type that the program has at its boundary.
func convert(t *tensor.Tensor, q *ir.Quant, want ir.Type) *tensor.Tensor {
	if t.DType == want.DType {
		return t
	}
	if want.Quant != nil {
		q = want.Quant
	}
	if q == nil {
		return t.Convert(want.DType)
	}
	out := tensor.New(want.DType, t.Shape...)
	for i := range t.Len() {
		if want.DType.IsFloat() {
			out.SetF64(i, float64(t.I64(i)-int64(q.Zero[0]))*float64(q.Scale[0]))
			continue
		}
		lo, hi := want.DType.Range()
		v := math.RoundToEven(float64(float32(t.F64(i))/q.Scale[0])) + float64(q.Zero[0])
		out.SetI64(i, int64(min(max(v, float64(lo)), float64(hi))))
	}
	return out
}

// batchBytes is how many bytes of cases go into one program: a part's flash is small.
func (c *comparison) batchBytes() int {
	t := c.program.Target
	if t.FlashSpace != "avr" {
		return 2 << 20
	}
	return max(t.FlashBytes-c.program.Report.ConstBytes-12_000, 1)
}

func (c *comparison) casesAtOnce(cases []Case) int {
	size := 0
	for _, t := range boundary(c.model, c.program, cases[0]) {
		size += t.Len() * t.DType.Size()
	}
	return max(c.batchBytes()/max(size, 1), 1)
}

func (c *comparison) execute(ctx context.Context, cases []Case, opt Options) (*Execution, error) {
	per := c.perProgram
	var first *Execution
	for from := 0; from < len(cases); from += per {
		to := min(from+per, len(cases))
		x, err := Execute(ctx, c.program, c.inputs[from:to], opt.Build)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = x
			if !opt.Layers { // the hashes take longer than the model
				c.result.Insns, c.result.Cycles = x.Insns, x.Cycles
			}
		}
		c.result.StackMeasured = max(c.result.StackMeasured, x.StackBytes)
		for i, outs := range x.Outputs {
			c.compare(cases[from+i], from+i, outs)
		}
	}
	c.judge()
	return first, nil
}

// judge sums the comparisons up.
func (c *comparison) judge() {
	c.result.ExactFraction = float64(c.exact) / float64(max(c.total, 1))
	c.result.Pass = len(c.result.Problems) == 0
	// Among fewer elements than this, one that ONNX Runtime's float sums put on the other side of a tie is more than 1 %.
	const enough = 100
	if c.eightBits() && c.total >= enough && c.result.ExactFraction < 0.99 && c.result.Against == "goldens" {
		c.problem("%.2f %% of the elements equal the goldens; expected at least 99 %%", 100*c.result.ExactFraction)
	}
}

// eightBits reports whether the program computes with 8-bit integers, of parameters that are known beforehand: there two runtimes differ
// at ties alone.
func (c *comparison) eightBits() bool {
	eight := false
	for _, n := range c.program.Lowered.Nodes {
		if strings.HasSuffix(n.Op, "_s16") || n.Op == "dynquantize_f32" {
			return false
		}
		eight = eight || op.ComputesIntegers(n.Op)
	}
	return eight
}

func (c *comparison) problem(format string, args ...any) {
	c.result.Pass = false
	if len(c.result.Problems) < 10 {
		c.result.Problems = append(c.result.Problems, fmt.Sprintf(format, args...))
	}
}

// compare holds one case's outputs against the interpreter, and against the goldens.
func (c *comparison) compare(k Case, i int, outs []*tensor.Tensor) {
	goldens := k.Goldens
	if len(c.program.Lowered.States) > 0 {
		goldens = nil // they are for the state that the case has as an input
	}
	vs := c.program.Lowered.OpenOutputs()
	for j, got := range outs {
		v := vs[j]
		loose := tolerance{stepOf(v), c.stepsAllowed(v), c.stepBehind(v)}
		where := fmt.Sprintf("%s: output %q", k.Name, v.Name)
		reference := func(t *tensor.Tensor) *tensor.Tensor { return convert(t, v.Type.Quant, v.Type) }
		c.holdAgainst(where, v, got, c.lowered[i][j], goldens == nil)
		c.within(where+": the lowered graph against the ONNX graph", c.lowered[i][j], reference(c.onnx[i][j]), loose, false)
		if goldens != nil {
			c.result.Against = "goldens"
			c.within(where+" against the golden", c.comparable(j, got, goldens[j]), reference(goldens[j]), loose, true)
		}
	}
}

// holdAgainst compares an output with the interpreter's of the lowered graph: bit for bit where it is computed of integers alone.
func (c *comparison) holdAgainst(where string, v *ir.Value, got, want *tensor.Tensor, count bool) {
	t := tolerance{stepOf(v), 1, 0}
	if len(QuantizedFloats(c.program.Lowered)) > 0 {
		t = tolerance{stepOf(v), c.stepsAllowed(v), c.stepBehind(v)}
	} else if t.step > 0 && !tensor.Equal(got, want) {
		c.result.BitExact = false
		c.problem("%s is not equal to the interpreter's bit for bit", where)
	}
	c.within(where+" against the interpreter's lowered graph", got, want, t, count)
}

// stepsAllowed is how many steps an output may be off ONNX Runtime's, whose float32 sums decide the other way where a result lies nearly
// halfway between two integers: one of 8 bits. Of 16 bits four, as it happens there in one element of a hundred in every layer, a step
// being a 256th; and where 8-bit integers are inside half a step of 8 bits, as one of those may have been off.
func (c *comparison) stepsAllowed(v *ir.Value) float64 {
	if d := v.Def; d != nil && d.Op == "dequantize_s8" {
		v = d.Inputs[0]
	}
	switch {
	case !v.Type.DType.IsInt() || v.Type.DType.Bits() != 16:
		return 1
	case slices.ContainsFunc(c.program.Lowered.Nodes, givesBytes):
		return 128
	}
	return 4
}

// givesBytes reports whether n computes 8-bit integers of others.
func givesBytes(n *ir.Node) bool {
	v := n.Output(0)
	return v != nil && op.ComputesIntegers(n.Op) && !strings.HasPrefix(n.Op, "quantize") && v.Type.DType.IsInt() && v.Type.DType.Bits() == 8
}

// stepBehind is the greatest step of the integers that a float output is computed of by float operators alone: ONNX Runtime may have
// rounded those the other way. 0 where there are none.
func (c *comparison) stepBehind(v *ir.Value) float64 {
	n := v.Def
	switch {
	case n == nil || op.ComputesIntegers(n.Op) && n.Op != "dequantize_s8":
		return 0
	case n.Op == "dequantize_s8":
		return c.stepsAllowed(v) * float64(n.Attrs.Float("SCALE"))
	}
	step := 0.0
	for _, in := range n.Inputs {
		if in != nil && !in.IsConst() {
			step = max(step, c.stepBehind(in))
		}
	}
	return step
}

// QuantizedFloats returns the nodes of a lowered graph that quantize what floats were computed to: the last bits of those decide about
// ties, so that only the C of one compiler is equal to itself.
func QuantizedFloats(g *ir.Graph) []*ir.Node {
	var nodes []*ir.Node
	for _, n := range g.Nodes {
		if !strings.HasPrefix(n.Op, "quantize") && n.Op != "dynquantize_f32" {
			continue
		}
		v := n.Inputs[0]
		for v.Def != nil && !strings.HasSuffix(v.Def.Op, "_f32") && !op.ComputesIntegers(v.Def.Op) && len(v.Def.Inputs) > 0 {
			v = v.Def.Inputs[0]
		}
		if v.Def != nil && strings.HasSuffix(v.Def.Op, "_f32") {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// stepOf is the quantization step of an output: 1 for integers, the scale for floats that were dequantized last, 0 for
// floats.
func stepOf(v *ir.Value) float64 {
	switch {
	case !v.Type.DType.IsFloat():
		return 1
	case v.Def != nil && v.Def.Op == "dequantize_s8":
		return float64(v.Def.Attrs.Float("SCALE"))
	}
	return 0
}

// quantizable reports whether elements may stand for real numbers, which a step more or less does not change much; labels and indices
// must be equal.
func quantizable(d tensor.DType) bool { return d.IsFloat() || d.Bits() <= 16 && d != tensor.Bool }

// tolerance is what an output may be off: so many steps where it is quantized, and where it is not besides what floats may a step of
// what it is computed of.
type tolerance struct{ step, steps, behind float64 }

// excess is a difference from a value in units of what is allowed.
func (t tolerance) excess(d, want float64) float64 {
	if t.step > 0 {
		return d / t.step / t.steps / 1.001
	}
	return d / (AbsTol + RelTol*math.Abs(want) + t.behind)
}

// within checks one output against its reference; where count is set it enters the statistics.
func (c *comparison) within(what string, got, want *tensor.Tensor, t tolerance, count bool) {
	worst, at := 0.0, 0
	for i := range want.Len() {
		g, w := got.F64(i), want.F64(i)
		d := math.Abs(g - w)
		if g == w || g != g && w != w {
			d = 0
		} else if math.IsNaN(d) {
			d = math.Inf(1)
		}
		excess := t.excess(d, w)
		if !quantizable(want.DType) {
			excess = 2 * d
		}
		if excess > worst {
			worst, at = excess, i
		}
		if count {
			c.count(d, w, t.step)
		}
	}
	if worst > 1 {
		unit := "what is allowed"
		if t.step > 0 {
			unit = fmt.Sprintf("%g steps", t.steps)
			if t.steps == 1 {
				unit = "a step"
			}
		}
		c.problem("%s: element %d is %g, expected %g: %.3g times %s", what, at, got.F64(at), want.F64(at), worst, unit)
	}
}

func (c *comparison) count(d, want, step float64) {
	r := c.result
	c.total++
	if d == 0 {
		c.exact++
	}
	r.MaxAbsErr = max(r.MaxAbsErr, d)
	if want != 0 {
		r.MaxRelErr = max(r.MaxRelErr, d/math.Abs(want))
	}
	if step > 0 {
		r.MaxSteps = max(r.MaxSteps, d/step)
	}
}

// compareLayers holds every node's output against the interpreter's, in the first case, and names the first that differs.
// Floats may differ in their last bits: there the first node is only where it begins.
func (c *comparison) compareLayers(x *Execution) error {
	sizes, err := c.program.SizesOf(c.inputs[0])
	if err != nil {
		return err
	}
	g, index := c.program.Lowered.At(sizes), map[*ir.Node]int{}
	for i, n := range g.Nodes {
		index[n] = i
	}
	_, err = interp.Run(g, c.first, interp.Options{Observe: func(n *ir.Node, out []*tensor.Tensor) {
		if hashes := x.Traces[index[n]]; hashes != nil {
			c.result.Layers = append(c.result.Layers, LayerResult{Node: index[n], Op: n.Op, From: n.From, Equal: slices.Equal(hashes, hashRows(out[0].Bytes(), len(hashes)))})
		}
	}})
	first := slices.IndexFunc(c.result.Layers, func(l LayerResult) bool { return !l.Equal })
	if err != nil || first < 0 {
		return err
	}
	l := c.result.Layers[first]
	kind := "differs from the interpreter's"
	if c.program.Lowered.Nodes[l.Node].Outputs[0].Type.DType.IsFloat() {
		kind = "is the first whose bits differ from the interpreter's"
	}
	c.result.Problems = append(c.result.Problems, fmt.Sprintf("layer %d: the output of %s (from %s) %s", l.Node, l.Op, strings.Join(l.From, ", "), kind))
	return nil
}

// hashRows returns the FNV-1a hashes of data in so many parts.
func hashRows(data []byte, parts int) []uint32 {
	hashes, size := make([]uint32, parts), len(data)/parts
	for i := range hashes {
		h := fnv.New32a()
		h.Write(data[i*size : (i+1)*size])
		hashes[i] = h.Sum32()
	}
	return hashes
}

// measure fills in flash and stack.
func (c *comparison) measure(ctx context.Context, b Build) error {
	f, err := Measure(ctx, c.program, b)
	if err != nil {
		return err
	}
	r := c.result
	r.FlashBytes, r.CodeBytes, r.ConstBytes, r.StackBytes = f.FlashBytes(), f.CodeBytes, f.ConstBytes, f.StackBytes
	t, ram := c.program.Target, r.RAMBytes+c.program.Report.IOBytes+c.program.Report.StateBytes+r.StackBytes
	r.Fits = (t.FlashBytes == 0 || r.FlashBytes <= t.FlashBytes) && (t.RAMBytes == 0 || ram <= t.RAMBytes)
	return nil
}

// Measure compiles a program's code and returns what it takes. The constants of a program that was printed with "split" are
// not compiled: their size is known, and compiling megabytes of them takes seconds.
func Measure(ctx context.Context, p *deepgo.Program, b Build) (toolchain.Footprint, error) {
	dir, err := os.MkdirTemp("", "deepgo-measure-")
	if err != nil {
		return toolchain.Footprint{}, err
	}
	defer os.RemoveAll(dir)
	build := &toolchain.Build{Target: p.Target, Dir: dir, CC: b.CC, CFlags: b.CFlags}
	apart := 0
	for _, f := range p.Files {
		if strings.HasSuffix(f.Name, "_weights.c") {
			apart = p.Report.ConstBytes
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return toolchain.Footprint{}, err
		}
		if strings.HasSuffix(f.Name, ".c") {
			build.Model = append(build.Model, f.Name)
		}
	}
	f, err := build.Measure(ctx, p.Name+"_run")
	f.ConstBytes += apart
	return f, err
}
