package op

import (
	"math"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func TestFPUBounds(t *testing.T) {
	for _, c := range []struct {
		post      string
		low, high float32
		act       int64
		left      string // of post
	}{
		{"", 0, 0, 0, ""},
		{"v", 0, 0, 0, "v"},
		{"Relu(v)", 0, 0, 1, ""},
		{"Clip(v,-1,6)", -1, 6, 2, ""},
		{"Clip(v,-inf,6)", 0, 0, 0, "Clip(v,-inf,6)"},
		{"Clip(v,nan,6)", 0, 0, 0, "Clip(v,nan,6)"},
		{"Relu(Neg(v))", 0, 0, 0, "Relu(Neg(v))"},
		{"Max(v,1)", 0, 0, 0, "Max(v,1)"},
	} {
		a := ir.Attrs{"post": c.post}
		FPUBounds(a)
		if a["ACT"] != c.act || a["LOW"] != c.low || a["HIGH"] != c.high || a.String("post") != c.left {
			t.Errorf("%q gives %v", c.post, a)
		}
	}
}

// TestFPUPlaces packs weights whose values say which they are, and looks where they are and comes back.
func TestFPUPlaces(t *testing.T) {
	const channels, taps = 11, 3
	w, b := tensor.New(tensor.Float32, channels, taps), tensor.New(tensor.Float32, channels)
	for c := range channels {
		b.SetF64(c, float64(c))
		for k := range taps {
			w.SetF64(c*taps+k, float64(100*(k+1)+c))
		}
	}
	packed := FPUWeights(w, b, false)
	for at, want := range map[int]float64{0: 0, 7: 7, 8: 100, 15: 107, 31: 307, 32: 8, 34: 10, 35: 108, 43: 310} {
		if got := packed.F64(at); got != want {
			t.Errorf("element %d is %g, want %g", at, got, want)
		}
	}
	c := &Call{Attrs: ir.Attrs{}, in: []*tensor.Tensor{nil, packed}}
	plain := unpackFPU(c, channels, false)
	for i := range w.Len() {
		if plain.in[1].F64(i) != w.F64(i) {
			t.Fatalf("weight %d came back as %g", i, plain.in[1].F64(i))
		}
	}
}

func TestBoundsKeepNaN(t *testing.T) {
	y := tensor.Floats([]float32{float32(math.NaN()), -1, 7}, 3)
	if _, err := bounded(ir.Attrs{"ACT": int64(2), "LOW": float32(0), "HIGH": float32(6)}, []*tensor.Tensor{y}, nil); err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(y.F64(0)) || y.F64(1) != 0 || y.F64(2) != 6 {
		t.Errorf("got %v", y.Float64s())
	}
}
