package conformance

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/targets"
)

// BoardLedger is the file with what a sample of the tests said on emulated boards, seen from the root of the repository.
const BoardLedger = "testdata/conformance/boards.txt"

// Boards are the targets that the sample runs on.
var Boards = []string{"cortex-m4", "rv32imac"}

// perBoard is how many tests share one firmware.
const perBoard = 60

// Sample returns n tests in which every operator of all of them is, and beyond that as many as there is room for of each operator: the
// smallest models first.
func Sample(tests []*Test, n int) ([]*Test, error) {
	operators := map[string][]*Test{}
	size := map[*Test]int{}
	for _, t := range tests {
		m, err := onnx.Decode(t.Model, "", onnx.DefaultLimits)
		if err != nil {
			return nil, fmt.Errorf("test %s: %w", t.Name, err)
		}
		size[t] = len(m.Graph.Nodes)
		for name := range operatorsIn(m.Graph) {
			operators[name] = append(operators[name], t)
		}
	}
	var names []string
	for name, list := range operators {
		names = append(names, name)
		slices.SortFunc(list, func(a, b *Test) int { return cmp.Or(cmp.Compare(size[a], size[b]), cmp.Compare(a.Name, b.Name)) })
	}
	slices.Sort(names)
	chosen := map[*Test]bool{}
	for round := 0; len(chosen) < min(n, len(tests)); round++ {
		for _, name := range names {
			if list := operators[name]; round < len(list) && (round == 0 || len(chosen) < n) {
				chosen[list[round]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(tests), func(t *Test) bool { return !chosen[t] }), nil
}

// operatorsIn are the operators of a graph and its sub-graphs, behind their domains.
func operatorsIn(g *onnx.Graph) map[string]bool {
	all := map[string]bool{}
	for _, n := range g.Nodes {
		all[strings.TrimPrefix(n.Domain+"."+n.OpType, ".")] = true
		for _, a := range n.Attrs {
			if body, ok := a.Value.(*onnx.Graph); ok {
				for name := range operatorsIn(body) {
					all[name] = true
				}
			}
		}
	}
	return all
}

// Passing returns the tests whose C passes on this machine, as the ledger's text says.
func Passing(tests []*Test, ledger string) []*Test {
	passes := map[string]bool{}
	for line := range strings.Lines(ledger) {
		if f := strings.Split(strings.TrimSpace(line), " | "); len(f) >= 3 {
			passes[f[0]] = Outcome{Text: f[2]}.Passed()
		}
	}
	return slices.DeleteFunc(slices.Clone(tests), func(t *Test) bool { return !passes[t.Name] })
}

// RunOn runs the tests on a target's emulator.
func RunOn(ctx context.Context, name string, tests []*Test) ([]Outcome, error) {
	target, err := targets.Load(name)
	if err != nil {
		return nil, err
	}
	run := func(cases []cbatch.Case) ([]cbatch.Result, error) { return cbatch.RunOn(ctx, target, cases) }
	return inBatches(tests, perBoard, name, run, func(int) {})
}

const boardHead = `# What a sample of ONNX's node tests (onnx 1.23.2) says of deepgo's C on emulated boards, written by go test ./cmd/internal/conformance -update.
# Every operator is in it that a test in ledger.txt passes in C. The words are ledger.txt's.
`

// FormatBoards returns the text of the boards' ledger.
func FormatBoards(tests []*Test, outcomes map[string][]Outcome) []byte {
	var b bytes.Buffer
	b.WriteString(boardHead + "\n")
	for _, name := range Boards {
		fmt.Fprintf(&b, "# %s\n", BoardSummary(name, outcomes[name]))
	}
	for i, t := range tests {
		b.WriteString(t.Name)
		for _, name := range Boards {
			b.WriteString(" | " + outcomes[name][i].Text)
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// BoardSummary says how many pass on a board.
func BoardSummary(name string, outcomes []Outcome) string {
	passed := 0
	for _, o := range outcomes {
		if o.Passed() {
			passed++
		}
	}
	return fmt.Sprintf("%s: %d of %d", name, passed, len(outcomes))
}
