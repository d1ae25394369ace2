package ir

// Window says which rows of its input a kernel reads that computes its output row by row. Rows are those of images in NHWC: one
// index of H, all of W and C.
type Window struct {
	In, Out  int // rows of input and output
	Kernel   int // rows that a row of the output is computed from
	Stride   int
	Dilation int
	Pad      int // rows of padding above the input
}

// WindowOf returns the window of a kernel operator that has one: of kernels on images, and of elementwise ones in a stream, which
// have their number of rows in the attribute rows.
func WindowOf(n *Node) (Window, bool) {
	a := n.Attrs
	switch {
	case a.Has("KH") && a.Has("OH"):
		return Window{In: a.Int("IH"), Out: a.Int("OH"), Kernel: a.Int("KH"), Stride: a.Int("SH"), Dilation: a.Int("DH"), Pad: a.Int("PT")}, true
	case a.Has("rows"):
		return Rowwise(a.Int("rows")), true
	}
	return Window{}, false
}

// Rowwise is the window of a kernel that computes each row from the same row of its inputs.
func Rowwise(rows int) Window { return Window{In: rows, Out: rows, Kernel: 1, Stride: 1, Dilation: 1} }

// First returns the first row of the input that row r of the output is computed from; it may lie in the padding.
func (w Window) First(r int) int { return r*w.Stride - w.Pad }

// Need returns how many rows of the input there must be for row r of the output.
func (w Window) Need(r int) int { return max(min(w.First(r)+w.Reach(), w.In), 0) }

// Reach is the number of rows from the first to the last that a row of the output is computed from.
func (w Window) Reach() int { return (w.Kernel-1)*w.Dilation + 1 }
