package main

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"strings"
	"time"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

func newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo [PICTURE.png]",
		Short: "Read a captcha with a compiled model",
		Long: `Compile the captcha reader that deepgo carries, an int8 convolutional network, with this machine's
C compiler, run it on a 200x50 picture, and print the text that it reads.`,
		Example: "  deepgo demo\n  deepgo demo captcha.png",
		Args:    optionalArg("PICTURE.png"),
		RunE:    runDemo,
	}
}

func runDemo(c *cobra.Command, args []string) error {
	picture, err := deepgo.DemoPicture()
	if len(args) == 1 {
		picture, err = os.ReadFile(args[0])
	}
	if err != nil {
		return err
	}
	m, err := deepgo.DemoModel()
	if err != nil {
		return err
	}
	input, err := samples.DecodeImage(picture, m.Graph.Inputs[0].Type)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(args, ""), err)
	}
	p, err := m.Compile(deepgo.CompileOptions{Command: "deepgo demo"})
	if err != nil {
		return err
	}
	if missing := toolchain.Missing(p.Target); len(missing) > 0 {
		return &ir.Error{Msg: "the demo needs a C compiler", Hint: toolchain.InstallHint(p.Target)}
	}
	start := time.Now()
	x, err := verify.Execute(c.Context(), p, [][]*tensor.Tensor{{input}}, verify.Build{})
	if err != nil {
		return err
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	fmt.Fprint(out, deepgo.Braille(img, 78))
	fmt.Fprintf(out, "\n%s\n\n", deepgo.DemoText(x.Outputs[0]))
	_, err = fmt.Fprintf(out, "read by %s of C constants in %s of arena, built and run in %.1f s\n",
		bytesText(p.Report.ConstBytes), bytesText(p.Report.ArenaBytes), time.Since(start).Seconds())
	return err
}
