package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/pack"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

// firmware is a board's firmware being built.
type firmware struct {
	board   *targets.Board
	program *deepgo.Program
	dir     string // where it is built
	cc      string
	cflags  []string
	layers  bool // it tells what its nodes compute
}

// build compiles the firmware and returns its image in each of the board's formats.
func (f *firmware) build(ctx context.Context) ([]codegen.File, error) {
	p := f.program
	files, err := pack.Firmware(pack.Model{Name: p.Name, Inputs: p.Inputs, Outputs: p.Outputs, Arenas: p.Arenas, Dims: p.Dims, Files: p.Files}, f.board.Driver, f.board.Start, f.board.ClockHz)
	if err != nil {
		return nil, err
	}
	target := *p.Target
	target.LDFlags = append(append([]string{}, target.LDFlags...), f.regions()...)
	b := toolchain.Build{Target: &target, Dir: f.dir, Script: f.dir, CC: f.cc, CFlags: f.cflags}
	if f.layers {
		b.CFlags = append(b.CFlags, "-include", "trace.h")
	}
	for _, d := range f.board.Defines {
		b.CFlags = append(b.CFlags, "-D"+d)
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(f.dir, file.Name), file.Data, 0o666); err != nil {
			return nil, err
		}
		if ext := filepath.Ext(file.Name); ext == ".c" || ext == ".S" {
			b.Others = append(b.Others, file.Name)
		}
	}
	elf, err := b.Program(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.fits(ctx, elf); err != nil {
		return nil, err
	}
	return f.images(ctx, elf)
}

// regions tells the linker script where the board's memory is.
func (f *firmware) regions() []string {
	var flags []string
	add := func(name string, r *targets.Region) {
		if r != nil {
			flags = append(flags, fmt.Sprintf("-Wl,--defsym=dg_%s=%#x", name, r.Origin), fmt.Sprintf("-Wl,--defsym=dg_%s_len=%d", name, r.Bytes))
		}
	}
	add("flash", f.board.Flash)
	add("ram", f.board.RAM)
	return flags
}

var elfSection = regexp.MustCompile(`(?m)^\.(text|rodata|data|bss|noinit|ARM\.exidx)\s+(\d+)\s`)

// fits compares the linked program with the board's memory; a stack of at least stackRoom must be left.
func (f *firmware) fits(ctx context.Context, elf string) error {
	const stackRoom = 128
	t := f.program.Target
	out, err := exec.CommandContext(ctx, t.Size, "-A", elf).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", t.Size, err)
	}
	flash, ram := 0, 0
	for _, m := range elfSection.FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.Atoi(m[2])
		if m[1] != "bss" && m[1] != "noinit" {
			flash += n
		}
		if m[1] == "bss" || m[1] == "noinit" || m[1] == "data" {
			ram += n
		}
	}
	switch {
	case t.FlashBytes > 0 && flash > t.FlashBytes:
		return &ir.Error{Msg: fmt.Sprintf("the firmware is too big for %s: %d bytes of flash, the board has %d", f.board.Name, flash, t.FlashBytes), Hint: "quantize the model, or choose a larger board"}
	case t.RAMBytes > 0 && ram+stackRoom > t.RAMBytes:
		return &ir.Error{Msg: fmt.Sprintf("the firmware is too big for %s: %d bytes of RAM and the stack, the board has %d", f.board.Name, ram, t.RAMBytes), Hint: "try --io quantized, quantize the model, or choose a larger board"}
	}
	return nil
}

// images returns the program in the board's formats, the ELF file first.
func (f *firmware) images(ctx context.Context, elf string) ([]codegen.File, error) {
	objcopy := strings.TrimSuffix(f.program.Target.CC, "gcc") + "objcopy"
	convert := func(format, ext string) ([]byte, error) {
		out := elf + ext
		if text, err := exec.CommandContext(ctx, objcopy, "-O", format, elf, out).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", objcopy, err, text)
		}
		return os.ReadFile(out)
	}
	var files []codegen.File
	for _, format := range f.board.Formats {
		var data []byte
		var err error
		switch format {
		case "elf":
			data, err = os.ReadFile(elf)
		case "hex":
			data, err = convert("ihex", ".hex")
		case "bin":
			data, err = convert("binary", ".bin")
		case "uf2":
			if data, err = convert("binary", ".bin"); err == nil {
				data, err = f.uf2(data)
			}
		default:
			ir.Bugf("board %s has the unknown format %q", f.board.Name, format)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, codegen.File{Name: fmt.Sprintf("%s-%s.%s", f.program.Name, f.board.Name, format), Data: data})
	}
	return files, nil
}

func (f *firmware) uf2(image []byte) ([]byte, error) {
	family, err := strconv.ParseUint(f.board.UF2Family, 0, 32)
	if err != nil {
		return nil, fmt.Errorf("board %s: UF2 family: %w", f.board.Name, err)
	}
	return pack.UF2(image, f.board.Flash.Origin, uint32(family)), nil
}

// firmwareFlags are the flags of commands that build firmware.
type firmwareFlags struct {
	load   loadFlags
	board  string
	name   string
	io     string
	costs  priorities
	layers bool
	cc     string
	cflags []string
}

func (f *firmwareFlags) add(c *cobra.Command) {
	f.load.add(c)
	c.Flags().StringVar(&f.name, "name", "", "the model's `name` for itself (default: the model's file name)")
	ioFlag(c, &f.io)
	f.costs.add(c)
	c.Flags().BoolVar(&f.layers, "layers", false, "firmware that tells what each node computes, for verify --device --layers")
	compilerFlags(c, &f.cc, &f.cflags)
}

// images compiles the model and builds the firmware.
func (f *firmwareFlags) images(c *cobra.Command, file string) ([]codegen.File, *targets.Board, error) {
	board, target, err := targets.LoadBoard(f.board)
	if err != nil {
		return nil, nil, err
	}
	if missing := toolchain.Missing(target); len(missing) > 0 && f.cc == "" {
		return nil, nil, &ir.Error{Msg: fmt.Sprintf("%s needs %s, which this machine lacks", board.Name, strings.Join(missing, ", ")), Hint: toolchain.InstallHint(target)}
	}
	m, err := f.load.load(c, file)
	if err != nil {
		return nil, nil, err
	}
	opt := deepgo.CompileOptions{Board: f.board, Name: f.name, IO: f.io, Trace: f.layers, Command: command(c, file, target.Name)}
	f.costs.set(&opt)
	p, err := m.Compile(opt)
	if err != nil {
		return nil, nil, err
	}
	if err := p.Fit(); err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "deepgo-firmware-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	fw := firmware{board: board, program: p, dir: dir, cc: f.cc, cflags: words(f.cflags), layers: f.layers}
	files, err := fw.build(c.Context())
	return files, board, err
}
