package onnxgo_test

import (
	"os"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/frontend/onnxgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/testdata"
)

func modelFile(t testing.TB, file string) (data []byte, g *ir.Graph) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := onnx.Decode(data, "", onnx.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err = frontend.Import(raw, frontend.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	return data, g
}

// TestCompareModels holds the two readers against each other on every model at hand.
func TestCompareModels(t *testing.T) {
	read := 0
	for _, file := range testdata.Models(t) {
		data, g := modelFile(t, file)
		o := onnxgo.Compare(data, frontend.Options{}, g)
		if o.Differ != "" {
			t.Errorf("%s: %s", file, o.Differ)
		}
		if !o.Read && !strings.Contains(o.Reason, "Unknown type") { // int8 and uint8 tensors
			t.Errorf("%s: not read: %s", file, o.Reason)
		}
		if o.Read {
			read++
		}
	}
	if read == 0 {
		t.Error("onnx-go read no model")
	}
}

func TestCompareDiffers(t *testing.T) {
	data, _ := modelFile(t, "../../testdata/models/digits_f32/model.onnx")
	for want, change := range map[string]func(g *ir.Graph){
		"onnx-go gives":            func(g *ir.Graph) { g.Nodes[0].Op = "Elu" },
		"attributes differ":        func(g *ir.Graph) { g.Nodes[0].Attrs["group"] = int64(7) },
		"the constant":             func(g *ir.Graph) { weights(g).Const.SetF64(0, 42) },
		"nodes, onnx-go gives":     func(g *ir.Graph) { g.Nodes = g.Nodes[1:] },
		"present in one only":      func(g *ir.Graph) { g.Nodes[0].Inputs[1] = nil },
		"is another value":         func(g *ir.Graph) { last := g.Nodes[len(g.Nodes)-1]; g.Outputs[0] = last.Inputs[0] },
		"values, onnx-go gives":    func(g *ir.Graph) { g.Nodes[0].Inputs = g.Nodes[0].Inputs[:1] },
		"is i64[9], onnx-go gives": func(g *ir.Graph) { weights(g).Type.Shape = []int{9} },
	} {
		_, g := modelFile(t, "../../testdata/models/digits_f32/model.onnx")
		change(g)
		if o := onnxgo.Compare(data, frontend.Options{}, g); !strings.Contains(o.Differ, want) {
			t.Errorf("differ = %q, expected %q in it", o.Differ, want)
		}
	}
}

// weights returns the first constant that a node reads.
func weights(g *ir.Graph) *ir.Value {
	for _, v := range g.Nodes[0].Inputs {
		if v.IsConst() {
			return v
		}
	}
	return nil
}

func TestCompareUnreadable(t *testing.T) {
	_, g := modelFile(t, "../../testdata/models/digits_f32/model.onnx")
	if o := onnxgo.Compare([]byte("no model"), frontend.Options{}, g); o.Read || o.Reason == "" {
		t.Errorf("got %+v, expected a reason", o)
	}
}
