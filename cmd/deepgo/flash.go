package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/deepgo/deepgo/cmd/internal/device"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

type flashFlags struct {
	firmwareFlags
	port string
	tool string
}

func newFlash() *cobra.Command {
	var f flashFlags
	c := &cobra.Command{
		Use:   "flash MODEL.onnx --board BOARD",
		Short: "Put a model onto a board",
		Long: `Build a board's firmware with the model, and put it onto the board with the board's own tool; deepgo
verify --device then runs golden cases on it.

--port is what the tool needs: a serial port for avrdude and bossac, HOST:PORT of a gdb server for
gdb, USER@HOST for ssh.`,
		Example: `  deepgo flash model.onnx --board arduino-uno --port /dev/ttyACM0
  deepgo flash model.onnx --board nucleo-f401re
  deepgo flash model.onnx --board qemu-mps2-an386 --port localhost:1234
  deepgo flash model.onnx --board raspberry-pi-4 --port pi@raspberrypi.local`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.firmwareFlags.add(c)
	boardFlag(c, &f.board, "the `board`: a name from deepgo boards")
	if err := c.MarkFlagRequired("board"); err != nil {
		panic(err)
	}
	c.Flags().StringVarP(&f.port, "port", "p", "", "where the board is: a serial `port`, a gdb server, a host")
	c.Flags().StringVar(&f.tool, "tool", "", "one of the board's `tools` instead of the first that is installed")
	return c
}

func (f *flashFlags) run(c *cobra.Command, file string) error {
	board, _, err := targets.LoadBoard(f.board)
	if err != nil {
		return err
	}
	tool, err := f.choose(board)
	if err != nil {
		return err
	}
	files, _, err := f.images(c, file)
	if err != nil {
		return err
	}
	if tool.Tool == "ssh" {
		return f.deploy(c, board, files[0])
	}
	dir, err := os.MkdirTemp("", "deepgo-flash-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writeFiles(dir, files); err != nil {
		return err
	}
	pairs := []string{"{port}", f.port}
	for _, image := range files {
		pairs = append(pairs, "{"+strings.TrimPrefix(filepath.Ext(image.Name), ".")+"}", filepath.Join(dir, image.Name))
	}
	args := make([]string, len(tool.Args))
	for i, a := range tool.Args {
		args[i] = strings.NewReplacer(pairs...).Replace(a)
	}
	return runTool(c, append([]string{tool.Tool}, args...), nil)
}

// choose returns the tool that was asked for, or the first that is installed.
func (f *flashFlags) choose(b *targets.Board) (*targets.Flasher, error) {
	var names, hints []string
	for i, tool := range b.Flashers {
		if f.tool != "" && f.tool != tool.Tool {
			names = append(names, tool.Tool)
			continue
		}
		_, err := exec.LookPath(tool.Tool)
		if err == nil {
			return &b.Flashers[i], f.checkPort(&tool)
		}
		names, hints = append(names, tool.Tool), append(hints, tool.Install)
	}
	if len(hints) == 0 {
		return nil, &usageError{"flash", fmt.Errorf("%s is not flashed with %q; expected %s", b.Name, f.tool, strings.Join(names, ", "))}
	}
	return nil, &ir.Error{Msg: fmt.Sprintf("%s is flashed with %s, which this machine lacks", b.Name, strings.Join(names, " or ")), Hint: strings.Join(hints, ", or ")}
}

func (f *flashFlags) checkPort(tool *targets.Flasher) error {
	needs := tool.Tool == "ssh" || strings.Contains(strings.Join(tool.Args, " "), "{port}")
	if needs && f.port == "" {
		return &usageError{"flash", errors.New(tool.Tool + " needs --port")}
	}
	return nil
}

// deploy copies the program to the home of a user on another machine.
func (f *flashFlags) deploy(c *cobra.Command, b *targets.Board, image codegen.File) error {
	name := remoteName(b)
	return runTool(c, append(device.SSH(f.port), fmt.Sprintf("cat > %[1]s.new && chmod +x %[1]s.new && mv %[1]s.new %[1]s", name)), image.Data)
}

// remoteName is the program that deepgo flash leaves in the home of a user on another machine.
func remoteName(b *targets.Board) string { return "deepgo-" + b.Name }

// runTool says what it runs, and runs it.
func runTool(c *cobra.Command, args []string, stdin []byte) error {
	fmt.Fprintf(c.OutOrStdout(), "running %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(c.Context(), args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out.String())
	}
	fmt.Fprintln(c.OutOrStdout(), "done")
	return nil
}
