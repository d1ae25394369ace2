package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/report"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/score"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

type quantizeFlags struct {
	load       loadFlags
	calib      string
	weightOnly bool
	dynamic    bool
	limit      int
	preprocess string
	out        string
	io         string
	weights    string
	dense      string
	group      int
	acts       string
	layers     []string
	eval       string
	labels     string
	alphabet   string
	maxDrop    string
	budget     string
	target     string
	report     string
	json       bool
}

func newQuantize() *cobra.Command {
	var f quantizeFlags
	c := &cobra.Command{
		Use:   "quantize MODEL.onnx --calib SAMPLES",
		Short: "Make the 8-bit integers of a float model",
		Long: `Turn a float model into a standard ONNX model of QuantizeLinear and DequantizeLinear around its
operators, which deepgo compile turns into integer C and other runtimes take too. The ranges come from
samples of the model's input: an .npy file whose first axis is the samples, a .csv file with a sample
a row, or a folder of .png, .jpg, .npy, .pb or .txt files, or of ONNX's test_data_set_N.

Bytes for a float input are divided by 255 unless --preprocess says otherwise. Scores keep their
precision: rounded to 8 bits, close ones become equal; --io int8 rounds them too.`,
		Example: `  deepgo quantize captcha.onnx --calib images.npy -o captcha_int8.onnx
  deepgo quantize digits.onnx --calib digits.npy --preprocess scale=1/16 --dense 4
  deepgo quantize captcha.onnx --calib images.npy --eval test.npy --labels test.txt`,
		Args:              exactArgs("MODEL.onnx"),
		ValidArgsFunction: modelCompletion,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.load.add(c)
	c.Flags().StringVar(&f.calib, "calib", "", "samples of the input: an .npy or .csv `file`, or a folder")
	c.Flags().BoolVar(&f.weightOnly, "weight-only", false, "store the weights of dense layers with --weights bits and those of recurrent layers in 8, and compute in float; --calib then only measures")
	c.Flags().BoolVar(&f.dynamic, "dynamic", false, "quantize activations at run time, each to the range that it has then; --calib then only measures")
	c.Flags().IntVar(&f.limit, "samples", 100, "use at most this `number` of samples for calibration")
	c.Flags().StringVar(&f.preprocess, "preprocess", "", "`what` makes a raw value the model's input: scale=1/255,mean=0.5,std=0.25; a value per channel as 0.4:0.5:0.6; grey, layout=nhwc or layout=nchw for arrays of pixels")
	c.Flags().StringVarP(&f.out, "output", "o", "", "`file` to write (default: the model's name with _int8)")
	choiceFlag(c, &f.io, "io", "outputs: `float` keeps their precision, int8 rounds them", "float", "int8")
	choiceFlag(c, &f.weights, "weights", "`bits` of the weights: 8, 4 or 2", "8", "4", "2")
	choiceFlag(c, &f.dense, "dense", "`bits` of the weights of dense layers: 8, 4 or 2 (default: as --weights)", "8", "4", "2")
	f.dense, c.Flags().Lookup("dense").DefValue = "", ""
	c.Flags().IntVar(&f.group, "group", 0, "a scale for every `number` of inputs of an output of dense layers with 4 or 2 bits, instead of one for all")
	choiceFlag(c, &f.acts, "activations", "`bits` of the activations inside: 8 or 16, where 8 lose too much", "8", "16")
	c.Flags().StringArrayVar(&f.layers, "layer", nil, "`NAME=BITS` of one layer's weights: 8, 4, 2, or 32 for float; 16x8 are 16-bit activations as its input and 8-bit weights (repeatable)")
	c.Flags().StringVar(&f.eval, "eval", "", "samples to measure the loss on, as --calib (default: the calibration samples)")
	c.Flags().StringVar(&f.labels, "labels", "", "labels of --eval: a text `file` with one a line, or .csv of file,label; \"folders\" takes the folders' order")
	c.Flags().StringVar(&f.alphabet, "alphabet", "abcdefghijklmnopqrstuvwxyz0123456789", "classes of models whose labels are words, a `letter` an output")
	c.Flags().StringVar(&f.maxDrop, "max-drop", "", "give layers as few bits as lose no more than this `part` of the accuracy, or of the agreement where there are no labels: 0.5%")
	c.Flags().StringVar(&f.budget, "budget", "", "give layers as many bits as fit `flash=900K,ram=200K`, code included")
	targetFlag(c, &f.target)
	f.target = "cortex-m4"
	c.Flags().Lookup("target").DefValue = f.target
	c.Flags().Lookup("target").Usage = "machine that --budget is for: a `name` from deepgo targets"
	c.Flags().StringVar(&f.report, "report", "", "write a page about the ranges, the error and the choices into this `file`.html")
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	for _, other := range []string{"io", "activations", "max-drop", "budget", "dynamic"} {
		c.MarkFlagsMutuallyExclusive("weight-only", other)
	}
	for _, other := range []string{"io", "activations", "max-drop", "budget", "weights", "dense", "group"} {
		c.MarkFlagsMutuallyExclusive("dynamic", other)
	}
	return c
}

func (f *quantizeFlags) run(c *cobra.Command, file string) error {
	if f.calib == "" && !f.weightOnly && !f.dynamic {
		return &usageError{"quantize", errors.New("--calib is missing: samples of what the model will see, an .npy or .csv file or a folder of pictures or tensors")}
	}
	m, err := f.load.load(c, file)
	if err != nil {
		return err
	}
	if len(m.Dims) > 0 {
		return &ir.Error{Model: file, Msg: fmt.Sprintf("a quantized model has fixed shapes; the size of %q is not fixed", m.Dims[0].Name), Hint: fmt.Sprintf("fix it with --dim %s=%d", m.Dims[0].Name, m.Dims[0].Max)}
	}
	calib, eval, pre, err := f.sets(m)
	if err != nil {
		return err
	}
	if pre == nil && calib.Bytes {
		fmt.Fprintln(c.ErrOrStderr(), "note: bytes for a float input are divided by 255; --preprocess says otherwise")
	}
	opt, err := f.options(m, calib, pre)
	if err != nil {
		return err
	}
	opt.Step = f.progress(c)
	q, err := f.quantize(c, m, calib, eval, opt, f.metadata(calib, pre, opt.Raw))
	opt.Step("", 0, 0)
	if err != nil {
		return err
	}
	r, err := f.evaluate(m, q, eval)
	if err != nil {
		return err
	}
	r.Samples, r.Preprocess = len(calib.Samples), f.metadata(calib, pre, nil)["deepgo.preprocess"]
	if err := f.write(m, q, r); err != nil {
		return err
	}
	if f.json {
		return printJSON(c.OutOrStdout(), r)
	}
	return printQuantized(c.OutOrStdout(), r)
}

// sets reads the samples to calibrate with, and those to measure on.
func (f *quantizeFlags) sets(m *deepgo.Model) (calib, eval *samples.Set, pre *samples.Preprocess, err error) {
	if f.preprocess != "" {
		if pre, err = samples.ParsePreprocess(f.preprocess); err != nil {
			return nil, nil, nil, &usageError{"quantize", fmt.Errorf("--preprocess %w", err)}
		}
	}
	if f.calib == "" { // weights alone, measured on what is at hand
		set := &samples.Set{}
		for seed := range uint64(8) {
			set.Samples, set.Names = append(set.Samples, samples.Random(m.InputTypes(), seed+1)), append(set.Names, "random")
		}
		return set, set, pre, nil
	}
	if calib, err = samples.ReadSet(f.calib, m.InputTypes(), pre); err != nil {
		return nil, nil, nil, err
	}
	if f.limit < 1 {
		return nil, nil, nil, &usageError{"quantize", fmt.Errorf("--samples %d: expected at least one", f.limit)}
	}
	eval = calib
	if len(calib.Samples) > f.limit { // evenly over the whole set, which may be sorted by class
		all := calib.Samples
		calib = &samples.Set{Bytes: calib.Bytes}
		for i := range f.limit {
			calib.Samples = append(calib.Samples, all[i*len(all)/f.limit])
		}
	}
	if f.eval != "" {
		eval, err = samples.ReadSet(f.eval, m.InputTypes(), pre)
	}
	return calib, eval, pre, err
}

func (f *quantizeFlags) options(m *deepgo.Model, calib *samples.Set, pre *samples.Preprocess) (quantize.Options, error) {
	opt := quantize.Options{IO: f.io, Layers: map[string]quantize.Precision{}}
	opt.All.Weights, _ = strconv.Atoi(f.weights) // one of the words that the flag takes, as the next two
	opt.All.Activations, _ = strconv.Atoi(f.acts)
	opt.Dense.Weights, _ = strconv.Atoi(f.dense) // 0 where it is not given
	opt.All.Group = f.group
	if f.group < 0 || f.group == 1 {
		return opt, &usageError{"quantize", fmt.Errorf("--group %d: expected 2 or more inputs", f.group)}
	}
	for _, s := range f.layers {
		at := strings.LastIndexByte(s, '=')
		p, err := parsePrecision(s[at+1:])
		if at < 1 || err != nil {
			return opt, &usageError{"quantize", fmt.Errorf("--layer %s: expected NAME=BITS, such as conv1=4, or NAME=ACTIVATIONSxWEIGHTS, such as conv1=16x8", s)}
		}
		opt.Layers[s[:at]] = p
	}
	if calib.Bytes && len(m.Graph.Inputs) == 1 {
		exact := pre
		if exact == nil {
			exact = samples.OfBytes()
		}
		opt.Raw = []*quantize.Params{exact.Params()}
	}
	return opt, nil
}

// parsePrecision reads the bits of weights, or those of activations and weights as 16x8.
func parsePrecision(s string) (p quantize.Precision, err error) {
	if activations, weights, ok := strings.Cut(s, "x"); ok {
		if p.Activations, err = strconv.Atoi(activations); err != nil {
			return p, err
		}
		s = weights
	}
	p.Weights, err = strconv.Atoi(s)
	return p, err
}

func (f *quantizeFlags) metadata(calib *samples.Set, pre *samples.Preprocess, raw []*quantize.Params) map[string]string {
	meta := map[string]string{"deepgo.quantize": fmt.Sprintf("version %s, %d samples", deepgo.Version, len(calib.Samples))}
	if len(raw) == 1 && raw[0] != nil {
		meta["deepgo.raw"] = "exact"
	}
	switch {
	case pre != nil:
		meta["deepgo.preprocess"] = pre.Text
	case calib.Bytes:
		meta["deepgo.preprocess"] = samples.OfBytes().Text
	}
	return meta
}

// progress draws a bar on a terminal.
func (f *quantizeFlags) progress(c *cobra.Command) func(what string, done, all int) {
	w := c.ErrOrStderr()
	if f.json || !isTerminal(w) {
		return func(string, int, int) {}
	}
	var bar *progressbar.ProgressBar
	last := ""
	return func(what string, done, all int) {
		if what != last && bar != nil {
			_ = bar.Finish() // the terminal may be gone, which is no reason to fail
		}
		if what == "" {
			return
		}
		if what != last {
			bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish())
			last = what
		}
		_ = bar.Set(done)
	}
}

