package verify

import (
	"context"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Cost is what a model takes on a target.
type Cost struct {
	Model      string      `json:"model"`
	Target     string      `json:"target"`
	FlashBytes int         `json:"flash_bytes"`
	CodeBytes  int         `json:"code_bytes"`
	ConstBytes int         `json:"const_bytes"`
	RAMBytes   int         `json:"ram_bytes"` // arena
	IOBytes    int         `json:"io_bytes"`  // input and output buffers
	StackBytes int         `json:"stack_bytes"`
	Insns      uint64      `json:"insns,omitempty"`
	Cycles     uint64      `json:"cycles,omitempty"`
	Millis     float64     `json:"ms,omitempty"` // at the clock of a usual part
	ClockHz    int         `json:"clock_hz,omitempty"`
	Layers     []LayerCost `json:"layers,omitempty"`
}

// LayerCost is what one node of the lowered graph takes.
type LayerCost struct {
	Kernel string   `json:"kernel"`
	From   []string `json:"from"`
	Insns  uint64   `json:"insns,omitempty"`
	Cycles uint64   `json:"cycles,omitempty"`
}

// Bench measures a model on a target with a random input.
func Bench(ctx context.Context, m *deepgo.Model, opt Options) (*Cost, error) {
	p, err := m.Compile(opt.Compile)
	if err != nil {
		return nil, err
	}
	in, _, err := Reference(m, p, Case{Inputs: samples.Random(m.InputTypes(), 1)})
	if err != nil {
		return nil, err
	}
	f, err := Measure(ctx, p, opt.Build)
	if err != nil {
		return nil, err
	}
	x, err := Execute(ctx, p, [][]*tensor.Tensor{in}, opt.Build)
	if err != nil {
		return nil, err
	}
	c := &Cost{
		Model: m.Name, Target: p.Target.Name, FlashBytes: f.FlashBytes(), CodeBytes: f.CodeBytes, ConstBytes: f.ConstBytes,
		RAMBytes: p.Report.ArenaBytes, IOBytes: p.Report.IOBytes, StackBytes: f.StackBytes, Insns: x.Insns, Cycles: x.Cycles, ClockHz: p.Target.ClockHz,
	}
	if c.ClockHz > 0 {
		c.Millis = 1e3 * float64(c.Cycles) / float64(c.ClockHz)
	}
	if opt.Layers {
		err = c.addLayers(ctx, m, in, opt)
	}
	return c, err
}

// addLayers runs the model a second time, with a mark after every node.
func (c *Cost) addLayers(ctx context.Context, m *deepgo.Model, in []*tensor.Tensor, opt Options) error {
	opt.Compile.Trace, opt.Build.Layers = true, true
	p, err := m.Compile(opt.Compile)
	if err != nil {
		return err
	}
	x, err := Execute(ctx, p, [][]*tensor.Tensor{in}, opt.Build)
	if err != nil {
		return err
	}
	for _, l := range x.Layers {
		n := p.Lowered.Nodes[l.Node]
		c.Layers = append(c.Layers, LayerCost{Kernel: n.Op, From: n.From, Insns: l.Insns, Cycles: l.Cycles})
	}
	return nil
}
