package ir

import "math"

// Window says which rows of its input a kernel reads that computes its output row by row. Rows are those of images in NHWC: one
// index of H, all of W and C. A kernel that folds rows is called several times for a row of its output, each time with other rows
// of the input, and keeps what it has so far in its output or its scratch.
type Window struct {
	In, Out  int // rows of input and output
	Kernel   int // rows that a call reads
	Stride   int // from a call to the next
	Dilation int
	Pad      int // rows of padding above the input
	Fold     int // calls for a row of the output
}

// WindowOf returns the window of a kernel operator that has one: of kernels on images in NHWC, by their constants, and of others that run row
// by row or fold rows, by the attribute window. Kernels over up to three axes, channels first, have a KD and compute whole tensors.
func WindowOf(n *Node) (Window, bool) {
	a := n.Attrs
	if v := a.Ints("window"); len(v) == 7 {
		return Window{In: v[0], Out: v[1], Kernel: v[2], Stride: v[3], Dilation: v[4], Pad: v[5], Fold: v[6]}, true
	}
	if !a.Has("KH") || !a.Has("OH") || a.Has("KD") {
		return Window{}, false
	}
	return Window{In: a.Int("IH"), Out: a.Int("OH"), Kernel: a.Int("KH"), Stride: a.Int("SH"), Dilation: a.Int("DH"), Pad: a.Int("PT"), Fold: 1}, true
}

// SetWindow gives a node the attribute window.
func (w Window) SetWindow(a Attrs) {
	a.SetInts("window", []int{w.In, w.Out, w.Kernel, w.Stride, w.Dilation, w.Pad, w.Fold})
}

// Rowwise is the window of a kernel that computes each row from the same row of its inputs.
func Rowwise(rows int) Window {
	return Window{In: rows, Out: rows, Kernel: 1, Stride: 1, Dilation: 1, Fold: 1}
}

// Calls is how often the kernel is called.
func (w Window) Calls() int { return w.Out * w.Fold }

// First returns the first row of the input that a call reads; it may lie in the padding.
func (w Window) First(call int) int { return call*w.Stride - w.Pad }

// Need returns how many rows of the input there must be for a call.
func (w Window) Need(call int) int { return max(min(w.First(call)+w.Reach(), w.In), 0) }

// Reach is the number of rows from the first to the last that a call reads.
func (w Window) Reach() int { return (w.Kernel-1)*w.Dilation + 1 }

// Endless is how many rows a value has whose rows keep coming.
const Endless = math.MaxInt32

// Slide returns the window for a value whose rows keep coming; one that covers all rows of the input then moves on by one at a time.
func (w Window) Slide() Window {
	if w.Calls() == 1 {
		w.Stride = 1
	}
	w.In, w.Out = Endless, Endless/w.Fold
	return w
}

// Inside reports whether every call finds all its rows in the input.
func (w Window) Inside() bool { return w.Pad <= 0 && w.First(w.Calls()-1)+w.Reach() <= w.In }
