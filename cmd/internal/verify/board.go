package verify

import (
	"fmt"

	"github.com/deepgo/deepgo/cmd/internal/device"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// executeOn runs the cases on a board that holds the program's firmware.
func (c *comparison) executeOn(d *device.Client, cases []Case, layers bool) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if err := c.sameModel(info); err != nil {
		return err
	}
	for i := range cases {
		outs, cycles, err := c.runOn(d, i)
		if err != nil {
			return err
		}
		if i == 0 {
			c.result.Cycles = cycles
		}
		c.compare(cases[i], i, outs)
	}
	c.judge()
	if !layers {
		return nil
	}
	return c.layersOn(d)
}

// sameModel compares what the board says of its model with the program.
func (c *comparison) sameModel(info *device.Info) error {
	same := info.Model == c.program.Name && samePorts(info.Inputs, c.program.Inputs) && samePorts(info.Outputs, c.program.Outputs)
	if !same {
		return &ir.Error{Msg: fmt.Sprintf("the board runs %q, with other inputs or outputs than %q has", info.Model, c.program.Name), Hint: "deepgo flash puts this model onto it; --io and --name must be the same there and here"}
	}
	return nil
}

func samePorts(have []device.Port, want []codegen.Port) bool {
	if len(have) != len(want) {
		return false
	}
	for i, p := range want {
		if have[i].DType != p.Type.DType || have[i].Bytes != p.Type.Bytes() {
			return false
		}
	}
	return true
}

// layersOn compares the board's nodes with the interpreter's, in the first case.
func (c *comparison) layersOn(d *device.Client) error {
	if err := c.loadOn(d, 0); err != nil {
		return err
	}
	traces, err := d.Traces()
	if err != nil {
		return err
	}
	x := &Execution{Traces: map[int][]uint32{}}
	cycles := map[int]uint64{}
	for _, t := range traces {
		x.Traces[t.Node] = append(x.Traces[t.Node], t.Hash)
		cycles[t.Node] += t.Cycles
	}
	if err := c.compareLayers(x); err != nil {
		return err
	}
	for i, l := range c.result.Layers {
		c.result.Layers[i].Cycles = cycles[l.Node]
	}
	return nil
}

func (c *comparison) loadOn(d *device.Client, i int) error {
	for k, t := range c.inputs[i] {
		if err := d.Load(k, t.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) runOn(d *device.Client, i int) (outs []*tensor.Tensor, cycles uint64, err error) {
	if err := c.loadOn(d, i); err != nil {
		return nil, 0, err
	}
	if cycles, err = d.Run(); err != nil {
		return nil, 0, err
	}
	for k, v := range c.program.Lowered.Outputs {
		data, err := d.Output(k, v.Type.Bytes())
		if err != nil {
			return nil, 0, err
		}
		t, err := tensor.FromBytes(v.Type.DType, data, v.Type.Shape...)
		if err != nil {
			return nil, 0, err
		}
		outs = append(outs, t)
	}
	return outs, cycles, nil
}
