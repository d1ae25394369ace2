package report

import (
	"fmt"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/testdata"
)

// TestMACs holds the multiply-accumulates of the layers against those of the model, for the kernels of all kinds of targets.
func TestMACs(t *testing.T) {
	for _, file := range testdata.Models(t) {
		m, err := deepgo.Load(file, deepgo.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"host", "cortex-m0plus", "cortex-m4", "cortex-m7", "cortex-m55", "rv32imac", "raspberry-pi-4"} {
			for _, optimize := range []string{"", "speed"} {
				checkMACs(t, m, deepgo.CompileOptions{Target: target, IO: "quantized", Optimize: optimize})
			}
		}
	}
}

func checkMACs(t *testing.T, m *deepgo.Model, o deepgo.CompileOptions) {
	p, err := m.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Collect(m, p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum, layers := 0, ""
	for _, l := range d.Layers {
		sum += l.MACs
		layers += fmt.Sprintf("\n%s %s %d", l.Kernel, l.Output, l.MACs)
	}
	if sum < d.MACs || sum > d.MACs*11/10 {
		t.Errorf("%s for %s %s: the layers have %d multiply-accumulates, the model %d%s", m.Name, o.Target, o.Optimize, sum, d.MACs, layers)
	}
}
