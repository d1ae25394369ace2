package passes

import (
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
)

// TestModelsWithoutAPass leaves one pass out at a time, and all at once: the model must still come down to kernels that
// compute the same.
func TestModelsWithoutAPass(t *testing.T) {
	var all []string
	seen := map[string]bool{}
	for _, p := range Pipeline {
		if !p.Required && !seen[p.Name] {
			seen[p.Name] = true
			all = append(all, p.Name)
		}
	}
	dirs, err := filepath.Glob("../testdata/models/*/model.onnx")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, file := range dirs {
		m, err := onnx.Read(file, onnx.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		g, _, err := frontend.Import(m, frontend.Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range append([][]string{all}, each(all)...) {
			if err := sameWithout(g.Clone(), off); err != nil {
				t.Errorf("%s without %v: %v", file, off, err)
			}
		}
	}
}

func sameWithout(g *ir.Graph, off []string) error {
	eval, err := newEvalCheck(g)
	if err != nil {
		return err
	}
	c := &Config{Disable: off}
	if err := Run(g, c); err != nil {
		return err
	}
	return eval.compare(g, c.Memory)
}

func each(names []string) [][]string {
	var out [][]string
	for _, name := range names {
		out = append(out, []string{name})
	}
	return out
}
