// Package frontend builds the IR from an ONNX model through the operator table. It reports every problem that it finds,
// not the first.
package frontend

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// The versions that Import reads.
const (
	MinIR, MaxIR       = 3, 14
	MinOpset, MaxOpset = 7, 28
)

// Options settle what a model leaves open.
type Options struct {
	File          string                    // for messages
	Dims          map[string]int            // values of symbolic dimensions
	InputShapes   map[string][]int          // whole shapes of inputs
	Elements      map[string][][]int        // shapes of the tensors that an input holds which is a sequence or an optional; none where that is absent
	Consts        map[string]string         // inputs pinned to a value
	Pinned        map[string]*tensor.Tensor // the same, as tensors
	MaxIterations int                       // of loops whose number of iterations is not known; 0 is any number
	Externs       map[string]Extern         // C of the user's for operators that deepgo does not know: see ParseExtern
	Vary          map[string]bool           // values that are computed when compiling, and are others where input shapes are: see Differing
}

// Info is what Import found besides the graph.
type Info struct {
	Opset   int
	Notices []string // what was assumed, a line each
	Bounds  []Bound
	Folded  map[string]*tensor.Tensor // values that were computed
}

// Import returns m as a graph of ONNX operators at the newest opset, with static shapes. The error is an ir.Errors.
func Import(m *onnx.Model, opt Options) (*ir.Graph, *Info, error) {
	b := &builder{model: m, opt: opt, info: &Info{Folded: map[string]*tensor.Tensor{}}, lengths: map[*ir.Value]*ir.Value{}, folded: map[*ir.Value]*ir.Node{}, usedDims: map[string]bool{}, functions: map[string]*onnx.Function{}, sequences: map[*ir.Value]*sequence{}, zipped: map[string]bool{}, extents: map[*ir.Value]extent{}, usedExterns: map[string]bool{}}
	g := b.build()
	if len(b.errs) > 0 {
		return nil, nil, b.errs
	}
	return g, b.info, nil
}

// builder is one import. Problems are collected in errs; a value that could not be built is missing from the scope, and
// nodes that read it are passed over silently.
type builder struct {
	model     *onnx.Model
	opt       Options
	info      *Info
	errs      ir.Errors
	g         *ir.Graph
	usedDims  map[string]bool
	functions map[string]*onnx.Function
	missing   map[missingOp][]string // unsupported operators, with the nodes that use them
	order     []missingOp
	inlining  []string // functions being inlined, outermost first
	sequences map[*ir.Value]*sequence
	zipped    map[string]bool      // outputs of ZipMaps
	extents   map[*ir.Value]extent // of values of which only a part is there

	usedExterns map[string]bool

	folded  map[*ir.Value]*ir.Node  // how values of opt.Vary were computed
	lengths map[*ir.Value]*ir.Value // what computes them at run time
}

type missingOp struct {
	domain, name string
	opset        int64
}

// scope maps names to values; nil stands for one that could not be built.
type scope map[string]*ir.Value

func (b *builder) fail(format string, args ...any) { b.failHint("", format, args...) }

