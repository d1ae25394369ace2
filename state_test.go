package deepgo_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// recurrentModel has three states: a running sum, the input of the step before, and that of the step before it, which is another
// state's input. y = h1 + older.
func recurrentModel(t *testing.T) *deepgo.Model {
	info := func(name string, n int64) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Kind: "tensor", DType: tensor.Float32, HasShape: true, Shape: []onnx.Dim{{Size: n, Known: true}}}
	}
	node := func(op, out string, in ...string) *onnx.Node {
		return &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}}
	}
	m := &onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: &onnx.Graph{
		Name: "steps", Inputs: []*onnx.ValueInfo{info("x", 3), info("h0", 3), info("last", 3), info("older", 3), info("w0", 2)},
		Outputs:      []*onnx.ValueInfo{info("y", 3), info("h1", 3), info("now", 3), info("then", 3), info("w1", 2)},
		Initializers: []*onnx.Initializer{{Name: "c", Tensor: tensor.Floats([]float32{5, 6}, 2)}},
		Nodes: []*onnx.Node{
			node("Add", "h1", "x", "h0"), node("Identity", "now", "x"), node("Identity", "then", "last"), node("Identity", "w1", "c"),
			node("Add", "z", "h1", "older"), node("Relu", "r", "z"), node("Sub", "y", "r", "w"), node("ReduceSum", "w", "w0"),
		},
	}}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	model, err := deepgo.Decode("steps", data, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return model
}

var allStates = map[string]string{"h1": "h0", "now": "last", "then": "older", "w1": "w0"}

// TestState runs a model with state step by step, resets it, and runs it again; the interpreter does the same with the state in hand.
func TestState(t *testing.T) {
	m := recurrentModel(t)
	steps := [][]float32{{1, 2, 3}, {-4, 5, 0.5}, {7, -8, 9}, {0, 1, -1}, {2, 2, 2}}
	var want strings.Builder
	for range 2 {
		state := []*tensor.Tensor{tensor.New(tensor.Float32, 3), tensor.New(tensor.Float32, 3), tensor.New(tensor.Float32, 3), tensor.New(tensor.Float32, 2)}
		for _, x := range steps {
			out, err := m.Run(append([]*tensor.Tensor{tensor.Floats(x, 3)}, state...))
			if err != nil {
				t.Fatal(err)
			}
			state = out[1:]
			fmt.Fprintf(&want, "%g %g %g\n", out[0].F64(0), out[0].F64(1), out[0].F64(2))
		}
	}
	for _, target := range []string{"host", "cortex-m4"} { // the second runs row by row where it can
		p, err := m.Compile(deepgo.CompileOptions{Target: target, Emit: "single", States: allStates, CheckEval: true})
		if err != nil {
			t.Fatal(err)
		}
		if p.Report.StateBytes != 44 || len(p.Inputs) != 1 || len(p.Outputs) != 1 {
			t.Errorf("%d bytes of state, %d inputs, %d outputs", p.Report.StateBytes, len(p.Inputs), len(p.Outputs))
		}
		if _, err := exec.LookPath("gcc"); err == nil {
			if got := runSteps(t, p); got != want.String() {
				t.Errorf("%s: the C says\n%s\nexpected\n%s", target, got, want.String())
			}
		}
	}
}

func runSteps(t *testing.T, p *deepgo.Program) string {
	dir := t.TempDir()
	files := map[string]string{"main.c": `#include "steps.h"
#include <stdio.h>
int main(void)
{
    static DG_ALIGN(STEPS_ARENA_ALIGN) uint8_t arena[STEPS_ARENA_BYTES];
    const float x[5][3] = { { 1, 2, 3 }, { -4, 5, 0.5f }, { 7, -8, 9 }, { 0, 1, -1 }, { 2, 2, 2 } };
    float y[3];
    for (int i = 0; i < 10; i++) {
        if (i == 5) {
            steps_reset();
        }
        if (steps_run(arena, x[i % 5], y) != STEPS_OK) {
            return 1;
        }
        printf("%g %g %g\n", y[0], y[1], y[2]);
    }
    return 0;
}
`}
	for _, f := range p.Files {
		files[f.Name] = string(f.Data)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("sh", "-c", "gcc -std=c99 -Wall -Wextra -Werror -pedantic -Wconversion -fsanitize=address,undefined -o run steps.c main.c && ./run")
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestStateErrors names what is wrong with a state.
func TestStateErrors(t *testing.T) {
	for want, states := range map[string]map[string]string{
		`no output "h9"`:          {"h9": "h0"},
		`no input "h9"`:           {"h1": "h9"},
		`state of another output`: {"h1": "h0", "now": "h0"},
		`expected the same type`:  {"h1": "w0"},
		`nothing would come out`:  {"h1": "h0", "now": "last", "then": "older", "w1": "w0", "y": "x"},
	} {
		_, err := recurrentModel(t).Compile(deepgo.CompileOptions{States: states})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", states, err, want)
		}
	}
}
