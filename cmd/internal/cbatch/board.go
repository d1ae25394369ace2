package cbatch

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/emulator"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// RunOn makes one firmware of all cases, which are compiled for a bare target, and runs it on the target's emulator. The error is about the
// firmware as a whole.
func RunOn(ctx context.Context, target *targets.Target, cases []Case) ([]Result, error) {
	dir, err := os.MkdirTemp("", "deepgo-board-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build, err := firmware(dir, target, cases)
	if err != nil {
		return nil, err
	}
	program, err := build.Program(ctx)
	if err != nil {
		return nil, err
	}
	r, err := emulator.Run(ctx, target, program, "")
	if err != nil {
		return nil, err
	}
	return results(cases, r.Output)
}

// firmware writes the models, the program around them and the inputs.
func firmware(dir string, target *targets.Target, cases []Case) (*toolchain.Build, error) {
	b := &batch{dir: dir, cases: cases}
	if err := b.writeModels(); err != nil {
		return nil, err
	}
	build := &toolchain.Build{Target: target, Dir: dir, Script: dir, Others: []string{"board.c"}}
	for _, c := range cases {
		for _, f := range c.Program.Files {
			if strings.HasSuffix(f.Name, ".c") {
				build.Model = append(build.Model, f.Name)
			}
		}
	}
	files := []string{"batch/board.c", "print.h", "stack.h"}
	for _, name := range rt.HarnessFiles(target.Harness) {
		files = append(files, target.Harness+"/"+name)
		if ext := filepath.Ext(name); ext == ".c" || ext == ".S" {
			build.Others = append(build.Others, name)
		}
	}
	for _, name := range files {
		data, _ := rt.Harness(name)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o666); err != nil {
			return nil, err
		}
	}
	return build, os.WriteFile(filepath.Join(dir, "table.h"), boardTable(cases), 0o666)
}

// boardTable is the list of models that the program includes, with their inputs as constants.
func boardTable(cases []Case) []byte {
	var h, rows bytes.Buffer
	pool, outputs := 0, 0
	for i, c := range cases {
		p := c.Program
		args, room := []string{"arena"}, roomFor(max(p.Memory.ArenaBytes, 1))
		fmt.Fprintf(&h, "#include \"%s.h\"\n", p.Name)
		for k, t := range c.Inputs {
			fmt.Fprintf(&h, "static const uint8_t in%d_%d[] __attribute__((aligned(16))) = {%s0};\n", i, k, cw.ByteList(t.Bytes()))
			args = append(args, fmt.Sprintf("(const void *)in%d_%d", i, k))
		}
		fmt.Fprintf(&h, "static const uint32_t bytes%d[] = {%s_ARENA_BYTES", i, strings.ToUpper(p.Name))
		for k, v := range p.Outputs {
			fmt.Fprintf(&h, ", %d", v.Type.Bytes())
			args, room = append(args, fmt.Sprintf("outputs[%d]", k)), room+roomFor(v.Type.Bytes())
		}
		fmt.Fprintf(&h, "};\nstatic int call%d(void *arena, void *const *outputs)\n{\n    (void)outputs;\n    return %s_run(%s);\n}\n", i, p.Name, strings.Join(args, ", "))
		fmt.Fprintf(&rows, "    {%d, call%d, %d, bytes%d},\n", i, i, 1+len(p.Outputs), i)
		pool, outputs = max(pool, room), max(outputs, len(p.Outputs))
	}
	fmt.Fprintf(&h, "\n#define OUTPUTS %d\n#define POOL_BYTES %d\nstatic const model models[] = {\n%s};\n", outputs, pool, rows.Bytes())
	return h.Bytes()
}

// roomFor is what a buffer takes of the pool, with what is behind it.
func roomFor(bytes int) int { return (bytes + 16 + 15) &^ 15 }

// results reads what the program printed.
func results(cases []Case, text string) ([]Result, error) {
	all := make([]Result, len(cases))
	for i, c := range cases {
		all[i].Outputs = make([]*tensor.Tensor, len(c.Program.Outputs))
	}
	for _, line := range emulator.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "o" && f[0] != "e" {
			continue
		}
		i, err := strconv.Atoi(f[1])
		k, err2 := strconv.Atoi(f[2])
		if err != nil || err2 != nil || i >= len(cases) || f[0] == "o" && k >= len(all[i].Outputs) {
			return nil, fmt.Errorf("the program printed %q", line)
		}
		if f[0] == "e" {
			all[i].Err = fmt.Errorf("the model returned %d", k)
			continue
		}
		v := cases[i].Program.Outputs[k]
		data, err := hex.DecodeString(strings.Join(f[3:], ""))
		if err != nil {
			return nil, fmt.Errorf("the program printed %q", line)
		}
		if all[i].Outputs[k], err = tensor.FromBytes(v.Type.DType, data, v.Type.Shape...); err != nil {
			return nil, err
		}
	}
	for i := range all {
		if all[i].Err == nil && slices.Contains(all[i].Outputs, nil) {
			return nil, fmt.Errorf("the program printed no output of model %d", i)
		}
	}
	return all, nil
}
