package quantize_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
	"github.com/deepgo/deepgo/testdata"
	"github.com/sbinet/npyio"
)

func load(t *testing.T, file string) *ir.Graph {
	t.Helper()
	raw, err := onnx.Read(file, onnx.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := frontend.Import(raw, frontend.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// snr is the signal-to-noise ratio of the outputs of got, which may be integers, to those of want.
func snr(t *testing.T, got, want *ir.Graph, samples [][]*tensor.Tensor) float64 {
	t.Helper()
	sums := quantize.Nearness{}
	for _, in := range samples {
		a, err := interp.Run(want, in, interp.Options{Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		b, err := interp.Run(got, in, interp.Options{Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		for k := range a {
			sums.Add(a[k], b[k])
		}
	}
	return sums.SNR()
}

// floatInputs reads the first input of every test case in a folder.
func floatInputs(t *testing.T, dir string) [][]*tensor.Tensor {
	t.Helper()
	var out [][]*tensor.Tensor
	for i := range 3 {
		x, err := onnx.ReadTensor(filepath.Join(dir, fmt.Sprintf("test_data_set_%d/input_0.pb", i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, []*tensor.Tensor{x})
	}
	return out
}

// mixed makes more samples: weighted means of two of the given ones, with a little noise.
func mixed(samples [][]*tensor.Tensor, n int) [][]*tensor.Tensor {
	r := rand.New(rand.NewPCG(5, 6))
	out := samples
	for range n {
		a, b, f := samples[r.IntN(len(samples))][0], samples[r.IntN(len(samples))][0], r.Float64()
		lo, hi := a.F64(0), a.F64(0)
		for i := range a.Len() {
			lo, hi = min(lo, a.F64(i)), max(hi, a.F64(i))
		}
		x := tensor.New(a.DType, a.Shape...)
		for i := range x.Len() {
			v := a.F64(i)*f + b.F64(i)*(1-f) + 0.02*(hi-lo)*r.NormFloat64()
			x.SetF64(i, min(max(v, lo), hi))
		}
		out = append(out, []*tensor.Tensor{x})
	}
	return out
}

// inFloats makes a model of integers take and give floats.
func inFloats(t *testing.T, g *ir.Graph) *ir.Graph {
	t.Helper()
	floats := func(v *ir.Value) *ir.Value {
		return &ir.Value{Name: v.Name + "_float", Type: ir.Type{DType: tensor.Float32, Shape: v.Type.Shape}}
	}
	for _, n := range g.Nodes {
		v := n.Inputs[0]
		for v.Def != nil && (v.Def.Op == "Reshape" || v.Def.Op == "Transpose") {
			v = v.Def.Inputs[0]
		}
		if n.Op == "DequantizeLinear" && v == g.Inputs[0] {
			in := floats(g.Inputs[0])
			q := &ir.Node{Op: "QuantizeLinear", Inputs: []*ir.Value{in, n.Inputs[1], n.Inputs[2]}, Outputs: []*ir.Value{g.Inputs[0]}}
			g.Inputs[0] = in
			g.Nodes = append([]*ir.Node{q}, g.Nodes...)
			break
		}
	}
	last := g.Outputs[0].Def
	if last.Op != "QuantizeLinear" || g.Inputs[0].Type.DType != tensor.Float32 {
		t.Fatalf("%s is not quantized from input to output", g.Name)
	}
	out := floats(g.Outputs[0])
	out.Def = &ir.Node{Op: "DequantizeLinear", Inputs: []*ir.Value{g.Outputs[0], last.Inputs[1], last.Inputs[2]}, Outputs: []*ir.Value{out}}
	g.Nodes, g.Outputs[0] = append(g.Nodes, out.Def), out
	return g
}

// TestMLPerfTiny quantizes the float models, and compares with the int8 models that MLPerf Tiny publishes: the same inputs, the
// same float model to be near to.
func TestMLPerfTiny(t *testing.T) {
	for _, name := range []string{"kws", "vww", "ic", "ad"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testdata.NeedShared(t), "mlperf-tiny")
			float := load(t, filepath.Join(dir, name+"_f32/model.onnx"))
			theirs := load(t, filepath.Join(dir, name+"_int8/model.onnx"))
			inputs := floatInputs(t, filepath.Join(dir, name+"_f32"))
			r, err := quantize.Run(float.Clone(), mixed(inputs, 29), quantize.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := snr(t, r.Graph, float, inputs)
			want := snr(t, inFloats(t, theirs), float, inputs)
			t.Logf("%.1f dB, the published model %.1f dB", got, want)
			if got < want {
				t.Errorf("%.1f dB are less than the published model's %.1f dB", got, want)
			}
		})
	}
}

// TestScaledChannels quantizes one function in two forms: the channels of the second differ by up to 2^8 in size. ONNX Runtime's
// static quantization leaves 36.6 and 7.0 dB.
func TestScaledChannels(t *testing.T) {
	for _, name := range []string{"dwsep", "dwsep_scaled"} {
		dir := filepath.Join(testdata.NeedShared(t), "zoo")
		float := load(t, filepath.Join(dir, name, "model.onnx"))
		r, err := quantize.Run(float.Clone(), npy(t, filepath.Join(dir, "dwsep_calib.npy"), float), quantize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := snr(t, r.Graph, float, npy(t, filepath.Join(dir, "dwsep_test.npy"), float)); got < 37 {
			t.Errorf("%s: %.1f dB", name, got)
		}
		if r.Equalized == 0 {
			t.Errorf("%s: no channels were equalized", name)
		}
	}
}

// npy reads float samples for a graph of one input.
func npy(t *testing.T, file string, g *ir.Graph) [][]*tensor.Tensor {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var data []float32
	if err := npyio.Read(f, &data); err != nil {
		t.Fatal(err)
	}
	shape := g.Inputs[0].Type.Shape
	per := tensor.Len(shape)
	var samples [][]*tensor.Tensor
	for at := 0; at < len(data); at += per {
		samples = append(samples, []*tensor.Tensor{tensor.Floats(data[at:at+per], shape...)})
	}
	return samples
}
