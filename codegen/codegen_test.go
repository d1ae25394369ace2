package codegen

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// small is a model with every kind of thing in it: constants shared and not, a view, a kernel used twice, scratch-free.
const small = `graph "small"(%x: f32[1,2,2]) -> (%y, %z) {
  %w: f32[3,4] = const [0.5, -1, 2, 0.25, 1, 1, -1, 0, 3, 0, 0, -0.125]
  %b: f32[3] = const [0.5, -0.5, 1]
  %v: f32[3,3] = const [1, 0, 0, 0, 1, 0, 0, 0, 1]
  %flat: f32[1,4] = Flatten(%x) {axis=1} from "flatten"
  %h: f32[1,3] = Gemm(%flat, %w, %b) {transB=1} from "dense/MatMul", "dense/BiasAdd"
  %r: f32[1,3] = Relu(%h) from "dense/Relu"
  %g: f32[1,3] = Gemm(%r, %v, %b) from "last"
  %y: f32[1,3] = Sigmoid(%g) from "out"
  %z: f32[1,3] = Gemm(%y, %v, %b) from "again"
}
`

func options(name string) Options {
	return Options{Name: name, Source: name + ".onnx", SHA256: strings.Repeat("0", 64), Version: "0.0.0", Command: "deepgo compile " + name + ".onnx"}
}

// TestGolden compares the C of a small model with testdata, where every change of it is seen.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		file, target, emit string
		trace              bool
	}{
		{"split.txtar", "cortex-m4", "split", false},
		{"single.txtar", "atmega328p", "single", true},
	} {
		g, mem := lower(t, small)
		opt := options("small")
		opt.Emit, opt.Trace = c.emit, c.trace
		out := generate(t, g, mem, c.target, opt)
		ar := &txtar.Archive{Comment: []byte("The C of the graph `small` for " + c.target + ". go test ./codegen -update writes it anew.\n")}
		for _, f := range out.Files {
			ar.Files = append(ar.Files, txtar.File{Name: f.Name, Data: f.Data})
		}
		got, path := txtar.Format(ar), filepath.Join("testdata", c.file)
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: (-file +now)\n%s", c.file, diff)
		}
	}
}

// TestRuns compiles models strictly, runs them under the sanitizers and compares with the interpreter.
func TestRuns(t *testing.T) {
	need(t, "gcc")
	for _, c := range []struct{ name, graph string }{
		{"small", small},
		{"hostile", `graph "*/ #error"(%a: f32[2], %"a*/": f32[2], %A: f32[2], %int8_t: f32[2], %INPUT: f32[2], %arena: f32[2], %hostile_w0: f32[2]) -> (%class, %"??/", %NULL) {
  %w: f32[2] = const [1, 2]
  %class: f32[2] = Add(%a, %w) from "*/ int x; /*", "???/", "‮\\"
  %"??/": f32[2] = Mul(%"a*/", %A) from "\n#error no"
  %s: f32[2] = Sub(%int8_t, %INPUT)
  %q: f32[2] = Div(%arena, %hostile_w0)
  %NULL: f32[2] = Add(%s, %q)
}`},
		{"scalar", `graph "scalar"(%x: f32[]) -> (%y) {
  %y: f32[] = Exp(%x) from "exp"
}`},
		{"special", `graph "special"(%x: f32[6]) -> (%y, %z) {
  %c: f32[6] = const base64 "AACAfwAAgP8AAMB/AQAAAAAAAID//39/"
  %y: f32[6] = Max(%x, %c)
  %inf: f32[] = const base64 "AACAfw=="
  %z: f32[6] = Min(%x, %inf)
}`},
		{"integers", `graph "integers"(%i: i64[3], %b: bool[2], %h: f16[2]) -> (%j, %c, %k) {
  %axes: i64[1] = const [0]
  %least: i64[3] = const [-9223372036854775808, -2147483648, 9223372036854775807]
  %j: i64[6] = Concat(%i, %least) {axis=0}
  %c: bool[1,2] = Unsqueeze(%b, %axes)
  %k: f16[1,2] = Unsqueeze(%h, %axes)
}`},
	} {
		for _, target := range []string{"portable", "host"} {
			t.Run(c.name+"/"+target, func(t *testing.T) {
				g, mem := lowerFor(t, c.graph, load(t, target))
				out := generate(t, g, mem, target, options(c.name))
				dir := t.TempDir()
				sources := writeFiles(t, dir, out.Files)
				checkStrict(t, dir, out.Name, sources)
				inputs := ramps(g)
				got := runModel(t, dir, sources, []*ir.Graph{g}, []string{out.Name}, [][]*tensor.Tensor{inputs})
				compare(t, g, inputs, got[0])
			})
		}
	}
}

