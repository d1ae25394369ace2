package codegen

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// doneVar counts, in a stream's function, the rows that each of its calls has computed.
const doneVar = "done"

// streamCall is a call in a stream.
type streamCall struct {
	call
	win    ir.Window
	from   []int // per argument that is an input, the call of the stream that computes it, or -1
	slides bool  // rows keep coming
}

// lodge gives arguments that are guests in a ring their place there.
func (m *model) lodge(calls []streamCall) {
	for i := range calls {
		c := &calls[i]
		c.args = append([]string(nil), c.args...)
		for k, v := range append(c.node.Inputs[:len(c.node.Inputs):len(c.node.Inputs)], c.node.Outputs...) {
			if host, ok := m.mem.Hosts[v]; ok {
				at := slices.IndexFunc(calls, func(d streamCall) bool { return d.node.Outputs[0] == host.Of })
				place := fmt.Sprintf("%s %% %d * %d", made(calls[at], at), host.Kept, host.RowBytes)
				c.args[k] = m.cast(m.inArena(m.mem.Places[v].Offset)+" + "+place, v.Type.DType)
			}
		}
	}
}

// callsOf returns the calls of a stream.
func (m *model) callsOf(s ir.Stream) []streamCall {
	var list []streamCall
	maker := map[*ir.Value]int{}
	for i := s.From; i < s.To; i++ {
		if n := m.g.Nodes[i]; n.Op == "view" {
			if from, ok := maker[n.Inputs[0]]; ok {
				maker[n.Outputs[0]] = from
			}
		}
		for _, c := range m.calls {
			if c.index != i {
				continue
			}
			win, ok := ir.WindowOf(c.node)
			if !ok {
				ir.Bugf("%s is in a stream and has no rows", c.node.Line())
			}
			sc := streamCall{call: c, win: win, slides: s.Slides}
			for _, v := range c.node.Inputs {
				from, ok := maker[v]
				if !ok {
					from = -1
				}
				sc.from = append(sc.from, from)
			}
			maker[c.node.Outputs[0]] = len(list)
			list = append(list, sc)
		}
	}
	m.lodge(list)
	return list
}

// streamAt returns the stream whose first call node i is.
func (m *model) streamAt(i int) (k int, first bool) {
	for k, s := range m.mem.Streams {
		at := s.From
		for m.g.Nodes[at].Op == "view" {
			at++
		}
		if at == i {
			return k, true
		}
	}
	return 0, false
}

func (m *model) streamName(k int) string { return fmt.Sprintf("%s_stream_%d", m.name, k+1) }

// streamNeeds returns what the calls of a stream work in: names of parameters, and their declarations.
func (m *model) streamNeeds(calls []streamCall) (names, params []string) {
	used := map[*ir.Value]bool{}
	for _, c := range calls {
		for _, v := range append(c.node.Inputs[:len(c.node.Inputs):len(c.node.Inputs)], c.node.Outputs...) {
			if !v.IsConst() {
				used[m.mem.Places[v].Of] = true
			}
		}
	}
	regions := m.usedRegions(calls)
	for k, r := range m.regions {
		if regions[k] {
			names, params = append(names, r.local), append(params, "uint8_t *"+r.local)
		}
	}
	for _, p := range m.ports() {
		if used[p.value] {
			names, params = append(names, p.name), append(params, p.declaration())
		}
	}
	return names, params
}

// printUnused mentions the memories that a stream that rows are pushed into is given and does not work in.
func (m *model) printUnused(w *cw.Writer, calls []streamCall, k int) {
	used := m.usedRegions(calls)
	for i, r := range m.regions {
		if m.isPushed(k) && !used[i] && r.Bytes > 0 {
			w.Line("(void)%s;", r.local)
		}
	}
}

