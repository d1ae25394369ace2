package op

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
)

// window is the geometry that convolution and pooling share: per spatial axis the input and output sizes, kernel, stride,
// dilation, and padding before and after.
type window struct {
	in, out, kernel, stride, dilation, before, after []int
}

// windowAttrs are the attributes that describe a window.
var windowAttrs = []Attr{Str("auto_pad", "NOTSET"), Ints("dilations"), Ints("kernel_shape"), Ints("pads"), Ints("strides")}

// newWindow reads the attributes of a convolution or pooling over the spatial sizes in. kernel is given where weights say it.
func newWindow(a ir.Attrs, in, kernel []int) (*window, error) {
	n := len(in)
	w := &window{in: in, kernel: kernel, out: make([]int, n)}
	if k := a.Ints("kernel_shape"); k != nil {
		w.kernel = k
	}
	w.stride, w.dilation = orOnes(a.Ints("strides"), n), orOnes(a.Ints("dilations"), n)
	pads := a.Ints("pads")
	if pads == nil {
		pads = make([]int, 2*n)
	}
	if len(w.kernel) != n || len(w.stride) != n || len(w.dilation) != n || len(pads) != 2*n {
		return nil, fmt.Errorf("kernel_shape %v, strides %v, dilations %v, pads %v do not fit %d spatial axes", w.kernel, w.stride, w.dilation, pads, n)
	}
	w.before, w.after = append([]int(nil), pads[:n]...), append([]int(nil), pads[n:]...)
	for i := range n {
		if w.kernel[i] < 1 || w.stride[i] < 1 || w.dilation[i] < 1 || w.before[i] < 0 || w.after[i] < 0 {
			return nil, fmt.Errorf("kernel_shape %v, strides %v and dilations %v must be positive, pads %v not negative", w.kernel, w.stride, w.dilation, pads)
		}
	}
	return w, w.size(a)
}

func orOnes(v []int, n int) []int {
	if v != nil {
		return v
	}
	v = make([]int, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

// extent is the number of input elements from a window's first tap to its last.
func (w *window) extent(i int) int { return (w.kernel[i]-1)*w.dilation[i] + 1 }

// size resolves auto_pad and sets the output sizes.
func (w *window) size(a ir.Attrs) error {
	auto := a.String("auto_pad")
	for i := range w.in {
		switch auto {
		case "SAME_UPPER", "SAME_LOWER":
			w.same(i, auto == "SAME_LOWER")
		case "VALID":
			w.before[i], w.after[i] = 0, 0
		case "NOTSET", "":
		default:
			return fmt.Errorf("auto_pad %q is unknown; expected NOTSET, SAME_UPPER, SAME_LOWER or VALID", auto)
		}
		room := w.in[i] + w.before[i] + w.after[i] - w.extent(i)
		if room < 0 {
			return fmt.Errorf("a window of %d does not fit an input of %d padded by %d and %d", w.extent(i), w.in[i], w.before[i], w.after[i])
		}
		w.out[i] = room/w.stride[i] + 1
		// With ceil_mode a last, partial window counts where it starts inside the input or the padding before it.
		if a.Bool("ceil_mode") && room%w.stride[i] != 0 && w.out[i]*w.stride[i] < w.in[i]+w.before[i] {
			w.out[i]++
		}
	}
	return nil
}

// same pads so that the output has ceil(in/stride) elements; an odd element of padding goes after, or before where lower.
func (w *window) same(i int, lower bool) {
	out := (w.in[i] + w.stride[i] - 1) / w.stride[i]
	total := max((out-1)*w.stride[i]+w.extent(i)-w.in[i], 0)
	w.before[i], w.after[i] = total/2, total-total/2
	if lower {
		w.before[i], w.after[i] = w.after[i], w.before[i]
	}
}

// taps calls f for every tap of the window at output position out that lies inside the input, with the tap's index in the
// kernel and the element's index in the input's spatial volume.
func (w *window) taps(out []int, f func(tap, at int)) {
	w.tapsFrom(0, out, 0, 0, f)
}

func (w *window) tapsFrom(axis int, out []int, tap, at int, f func(tap, at int)) {
	if axis == len(w.in) {
		f(tap, at)
		return
	}
	for k := range w.kernel[axis] {
		pos := out[axis]*w.stride[axis] - w.before[axis] + k*w.dilation[axis]
		if pos >= 0 && pos < w.in[axis] {
			w.tapsFrom(axis+1, out, tap*w.kernel[axis]+k, at*w.in[axis]+pos, f)
		}
	}
}

// positions calls f for every output position, in order.
func (w *window) positions(f func(out []int)) {
	idx := make([]int, len(w.out))
	var visit func(axis int)
	visit = func(axis int) {
		if axis == len(w.out) {
			f(idx)
			return
		}
		for idx[axis] = 0; idx[axis] < w.out[axis]; idx[axis]++ {
			visit(axis + 1)
		}
	}
	visit(0)
}

// constants returns the names that 2-D kernels take, a missing axis being one of size 1.
func (w *window) constants() ir.Attrs {
	h, v := len(w.in)-2, len(w.in)-1
	at := func(s []int, i, def int) int64 {
		if i < 0 {
			return int64(def)
		}
		return int64(s[i])
	}
	return ir.Attrs{
		"IH": at(w.in, h, 1), "IW": at(w.in, v, 1), "OH": at(w.out, h, 1), "OW": at(w.out, v, 1),
		"KH": at(w.kernel, h, 1), "KW": at(w.kernel, v, 1), "SH": at(w.stride, h, 1), "SW": at(w.stride, v, 1),
		"DH": at(w.dilation, h, 1), "DW": at(w.dilation, v, 1), "PT": at(w.before, h, 0), "PL": at(w.before, v, 0),
	}
}

// windowOf returns the window that a 2-D kernel's constants describe, for the kernel's Eval.
func windowOf(a ir.Attrs) *window {
	two := func(x, y string) []int { return []int{a.Int(x), a.Int(y)} }
	return &window{in: two("IH", "IW"), out: two("OH", "OW"), kernel: two("KH", "KW"), stride: two("SH", "SW"),
		dilation: two("DH", "DW"), before: two("PT", "PL")}
}
