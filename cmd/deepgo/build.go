package main

import (
	"context"
	"errors"
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
	firmwareFlags
	target string
	out    string
	json   bool
}

func newBuild() *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use:   "build MODEL.onnx",
		Short: "Make a program or a board's firmware of a model",
		Long: `Make a program of a model, for machines with an operating system: it reads tensors from .npy, .pb,
.png and text files, runs the model, and prints its outputs or writes them as .npy. The program's own
-h lists the model's inputs and outputs.

With --board, make firmware instead: it runs the model as a host tells it to by serial port.`,
		Example: `  deepgo build model.onnx
  deepgo build model.onnx --target linux-aarch64 --output digits
  deepgo build model.onnx --target windows-x86_64 --cflags -O3
  deepgo build model.onnx --board arduino-uno --output firmware/`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.firmwareFlags.add(c)
	targetFlag(c, &f.target)
	boardFlag(c, &f.board, "make firmware for this `board`: a name from deepgo boards")
	c.MarkFlagsMutuallyExclusive("board", "target")
	c.Flags().StringVarP(&f.out, "output", "o", "", "`file` to write (default: the model's name), or with --board the folder")
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func (f *buildFlags) run(c *cobra.Command, file string) error {
	if f.board != "" {
		return f.buildFirmware(c, file)
	}
	if f.layers {
		return &usageError{"build", errors.New("--layers is for firmware: it needs --board")}
	}
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
	opt := deepgo.CompileOptions{Target: f.target, Name: f.name, IO: f.io, Command: command(c, file, f.target)}
	f.costs.set(&opt)
	p, err := m.Compile(opt)
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

// buildFirmware writes the firmware in every format that the board takes.
func (f *buildFlags) buildFirmware(c *cobra.Command, file string) error {
	files, board, err := f.images(c, file)
	if err != nil {
		return err
	}
	dir := f.out
	if dir == "" {
		dir = "."
	}
	if err := writeFiles(dir, files); err != nil {
		return err
	}
	var names []string
	for _, image := range files {
		names = append(names, filepath.Join(dir, image.Name))
	}
	if board.Driver == "posix" { // the board's system runs it as a program
		if err := os.Chmod(names[0], 0o777); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(c.OutOrStdout(), map[string]any{"files": names, "board": board.Name, "target": board.Target})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s\n", strings.Join(names, " "))
	return err
}

// build compiles in a folder of its own, and moves the program to its place when it is whole.
func (f *buildFlags) build(ctx context.Context, p *deepgo.Program, out string) error {
	dir, err := os.MkdirTemp("", "deepgo-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := pack.Program(pack.Model{Name: p.Name, Inputs: p.Inputs, Outputs: p.Outputs, Arenas: p.Arenas, Dims: p.Dims, Files: p.Files})
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
