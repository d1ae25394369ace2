package op

import (
	"strings"

	"github.com/deepgo/deepgo/ir"
)

// MACs returns the multiply-accumulates of an ONNX operator that is made of them, and 0 for every other: taps that a
// zero-padded border skips are counted, as is usual.
func MACs(n *ir.Node) int {
	switch n.Op {
	case "Conv", "ConvInteger":
		return n.Outputs[0].Type.Len() * sizeFrom(n.Inputs[1], 1)
	case "QLinearConv":
		return n.Outputs[0].Type.Len() * sizeFrom(n.Inputs[3], 1)
	case "ConvTranspose":
		return n.Inputs[0].Type.Len() * sizeFrom(n.Inputs[1], 1)
	case "MatMul", "MatMulInteger", "QLinearMatMul":
		return n.Outputs[0].Type.Len() * lastDim(n.Inputs[0])
	case "Gemm", "QGemm":
		k := lastDim(n.Inputs[0])
		if n.Attrs.Bool("transA") {
			k = n.Inputs[0].Type.Shape[0]
		}
		return n.Outputs[0].Type.Len() * k
	case "LSTM", "GRU", "RNN":
		// X is [steps][batch][input] (layout 1 swaps the first two); W and R hold a row per gate and direction.
		x := n.Inputs[0].Type.Shape
		return x[0] * x[1] * (n.Inputs[1].Type.Len() + n.Inputs[2].Type.Len())
	}
	return 0
}

// kernelMACs lists, by the part of kernels' names before "_", the sizes whose product is how often they multiply and accumulate, but for the
// inputs, states and gates of recurrent ones.
var kernelMACs = map[string][]string{
	"conv2d": convMACs, "convn": convMACs, "convint2d": convMACs, "convnd": convMACs,
	"convtranspose": {"N", "IC", "ID", "IH", "IW", "OC", "KD", "KH", "KW"},
	"dwconv2d":      depthwiseMACs, "dwconvn": depthwiseMACs, "dwconvint2d": depthwiseMACs,
	"fc": productMACs, "fc4": productMACs, "fcn": productMACs, "fcw": productMACs, "fcwn": productMACs, "fcint": productMACs,
	"matmul": productMACs, "matmulc": productMACs, "matmulint": productMACs,
	"lstm": recurrentMACs, "lstmw": recurrentMACs, "gru": recurrentMACs, "gruw": recurrentMACs, "rnn": recurrentMACs,
}

var (
	convMACs      = []string{"N", "OD", "OH", "OW", "OC", "KD", "KH", "KW", "IC"}
	depthwiseMACs = []string{"N", "OH", "OW", "C", "KH", "KW"}
	productMACs   = []string{"BATCH", "M", "ROWS", "K", "NO"}
	recurrentMACs = []string{"STEPS", "BATCH", "H"}
)

// KernelMACs returns the multiply-accumulates of a kernel that convolves, multiplies matrices or is recurrent, and 0 for every other. They are
// counted as MACs does, also where the kernel has a way with fewer, as Winograd's.
func KernelMACs(n *ir.Node) int {
	kind, _, _ := strings.Cut(n.Op, "_")
	sizes, a := kernelMACs[kind], n.Attrs
	if sizes == nil {
		return 0
	}
	product := 1
	for _, name := range sizes {
		if name == "C" && !a.Has("C") { // not packed
			name = "OC"
		}
		if a.Has(name) {
			product *= a.Int(name)
		}
	}
	switch {
	case strings.HasPrefix(kind, "lstm"):
		product *= 4 * (a.Int("IN") + a.Int("H"))
	case strings.HasPrefix(kind, "gru"):
		product *= 3 * (a.Int("IN") + a.Int("H"))
	case kind == "rnn":
		product *= a.Int("IN") + a.Int("H")
	case strings.Contains(n.Op, "_wino_") && !a.Has("KH"): // of 3x3
		product *= 9
	}
	return product / max(a.Int("G"), 1)
}

func sizeFrom(v *ir.Value, axis int) int {
	size := 1
	for _, d := range v.Type.Shape[axis:] {
		size *= d
	}
	return size
}

func lastDim(v *ir.Value) int {
	s := v.Type.Shape
	if len(s) == 0 {
		return 1
	}
	return s[len(s)-1]
}
