package frontend_test

import (
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/google/go-cmp/cmp"
)

// TestExport writes every model and reads it again: the graph must be the same.
func TestExport(t *testing.T) {
	files, err := filepath.Glob("../testdata/models/*/model.onnx")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := onnx.Read(file, onnx.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		g, _, err := frontend.Import(raw, frontend.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := frontend.Export(g)
		if err != nil {
			t.Fatal(err)
		}
		m.Metadata = map[string]string{"a": "b"}
		data, err := onnx.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := onnx.Decode(data, "", onnx.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := frontend.Import(back, frontend.Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(g.String(), again.String()); diff != "" || back.Metadata["a"] != "b" {
			t.Errorf("%s: (- before, + after export and import)\n%.2000s", file, diff)
		}
	}
}
