package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/pack"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

type buildFlags struct {
	load   loadFlags
	target string
	out    string
	name   string
	io     string
	cc     string
	cflags []string
	json   bool
}

func newBuild() *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use:   "build MODEL.onnx",
		Short: "Make a program of a model",
		Long: `Make a program of a model, for machines with an operating system: it reads tensors from .npy, .pb,
.png and text files, runs the model, and prints its outputs or writes them as .npy. The program's own
-h lists the model's inputs and outputs.`,
		Example: `  deepgo build model.onnx
  deepgo build model.onnx --target linux-aarch64 --output digits
  deepgo build model.onnx --target windows-x86_64 --cflags -O3`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	targetFlag(c, &f.target)
	c.Flags().StringVarP(&f.out, "output", "o", "", "`file` to write (default: the model's name)")
	c.Flags().StringVar(&f.name, "name", "", "the program's `name` for itself (default: the model's file name)")
	ioFlag(c, &f.io)
	compilerFlags(c, &f.cc, &f.cflags)
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func (f *buildFlags) run(c *cobra.Command, file string) error {
	t, err := targets.Load(f.target)
	if err != nil {
		return err
	}
	if t.OS == "" {
		return &ir.Error{Msg: fmt.Sprintf("%s has no operating system to run a program", t.Name), Hint: "deepgo compile makes C for it"}
	}
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	p, err := m.Compile(deepgo.CompileOptions{Target: f.target, Name: f.name, IO: f.io, Command: command(c, file, f.target)})
	if err != nil {
		return err
	}
	out := f.out
	if out == "" {
		out = p.Name + t.Suffix
	}
	if err := f.build(c.Context(), p, out); err != nil {
		return err
	}
	return f.report(c.OutOrStdout(), out, t)
}

// build compiles in a folder of its own, and moves the program to its place when it is whole.
func (f *buildFlags) build(ctx context.Context, p *deepgo.Program, out string) error {
	dir, err := os.MkdirTemp("", "deepgo-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := pack.Program(pack.Model{Name: p.Name, Inputs: p.Inputs, Outputs: p.Outputs, Files: p.Files})
	if err != nil {
		return err
	}
	b := toolchain.Build{Target: p.Target, Dir: dir, CC: f.cc, CFlags: words(f.cflags)}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(dir, file.Name), file.Data, 0o666); err != nil {
			return err
		}
		if filepath.Ext(file.Name) == ".c" {
			b.Others = append(b.Others, file.Name)
		}
	}
	program, err := b.Program(ctx)
	if err != nil {
		return f.explain(p.Target, err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return writeExecutable(out, data)
}

// explain adds how to get the compiler where that is what is missing.
func (f *buildFlags) explain(t *targets.Target, err error) error {
	if len(toolchain.Missing(t)) > 0 && f.cc == "" {
		return &ir.Error{Msg: err.Error(), Hint: toolchain.InstallHint(t)}
	}
	return err
}

func writeExecutable(file string, data []byte) error {
	dir := filepath.Dir(file)
	if err := writeFiles(dir, []codegen.File{{Name: filepath.Base(file), Data: data}}); err != nil {
		return err
	}
	return os.Chmod(file, 0o777)
}

func (f *buildFlags) report(w io.Writer, out string, t *targets.Target) error {
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(w, map[string]any{"file": out, "bytes": info.Size(), "target": t.Name, "os": t.OS})
	}
	_, err = fmt.Fprintf(w, "wrote %s, %s, for %s\n", out, bytesText(int(info.Size())), t.Name)
	return err
}

// words splits flags that may each hold several.
func words(flags []string) []string {
	var all []string
	for _, s := range flags {
		all = append(all, strings.Fields(s)...)
	}
	return all
}
