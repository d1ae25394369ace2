package codegen

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// nameDims chooses the names of dimensions.
func (m *model) nameDims(name func(string) string) {
	for _, d := range m.g.Dims {
		id := d.Name
		if slices.Contains([]string{imageVar, rowVar, windowVar}, id) { // of loops around kernels
			id = "size_" + id
		}
		id = name(id)
		m.dims = append(m.dims, Dim{d, id, m.macro + "_" + strings.ToUpper(id)})
	}
}

// told returns the dimensions whose sizes a run is told.
func (m *model) told() []Dim {
	at := slices.IndexFunc(m.dims, func(d Dim) bool { return !d.Told() })
	if at < 0 {
		return m.dims
	}
	return m.dims[:at]
}

// length is an extent in C, inside functions that get the dimensions.
func (m *model) length(e ir.Extent) string {
	return e.Text(func(d int) string { return m.dims[d].Param })
}

// size is an extent as a size_t.
func (m *model) size(e ir.Extent) string {
	if e.Varies() {
		return "(size_t)(" + m.length(e) + ")"
	}
	return m.length(e)
}

// index is an extent as a dg_idx.
func (m *model) index(e ir.Extent) string {
	text := m.length(e)
	if e.Varies() && indexType(m.g, m.mem, m.target, nil) != "int32_t" {
		return "(dg_idx)(" + text + ")"
	}
	return text
}

// macroText is an extent in a macro whose parameters are the dimensions.
func (m *model) macroText(e ir.Extent) string {
	return e.Text(func(d int) string {
		dim := m.dims[d]
		if dim.Told() {
			return "(" + dim.Param + ")"
		}
		return "(" + dim.division("("+m.dims[dim.Of].Param+")") + ")"
	})
}

// division is the C of a dimension that follows from another.
func (d Dim) division(of string) string {
	text := of
	if d.Mul != 1 {
		text = fmt.Sprintf("%d * %s", d.Mul, of)
	}
	switch {
	case d.Add > 0:
		text = fmt.Sprintf("(%s + %d)", text, d.Add)
	case d.Add < 0:
		text = fmt.Sprintf("(%s - %d)", text, -d.Add)
	}
	return fmt.Sprintf("%s / %d", text, d.Div)
}

// printSizes refuses sizes that are out of bounds, and computes those that follow from others.
func (m *model) printSizes(w *cw.Writer) {
	if len(m.dims) == 0 {
		return
	}
	var outside []string
	for _, d := range m.told() {
		outside = append(outside, fmt.Sprintf("%s < %s_MIN", d.Param, d.Macro), fmt.Sprintf("%s > %s_MAX", d.Param, d.Macro))
	}
	w.If(outside, "||")
	w.Line("return %s_ESIZE;", m.macro)
	w.Close("")
	for k, d := range m.dims {
		if !d.Told() && m.usesDim(k) {
			w.Line("const int32_t %s = %s;", d.Param, d.division(m.dims[d.Of].Param))
			if m.opt.Trace { // which nobody may listen to
				w.Line("(void)%s;", d.Param)
			}
		}
	}
}

// usesDim reports whether calls need the size of dimension k.
func (m *model) usesDim(k int) bool {
	uses := func(e ir.Extent) bool {
		return slices.ContainsFunc(e.Terms, func(t ir.Term) bool { return slices.Contains(t.Dims, k) })
	}
	for _, c := range m.calls {
		for _, a := range c.node.Attrs {
			if e, ok := a.(ir.Extent); ok && uses(e) {
				return true
			}
		}
		if (m.opt.Trace || c.bodies != nil) && slices.ContainsFunc(c.node.Outputs, func(v *ir.Value) bool { return uses(v.Type.Extent()) }) {
			return true
		}
	}
	return slices.ContainsFunc(m.g.Values(), func(v *ir.Value) bool { return uses(m.mem.Places[v].Moves) })
}

