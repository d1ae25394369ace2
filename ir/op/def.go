// Package op is the table of operators: for each its ONNX mapping, its shape rule, its meaning and its lowering, on one
// page.
//
// Two strata share the table. ONNX operators are in CamelCase and mean what the newest opset says; Upgrade rewrites what
// older opsets wrote. Kernel operators, made by lowering, are in snake_case and equal the stem of a C file in
// runtime/kernels; their tensors are as the C function sees them (images are NHWC). Both strata have an Eval, so that a
// graph can be interpreted at every stage.
package op

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Def defines one operator.
type Def struct {
	Name   string // as ONNX has it, behind its domain where another domain has the same name
	Domain string // "" is ONNX's default domain; "com.microsoft", "ai.onnx.ml"
	Since  []int  // opset versions that changed it; nil for kernel operators
	In     []Arg
	Out    []Arg
	Attrs  []Attr

	// Upgrade rewrites a node written for opset version v into the newest form. nil where nothing changed.
	Upgrade func(u *Upgrade, v int) error
	// Infer gives the types of the outputs. nil for kernel operators, whose lowering sets the types.
	Infer func(c *Call) ([]ir.Type, error)
	// Eval computes the outputs from the inputs: what the operator means.
	Eval func(c *Call) ([]*tensor.Tensor, error)
	// Lower replaces the node by kernel operators. nil for kernel operators, and for operators that only constants use.
	Lower func(l *Lowering) error
	// Parts writes the operator as a graph of others, and returns its outputs. Infer, Eval and Lower may then be nil. Floats of 16
	// bits and less always go by the parts, each of which rounds.
	Parts func(p *Parts) []*ir.Value
	// Formals gives the types of what the operator hands to its sub-graphs. nil where it has none.
	Formals func(c *Call) ([]ir.Type, error)
	// Spatial marks operators on NC… images, which the nhwc pass lowers before Transposes are cleared away.
	Spatial bool
	// Moves marks operators that take and give elements as they are stored, whatever their type.
	Moves bool
	// Fused marks operators that optimizers make of others, which Parts names: import takes them apart.
	Fused bool
	// Random marks operators whose result differs from run to run; they are never folded.
	Random bool

	// InPlace lists, for a kernel operator, the inputs whose memory output 0 may take over.
	InPlace []int
	// Post names the macro of a float kernel that an elementwise function can be fused into: "POST(v)", or "".
	Post string
	// Foreign marks the kernel operator whose C is the user's.
	Foreign bool
	// Control marks kernel operators whose C is statements around that of their sub-graphs.
	Control bool
	// Part names the kernel operator that computes the same where its input, of K elements, comes in parts, one after the other: of K
	// elements each, ROWS of them.
	Part string
	// Elementwise marks kernel operators that compute element i from elements i of what they read at run time: any N of them at a time.
	Elementwise bool
	// Computed names the kernel operator that computes the same where what this one takes as a constant is computed, too.
	Computed string
	// View marks the kernel operator whose output is its input's memory, at byte offset Attrs["offset"].
	View bool
}

// Arg is one formal input or output.
type Arg struct {
	Name     string
	Optional bool // may be absent
	Variadic bool // any number, at least one
}

// Args parses argument names: "X", "B?" (optional), "inputs..." (variadic, last).
func Args(names ...string) []Arg {
	args := make([]Arg, len(names))
	for i, n := range names {
		a := Arg{Name: n}
		if a.Name, a.Optional = strings.CutSuffix(a.Name, "?"); !a.Optional {
			a.Name, a.Variadic = strings.CutSuffix(a.Name, "...")
		}
		args[i] = a
	}
	return args
}

// Attr declares an attribute. Default nil means that it may be absent; its kind is then that of Kind.
type Attr struct {
	Name     string
	Kind     any // a value of the attribute's Go type
	Default  any
	Required bool
}

// Int declares an integer attribute with a default.
func Int(name string, def int64) Attr { return Attr{Name: name, Kind: def, Default: def} }

// Float declares a float attribute with a default.
func Float(name string, def float32) Attr { return Attr{Name: name, Kind: def, Default: def} }