func (b *builder) failHint(hint, format string, args ...any) {
	b.errs = append(b.errs, &ir.Error{Model: b.opt.File, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (b *builder) build() *ir.Graph {
	m := b.model
	b.g = &ir.Graph{Name: m.Graph.Name, Strings: m.Strings}
	if b.g.Strings == nil {
		b.g.Strings = &tensor.Strings{}
	}
	b.missing = map[missingOp][]string{}
	if m.IRVersion < MinIR || m.IRVersion > MaxIR {
		b.failHint("export the model again with a current version of onnx", "ONNX IR version %d is not supported; expected %d to %d", m.IRVersion, MinIR, MaxIR)
		return nil
	}
	v, ok := m.Opsets[""]
	if len(m.Opsets) == 0 {
		b.failHint("the file is damaged, or was written by hand", "the model imports no opset")
		return nil
	}
	if ok && (v < 1 || v > MaxOpset) {
		b.failHint("onnx.version_converter converts a model to another opset", "opset %d is not supported; expected %d to %d", v, MinOpset, MaxOpset)
		return nil
	}
	b.info.Opset = int(v)
	for _, f := range m.Functions {
		b.functions[f.Domain+"."+f.Name] = f
	}
	names := scope{}
	b.declare(m.Graph, names)
	b.nodes(m.Graph, m.Opsets, names)
	b.outputs(m.Graph, names)
	b.boundOutputs()
	b.reportMissing()
	b.checkFlags()
	return b.g
}

// declare enters constants and inputs.
func (b *builder) declare(g *onnx.Graph, names scope) {
	for _, c := range g.Initializers {
		if _, twice := names[c.Name]; twice || c.Name == "" {
			b.fail("two initializers are named %q", c.Name)
			continue
		}
		names[c.Name] = b.g.NewConst(c.Name, c.Tensor)
	}
	seen := map[string]bool{}
	for _, in := range g.Inputs {
		if seen[in.Name] {
			b.fail("two inputs are named %q", in.Name)
			continue
		}
		seen[in.Name] = true
		if _, isConst := names[in.Name]; !isConst {
			names[in.Name] = b.input(in)
		}
	}
}

// input returns a graph input, or a constant where the user pinned it; nil after an error.
func (b *builder) input(in *onnx.ValueInfo) *ir.Value {
	if in.Elem != nil {
		return b.container(in)
	}
	if in.Kind != "tensor" {
		b.failHint("deepgo takes tensors of numbers", "input %q is a %s", in.Name, in.Kind)
		return nil
	}
	if in.DType == tensor.Invalid {
		b.fail("input %q has no element type", in.Name)
		return nil
	}
	shape, ok := b.inputShape(in)
	if !ok {
		return nil
	}
	if tensor.Len(shape) > 1<<31 {
		b.fail("input %q of shape %v is too large", in.Name, shape)
		return nil
	}
	t := ir.Type{DType: in.DType, Shape: shape}
	if text, pinned := b.opt.Consts[in.Name]; pinned {
		return b.pin(in.Name, t, text)
	}
	return b.addInput(in.Name, t)
}

// addInput makes an input, or a constant where its value is given.
func (b *builder) addInput(name string, t ir.Type) *ir.Value {
	if c := b.opt.Pinned[name]; c != nil && t.Equal(ir.Type{DType: c.DType, Shape: c.Shape}) {
		return b.g.NewConst(name, c)
	}
	v := b.g.NewValue(name, t)
	b.g.Inputs = append(b.g.Inputs, v)
	return v
}

func (b *builder) inputShape(in *onnx.ValueInfo) ([]int, bool) {
	if s, ok := b.opt.InputShapes[in.Name]; ok {
		if in.HasShape && len(in.Shape) != len(s) {
			b.fail("--input-shape gives %q %d dimensions, the model declares %d", in.Name, len(s), len(in.Shape))
			return nil, false
		}
		return s, true
	}
	if !in.HasShape {
		b.failHint(fmt.Sprintf("give it with --input-shape %s=1x3x48x48", in.Name), "input %q has no shape", in.Name)
		return nil, false
	}
	shape := make([]int, len(in.Shape))
	for i, d := range in.Shape {
		n, ok := b.dim(in, i, d)
		if !ok {
			return nil, false
		}
		shape[i] = n
	}
	return shape, true
}

func (b *builder) dim(in *onnx.ValueInfo, i int, d onnx.Dim) (int, bool) {
	switch n, given := b.opt.Dims[d.Name]; {
	case d.Known && d.Size >= 0:
		return int(min(d.Size, 1<<40)), true
	case d.Known:
		b.fail("input %q has the negative size %d in dimension %d", in.Name, d.Size, i)
		return 0, false
	case d.Name != "" && given:
		b.usedDims[d.Name] = true
		return n, true
	case i == 0 && d.Name == "":
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("input %q: batch dimension set to 1", in.Name))
		return 1, true
	case i == 0:
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("input %q: batch dimension %q set to 1", in.Name, d.Name))
		return 1, true
	}
	hint := fmt.Sprintf("give the whole shape with --input-shape %s=…", in.Name)
	if d.Name != "" {
		hint = fmt.Sprintf("give it with --dim %s=N", d.Name)
	}
	b.failHint(hint, "input %q: size %q of dimension %d is not known", in.Name, d.Name, i)
	return 0, false
}

// pin makes an input a constant, every element the value in text, or one element each where text lists them.
func (b *builder) pin(name string, t ir.Type, text string) *ir.Value {
	parts := strings.Split(text, ",")
	c := tensor.New(t.DType, t.Shape...)
	if len(parts) != 1 && len(parts) != c.Len() {
		b.fail("--const %s=%s gives %d values for %s", name, text, len(parts), t)
		return nil
	}
	for i := range c.Len() {
		part := strings.TrimSpace(parts[i%len(parts)])
		if part == "true" || part == "false" {
			part = map[string]string{"true": "1", "false": "0"}[part]
		}
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			c.SetI64(i, n)
			continue
		}
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || !t.DType.IsFloat() {
			b.fail("--const %s=%s: %q is not a value of %s", name, text, part, t.DType)
			return nil
		}
		c.SetF64(i, v)
	}
	return b.g.NewConst(name, c)
}

