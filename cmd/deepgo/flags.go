package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

// checkedString is the value of a flag that not every word is right for.
type checkedString struct {
	value *string
	check func(string) error
}

func (c checkedString) String() string { return *c.value }
func (c checkedString) Type() string   { return "string" }

func (c checkedString) Set(s string) error {
	if err := c.check(s); err != nil {
		return err
	}
	*c.value = s
	return nil
}

// choiceFlag adds a flag that takes one of words, the first by default, with completion.
func choiceFlag(c *cobra.Command, p *string, name, usage string, words ...string) {
	*p = words[0]
	c.Flags().Var(checkedString{p, func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("expected %s or %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
	}}, name, usage)
	complete(c, name, words)
}

// ioFlag adds --io.
func ioFlag(c *cobra.Command, p *string) {
	choiceFlag(c, p, "io", "element type of inputs and outputs: `model` (as in the file), float or quantized", "model", "float", "quantized")
}

// priorities say what memory and time are worth.
type priorities struct {
	optimize string
	ram      int
	push     string
}

// add adds --optimize, --ram and --stream-input.
func (p *priorities) add(c *cobra.Command) {
	words := []string{"size", "balanced", "speed"}
	c.Flags().Var(checkedString{&p.optimize, func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("expected size, balanced or speed")
	}}, "optimize", "`what` for: size, balanced or speed, which lets layers run whole that could run row by row (default: balanced; speed where there is an operating system)")
	complete(c, "optimize", words)
	c.Flags().Var(byteCount{&p.ram}, "ram", "`bytes` of arena that may be used where that saves time, such as 64K")
	pushes := []string{passes.PushRows, passes.PushFrames}
	c.Flags().Var(checkedString{&p.push, func(s string) error {
		if slices.Contains(pushes, s) {
			return nil
		}
		return fmt.Errorf("expected rows or frames")
	}}, "stream-input", "let the input arrive by `rows` of an image, through NAME_push_row, or by frames in time, through NAME_push, which goes on")
	c.Flags().Lookup("stream-input").NoOptDefVal = passes.PushRows
	complete(c, "stream-input", pushes)
}

// set writes what was given into options.
func (p *priorities) set(opt *deepgo.CompileOptions) {
	opt.Optimize, opt.RAM, opt.Push = p.optimize, p.ram, p.push
}

// byteCount is the value of a flag that takes a number of bytes.
type byteCount struct{ value *int }

func (b byteCount) Type() string { return "bytes" }

func (b byteCount) String() string {
	if b.value == nil || *b.value == 0 {
		return ""
	}
	return fmt.Sprint(*b.value)
}

func (b byteCount) Set(s string) (err error) {
	*b.value, err = parseBytes(s)
	return err
}

// compilerFlags adds --cc and --cflags.
func compilerFlags(c *cobra.Command, cc *string, cflags *[]string) {
	c.Flags().StringVar(cc, "cc", "", "`compiler` instead of the target's")
	c.Flags().StringArrayVar(cflags, "cflags", nil, "more `flags` for the compiler, after the target's (repeatable)")
}

// targetFlag adds --target with completion.
func targetFlag(c *cobra.Command, target *string) {
	*target = "host"
	c.Flags().VarP(checkedString{target, func(s string) error { _, err := targets.Load(s); return err }}, "target", "t", "machine to compile for: a `name` from deepgo targets")
	complete(c, "target", targets.Names())
}

// boardFlag adds --board with completion.
func boardFlag(c *cobra.Command, board *string, usage string) {
	c.Flags().Var(checkedString{board, func(s string) error { _, _, err := targets.LoadBoard(s); return err }}, "board", usage)
	complete(c, "board", targets.Boards())
}

func complete(c *cobra.Command, flag string, values []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}
