package main

import (
	"context"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/testdata"
)

// TestVectorsTakeAThird counts the instructions of an inference on AArch64 by the kernels that work in vectors, and by the plain ones: the
// former take at most a third.
func TestVectorsTakeAThird(t *testing.T) {
	target := needs.Target(t, "raspberry-pi-4")
	files := []string{models + "digits_int8/model.onnx", models + "digits_f32/model.onnx", "../../testdata/captcha/model.onnx"}
	tiny := testdata.SharedModels(t, "mlperf-tiny/*")
	if tiny != nil && len(tiny) != 9 {
		t.Fatal(tiny)
	}
	files = append(files, tiny...)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, "/model.onnx"), func(t *testing.T) {
			m, err := deepgo.Load(file, deepgo.LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			vectors, plain := instructionsOn(t, m, "raspberry-pi-4", target), instructionsOn(t, m, "portable", target)
			t.Logf("%d instructions instead of %d: %.3f", vectors, plain, float64(vectors)/float64(plain))
			if 3*vectors > plain {
				t.Errorf("%d instructions are more than a third of the plain kernels' %d", vectors, plain)
			}
		})
	}
}

// instructionsOn counts the instructions of a model that was compiled for one target on another, which must understand its C.
func instructionsOn(t *testing.T, m *deepgo.Model, compiled string, on *targets.Target) uint64 {
	t.Helper()
	p, err := m.Compile(deepgo.CompileOptions{Target: compiled})
	if err != nil {
		t.Fatal(err)
	}
	p.Target = on
	x, err := verify.Execute(context.Background(), p, [][]*tensor.Tensor{samples.Random(m.InputTypes(), 1)}, verify.Build{})
	if err != nil {
		t.Fatal(err)
	}
	if x.Insns == 0 {
		t.Fatal("nothing was counted")
	}
	return x.Insns
}
