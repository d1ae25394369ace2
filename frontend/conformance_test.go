package frontend_test

import (
	"archive/tar"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/klauspost/compress/zstd"
)

// leastPassing is how many of ONNX's node tests the interpreter passed when this was last raised.
const leastPassing = 810

// wrong are the tests that import and whose results are not ONNX's, each with the reason.
var wrong = map[string]string{
	"test_castlike_FLOAT16_to_FLOAT4E2M1_expanded": "a NaN has no float4 form: onnx gives -0, deepgo the greatest value",
	"test_cast_FLOAT16_to_FLOAT4E2M1":              "a NaN has no float4 form: onnx gives -0, deepgo the greatest value",
	"test_cast_FLOAT_to_FLOAT4E2M1":                "a NaN has no float4 form: onnx gives -0, deepgo the greatest value",
	"test_cast_e8m0_FLOAT16_to_FLOAT8E8M0":         "Cast rounds to nearest, whatever round_mode says",
	"test_cast_e8m0_FLOAT_to_FLOAT8E8M0":           "Cast rounds to nearest, whatever round_mode says",
	"test_castlike_FLOAT_to_FLOAT4E2M1_expanded":   "a NaN has no float4 form: onnx gives -0, deepgo the greatest value",
}

// TestConformance runs the ONNX node tests whose operators are supported. What is supported must be right.
func TestConformance(t *testing.T) {
	f, err := os.Open("../testdata/conformance/onnx-node-1.23.2.tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tests := readArchive(t, f)
	passed := 0
	for name, files := range tests {
		ran, err := nodeTest(files)
		switch _, known := wrong[name]; {
		case err != nil && !known:
			t.Errorf("%s: %v", name, err)
		case err == nil && known:
			t.Errorf("%s passes: take it off the list", name)
		case ran && err == nil:
			passed++
		}
	}
	t.Logf("%d of %d node tests pass in the interpreter", passed, len(tests))
	if passed < leastPassing {
		t.Errorf("%d tests pass; %d did before", passed, leastPassing)
	}
}

// readArchive returns each test's files.
func readArchive(t *testing.T, r io.Reader) map[string]map[string][]byte {
	z, err := zstd.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	tests := map[string]map[string][]byte{}
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if err == io.EOF {
			return tests
		}
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(h.Name, "/", 3)
		if h.Typeflag != tar.TypeReg || len(parts) < 3 {
			continue
		}
		data, err := io.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		if tests[parts[1]] == nil {
			tests[parts[1]] = map[string][]byte{}
		}
		tests[parts[1]][path.Base(parts[2])] = data
	}
}

// nodeTest interprets one test. ran is false for what deepgo does not take, which it must say by an error of its own.
func nodeTest(files map[string][]byte) (ran bool, err error) {
	m, err := onnx.Decode(files["model.onnx"], "", onnx.DefaultLimits)
	if err != nil {
		return false, nil
	}
	opt := frontend.Options{File: "model.onnx"}
	g, _, err := frontend.Import(m, opt)
	if err != nil { // an operator may need a shape, axes or pads that the test gives as an input
		opt.Consts = integerInputs(m, files)
		if g, _, err = frontend.Import(m, opt); err != nil {
			return false, nil
		}
	}
	read := func(kind string, n int) ([]*tensor.Tensor, error) {
		var all []*tensor.Tensor
		for i := range n {
			t, err := onnx.DecodeTensor(files[fmt.Sprintf("%s_%d.pb", kind, i)])
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		return all, nil
	}
	in, err := read("input", len(m.Graph.Inputs))
	if err != nil {
		return false, nil // a sequence or an optional
	}
	for i := len(in) - 1; i >= 0; i-- {
		if _, pinned := opt.Consts[m.Graph.Inputs[i].Name]; pinned {
			in = slices.Delete(in, i, i+1)
		}
	}
	want, err := read("output", len(g.Outputs))
	if err != nil {
		return false, nil
	}
	got, err := interp.Run(g, in, interp.Options{})
	if err != nil {
		return true, err
	}
	for i := range want {
		if err := near(want[i], got[i]); err != nil {
			return true, fmt.Errorf("output %d: %w", i, err)
		}
	}
	return true, nil
}

// integerInputs returns the values of the inputs that are integers, as --const has them.
func integerInputs(m *onnx.Model, files map[string][]byte) map[string]string {
	consts := map[string]string{}
	for i, v := range m.Graph.Inputs {
		t, err := onnx.DecodeTensor(files[fmt.Sprintf("input_%d.pb", i)])
		if err != nil || !t.DType.IsInt() || t.Len() == 0 {
			continue
		}
		var parts []string
		for _, n := range t.Int64s() {
			parts = append(parts, fmt.Sprint(n))
		}
		consts[v.Name] = strings.Join(parts, ",")
	}
	return consts
}

// near compares with the node tests' usual tolerance.
func near(want, got *tensor.Tensor) error {
	if want.DType != got.DType || !slices.Equal(want.Shape, got.Shape) {
		return fmt.Errorf("%s%v, expected %s%v", got.DType, got.Shape, want.DType, want.Shape)
	}
	for i := range want.Len() {
		w, g := want.F64(i), got.F64(i)
		if w == g || w != w && g != g {
			continue
		}
		if d := math.Abs(w - g); !(d <= 1e-7+1e-3*math.Abs(w)) {
			return fmt.Errorf("element %d is %g, expected %g", i, g, w)
		}
	}
	return nil
}
