package deepgo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// customModel is relu(my.Scale(x, w)), where nobody knows Scale.
func customModel(t *testing.T, declared bool) []byte {
	info := func(name string) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Kind: "tensor", DType: tensor.Float32, HasShape: true, Shape: []onnx.Dim{{Size: 3, Known: true}}}
	}
	m := &onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17, "my": 1}, Graph: &onnx.Graph{
		Name: "custom", Inputs: []*onnx.ValueInfo{info("x")}, Outputs: []*onnx.ValueInfo{info("y")},
		Initializers: []*onnx.Initializer{{Name: "w", Tensor: tensor.Floats([]float32{2, -3, 4}, 3)}},
		Nodes: []*onnx.Node{
			{Name: "first", OpType: "Scale", Domain: "my", Inputs: []string{"x", "", "w"}, Outputs: []string{"h"}},
			{Name: "second", OpType: "Relu", Inputs: []string{"h"}, Outputs: []string{"y"}},
		},
	}}
	if declared {
		m.Graph.ValueInfo = []*onnx.ValueInfo{info("h")}
	}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func externs(t *testing.T, text string) map[string]frontend.Extern {
	name, x, err := frontend.ParseExtern(text)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]frontend.Extern{name: x}
}

// TestExtern compiles a model with an operator of the user's, links the user's C, and runs both.
func TestExtern(t *testing.T) {
	for _, c := range []struct {
		extern   string
		declared bool
	}{{"Scale=scale", true}, {"my.Scale=scale:3xf32", false}, {"first=scale:3xf32", false}} {
		m, err := deepgo.Decode("custom", customModel(t, c.declared), deepgo.LoadOptions{Externs: externs(t, c.extern)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Run([]*tensor.Tensor{tensor.Floats([]float32{1, 2, 3}, 3)}); err == nil || !strings.Contains(err.Error(), "C function scale, which is yours") {
			t.Errorf("Run = %v", err)
		}
		p, err := m.Compile(deepgo.CompileOptions{Emit: "single"})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(p.Files[0].Data), "void scale(const float *x0, const void *x1, const float *x2, float *y0);") {
			t.Errorf("%s: the header does not declare scale:\n%s", c.extern, p.Files[0].Data)
		}
		if _, err := exec.LookPath("gcc"); err == nil {
			runExtern(t, p)
		}
	}
	_, err := deepgo.Decode("custom", customModel(t, false), deepgo.LoadOptions{Externs: externs(t, "Scale=scale")})
	if err == nil || !strings.Contains(err.Error(), `does not say which type output "h" has`) {
		t.Errorf("without types: %v", err)
	}
	_, err = deepgo.Decode("custom", customModel(t, true), deepgo.LoadOptions{Externs: externs(t, "Relu=relu")})
	if err == nil || !strings.Contains(err.Error(), "--extern Relu names no operator") {
		t.Errorf("a known operator: %v", err)
	}
}

func runExtern(t *testing.T, p *deepgo.Program) {
	dir := t.TempDir()
	files := map[string]string{"user.c": `#include "custom.h"
void scale(const float *x0, const void *x1, const float *x2, float *y0)
{
    (void)x1;
    for (int i = 0; i < 3; i++) {
        y0[i] = x0[i] * x2[i];
    }
}
int main(void)
{
    static DG_ALIGN(CUSTOM_ARENA_ALIGN) uint8_t arena[CUSTOM_ARENA_BYTES];
    const float x[3] = { 1.0f, 2.0f, 3.0f };
    float y[3];
    return custom_run(arena, x, y) != 0 || y[0] != 2.0f || y[1] != 0.0f || y[2] != 12.0f;
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
	c := exec.Command("sh", "-c", "gcc -std=c99 -Wall -Wextra -Werror -pedantic -o run custom.c user.c && ./run")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
