package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/spf13/cobra"
)

type inspectFlags struct {
	load  loadFlags
	nodes bool
	json  bool
}

func newInspect() *cobra.Command {
	var f inspectFlags
	c := &cobra.Command{
		Use:   "inspect MODEL.onnx",
		Short: "Show a model's inputs, outputs, operators, size and memory",
		Long: `Show a model's inputs, outputs, operators, multiply-accumulates, parameters, and the memory
that its C takes. A model that deepgo cannot compile is answered with all that stands in the way.`,
		Example:           "  deepgo inspect model.onnx\n  deepgo inspect model.onnx --nodes\n  deepgo inspect model.onnx --json",
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	c.Flags().BoolVar(&f.nodes, "nodes", false, "list every node")
	c.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	return c
}

type valueJSON struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
}

type nodeJSON struct {
	Op         string   `json:"op"`
	From       []string `json:"from"`
	Output     string   `json:"output"`
	MACs       int      `json:"macs"`
	ParamBytes int      `json:"param_bytes"`
}

type modelJSON struct {
	File       string         `json:"file"`
	SHA256     string         `json:"sha256"`
	Inputs     []valueJSON    `json:"inputs"`
	Outputs    []valueJSON    `json:"outputs"`
	Operators  map[string]int `json:"operators"`
	MACs       int            `json:"macs"`
	Params     int            `json:"params"`
	ParamBytes int            `json:"param_bytes"`
	ConstBytes int            `json:"const_bytes"` // in the C, after folding and fusing
	ArenaBytes int            `json:"arena_bytes"`
	Nodes      []nodeJSON     `json:"nodes"`
}

func (f *inspectFlags) run(c *cobra.Command, file string) error {
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	p, err := m.Compile(deepgo.CompileOptions{})
	if err != nil {
		return err
	}
	d := describe(m)
	d.ConstBytes, d.ArenaBytes = p.Report.ConstBytes, p.Report.ArenaBytes
	if f.json {
		return printJSON(c.OutOrStdout(), d)
	}
	return d.print(c.OutOrStdout(), f.nodes)
}

func describe(m *deepgo.Model) *modelJSON {
	d := &modelJSON{File: m.File, SHA256: m.SHA256, Inputs: valuesJSON(m.Graph.Inputs), Outputs: valuesJSON(m.Graph.Outputs), Operators: map[string]int{}}
	seen := map[*ir.Value]bool{}
	for _, n := range m.Graph.Nodes {
		j := nodeJSON{Op: n.Op, From: n.From, MACs: op.MACs(n)}
		if v := n.Output(0); v != nil {
			j.Output = v.Type.String()
		}
		for _, v := range n.Inputs {
			if v.IsConst() && !seen[v] {
				seen[v] = true
				d.Params += v.Type.Len()
				j.ParamBytes += v.Type.Bytes()
			}
		}
		d.Operators[n.Op]++
		d.MACs += j.MACs
		d.ParamBytes += j.ParamBytes
		d.Nodes = append(d.Nodes, j)
	}
	return d
}

func valuesJSON(vs []*ir.Value) []valueJSON {
	all := make([]valueJSON, len(vs))
	for i, v := range vs {
		all[i] = valueJSON{v.Name, v.Type.DType.String(), v.Type.Shape}
	}
	return all
}

func (d *modelJSON) print(out io.Writer, nodes bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "model\t%s\n", d.File)
	for _, v := range d.Inputs {
		fmt.Fprintf(w, "input\t%s\t%s%v\n", v.Name, v.DType, v.Shape)
	}
	for _, v := range d.Outputs {
		fmt.Fprintf(w, "output\t%s\t%s%v\n", v.Name, v.DType, v.Shape)
	}
	fmt.Fprintf(w, "multiply-accumulates\t%d\n", d.MACs)
	fmt.Fprintf(w, "parameters\t%d\t%s in the file\t%s in the C\n", d.Params, bytesText(d.ParamBytes), bytesText(d.ConstBytes))
	fmt.Fprintf(w, "arena\t%s\t(RAM beside the input and output buffers)\n", bytesText(d.ArenaBytes))
	if err := w.Flush(); err != nil {
		return err
	}
	if nodes {
		return d.printNodes(out)
	}
	return d.printOperators(out)
}

func (d *modelJSON) printOperators(out io.Writer) error {
	names := make([]string, 0, len(d.Operators))
	for name := range d.Operators {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(d.Operators[b]-d.Operators[a], cmp.Compare(a, b))
	})
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nOPERATOR\tNODES")
	for _, name := range names {
		fmt.Fprintf(w, "%s\t%d\n", name, d.Operators[name])
	}
	return w.Flush()
}

func (d *modelJSON) printNodes(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nOPERATOR\tOUTPUT\tMACS\tPARAMETERS\tNODE")
	for _, n := range d.Nodes {
		name := ""
		if len(n.From) > 0 {
			name = n.From[0]
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", n.Op, n.Output, n.MACs, bytesText(n.ParamBytes), name)
	}
	return w.Flush()
}
