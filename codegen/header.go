package codegen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
)

// apiHeader is the runtime's header for callers: its text is in every model's header.
const apiHeader = "dg_api.h"

// printOrigin prints the comment that begins each file: nothing in it depends on when or where it was printed.
func (m *model) printOrigin(w *cw.Writer, title string) {
	w.Comment(
		title,
		"Made by deepgo "+m.opt.Version+": "+m.opt.Command,
		"Model: "+m.opt.Source+", sha256 "+m.opt.SHA256,
		"Target: "+m.target.Name,
		"You may use this file freely, under any terms.",
	)
}

// printHeader prints NAME.h.
func (m *model) printHeader(w *cw.Writer) {
	m.printOrigin(w, m.name+".h: how to call model "+m.name)
	guard := m.macro + "_H"
	w.Directive("ifndef %s", guard)
	w.Directive("define %s", guard)
	w.Blank()
	w.Directive("include <stdint.h>")
	w.Blank()
	w.Comment(m.memoryTable()...)
	api, _ := rt.Header(apiHeader)
	w.Blank()
	w.Raw(api)
	w.Blank()
	m.printArenaMacros(w)
	m.printPreprocess(w)
	m.printDims(w)
	for _, p := range m.ports() {
		m.printPort(w, p)
		if m.pushing != nil && m.pushing.port == p {
			m.pushing.printMacros(w)
		}
	}
	m.printCodes(w)
	m.printPrototype(w)
	w.Directive("endif")
}

// portLine says how many elements an input or output has.
func (m *model) portLine(p *port) string {
	if p.value.Type.Dims == nil {
		return fmt.Sprintf("  %s: %s_LEN elements", p.name, p.macro)
	}
	return fmt.Sprintf("  %s: %s_LEN_AT elements of this run's sizes, one behind the other; %s_LEN at most", p.name, p.macro, p.macro)
}

// returns says what NAME_run returns.
func (m *model) returns() string {
	if len(m.dims) > 0 {
		return fmt.Sprintf("It returns %[1]s_OK, %[1]s_ENULL, %[1]s_EALIGN or %[1]s_ESIZE. Its time goes by the sizes that it is told.", m.macro)
	}
	return fmt.Sprintf("It returns %[1]s_OK, %[1]s_ENULL or %[1]s_EALIGN.", m.macro)
}

// printCodes prints what functions return.
func (m *model) printCodes(w *cw.Writer) {
	w.Comment("What " + m.name + "_run returns: done, an argument is a null pointer, the arena is not aligned to ARENA_ALIGN bytes.")
	w.Directive("define %s_OK 0", m.macro)
	w.Directive("define %s_ENULL 1", m.macro)
	w.Directive("define %s_EALIGN 2", m.macro)
	if len(m.dims) > 0 {
		w.Comment("It returns this where the size of a dimension is out of bounds; nothing was computed then.")
		w.Directive("define %s_ESIZE 5", m.macro)
	}
	switch {
	case m.pushing == nil:
	case m.pushing.last < 0:
		w.Comment("What the functions return that take rows: there are too many or too few.")
		w.Directive("define %s_EROWS 3", m.macro)
	default:
		w.Comment("What " + m.name + "_push returns, which is no error: there is no output yet.")
		w.Directive("define %s_WAIT 4", m.macro)
	}
	w.Blank()
}

// hasStrings reports whether an input or output holds places in the model's table of strings.
func (m *model) hasStrings() bool {
	return slices.ContainsFunc(m.ports(), func(p *port) bool { return p.value.Type.DType == tensor.String })
}

// printStrings declares the table of strings.
func (m *model) printStrings(w *cw.Writer) {
	if !m.hasStrings() {
		return
	}
	w.Comment("An element of type str is a string's place in this table; any other number stands for a string that is not in it.")
	w.Directive("define %s_STRINGS %d", m.macro, len(m.g.Strings.List()))
	w.Line("extern const char *const %s_string[%s_STRINGS];", m.name, m.macro)
	w.Blank()
}

// stringBytes is what the table takes of memory.
func (m *model) stringBytes() int {
	sum := 0
	if m.hasStrings() {
		for _, s := range m.g.Strings.List() {
			sum += len(s) + 1 + m.target.PointerBits/8
		}
	}
	return sum
}

