package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/report"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// writeReport writes the page about a compiled model. Where the target's tools are installed it is measured, layer by layer.
func writeReport(ctx context.Context, file, data string, m *deepgo.Model, p *deepgo.Program, opt deepgo.CompileOptions) error {
	var cost *verify.Cost
	if len(toolchain.Missing(p.Target)) == 0 {
		opt.Dump, opt.Emit = nil, "split"
		var err error
		if cost, err = verify.Bench(ctx, m, verify.Options{Compile: opt, Layers: true}); err != nil {
			return err
		}
	}
	var inputs [][]*tensor.Tensor
	if data != "" {
		cases, err := verify.LoadCases(data, m)
		if err != nil {
			return err
		}
		for _, k := range cases {
			if sizes, err := m.SizesOf(k.Inputs); err == nil && slices.Equal(sizes, m.MaxSizes()) { // the page is about the greatest
				inputs = append(inputs, k.Inputs)
			}
		}
	}
	collected, err := report.Collect(m, p, cost, inputs)
	if err != nil {
		return err
	}
	page, err := report.Page(collected)
	if err != nil {
		return err
	}
	return writeFiles(filepath.Dir(file), []codegen.File{{Name: filepath.Base(file), Data: page}})
}
