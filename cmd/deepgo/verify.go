package main

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/device"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnxgo"
	"github.com/deepgo/deepgo/targets"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

type verifyFlags struct {
	load   loadFlags
	target string
	data   string
	io     string
	costs  priorities
	cc     string
	cflags []string
	random uint
	layers bool
	states map[string]string
	json   bool
	board  string
	device string
}

func newVerify() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify MODEL.onnx",
		Short: "Prove on the host or an emulator that the C computes what the model means",
		Long: `Compile a model, build it for a target, run it on the host or the target's emulator, and compare
with the reference interpreter and, given --data, with golden outputs. The exit code is 1 where
they differ: this is the golden-output comparison for CI.

Floats may differ by 1e-4 + 1e-4*|expected|. Quantized outputs must equal the interpreter's run of
the integer graph bit for bit, and be within one step of the goldens, 99 % of them equal.
With --state the cases follow each other, and what they say about the state is left out.`,
		Example: `  deepgo verify model.onnx --target cortex-m4 --data testdata/
  deepgo verify model.onnx --target atmega328p --random 20
  deepgo verify model.onnx --target raspberry-pi-4 --layers --json
  deepgo verify model.onnx --board arduino-uno --device /dev/ttyACM0 --data testdata/`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	targetFlag(c, &f.target)
	c.Flags().StringVar(&f.data, "data", "", "`folder` with test_data_set_N/input_I.pb and output_I.pb")
	ioFlag(c, &f.io)
	f.costs.add(c)
	c.Flags().UintVar(&f.random, "random", 3, "`number` of random cases, without --data")
	c.Flags().BoolVar(&f.layers, "layers", false, "compare every node's output, and name the first that differs")
	stateFlag(c, &f.states)
	compilerFlags(c, &f.cc, &f.cflags)
	boardFlag(c, &f.board, "the `board` that --device is: a name from deepgo boards")
	c.Flags().StringVar(&f.device, "device", "", "run on a board: a serial `port`, tcp:HOST:PORT, ssh:USER@HOST")
	c.MarkFlagsMutuallyExclusive("board", "target")
	c.MarkFlagsRequiredTogether("board", "device")
	c.MarkFlagsMutuallyExclusive("state", "device") // firmware has no call that resets it
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func (f *verifyFlags) run(c *cobra.Command, file string) error {
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	cases, err := f.cases(m)
	if err != nil {
		return err
	}
	bar := spinner(c.ErrOrStderr(), !f.json)
	opt := verify.Options{
		Compile: deepgo.CompileOptions{Target: f.target, Board: f.board, IO: f.io, States: f.states, Command: "deepgo verify"},
		Build:   verify.Build{CC: f.cc, CFlags: words(f.cflags)}, Layers: f.layers, Step: bar,
	}
	f.costs.set(&opt.Compile)
	if f.device != "" {
		if opt.Device, err = f.open(); err != nil {
			return err
		}
		defer opt.Device.Close()
	}
	r, err := verify.Run(c.Context(), m, cases, opt)
	bar("")
	if err != nil {
		return err
	}
	if err := f.secondOpinion(m, r); err != nil {
		return err
	}
	if err := f.print(c.OutOrStdout(), r); err != nil {
		return err
	}
	if !r.Pass {
		return errFailed
	}
	return nil
}

// open connects to the board. A board that ssh reaches runs what deepgo flash put there.
func (f *verifyFlags) open() (*device.Client, error) {
	board, _, err := targets.LoadBoard(f.board)
	if err != nil {
		return nil, err
	}
	return device.Open(f.device, remoteName(board), board.Baud)
}

// secondOpinion lets onnx-go read the model too: both readers must give the same graph.
func (f *verifyFlags) secondOpinion(m *deepgo.Model, r *verify.Result) error {
	data, err := os.ReadFile(m.File)
	if err != nil {
		return err
	}
	if len(m.Dims) > 0 { // the second reader knows no dimension that is not fixed
		opt := deepgo.LoadOptions{Dims: map[string]int{}, Consts: f.load.consts}
		maps.Copy(opt.Dims, f.load.dims.fixed)
		maps.Copy(opt.Dims, f.load.dims.most)
		if m, err = deepgo.Load(m.File, opt); err != nil {
			return err
		}
	}
	r.OnnxGo = onnxgo.Compare(data, frontend.Options{Consts: f.load.consts}, m.Graph)
	if r.OnnxGo.Differ != "" {
		r.Pass = false
		r.Problems = append(r.Problems, "onnx-go reads the model differently: "+r.OnnxGo.Differ)
	}
	return nil
}

