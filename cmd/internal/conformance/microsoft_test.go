package conformance

import (
	"context"
	"testing"

	"github.com/deepgo/deepgo/cmd/internal/needs"
)

// TestMicrosoft runs ONNX Runtime's own operators: every result must be within 1e-5 of ONNX Runtime's.
func TestMicrosoft(t *testing.T) {
	tests, err := ReadArchive("../../../testdata/conformance/microsoft-1.32.0.tar.zst")
	if err != nil || len(tests) < 56 {
		t.Fatalf("%d tests: %v", len(tests), err)
	}
	check := func(how string, outcomes []Outcome) {
		for i, o := range outcomes {
			if !o.Passed() {
				t.Errorf("%s, %s: %s", tests[i].Name, how, o.Text)
			}
		}
	}
	check("interpreted", Interpret(tests))
	needs.Tools(t, "gcc")
	compiled, err := Compile(context.Background(), tests, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	check("in C", compiled)
}
