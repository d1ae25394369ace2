package onnxgo_test

import (
	"fmt"
	"log"
	"os"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnxgo"
	"github.com/owulveryck/onnx-go"
	"gorgonia.org/tensor"
)

// A program that holds an onnx-go model compiles it.
func ExampleBackend_Graph() {
	data, err := os.ReadFile("../../testdata/models/sine_f32/model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	b := onnxgo.NewBackend(17)
	m := onnx.NewModel(b)
	if err := m.UnmarshalBinary(data); err != nil {
		log.Fatal(err)
	}
	g, _, err := b.Graph(m, frontend.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := (&deepgo.Model{Name: "sine", Graph: g}).Compile(deepgo.CompileOptions{Target: "cortex-m4"})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range p.Files {
		fmt.Println(f.Name)
	}
	// Output:
	// sine.h
	// sine_weights.h
	// sine.c
	// sine_weights.c
}

// It runs it in the reference interpreter.
func ExampleBackend_Run() {
	data, err := os.ReadFile("../../testdata/models/sine_f32/model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	b := onnxgo.NewBackend(17)
	m := onnx.NewModel(b)
	if err := m.UnmarshalBinary(data); err != nil {
		log.Fatal(err)
	}
	x := tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float32{1.5707964}))
	if err := m.SetInput(0, x); err != nil {
		log.Fatal(err)
	}
	if err := b.Run(); err != nil {
		log.Fatal(err)
	}
	y, err := m.GetOutputTensors()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", y[0].Data())
	// Output:
	// [0.99]
}
