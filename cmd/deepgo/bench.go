package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

type benchFlags struct {
	load     loadFlags
	targets  []string
	io       string
	costs    priorities
	states   map[string]string
	cc       string
	cflags   []string
	layers   bool
	baseline string
	json     bool
}

func newBench() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench MODEL.onnx",
		Short: "Measure flash, RAM, stack, instructions and cycles on targets",
		Long: `Measure what a model takes on one or more targets: flash, RAM and stack by the target's compiler,
instructions and cycles by its emulator. Instructions are exact; cycles are an estimate without the
flash's wait states, and milliseconds are at the clock of a usual part.

With --baseline the figures are compared with those of an earlier --json: the exit code is 1 where
one has become worse.`,
		Example: `  deepgo bench model.onnx --target cortex-m4 --target rv32imac
  deepgo bench model.onnx --target cortex-m4 --layers
  deepgo bench model.onnx --target cortex-m4 --json > baseline.json
  deepgo bench model.onnx --target cortex-m4 --baseline baseline.json`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	c.Flags().StringSliceVarP(&f.targets, "target", "t", []string{"cortex-m4"}, "machines to measure on: `names` from deepgo targets (repeatable)")
	complete(c, "target", targets.Names())
	ioFlag(c, &f.io)
	f.costs.add(c)
	stateFlag(c, &f.states)
	compilerFlags(c, &f.cc, &f.cflags)
	c.Flags().BoolVar(&f.layers, "layers", false, "measure every layer, too")
	c.Flags().StringVar(&f.baseline, "baseline", "", "compare with the figures in this `file`")
	c.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	return c
}

func (f *benchFlags) run(c *cobra.Command, file string) error {
	for _, name := range f.targets {
		if _, err := targets.Load(name); err != nil {
			return &usageError{c.Name(), err}
		}
	}
	baseline, err := readBaseline(f.baseline)
	if err != nil {
		return err
	}
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	var costs []*verify.Cost
	bar := spinner(c.ErrOrStderr(), !f.json)
	for _, name := range f.targets {
		bar(name)
		opt := verify.Options{
			Compile: deepgo.CompileOptions{Target: name, IO: f.io, States: f.states, Command: "deepgo bench"},
			Build:   verify.Build{CC: f.cc, CFlags: words(f.cflags)}, Layers: f.layers,
		}
		f.costs.set(&opt.Compile)
		cost, err := verify.Bench(c.Context(), m, opt)
		if err != nil {
			return err
		}
		costs = append(costs, cost)
	}
	bar("")
	if f.json {
		if err := printJSON(c.OutOrStdout(), costs); err != nil {
			return err
		}
	} else if err := printCosts(c.OutOrStdout(), costs); err != nil {
		return err
	}
	return compareCosts(c.ErrOrStderr(), baseline, costs)
}

func printCosts(out io.Writer, costs []*verify.Cost) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "TARGET\tCODE\tCONSTANTS\tARENA\tSTACK\tINSTRUCTIONS\tCYCLES\tMS\t")
	for _, c := range costs {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t\n", c.Target, c.CodeBytes, c.ConstBytes, c.RAMBytes, c.StackBytes, counted(c.Insns), counted(c.Cycles), millis(c))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range costs {
		if err := printLayers(out, c); err != nil {
			return err
		}
	}
	return nil
}

func printLayers(out io.Writer, c *verify.Cost) error {
	if len(c.Layers) == 0 {
		return nil
	}
	fmt.Fprintf(out, "\n%s\n", c.Target)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "INSTRUCTIONS\tCYCLES\tSHARE\tKERNEL\t  FROM")
	for _, l := range c.Layers {
		fmt.Fprintf(w, "%s\t%s\t%.1f %%\t%s\t  %s\n", counted(l.Insns), counted(l.Cycles), shareOf(l, c), l.Kernel, origin(l.From))
	}
	return w.Flush()
}

// shareOf is what a layer takes of the whole: of the cycles, or where those are not estimated of the instructions.
func shareOf(l verify.LayerCost, c *verify.Cost) float64 {
	part, whole := l.Cycles, c.Cycles
	if whole == 0 {
		part, whole = l.Insns, c.Insns
	}
	return 100 * float64(part) / float64(max(whole, 1))
}

// origin shows the first of the ONNX nodes that a kernel came from, shortened, and how many more there are.
func origin(from []string) string {
	if len(from) == 0 {
		return "-"
	}
	name := []rune(from[0])
	if len(name) > 48 {
		name = append(name[:47], '…')
	}
	if len(from) == 1 {
		return string(name)
	}
	return fmt.Sprintf("%s +%d", string(name), len(from)-1)
}

// counted shows a count, or that nothing counts there.
func counted(n uint64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func millis(c *verify.Cost) string {
	if c.Millis == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f at %d MHz", c.Millis, c.ClockHz/1_000_000)
}

func readBaseline(file string) ([]*verify.Cost, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var costs []*verify.Cost
	if err := json.Unmarshal(data, &costs); err != nil {
		return nil, fmt.Errorf("%s: not what deepgo bench --json prints: %w", file, err)
	}
	return costs, nil
}

// compareCosts prints every figure that differs from the baseline's. The error is errFailed where one is worse.
func compareCosts(out io.Writer, baseline, costs []*verify.Cost) error {
	worse := false
	for _, c := range costs {
		i := slices.IndexFunc(baseline, func(b *verify.Cost) bool { return b.Model == c.Model && b.Target == c.Target })
		if i < 0 {
			continue
		}
		for _, figure := range []struct {
			name      string
			was, here uint64
		}{
			{"flash_bytes", uint64(baseline[i].FlashBytes), uint64(c.FlashBytes)}, {"ram_bytes", uint64(baseline[i].RAMBytes), uint64(c.RAMBytes)},
			{"stack_bytes", uint64(baseline[i].StackBytes), uint64(c.StackBytes)}, {"insns", baseline[i].Insns, c.Insns}, {"cycles", baseline[i].Cycles, c.Cycles},
		} {
			if figure.was == figure.here {
				continue
			}
			verdict := "better"
			if figure.here > figure.was {
				verdict, worse = "WORSE", true
			}
			fmt.Fprintf(out, "%s: %s on %s: %s was %d, is %d (%+.1f %%)\n", verdict, c.Model, c.Target, figure.name, figure.was, figure.here, 100*(float64(figure.here)/float64(max(figure.was, 1))-1))
		}
	}
	if worse {
		return errFailed
	}
	return nil
}