// checkStrict compiles a model with two compilers, and its header as C++.
func checkStrict(t *testing.T, dir, name string, sources []string) {
	t.Helper()
	for _, cc := range []string{"gcc", "clang"} {
		compile(t, cc, append(append(strict, "-fsyntax-only", "-O1"), sources...)...)
	}
	user := filepath.Join(dir, "user.cc")
	text := fmt.Sprintf("#include \"%[1]s.h\"\n#include \"%[1]s.h\"\nDG_ALIGN(%[2]s_ARENA_ALIGN) uint8_t arena[%[2]s_ARENA_BYTES];\n", name, strings.ToUpper(name))
	if err := os.WriteFile(user, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	compile(t, "g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", user)
}

// ramps returns inputs that count up in steps of a quarter, or of 1 for integers.
func ramps(g *ir.Graph) []*tensor.Tensor {
	var all []*tensor.Tensor
	for i, v := range g.Inputs {
		x := tensor.New(v.Type.DType, v.Type.Shape...)
		for j := range x.Len() {
			x.SetF64(j, float64(i+j)/4+0.25)
		}
		all = append(all, x)
	}
	return all
}

// compare holds outputs against the interpreter's: integers exactly, floats to 1e-6 of their size.
func compare(t *testing.T, g *ir.Graph, inputs, got []*tensor.Tensor) {
	t.Helper()
	want, err := interp.Run(g, inputs, interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k, w := range want {
		for i := range w.Len() {
			if !close(w, got[k], i) {
				t.Errorf("output %d, element %d: the C says %v, the interpreter %v", k, i, got[k].F64(i), w.F64(i))
				break
			}
		}
	}
}

func close(want, got *tensor.Tensor, i int) bool {
	if !want.DType.IsFloat() {
		return want.I64(i) == got.I64(i)
	}
	w, g := want.F64(i), got.F64(i)
	return w == g || w != w && g != g || math.Abs(w-g) <= 1e-6*(1+math.Abs(w))
}

// TestTwoModels links two models into one program, where they share an arena and have values of the same names.
func TestTwoModels(t *testing.T) {
	need(t, "gcc")
	dir := t.TempDir()
	var graphs []*ir.Graph
	var sources []string
	var inputs [][]*tensor.Tensor
	for i, name := range []string{"one", "two"} {
		g, mem := lower(t, small)
		opt := options(name)
		opt.Emit = []string{"split", "single"}[i]
		sources = append(sources, writeFiles(t, dir, generate(t, g, mem, "portable", opt).Files)...)
		graphs, inputs = append(graphs, g), append(inputs, ramps(g))
	}
	for i, got := range runModel(t, dir, sources, graphs, []string{"one", "two"}, inputs) {
		compare(t, graphs[i], inputs[i], got)
	}
}

// TestArguments runs a model on arguments that it must refuse.
func TestArguments(t *testing.T) {
	g, mem := lower(t, small)
	dir := t.TempDir()
	sources := writeFiles(t, dir, generate(t, g, mem, "portable", options("small")).Files)
	main := filepath.Join(dir, "main.c")
	text := `#include <stddef.h>
#include "small.h"
int main(void)
{
    static DG_ALIGN(SMALL_ARENA_ALIGN) uint8_t arena[SMALL_ARENA_BYTES + 1];
    static const int dims[SMALL_IN_X_RANK] = SMALL_IN_X_SHAPE;
    float x[SMALL_IN_X_LEN] = { 0 }, y[SMALL_OUT_Y_LEN], z[SMALL_OUT_Z_LEN];
    return !(small_run(arena, x, y, z) == SMALL_OK && small_run(NULL, x, y, z) == SMALL_ENULL && small_run(arena, NULL, y, z) == SMALL_ENULL &&
             small_run(arena, x, y, NULL) == SMALL_ENULL && small_run(arena + 1, x, y, z) == SMALL_EALIGN && dims[2] == 2);
}
`
	if err := os.WriteFile(main, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	compile(t, "gcc", append(append(strict, "-o", program, main), sources...)...)
	compile(t, program)
}

// TestDeterminism prints a model twice, from graphs that were made anew.
func TestDeterminism(t *testing.T) {
	for _, emit := range []string{"split", "single"} {
		var first []File
		for range 3 {
			g, mem := lower(t, small)
			opt := options("small")
			opt.Emit = emit
			files := generate(t, g, mem, "portable", opt).Files
			if first != nil && !cmp.Equal(first, files) {
				t.Errorf("%s: %s", emit, cmp.Diff(first, files))
			}
			first = files
		}
	}
}

// TestTrace sees every node's output through DG_TRACE, and no trace of it without Options.Trace.
func TestTrace(t *testing.T) {
	g, mem := lower(t, small)
	opt := options("small")
	opt.Trace, opt.Emit = true, "single"
	dir := t.TempDir()
	sources := writeFiles(t, dir, generate(t, g, mem, "portable", opt).Files)
	checkStrict(t, dir, "small", sources)
	source, err := os.ReadFile(sources[0])
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`DG_TRACE\((\d+), .*, \d+\);`).FindAllSubmatch(source, -1)
	var nodes []int
	for i, n := range g.Nodes {
		if n.Op != "view" {
			nodes = append(nodes, i)
		}
	}
	if len(calls) != len(nodes) {
		t.Fatalf("%d calls of DG_TRACE for %d nodes", len(calls), len(nodes))
	}
	for i, m := range calls {
		if string(m[1]) != fmt.Sprint(nodes[i]) {
			t.Errorf("call %d is of node %s, not %d", i, m[1], nodes[i])
		}
	}
	opt.Trace = false
	for _, f := range generate(t, g, mem, "portable", opt).Files {
		if bytes.Contains(f.Data, []byte("DG_TRACE")) {
			t.Errorf("%s traces without being asked to", f.Name)
		}
	}
}

// TestConstantsAreShared counts arrays: equal constants of one type have one.
func TestConstantsAreShared(t *testing.T) {
	g, mem := lower(t, small)
	out := generate(t, g, mem, "portable", options("small"))
	sum := 0
	for _, n := range out.Report.Nodes {
		sum += n.ConstBytes
	}
	arrays := bytes.Count(out.Files[1].Data, []byte("\nextern "))
	if want := 4 * (12 + 3 + 9); out.Report.ConstBytes != want || sum != want || arrays != 3 {
		t.Errorf("%d arrays, %d bytes, %d by nodes; want 3, %d, %d", arrays, out.Report.ConstBytes, sum, want, want)
	}
}

// TestReport adds up a plan by hand: %h and %r are in one place, %g in another's or its own.
func TestReport(t *testing.T) {
	g, mem := lower(t, small)
	r := generate(t, g, mem, "portable", options("small")).Report
	most := 0
	for _, n := range r.Nodes {
		most = max(most, n.LiveBytes)
	}
	if most != mem.ArenaBytes || r.ArenaBytes != mem.ArenaBytes || r.IOBytes != 4*(4+3+3) {
		t.Errorf("live %d of %d bytes, IO %d", most, mem.ArenaBytes, r.IOBytes)
	}
	if first := strings.Fields(r.LargestConsts()); len(first) == 0 || first[0] != "60" {
		t.Errorf("the node with most constants is not the one with 60 bytes:\n%s", r.LargestConsts())
	}
}

// TestCovered adds up overlapping parts of the arena.
func TestCovered(t *testing.T) {
	if got := covered([]span{{8, 12}, {0, 4}, {2, 6}, {2, 3}, {12, 16}}); got != 14 {
		t.Errorf("got %d bytes, want 14", got)
	}
}

// TestLimits refuses what a target cannot address, and what options do not mean.
func TestLimits(t *testing.T) {
	value := func(n int) (*ir.Graph, *ir.Memory) {
		return lower(t, fmt.Sprintf("graph \"g\"(%%x: f32[%d]) -> (%%y) {\n  %%y: f32[%d] = Exp(%%x)\n}", n, n))
	}
	g, mem := value(8191)
	generate(t, g, mem, "atmega2560", options("g"))
	g, mem = value(8192)
	_, err := Generate(g, mem, load(t, "atmega2560"), options("g"))
	var user *ir.Error
	if !errors.As(err, &user) || !strings.Contains(user.Msg, "at most 32767") {
		t.Errorf("32768 bytes on AVR: error %v", err)
	}
	generate(t, g, mem, "cortex-m0plus", options("g"))
	mem.ArenaBytes = 40000
	g.Nodes, g.Inputs, g.Outputs = nil, nil, nil
	if _, err := Generate(g, mem, load(t, "atmega2560"), options("g")); !errors.As(err, &user) {
		t.Errorf("an arena of 40000 bytes on AVR: error %v", err)
	}
	g, mem = lower(t, "graph \"g\"(%x: f64[3]) -> (%y) {\n  %y: f64[3] = Exp(%x)\n}")
	if _, err := Generate(g, mem, load(t, "atmega2560"), options("g")); !errors.As(err, &user) || !strings.Contains(user.Msg, "double has 32 bits") {
		t.Errorf("doubles on AVR: error %v", err)
	}
	opt := options("g")
	opt.Emit = "tape"
	if _, err := Generate(g, mem, load(t, "portable"), opt); !errors.As(err, &user) {
		t.Errorf("emit %q: error %v", opt.Emit, err)
	}
}

// TestAVR chooses the address space by the bytes of constants, and compiles for the part.
func TestAVR(t *testing.T) {
	for _, c := range []struct {
		rows  int
		space string
	}{{10, "__flash"}, {62, "__memx"}} {
		g, mem := lower(t, avrModel(c.rows))
		out := generate(t, g, mem, "atmega2560", options("m"))
		dir := t.TempDir()
		for _, source := range writeFiles(t, dir, out.Files) {
			compile(t, "avr-gcc", "-mmcu=atmega2560", "-std=gnu99", "-Os", "-Wall", "-Wextra", "-Werror", "-c", "-o", source+".o", source)
		}
		if !bytes.Contains(out.Files[1].Data, []byte("#define DG_ROM "+c.space+"\n")) {
			t.Errorf("%d bytes of constants are not in %s", out.Report.ConstBytes, c.space)
		}
		if !bytes.Contains(out.Files[2].Data, []byte("#define DG_IDX int16_t\n")) {
			t.Error("indices are not 16 bits wide")
		}
	}
}

// avrModel has four matrices of rows times 64 floats, each with other elements.
func avrModel(rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph \"m\"(%%x: f32[1,%d]) -> (%%a, %%b, %%c, %%d) {\n", rows)
	g := &ir.Graph{Name: "w"}
	for i, out := range []string{"a", "b", "c", "d"} {
		w := tensor.New(tensor.Float32, rows, 64)
		for j := range w.Len() {
			w.SetF64(j, float64(i*w.Len()+j))
		}
		v := g.NewConst("w"+out, w)
		y := &ir.Value{Name: out, Type: ir.Type{DType: tensor.Float32, Shape: []int{1, 64}}}
		x := &ir.Value{Name: "x", Type: ir.Type{DType: tensor.Float32, Shape: []int{1, rows}}}
		g.Nodes = []*ir.Node{{Op: "MatMul", Inputs: []*ir.Value{x, v}, Outputs: []*ir.Value{y}}}
		_, body, _ := strings.Cut(g.String(), "{\n")
		b.WriteString(strings.TrimSuffix(body, "}\n"))
	}
	return b.String() + "}\n"
}
