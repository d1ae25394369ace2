package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// mostWindows bounds how many windows of a sequence are checked.
const mostWindows = 400

// pushOn pushes the frames of all cases one after the other, and once more, without a new beginning, and holds every output against the interpreter's for
// the window of the last frames.
func (c *comparison) pushOn(ctx context.Context, b Build) error {
	twice := append(slices.Clone(c.inputs), c.inputs...)
	pushed := c.program.Memory.Pushed
	windows, err := Windows(pushed, twice)
	if err != nil {
		return err
	}
	b.Trace, b.Layers, b.Follow = false, false, true
	x, err := Execute(ctx, c.program, windows, b)
	if err != nil {
		return err
	}
	for i, w := range windows {
		want, err := interp.Run(c.program.Lowered, w, interp.Options{})
		if err != nil {
			return err
		}
		for j, got := range x.Outputs[i] {
			v := c.program.Lowered.Outputs[j]
			c.holdAgainst(fmt.Sprintf("after %d frames: output %q", pushed.First+i*pushed.Hop, v.Name), v, got, want[j], false)
		}
	}
	c.result.Windows = len(windows)
	return nil
}

// Windows returns the windows, of the rows of all cases' inputs one after the other, for which there are outputs.
func Windows(pushed *ir.PushedInput, cases [][]*tensor.Tensor) ([][]*tensor.Tensor, error) {
	var all []byte
	for _, c := range cases {
		all = append(all, c[0].Bytes()...)
	}
	t := pushed.Value.Type
	hop := pushed.Hop * (t.Bytes() / pushed.Rows)
	var windows [][]*tensor.Tensor
	for from := 0; from+t.Bytes() <= len(all) && len(windows) < mostWindows; from += hop {
		w, err := tensor.FromBytes(t.DType, all[from:from+t.Bytes()], t.Shape...)
		if err != nil {
			return nil, err
		}
		windows = append(windows, []*tensor.Tensor{w})
	}
	return windows, nil
}
