package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type compileFlags struct {
	load    loadFlags
	target  string
	out     string
	name    string
	io      string
	costs   priorities
	emit    string
	trees   string
	states  map[string]string
	dump    string
	disable []string
	check   bool
	json    bool
	pack    string
	data    string
	report  string
}

func newCompile() *cobra.Command {
	var f compileFlags
	c := &cobra.Command{
		Use:   "compile MODEL.onnx",
		Short: "Turn a model into C",
		Long: `Turn a model into C99: a header, the code and the weights. The C allocates nothing: the caller
passes an arena of NAME_ARENA_BYTES, the inputs and the outputs.`,
		Example: `  deepgo compile model.onnx --target cortex-m4
  deepgo compile model.onnx --target atmega328p --io quantized --output src/
  deepgo compile model.onnx --dim seq=16 --emit single --name kws
  deepgo compile model.onnx --target uno --package arduino --data testdata/`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	targetFlag(c, &f.target)
	c.Flags().StringVarP(&f.out, "output", "o", ".", "`folder` to write the C into")
	c.Flags().StringVar(&f.name, "name", "", "prefix of every `name` in the C (default: the model's file name)")
	ioFlag(c, &f.io)
	f.costs.add(c)
	choiceFlag(c, &f.emit, "emit", "`split` (header, code, weights) or single (header and one C file)", "split", "single")
	choiceFlag(c, &f.trees, "trees", "decision trees as tables or `code`, nested ifs: auto (what takes less flash), table or code", "auto", "table", "code")
	stateFlag(c, &f.states)
	packageFlags(c, &f.pack, &f.data)
	c.Flags().StringVar(&f.dump, "dump", "", "write the graph after every pass that changed it into this `folder`")
	c.Flags().StringSliceVar(&f.disable, "disable", nil, "switch off these `passes`")
	c.Flags().StringVar(&f.report, "report", "", "write a page about the network, its layers and memory into this `file.html`")
	c.Flags().BoolVar(&f.check, "check", false, "interpret the graph before and after every pass, and fail where they differ")
	c.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	return c
}

func (f *compileFlags) options(c *cobra.Command, file string) (deepgo.CompileOptions, error) {
	opt := deepgo.CompileOptions{
		Target: f.target, Name: f.name, IO: f.io, Emit: f.emit, Trees: f.trees, States: f.states, Disable: f.disable, CheckEval: f.check, Command: command(c, file, f.target),
	}
	f.costs.set(&opt)
	if f.dump == "" {
		return opt, nil
	}
	if err := os.MkdirAll(f.dump, 0o777); err != nil {
		return opt, err
	}
	opt.Dump = func(seq int, pass string, g *ir.Graph, changed int) {
		if changed == 0 {
			return
		}
		// A dump that cannot be written must not stop the compiler; the folder was just made.
		_ = os.WriteFile(filepath.Join(f.dump, fmt.Sprintf("%02d-%s.ir", seq, pass)), []byte(g.String()), 0o666)
	}
	return opt, nil
}

// command is the command line as the header shows it: without folders, so that the C does not depend on them, and without
// flags that do not change the C.
func command(c *cobra.Command, file, target string) string {
	parts := []string{"deepgo compile", filepath.Base(file), "--target", target}
	c.Flags().Visit(func(flag *pflag.Flag) {
		if slices.Contains([]string{"target", "output", "dump", "check", "json", "cc", "cflags", "package", "data", "board", "port", "tool", "report"}, flag.Name) {
			return
		}
		parts = append(parts, "--"+flag.Name, strings.Trim(flag.Value.String(), "[]"))
	})
	return strings.Join(parts, " ")
}

func (f *compileFlags) run(c *cobra.Command, file string) error {
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	opt, err := f.options(c, file)
	if err != nil {
		return err
	}
	p, err := m.Compile(opt)
	if err != nil {
		return err
	}
	if err := p.Fit(); err != nil {
		return err
	}
	r := summary(p)
	if err := r.measure(c.Context(), m, p, opt); err != nil {
		return err
	}
	dir, files := f.out, p.Files
	if f.pack != "none" {
		if dir, files, err = f.packaged(c, m, p); err != nil {
			return err
		}
	}
	if err := writeFiles(dir, files); err != nil {
		return err
	}
	r.setFiles(dir, files)
	if f.report != "" {
		if err := writeReport(c.Context(), f.report, f.data, m, p, opt); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(c.OutOrStdout(), r)
	}
	return r.print(c.OutOrStdout())
}

// writeFiles writes all files or none: each under a temporary name first, then renamed.
func writeFiles(dir string, files []codegen.File) (err error) {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o777); err != nil {
			return err
		}
	}
	temp := func(f codegen.File) string {
		return filepath.Join(dir, filepath.Dir(f.Name), "."+filepath.Base(f.Name)+".tmp")
	}
	defer func() {
		for _, f := range files {
			os.Remove(temp(f))
		}
	}()
	for _, f := range files {
		if err := os.WriteFile(temp(f), f.Data, 0o666); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := os.Rename(temp(f), filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

// compileJSON is what compile reports.
type compileJSON struct {
	Name       string   `json:"name"`
	Target     string   `json:"target"`
	Files      []string `json:"files"`
	ConstBytes int      `json:"const_bytes"`
	ArenaBytes int      `json:"arena_bytes"`
	StateBytes int      `json:"state_bytes,omitempty"` // kept between runs
	CodeBytes  int      `json:"code_bytes,omitempty"`  // measured, where the target's compiler is installed
	StackBytes int      `json:"stack_bytes,omitempty"` // bound of NAME_run, likewise
	Compiler   string   `json:"compiler,omitempty"`

	limits [2]int // flash and RAM of the part
}

func summary(p *deepgo.Program) *compileJSON {
	r := &compileJSON{Name: p.Name, Target: p.Target.Name, ConstBytes: p.Report.ConstBytes, ArenaBytes: p.Report.ArenaBytes, StateBytes: p.Report.StateBytes}
	r.limits = [2]int{p.Target.FlashBytes, p.Target.RAMBytes}
	return r
}

func (r *compileJSON) setFiles(dir string, files []codegen.File) {
	for _, f := range files {
		r.Files = append(r.Files, filepath.Join(dir, filepath.FromSlash(f.Name)))
	}
}

func (r *compileJSON) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "wrote\t%s\n", strings.Join(r.Files, " "))
	fmt.Fprintf(w, "flash\t%s of constants%s\n", bytesText(r.ConstBytes), of(r.limits[0]))
	if r.CodeBytes > 0 {
		fmt.Fprintf(w, "\t%s of code (%s)\n", bytesText(r.CodeBytes), r.Compiler)
	}
	fmt.Fprintf(w, "RAM\t%s of arena%s\n", bytesText(r.ArenaBytes), of(r.limits[1]))
	if r.StateBytes > 0 {
		fmt.Fprintf(w, "\t%s of state\n", bytesText(r.StateBytes))
	}
	if r.StackBytes > 0 {
		fmt.Fprintf(w, "\tat most %s of stack\n", bytesText(r.StackBytes))
	}
	return w.Flush()
}

