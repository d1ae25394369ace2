package codegen

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
	"github.com/deepgo/deepgo/targets"
)

// strict are the flags under which generated C has no warnings.
var strict = strings.Fields("-std=c99 -Wall -Wextra -Werror -pedantic -Wconversion -Wshadow -ffp-contract=off")

// need skips the test where a program is not installed, but for CI, where it must be.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// compile runs a compiler, which must have nothing to say.
func compile(t *testing.T, cc string, args ...string) {
	t.Helper()
	need(t, cc)
	out, err := exec.Command(cc, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("%s: %v\n%.3000s", cc, err, out)
	}
}

// load returns a target.
func load(t *testing.T, name string) *targets.Target {
	t.Helper()
	target, err := targets.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// lower takes a graph in text form through the passes, for any target.
func lower(t *testing.T, text string) (*ir.Graph, *ir.Memory) {
	t.Helper()
	return lowerFor(t, text, nil)
}

// lowerFor takes a graph in text form through the passes for a target.
func lowerFor(t *testing.T, text string, target *targets.Target) (*ir.Graph, *ir.Memory) {
	t.Helper()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c := &passes.Config{Target: target}
	if err := passes.Run(g, c); err != nil {
		t.Fatal(err)
	}
	return g, c.Memory
}

// generate prints a lowered graph.
func generate(t *testing.T, g *ir.Graph, mem *ir.Memory, target string, opt Options) *Output {
	t.Helper()
	out, err := Generate(g, mem, load(t, target), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// writeFiles writes the files into dir and returns the paths of the C files.
func writeFiles(t *testing.T, dir string, files []File) []string {
	t.Helper()
	var sources []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".c") {
			sources = append(sources, path)
		}
	}
	return sources
}

// callerOf returns a C function call_NAME that reads the model's inputs from stdin, runs it in the arena, and writes the
// outputs to stdout, all as the bytes that they are.
func callerOf(name string, g *ir.Graph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#include \"%s.h\"\nint call_%s(void *arena)\n{\n", name, name)
	args := []string{"arena"}
	for i, v := range g.Inputs {
		fmt.Fprintf(&b, "    static %s in%d[%d];\n", v.Type.DType.C(), i, max(v.Type.Len(), 1))
		args = append(args, fmt.Sprintf("in%d", i))
	}
	for i, v := range g.Outputs {
		fmt.Fprintf(&b, "    static %s out%d[%d];\n", v.Type.DType.C(), i, max(v.Type.Len(), 1))
		args = append(args, fmt.Sprintf("out%d", i))
	}
	for i, v := range g.Inputs {
		fmt.Fprintf(&b, "    if (fread(in%d, 1, %d, stdin) != %d) {\n        return 100;\n    }\n", i, v.Type.Bytes(), v.Type.Bytes())
	}
	fmt.Fprintf(&b, "    const int code = %s_run(%s);\n", name, strings.Join(args, ", "))
	for i, v := range g.Outputs {
		fmt.Fprintf(&b, "    fwrite(out%d, 1, %d, stdout);\n", i, v.Type.Bytes())
	}
	b.WriteString("    return code;\n}\n")
	return b.String()
}

// mainOf returns a program that calls models one after the other in one arena.
func mainOf(graphs []*ir.Graph, names []string) string {
	var callers, calls, arenas strings.Builder
	for i, name := range names {
		callers.WriteString(callerOf(name, graphs[i]))
		fmt.Fprintf(&arenas, "    DG_ALIGN(8) uint8_t of_%s[%s_ARENA_BYTES];\n", name, strings.ToUpper(name))
		fmt.Fprintf(&calls, "    if (call_%s(&arena) != 0) {\n        return 1;\n    }\n", name)
	}
	return "#include <stdio.h>\n" + callers.String() + "static union {\n" + arenas.String() + "} arena;\nint main(void)\n{\n" + calls.String() + "    return 0;\n}\n"
}

// runModel builds the C with the sanitizers and runs it once. It returns the outputs of all models in turn.
func runModel(t *testing.T, dir string, sources []string, graphs []*ir.Graph, names []string, inputs [][]*tensor.Tensor) [][]*tensor.Tensor {
	t.Helper()
	main := filepath.Join(dir, "main.c")
	if err := os.WriteFile(main, []byte(mainOf(graphs, names)), 0o666); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	args := append([]string{"-std=c99", "-O1", "-g", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I" + dir, "-o", program, main}, sources...)
	compile(t, "gcc", args...)
	var in, out, errs bytes.Buffer
	for _, ts := range inputs {
		for _, x := range ts {
			in.Write(x.Bytes())
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%.3000s", err, errs.String())
	}
	results := make([][]*tensor.Tensor, len(graphs))
	for i, g := range graphs {
		for _, v := range g.Outputs {
			x, err := tensor.FromBytes(v.Type.DType, out.Next(v.Type.Bytes()), v.Type.Shape...)
			if err != nil {
				t.Fatal(err)
			}
			results[i] = append(results[i], x)
		}
	}
	return results
}