// evaluate measures the loss.
func (f *quantizeFlags) evaluate(m *deepgo.Model, q *deepgo.Quantized, eval *samples.Set) (*report.Quantized, error) {
	r := &report.Quantized{Model: m.Name, FileBytes: len(q.File), Equalized: q.Equalized, Absorbed: q.Absorbed, Layers: q.Layers, Choices: q.Choices, Points: q.Points}
	for _, l := range q.Layers {
		r.Float, r.Integer = r.Float+4*l.Weights, r.Integer+l.Bytes
	}
	float, err := score.Outputs(m.Graph, eval.Samples)
	if err != nil {
		return nil, err
	}
	integer, err := score.Outputs(q.Model.Graph, eval.Samples)
	if err != nil {
		return nil, err
	}
	r.Eval = score.Near(integer, float)
	rounded := score.Rounded(float)
	r.Ties = f.ties(m.Graph, float, rounded)
	labels, err := f.readLabels(m, eval)
	if err != nil || labels == nil {
		return r, err
	}
	r.Accuracy = &report.Accuracy{Samples: len(labels), Float: score.Right(float, labels), Integer: score.Right(integer, labels), Rounded: score.Right(rounded, labels)}
	return r, nil
}

// readLabels returns the labels of the samples to measure on; nil without --labels.
func (f *quantizeFlags) readLabels(m *deepgo.Model, eval *samples.Set) ([][]int, error) {
	if f.labels == "" {
		return nil, nil
	}
	var classes []int
	for _, v := range m.Graph.Outputs {
		classes = append(classes, v.Type.Len())
	}
	path := f.labels
	if path == "folders" {
		path = ""
	}
	return score.ReadLabels(path, eval.Names, classes, f.alphabet)
}

