package deepgo_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// Compile a model, and write its C.
func ExampleModel_Compile() {
	m, err := deepgo.Load("testdata/models/digits_int8/model.onnx", deepgo.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4", IO: "quantized"})
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Fit(); err != nil { // too big for the part
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "digits")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, f := range p.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Name)
	}
	fmt.Println(p.Report.ArenaBytes, "bytes of arena")
	// Output:
	// digits_int8.h
	// digits_int8_weights.h
	// digits_int8.c
	// digits_int8_weights.c
	// 512 bytes of arena
}

// Evaluate a model in the reference interpreter.
func ExampleModel_Run() {
	m, err := deepgo.Load("testdata/models/sine_f32/model.onnx", deepgo.LoadOptions{Dims: map[string]int{"unk__6": 2}})
	if err != nil {
		log.Fatal(err)
	}
	out, err := m.Run([]*tensor.Tensor{tensor.Floats([]float32{0, 1.5707964}, 2, 1)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", out[0].Float64s())
	// Output:
	// [0.0 1.0]
}

// Make integers of a float model, from samples of its input.
func ExampleModel_Quantize() {
	m, err := deepgo.Load("testdata/models/sine_f32/model.onnx", deepgo.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	var samples [][]*tensor.Tensor
	for i := range 64 {
		samples = append(samples, []*tensor.Tensor{tensor.Floats([]float32{float32(i) / 10}, 1, 1)})
	}
	q, err := m.Quantize(samples, quantize.Options{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	p, err := q.Model.Compile(deepgo.CompileOptions{Target: "cortex-m0plus"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(q.Layers), "layers,", p.Report.ConstBytes, "bytes of constants")
	// Output:
	// 3 layers, 585 bytes of constants
}
