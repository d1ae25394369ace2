package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// mostSegments bounds what a kernel lists on the stack of the taps of a window.
const mostSegments = 64

// packFPU packs the weights of a float product for kernels that compute two pixels by eight channels at a time.
//
//	%y = conv2d_f32(%x, %w, %b) {G=1, post="Relu(v)", …}  =>  %y = conv2d_fpu_f32(%x, %w.eights) {ACT=1, LOW=0, HIGH=0, …}
func packFPU(r *rewriter, n *ir.Node) bool {
	a, kernel := n.Attrs.Clone(), ""
	switch n.Op {
	case "conv2d_f32":
		kernel = "conv2d_fpu_f32"
	case "dwconv2d_f32":
		kernel = "dwconv2d_fpu_f32"
	case "fc_f32":
		if a, kernel = asConvolution(a), "fc_fpu_f32"; a.Has("KH") {
			kernel = "conv2d_fpu_f32"
		}
	default:
		return false
	}
	depthwise := n.Op == "dwconv2d_f32"
	if depthwise && a.Int("IC") != a.Int("OC") || a.Int("G") > 1 || segments(a, depthwise) > mostSegments {
		return false
	}
	if depthwise {
		a["C"] = a["OC"]
		delete(a, "IC")
		delete(a, "OC")
	}
	delete(a, "G")
	op.FPUBounds(a)
	in, y := n.Inputs, n.Outputs[0]
	packed := r.g.NewConst(in[1].Name+".eights", op.FPUWeights(in[1].Const, in[2].Const, depthwise))
	r.supersede(y, r.emit(y.Name, kernel, a, y.Type, n.From, in[0], packed))
	return true
}

// segments is how many pieces of the input next to each other a kernel lists for a pixel.
func segments(a ir.Attrs, depthwise bool) int {
	if depthwise || a.Int("DW") > 1 {
		return a.Int("KH") * a.Int("KW")
	}
	return a.Int("KH")
}