// Str declares a string attribute with a default.
func Str(name, def string) Attr { return Attr{Name: name, Kind: def, Default: def} }

// Ints declares an integer list without a default.
func Ints(name string) Attr { return Attr{Name: name, Kind: []int64(nil)} }

// Floats declares a float list without a default.
func Floats(name string) Attr { return Attr{Name: name, Kind: []float32(nil)} }

// Strs declares a string list without a default.
func Strs(name string) Attr { return Attr{Name: name, Kind: []string(nil)} }

// Tensor declares a tensor attribute without a default.
func Tensor(name string) Attr { return Attr{Name: name, Kind: (*tensor.Tensor)(nil)} }

// Body declares a sub-graph attribute, which must be there.
func Body(name string) Attr { return Attr{Name: name, Kind: (*ir.Graph)(nil), Required: true} }

// Optional makes the attribute one without a default.
func (a Attr) Optional() Attr { a.Default, a.Required = nil, false; return a }

// Must makes the attribute one that has to be there.
func (a Attr) Must() Attr { a.Default, a.Required = nil, true; return a }

// Call is one application of an operator: what Infer and Eval see.
type Call struct {
	Def   *Def
	Node  *ir.Node
	Attrs ir.Attrs // the node's, with defaults filled in

	in  []*tensor.Tensor // values of the inputs, where known
	out []ir.Type        // types of the outputs, in Eval
}

// NewCall returns the application of n's operator, for Infer: constant inputs have values.
func NewCall(n *ir.Node) (*Call, error) {
	d := Lookup(n.Op)
	if d == nil {
		return nil, fmt.Errorf("operator %s is not supported", n.Op)
	}
	c := &Call{Def: d, Node: n, Attrs: d.fill(n.Attrs)}
	c.in = make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v.IsConst() {
			c.in[i] = v.Const
		}
	}
	return c, nil
}

func (d *Def) fill(given ir.Attrs) ir.Attrs {
	all := given.Clone()
	if all == nil {
		all = ir.Attrs{}
	}
	for _, a := range d.Attrs {
		if _, ok := all[a.Name]; !ok && a.Default != nil {
			all[a.Name] = a.Default
		}
	}
	return all
}

// FormalTypes returns the types of what n hands to its sub-graphs, which need not be there yet.
func FormalTypes(n *ir.Node) ([]ir.Type, error) {
	c, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	if c.Def.Formals == nil {
		return nil, fmt.Errorf("%s has no sub-graphs", n.Op)
	}
	return c.Def.Formals(c)
}

// Infer returns the types of n's outputs from its inputs' types, its attributes and its constant inputs.
func Infer(n *ir.Node) ([]ir.Type, error) {
	c, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	if c.Def.Infer == nil {
		return nil, fmt.Errorf("operator %s has no shape rule", n.Op)
	}
	if err := checkInputs(n); err != nil {
		return nil, err
	}
	return c.Def.Infer(c)
}

// Eval computes n's outputs. in has a tensor per input, nil where the input is absent.
func Eval(n *ir.Node, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	c, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	c.in = in
	for _, v := range n.Outputs {
		t := ir.Type{}
		if v != nil {
			t = v.Type
		}
		c.out = append(c.out, t)
	}
	if c.Def.Parts != nil && c.narrow() {
		return evalParts(c)
	}
	return c.Def.Eval(c)
}

// narrow reports whether an input is of a float type that is stored in bits.
func (c *Call) narrow() bool {
	return slices.ContainsFunc(c.Node.Inputs, func(v *ir.Value) bool { return v != nil && IsNarrow(v.Type.DType) })
}

// IsNarrow reports whether d is a float type of at most 16 bits.
func IsNarrow(d tensor.DType) bool { return d.IsFloat() && d.Bits() <= 16 }

// Moves reports whether n takes and gives elements as they are stored.
func Moves(n *ir.Node) bool {
	d := Lookup(n.Op)
	if d.Name == "ScatterElements" || d.Name == "ScatterND" {
		r := n.Attrs.String("reduction")
		return r == "" || r == "none"
	}
	return d.Moves
}