// printStringTable defines it.
func (m *model) printStringTable(w *cw.Writer) {
	if !m.hasStrings() {
		return
	}
	quoted := make([]string, 0, len(m.g.Strings.List()))
	for _, s := range m.g.Strings.List() {
		quoted = append(quoted, cw.String(s))
	}
	w.List(fmt.Sprintf("const char *const %s_string[%s_STRINGS] = { ", m.name, m.macro), quoted, " };")
	w.Blank()
}

// printPreprocess says how raw values become the input.
func (m *model) printPreprocess(w *cw.Writer) {
	if m.opt.Preprocess == "" || len(m.inputs) != 1 {
		return
	}
	if m.inputs[0].value.Type.DType.IsInt() {
		w.Comment("The input takes raw values as they are: " + m.opt.Preprocess + " is part of the model.")
		return
	}
	w.Comment("The input is raw values after " + m.opt.Preprocess + "; compiled with --io quantized, it takes them as they are.")
}

// memoryTable shows what the model takes of flash and RAM, code aside.
func (m *model) memoryTable() []string {
	in, out := bytesOf(m.inputs), bytesOf(m.outputs)
	state := ""
	if len(m.g.States) > 0 {
		state = fmt.Sprintf(", state %d", m.report.StateBytes)
	}
	return []string{
		"Memory, in bytes:",
		fmt.Sprintf("  flash  constants %d, and the code", m.report.ConstBytes),
		fmt.Sprintf("  RAM    %s, inputs %d, outputs %d%s, and the stack", m.arenaTable(), in, out, state),
	}
}

func bytesOf(ports []*port) int {
	sum := 0
	for _, p := range ports {
		sum += p.value.Type.Bytes()
	}
	return sum
}

// arenaAlign returns the alignment that the arena must have: that of its widest element, and of words for kernels that read
// several narrow ones at once. AVR aligns nothing.
func (m *model) arenaAlign() int {
	if m.target.PointerBits == 16 {
		return 1
	}
	if len(m.mem.Scratch) > 0 {
		return 8
	}
	for v, place := range m.mem.Places {
		if place.Of == nil && v.Type.DType.Size() == 8 {
			return 8
		}
	}
	return 4
}

// printPort prints the macros of an input or output.
func (m *model) printPort(w *cw.Writer, p *port) {
	t := p.value.Type
	kind := "Output"
	if p.input {
		kind = "Input"
	}
	about := fmt.Sprintf("%s %q: %s in %s", kind, p.value.Name, m.typeText(t), t.DType.C())
	quantized := t.Quant != nil && len(t.Quant.Scale) == 1
	if quantized {
		about += "; the real value is (element - ZERO_POINT) * SCALE"
	}
	w.Comment(about)
	w.Directive("define %s_LEN %d", p.macro, t.Len())
	w.Directive("define %s_RANK %d", p.macro, len(t.Shape))
	w.Directive("define %s_SHAPE { %s }", p.macro, initializer(t.Shape))
	m.printSizeMacros(w, p)
	if quantized {
		w.Directive("define %s_SCALE %s", p.macro, cw.Float32(t.Quant.Scale[0]))
		w.Directive("define %s_ZERO_POINT %s", p.macro, cw.Int(int64(t.Quant.Zero[0])))
	}
	w.Blank()
}

// initializer lists the dimensions; for a scalar, which has none, a 1, as C has no empty arrays.
func initializer(shape []int) string {
	if len(shape) == 0 {
		return "1"
	}
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	return strings.Join(dims, ", ")
}

// printPrototype prints the declaration of NAME_run and what it does.
func (m *model) printPrototype(w *cw.Writer) {
	w.Directive("ifdef __cplusplus")
	w.Line("extern \"C\" {")
	w.Directive("endif")
	w.Blank()
	m.printStrings(w)
	m.printExterns(w)
	m.printReset(w)
	if m.pushing != nil {
		m.printPushPrototypes(w)
	}
	lines := []string{
		m.name + "_run computes the outputs from the inputs. The buffers must not overlap.",
		m.keeps(),
	}
	lines = append(lines, m.aboutArenas("; what is in it does not matter")...)
	for _, d := range m.told() {
		lines = append(lines, fmt.Sprintf("  %s: the size of dimension %q in this run, from %s_MIN to %s_MAX", d.Param, d.Name, d.Macro, d.Macro))
	}
	for _, p := range m.ports() {
		lines = append(lines, m.portLine(p))
	}
	w.Comment(append(lines, m.returns())...)
	w.List("int "+m.name+"_run(", m.params(), ");")
	w.Blank()
	w.Directive("ifdef __cplusplus")
	w.Line("}")
	w.Directive("endif")
	w.Blank()
}
