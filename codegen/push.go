package codegen

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// pushing is how an input arrives row by row.
type pushing struct {
	*ir.PushedInput
	port   *port
	row    string // parameter that takes a row
	calls  []streamCall
	last   int // with a stream that slides, the call that computes what the nodes behind it read; -1
	period int // rows of the input after which the counters of a stream that slides may start anew
}

// newPushing returns nil where inputs are whole.
func (m *model) newPushing() *pushing {
	if m.mem.Pushed == nil {
		return nil
	}
	p := &pushing{PushedInput: m.mem.Pushed, port: m.port[m.mem.Pushed.Value], calls: m.callsOf(m.mem.Streams[0]), last: -1}
	p.row = p.port.name + "_row"
	if p.Last != nil {
		p.row = p.port.name + "_frame"
		p.last = len(p.calls) - 1
		p.period = m.period(p)
	}
	return p
}

// hops returns, per call of the stream, how many rows of the input it takes for a call.
func (p *pushing) hops() []int {
	list := make([]int, len(p.calls))
	for i, c := range p.calls {
		per := 1
		for _, from := range c.from {
			if from >= 0 {
				per = list[from] * p.calls[from].win.Fold
			}
		}
		list[i] = per * c.win.Slide().Stride
	}
	return list
}

// period returns a number of rows of the input after which every ring is at its start again.
func (m *model) period(p *pushing) int {
	period := 1
	for i, hop := range p.hops() {
		c := p.calls[i]
		ring := c.win.Fold
		if i != p.last {
			ring *= m.ringOf(c.node.Outputs[0], 1)
		}
		period = lcm(period, hop*ring)
	}
	return period
}