// printStream prints the function of stream k.
func (m *model) printStream(w *cw.Writer, k int) {
	calls := m.callsOf(m.mem.Streams[k])
	w.Comment(fmt.Sprintf("%s runs nodes %d to %d row by row: whenever the last of them has the rows that it reads, it computes the next one.", m.streamName(k), calls[0].index, calls[len(calls)-1].index))
	_, params := m.streamNeeds(calls)
	first := 0
	if m.isPushed(k) {
		params, first = append(bytePointers(m.localNames()), "dg_idx *"+doneVar, m.pushing.declaration()), 1
	}
	w.Func("static void "+m.streamName(k), params)
	m.printUnused(w, calls, k)
	if first == 0 {
		w.Line("dg_idx %s[%d] = { 0 };", doneVar, len(calls))
	}
	w.Begin("for (;;) {")
	for i := len(calls) - 1; i >= first; i-- {
		m.printStreamCall(w, calls, i)
	}
	if first > 0 {
		m.printTakeRow(w, calls[0])
	} else {
		w.Line("return;")
	}
	w.Close("")
	w.Close("")
	w.Blank()
}

// isPushed reports whether stream k takes the input as it arrives.
func (m *model) isPushed(k int) bool { return m.pushing != nil && k == 0 }

// printTakeRow prints what takes the row that a call gives.
func (m *model) printTakeRow(w *cw.Writer, c streamCall) {
	p := m.pushing
	w.Comment(m.comment(c.call))
	w.Begin(fmt.Sprintf("if (%s == NULL) {", p.row))
	w.Line("return;")
	w.Close("")
	y := c.node.Outputs[0]
	next := doneVar + "[0]"
	m.printSlide(w, c, 0, next)
	to := m.outAt(c, 0, next)
	w.Line("%s(%s, %s);", c.function.name, p.row, to)
	if m.opt.Trace {
		m.printTrace(w, c.call, to, ir.Fixed(y.Type.Bytes()/c.win.Out))
	}
	w.Line("%s++;", next)
	w.Line("%s = NULL;", p.row)
}

// outAt is where call i of a stream puts its next row. The last call of a stream that slides fills a window.
func (m *model) outAt(c streamCall, i int, row string) string {
	base, y := c.args[len(c.node.Inputs)], c.node.Outputs[0]
	switch {
	case !m.fillsWindow(c, i):
		return m.rowAt(base, y, c.win.Out, row)
	case c.win.Out == 1:
		return base
	}
	return m.at(fixedRows(y, c.win.Out), base, fmt.Sprintf("(%s < %d ? %[1]s : %[2]d)", row, c.win.Out-1))
}

// fillsWindow reports whether the rows that call i computes stay in order, the oldest first.
func (m *model) fillsWindow(c streamCall, i int) bool { return c.slides && i == m.pushing.last }

// printSlide makes room in a window that is full.
func (m *model) printSlide(w *cw.Writer, c streamCall, i int, call string) {
	if !m.fillsWindow(c, i) || c.win.Out == 1 {
		return
	}
	starts := ""
	if c.win.Fold > 1 {
		starts = fmt.Sprintf(" && %s %% %d == 0", call, c.win.Fold)
	}
	y := c.node.Outputs[0]
	w.Begin(fmt.Sprintf("if (%s >= %d%s) {", call, c.win.Calls(), starts))
	w.Line("dg_slide(%s, %d, %d);", c.args[len(c.node.Inputs)], c.win.Out, y.Type.Bytes()/c.win.Out)
	w.Close("")
}

// printStreamCall prints what computes one row where it can.
func (m *model) printStreamCall(w *cw.Writer, calls []streamCall, i int) {
	c := calls[i]
	row := fmt.Sprintf("%s[%d]", doneVar, i)
	var conditions []string
	if !c.slides {
		conditions = append(conditions, fmt.Sprintf("%s < %d", row, c.win.Calls()))
	}
	seen := map[int]bool{-1: true}
	for _, from := range c.from {
		if !seen[from] {
			seen[from] = true
			conditions = append(conditions, fmt.Sprintf("%s >= %s", made(calls[from], from), m.needs(c, row)))
		}
	}
	w.Comment(m.comment(c.call))
	w.If(conditions, "&&")
	m.printRow(w, c, i, row)
	w.Line("continue;")
	w.Close("")
}

