// Package cbatch compiles the C of many models into one program and returns what each of them computed: on this machine, under
// AddressSanitizer and UndefinedBehaviorSanitizer, where a model that does not compile, or crashes, does not hide the others, or on an
// emulated board.
package cbatch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
)

// Case is a compiled model, of a name that no other model has, and its inputs.
type Case struct {
	Program *deepgo.Program
	Sizes   []int // of the dimensions that a run is told
	Inputs  []*tensor.Tensor
}

// Result is what a case's C computed, or what went wrong.
type Result struct {
	Outputs []*tensor.Tensor
	Err     error
}

// flags compile the C, so that every slip of memory or arithmetic ends the program.
var flags = strings.Fields("-std=c99 -O1 -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror -pedantic -Wconversion -Wshadow")

// Run builds one program of all cases, with more flags for the compiler, and runs it. The error is about the program as a whole.
func Run(ctx context.Context, cases []Case, more ...string) ([]Result, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "deepgo-batch-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := &batch{ctx: ctx, dir: dir, flags: slices.Concat(flags, more), cases: cases, results: make([]Result, len(cases))}
	if err := b.write(); err != nil {
		return nil, err
	}
	if err := b.compile(); err != nil {
		return nil, err
	}
	return b.results, b.run()
}

type batch struct {
	ctx     context.Context
	dir     string
	flags   []string
	cases   []Case
	results []Result
	live    []int // cases that compiled
}

// write writes the models' files, and the program around them.
func (b *batch) write() error {
	if err := b.writeModels(); err != nil {
		return err
	}
	harness, _ := rt.Harness("batch/main.c")
	return os.WriteFile(filepath.Join(b.dir, "harness.c"), harness, 0o666)
}