// checkFlags reports flags that named nothing in the model: most likely a slip of the pen.
func (b *builder) checkFlags() {
	var inputs, dims []string
	for _, in := range b.model.Graph.Inputs {
		inputs = append(inputs, in.Name)
		for _, d := range in.Shape {
			if d.Name != "" && !slices.Contains(dims, d.Name) {
				dims = append(dims, d.Name)
			}
		}
	}
	unknown := func(flag, name string, have []string, what string) {
		if !slices.Contains(have, name) {
			b.fail("%s %s names no %s of the model; it has %s", flag, name, what, listOr(have))
		}
	}
	for _, name := range sortedKeys(b.opt.Dims) {
		unknown("--dim", name, dims, "symbolic dimension")
	}
	for _, name := range sortedKeys(b.opt.InputShapes) {
		unknown("--input-shape", name, inputs, "input")
	}
	for _, name := range sortedKeys(b.opt.Elements) {
		unknown("--elements", name, inputs, "input")
	}
	for _, name := range sortedKeys(b.opt.Externs) {
		if !b.usedExterns[name] {
			b.fail("--extern %s names no operator of the model that deepgo does not know, and no node of one", name)
		}
	}
	for _, name := range sortedKeys(b.opt.Consts) {
		unknown("--const", name, inputs, "input")
	}
}

func listOr(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// outputs binds the graph's outputs.
func (b *builder) outputs(g *onnx.Graph, names scope) {
	if len(g.Outputs) == 0 {
		b.fail("the graph has no outputs")
	}
	for _, o := range g.Outputs {
		v, known := names[o.Name]
		switch {
		case !known:
			b.fail("output %q is computed by no node", o.Name)
		case v == nil: // reported where it failed
		case b.isSequence(v):
			b.sequenceOutput(o, b.sequences[v])
		case b.zipped[o.Name]:
			b.g.Outputs = append(b.g.Outputs, v)
		default:
			b.checkDeclared(o, v)
			b.g.Outputs = append(b.g.Outputs, b.outputValue(v))
		}
	}
}

// sequenceOutput makes the elements of a sequence outputs of their own.
func (b *builder) sequenceOutput(o *onnx.ValueInfo, s *sequence) {
	if s.optional && len(s.elements) == 0 {
		b.fail("output %q is an optional that is absent", o.Name)
		return
	}
	for i, v := range s.elements {
		if b.isSequence(v) {
			b.sequenceOutput(o, b.sequences[v])
			continue
		}
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("output %q: element %d of the %s is output %q", o.Name, i, o.Kind, v.Name))
		b.g.Outputs = append(b.g.Outputs, v)
	}
}

// checkDeclared compares an inferred type with the one that the file declares.
func (b *builder) checkDeclared(o *onnx.ValueInfo, v *ir.Value) {
	if o.Kind != "tensor" {
		b.fail("output %q is a %s", o.Name, o.Kind)
		return
	}
	if o.DType != tensor.Invalid && o.DType != v.Type.DType {
		b.fail("output %q is declared as %s, and is computed as %s", o.Name, o.DType, v.Type)
	}
	if !o.HasShape {
		return
	}
	same := len(o.Shape) == len(v.Type.Shape)
	for i := 0; same && i < len(o.Shape); i++ {
		size := int64(v.Type.Shape[i])
		same = !o.Shape[i].Known || o.Shape[i].Size == size || b.isBounded(v) && b.extents[v].axis == i && o.Shape[i].Size < size
	}
	if !same && len(b.opt.InputShapes) > 0 { // the declaration is of the file's own shapes
		b.info.Notices = append(b.info.Notices, fmt.Sprintf("output %q is declared with shape %s, and is computed as %s", o.Name, dimsText(o.Shape), v.Type))
	} else if !same {
		b.fail("output %q is declared with shape %s, and is computed as %s", o.Name, dimsText(o.Shape), v.Type)
	}
}

func dimsText(dims []onnx.Dim) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.Name
		if d.Known {
			parts[i] = strconv.FormatInt(d.Size, 10)
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// reportMissing lists every operator that is not supported, once, with the nodes that use it.
func (b *builder) reportMissing() {
	for _, k := range b.order {
		nodes := b.missing[k]
		shown := nodes[:min(len(nodes), 3)]
		more := ""
		if len(nodes) > len(shown) {
			more = fmt.Sprintf(" and %d more", len(nodes)-len(shown))
		}
		name := k.name
		if k.domain != "" {
			name = k.domain + "." + k.name
		}
		if r := op.Refused(k.domain, k.name); r != nil {
			b.failHint(r.Hint, "operator %s %s; used by %q%s", name, r.Why, shown, more)
			continue
		}
		hint := fmt.Sprintf("deepgo ops lists the supported operators; --extern %s=my_function calls C of yours for this one", k.name)
		if near := nearest(k.name); near != "" {
			hint = fmt.Sprintf("did you mean %s? %s", near, hint)
		}
		b.failHint(hint, "operator %s (opset %d) is not supported; used by %q%s", name, k.opset, shown, more)
	}
}

// nearest returns the supported operator with a similar name, or "".
func nearest(name string) string {
	best, least := "", 3
	for _, d := range op.Table() {
		if d.IsKernel() {
			continue
		}
		if n := distance(strings.ToLower(d.ONNX()), strings.ToLower(name)); n < least {
			best, least = d.ONNX(), n
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

var errReported = errors.New("reported")
