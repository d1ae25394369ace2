package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend"
	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "deepgo",
		Short: "Compile ONNX models to fixed-buffer C for microcontrollers",
		Long: `deepgo turns a trained ONNX model into C99 that needs no operating system, no heap and
no library, and proves on the host or an emulator that it computes what the model means.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{c.Name(), err} })
	root.DisableAutoGenTag = true
	root.AddCommand(newCompile(), newBuild(), newFlash(), newRun(), newQuantize(), newVerify(), newBench(), newInspect(), newTargets(), newBoards(), newOps(), newDemo(), newDoctor(), newMan(), newVersion())
	return root
}

// knownCommand refuses words that name no command.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
	}
	return &usageError{"", fmt.Errorf("there is no command %q%s", args[0], hint)}
}

// exactArgs is cobra.ExactArgs with an error that says what is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		want := "no arguments"
		if len(names) > 0 {
			want = strings.Join(names, " ")
		}
		return &usageError{c.Name(), fmt.Errorf("expected %s, got %d arguments", want, len(args))}
	}
}

// optionalArg is cobra.MaximumNArgs(1), likewise.
func optionalArg(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return &usageError{c.Name(), fmt.Errorf("expected at most %s, got %d arguments", name, len(args))}
	}
}

// loadFlags are the flags of every command that reads a model.
type loadFlags struct {
	dims     dimFlag
	shapes   map[string]string
	elements []string
	consts   map[string]string
	externs  []string
	most     int
}

func (f *loadFlags) add(c *cobra.Command) {
	c.Flags().Var(&f.dims, "dim", "size of a symbolic dimension, such as `batch=1`, or its greatest, such as 'seq<=100', where each run is told it (repeatable)")
	c.Flags().StringToStringVar(&f.shapes, "input-shape", nil, "whole shape of an input, such as `x=1x3x48x48` (repeatable)")
	c.Flags().StringArrayVar(&f.elements, "elements", nil, "shapes of the tensors in an input that is a sequence or an optional, such as `x=3x2,4x2` (repeatable)")
	c.Flags().StringToStringVar(&f.consts, "const", nil, "pin an input to a value, such as `sr=16000` (repeatable)")
	c.Flags().IntVar(&f.most, "max-iterations", 0, "end loops whose number of iterations is known only at run time after `N`")
	c.Flags().StringArrayVar(&f.externs, "extern", nil, "call C of yours for an operator that deepgo does not know, such as `Foo=foo_kernel`, or Foo=foo_kernel:1x8xf32 with the types of its outputs (repeatable)")
}

// options checks the flags.
func (f *loadFlags) options(c *cobra.Command) (deepgo.LoadOptions, error) {
	shapes := map[string][]int{}
	for name, text := range f.shapes {
		shape, err := parseShape(text)
		if err != nil {
			return deepgo.LoadOptions{}, &usageError{c.Name(), fmt.Errorf("--input-shape %s=%s: %w", name, text, err)}
		}
		shapes[name] = shape
	}
	if f.most < 0 {
		return deepgo.LoadOptions{}, &usageError{c.Name(), fmt.Errorf("--max-iterations %d: expected a number of iterations", f.most)}
	}
	elements, err := parseElements(f.elements)
	if err != nil {
		return deepgo.LoadOptions{}, &usageError{c.Name(), err}
	}
	externs := map[string]frontend.Extern{}
	for _, arg := range f.externs {
		name, x, err := frontend.ParseExtern(arg)
		if err != nil {
			return deepgo.LoadOptions{}, &usageError{c.Name(), fmt.Errorf("--extern: %w", err)}
		}
		externs[name] = x
	}
	return deepgo.LoadOptions{Dims: f.dims.fixed, MaxDims: f.dims.most, MinDims: f.dims.least, InputShapes: shapes, Elements: elements, Consts: f.consts, MaxIterations: f.most, Externs: externs}, nil
}

// dimFlag is the value of --dim.
type dimFlag struct{ fixed, most, least map[string]int }

func (d *dimFlag) Type() string { return "dim" }

func (d *dimFlag) String() string {
	var list []string
	for name, n := range d.fixed {
		list = append(list, fmt.Sprintf("%s=%d", name, n))
	}
	for name, n := range d.most {
		text := fmt.Sprintf("%s<=%d", name, n)
		if least, ok := d.least[name]; ok {
			text = fmt.Sprintf("%d<=%s", least, text)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

func (d *dimFlag) Set(text string) error {
	if d.fixed == nil {
		d.fixed, d.most, d.least = map[string]int{}, map[string]int{}, map[string]int{}
	}
	for part := range strings.SplitSeq(text, ",") {
		if !d.set(part) {
			return fmt.Errorf("expected a dimension and its size, such as batch=1, or bounds of it, such as seq<=100 or 3<=seq<=100")
		}
	}
	return nil
}

// set reads one dimension.
func (d *dimFlag) set(text string) bool {
	words := strings.Split(text, "<=")
	least := ""
	switch len(words) {
	case 1:
		name, size, _ := strings.Cut(text, "=")
		return put(d.fixed, name, size)
	case 3:
		least, words = words[0], words[1:]
		if !put(d.least, words[0], least) {
			return false
		}
	}
	return len(words) == 2 && put(d.most, words[0], words[1])
}

func put(to map[string]int, name, size string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(size))
	name = strings.TrimSpace(name)
	to[name] = n
	return err == nil && name != "" && !strings.ContainsAny(name, "<>=")
}

// parseElements reads the values of --elements.
func parseElements(args []string) (map[string][][]int, error) {
	elements := map[string][][]int{}
	for _, arg := range args {
		name, list, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, fmt.Errorf("--elements %s: expected an input and shapes, such as x=3x2,4x2", arg)
		}
		elements[name] = nil
		for text := range strings.SplitSeq(list, ",") {
			if list == "" {
				break
			}
			shape, err := parseShape(text)
			if err != nil {
				return nil, fmt.Errorf("--elements %s: %w", arg, err)
			}
			elements[name] = append(elements[name], shape)
		}
	}
	return elements, nil
}

// load reads the model and prints what was assumed about it.
func (f *loadFlags) load(c *cobra.Command, file string) (*deepgo.Model, error) {
	opt, err := f.options(c)
	if err != nil {
		return nil, err
	}
	m, err := deepgo.Load(file, opt)
	if err != nil {
		return nil, err
	}
	for _, n := range m.Notices {
		fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", n)
	}
	return m, nil
}

func parseShape(text string) ([]int, error) {
	var shape []int
	for part := range strings.SplitSeq(text, "x") {
		d, err := strconv.Atoi(part)
		if err != nil || d < 1 {
			return nil, fmt.Errorf("expected sizes joined by x, such as 1x3x48x48")
		}
		shape = append(shape, d)
	}
	return shape, nil
}

func modelCompletion(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"onnx"}, cobra.ShellCompDirectiveFilterFileExt
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// bytesText shows a size as people read it, with the exact number of bytes below 10 KB.
func bytesText(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
