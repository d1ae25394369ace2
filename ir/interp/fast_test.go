package interp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/testdata"
)

func random(r *rand.Rand, t ir.Type) *tensor.Tensor {
	x := tensor.New(t.DType, t.Shape...)
	for i := range x.Len() {
		if t.DType.IsFloat() {
			x.SetF64(i, r.NormFloat64())
		} else {
			x.SetI64(i, r.Int64N(256)-128)
		}
	}
	return x
}

// TestFastModels compares the fast interpreter with the plain one on every value of every model, bit for bit.
func TestFastModels(t *testing.T) {
	for _, file := range testdata.Models(t) {
		raw, err := onnx.Read(file, onnx.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		g, _, err := frontend.Import(raw, frontend.Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		var inputs []*tensor.Tensor
		for _, v := range g.Inputs {
			inputs = append(inputs, random(r, v.Type))
		}
		plain := map[*ir.Node]*tensor.Tensor{}
		if _, err := interp.Run(g, inputs, interp.Options{Observe: func(n *ir.Node, out []*tensor.Tensor) { plain[n] = out[0] }}); err != nil {
			t.Fatal(err)
		}
		_, err = interp.Run(g, inputs, interp.Options{Fast: true, Observe: func(n *ir.Node, out []*tensor.Tensor) {
			if !tensor.Equal(out[0], plain[n]) {
				t.Errorf("%s: %s %v differs", file, n.Op, n.From)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFastShapes compares the fast ways of windows, products and quantization on random geometries.
func TestFastShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ran := map[string]int{}
	for range 2000 {
		n := randomNode(r)
		types, err := op.Infer(n)
		if err != nil {
			continue
		}
		ran[n.Op]++
		n.Outputs = []*ir.Value{{Type: types[0]}}
		var in []*tensor.Tensor
		for _, v := range n.Inputs {
			if v.IsConst() {
				in = append(in, v.Const)
			} else {
				in = append(in, random(r, v.Type))
			}
		}
		want, err := op.Eval(n, in)
		got, err2 := op.EvalFast(n, in)
		if err != nil || err2 != nil || !tensor.Equal(want[0], got[0]) {
			t.Fatalf("%s %v %v: %v, %v", n.Op, n.Attrs, n.Inputs[0].Type, err, err2)
		}
	}
	for _, name := range []string{"Conv", "MaxPool", "Gemm", "QuantizeLinear", "DequantizeLinear"} {
		if ran[name] < 20 {
			t.Errorf("%s ran %d times", name, ran[name])
		}
	}
}

func randomNode(r *rand.Rand) *ir.Node {
	pick := func(n int) int { return 1 + r.IntN(n) }
	floats := func(shape ...int) *ir.Value { return &ir.Value{Type: ir.Type{DType: tensor.Float32, Shape: shape}} }
	constant := func(t *tensor.Tensor) *ir.Value {
		return &ir.Value{Type: ir.Type{DType: t.DType, Shape: t.Shape}, Const: t}
	}
	ints := func(n, least, most int) []int64 {
		s := make([]int64, n)
		for i := range s {
			s[i] = int64(least + r.IntN(most-least+1))
		}
		return s
	}
	switch r.IntN(5) {
	case 0:
		axes := pick(2)
		group, icg, ocg := pick(2), pick(3), pick(6)
		x, w := []int{pick(2), group * icg}, []int{group * ocg, icg}
		for range axes {
			x, w = append(x, pick(9)), append(w, pick(3))
		}
		return &ir.Node{Op: "Conv", Inputs: []*ir.Value{floats(x...), floats(w...), floats(group * ocg)},
			Attrs: ir.Attrs{"group": int64(group), "strides": ints(axes, 1, 3), "dilations": ints(axes, 1, 2), "pads": ints(2*axes, 0, 2)}}
	case 1:
		axes := pick(2)
		x := []int{pick(2), pick(3)}
		for range axes {
			x = append(x, pick(9))
		}
		return &ir.Node{Op: "MaxPool", Inputs: []*ir.Value{floats(x...)},
			Attrs: ir.Attrs{"kernel_shape": ints(axes, 1, 3), "strides": ints(axes, 1, 3), "pads": ints(2*axes, 0, 1)}}
	case 2:
		m, k, n := pick(3), pick(9), pick(9)
		b, trans := []int{k, n}, int64(r.IntN(2))
		if trans == 1 {
			b = []int{n, k}
		}
		return &ir.Node{Op: "Gemm", Inputs: []*ir.Value{floats(m, k), floats(b...), floats(n)}, Attrs: ir.Attrs{"transB": trans, "alpha": float32(pick(3))}}
	case 3:
		d := []tensor.DType{tensor.Int8, tensor.Uint8, tensor.Int16}[r.IntN(3)]
		zero := tensor.New(d)
		zero.SetI64(0, int64(r.IntN(100)))
		return &ir.Node{Op: "QuantizeLinear", Inputs: []*ir.Value{floats(pick(5), pick(5)), constant(tensor.Floats([]float32{r.Float32()/50 + 1e-3})), constant(zero)}}
	}
	d := []tensor.DType{tensor.Int8, tensor.Uint8, tensor.Int32}[r.IntN(3)]
	a, b, axis := pick(5), pick(5), r.IntN(2)
	n := []int{a, b}[axis]
	scales, zeros := tensor.New(tensor.Float32, n), tensor.New(d, n)
	for i := range n {
		scales.SetF64(i, float64(r.Float32()))
		zeros.SetI64(i, int64(r.IntN(9)))
	}
	return &ir.Node{Op: "DequantizeLinear", Inputs: []*ir.Value{{Type: ir.Type{DType: d, Shape: []int{a, b, pick(3)}}}, constant(scales), constant(zeros)}, Attrs: ir.Attrs{"axis": int64(axis)}}
}
