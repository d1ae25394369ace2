package fuzz

import (
	"context"
	"fmt"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// HuntOn checks n quantized graphs from seed on, one by one, on a target's emulator: its kernels may be others than the host's.
func HuntOn(ctx context.Context, target string, seed uint64, n int, found func(Difference), progress func(done int)) error {
	for i := range n {
		s := (seed+uint64(i))*2 + 1 // odd seeds are quantized
		g := graphOf(s)
		if _, err := CheckOn(ctx, target, g, s); err != nil {
			small := Shrink(g, func(c *ir.Graph) bool { _, err := CheckOn(ctx, target, c, s); return err != nil })
			found(Difference{s, small, err})
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		progress(i + 1)
	}
	return nil
}

// CheckOn returns the program that g becomes for a target, and the first difference between what it computes and what the interpreter
// does.
func CheckOn(ctx context.Context, target string, g *ir.Graph, seed uint64) (*deepgo.Program, error) {
	m := &deepgo.Model{File: "fuzz.ir", Name: "fuzz", Graph: g}
	p, err := m.Compile(deepgo.CompileOptions{Name: "fuzz", Emit: "single", Target: target})
	if err != nil {
		return nil, err
	}
	in := samples.Random(m.InputTypes(), seed)
	want, err := interp.Run(p.Lowered, in, interp.Options{})
	if err != nil {
		return p, err
	}
	x, err := verify.Execute(ctx, p, [][]*tensor.Tensor{in}, verify.Build{})
	if err != nil {
		return p, err
	}
	for i, got := range x.Outputs[0] {
		if err := agree(want[i], got, floatSteps(p.Lowered)); err != nil {
			return p, fmt.Errorf("output %d on %s: %w", i, target, err)
		}
	}
	return p, nil
}