// writeModels checks the inputs, and writes the models' files.
func (b *batch) writeModels() error {
	for _, c := range b.cases {
		types, _ := c.Program.Types(c.Sizes)
		for i, t := range types {
			if i >= len(c.Inputs) || !t.Equal(ir.Type{DType: c.Inputs[i].DType, Shape: c.Inputs[i].Shape}) {
				return fmt.Errorf("%s: input %q is not given as %s", c.Program.Name, c.Program.Inputs[i].Name, t)
			}
		}
		for _, f := range c.Program.Files {
			if err := os.WriteFile(filepath.Join(b.dir, f.Name), f.Data, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// broken matches a compiler's message about a file.
var broken = regexp.MustCompile(`(?m)^(\w+)\.[ch]:\d+:\d+: error: (.*)$`)

// compile makes the objects. Where some fail, the program is made of the others.
func (b *batch) compile() error {
	args := append(append([]string{}, b.flags...), "-I.", "-c")
	index := map[string][]int{}
	for i, c := range b.cases {
		index[c.Program.Name] = append(index[c.Program.Name], i)
		for _, f := range c.Program.Files {
			if strings.HasSuffix(f.Name, ".c") && !slices.Contains(args, f.Name) {
				args = append(args, f.Name)
			}
		}
	}
	out, err := b.exec("gcc", args...)
	for _, m := range broken.FindAllStringSubmatch(string(out), -1) {
		for _, i := range index[strings.TrimSuffix(m[1], "_weights")] {
			if b.results[i].Err == nil {
				b.results[i].Err = fmt.Errorf("gcc: %s", m[2])
			}
		}
	}
	objects := []string{}
	for i, c := range b.cases {
		if b.results[i].Err != nil {
			continue
		}
		b.live = append(b.live, i)
		for _, f := range c.Program.Files {
			if base, isC := strings.CutSuffix(f.Name, ".c"); isC && !slices.Contains(objects, base+".o") {
				objects = append(objects, base+".o")
			}
		}
	}
	if err != nil && len(b.live) == len(b.cases) {
		return fmt.Errorf("gcc: %w\n%s", err, out)
	}
	if len(b.live) == 0 {
		return nil
	}
	if err := os.WriteFile(filepath.Join(b.dir, "table.h"), b.table(), 0o666); err != nil {
		return err
	}
	args = append(append(append([]string{}, b.flags...), "-I.", "-o", "batch", "harness.c"), objects...)
	if out, err := b.exec("gcc", args...); err != nil {
		return fmt.Errorf("gcc: %w\n%s", err, out)
	}
	return nil
}

func (b *batch) exec(name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(b.ctx, name, args...)
	c.Dir = b.dir
	return c.CombinedOutput()
}

// table is the list of models that the harness includes.
func (b *batch) table() []byte {
	var h, calls, rows bytes.Buffer
	for _, i := range b.live {
		p := b.cases[i].Program
		fmt.Fprintf(&h, "#include \"%s.h\"\n", p.Name)
		args := []string{"arena"}
		more, frees := "", ""
		for _, a := range p.Arenas[1:] {
			args = append(args, a.Param)
			more += fmt.Sprintf("    void *%s = buffer(%s_BYTES);\n", a.Param, a.Macro)
			frees += fmt.Sprintf("    free(%s);\n", a.Param)
		}
		for _, n := range b.cases[i].Sizes {
			args = append(args, fmt.Sprint(n))
		}
		sizes := []string{}
		in, out := p.Types(b.cases[i].Sizes)
		for _, t := range slices.Concat(in, out) {
			args = append(args, fmt.Sprintf("buffers[%d]", len(sizes)))
			sizes = append(sizes, fmt.Sprint(t.Bytes()))
		}
		fmt.Fprintf(&calls, "static int call%d(void *arena, void **buffers)\n{\n    (void)buffers;\n%s    const int code = %s_run(%s);\n%s    return code;\n}\n", i, more, p.Name, strings.Join(args, ", "), frees)
		fmt.Fprintf(&rows, "    {%d, call%d, %s_BYTES, %d, %d, {%s}},\n", i, i, p.Arenas[0].Macro, len(p.Inputs), len(p.Outputs), strings.Join(append(sizes, "0"), ", "))
	}
	fmt.Fprintf(&h, "static void *buffer(size_t n);\n\n%s\nstatic const model models[] = {\n%s};\n", calls.Bytes(), rows.Bytes())
	return h.Bytes()
}

// run starts the program, and again behind a model that ended it.
func (b *batch) run() error {
	for from := 0; from < len(b.live); {
		var out, problem bytes.Buffer
		c := exec.CommandContext(b.ctx, filepath.Join(b.dir, "batch"), fmt.Sprint(from))
		c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(b.inputs(b.live[from:])), &out, &problem
		err := c.Run()
		done, readErr := b.read(b.live[from:], &out)
		if readErr != nil {
			return readErr
		}
		from += done
		if err == nil && from < len(b.live) {
			return errors.New("the program ended early")
		}
		if err != nil && from < len(b.live) {
			b.results[b.live[from]] = Result{Err: fmt.Errorf("%w: %s", err, summary(problem.String()))}
			from++
		}
	}
	return nil
}

var sanitizer = regexp.MustCompile(`(?m)runtime error: .*$|ERROR: .*$|SUMMARY: .*$`)

// summary is the line of a sanitizer's report that says what happened.
func summary(report string) string {
	if line := sanitizer.FindString(report); line != "" {
		return line
	}
	line, _, _ := strings.Cut(report, "\n")
	return line
}

// inputs are the bytes of all inputs, one after the other.
func (b *batch) inputs(cases []int) []byte {
	var data []byte
	for _, i := range cases {
		for _, t := range b.cases[i].Inputs {
			data = append(data, t.Bytes()...)
		}
	}
	return data
}

// read takes the results apart: per model its number and what it returned, then the bytes of its outputs. It returns how many are whole.
func (b *batch) read(cases []int, out *bytes.Buffer) (int, error) {
	for k, i := range cases {
		var head [2]int32
		if binary.Read(out, binary.LittleEndian, &head) != nil {
			return k, nil
		}
		if int(head[0]) != i {
			return k, fmt.Errorf("the program answers for model %d, expected %d", head[0], i)
		}
		r := &b.results[i]
		if head[1] != 0 {
			r.Err = fmt.Errorf("the model returned %d", head[1])
		}
		_, types := b.cases[i].Program.Types(b.cases[i].Sizes)
		for _, want := range types {
			raw := make([]byte, want.Bytes())
			if n, _ := out.Read(raw); n < len(raw) {
				return k, nil
			}
			t, err := tensor.FromBytes(want.DType, raw, want.Shape...)
			if err != nil {
				return k, err
			}
			r.Outputs = append(r.Outputs, t)
		}
	}
	return len(cases), nil
}
