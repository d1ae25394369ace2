package op

import (
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
)

// TestParametersOfAnotherLength refuses scales, zero points and biases that have neither one element nor one for each output channel.
func TestParametersOfAnotherLength(t *testing.T) {
	const inputs = "%x: i8[2,4], %w: i8[5,4], %p: i8[1,2,2,2], %k: i8[5,2,1,1], %q: i8[4,4], %s: f32[], %z: i8[], %s3: f32[3], %z3: i8[3], %b: i32[3]"
	for _, node := range []string{
		"%y: i8[2,5] = QGemm(%x, %s, %z, %w, %s, %z, %b, %s, %z) {transB=1}",
		"%y: i8[2,5] = QGemm(%x, %s, %z, %w, %s, %z3, _, %s, %z) {transB=1}",
		"%y: i8[1,5,2,2] = QLinearConv(%p, %s, %z, %k, %s, %z, %s, %z, %b) {group=1}",
		"%y: i8[1,5,2,2] = QLinearConv(%p, %s, %z, %k, %s, %z3, %s, %z) {group=1}",
		"%y: i8[1,5,2,2] = QLinearConv(%p, %s, %z, %k, %s3, %z, %s, %z) {group=1}",
		"%y: i8[1,5,2,2] = QLinearConv(%p, %s3, %z, %k, %s, %z, %s, %z) {group=1}",
		"%y: i8[5,4] = QLinearMatMul(%w, %s, %z, %q, %s, %z, %s, %z3)",
		"%y: i8[2,4] = QLinearAdd(%x, %s, %z3, %x, %s, %z, %s, %z)",
		"%y: i8[2,4] = QLinearSigmoid(%x, %s3, %z, %s, %z)",
		"%y: i8[2,4] = QLinearSoftmax(%x, %s, %z, %s3, %z)",
		"%y: i8[1,2,1,1] = QLinearGlobalAveragePool(%p, %s, %z, %s, %z3)",
		"%y: i8[4,4] = QLinearConcat(%s, %z, %x, %s, %z, %x, %s3, %z) {axis=0}",
	} {
		g, err := ir.Parse("graph \"g\"(" + inputs + ") -> (%y) {\n  " + node + "\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Infer(g.Nodes[0]); err == nil || !strings.Contains(err.Error(), "has shape [3]; expected") {
			t.Errorf("%s: the error is %v", node, err)
		}
	}
}