func of(limit int) string {
	if limit == 0 {
		return ""
	}
	return " (the part has " + limitText(limit) + ")"
}

// measure adds what only the target's compiler can tell, where it is installed, and refuses a program whose code makes it too
// big for the part.
func (r *compileJSON) measure(ctx context.Context, m *deepgo.Model, p *deepgo.Program, opt deepgo.CompileOptions) error {
	if _, err := exec.LookPath(p.Target.CC); err != nil {
		return nil
	}
	if opt.Emit != "split" { // the constants must be apart, which are not compiled
		opt.Emit, opt.Dump = "split", nil
		var err error
		if p, err = m.Compile(opt); err != nil {
			return err
		}
	}
	f, err := verify.Measure(ctx, p, verify.Build{})
	if err != nil {
		return nil // a compiler that does not work here is for doctor to say; the C is as good without it
	}
	r.CodeBytes, r.StackBytes, r.Compiler = f.CodeBytes, f.StackBytes, p.Target.CC
	ram := r.ArenaBytes + p.Report.IOBytes + r.StateBytes + f.StackBytes
	switch {
	case p.Target.FlashBytes > 0 && f.FlashBytes() > p.Target.FlashBytes:
		return &ir.Error{Model: m.File, Msg: fmt.Sprintf("too big for %s: %d bytes of code and %d of constants, the part has %d bytes of flash", p.Target.Name, f.CodeBytes, f.ConstBytes, p.Target.FlashBytes), Hint: "quantize the model, or choose a larger part"}
	case p.Target.RAMBytes > 0 && ram > p.Target.RAMBytes:
		return &ir.Error{Model: m.File, Msg: fmt.Sprintf("too big for %s: %d bytes of arena, buffers and stack, the part has %d bytes of RAM", p.Target.Name, ram, p.Target.RAMBytes), Hint: "try --io quantized, quantize the model, or choose a larger part"}
	}
	return nil
}
