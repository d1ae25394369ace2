// Package codegen prints a lowered graph as C: a header, functions with fixed buffers, and constant data. Loops live in
// the kernels of package runtime; this package prints declarations, constants, data and calls.
package codegen

import (
	"fmt"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets"
)

// Options say what to print.
type Options struct {
	Name    string // prefix of every name; made legal
	Emit    string // "split": header, code, weights; "single": header and one C file
	Command string // command line, for the header comment
	Source  string // file name of the model
	SHA256  string // of the model
	Version string // deepgo's
	Trace   bool   // call DG_TRACE(index, pointer, bytes) after every node, where that macro is defined
}

// File is one file of the result.
type File struct {
	Name string
	Data []byte
}

// Output is the C of a model.
type Output struct {
	Files  []File
	Name   string // the prefix
	Report Report
}

// Report says what the model takes.
type Report struct {
	ConstBytes int          `json:"const_bytes"` // weights, biases, tables
	ArenaBytes int          `json:"arena_bytes"`
	IOBytes    int          `json:"io_bytes"` // the caller's input and output buffers
	Nodes      []NodeReport `json:"nodes"`
}

// NodeReport is one call in the generated code.
type NodeReport struct {
	Kernel     string   `json:"kernel"`
	From       []string `json:"from"` // ONNX nodes that it came from
	ConstBytes int      `json:"const_bytes"`
	LiveBytes  int      `json:"live_bytes"` // of its inputs, outputs and scratch in the arena
}

// Generate prints g, whose nodes are kernels alone, with the memory plan mem.
func Generate(g *ir.Graph, mem *ir.Memory, t *targets.Target, opt Options) (*Output, error) {
	e := &emitter{g: g, mem: mem, target: t, opt: opt, name: identifier(opt.Name), functions: map[string]string{},
		consts: map[*ir.Value]string{}, byBytes: map[string]string{}, params: map[*ir.Value]string{}, taken: map[string]bool{}}
	if err := e.checkIndex(); err != nil {
		return nil, err
	}
	e.nameParams()
	for i, n := range g.Nodes {
		if err := e.node(i, n); err != nil {
			return nil, err
		}
	}
	e.finishReport()
	return &Output{Files: e.files(), Name: e.name, Report: e.report}, nil
}

// emitter collects the parts of the C.
type emitter struct {
	g      *ir.Graph
	mem    *ir.Memory
	target *targets.Target
	opt    Options
	name   string

	functions map[string]string    // specialised text without its name -> name
	kernels   strings.Builder      // specialised functions
	calls     strings.Builder      // body of NAME_run
	weights   strings.Builder      // definitions of constants
	externs   strings.Builder      // their declarations
	consts    map[*ir.Value]string // names of constants
	byBytes   map[string]string    // identical constants share one name
	params    map[*ir.Value]string // names of inputs and outputs
	taken     map[string]bool
	report    Report
}

// checkIndex refuses values that the target cannot address.
func (e *emitter) checkIndex() error {
	limit := 1<<31 - 1
	if e.target.PointerBits == 16 {
		limit = 1<<15 - 1
	}
	for _, v := range e.g.Values() {
		if n := v.Type.Bytes(); n > limit && !(v.IsConst() && n < 1<<31) {
			return &ir.Error{Msg: fmt.Sprintf("value %q takes %d bytes, more than %s can address at once", v.Name, n, e.target.Name),
				Hint: "choose a larger part, or quantize the model"}
		}
	}
	return nil
}

// indexType is the C type of every index: 16 bits where that is enough for all of the model on a 16-bit machine.
func (e *emitter) indexType() string {
	if e.target.PointerBits != 16 {
		return "int32_t"
	}
	for _, v := range e.g.Values() {
		if v.Type.Len() > 1<<15-1 {
			return "int32_t"
		}
	}
	return "int16_t"
}

// rom is the address space of constants.
func (e *emitter) rom() string {
	if e.target.FlashSpace != "avr" {
		return ""
	}
	const near = 60_000 // leaves room for code in the first 64 KB, where __flash reaches
	if e.constBytes() > near {
		return "__memx"
	}
	return "__flash"
}

func (e *emitter) constBytes() int {
	total, seen := 0, map[*ir.Value]bool{}
	for _, v := range e.g.Values() {
		if v.IsConst() && !seen[v] {
			seen[v] = true
			total += v.Type.Bytes()
		}
	}
	return total
}

func (e *emitter) nameParams() {
	for _, v := range append(append([]*ir.Value{}, e.g.Inputs...), e.g.Outputs...) {
		if e.params[v] == "" {
			e.params[v] = unique(e.taken, identifier(v.Name))
		}
	}
}

