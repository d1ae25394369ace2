package verify_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

const elsewhere = "../../../testdata/quantize/elsewhere/"

// floatModels are where the inputs of models quantized elsewhere are.
var floatModels = map[string]string{"digits": "digits_f32", "sine": "sine_f32", "dwsep": "dwsep", "convbn": "convbn_nchw", "transformer": "transformer_block"}

// samplesOf splits a tensor along its first axis.
func samplesOf(t *testing.T, file string) []*tensor.Tensor {
	t.Helper()
	all, err := onnx.ReadTensor(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	per := all.Len() / all.Shape[0]
	var out []*tensor.Tensor
	for k := range all.Shape[0] {
		x, err := tensor.FromBytes(all.DType, all.Bytes()[k*per*all.DType.Size():(k+1)*per*all.DType.Size()], all.Shape[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// casesOf returns the inputs of a model quantized elsewhere, and what ONNX Runtime computes of them.
func casesOf(t *testing.T, name string) []verify.Case {
	t.Helper()
	base, _, _ := strings.Cut(name, "_")
	var inputs [][]*tensor.Tensor
	if folder, ok := floatModels[base]; ok {
		for k := range 3 {
			var in []*tensor.Tensor
			for i := 0; ; i++ {
				x, err := onnx.ReadTensor(fmt.Sprintf("../../../testdata/models/%s/test_data_set_%d/input_%d.pb", folder, k, i), nil)
				if os.IsNotExist(err) || err != nil && i > 0 {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				in = append(in, x)
			}
			inputs = append(inputs, in)
		}
	} else {
		for _, x := range samplesOf(t, elsewhere+"branches.inputs.pb") {
			inputs = append(inputs, []*tensor.Tensor{x})
		}
	}
	var cases []verify.Case
	for k, golden := range samplesOf(t, elsewhere+name+".pb") {
		cases = append(cases, verify.Case{Name: fmt.Sprintf("sample %d", k), Inputs: inputs[k], Goldens: []*tensor.Tensor{golden}})
	}
	return cases
}

// TestModelsQuantizedElsewhere verifies models that ONNX Runtime's tools and Brevitas made, on the host and on Cortex-M4, against ONNX
// Runtime: of 8-bit models at least 99 elements of 100 are equal, and none is off by more than a step.
func TestModelsQuantizedElsewhere(t *testing.T) {
	files, err := filepath.Glob(elsewhere + "*.onnx")
	if err != nil || len(files) == 0 {
		t.Fatal("no models", err)
	}
	equal, all := 0.0, 0.0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".onnx")
		m, err := deepgo.Load(file, deepgo.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		cases := casesOf(t, name)
		for _, target := range []string{"host", "cortex-m4"} {
			t.Run(name+"/"+target, func(t *testing.T) {
				r := verifyOn(t, m, cases, target)
				if eightBits(name) {
					n := float64(len(cases) * cases[0].Goldens[0].Len())
					equal, all = equal+r.ExactFraction*n, all+n
				}
			})
		}
		t.Run(name+"/integers", func(t *testing.T) { checkIntegers(t, m, name) })
	}
	t.Logf("%.2f %% of %g elements of 8-bit models are equal", 100*equal/all, all)
	if equal < 0.99*all {
		t.Errorf("%g of %g elements of 8-bit models are equal to ONNX Runtime's", equal, all)
	}
}

func eightBits(name string) bool {
	return !strings.HasSuffix(name, "16") && !strings.Contains(name, "_blocks") && !strings.HasSuffix(name, "_dynamic")
}

func verifyOn(t *testing.T, m *deepgo.Model, cases []verify.Case, target string) *verify.Result {
	t.Helper()
	needs.Target(t, target)
	r, err := verify.Run(context.Background(), m, cases, verify.Options{Compile: deepgo.CompileOptions{Target: target}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Pass {
		t.Errorf("%v", r.Problems)
	}
	t.Logf("%.1f %% of the elements equal, at most %.3g steps, %.3g", 100*r.ExactFraction, r.MaxSteps, r.MaxAbsErr)
	return r
}

// checkIntegers fails where a model that is quantized throughout computes in float what integers could.
func checkIntegers(t *testing.T, m *deepgo.Model, name string) {
	if strings.Contains(name, "_blocks") || strings.HasSuffix(name, "_dynamic") {
		t.Skip("it has float activations")
	}
	p, err := m.Compile(deepgo.CompileOptions{Target: "host"})
	if err != nil {
		t.Fatal(err)
	}
	floats := []string{"layernorm_f32"}
	if !eightBits(name) { // functions of 16 bits are no tables
		floats = append(floats, "softmax_f32", "map1_f32")
	}
	for _, n := range p.Lowered.Nodes {
		if strings.HasSuffix(n.Op, "_f32") && !slices.Contains(floats, n.Op) {
			t.Errorf("%s of %v computes in float", n.Op, n.From)
		}
	}
}