func (f *verifyFlags) cases(m *deepgo.Model) ([]verify.Case, error) {
	if f.data != "" {
		return verify.LoadCases(f.data, m)
	}
	cases := make([]verify.Case, max(f.random, 1))
	for i := range cases {
		seed := uint64(i + 1)
		name, types := fmt.Sprintf("seed %d", seed), m.InputTypes()
		if len(m.Dims) > 0 {
			sizes := sizesFor(m, i)
			fixed, err := m.At(sizes)
			if err != nil {
				return nil, err
			}
			name, types = name+" of "+sizesText(m, sizes), fixed.InputTypes()
		}
		cases[i] = verify.Case{Name: name, Inputs: samples.Random(types, seed)}
	}
	return cases, nil
}

// sizesFor returns the sizes of a model's dimensions in random case i: the greatest, the least, the middle, then any.
func sizesFor(m *deepgo.Model, i int) []int {
	sizes := m.MaxSizes()
	r := rand.New(rand.NewPCG(uint64(i), 1))
	for k, d := range m.Dims {
		switch i {
		case 0:
		case 1:
			sizes[k] = d.Min
		case 2:
			sizes[k] = (d.Min + d.Max) / 2
		default:
			sizes[k] = d.Min + r.IntN(d.Max-d.Min+1)
		}
	}
	return sizes
}

func sizesText(m *deepgo.Model, sizes []int) string {
	parts := make([]string, len(sizes))
	for i, d := range m.Dims {
		parts[i] = fmt.Sprintf("%s=%d", d.Name, sizes[i])
	}
	return strings.Join(parts, ", ")
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// spinner shows what is going on, where that takes more than a second and somebody looks on.
func spinner(w io.Writer, wanted bool) func(what string) {
	if !wanted || !isTerminal(w) {
		return func(string) {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSpinnerType(14), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(time.Second))
	return func(what string) {
		if what == "" {
			_ = bar.Finish() // the terminal may be gone, which is no reason to fail
			return
		}
		bar.Describe(what)
		_ = bar.Add(1)
	}
}

func (f *verifyFlags) print(out io.Writer, r *verify.Result) error {
	if f.json {
		return printJSON(out, r)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	verdict := "pass"
	if !r.Pass {
		verdict = "FAIL"
	}
	fmt.Fprintf(w, "%s\t%s on %s, %d cases against the %s\n", verdict, r.Model, r.Target, r.Cases, strings.TrimSuffix(r.Against, "s"))
	if r.Windows > 0 {
		fmt.Fprintf(w, "frames\t%d windows, pushed frame by frame, against the interpreter\n", r.Windows)
	}
	fmt.Fprintf(w, "error\tat most %.3g", r.MaxAbsErr)
	if r.MaxSteps > 0 {
		fmt.Fprintf(w, " (%.3g quantization steps)", r.MaxSteps)
	}
	fmt.Fprintf(w, ", %.2f %% of the elements equal\n", 100*r.ExactFraction)
	if r.FlashBytes > 0 { // a board is not measured, but run
		printFootprint(w, r)
	}
	switch {
	case r.Insns > 0 && r.Cycles > 0:
		fmt.Fprintf(w, "time\t%d instructions, about %d cycles\n", r.Insns, r.Cycles)
	case r.Insns > 0:
		fmt.Fprintf(w, "time\t%d instructions\n", r.Insns)
	case r.Cycles > 0:
		fmt.Fprintf(w, "time\t%d cycles\n", r.Cycles)
	}
	printLayerResults(w, r.Layers)
	if r.OnnxGo.Read && r.OnnxGo.Differ == "" {
		fmt.Fprintf(w, "onnx-go\treads the same graph\n")
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem\t%s\n", p)
	}
	return w.Flush()
}

func printLayerResults(w io.Writer, layers []verify.LayerResult) {
	for _, l := range layers {
		state := "equal"
		if !l.Equal {
			state = "differs"
		}
		if l.Cycles > 0 {
			state += fmt.Sprintf(", %d cycles", l.Cycles)
		}
		from := strings.Join(l.From[:min(len(l.From), 1)], "")
		if more := len(l.From) - 1; more > 0 {
			from += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(w, "layer %d\t%s (from %s): %s\n", l.Node, l.Op, from, state)
	}
}

func printFootprint(w io.Writer, r *verify.Result) {
	fmt.Fprintf(w, "flash\t%s (%s of code, %s of constants)\n", bytesText(r.FlashBytes), bytesText(r.CodeBytes), bytesText(r.ConstBytes))
	fmt.Fprintf(w, "RAM\t%s of arena, at most %s of stack\n", bytesText(r.RAMBytes), bytesText(r.StackBytes))
	if !r.Fits {
		fmt.Fprintf(w, "note\tit does not fit the part that %s stands for; the emulated board has more memory\n", r.Target)
	}
}
