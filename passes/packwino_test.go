package passes

import (
	"fmt"
	"slices"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets"
)

// squares is a chain of two convolutions of 8-bit values on images of 16x16 with so many channels; the second one's weights have fewer pixels to pay for
// them.
func squares(channels int) *ir.Graph {
	g := &ir.Graph{Name: "squares"}
	x := &ir.Value{Name: "x", Type: ir.Type{DType: tensor.Int8, Shape: []int{1, 16, 16, channels}}}
	g.Inputs = []*ir.Value{x}
	for i, size := range []int64{16, 8} {
		a := ir.Attrs{"XT": "int8_t", "YT": "int8_t", "WT": "int8_t", "QMIN": int64(-128), "QMAX": int64(127), "IC": int64(channels), "OC": int64(channels)}
		for _, name := range []string{"G", "SH", "SW", "DH", "DW", "PT", "PL", "N"} {
			a[name] = int64(1)
		}
		for name, v := range map[string]int64{"KH": 3, "KW": 3, "OH": size, "OW": size, "IH": 16, "IW": 16, "XZ": 0, "YZ": 0, "TIES": 0} {
			a[name] = v
		}
		w, m, s := tensor.New(tensor.Int8, channels, 3, 3, channels), tensor.New(tensor.Int32, channels), tensor.New(tensor.Int8, channels)
		for c := range channels {
			w.SetI64(c*9*channels, 1)
			m.SetI64(c, 1<<30+1)
			s.SetI64(c, 35)
		}
		y := g.NewValue("y", ir.Type{DType: tensor.Int8, Shape: []int{1, int(size), int(size), channels}})
		y.Def = &ir.Node{Op: "conv2d_s8", Attrs: a, Outputs: []*ir.Value{y}, From: []string{fmt.Sprint(i)},
			Inputs: []*ir.Value{x, g.NewConst("w", w), g.NewConst("b", tensor.New(tensor.Int32, channels)), g.NewConst("m", m), g.NewConst("s", s)}}
		g.Nodes, x = append(g.Nodes, y.Def), y
	}
	g.Outputs = []*ir.Value{x}
	return g
}

// TestWinogradWithinBudgets lets a convolution be computed Winograd's way where speed is wanted, as far as flash and RAM go, the one first that saves more
// for its bytes.
func TestWinogradWithinBudgets(t *testing.T) {
	const channels = 32
	const weights, more = 9 * channels * channels, 9 * channels * channels * 23 / 9
	const fixed = 2*(weights+9*channels) + 24<<10 // constants as they are, and room for code
	quad, wino := "conv2d_quad_s8", "conv2d_wino_s8"
	target := func(flash, ram int) *targets.Target {
		return &targets.Target{ISA: []string{"dsp", "quad"}, FlashBytes: flash, RAMBytes: ram}
	}
	for _, c := range []struct {
		name     string
		config   Config
		channels int
		want     []string
	}{
		{"no limits", Config{Target: target(0, 0), Optimize: "speed"}, channels, []string{wino, wino}},
		{"flash for both", Config{Target: target(fixed+2*more, 0), Optimize: "speed"}, channels, []string{wino, wino}},
		{"flash for one", Config{Target: target(fixed+2*more-1, 0), Optimize: "speed"}, channels, []string{wino, quad}},
		{"flash for none", Config{Target: target(fixed, 0), Optimize: "speed"}, channels, []string{quad, quad}},
		{"no RAM", Config{Target: target(0, 20<<10), Optimize: "speed"}, channels, []string{quad, quad}},
		{"--ram for the second", Config{Target: target(0, 0), Optimize: "speed", RAM: 12_700}, channels, []string{quad, wino}},
		{"balanced", Config{Target: target(0, 0), Optimize: "balanced"}, channels, []string{quad, quad}},
		{"size", Config{Target: target(0, 0), Optimize: "size"}, channels, []string{quad, quad}},
		{"frames", Config{Target: target(0, 0), Optimize: "speed", Push: PushFrames}, channels, []string{quad, quad}},
		{"few channels", Config{Target: target(0, 0), Optimize: "speed"}, 4, []string{quad, quad}},
	} {
		g := squares(c.channels)
		if _, err := pack(g, &c.config); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range g.Nodes {
			got = append(got, n.Op)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
