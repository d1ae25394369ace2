package op_test

import (
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func TestMACs(t *testing.T) {
	for _, c := range []struct {
		line string
		want int
	}{
		{"%y: f32[1,8,10,10] = Conv(%a, %b)\n", 8 * 100 * 3 * 9},
		{"%y: f32[2,4,5] = MatMul(%c, %d)\n", 40 * 7},
		{"%y: f32[4,5] = Gemm(%e, %d) {transA=1}\n", 20 * 7},
		{"_, %y: f32[1,1,24] = LSTM(%f, %g, %h)\n", 96*13 + 96*24},
		{"%y: f32[2,4,7] = Relu(%c)\n", 0},
	} {
		g, err := ir.Parse(`graph g(%a: f32[1,3,12,12], %b: f32[8,3,3,3], %c: f32[2,4,7], %d: f32[7,5], %e: f32[7,4],
			%f: f32[1,1,13], %g: f32[1,96,13], %h: f32[1,96,24]) -> (%y) {` + "\n" + c.line + "}")
		if err != nil {
			t.Fatal(err)
		}
		if got := op.MACs(g.Nodes[0]); got != c.want {
			t.Errorf("%s: %d multiply-accumulates, want %d", c.line, got, c.want)
		}
	}
}
