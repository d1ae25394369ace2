package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/spf13/cobra"
)

type runFlags struct {
	load   loadFlags
	inputs []string
	random uint64
	out    string
	json   bool
}

func newRun() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run MODEL.onnx",
		Short: "Evaluate a model in the reference interpreter",
		Example: `  deepgo run digits.onnx --input image.png
  deepgo run lstm.onnx --input x=x.npy --input h0=h0.npy --input c0=c0.npy
  deepgo run model.onnx --random 1 --output out/`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	c.Flags().StringArrayVarP(&f.inputs, "input", "i", nil, "`FILE` or NAME=FILE: .npy, ONNX .pb, .png, .jpg or .txt, in the model's order or by name (repeatable)")
	c.Flags().Uint64Var(&f.random, "random", 0, "fill inputs that are not given with random values from this `seed`")
	c.Flags().StringVarP(&f.out, "output", "o", "", "write the outputs as .npy files into this `folder`")
	c.Flags().BoolVar(&f.json, "json", false, "print the outputs as JSON")
	return c
}

func (f *runFlags) run(c *cobra.Command, file string) error {
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	in, err := f.readInputs(m, c.Flags().Changed("random"))
	if err != nil {
		return err
	}
	out, err := m.Run(in)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if f.out != "" {
		return writeOutputs(f.out, m.Graph.Outputs, out)
	}
	if f.json {
		return printJSON(c.OutOrStdout(), outputsJSON(m.Graph, out))
	}
	return printOutputs(c.OutOrStdout(), m.Graph, out)
}

// readInputs returns a tensor per input of the model, from files or at random.
func (f *runFlags) readInputs(m *deepgo.Model, random bool) ([]*tensor.Tensor, error) {
	vs := m.Graph.Inputs
	in := make([]*tensor.Tensor, len(vs))
	for i, arg := range f.inputs {
		at, file := i, arg
		if name, rest, ok := strings.Cut(arg, "="); ok {
			at, file = slices.IndexFunc(vs, func(v *ir.Value) bool { return v.Name == name }), rest
		}
		if at < 0 || at >= len(in) {
			return nil, fmt.Errorf("--input %s: the model's inputs are %s", arg, namesOf(vs))
		}
		t, err := samples.Read(file, vs[at].Type)
		if err != nil {
			return nil, err
		}
		in[at] = t
	}
	if random {
		types, err := inputTypes(m, in)
		if err != nil {
			return nil, err
		}
		for i, t := range samples.Random(types, f.random) {
			if in[i] == nil {
				in[i] = t
			}
		}
	}
	for i, t := range in {
		if t == nil {
			return nil, fmt.Errorf("input %q (%s) is not given: use --input %s=FILE, or --random SEED", vs[i].Name, vs[i].Type, vs[i].Name)
		}
	}
	return in, nil
}

// inputTypes returns the types of a model's inputs, of the sizes that those have which are given; others are the greatest.
func inputTypes(m *deepgo.Model, given []*tensor.Tensor) ([]ir.Type, error) {
	if len(m.Dims) == 0 {
		return m.InputTypes(), nil
	}
	sizes, err := m.SizesOf(given)
	if err != nil {
		return nil, err
	}
	for i, d := range m.Dims {
		if sizes[i] == 0 {
			sizes[i] = d.Max
		}
	}
	fixed, err := m.At(sizes)
	if err != nil {
		return nil, err
	}
	return fixed.InputTypes(), nil
}

func namesOf(vs []*ir.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = fmt.Sprintf("%s (%s)", v.Name, v.Type)
	}
	return strings.Join(parts, ", ")
}

func writeOutputs(dir string, vs []*ir.Value, out []*tensor.Tensor) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	legal := strings.NewReplacer("/", "_", `\`, "_", ":", "_")
	for i, t := range out {
		if err := writeNPY(filepath.Join(dir, legal.Replace(vs[i].Name)+".npy"), t); err != nil {
			return err
		}
	}
	return nil
}

func writeNPY(file string, t *tensor.Tensor) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := samples.EncodeNPY(f, t); err != nil {
		f.Close()
		os.Remove(file)
		return fmt.Errorf("%s: %w", file, err)
	}
	return f.Close()
}

type outputJSON struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	Data  any    `json:"data"` // a list of numbers, or of strings
}

func outputsJSON(g *ir.Graph, out []*tensor.Tensor) []outputJSON {
	all := make([]outputJSON, len(out))
	for i, t := range out {
		all[i] = outputJSON{g.Outputs[i].Name, t.DType.String(), t.Shape, t.Float64s()}
		if t.DType == tensor.String {
			all[i].Data = texts(g, t)
		}
	}
	return all
}

// texts returns the strings of a tensor.
func texts(g *ir.Graph, t *tensor.Tensor) []string {
	list := make([]string, t.Len())
	for i := range list {
		list[i] = g.Strings.Text(t.I64(i))
	}
	return list
}

// printOutputs prints each output's elements, and where its greatest one is: the class, for a classifier.
func printOutputs(w io.Writer, g *ir.Graph, out []*tensor.Tensor) error {
	for i, t := range out {
		fmt.Fprintf(w, "%s: %s", g.Outputs[i].Name, ir.Type{DType: t.DType, Shape: t.Shape, Quant: g.Outputs[i].Type.Quant})
		if t.DType == tensor.String {
			fmt.Fprintf(w, "\n%q\n", texts(g, t))
			continue
		}
		if t.Len() > 1 {
			at := argmax(t)
			fmt.Fprintf(w, ", greatest at %d (%.6g)", at, t.F64(at))
		}
		fmt.Fprintln(w)
		for j := range t.Len() {
			end := ""
			if j%8 == 7 || j == t.Len()-1 {
				end = "\n"
			}
			if _, err := fmt.Fprintf(w, "%13.6g%s", t.F64(j), end); err != nil {
				return err
			}
		}
	}
	return nil
}

func argmax(t *tensor.Tensor) int {
	best := 0
	for i := range t.Len() {
		if t.F64(i) > t.F64(best) {
			best = i
		}
	}
	return best
}
