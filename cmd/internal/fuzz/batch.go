package fuzz

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir/tensor"
)

// flags compile the C of a batch, so that every slip of memory or arithmetic ends the program.
var flags = strings.Fields("-std=c99 -O1 -g -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror -pedantic -Wconversion -Wshadow")

// runFrames is RunC for cases whose input goes on frame by frame. Where their program fails as a whole, each gets one of its own.
func runFrames(ctx context.Context, cases []*Case, more []string) []error {
	diffs, err := runTogether(ctx, cases, more)
	if err == nil {
		return diffs
	}
	if len(cases) == 1 {
		return []error{err}
	}
	diffs = nil
	for i := range cases {
		diffs = append(diffs, runFrames(ctx, cases[i:i+1], more)...)
	}
	return diffs
}

func runTogether(ctx context.Context, cases []*Case, more []string) ([]error, error) {
	dir, err := os.MkdirTemp("", "deepgo-fuzz-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := append(slices.Concat(flags, more), "-I.", "-o", "batch", "main.c")
	for _, c := range cases {
		for _, f := range c.Program.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
				return nil, err
			}
			if strings.HasSuffix(f.Name, ".c") {
				args = append(args, f.Name)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(mainC(cases)), 0o666); err != nil {
		return nil, err
	}
	if out, err := run(ctx, dir, "gcc", args...); err != nil {
		return nil, fmt.Errorf("gcc: %w\n%s", err, out)
	}
	out, err := run(ctx, dir, "./batch")
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return compareC(cases, out)
}

func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

// mainC is a program that runs every case and prints its outputs in hex. Arena and outputs are on the heap, at their exact
// size, so that AddressSanitizer sees every step outside.
func mainC(cases []*Case) string {
	var b strings.Builder
	b.WriteString("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n")
	for _, c := range cases {
		fmt.Fprintf(&b, "#include \"%s.h\"\n", c.Program.Name)
	}
	b.WriteString(`
static void put(int k, int j, const void *p, size_t n)
{
    printf("o %d %d ", k, j);
    for (size_t i = 0; i < n; i++) {
        printf("%02x", ((const unsigned char *)p)[i]);
    }
    printf("\n");
}

int main(void)
{
`)
	for k, c := range cases {
		caseC(&b, k, c)
	}
	b.WriteString("    return 0;\n}\n")
	return b.String()
}

func caseC(b *strings.Builder, k int, c *Case) {
	b.WriteString("    {\n")
	args, frees := codegen.ArenaNames(c.Program.Arenas), codegen.ArenaNames(c.Program.Arenas)
	for _, a := range c.Program.Arenas {
		fmt.Fprintf(b, "        void *%[1]s = malloc(%[2]s_BYTES + 1);\n        memset(%[1]s, 0xa5, %[2]s_BYTES + 1);\n", a.Param, a.Macro)
	}
	for i, t := range c.Inputs {
		fmt.Fprintf(b, "        static const unsigned char c%d[] = {%s};\n        void *i%d = malloc(%d);\n        memcpy(i%d, c%d, %d);\n",
			i, cw.ByteList(t.Bytes()), i, t.Len()*t.DType.Size(), i, i, t.Len()*t.DType.Size())
		args, frees = append(args, fmt.Sprintf("i%d", i)), append(frees, fmt.Sprintf("i%d", i))
	}
	for j, t := range c.Want {
		fmt.Fprintf(b, "        void *o%d = malloc(%d);\n", j, t.Len()*t.DType.Size())
		args, frees = append(args, fmt.Sprintf("o%d", j)), append(frees, fmt.Sprintf("o%d", j))
	}
	fmt.Fprintf(b, "        if (%s_run(%s) != 0) {\n            return 1;\n        }\n", c.Program.Name, strings.Join(args, ", "))
	for j, t := range c.Want {
		fmt.Fprintf(b, "        put(%d, %d, o%d, %d);\n", k, j, j, t.Len()*t.DType.Size())
	}
	if len(c.After) > 0 {
		followC(b, k, c)
	}
	for _, f := range frees {
		fmt.Fprintf(b, "        free(%s);\n", f)
	}
	b.WriteString("    }\n")
}

// followC pushes the frames that follow, and prints the outputs of every window.
func followC(b *strings.Builder, k int, c *Case) {
	pushed, name := c.Program.Memory.Pushed, c.Program.Name
	size := pushed.Value.Type.Bytes() / pushed.Rows
	data := c.Inputs[0].Bytes()[pushed.First*size:]
	data = data[:len(data):len(data)]
	for _, w := range c.Frames {
		data = append(data, w.Bytes()[(pushed.Rows-pushed.Hop)*size:]...)
	}
	args := append(codegen.ArenaNames(c.Program.Arenas), "frame")
	for j := range c.Want {
		args = append(args, fmt.Sprintf("o%d", j))
	}
	fmt.Fprintf(b, "        static const unsigned char frames[] = {%s};\n        void *frame = malloc(%d);\n", cw.ByteList(data), size)
	fmt.Fprintf(b, "        for (int f = 0; f < %d; f++) {\n            memcpy(frame, frames + f * %d, %d);\n", len(c.Frames)*pushed.Hop, size, size)
	up := strings.ToUpper(name)
	fmt.Fprintf(b, "            const int last = f %% %d == %d;\n            if (%s_push(%s) != (last ? %s_OK : %s_WAIT)) {\n                return 2;\n            }\n", pushed.Hop, pushed.Hop-1, name, strings.Join(args, ", "), up, up)
	for j, t := range c.Want {
		fmt.Fprintf(b, "            if (last) {\n                put(%d, f / %d * %d + %d, o%d, %d);\n            }\n", k, pushed.Hop, len(c.Want), len(c.Want)+j, j, t.Len()*t.DType.Size())
	}
	b.WriteString("        }\n        free(frame);\n")
}

// rounding adds how much the order of sums may change floats where great terms cancel out.
func (t tolerance) rounding(want *tensor.Tensor) tolerance {
	most := 0.0
	for i := range want.Len() {
		if w := math.Abs(want.F64(i)); w <= math.MaxFloat64 { // neither NaN nor infinite
			most = max(most, w)
		}
	}
	t.float += 1e-6 * most
	return t
}

// want is output j, those of the windows that follow behind those of the first.
func (c *Case) want(j int) *tensor.Tensor {
	if n := len(c.Want); j >= n {
		return c.After[j/n-1][j%n]
	}
	return c.Want[j]
}

// compareC reads the program's output.
func compareC(cases []*Case, out string) ([]error, error) {
	diffs, seen := make([]error, len(cases)), 0
	for line := range strings.Lines(out) {
		var k, j int
		var text string
		if n, _ := fmt.Sscanf(line, "o %d %d %s", &k, &j, &text); n < 2 { // text is empty where an output has no elements
			return nil, fmt.Errorf("the program printed %q", line)
		}
		seen++
		data, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		want := cases[k].want(j)
		got, err := tensor.FromBytes(want.DType, data, want.Shape...)
		if err != nil {
			return nil, err
		}
		if err := agree(want, got, cases[k].loose().rounding(want)); err != nil && diffs[k] == nil {
			diffs[k] = fmt.Errorf("output %d in C: %w", j, err)
		}
	}
	for _, c := range cases {
		seen -= len(c.Want) * (1 + len(c.After))
	}
	if seen != 0 {
		return nil, fmt.Errorf("the program printed %d outputs too many", seen)
	}
	return diffs, nil
}
