// Package codegen prints C from a lowered graph: kernel operators only, every value with its place in memory.
//
//	graph sine(%x: f32[1,1]) -> (%y) {                         int sine_run(void *arena, const float *x, float *y)
//	  %h: f32[1,16] = fc_f32(%x, %w, %b) {M=1, K=1, …}         {
//	  %y: f32[1,1] = fc_f32(%h, %w2, %b2) {M=1, K=16, …}   =>      …
//	}                                                              sine_fc_f32_1(x, sine_w1, sine_w2, (float *)(void *)(a + 0));
//	                                                               sine_fc_f32_2((float *)(void *)(a + 0), sine_w3, sine_w4, y);
//	                                                               return SINE_OK;
//	                                                           }
//
// The loops are in runtime/kernels: codegen binds a kernel's constants, renames its function and prints it once for all the
// nodes that need the same. What it prints by itself are declarations, constants, data and calls. It does not look at what
// operators mean; the kernel's file says what a node must supply.
package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
	"github.com/deepgo/deepgo/targets"
)

// Options say how the C is to look.
type Options struct {
	Name    string // prefix of every name, and the files' base name; made a legal identifier
	Emit    string // "split" (or ""): header, code and weights; "single": header and one C file
	Command string // command line for the header's comment
	// Preprocess is what made raw values the model's input when it was quantized, for the header's comment; "" where it is not known.
	Preprocess string
	Source     string // the model's file, without folders
	SHA256     string // of the model's file, in hex
	Version    string // deepgo's
	Trace      bool   // call DG_TRACE(index, pointer, bytes) after every node, where that macro is defined
}

// File is one generated file.
type File struct {
	Name string
	Data []byte
}

// Output is a generated model. The files are the same bytes for the same input.
type Output struct {
	Name    string // the prefix that was used
	Inputs  []Port // in the order of NAME_run's parameters
	Outputs []Port
	Arenas  []Arena // before the inputs among NAME_run's parameters
	Dims    []Dim   // whose sizes NAME_run is told, in the order of its parameters
	Files   []File  // headers first
	Report  Report
}

// Port is an input or output of the generated model, for programs around it.
type Port struct {
	Name  string // the model's name for it
	Param string // NAME_run's parameter
	Macro string // prefix of its macros, such as CAPTCHA_IN_IMAGE
	Type  ir.Type
}

// Dim is a dimension whose size the generated model is told.
type Dim struct {
	ir.Dim
	Param string // NAME_run's parameter
	Macro string // prefix of its macros, such as TAGGER_SEQ
}

// Generate prints the C of g, whose values are placed by mem, for target t. The error is an ir.Error where the target cannot
// hold the model's tensors or an option is wrong.
func Generate(g *ir.Graph, mem *ir.Memory, t *targets.Target, opt Options) (*Output, error) {
	if opt.Emit != "" && opt.Emit != "split" && opt.Emit != "single" {
		return nil, &ir.Error{Msg: fmt.Sprintf("--emit %q is unknown; expected split or single", opt.Emit)}
	}
	if err := checkLimits(g, mem, t); err != nil {
		return nil, err
	}
	m := newModel(g, mem, t, opt)
	if err := m.checkCounts(); err != nil {
		return nil, err
	}
	if err := m.addNodes(); err != nil {
		var user *ir.Error
		if errors.As(err, &user) {
			return nil, err
		}
		ir.Bugf("%v", err)
	}
	if m.pushing = m.newPushing(); m.pushing != nil {
		if err := m.pushing.check(); err != nil {
			return nil, err
		}
	}
	m.report = m.measure()
	files, err := m.files()
	if err != nil {
		return nil, err
	}
	return &Output{Name: m.name, Inputs: exported(m.inputs), Outputs: exported(m.outputs), Arenas: m.arenas(), Dims: m.told(), Files: files, Report: m.report}, nil
}

