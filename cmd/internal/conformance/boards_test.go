package conformance

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/google/go-cmp/cmp"
)

// sampled is how many tests run on every board, of which leastOnBoards must pass.
const (
	sampled       = 330
	leastOnBoards = 300
)

// TestBoards runs a sample of the tests on emulated boards, every operator among them.
func TestBoards(t *testing.T) {
	tests := sample(t)
	outcomes := map[string][]Outcome{}
	for _, name := range Boards {
		needs.Target(t, name)
		var err error
		if outcomes[name], err = RunOn(t.Context(), name, tests); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		passed := 0
		for i, o := range outcomes[name] {
			if o.Passed() {
				passed++
			} else {
				t.Errorf("%s on %s: %s", tests[i].Name, name, o.Text)
			}
		}
		if passed < leastOnBoards {
			t.Errorf("%d tests pass on %s; expected at least %d", passed, name, leastOnBoards)
		}
		t.Log(BoardSummary(name, outcomes[name]))
	}
	got := FormatBoards(tests, outcomes)
	if *update {
		if err := os.WriteFile(root+BoardLedger, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, BoardLedger); !bytes.Equal(want, got) {
		t.Errorf("the boards' ledger differs (-update writes it):\n%s", cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

func sample(t *testing.T) []*Test {
	tests, err := ReadArchive(root + Archive)
	if err != nil {
		t.Fatal(err)
	}
	if tests, err = Sample(Passing(tests, string(read(t, Ledger))), sampled); err != nil {
		t.Fatal(err)
	}
	return tests
}

func read(t *testing.T, file string) []byte {
	data, err := os.ReadFile(root + file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// nowhere are the operators that no test passes in C, as ledger.txt says.
const nowhere = "ImageDecoder RegexFullMatch StringConcat StringNormalizer StringSplit"

// TestSample wants every other operator of the node tests in the sample.
func TestSample(t *testing.T) {
	tests, err := ReadArchive(root + Archive)
	if err != nil {
		t.Fatal(err)
	}
	missing := operatorsOf(t, tests)
	for name := range operatorsOf(t, sample(t)) {
		delete(missing, name)
	}
	if got := strings.Join(slices.Sorted(maps.Keys(missing)), " "); got != nowhere {
		t.Errorf("operators that are not in the sample: %s; expected %s", got, nowhere)
	}
	if n := len(sample(t)); n != sampled {
		t.Errorf("%d tests in the sample, expected %d", n, sampled)
	}
}

func operatorsOf(t *testing.T, tests []*Test) map[string]bool {
	all := map[string]bool{}
	for _, test := range tests {
		m, err := onnx.Decode(test.Model, "", onnx.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, operatorsIn(m.Graph))
	}
	t.Logf("%d operators in %d tests", len(all), len(tests))
	return all
}
