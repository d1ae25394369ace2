package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TestWholeWinograd runs random chains of conv2d_wino_s8, whatever would choose them, against the interpreter's run of conv2d_s8: whole, and row by
// row, on an emulated board in assembly, and on this machine in plain C.
func TestWholeWinograd(t *testing.T) {
	needs.Target(t, "cortex-m4")
	needs.Tools(t, "gcc")
	streams := 0
	var cases []*Case
	for seed := range uint64(30) {
		direct, wino := winoChain(t, rand.New(rand.NewPCG(seed, 2)))
		in := samples.Random((&deepgo.Model{Graph: direct}).InputTypes(), seed)
		want, err := interp.Run(direct, in, interp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := interp.Run(wino, in, interp.Options{}); err != nil || !bytes.Equal(got[0].Bytes(), want[0].Bytes()) {
			t.Fatalf("seed %d: the interpreter differs (%v)\n%s", seed, err, wino)
		}
		m := &deepgo.Model{File: "wino.ir", Name: "wino", Graph: wino}
		for _, optimize := range []string{"speed", "balanced"} {
			p, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4", Optimize: optimize})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			streams += len(p.Memory.Streams)
			x, err := verify.Execute(context.Background(), p, [][]*tensor.Tensor{in}, verify.Build{})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if !bytes.Equal(x.Outputs[0][0].Bytes(), want[0].Bytes()) {
				t.Errorf("seed %d: the board differs, for %s\n%s", seed, optimize, wino)
			}
		}
		p, err := m.Compile(deepgo.CompileOptions{Target: "host", Name: fmt.Sprintf("wino%d", seed), Emit: "single", Optimize: "balanced"})
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, &Case{Graph: wino, Inputs: in, Program: p, Want: want})
	}
	if streams < 5 {
		t.Errorf("only %d streams", streams)
	}
	checkC(t, cases)
}

// winoChain returns the same convolutions twice: with weights as they are, and transformed.
func winoChain(t *testing.T, r *rand.Rand) (direct, wino *ir.Graph) {
	d := []tensor.DType{tensor.Int8, tensor.Uint8}[r.IntN(2)]
	shape := []int{1, 1 + r.IntN(9), 3 + r.IntN(9), 8 + 4*r.IntN(4)}
	layers := 1 + r.IntN(2)
	switch r.IntN(4) {
	case 0:
		shape[0] = 2
	case 1: // enough to run row by row
		shape[1], layers = 40+r.IntN(9), 3
	}
	x := &ir.Value{Name: "x", Type: ir.Type{DType: d, Shape: shape}}
	direct, wino = &ir.Graph{Name: "wino", Inputs: []*ir.Value{x}}, &ir.Graph{Name: "wino", Inputs: []*ir.Value{x}}
	from, same := x, x
	zero := winoZero(r, d)
	for range layers {
		from, same, zero = winoLayer(t, r, direct, wino, from, same, zero)
	}
	direct.Outputs, wino.Outputs = []*ir.Value{from}, []*ir.Value{same}
	direct, wino = direct.Clone(), wino.Clone()
	return direct, wino
}

// winoZero returns a zero point, mostly at the end of the range, as behind a Relu.
func winoZero(r *rand.Rand, d tensor.DType) int64 {
	zero := int64(r.IntN(3)/2*r.IntN(256)) - 128
	if d == tensor.Uint8 {
		zero += 128
	}
	return zero
}

// winoLayer adds a convolution of x to direct, and of same to wino.
func winoLayer(t *testing.T, r *rand.Rand, direct, wino *ir.Graph, x, same *ir.Value, zero int64) (y, sameY *ir.Value, yzero int64) {
	s := x.Type.Shape
	top, left, ic, oc := r.IntN(3), r.IntN(3), s[3], 4*(2+r.IntN(4))
	oh, ow := max(s[1]+top+r.IntN(3)-2, 1), max(s[2]+left+r.IntN(3)-2, 3)
	out := []tensor.DType{tensor.Int8, tensor.Uint8}[r.IntN(2)]
	yzero = winoZero(r, out)
	a := ir.Attrs{"XT": x.Type.DType.C(), "YT": out.C(), "WT": "int8_t", "XZ": zero, "YZ": yzero}
	for name, v := range map[string]int{"N": s[0], "IH": s[1], "IW": s[2], "IC": ic, "OH": oh, "OW": ow, "OC": oc, "PT": top, "PL": left,
		"G": 1, "KH": 3, "KW": 3, "SH": 1, "SW": 1, "DH": 1, "DW": 1, "TIES": 0, "QMIN": -128, "QMAX": 127} {
		a[name] = int64(v)
	}
	if out == tensor.Uint8 {
		a["QMIN"], a["QMAX"] = int64(0), int64(255)
	}
	if r.IntN(3) == 0 {
		a["QMIN"], a["QMAX"] = a["QMIN"].(int64)+int64(r.IntN(40)), a["QMAX"].(int64)-int64(r.IntN(40))
	}
	w, b := tensor.New(tensor.Int8, oc, 3, 3, ic), tensor.New(tensor.Int32, oc)
	m, shift := tensor.New(tensor.Int32, oc), tensor.New(tensor.Int8, oc)
	for i := range w.Len() {
		w.SetI64(i, int64(r.IntN(256)-128))
	}
	for i := range oc {
		b.SetI64(i, int64(r.IntN(1<<18)-1<<17))
		f, err := fixed.NewMultiplier((0.3 + r.Float64()) / 4096)
		if err != nil {
			t.Fatal(err)
		}
		m.SetI64(i, int64(f.M|1))
		shift.SetI64(i, int64(f.Shift))
	}
	typ := ir.Type{DType: out, Shape: []int{s[0], oh, ow, oc}}
	y = direct.NewValue("y", typ)
	node(direct, "conv2d_s8", a, y, x, direct.NewConst("w", w), direct.NewConst("b", b), direct.NewConst("m", m), direct.NewConst("s", shift))
	packed, a, ok := op.PackWinoS8(a, w, b, m, shift)
	if !ok {
		t.Fatalf("weights are not packed: %v", a)
	}
	sameY = wino.NewValue("y", typ)
	node(wino, "conv2d_wino_s8", a, sameY, same, wino.NewConst("quads", packed))
	return y, sameY, yzero
}

func node(g *ir.Graph, name string, a ir.Attrs, y *ir.Value, in ...*ir.Value) {
	y.Def = &ir.Node{Op: name, Attrs: a, Inputs: in, Outputs: []*ir.Value{y}}
	g.Nodes = append(g.Nodes, y.Def)
}