// model is what is collected before anything is printed.
type model struct {
	g      *ir.Graph
	mem    *ir.Memory
	target *targets.Target
	opt    Options

	root     *model   // itself, or the model that it is a sub-graph of
	bodies   []*model // of the root: sub-graphs, inner ones before those around them
	function string   // of a sub-graph, its C function
	locals   locals

	name, macro     string   // prefixes, such as captcha and CAPTCHA
	regions         []region // memories that the arena is in
	inputs, outputs []*port
	port            map[*ir.Value]*port
	dims            []Dim

	kernels   map[string]*kernel
	instances []*instance
	trees     []*treeFunction
	externs   []*external
	shared    map[string]*instance
	count     map[string]int // instances of a kernel
	consts    pool
	calls     []call
	pushing   *pushing
	report    Report
}

// call is a node of the graph as a statement.
type call struct {
	index    int // of the node in the graph
	node     *ir.Node
	function *instance
	args     []string
	consts   []*constant       // those among the arguments
	bodies   map[string]*model // functions of sub-graphs, by attribute
	rows     *rowWise          // of a kernel that computes a row of its output
}

// fixHint is what to do where a kernel cannot do without a constant.
const fixHint = "fix the dimension's size with --dim"

func newModel(g *ir.Graph, mem *ir.Memory, t *targets.Target, opt Options) *model {
	m := &model{g: g, mem: mem, target: t, opt: opt, port: map[*ir.Value]*port{},
		kernels: map[string]*kernel{}, shared: map[string]*instance{}, count: map[string]int{}}
	m.root = m
	m.name = cut(cw.Ident(opt.Name))
	m.macro = strings.ToUpper(m.name)
	m.consts = newPool(m.name)
	m.namePorts()
	return m
}

// addNodes turns every node that does something into a call.
func (m *model) addNodes() error {
	for i, n := range m.g.Nodes {
		if n.Op == "view" || nothing(n) {
			continue
		}
		if hasBodies(n) {
			if err := m.addControl(i, n); err != nil {
				return err
			}
			continue
		}
		if n.Op == "extern" {
			if err := m.addExtern(i, n); err != nil {
				return err
			}
			continue
		}
		in, err := m.instance(n)
		if err != nil {
			return err
		}
		c := call{index: i, node: n, function: in}
		if err := m.addArgs(&c); err != nil {
			return fmt.Errorf("kernel %s: %w", n.Op, err)
		}
		if in.kernel.byRows() {
			if c.rows, err = newRowWise(c); err != nil {
				return err
			}
		}
		m.calls = append(m.calls, c)
	}
	return nil
}

// nothing reports whether n computes no element.
func nothing(n *ir.Node) bool {
	return !slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v.Type.Len() > 0 })
}

// instance returns the function that computes n.
func (m *model) instance(n *ir.Node) (*instance, error) {
	root := m.root
	k, err := m.kernelOf(n)
	if err != nil {
		return nil, err
	}
	attrs := n.Attrs
	if n.Op == "treecode" {
		attrs = m.treeCode(n)
	}
	in, err := k.bind(attrs, m.intMax())
	if err != nil {
		return nil, err
	}
	in.place(n.Inputs)
	if old := root.shared[in.key()]; old != nil {
		return old, nil
	}
	root.count[n.Op]++
	in.name = fmt.Sprintf("%s_%s_%d", m.name, n.Op, root.count[n.Op])
	root.shared[in.key()] = in
	root.instances = append(root.instances, in)
	return in, nil
}

// kernelOf returns the kernel of n: the one for the target's instructions, unless that needs constants which vary.
func (m *model) kernelOf(n *ir.Node) (*kernel, error) {
	k, err := m.loadKernel(n.Op, m.target.ISA)
	if err != nil || constantsNeeded(k, n) == "" {
		return k, err
	}
	if k, err = m.loadKernel(n.Op, nil); err != nil {
		return nil, err
	}
	if name := constantsNeeded(k, n); name != "" {
		e := about(n.Outputs[0], fmt.Sprintf("kernel %s needs %s when compiling, and a run decides about it", n.Op, name))
		e.Hint = fixHint
		return nil, e
	}
	return k, nil
}

