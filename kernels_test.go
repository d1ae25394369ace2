package deepgo_test

import (
	"slices"
	"testing"

	"github.com/deepgo/deepgo/ir/op"
	rt "github.com/deepgo/deepgo/runtime"
)

// TestKernelsAndOperatorsMatch holds the table against the folder of kernels: neither has what the other lacks.
func TestKernelsAndOperatorsMatch(t *testing.T) {
	files := rt.Kernels()
	for _, name := range files {
		if d := op.Lookup(name); d == nil || !d.IsKernel() {
			t.Errorf("kernel %s.c has no operator in the table", name)
		}
	}
	for _, d := range op.Table() {
		if d.IsKernel() && !d.View && !d.Foreign && !d.Control && !slices.Contains(files, d.Name) {
			t.Errorf("operator %s has no file in runtime/kernels", d.Name)
		}
		if d.Eval == nil {
			t.Errorf("operator %s has no meaning", d.Name)
		}
		if d.IsKernel() == (d.Infer != nil) {
			t.Errorf("operator %s: kernels take their types from lowering, ONNX operators have a shape rule", d.Name)
		}
	}
}
