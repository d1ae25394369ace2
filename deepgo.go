// Package deepgo turns ONNX models into fixed-buffer C99 for microcontrollers, and runs them in a reference interpreter.
//
//	m, err := deepgo.Load("captcha.onnx", deepgo.LoadOptions{})
//	out, err := m.Run([]*tensor.Tensor{image})                          // the reference interpreter
//	p, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4"})     // p.Files are C
package deepgo

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
)

// Version is deepgo's version, as generated files and `deepgo version` show it.
const Version = "0.1.0"

// LoadOptions settle what a model file leaves open.
type LoadOptions struct {
	Dims        map[string]int            // values of symbolic dimensions
	MaxDims     map[string]int            // greatest values of those that a run is told
	MinDims     map[string]int            // least values of some of them; 1 for others
	InputShapes map[string][]int          // whole shapes of inputs
	Elements    map[string][][]int        // shapes of the tensors in an input that is a sequence or an optional; none where that is absent
	Consts      map[string]string         // inputs pinned to a value
	Pinned      map[string]*tensor.Tensor // the same, as tensors

	// MaxIterations bounds loops whose number of iterations is known only at run time; 0 is no bound. One that would go on is ended.
	MaxIterations int

	// Externs are C functions of the caller's for operators that deepgo does not know, by operator or node. Such a model compiles; it
	// does not run in the interpreter.
	Externs map[string]frontend.Extern

	vary map[string]bool // see frontend.Options
}

// Model is an imported model.
type Model struct {
	File    string    // where it was read from
	Name    string    // file name without folder and extension
	SHA256  string    // of the file, in hex
	Notices []string  // what was assumed, a line each
	Graph   *ir.Graph // ONNX operators at the newest opset

	Metadata map[string]string // of the file

	// Bounds are the outputs of which only a part is there, and which other output says how much.
	Bounds []frontend.Bound

	// Dims are the dimensions whose sizes a run is told; the types in Graph are those of the greatest.
	Dims []ir.Dim

	fixed  func(sizes []int) (*Model, error) // the model with those
	folded map[string]*tensor.Tensor         // see frontend.Info
}

// Trim returns outputs as large as they are, and leaves out those that say so.
func (m *Model) Trim(outputs []*tensor.Tensor) []*tensor.Tensor {
	cut, lengths := slices.Clone(outputs), map[int]bool{}
	for _, b := range m.Bounds {
		cut[b.Output] = outputs[b.Output].First(b.Axis, int(outputs[b.Length].I64(0)))
		lengths[b.Length] = true
	}
	kept := cut[:0]
	for i, t := range cut {
		if !lengths[i] {
			kept = append(kept, t)
		}
	}
	return kept
}

// Load reads an ONNX model. The error lists everything that is wrong with it.
func Load(file string, opt LoadOptions) (*Model, error) {
	file = filepath.Clean(file)
	raw, err := onnx.Read(file, onnx.DefaultLimits)
	if err != nil {
		return nil, err
	}
	return fromONNX(file, raw, opt)
}

