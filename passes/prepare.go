package passes

import "github.com/deepgo/deepgo/ir"

// preparation is what a float graph goes through before it is quantized: products are Conv and Gemm with their bias,
// BatchNormalization is folded away.
var preparation = []Pass{
	foldconstPass, deadcodePass, csePass, simplifyPass,
	{Name: "floatweights", Doc: "compute the dequantized constants", Run: floatWeights},
	foldconstPass, deadcodePass,
	{Name: "gemm", Doc: "make matrix products with constants and their bias Gemm", Run: gemm},
	{Name: "foldbn", Doc: "fold BatchNormalization, and Mul and Add by constants, into weights", Run: foldBN},
	simplifyPass, csePass, foldconstPass, deadcodePass,
}

// Prepare rewrites a graph of ONNX operators for quantization. Its operators stay those of ONNX.
func Prepare(g *ir.Graph) error { return run(g, &Config{}, preparation) }