// made is how many rows a call has computed.
func made(c streamCall, i int) string {
	if c.win.Fold > 1 {
		return fmt.Sprintf("%s[%d] / %d", doneVar, i, c.win.Fold)
	}
	return fmt.Sprintf("%s[%d]", doneVar, i)
}

// needs is how many rows of the input there must be for a row of the output.
func (m *model) needs(c streamCall, row string) string {
	if c.win == ir.Rowwise(c.win.In) {
		return row + " + 1"
	}
	win := m.moving(c)
	return fmt.Sprintf("dg_need(%s, %d, %d, %d)", row, win.Stride, win.Reach()-win.Pad, win.In)
}

// moving is the window of a call while rows keep coming, if they do.
func (m *model) moving(c streamCall) ir.Window {
	win := c.win
	if c.slides {
		win = win.Slide()
		win.In = m.pushing.limit()
	}
	return win
}

// printRow prints call i of a stream for the next row, whose number is in the variable next.
func (m *model) printRow(w *cw.Writer, c streamCall, i int, next string) {
	args := append([]string(nil), c.args...)
	window, win := "", m.moving(c)
	for k, p := range c.function.kernel.params {
		switch {
		case p.rows:
			v := c.node.Inputs[k]
			x := fixedRows(v, c.win.In)
			window = fmt.Sprintf("dg_window(%s, %s, %s, %d, %d, %d, %d, %d);", windowVar, args[k], firstRow(win), win.Kernel, win.Dilation, win.In, m.ringOf(v, c.win.In), x.len.Max*v.Type.DType.Size())
			args[k] = windowVar
		case p.isRow() && c.slides && c.win.Fold == 1:
			args[k] = "0" // all rows are alike
		case p.isRow():
			args[k] = rowVar
		case k < len(c.node.Inputs) && !c.node.Inputs[k].IsConst():
			args[k] = m.rowAt(args[k], c.node.Inputs[k], c.win.In, rowVar)
		case k == len(c.node.Inputs):
			args[k] = m.outAt(c, i, outRow(c.win))
		}
	}
	m.printSlide(w, c, i, next)
	if rowUse.MatchString(window + strings.Join(args, " ")) {
		w.Line("const dg_idx %s = %s++;", rowVar, next)
	} else {
		w.Line("%s++;", next)
	}
	if window != "" {
		w.Line("const void *%s[%d];", windowVar, c.win.Kernel)
		w.Line("%s", window)
	}
	w.List(c.function.name+"(", args, ");")
	if m.opt.Trace {
		m.printRowTrace(w, c, args[len(c.node.Inputs)])
	}
}

// printRowTrace shows a row once it is whole.
func (m *model) printRowTrace(w *cw.Writer, c streamCall, at string) {
	if c.win.Fold > 1 {
		w.Begin(fmt.Sprintf("if ((%s + 1) %% %d == 0) {", rowVar, c.win.Fold))
	}
	m.printTrace(w, c.call, at, ir.Fixed(c.node.Outputs[0].Type.Bytes()/c.win.Out))
	if c.win.Fold > 1 {
		w.Close("")
	}
}

// rowUse finds the row's variable in C.
var rowUse = regexp.MustCompile(`\b` + rowVar + `\b`)

// ringOf is how many rows are kept of a value that has so many.
func (m *model) ringOf(v *ir.Value, rows int) int {
	if ring := m.mem.Rings[v]; ring.Kept > 0 {
		return ring.Kept
	}
	return rows
}

// rowAt is the address of a row of a value that begins at base.
func (m *model) rowAt(base string, v *ir.Value, rows int, row string) string {
	x := fixedRows(v, rows)
	switch ring := m.mem.Rings[v].Kept; ring {
	case 0:
		return m.at(x, base, row)
	case 1:
		return base
	default:
		return m.at(x, base, fmt.Sprintf("%s %% %d", row, ring))
	}
}
