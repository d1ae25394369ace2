package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/score"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes/quantize"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

// codeGuess is what a model's code takes where no compiler is there to tell.
const codeGuess = 12_000

// quantize quantizes with 8 bits, or with the bits that --max-drop and --budget ask for.
func (f *quantizeFlags) quantize(c *cobra.Command, m *deepgo.Model, calib, eval *samples.Set, opt quantize.Options, metadata map[string]string) (*deepgo.Quantized, error) {
	if f.weightOnly {
		return m.QuantizeWeights(opt, metadata)
	}
	if f.dynamic {
		return m.QuantizeDynamic(opt, metadata)
	}
	goal, ram, err := f.parseGoal()
	if err != nil {
		return nil, &usageError{"quantize", err}
	}
	if goal.Drop < 0 && goal.Bytes == 0 && ram == 0 {
		return m.Quantize(calib.Samples, opt, metadata)
	}
	if goal.Score, err = f.scorer(m, eval); err != nil {
		return nil, err
	}
	goal.Size = func(g *ir.Graph) (int, error) { return flashOf(c.Context(), m.WithGraph(g), f.target) }
	q, err := m.QuantizeMixed(calib.Samples, opt, *goal, metadata)
	if err != nil || ram == 0 {
		return q, err
	}
	return q, checkRAM(q.Model, f.target, ram)
}

// parseGoal reads --max-drop and --budget.
func (f *quantizeFlags) parseGoal() (*quantize.Goal, int, error) {
	goal, ram := &quantize.Goal{Drop: -1}, 0
	if f.maxDrop != "" {
		number, isPercent := strings.CutSuffix(f.maxDrop, "%")
		drop, err := strconv.ParseFloat(number, 64)
		if isPercent {
			drop /= 100
		}
		if err != nil || !(drop >= 0 && drop <= 1) {
			return nil, 0, fmt.Errorf("--max-drop %s: expected a part such as 0.5%% or 0.005", f.maxDrop)
		}
		goal.Drop = drop
	}
	for _, field := range strings.Split(f.budget, ",") {
		if f.budget == "" {
			break
		}
		key, value, _ := strings.Cut(field, "=")
		n, err := parseBytes(value)
		switch {
		case err == nil && key == "flash":
			goal.Bytes = n
		case err == nil && key == "ram":
			ram = n
		default:
			return nil, 0, fmt.Errorf("--budget %s: expected flash=BYTES or ram=BYTES, such as flash=900K", field)
		}
	}
	return goal, ram, nil
}

// parseBytes reads a number of bytes: 900K are 900 times 1024, 1M 1024 times that.
func parseBytes(s string) (int, error) {
	unit := 1
	switch {
	case strings.HasSuffix(s, "K"):
		unit = 1 << 10
	case strings.HasSuffix(s, "M"):
		unit = 1 << 20
	}
	n, err := strconv.Atoi(strings.TrimRight(s, "KM"))
	if err != nil || n < 1 || n > 1<<40/unit {
		return 0, fmt.Errorf("%q is not a number of bytes", s)
	}
	return n * unit, nil
}

// scorer returns how good a quantized graph is: 1 less what it loses in accuracy, or in agreement where there are no labels.
func (f *quantizeFlags) scorer(m *deepgo.Model, eval *samples.Set) (func(*ir.Graph) (float64, error), error) {
	labels, err := f.readLabels(m, eval)
	if err != nil {
		return nil, err
	}
	float, err := score.Outputs(m.Graph, eval.Samples)
	if err != nil {
		return nil, err
	}
	return func(g *ir.Graph) (float64, error) {
		got, err := score.Outputs(g, eval.Samples)
		if err != nil {
			return 0, err
		}
		if labels == nil {
			n := score.Near(got, float)
			return float64(n.Agree) / float64(n.Samples), nil
		}
		return 1 - float64(score.Right(float, labels)-score.Right(got, labels))/float64(len(labels)), nil
	}, nil
}

// flashOf returns what a model takes in a target's flash, code included.
func flashOf(ctx context.Context, m *deepgo.Model, target string) (int, error) {
	p, err := m.Compile(deepgo.CompileOptions{Target: target})
	if err != nil {
		return 0, err
	}
	if len(toolchain.Missing(p.Target)) > 0 {
		return p.Report.ConstBytes + codeGuess, nil
	}
	size, err := verify.Measure(ctx, p, verify.Build{})
	return size.FlashBytes(), err
}

func checkRAM(m *deepgo.Model, target string, ram int) error {
	p, err := m.Compile(deepgo.CompileOptions{Target: target, IO: "quantized"})
	if err != nil {
		return err
	}
	if need := p.Report.ArenaBytes + p.Report.IOBytes; need > ram {
		return &ir.Error{Msg: fmt.Sprintf("the budget of %d bytes of RAM cannot be met: %s takes %d\n%s", ram, m.Name, need, p.Report.LargestLive()), Hint: "a smaller input, or a larger part; fewer bits of weights do not change it"}
	}
	return nil
}