func (m *model) loadKernel(name string, isa []string) (*kernel, error) {
	key := name
	if isa == nil {
		key += " plain"
	}
	if k := m.root.kernels[key]; k != nil {
		return k, nil
	}
	text, ok := rt.Kernel(name, isa)
	if !ok {
		return nil, fmt.Errorf("kernel %s does not exist", name)
	}
	k, err := parseKernel(name, text)
	if err == nil {
		m.root.kernels[key] = k
	}
	return k, err
}

// intMax returns the greatest int of the target.
func (m *model) intMax() int64 {
	if m.target.PointerBits == 16 {
		return math.MaxInt16
	}
	return math.MaxInt32
}

// addArgs gives a call its arguments: the node's inputs, outputs, scratch.
func (m *model) addArgs(c *call) error {
	values := append(append([]*ir.Value(nil), c.node.Inputs...), c.node.Outputs...)
	params := c.function.kernel.params
	scratch := c.node.Attrs.Has("scratch")
	if scratch {
		values = append(values, nil)
	}
	if n := len(params) - 1; n >= 0 && params[n].isRow() {
		params = params[:n]
	}
	if len(values) != len(params) {
		return fmt.Errorf("%d parameters for %d values", len(params), len(values))
	}
	for i, v := range values {
		if scratch && i == len(values)-1 {
			c.args = append(c.args, m.arenaAddress(m.mem.Scratch[c.node], tensor.Invalid))
			continue
		}
		if v == nil {
			return fmt.Errorf("parameter %s has no value", params[i].name)
		}
		arg, err := m.argument(c, params[i], v, i >= len(c.node.Inputs))
		if err != nil {
			return err
		}
		c.args = append(c.args, arg)
	}
	if len(params) < len(c.function.kernel.params) {
		c.args = append(c.args, "0") // the row, for tensors that have but one
	}
	c.args = append(c.args, m.extents(c.function, c.node)...)
	return nil
}

func (m *model) argument(c *call, p param, v *ir.Value, output bool) (string, error) {
	ctype := c.function.elementType(p)
	switch {
	case ctype != v.Type.DType.C():
		return "", fmt.Errorf("parameter %s is of %s, value %q is %s", p.name, ctype, v.Name, v.Type)
	case !p.either && p.rom && !v.IsConst() && c.node.Varies():
		e := about(c.node.Outputs[0], fmt.Sprintf("kernel %s takes %s when compiling, and a run decides about it", c.node.Op, p.name))
		e.Hint = fixHint
		return "", e
	case !p.either && p.rom != v.IsConst():
		return "", fmt.Errorf("parameter %s and value %q: one is a constant, the other not", p.name, v.Name)
	case output != p.written:
		return "", fmt.Errorf("parameter %s: const belongs to inputs, and only to them", p.name)
	}
	return m.pointer(c, v)
}

// files prints everything. The headers come first.
func (m *model) files() ([]File, error) {
	support, err := loadSupport()
	if err != nil {
		ir.Bugf("%v", err)
	}
	const code = 1 << 16 // bytes, a usual size
	weights := m.consts.textBytes()
	if m.opt.Emit == "single" || len(m.consts.list) == 0 {
		return printFiles([]printing{
			{m.name + ".h", code, m.printHeader},
			{m.name + ".c", code + weights, func(w *cw.Writer) { m.printSource(w, support, false) }},
		})
	}
	return printFiles([]printing{
		{m.name + ".h", code, m.printHeader},
		{m.name + "_weights.h", code, m.printWeightsHeader},
		{m.name + ".c", code, func(w *cw.Writer) { m.printSource(w, support, true) }},
		{m.name + "_weights.c", code + weights, m.printWeights},
	})
}

// printing is a file to be printed. bytes is a guess of its size, high enough that it need not be copied as it grows.
type printing struct {
	name  string
	bytes int
	print func(*cw.Writer)
}

func printFiles(list []printing) ([]File, error) {
	var files []File
	for _, p := range list {
		var buf bytes.Buffer
		buf.Grow(p.bytes)
		w := cw.New(&buf)
		p.print(w)
		if w.Err() != nil {
			return nil, w.Err()
		}
		files = append(files, File{Name: p.name, Data: buf.Bytes()})
	}
	return files, nil
}
