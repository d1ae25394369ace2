package main

import (
	"fmt"
	"slices"
	"strings"

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
