package codegen

import (
	"fmt"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// driven are the constants of a kernel that works row by row which say where its rows are. The loop around the kernel needs them;
// its file takes them or not.
var driven = map[string]bool{"N": true, "IH": true, "IW": true, "OH": true, "KH": true, "SH": true, "DH": true, "PT": true, "PL": true}

// Local variables of a loop over rows: the row of the output, the rows of the input, the image of a batch.
const (
	rowVar    = "r"
	windowVar = "rows"
	imageVar  = "n"
)

// byRows reports whether a kernel computes one row of its output at a time.
func (k *kernel) byRows() bool {
	for _, p := range k.params {
		if p.rows {
			return true
		}
	}
	return false
}

// rowsOf is a tensor of which kernels see one row at a time.
type rowsOf struct {
	rows ir.Extent // of one image
	len  ir.Extent // elements of a row
}

func newRows(v *ir.Value, images, rows ir.Extent) (rowsOf, error) {
	if v.Type.Dims == nil {
		return rowsOf{rows, ir.Fixed(v.Type.Len() / max(images.Max*rows.Max, 1))}, nil
	}
	len, ok := v.Type.Extent().Over(images.Times(rows))
	if !ok {
		e := about(v, fmt.Sprintf("the rows of %s have no size that a run could tell", v.Type))
		e.Hint = fixHint
		return rowsOf{}, e
	}
	return rowsOf{rows, len}, nil
}

func fixedRows(v *ir.Value, rows int) rowsOf {
	r, err := newRows(v, ir.Fixed(1), ir.Fixed(rows))
	if err != nil {
		ir.Bugf("%v", err)
	}
	return r
}

// at is the address of a row in a tensor that begins at base.
func (m *model) at(r rowsOf, base, row string) string {
	if r.rows.Equal(ir.Fixed(1)) {
		return base
	}
	return fmt.Sprintf("%s + %s * %s", base, row, m.factor(r.len))
}

// ofImage is the address of an image's part of a tensor.
func (m *model) ofImage(r rowsOf, base string, images ir.Extent) string {
	if images.Equal(ir.Fixed(1)) {
		return base
	}
	return fmt.Sprintf("%s + %s * %s", base, imageVar, m.factor(r.rows.Times(r.len)))
}

// factor is an extent that something is multiplied by.
func (m *model) factor(e ir.Extent) string {
	if len(e.Terms) > 1 {
		return "(" + m.length(e) + ")"
	}
	return m.length(e)
}

// rowWise is a call of a kernel for every row of every image.
type rowWise struct {
	call
	win       ir.Window
	images    ir.Extent
	x, y      rowsOf
	in, calls ir.Extent // rows of the input, and calls for an image
}

func newRowWise(c call) (*rowWise, error) {
	win, ok := ir.WindowOf(c.node)
	if !ok {
		ir.Bugf("kernel %s works row by row, and %s has no window", c.node.Op, c.node.Line())
	}
	r := &rowWise{call: c, win: win, images: ir.Fixed(max(c.node.Attrs.Int("N"), 1)), in: ir.Fixed(win.In), calls: ir.Fixed(win.Calls())}
	out := ir.Fixed(win.Out)
	if a := c.node.Attrs; c.node.Varies() && !a.Has("window") {
		for _, name := range []string{"KH", "SH", "DH", "PT"} {
			if a.ExtentOf(name).Varies() {
				e := about(c.node.Outputs[0], fmt.Sprintf("kernel %s needs %s when compiling, and a run decides about it", c.node.Op, name))
				e.Hint = fixHint
				return nil, e
			}
		}
		r.in, out = a.ExtentOf("IH"), a.ExtentOf("OH")
		r.calls = out
		if a.Has("N") {
			r.images = a.ExtentOf("N")
		}
	}
	var err error
	if r.x, err = newRows(c.node.Inputs[0], r.images, r.in); err == nil {
		r.y, err = newRows(c.node.Outputs[0], r.images, out)
	}
	return r, err
}

// printRows prints the loops that call a kernel for every row of every image.
func (m *model) printRows(w *cw.Writer, r *rowWise) {
	blocks := m.loop(w, imageVar, r.images) + m.loop(w, rowVar, r.calls)
	if blocks == 0 {
		w.Begin("{")
		blocks++
	}
	x, win := r.node.Inputs[0], r.win
	rows := m.length(r.in)
	w.Line("const void *%s[%d];", windowVar, win.Kernel)
	w.Line("dg_window(%s, %s, %s, %d, %d, %s, %s, %s);", windowVar, m.ofImage(r.x, r.args[0], r.images), firstRow(win), win.Kernel, win.Dilation, rows, rows,
		m.size(r.x.len.Times(ir.Fixed(x.Type.DType.Size()))))
	w.List(r.function.name+"(", m.rowArgs(r), ");")
	for range blocks {
		w.Close("")
	}
}

// loop opens a loop from 0 to n, unless there is nothing to count. It returns the number of blocks that it opened.
func (m *model) loop(w *cw.Writer, v string, n ir.Extent) int {
	if n.Equal(ir.Fixed(1)) {
		return 0
	}
	w.Begin(fmt.Sprintf("for (dg_idx %[1]s = 0; %[1]s < %[2]s; %[1]s++) {", v, m.length(n)))
	return 1
}

// firstRow is the number of the first row that row r of the output is computed from.
func firstRow(win ir.Window) string {
	switch {
	case win.Calls() == 1:
		return fmt.Sprint(-win.Pad)
	case win.Pad == 0:
		return fmt.Sprintf("%s * %d", rowVar, win.Stride)
	}
	return fmt.Sprintf("%s * %d - %d", rowVar, win.Stride, win.Pad)
}

// outRow is the number of the row of the output that call r works at.
func outRow(win ir.Window) string {
	if win.Fold > 1 {
		return fmt.Sprintf("%s / %d", rowVar, win.Fold)
	}
	return rowVar
}

// rowArgs are the arguments of a call inside printRows' loops.
func (m *model) rowArgs(r *rowWise) []string {
	args := append([]string(nil), r.args...)
	for i, p := range r.function.kernel.params {
		switch {
		case p.rows:
			args[i] = windowVar
		case p.isRow() && !r.calls.Equal(ir.Fixed(1)):
			args[i] = rowVar
		case i == len(r.node.Inputs):
			args[i] = m.at(r.y, m.ofImage(r.y, args[i], r.images), outRow(r.win))
		}
	}
	return args
}
