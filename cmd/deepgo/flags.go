package main

import (
	"fmt"
	"regexp"
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
	ram      memories
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
	c.Flags().Var(&p.ram, "ram", "`bytes` of arena that may be used where that saves time, such as 64K; or memories to divide it among, the fastest first, such as dtcm=64K,sram=256K")
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
	opt.Optimize, opt.RAM, opt.Memories, opt.Push = p.optimize, p.ram.bytes, p.ram.list, p.push
}

// memories is the value of --ram: a number of bytes, or memories by name.
type memories struct {
	text  string
	bytes int
	list  []passes.RAM
}

func (m *memories) Type() string   { return "bytes" }
func (m *memories) String() string { return m.text }

func (m *memories) Set(s string) (err error) {
	*m = memories{text: s}
	if !strings.Contains(s, "=") {
		m.bytes, err = parseBytes(s)
		return err
	}
	for _, field := range strings.Split(s, ",") {
		name, size, _ := strings.Cut(field, "=")
		n, err := parseBytes(size)
		switch {
		case err != nil:
			return err
		case !identifier.MatchString(name):
			return fmt.Errorf("%q is not a name for a memory: expected letters and digits, such as dtcm=64K,sram=256K", name)
		case slices.ContainsFunc(m.list, func(r passes.RAM) bool { return strings.EqualFold(r.Name, name) }):
			return fmt.Errorf("memory %s is there twice", name)
		}
		m.list = append(m.list, passes.RAM{Name: name, Bytes: n})
	}
	return nil
}

// identifier is what a memory's name looks like, which becomes a parameter and part of a macro.
var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// stateFlag adds --state.
func stateFlag(c *cobra.Command, states *map[string]string) {
	c.Flags().StringToStringVar(states, "state", nil, "keep an output as an input of the next run, such as `h1=h0`: it is in the model, and NAME_reset() makes it zeros (repeatable)")
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
