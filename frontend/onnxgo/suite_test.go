package onnxgo_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/frontend/onnxgo"
	onnxpkg "github.com/owulveryck/onnx-go"
	"github.com/owulveryck/onnx-go/backend/testbackend"
	_ "github.com/owulveryck/onnx-go/backend/testbackend/onnx" // registers the tests
	"gorgonia.org/tensor"
)

// tolerances are those of tests whose expected values have fewer digits than the suite's tolerance.
var tolerances = map[string]float64{"TestRoialign": 1e-4}

// TestSuite runs onnx-go's own conformance suite through the bridge: 348 tests, all of which pass but one that onnx-go's decoder refuses.
func TestSuite(t *testing.T) {
	refused, all := 0, testbackend.GetAllRegisteredTests()
	for _, newCase := range all {
		tc := newCase()
		err := suiteCase(tc)
		switch {
		case errors.As(err, new(*onnxpkg.ErrNotImplemented)):
			t.Logf("%s: %v", tc.Title, err)
			refused++
		case err != nil:
			t.Errorf("%s: %v", tc.Title, err)
		}
	}
	if len(all) != 348 || refused != 1 {
		t.Errorf("%d tests, of which onnx-go refuses %d; expected 348 and 1", len(all), refused)
	}
}

func suiteCase(tc *testbackend.TestCase) error {
	raw, err := onnx.Decode(tc.ModelB, "", onnx.DefaultLimits)
	if err != nil {
		return err
	}
	b := onnxgo.NewBackend(raw.Opsets[""])
	m := onnxpkg.NewModel(b)
	if err := m.UnmarshalBinary(tc.ModelB); err != nil {
		return err
	}
	for i, in := range tc.Input {
		if err := m.SetInput(i, in); err != nil {
			return err
		}
	}
	if err := b.Run(); err != nil {
		return err
	}
	got, err := m.GetOutputTensors()
	if err != nil {
		return err
	}
	for i, want := range tc.ExpectedOutput {
		if err := equal(want, got[i], max(1e-6, tolerances[tc.Title])); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

// equal compares like the suite, which allows 1e-6 in absolute terms, but by the float32 step where values are large: the
// suite's sums were made in another order. Its scalars have the shape [1].
func equal(want, got tensor.Tensor, tolerance float64) error {
	if w := want.Shape(); !w.Eq(got.Shape()) && !(w.TotalSize() == 1 && got.Shape().TotalSize() == 1) {
		return fmt.Errorf("shape %v, expected %v", got.Shape(), w)
	}
	w, g := numbers(want), numbers(got)
	if len(w) != len(g) {
		return fmt.Errorf("%d elements, expected %d", len(g), len(w))
	}
	for i := range w {
		if same := w[i] == g[i] || math.IsNaN(w[i]) && math.IsNaN(g[i]); !same && !(math.Abs(w[i]-g[i]) <= tolerance*max(1, math.Abs(w[i]))) {
			return fmt.Errorf("element %d is %v, expected %v", i, g[i], w[i])
		}
	}
	return nil
}

func numbers(t tensor.Tensor) []float64 {
	switch data := t.Data().(type) {
	case []float32:
		return convert(data)
	case []float64:
		return data
	case []int32:
		return convert(data)
	case []int64:
		return convert(data)
	case []bool:
		out := make([]float64, len(data))
		for i, b := range data {
			if b {
				out[i] = 1
			}
		}
		return out
	}
	return []float64{reflect.ValueOf(t.Data()).Convert(reflect.TypeFor[float64]()).Float()} // a scalar
}

func convert[E float32 | int32 | int64](data []E) []float64 {
	out := make([]float64, len(data))
	for i, v := range data {
		out[i] = float64(v)
	}
	return out
}