// node adds the call of a kernel, and its function where no earlier node has the same.
func (e *emitter) node(i int, n *ir.Node) error {
	if n.Op == "view" {
		return nil
	}
	k, err := loadKernel(n, e.target.ISA)
	if err != nil {
		return err
	}
	name := e.function(k, n)
	args := make([]string, 0, len(k.params))
	for j, v := range append(append([]*ir.Value{}, n.Inputs...), n.Outputs...) {
		if v.IsConst() != k.params[j].rom {
			return fmt.Errorf("parameter %q of kernel %s: constant and run-time operands are mixed up", k.params[j].text, k.name)
		}
		args = append(args, e.operand(v, j < len(n.Inputs)))
	}
	if n.Attrs.Has("scratch") {
		args = append(args, fmt.Sprintf("a + %d", e.mem.Scratch[n]))
	}
	fmt.Fprintf(&e.calls, "    /* %s */\n    %s(%s);\n", comment(strings.Join(shorten(n.From), ", ")), name, strings.Join(args, ", "))
	if e.opt.Trace {
		out := n.Outputs[0]
		fmt.Fprintf(&e.calls, "#ifdef DG_TRACE\n    DG_TRACE(%d, %s, %d);\n#endif\n", i, e.operand(out, false), out.Type.Bytes())
	}
	e.report.Nodes = append(e.report.Nodes, e.nodeReport(n))
	return nil
}

// shorten keeps the first names of a long list.
func shorten(from []string) []string {
	const most = 3
	if len(from) <= most {
		return from
	}
	return append(append([]string{}, from[:most]...), "...")
}

// function returns the name of the node's specialised kernel.
func (e *emitter) function(k *kernel, n *ir.Node) string {
	key := k.specialise(k.name, n)
	if name := e.functions[key]; name != "" {
		return name
	}
	name := unique(e.taken, fmt.Sprintf("%s_%s", e.name, k.name))
	e.functions[key] = name
	e.kernels.WriteString(k.specialise(name, n) + "\n")
	return name
}

// operand is the C expression of a value: a constant's name, a parameter, or a place in the arena.
func (e *emitter) operand(v *ir.Value, read bool) string {
	if v.IsConst() {
		return e.constant(v)
	}
	ctype := v.Type.DType.C()
	if read {
		ctype = "const " + ctype
	}
	p := e.mem.Places[v]
	switch {
	case p.Of == nil:
		return fmt.Sprintf("(%s *)(void *)(a + %d)", ctype, p.Offset)
	case p.Offset == 0 && p.Of.Type.DType == v.Type.DType:
		return e.params[p.Of]
	case read:
		return fmt.Sprintf("(%s *)(const void *)((const uint8_t *)%s + %d)", ctype, e.params[p.Of], p.Offset)
	}
	return fmt.Sprintf("(%s *)(void *)((uint8_t *)%s + %d)", ctype, e.params[p.Of], p.Offset)
}

// constant defines a constant, or finds one with the same elements, and returns its name.
func (e *emitter) constant(v *ir.Value) string {
	if name := e.consts[v]; name != "" {
		return name
	}
	key := v.Type.DType.String() + string(v.Const.Bytes())
	name := e.byBytes[key]
	if name == "" {
		name = unique(e.taken, fmt.Sprintf("%s_k%d", e.name, len(e.byBytes)))
		e.byBytes[key] = name
		e.define(name, v)
	}
	e.consts[v] = name
	return name
}

func (e *emitter) define(name string, v *ir.Value) {
	t := v.Const
	if t.Len() == 0 { // C has no empty arrays
		t = tensor.New(t.DType, 1)
	}
	e.report.ConstBytes += t.Len() * t.DType.Size()
	decl := fmt.Sprintf("const %s DG_ROM %s[%d]", t.DType.C(), name, t.Len())
	linkage := "static "
	if e.opt.Emit != "single" {
		linkage = ""
		fmt.Fprintf(&e.externs, "extern %s;\n", decl)
	}
	fmt.Fprintf(&e.weights, "/* %s: %s */\n%s%s = %s;\n\n", comment(v.Name), v.Type.DType.String()+dims(v.Type.Shape), linkage, decl, initializer(t))
}

func (e *emitter) nodeReport(n *ir.Node) NodeReport {
	r := NodeReport{Kernel: n.Op, From: n.From, LiveBytes: n.Attrs.Int("scratch")}
	for _, v := range append(append([]*ir.Value{}, n.Inputs...), n.Outputs...) {
		switch {
		case v.IsConst():
			r.ConstBytes += v.Type.Bytes()
		case e.mem.Places[v].Of == nil:
			r.LiveBytes += v.Type.Bytes()
		}
	}
	return r
}

func (e *emitter) finishReport() {
	e.report.ArenaBytes = e.mem.ArenaBytes
	for v := range e.params {
		e.report.IOBytes += v.Type.Bytes()
	}
}
