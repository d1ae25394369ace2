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
	rows int // of one image
	len  int // elements of a row
}

func newRows(v *ir.Value, images, rows int) rowsOf {
	return rowsOf{rows: rows, len: v.Type.Len() / max(images*rows, 1)}
}

// at is the address of a row in a tensor that begins at base.
func (r rowsOf) at(base, row string) string {
	if r.rows == 1 {
		return base
	}
	return fmt.Sprintf("%s + %s * %d", base, row, r.len)
}

// ofImage is the address of an image's part of a tensor.
func (r rowsOf) ofImage(base string, images int) string {
	if images == 1 {
		return base
	}
	return fmt.Sprintf("%s + %s * %d", base, imageVar, r.rows*r.len)
}

// printRows prints the loops that call a kernel for every row of every image.
func (m *model) printRows(w *cw.Writer, c call) {
	win, ok := ir.WindowOf(c.node)
	if !ok {
		ir.Bugf("kernel %s works row by row, and %s has no window", c.node.Op, c.node.Line())
	}
	images := max(c.node.Attrs.Int("N"), 1)
	blocks := loop(w, imageVar, images) + loop(w, rowVar, win.Calls())
	if blocks == 0 {
		w.Begin("{")
		blocks++
	}
	x := newRows(c.node.Inputs[0], images, win.In)
	w.Line("const void *%s[%d];", windowVar, win.Kernel)
	w.Line("dg_window(%s, %s, %s, %d, %d, %d, %d, %d);", windowVar, x.ofImage(c.args[0], images), firstRow(win), win.Kernel, win.Dilation, win.In, win.In,
		x.len*c.node.Inputs[0].Type.DType.Size())
	w.List(c.function.name+"(", c.rowArgs(win, images), ");")
	for range blocks {
		w.Close("")
	}
}

// loop opens a loop from 0 to n, unless there is nothing to count. It returns the number of blocks that it opened.
func loop(w *cw.Writer, v string, n int) int {
	if n == 1 {
		return 0
	}
	w.Begin(fmt.Sprintf("for (dg_idx %[1]s = 0; %[1]s < %[2]d; %[1]s++) {", v, n))
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
func (c call) rowArgs(win ir.Window, images int) []string {
	args := append([]string(nil), c.args...)
	y := newRows(c.node.Outputs[0], images, win.Out)
	for i, p := range c.function.kernel.params {
		switch {
		case p.rows:
			args[i] = windowVar
		case p.isRow() && win.Calls() > 1:
			args[i] = rowVar
		case i == len(c.node.Inputs):
			args[i] = y.at(y.ofImage(args[i], images), outRow(win))
		}
	}
	return args
}
