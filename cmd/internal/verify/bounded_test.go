package verify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/conformance"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TestGoldensWhoseSizeDependsOnData verifies ONNX's own tests of such operators on a board; a golden of another size or with another
// element fails.
func TestGoldensWhoseSizeDependsOnData(t *testing.T) {
	tests, err := conformance.ReadArchive("../../../" + conformance.Archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"test_nonmaxsuppression_two_batches", "test_compress_0", "test_unique_sorted_with_axis", "test_nonzero_example"} {
		test := tests[slices.IndexFunc(tests, func(x *conformance.Test) bool { return x.Name == name })]
		m, err := deepgo.Decode(name, test.Model, deepgo.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		set := filepath.Join(t.TempDir(), "test_data_set_0")
		if err := os.Mkdir(set, 0o777); err != nil {
			t.Fatal(err)
		}
		for kind, list := range map[string][][]byte{"input": test.Inputs, "output": test.Outputs} {
			for i, data := range list {
				if err := os.WriteFile(filepath.Join(set, fmt.Sprintf("%s_%d.pb", kind, i)), data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		cases, err := LoadCases(filepath.Dir(set), m)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"", "output \"" + m.Graph.Outputs[0].Name + "\" against", ".length\" against"} {
			golden := slices.Clone(cases[0].Goldens)
			switch {
			case strings.HasPrefix(want, "output"):
				golden[0] = golden[0].First(0, golden[0].Shape[0])
				golden[0].SetI64(0, 77)
			case want != "":
				golden[len(golden)-1] = tensor.Ints([]int64{golden[len(golden)-1].I64(0) - 1})
			}
			r, err := Run(context.Background(), m, []Case{{Name: "case", Inputs: cases[0].Inputs, Goldens: golden}}, Options{Compile: deepgo.CompileOptions{Target: "rv32imac"}})
			if err != nil {
				t.Fatal(err)
			}
			if problems := strings.Join(r.Problems, "\n"); r.Against != "goldens" || r.Pass != (want == "") || !strings.Contains(problems, want) {
				t.Errorf("%s: pass %t against %s, expected a problem with %q:\n%s", name, r.Pass, r.Against, want, problems)
			}
		}
	}
}
