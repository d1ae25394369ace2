package op

import (
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
)

// TestBiasOfAnotherLength refuses a bias that has not an element for each output channel.
func TestBiasOfAnotherLength(t *testing.T) {
	const scales = "%s: f32[], %z: i8[], %b: i32[3]"
	for node, inputs := range map[string]string{
		"%y: i8[2,5] = QGemm(%x, %s, %z, %w, %s, %z, %b, %s, %z) {transB=1}":          "%x: i8[2,4], %w: i8[5,4]",
		"%y: i8[1,5,2,2] = QLinearConv(%x, %s, %z, %w, %s, %z, %s, %z, %b) {group=1}": "%x: i8[1,2,2,2], %w: i8[5,2,1,1]",
	} {
		g, err := ir.Parse("graph \"g\"(" + inputs + ", " + scales + ") -> (%y) {\n  " + node + "\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Infer(g.Nodes[0]); err == nil || !strings.Contains(err.Error(), "has shape [3]; expected") {
			t.Errorf("%s: the error is %v", node, err)
		}
	}
}