// N returns the number of inputs written, absent ones included.
func (c *Call) N() int { return len(c.Node.Inputs) }

// NOut returns the number of outputs written, absent ones included.
func (c *Call) NOut() int { return len(c.Node.Outputs) }

// Has reports whether input i is there.
func (c *Call) Has(i int) bool { return c.Node.Input(i) != nil }

// Type returns the type of input i.
func (c *Call) Type(i int) ir.Type { return c.Node.Inputs[i].Type }

// Shape returns the shape of input i.
func (c *Call) Shape(i int) []int { return c.Type(i).Shape }

// Const returns the value of input i, or nil where it is absent or not known when compiling.
func (c *Call) Const(i int) *tensor.Tensor {
	if i >= len(c.in) {
		return nil
	}
	return c.in[i]
}

// X returns the value of input i in Eval, or nil where the input is absent.
func (c *Call) X(i int) *tensor.Tensor { return c.Const(i) }

// Out returns the type of output i, in Eval and Lower.
func (c *Call) Out(i int) ir.Type { return c.out[i] }

// ConstInts returns the values of input i as ints. It fails where the input is not a constant, as shapes, axes and pads
// must be when compiling.
func (c *Call) ConstInts(i int) ([]int, error) {
	t := c.Const(i)
	if t == nil {
		name := c.Def.In[min(i, len(c.Def.In)-1)].Name
		return nil, fmt.Errorf("input %q must be known when compiling, and is computed at run time", name)
	}
	out := make([]int, t.Len())
	for j := range out {
		out[j] = int(t.I64(j))
	}
	return out, nil
}

// Lowering is what Lower sees: the call, and the graph that it is building.
type Lowering struct {
	*Call
	AnySize bool // the graph is one of many that differ in sizes: no kernel may be chosen by those
	graph   *ir.Graph
	nodes   []*ir.Node
}

// NewLowering returns the lowering of n in g.
func NewLowering(g *ir.Graph, n *ir.Node) (*Lowering, error) {
	c, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	for _, v := range n.Outputs {
		t := ir.Type{}
		if v != nil {
			t = v.Type
		}
		c.out = append(c.out, t)
	}
	return &Lowering{Call: c, graph: g}, nil
}

// Nodes returns what was emitted, in order.
func (l *Lowering) Nodes() []*ir.Node { return l.nodes }

// In returns input i, or nil where it is absent.
func (l *Lowering) In(i int) *ir.Value { return l.Node.Input(i) }

// Constant returns a new constant.
func (l *Lowering) Constant(base string, t *tensor.Tensor) *ir.Value {
	return l.graph.NewConst(base, t)
}

// Emit adds a node with one new output of type t, and returns that output.
func (l *Lowering) Emit(op string, attrs ir.Attrs, t ir.Type, in ...*ir.Value) *ir.Value {
	out := l.graph.NewValue(l.Node.Outputs[0].Name+"."+op, t)
	l.emit(op, attrs, []*ir.Value{out}, in)
	return out
}

// EmitTo adds a node that computes the given values, which are outputs of the node being lowered or new values.
func (l *Lowering) EmitTo(out []*ir.Value, op string, attrs ir.Attrs, in ...*ir.Value) {
	l.emit(op, attrs, out, in)
}

// Replace adds the last node: it computes output 0 of the node being lowered.
func (l *Lowering) Replace(op string, attrs ir.Attrs, in ...*ir.Value) {
	l.emit(op, attrs, l.Node.Outputs[:1], in)
}

// NewValue returns a value that a later EmitTo computes.
func (l *Lowering) NewValue(base string, t ir.Type) *ir.Value { return l.graph.NewValue(base, t) }

func (l *Lowering) emit(op string, attrs ir.Attrs, out, in []*ir.Value) {
	if attrs == nil {
		attrs = ir.Attrs{}
	}
	n := &ir.Node{Op: op, Attrs: attrs, Inputs: in, Outputs: out, From: l.Node.From}
	for _, v := range out {
		if v != nil {
			v.Def = n
		}
	}
	l.nodes = append(l.nodes, n)
}