func lcm(a, b int) int {
	x, y := a, b
	for y > 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// mostRows is how far the counters get.
func (p *pushing) mostRows() int {
	if p.last < 0 {
		return p.Rows
	}
	return p.Rows + 2*p.period
}

// limit is more rows than any counter or window gets to.
func (p *pushing) limit() int { return p.mostRows() + p.Rows }

// check refuses counters that the target's integers cannot hold.
func (p *pushing) check() error {
	if p.limit() <= math.MaxInt32/2 {
		return nil
	}
	return &ir.Error{Msg: fmt.Sprintf("--stream-input frames: the layers keep rings of rows that are all at their start only every %d frames", p.period), Hint: "compile with --stream-input rows"}
}

// rowLen is how many elements a call takes.
func (p *pushing) rowLen() int { return p.Value.Type.Len() / p.Rows }

// declaration declares the parameter that takes a row.
func (p *pushing) declaration() string {
	return fmt.Sprintf("const %s *%s", p.Value.Type.DType.C(), p.row)
}

// printMacros prints how many rows there are, and how long.
func (p *pushing) printMacros(w *cw.Writer) {
	if p.last < 0 {
		w.Comment("It arrives row by row.")
	} else {
		w.Comment("It arrives frame by frame. There are outputs after FIRST frames, then after every HOP more: those for a window of ROWS frames.")
	}
	w.Directive("define %s_ROWS %d", p.port.macro, p.Rows)
	w.Directive("define %s_ROW_LEN %d", p.port.macro, p.rowLen())
	if p.last >= 0 {
		w.Directive("define %s_FIRST %d", p.port.macro, p.First)
		w.Directive("define %s_HOP %d", p.port.macro, p.Hop)
	}
	w.Blank()
}

// printPushPrototypes declares the functions that take the input row by row.
func (m *model) printPushPrototypes(w *cw.Writer) {
	p := m.pushing
	arena := m.aboutArenas(", in which nothing else may write from " + m.name + "_begin on")
	row := fmt.Sprintf("  %s: %s_ROW_LEN elements; it is copied", p.row, p.port.macro)
	w.Comment(append([]string{m.name + "_begin makes the arena ready for the first row."}, arena...)...)
	w.List("int "+m.name+"_begin(", m.arenaParams(), ");")
	w.Blank()
	if p.last >= 0 {
		lines := []string{fmt.Sprintf("%[1]s_push takes the next frame, and computes the outputs where that completes a window: it returns %[2]s_OK then, %[2]s_WAIT else,", m.name, m.macro),
			fmt.Sprintf("or %[1]s_ENULL or %[1]s_EALIGN. What layers have computed of earlier frames is not computed again.", m.macro)}
		w.Comment(slices.Concat(lines, arena, []string{row})...)
		w.List("int "+m.name+"_push(", m.pushParams(), ");")
		w.Blank()
		return
	}
	about := fmt.Sprintf("%[1]s_push_row takes the next row, and computes what it can. It returns %[2]s_OK, %[2]s_ENULL, %[2]s_EALIGN, or %[2]s_EROWS after the last one.", m.name, m.macro)
	w.Comment(slices.Concat([]string{about}, arena, []string{row})...)
	w.List("int "+m.name+"_push_row(", append(m.arenaParams(), p.declaration()), ");")
	w.Blank()
	w.Comment(fmt.Sprintf("%[1]s_end computes the outputs. It returns %[2]s_OK, %[2]s_ENULL, %[2]s_EALIGN, or %[2]s_EROWS before the last row.", m.name, m.macro))
	w.List("int "+m.name+"_end(", m.endParams(), ");")
	w.Blank()
}

// endParams are the arena and the outputs.
func (m *model) endParams() []string {
	params := m.arenaParams()
	for _, p := range m.outputs {
		params = append(params, p.declaration())
	}
	return params
}

func (m *model) pushParams() []string {
	return slices.Insert(m.endParams(), len(m.regions), m.pushing.declaration())
}

// printPush prints the functions that take the input row by row, and NAME_run, which calls them.
func (m *model) printPush(w *cw.Writer) {
	m.printBegin(w)
	if m.pushing.last >= 0 {
		m.printPushFrame(w)
	} else {
		m.printPushRow(w)
		m.printEnd(w)
	}
	m.printRunByRows(w)
}

// open begins a function that works in the arena, with its checks.
func (m *model) open(w *cw.Writer, name string, params []string, null ...string) {
	w.Func("int "+m.name+"_"+name, params)
	m.printLocals(w, false)
	conditions := m.nullArenas()
	for _, n := range null {
		conditions = append(conditions, n+" == NULL")
	}
	m.printRefusals(w, conditions)
}

// printCounters makes the counters known.
func (m *model) printCounters(w *cw.Writer) {
	w.Line("dg_idx *const %s = (dg_idx *)(void *)(%s);", doneVar, m.inArena(m.pushing.Counters))
}

func (m *model) printBegin(w *cw.Writer) {
	m.open(w, "begin", m.arenaParams())
	w.Line("memset(%s, 0, %d * sizeof(dg_idx));", m.inArena(m.pushing.Counters), len(m.pushing.calls))
	w.Line("return %s_OK;", m.macro)
	w.Close("")
	w.Blank()
}

func (m *model) printPushRow(w *cw.Writer) {
	p := m.pushing
	m.open(w, "push_row", append(m.arenaParams(), p.declaration()), p.row)
	m.printCounters(w)
	w.Begin(fmt.Sprintf("if (%s[0] == %d) {", doneVar, p.Rows))
	w.Line("return %s_EROWS;", m.macro)
	w.Close("")
	w.List(m.streamName(0)+"(", append(m.localNames(), doneVar, p.row), ");")
	w.Line("return %s_OK;", m.macro)
	w.Close("")
	w.Blank()
}

func (m *model) printEnd(w *cw.Writer) {
	m.open(w, "end", m.endParams(), m.outputNames()...)
	w.Begin(fmt.Sprintf("if (((const dg_idx *)(const void *)(%s))[0] != %d) {", m.inArena(m.pushing.Counters), m.pushing.Rows))
	w.Line("return %s_EROWS;", m.macro)
	w.Close("")
	m.printOutputs(w)
	w.Blank()
}

func (m *model) printPushFrame(w *cw.Writer) {
	p := m.pushing
	m.open(w, "push", m.pushParams(), append([]string{p.row}, m.outputNames()...)...)
	m.printCounters(w)
	w.Begin(fmt.Sprintf("if (%s[0] == %d) {", doneVar, p.mostRows()))
	w.Comment("All rings are where they were so many rows ago.")
	for i, hop := range p.hops() {
		w.Line("%s[%d] = (dg_idx)(%[1]s[%[2]d] - %[3]d);", doneVar, i, p.period/hop)
	}
	w.Close("")
	w.Line("const dg_idx before = %s[%d];", doneVar, p.last)
	w.List(m.streamName(0)+"(", append(m.localNames(), doneVar, p.row), ");")
	last := p.calls[p.last].win
	waits := fmt.Sprintf("%s[%d] == before || %[1]s[%[2]d] < %[3]d", doneVar, p.last, last.Calls())
	if last.Fold > 1 { // a row takes so many calls
		waits += fmt.Sprintf(" || %s[%d] %% %d != 0", doneVar, p.last, last.Fold)
	}
	w.Begin("if (" + waits + ") {")
	w.Line("return %s_WAIT;", m.macro)
	w.Close("")
	m.printOutputs(w)
	w.Blank()
}

func (m *model) outputNames() []string {
	var names []string
	for _, p := range m.outputs {
		names = append(names, p.name)
	}
	return names
}

// printRunByRows prints NAME_run.
func (m *model) printRunByRows(w *cw.Writer) {
	p := m.pushing
	w.Func("int "+m.name+"_run", m.params())
	names := append(m.arenaNames(), m.outputNames()...)
	row := fmt.Sprintf("%s + %s * %d", p.port.name, rowVar, p.rowLen())
	w.Begin(fmt.Sprintf("if (%s == NULL) {", p.port.name))
	w.Line("return %s_ENULL;", m.macro)
	w.Close("")
	w.List("int code = "+m.name+"_begin(", m.arenaNames(), ");")
	if p.last >= 0 {
		w.Line("for (dg_idx %[1]s = 0; (code == %[3]s_OK || code == %[3]s_WAIT) && %[1]s < %[2]d; %[1]s++) {", rowVar, p.First, m.macro)
		w.List("    code = "+m.name+"_push(", slices.Insert(names, len(m.regions), row), ");")
		w.Line("}")
		w.Line("return code;")
		w.Close("")
		return
	}
	w.Line("for (dg_idx %[1]s = 0; code == %[3]s_OK && %[1]s < %[2]d; %[1]s++) {", rowVar, p.Rows, m.macro)
	w.List("    code = "+m.name+"_push_row(", append(m.arenaNames(), row), ");")
	w.Line("}")
	w.Begin(fmt.Sprintf("if (code != %s_OK) {", m.macro))
	w.Line("return code;")
	w.Close("")
	w.List("return "+m.name+"_end(", names, ");")
	w.Close("")
}
