package codegen

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// doneVar counts, in a stream's function, the rows that each of its calls has computed.
const doneVar = "done"

// streamCall is a call in a stream.
type streamCall struct {
	call
	win  ir.Window
	from []int // per argument that is an input, the call of the stream that computes it, or -1
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
			sc := streamCall{call: c, win: win}
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
	arena := false
	for _, c := range calls {
		arena = arena || c.node.Attrs.Has("scratch")
		for _, v := range append(c.node.Inputs[:len(c.node.Inputs):len(c.node.Inputs)], c.node.Outputs...) {
			if !v.IsConst() {
				used[m.mem.Places[v].Of] = true
			}
		}
	}
	if arena || used[nil] {
		names, params = append(names, m.arena), append(params, "uint8_t *"+m.arena)
	}
	for _, p := range m.ports() {
		if used[p.value] {
			names, params = append(names, p.name), append(params, p.declaration())
		}
	}
	return names, params
}

// printStream prints the function of stream k.
func (m *model) printStream(w *cw.Writer, k int) {
	calls := m.callsOf(m.mem.Streams[k])
	w.Comment(fmt.Sprintf("%s runs nodes %d to %d row by row: whenever the last of them has the rows that it reads, it computes the next one.", m.streamName(k), calls[0].index, calls[len(calls)-1].index))
	_, params := m.streamNeeds(calls)
	w.Func("static void "+m.streamName(k), params)
	w.Line("dg_idx %s[%d] = { 0 };", doneVar, len(calls))
	w.Begin("for (;;) {")
	for i := len(calls) - 1; i >= 0; i-- {
		m.printStreamCall(w, calls, i)
	}
	w.Line("return;")
	w.Close("")
	w.Close("")
	w.Blank()
}

// printStreamCall prints what computes one row where it can.
func (m *model) printStreamCall(w *cw.Writer, calls []streamCall, i int) {
	c := calls[i]
	row := fmt.Sprintf("%s[%d]", doneVar, i)
	conditions := []string{fmt.Sprintf("%s < %d", row, c.win.Calls())}
	seen := map[int]bool{-1: true}
	for _, from := range c.from {
		if !seen[from] {
			seen[from] = true
			conditions = append(conditions, fmt.Sprintf("%s >= %s", made(calls[from], from), c.needs(row)))
		}
	}
	w.Comment(c.comment())
	w.If(conditions, "&&")
	m.printRow(w, c, row)
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
func (c streamCall) needs(row string) string {
	if c.win == ir.Rowwise(c.win.In) {
		return row + " + 1"
	}
	return fmt.Sprintf("dg_need(%s, %d, %d, %d)", row, c.win.Stride, c.win.Reach()-c.win.Pad, c.win.In)
}

// printRow prints the call of a kernel for the next row, whose number is in the variable next.
func (m *model) printRow(w *cw.Writer, c streamCall, next string) {
	args := append([]string(nil), c.args...)
	window := ""
	for i, p := range c.function.kernel.params {
		switch {
		case p.rows:
			v := c.node.Inputs[i]
			x := newRows(v, 1, c.win.In)
			window = fmt.Sprintf("dg_window(%s, %s, %s, %d, %d, %d, %d, %d);", windowVar, args[i], firstRow(c.win), c.win.Kernel, c.win.Dilation, c.win.In, m.ringOf(v, c.win.In), x.len*v.Type.DType.Size())
			args[i] = windowVar
		case p.isRow():
			args[i] = rowVar
		case i < len(c.node.Inputs) && !c.node.Inputs[i].IsConst():
			args[i] = m.rowAt(args[i], c.node.Inputs[i], c.win.In, rowVar)
		case i == len(c.node.Inputs):
			args[i] = m.rowAt(args[i], c.node.Outputs[0], c.win.Out, outRow(c.win))
		}
	}
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
	m.printTrace(w, c.call, at, c.node.Outputs[0].Type.Bytes()/c.win.Out)
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
	x := newRows(v, 1, rows)
	switch ring := m.ringOf(v, rows); {
	case ring == 1:
		return base
	case ring < rows:
		return x.at(base, fmt.Sprintf("%s %% %d", row, ring))
	}
	return x.at(base, row)
}
