package quantize_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// highBiases is a network of two convolutions with a Relu between, whose channels lie high above zero; pads are those of the second.
func highBiases(t *testing.T, pads string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(fmt.Sprintf(`graph "high"(%%x: f32[1,2,6,6]) -> (%%y) {
  %%w: f32[4,2,1,1] = const [0.5, -0.25, 0.3, 0.2, -0.4, 0.6, 0.1, 0.7]
  %%b: f32[4] = const [20, 31, 17, 25]
  %%v: f32[3,4,3,3] = const [%s]
  %%c: f32[3] = const [0.1, -0.2, 0.3]
  %%p: f32[1,4,6,6] = Conv(%%x, %%w, %%b) from "first"
  %%r: f32[1,4,6,6] = Relu(%%p) from "relu"
  %%y: f32[1,3,%s] = Conv(%%r, %%v, %%c) {pads=ints[%s]} from "second"
}`, numbers(3*4*9), map[string]string{"0, 0, 0, 0": "4,4", "1, 1, 1, 1": "6,6"}[pads], pads))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func numbers(n int) string {
	r, text := rand.New(rand.NewPCG(1, 2)), ""
	for i := range n {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%.3f", r.NormFloat64())
	}
	return text
}

// TestAbsorb quantizes activations that lie between 15 and 35: absorbed biases leave less noise, where no padding would see them.
func TestAbsorb(t *testing.T) {
	var samples [][]*tensor.Tensor
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		x := tensor.New(tensor.Float32, 1, 2, 6, 6)
		for i := range x.Len() {
			x.SetF64(i, r.NormFloat64())
		}
		samples = append(samples, []*tensor.Tensor{x})
	}
	for _, c := range []struct {
		pads     string
		absorbed int
	}{{"0, 0, 0, 0", 1}, {"1, 1, 1, 1", 0}} {
		float := highBiases(t, c.pads)
		r, err := quantize.Run(float.Clone(), samples, quantize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		without, err := quantize.Run(float.Clone(), samples, quantize.Options{NoAbsorb: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Absorbed != c.absorbed {
			t.Errorf("pads %s: %d biases absorbed", c.pads, r.Absorbed)
		}
		got, before := snr(t, r.Graph, float, samples), snr(t, without.Graph, float, samples)
		t.Logf("pads %s: %.1f dB, without %.1f dB", c.pads, got, before)
		if c.absorbed > 0 && got < before+6 || c.absorbed == 0 && got != before {
			t.Errorf("pads %s: %.1f dB, without %.1f dB", c.pads, got, before)
		}
	}
}