// Decode is Load for the bytes of a model without external data.
func Decode(name string, data []byte, opt LoadOptions) (*Model, error) {
	raw, err := onnx.Decode(data, "", onnx.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return fromONNX(name, raw, opt)
}

func fromONNX(file string, raw *onnx.Model, opt LoadOptions) (*Model, error) {
	if len(opt.MaxDims) > 0 {
		return bounded(opt, func(opt LoadOptions) (*Model, error) { return fromONNX(file, raw, opt) })
	}
	g, info, err := frontend.Import(raw, frontend.Options{File: file, Dims: opt.Dims, InputShapes: opt.InputShapes, Elements: opt.Elements, Consts: opt.Consts, Pinned: opt.Pinned, MaxIterations: opt.MaxIterations, Externs: opt.Externs, Vary: opt.vary})
	if err != nil {
		return nil, err
	}
	return &Model{File: file, Name: nameOf(file), SHA256: raw.SHA256, Notices: info.Notices, Graph: g, Metadata: raw.Metadata, Bounds: info.Bounds, folded: info.Folded}, nil
}

// nameOf is the file's name without extension; the folder's where it is model.onnx, as in ONNX's layout of test data.
func nameOf(file string) string {
	base := filepath.Base(file)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if dir, err := filepath.Abs(filepath.Dir(file)); name == "model" && err == nil {
		return filepath.Base(dir)
	}
	return name
}

// InputTypes returns the types of the inputs, in order.
func (m *Model) InputTypes() []ir.Type { return typesOf(m.Graph.Inputs) }

// OutputTypes returns the types of the outputs, in order.
func (m *Model) OutputTypes() []ir.Type { return typesOf(m.Graph.Outputs) }

// rawInput is what the file says of raw input values, where the integers of the input are those values.
func (m *Model) rawInput() string {
	if m.Metadata["deepgo.raw"] != "exact" {
		return ""
	}
	return m.Metadata["deepgo.preprocess"]
}

func typesOf(vs []*ir.Value) []ir.Type {
	ts := make([]ir.Type, len(vs))
	for i, v := range vs {
		ts[i] = v.Type
	}
	return ts
}

// Run evaluates the model in the reference interpreter. Inputs and outputs are in the model's order.
// Where it has dimensions whose sizes a run is told, those of the inputs count.
func (m *Model) Run(inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(m.Dims) > 0 {
		return m.runBounded(inputs)
	}
	return interp.Run(m.Graph, inputs, interp.Options{})
}

// CompileOptions say what to make of a model.
type CompileOptions struct {
	Target    string            // name of a target, such as "cortex-m4"; "" is "host"
	Board     string            // name of a board instead, whose memory then counts
	Name      string            // prefix of every name in the C; "" is the model's name
	IO        string            // "model" (or ""), "float" or "quantized": element types at the boundary
	Emit      string            // "split" (or "") or "single"
	States    map[string]string // outputs that are inputs of the next run: the state is in the C, and NAME_reset clears it
	Trees     string            // "auto" (or ""), "table" or "code": how decision trees are written
	Optimize  string            // "size", "balanced" or "speed"; "" is balanced on bare metal, and speed where there is an operating system
	Push      string            // passes.PushRows or PushFrames: the input arrives row by row; "": as a whole
	RAM       int               // bytes of arena that may be used where that saves time; 0: as few as can be
	Memories  []passes.RAM      // that the arena is divided among, the fastest first, instead of one array
	Command   string            // shown in the header comment
	Trace     bool              // print the DG_TRACE hooks, for verify --layers
	Disable   []string
	CheckEval bool // interpret the graph before and after every pass
	Dump      func(seq int, pass string, g *ir.Graph, changed int)
}

func (o CompileOptions) target() (*targets.Target, error) {
	if o.Board == "" {
		return targets.Load(orDefault(o.Target, "host"))
	}
	_, t, err := targets.LoadBoard(o.Board)
	return t, err
}

// Program is a model compiled for a target.
type Program struct {
	Name    string
	Target  *targets.Target
	Lowered *ir.Graph  // kernel operators only
	Memory  *ir.Memory // arena plan
	Inputs  []codegen.Port
	Outputs []codegen.Port
	Arenas  []codegen.Arena // what NAME_run works in, before the inputs among its parameters
	Dims    []codegen.Dim   // whose sizes a run is told
	Files   []codegen.File
	Report  codegen.Report
}

// Compile lowers the model for a target and prints C. The model is not changed.
func (m *Model) Compile(opt CompileOptions) (*Program, error) {
	target, err := opt.target()
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", "size", "balanced", "speed"}, opt.Optimize) {
		return nil, &ir.Error{Model: m.File, Msg: fmt.Sprintf("optimizing for %q is unknown; expected size, balanced or speed", opt.Optimize)}
	}
	if opt.Optimize == "size" {
		target.CFlags = append(target.CFlags, "-Os")
	}
	g := m.Graph.Clone()
	if g.States, err = statesOf(g, opt.States); err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	if len(g.States) > 0 && opt.Push != "" {
		return nil, &ir.Error{Model: m.File, Msg: "--state and --stream-input do not go together: what arrives frame by frame has its past in the model already", Hint: "leave one of them out"}
	}
	if err := m.checkBounded(opt, g.States); err != nil {
		return nil, err
	}
	c := &passes.Config{Target: target, IO: orDefault(opt.IO, "model"), Trees: opt.Trees, Optimize: opt.Optimize, RAM: opt.RAM, Memories: opt.Memories, Push: opt.Push, Disable: opt.Disable, CheckEval: opt.CheckEval, Dump: opt.Dump}
	if g, err = m.lower(g, c); err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	name := orDefault(opt.Name, m.Name)
	out, err := codegen.Generate(g, c.Memory, target, codegen.Options{
		Name: name, Emit: orDefault(opt.Emit, "split"), Command: opt.Command,
		Source: filepath.Base(m.File), SHA256: m.SHA256, Version: Version, Trace: opt.Trace, Preprocess: m.rawInput(),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	return &Program{Name: out.Name, Target: target, Lowered: g, Memory: c.Memory, Inputs: out.Inputs, Outputs: out.Outputs, Arenas: out.Arenas, Dims: out.Dims, Files: out.Files, Report: out.Report}, nil
}

// statesOf looks up outputs and the inputs that they are in the next run.
func statesOf(g *ir.Graph, names map[string]string) ([]ir.State, error) {
	var states []ir.State
	for _, out := range slices.Sorted(maps.Keys(names)) {
		s := ir.State{Input: indexOf(g.Inputs, names[out]), Output: indexOf(g.Outputs, out)}
		switch {
		case s.Output < 0:
			return nil, &ir.Error{Msg: fmt.Sprintf("--state %s=%s: the model has no output %q; it has %s", out, names[out], out, namesOf(g.Outputs))}
		case s.Input < 0:
			return nil, &ir.Error{Msg: fmt.Sprintf("--state %s=%s: the model has no input %q; it has %s", out, names[out], names[out], namesOf(g.Inputs))}
		case slices.ContainsFunc(states, func(o ir.State) bool { return o.Input == s.Input }):
			return nil, &ir.Error{Msg: fmt.Sprintf("--state %s=%s: input %q is the state of another output already", out, names[out], names[out])}
		}
		if have, want := g.Outputs[s.Output].Type, g.Inputs[s.Input].Type; !have.Equal(want) {
			return nil, &ir.Error{Msg: fmt.Sprintf("--state %s=%s: the output is %s and the input %s; expected the same type", out, names[out], have, want), Hint: "where the input's shape was assumed, give it with --dim or --input-shape"}
		}
		states = append(states, s)
	}
	if len(states) == len(g.Outputs) && len(states) > 0 {
		return nil, &ir.Error{Msg: "every output is a state; nothing would come out", Hint: "leave one output without --state"}
	}
	return states, nil
}

func indexOf(vs []*ir.Value, name string) int {
	return slices.IndexFunc(vs, func(v *ir.Value) bool { return v.Name == name })
}

func namesOf(vs []*ir.Value) string {
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

// Fit checks the program against the part's memory. The error lists the nodes that take most.
func (p *Program) Fit() error {
	t, r := p.Target, p.Report
	ram := r.ArenaBytes + r.IOBytes + r.StateBytes
	switch {
	case t.FlashBytes > 0 && r.ConstBytes > t.FlashBytes:
		return &ir.Error{Msg: fmt.Sprintf("%s is too big for %s: %d bytes of constants, the part has %d bytes of flash\n%s", p.Name, t.Name, r.ConstBytes, t.FlashBytes, r.LargestConsts()),
			Hint: "a model quantized to int8 takes a quarter; or choose a larger part"}
	case t.RAMBytes > 0 && ram > t.RAMBytes:
		return &ir.Error{Msg: fmt.Sprintf("%s is too big for %s: %d bytes of arena, inputs and outputs, the part has %d bytes of RAM\n%s", p.Name, t.Name, ram, t.RAMBytes, r.LargestLive()),
			Hint: "a model quantized to int8 takes a quarter; or choose a larger part"}
	}
	return nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
