package conformance

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Ledger is the file with what every test said, seen from the root of the repository.
const Ledger = "testdata/conformance/ledger.txt"

// Line is a test's line in the ledger.
type Line struct {
	Name           string
	Interpreter, C Outcome
	Apart          bool // strings, sequences, optionals or training: not counted among those that use tensors of numbers only
}

// Run runs the tests both ways. progress is called now and then with how many are done in C.
func Run(ctx context.Context, tests []*Test, progress func(done int)) ([]Line, error) {
	interpreted := Interpret(tests)
	compiled, err := Compile(ctx, tests, progress)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(tests))
	for i, t := range tests {
		lines[i] = Line{t.Name, interpreted[i], compiled[i], t.Apart()}
	}
	return lines, nil
}

// Apart reports whether the test uses more than tensors of numbers.
func (t *Test) Apart() bool {
	m, err := onnx.Decode(t.Model, "", onnx.DefaultLimits)
	if err != nil {
		return true
	}
	for _, list := range [][]*onnx.ValueInfo{m.Graph.Inputs, m.Graph.Outputs} {
		for _, v := range list {
			if v.Kind != "tensor" || v.DType == tensor.String {
				return true
			}
		}
	}
	for _, n := range m.Graph.Nodes {
		if strings.HasSuffix(n.Domain, ".training") {
			return true
		}
	}
	return false
}

const head = `# What ONNX's node tests (onnx 1.23.2) say of deepgo: a line each, written by go test ./cmd/internal/conformance -update.
# exact: every bit. ulp N: within N steps of the element type. close: within the test's own tolerance. random: type, shape and distribution.
# Behind the outcomes stand the inputs whose values were given when compiling, as an operator needs them then: shapes, axes, pads, sizes.
`

// Format returns the ledger's text.
func Format(lines []Line) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, apart := range []bool{false, true} {
		title := "tests on tensors of numbers"
		if apart {
			title = "tests with strings, sequences, optionals or training"
		}
		n, interpreter, c := count(lines, apart)
		fmt.Fprintf(&b, "\n# %d %s: the interpreter passes %d, C %d.\n", n, title, interpreter, c)
		for _, l := range lines {
			if l.Apart == apart {
				b.WriteString(l.String() + "\n")
			}
		}
	}
	return b.Bytes()
}

// String returns the line as the ledger has it.
func (l Line) String() string {
	s := fmt.Sprintf("%s | %s | %s", l.Name, l.Interpreter.Text, l.C.Text)
	if len(l.Interpreter.Pinned) > 0 {
		s += " | " + strings.Join(l.Interpreter.Pinned, ", ")
	}
	return s
}

func count(lines []Line, apart bool) (all, interpreter, c int) {
	for _, l := range lines {
		if l.Apart != apart {
			continue
		}
		all++
		if l.Interpreter.Passed() {
			interpreter++
		}
		if l.C.Passed() {
			c++
		}
	}
	return all, interpreter, c
}

// Summary is the line that says how many tests on tensors of numbers pass.
func Summary(lines []Line) string {
	all, interpreter, c := count(lines, false)
	return fmt.Sprintf("conformance: interpreter %d of %d, c %d of %d", interpreter, all, c, all)
}
