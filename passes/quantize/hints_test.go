package quantize_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
	"github.com/deepgo/deepgo/testdata"
)

// dense is a Gemm with a Relu and another Gemm, the answer of whose Softmax is read off.
const dense = `graph "dense"(%x: f32[1,16]) -> (%y) {
  %w: f32[8,16] = const [W]
  %b: f32[8] = const [0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4]
  %v: f32[4,8] = const [V]
  %p: f32[1,8] = Gemm(%x, %w, %b) {transB=1} from "first"
  %r: f32[1,8] = Relu(%p) from "relu"
  %u: f32[1,4] = Gemm(%r, %v) {transB=1} from "second"
  %y: f32[1,4] = Softmax(%u) from "softmax"
}`

func denseGraph(t *testing.T) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(strings.NewReplacer("[W]", "["+numbers(128)+"]", "[V]", "["+strings.Repeat("0.5, ", 8)+strings.Repeat("0.5005, ", 8)+strings.Repeat("-0.25, ", 15)+"-0.3]").Replace(dense))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func normal(n int, shape ...int) [][]*tensor.Tensor {
	r := rand.New(rand.NewPCG(9, 9))
	var samples [][]*tensor.Tensor
	for range n {
		x := tensor.New(tensor.Float32, shape...)
		for i := range x.Len() {
			x.SetF64(i, r.NormFloat64())
		}
		samples = append(samples, []*tensor.Tensor{x})
	}
	return samples
}

// TestHints spoils a network in one way after another: the activation that it spoils says so.
func TestHints(t *testing.T) {
	far := normal(200, 1, 16)
	far[7][0].SetF64(3, 400)
	near := normal(40, 1, 16)
	raw := func(scale float32) []*quantize.Params { return []*quantize.Params{{DType: tensor.Int8, Scale: scale}} }
	for _, c := range []struct {
		kind, point string
		samples     [][]*tensor.Tensor
		opt         quantize.Options
	}{
		{"outliers", "x", far, quantize.Options{NoChoice: true}},
		{"saturation", "x", near, quantize.Options{Raw: raw(0.01)}},
		{"dead range", "x", near, quantize.Options{Raw: raw(0.2)}},
		{"weights", "u", near, quantize.Options{Layers: map[string]quantize.Precision{"second": {Weights: 2}}}},
		{"inherited", "r", near, quantize.Options{Raw: raw(0.3), Layers: map[string]quantize.Precision{"second": {Activations: 16}}}},
		{"ties", "u", near, quantize.Options{IO: "int8"}},
	} {
		r, err := quantize.Run(denseGraph(t), c.samples, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range r.Points {
			for _, h := range p.Hints {
				found = found || p.Name == c.point && h.Kind == c.kind && h.Text != "" && h.Do != ""
			}
		}
		if !found {
			for _, p := range r.Points {
				t.Logf("%s %s %.1f dB %v", p.Name, p.DType, p.SNR, p.Hints)
			}
			t.Errorf("%s: no hint at %s", c.kind, c.point)
		}
	}
}

// TestHintOfChannels leaves channels that differ by 2^8 as they are.
func TestHintOfChannels(t *testing.T) {
	dir := filepath.Join(testdata.NeedShared(t), "zoo")
	float := load(t, filepath.Join(dir, "dwsep_scaled/model.onnx"))
	samples := npy(t, filepath.Join(dir, "dwsep_calib.npy"), float)[:8]
	for _, equal := range []bool{true, false} {
		r, err := quantize.Run(float.Clone(), samples, quantize.Options{NoEqualize: !equal})
		if err != nil {
			t.Fatal(err)
		}
		channels := 0
		for _, p := range r.Points {
			for _, h := range p.Hints {
				if h.Kind == "channels" {
					channels++
				}
			}
		}
		if equal != (channels == 0) {
			t.Errorf("equalized %v: %d hints of channels", equal, channels)
		}
	}
}
