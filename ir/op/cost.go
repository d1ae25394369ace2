package op

import "github.com/deepgo/deepgo/ir"

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
