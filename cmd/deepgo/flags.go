package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

// choice is the value of a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

func (c choice) String() string { return *c.value }
func (c choice) Type() string   { return "string" }

func (c choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("expected %s or %s", strings.Join(c.words[:len(c.words)-1], ", "), c.words[len(c.words)-1])
	}
	*c.value = s
	return nil
}

// choiceFlag adds a flag that takes one of words, the first by default, with completion.
func choiceFlag(c *cobra.Command, p *string, name, usage string, words ...string) {
	*p = words[0]
	c.Flags().Var(choice{p, words}, name, usage)
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

// targetName is the value of --target.
type targetName struct{ value *string }

func (t targetName) String() string { return *t.value }
func (t targetName) Type() string   { return "string" }

func (t targetName) Set(s string) error {
	if _, err := targets.Load(s); err != nil {
		return err
	}
	*t.value = s
	return nil
}

// targetFlag adds --target with completion.
func targetFlag(c *cobra.Command, target *string) {
	*target = "host"
	c.Flags().VarP(targetName{target}, "target", "t", "machine to compile for: a `name` from deepgo targets")
	complete(c, "target", targets.Names())
}

func complete(c *cobra.Command, flag string, values []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}