// ties looks at what 8 bits would do to scores, which are what Sigmoid and Softmax give.
func (f *quantizeFlags) ties(g *ir.Graph, float, rounded [][]*tensor.Tensor) *report.Ties {
	t := &report.Ties{Samples: len(float), Avoided: f.io != "int8"}
	for _, v := range g.Outputs {
		at := v.Def
		for at != nil && (at.Op == "Reshape" || at.Op == "Squeeze" || at.Op == "Identity") {
			at = at.Inputs[0].Def
		}
		if at == nil || at.Op != "Sigmoid" && at.Op != "Softmax" {
			return nil
		}
		t.Outputs = append(t.Outputs, v.Name)
	}
	for i := range float {
		if !slices.Equal(score.Best(rounded[i]), score.Best(float[i])) {
			t.Changed++
		}
	}
	return t
}

func (f *quantizeFlags) write(m *deepgo.Model, q *deepgo.Quantized, r *report.Quantized) error {
	r.File = f.out
	if r.File == "" {
		r.File = m.Name + "_int8.onnx"
	}
	if err := writeFiles(filepath.Dir(r.File), []codegen.File{{Name: filepath.Base(r.File), Data: q.File}}); err != nil || f.report == "" {
		return err
	}
	page, err := r.Page()
	if err != nil {
		return err
	}
	return writeFiles(filepath.Dir(f.report), []codegen.File{{Name: filepath.Base(f.report), Data: page}})
}

