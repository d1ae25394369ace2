package verify

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
)

// TestLayersNameTheFirstDifference changes one weight in the C of a layer in the middle, which --layers must name.
func TestLayersNameTheFirstDifference(t *testing.T) {
	for _, target := range []string{"host", "cortex-m4"} {
		needs.Target(t, target)
		m, err := deepgo.Load("../../../testdata/models/digits_int8/model.onnx", deepgo.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Compile(deepgo.CompileOptions{Target: target, Trace: true})
		if err != nil {
			t.Fatal(err)
		}
		c := &comparison{model: m, program: p, result: &Result{Against: "interpreter"}}
		if err := c.interpret([]Case{{Inputs: samples.Random(m.InputTypes(), 1)}}); err != nil {
			t.Fatal(err)
		}
		convs := 0
		for i, n := range p.Lowered.Nodes {
			if !strings.HasPrefix(n.Op, "conv2d_") {
				continue
			}
			if convs++; convs == 2 {
				tamper(t, p, strings.TrimSuffix(p.Report.Nodes[i].Func, "_"))
				checkLayers(t, c, i)
			}
		}
		if convs < 2 {
			t.Fatalf("%d convolutions", convs)
		}
	}
}

// tamper makes a function of the program do nothing.
func tamper(t *testing.T, p *deepgo.Program, function string) {
	for i, f := range p.Files {
		if at := bytes.Index(f.Data, []byte("static void "+function+"(")); strings.HasSuffix(f.Name, ".c") && at >= 0 {
			brace := at + bytes.IndexByte(f.Data[at:], '{') + 1
			p.Files[i].Data = append(append(append([]byte{}, f.Data[:brace]...), " return;"...), f.Data[brace:]...)
			return
		}
	}
	t.Fatalf("there is no function %s", function)
}

func checkLayers(t *testing.T, c *comparison, node int) {
	x, err := Execute(context.Background(), c.program, c.inputs, Build{Trace: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Traces) == 0 {
		t.Fatal("no node was traced")
	}
	if err := c.compareLayers(x); err != nil {
		t.Fatal(err)
	}
	want := strings.Join(c.program.Lowered.Nodes[node].From, ", ")
	if len(c.result.Problems) != 1 || !strings.Contains(c.result.Problems[0], want) {
		t.Errorf("problems %q, expected one that names %s", c.result.Problems, want)
	}
}