// Upgrade is what Def.Upgrade sees: a node as an older opset wrote it.
type Upgrade struct {
	Node  *ir.Node
	graph *ir.Graph
}

// NewUpgrade returns the upgrade of n in g.
func NewUpgrade(g *ir.Graph, n *ir.Node) *Upgrade { return &Upgrade{Node: n, graph: g} }

// SetInput makes t, as a constant, input i; inputs before it that are not written become absent.
func (u *Upgrade) SetInput(i int, name string, t *tensor.Tensor) {
	for len(u.Node.Inputs) <= i {
		u.Node.Inputs = append(u.Node.Inputs, nil)
	}
	u.Node.Inputs[i] = u.graph.NewConst(name, t)
}

// Place returns the place of a string in the model's table.
func (u *Upgrade) Place(s string) int64 {
	if u.graph.Strings == nil {
		u.graph.Strings = &tensor.Strings{}
	}
	return int64(u.graph.Strings.Add(s))
}

// AttrToInput moves an integer list attribute, where it is set, to input i as an int64 tensor.
func (u *Upgrade) AttrToInput(attr string, i int) {
	v, ok := u.Node.Attrs[attr].([]int64)
	if !ok {
		return
	}
	delete(u.Node.Attrs, attr)
	u.SetInput(i, attr, tensor.Ints(v, len(v)))
}

// Table returns every operator, sorted by name.
func Table() []*Def { return table }

// Lookup returns the operator with that name, or nil. Names are unique over the domains.
func Lookup(name string) *Def { return byName[name] }

// LookupDomain returns the operator of an ONNX domain ("ai.onnx" is ""), or nil.
func LookupDomain(domain, name string) *Def {
	if domain == "ai.onnx" {
		domain = ""
	}
	for _, n := range []string{domain + "." + name, name} {
		if d := byName[n]; d != nil && d.Domain == domain && !d.IsKernel() {
			return d
		}
	}
	return nil
}

// ONNX returns the operator's name in its domain.
func (d *Def) ONNX() string { return strings.TrimPrefix(d.Name, d.Domain+".") }

// VersionAt returns the version of the operator that a model of an opset means, or 0 where there is none.
func (d *Def) VersionAt(opset int) int {
	version := 0
	for _, v := range d.Since {
		if v <= opset {
			version = v
		}
	}
	return version
}

// IsKernel reports whether d is a kernel operator, one named in snake_case after its C file.
func (d *Def) IsKernel() bool { return d.Since == nil && IsKernel(d.Name) }

// IsKernel reports whether name is in a kernel operator's form.
func IsKernel(name string) bool { return name[0] >= 'a' && name[0] <= 'z' }

// ComputesIntegers reports whether a kernel operator computes with quantized values, by its suffix.
func ComputesIntegers(kernel string) bool {
	return strings.HasSuffix(kernel, "_s8") || strings.HasSuffix(kernel, "_s16")
}

// The index is built in init, as a variable's initializer would make a cycle: operators' functions look others up.
var (
	table  []*Def
	byName map[string]*Def
)

func init() {
	table = sorted(defs)
	byName = index(table)
}

func sorted(lists [][]*Def) []*Def {
	var all []*Def
	for _, l := range lists {
		all = append(all, l...)
	}
	for _, d := range all {
		d.completeParts()
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// completeParts fills in what the parts of an operator say of it.
func (d *Def) completeParts() {
	if d.Parts == nil {
		return
	}
	if d.Infer == nil {
		d.Infer = inferParts
	}
	if d.Eval == nil {
		d.Eval = evalParts
	}
	if d.Lower == nil {
		d.Lower = (*Lowering).LowerParts
	}
}

func index(all []*Def) map[string]*Def {
	m := make(map[string]*Def, len(all))
	for _, d := range all {
		if m[d.Name] != nil {
			panic("op: " + d.Name + " is defined twice")
		}
		m[d.Name] = d
	}
	return m
}
