package codegen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// printSource prints NAME.c: what the kernels need, the constants unless they are in a file of their own, the kernels,
// NAME_run.
func (m *model) printSource(w *cw.Writer, s support, split bool) {
	m.printOrigin(w, m.name+".c: the code of model "+m.name)
	w.Directive("include \"%s.h\"", m.name)
	if split {
		w.Directive("include \"%s_weights.h\"", m.name)
	}
	w.Blank()
	if idx := indexType(m.g, m.mem, m.target, m.pushing); idx != "int32_t" {
		w.Directive("define DG_IDX %s", idx)
		w.Blank()
	}
	if !split {
		m.printROM(w)
	}
	for _, c := range s.needed(m.identsUsed()) {
		w.Raw(c.text)
		w.Blank()
	}
	if !split {
		for _, c := range m.consts.list {
			c.write(w, "static "+m.alignment(c))
		}
	}
	for _, f := range m.trees {
		f.print(w)
	}
	for _, in := range m.instances {
		in.write(w)
	}
	m.printStringTable(w)
	m.printStates(w)
	for k := range m.mem.Streams {
		m.printStream(w, k)
	}
	for _, b := range m.bodies {
		b.printBody(w)
	}
	if m.pushing != nil {
		m.printPush(w)
	} else {
		m.printRun(w)
	}
}

// identsUsed returns the names that the kernels and the constants use.
func (m *model) identsUsed() map[string]bool {
	used := map[string]bool{"NULL": true}
	for _, in := range m.instances {
		maps.Copy(used, identsIn(in.text()))
		if in.kernel.byRows() {
			used["dg_window"] = true
		}
		for _, v := range in.varying {
			used[v.ctype] = true
		}
	}
	if len(m.mem.Streams) > 0 {
		used["dg_need"] = true
	}
	if len(m.g.States) > 0 || len(m.bodies) > 0 {
		used["dg_idx"] = true
	}
	if m.mem.Pushed != nil && m.mem.Pushed.Last != nil {
		used["dg_slide"] = true
	}
	return used
}

// printROM prints the address space of constants where the target has one, and what the runtime's header says elsewhere.
func (m *model) printROM(w *cw.Writer) {
	space := romSpace(m.target, m.consts.bytes())
	w.Directive("ifndef DG_ROM")
	w.Directive("%s", strings.TrimRight("define DG_ROM "+space, " "))
	w.Directive("endif")
	w.Blank()
}

func (m *model) printWeightsHeader(w *cw.Writer) {
	m.printOrigin(w, m.name+"_weights.h: declares the constants of model "+m.name)
	guard := m.macro + "_WEIGHTS_H"
	w.Directive("ifndef %s", guard)
	w.Directive("define %s", guard)
	w.Blank()
	w.Directive("include <stdint.h>")
	w.Blank()
	w.Comment("DG_ROM qualifies constants, such as by an address space in flash.")
	m.printROM(w)
	for _, c := range m.consts.list {
		w.Line("extern %s;", c.declaration())
	}
	w.Blank()
	w.Directive("endif")
}

func (m *model) printWeights(w *cw.Writer) {
	m.printOrigin(w, m.name+"_weights.c: the constants of model "+m.name)
	w.Directive("include \"%s_weights.h\"", m.name)
	w.Blank()
	for _, c := range m.consts.list {
		c.write(w, m.alignment(c))
	}
}

// alignment is the attribute of an array that kernels read in vectors: those that are as long as a line of the cache begin with one.
func (m *model) alignment(c *constant) string {
	const line = 64
	if !slices.Contains(m.target.ISA, "vec") || c.bytes < line {
		return ""
	}
	return fmt.Sprintf("__attribute__((aligned(%d))) ", line)
}

// params returns the parameters of NAME_run.
func (m *model) params() []string {
	params := m.arenaParams()
	for _, d := range m.told() {
		params = append(params, "int32_t "+d.Param)
	}
	for _, p := range m.ports() {
		params = append(params, p.declaration())
	}
	return params
}

func (p *port) declaration() string {
	qualifier := ""
	if p.input {
		qualifier = "const "
	}
	return fmt.Sprintf("%s%s *%s", qualifier, p.value.Type.DType.C(), p.name)
}

func (m *model) printRun(w *cw.Writer) {
	w.Func("int "+m.name+"_run", m.params())
	m.printLocals(w, true)
	m.printChecks(w)
	m.printSizes(w)
	m.printOutputs(w)
}

// printOutputs prints the calls that compute the outputs, and the end of the function that makes them.
func (m *model) printOutputs(w *cw.Writer) {
	m.printCalls(w)
	m.printStateUpdates(w)
	w.Blank()
	w.Line("return %s_OK;", m.macro)
	w.Close("")
}

// printCalls prints the calls of all kernels but those in the stream that the input is pushed into.
func (m *model) printCalls(w *cw.Writer) {
	for _, c := range m.calls {
		if m.mem.StreamOf(c.index) != nil {
			if k, first := m.streamAt(c.index); first && !m.isPushed(k) {
				w.Blank()
				names, _ := m.streamNeeds(m.callsOf(m.mem.Streams[k]))
				w.List(m.streamName(k)+"(", names, ");")
			}
			continue
		}
		w.Blank()
		w.Comment(m.comment(c))
		switch {
		case c.bodies != nil:
			m.printControl(w, c)
		case c.function.kernel.byRows():
			m.printRows(w, c.rows)
		default:
			w.List(c.function.name+"(", c.args, ");")
		}
		if m.opt.Trace {
			m.printTrace(w, c, c.args[len(c.node.Inputs)], c.node.Outputs[0].Type.BytesExtent())
		}
	}
}

func (m *model) printChecks(w *cw.Writer) {
	null := m.nullArenas()
	for _, p := range m.ports() {
		null = append(null, p.name+" == NULL")
	}
	m.printRefusals(w, null)
}

// printRefusals returns an error where one of the conditions holds that something is null, or the arena is not aligned.
func (m *model) printRefusals(w *cw.Writer, null []string) {
	if len(null) > 0 {
		w.If(null, "||")
		w.Line("return %s_ENULL;", m.macro)
		w.Close("")
	}
	if m.usesArena() && m.arenaAlign() > 1 {
		w.Begin("if (" + m.misaligned() + ") {")
		w.Line("return %s_EALIGN;", m.macro)
		w.Close("")
	}
}

// printTrace shows the first output of a call, or a row of it, to who listens.
func (m *model) printTrace(w *cw.Writer, c call, at string, bytes ir.Extent) {
	w.Directive("ifdef DG_TRACE")
	w.Line("DG_TRACE(%d, %s, %s);", c.index, at, m.length(bytes))
	w.Directive("endif")
}

// comment says where a call comes from and what shapes it works on.
func (m *model) comment(c call) string {
	text := fmt.Sprintf("%d: %s", c.index, c.node.Op)
	for i, from := range c.node.From {
		sep := ", "
		if i == 0 {
			sep = " from "
		}
		text += sep + fmt.Sprintf("%q", from)
	}
	return text + ": " + m.typeList(c.node.Inputs) + " -> " + m.typeList(c.node.Outputs)
}

// typeList shows the types of the values that are not constants.
func (m *model) typeList(vs []*ir.Value) string {
	var types []string
	for _, v := range vs {
		if v != nil && !v.IsConst() {
			types = append(types, m.typeText(v.Type))
		}
	}
	return strings.Join(types, ", ")
}
