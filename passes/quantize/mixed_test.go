package quantize_test

import (
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes/quantize"
)

// TestMixedRaises asks for more than 8 bits give: 16-bit activations in some layers for a little more, float for much more.
func TestMixedRaises(t *testing.T) {
	float := load(t, "../../testdata/models/dwsep/model.onnx")
	samples := floatInputs(t, "../../testdata/models/dwsep")
	plain, err := quantize.Run(float.Clone(), samples, quantize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eight := snr(t, plain.Graph, float, samples)
	for _, c := range []struct {
		decibels float64
		want     func(wide, floats, all int) bool
	}{
		{eight - 1, func(wide, floats, _ int) bool { return wide+floats == 0 }},
		{eight + 3, func(wide, floats, all int) bool { return wide > 0 && wide < all && floats == 0 }},
		{eight + 60, func(_, floats, _ int) bool { return floats > 0 }},
	} {
		goal := quantize.Goal{Drop: 0, Score: func(g *ir.Graph) (float64, error) {
			if snr(t, g, float, samples) < c.decibels {
				return 0, nil
			}
			return 1, nil
		}}
		r, choices, err := quantize.Mixed(float.Clone(), samples, quantize.Options{}, goal)
		if err != nil {
			t.Fatalf("%.1f dB: %v", c.decibels, err)
		}
		wide, floats := 0, 0
		for _, k := range choices {
			if k.Activations == 16 {
				wide++
			}
			if k.Bits == 32 {
				floats++
			}
		}
		if !c.want(wide, floats, len(r.Layers)) {
			t.Errorf("%.1f dB, 8 bits have %.1f: %d layers with 16-bit activations, %d in float, of %d", c.decibels, eight, wide, floats, len(r.Layers))
		}
		if got := snr(t, r.Graph, float, samples); got < c.decibels {
			t.Errorf("%.1f dB, expected %.1f", got, c.decibels)
		}
	}
}