// printDims prints the bounds of the sizes.
func (m *model) printDims(w *cw.Writer) {
	for _, d := range m.told() {
		w.Comment(fmt.Sprintf("Dimension %q: a run is told its size.", d.Name))
		w.Directive("define %s_MIN %d", d.Macro, d.Min)
		w.Directive("define %s_MAX %d", d.Macro, d.Max)
		w.Blank()
	}
}

// typeText shows a type with the dimensions by name.
func (m *model) typeText(t ir.Type) string {
	plain := ir.Type{DType: t.DType, Shape: t.Shape}.String()
	if t.Dims == nil {
		return plain
	}
	parts := make([]string, len(t.Dims))
	for i, e := range t.Dims {
		parts[i] = m.headerText(e)
	}
	return t.DType.String() + "[" + strings.Join(parts, ",") + "]"
}

// headerText is an extent for people.
func (m *model) headerText(e ir.Extent) string {
	text := e.Text(func(d int) string {
		if m.dims[d].Told() {
			return m.dims[d].Param
		}
		return m.dims[d].division(m.dims[m.dims[d].Of].Param)
	})
	return strings.ReplaceAll(text, " ", "")
}

// printSizeMacros prints how large an input or output is in a run.
func (m *model) printSizeMacros(w *cw.Writer, p *port) {
	t := p.value.Type
	if t.Dims == nil {
		return
	}
	var names []string
	for _, d := range m.told() {
		names = append(names, d.Param)
	}
	sizes := make([]string, len(t.Dims))
	for i, e := range t.Dims {
		sizes[i] = m.macroText(e)
	}
	args := strings.Join(names, ", ")
	w.Directive("define %s_LEN_AT(%s) (%s)", p.macro, args, m.macroText(t.Extent()))
	w.Directive("define %s_SHAPE_AT(%s) { %s }", p.macro, args, strings.Join(sizes, ", "))
}

var (
	localEnum  = regexp.MustCompile(`\benum \{([^}]*)\}`)
	localArray = regexp.MustCompile(`(?m)^\s*(?:const )?\w+ (?:const )?\*?\w+\[([^\]]+)\](?:\[([^\]]+)\])?(?: =|;|,)`)
)

// needsConstant reports whether the kernel's C needs a name of its sample block to be a constant: for the size of an array, say.
func (k *kernel) needsConstant(name string) bool {
	for _, where := range []*regexp.Regexp{localEnum, localArray} {
		for _, m := range where.FindAllStringSubmatch(k.body, -1) {
			if identsIn(strings.Join(m[1:], " "))[name] {
				return true
			}
		}
	}
	return false
}

// varying is a constant of the kernel's file that is a parameter of an instance: its value differs from run to run.
type varying struct{ name, ctype string }

// vary makes a name a parameter, where the kernel takes a whole number under it.
func (in *instance) vary(s sample, name string) bool {
	ctype := s.ctype
	if s.kind == sampleEnum {
		ctype = "dg_idx"
	}
	in.varying = append(in.varying, varying{name, ctype})
	return s.kind == sampleEnum || s.kind == sampleConst && ctype != "float"
}

// extents are the arguments for the parameters that stand for constants.
func (m *model) extents(in *instance, n *ir.Node) []string {
	var args []string
	for _, v := range in.varying {
		e, _ := n.Attrs[v.name].(ir.Extent)
		args = append(args, m.index(e))
	}
	return args
}

// constantsNeeded returns a name that varies in n and that a kernel needs as a constant, or "".
func constantsNeeded(k *kernel, n *ir.Node) string {
	for _, s := range k.sample {
		if _, varies := n.Attrs[s.name].(ir.Extent); varies && k.needsConstant(s.name) {
			return s.name
		}
	}
	return ""
}

// checkCounts refuses sizes beyond what the C counts in.
func (m *model) checkCounts() error {
	for _, d := range m.g.Dims {
		if d.Max > math.MaxInt32 {
			return &ir.Error{Msg: fmt.Sprintf("dimension %q of at most %d: sizes have 32 bits", d.Name, d.Max)}
		}
	}
	return nil
}