func printQuantized(out io.Writer, r *report.Quantized) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "wrote\t%s\n", r.File)
	fmt.Fprintf(w, "weights\t%s instead of %s\n", bytesText(r.Integer), bytesText(r.Float))
	fmt.Fprintf(w, "outputs\t%.1f dB signal to noise against the float model, cosine %.6f\n", r.Eval.SNR, r.Eval.Cosine)
	fmt.Fprintf(w, "agreement\t%d of %d samples have the same answer (%.1f %%)\n", r.Eval.Agree, r.Eval.Samples, percent(r.Eval.Agree, r.Eval.Samples))
	if a := r.Accuracy; a != nil {
		fmt.Fprintf(w, "accuracy\t%.1f %% (%d of %d), the float model %.1f %% (%d)\n", percent(a.Integer, a.Samples), a.Integer, a.Samples, percent(a.Float, a.Samples), a.Float)
	}
	printTies(w, r)
	if needs := twoBitsNeed(r.Layers); needs != "" {
		fmt.Fprintf(w, "note\t%s\n", needs)
	}
	for _, c := range r.Choices {
		fmt.Fprintf(w, "%s bits\t%s: %s", c.Precision(), c.Layer, c.Why)
		if c.Fewer > 0 {
			fmt.Fprintf(w, " (%d bits save %s, and alone leave %.1f dB)", c.Fewer, bytesText(c.Saved), c.SNR)
		}
		fmt.Fprintln(w)
	}
	if worst := r.Worst(); worst != nil {
		fmt.Fprintf(w, "most noise\t%s: %.1f dB\n", worst.Name, worst.SNR)
		if len(worst.Hints) > 0 {
			fmt.Fprintf(w, "because\t%s\nto do\t%s\n", worst.Hints[0].Text, worst.Hints[0].Do)
		}
	}
	return w.Flush()
}

// twoBitsNeed says which runtimes take weights of 2 bits, where there are some.
func twoBitsNeed(layers []quantize.Layer) string {
	needs := ""
	for _, l := range layers {
		if l.Bits != 2 {
			continue
		}
		if l.Op == "Conv" {
			return "weights of 2 bits are in ONNX from opset 25 on; ONNX Runtime 1.32 runs convolutions of them with its graph optimizations off only"
		}
		needs = "weights of 2 bits are in ONNX from opset 25 on"
	}
	return needs
}

func printTies(w io.Writer, r *report.Quantized) {
	t := r.Ties
	if t == nil || t.Changed == 0 {
		return
	}
	what := fmt.Sprintf("rounded to 8 bits, scores tie and %d of %d answers change (%s)", t.Changed, t.Samples, strings.Join(t.Outputs, ", "))
	if a := r.Accuracy; a != nil {
		what += fmt.Sprintf(": %.1f %% right", percent(a.Rounded, a.Samples))
	}
	if t.Avoided {
		fmt.Fprintf(w, "loss avoided\t%s; they keep their precision\n", what)
		return
	}
	fmt.Fprintf(w, "warning\t%s; --io float keeps their precision\n", what)
}

func percent(part, all int) float64 { return 100 * float64(part) / float64(max(all, 1)) }
