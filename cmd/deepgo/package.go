package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/pack"
	"github.com/spf13/cobra"
)

// packageFlags adds --package and --data to compile.
func packageFlags(c *cobra.Command, kind, data *string) {
	words := []string{"none"}
	for _, k := range pack.Kinds() {
		words = append(words, k[0])
	}
	choiceFlag(c, kind, "package", "make a `package`, with an example that checks itself: "+strings.Join(words[1:], ", "), words...)
	c.Flags().StringVar(data, "data", "", "`folder` with test_data_set_N, whose first case a package's example checks, and whose inputs show --report the quantization error (default: random)")
}

// packaged returns the package's files and the folder that they go into: one named after the model, or the output folder
// for an archive.
func (f *compileFlags) packaged(c *cobra.Command, m *deepgo.Model, p *deepgo.Program) (string, []codegen.File, error) {
	k := verify.Case{Inputs: samples.Random(m.InputTypes(), 1)}
	if f.data != "" {
		cases, err := verify.LoadCases(f.data, m)
		if err != nil {
			return "", nil, err
		}
		k = cases[0]
		if sizes, err := m.SizesOf(k.Inputs); err != nil || !slices.Equal(sizes, m.MaxSizes()) {
			return "", nil, fmt.Errorf("%s: a package's example has the greatest sizes; the first case has %v", f.data, sizes)
		}
	}
	in, out, err := verify.Reference(m, p, k)
	if err != nil {
		return "", nil, err
	}
	info := pack.Info{
		Version: deepgo.Version, Target: p.Target.Name, Source: filepath.Base(m.File), AVR: p.Target.FlashSpace == "avr",
		ConstBytes: p.Report.ConstBytes, ArenaBytes: p.Report.ArenaBytes, IOBytes: p.Report.IOBytes, StateBytes: p.Report.StateBytes,
	}
	files, err := pack.Package(f.pack, pack.Model{Name: p.Name, Inputs: p.Inputs, Outputs: p.Outputs, Arenas: p.Arenas, Dims: p.Dims, Files: p.Files}, info, pack.Golden{Inputs: in, Outputs: out})
	if len(files) == 1 {
		return f.out, files, err
	}
	return filepath.Join(f.out, p.Name), files, err
}
