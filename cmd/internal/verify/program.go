// Package verify proves that a compiled model computes what the model means: it builds the C for a target, runs it on the
// host or an emulator, and compares with the interpreter and with golden outputs.
package verify

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
	"github.com/deepgo/deepgo/targets/emulator"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// Build overrides the target's compiler, and says what of a traced program is wanted.
type Build struct {
	CC     string
	CFlags []string
	Trace  bool // hash every node's output
	Layers bool // count every node's cost instead
	Follow bool // the cases are windows of one sequence, each pushed on from the one before
}

// flags returns what the compiler is given besides the target's flags.
func (b Build) flags() []string {
	flags := slices.Clone(b.CFlags)
	if b.Trace || b.Layers {
		flags = append(flags, "-include", "trace.h")
	}
	if b.Layers {
		flags = append(flags, "-DDG_COUNT_LAYERS")
	}
	return flags
}

// Execution is what a compiled model printed for a list of cases.
type Execution struct {
	Outputs    [][]*tensor.Tensor // per case
	Traces     map[int][]uint32   // hashes of each node's output in the first case: of the whole, or of its rows in their order
	Insns      uint64             // of the first case; 0 where nothing counts
	Cycles     uint64
	Layers     []Layer // of the first case, with Build.Layers
	StackBytes int     // measured; 0 where the platform cannot tell
}

// Layer is what one node of the lowered graph takes.
type Layer struct {
	Node int // index
	emulator.Cost
}

// Execute builds p with the cases inside and runs it on its target.
func Execute(ctx context.Context, p *deepgo.Program, cases [][]*tensor.Tensor, b Build) (*Execution, error) {
	if p.Target.FlashSpace == "avr" { // the other emulated boards have more memory than the part
		if err := p.Fit(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "deepgo-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build, err := prepare(p, cases, dir, b)
	if err != nil {
		return nil, err
	}
	program, err := build.Program(ctx)
	if err != nil {
		return nil, err
	}
	plugin := ""
	if p.Target.Counter != "" {
		if plugin, err = emulator.Plugin(ctx); err != nil {
			return nil, err
		}
	}
	r, err := emulator.Run(ctx, p.Target, program, plugin)
	if err != nil {
		return nil, err
	}
	x := &Execution{Traces: map[int][]uint32{}}
	if len(r.Regions) > 0 {
		x.Insns, x.Cycles = r.Regions[0].Insns, r.Regions[0].Cycles
	}
	types, err := outputTypes(p, cases)
	if err != nil {
		return nil, err
	}
	err = x.parse(r.Output, types)
	for i := range min(len(x.Layers), len(r.Regions)) {
		x.Layers[i].Cost = r.Regions[i]
	}
	x.Layers = perNode(x.Layers)
	return x, err
}

// outputTypes returns the types of the outputs in each case.
func outputTypes(p *deepgo.Program, cases [][]*tensor.Tensor) ([][]ir.Type, error) {
	types := make([][]ir.Type, len(cases))
	for i, c := range cases {
		var sizes []int
		if len(p.Dims) > 0 {
			var err error
			if sizes, err = p.SizesOf(c); err != nil {
				return nil, err
			}
		}
		_, types[i] = p.Types(sizes)
	}
	return types, nil
}

// perNode adds up the costs of nodes that were called for one row after the other.
func perNode(calls []Layer) []Layer {
	sums := map[int]Layer{}
	for _, l := range calls {
		s := sums[l.Node]
		s.Node, s.Insns, s.Cycles = l.Node, s.Insns+l.Insns, s.Cycles+l.Cycles
		sums[l.Node] = s
	}
	var list []Layer
	for _, node := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, sums[node])
	}
	return list
}

// prepare writes the model, the harness and the cases into dir.
func prepare(p *deepgo.Program, cases [][]*tensor.Tensor, dir string, b Build) (*toolchain.Build, error) {
	build := &toolchain.Build{Target: p.Target, Dir: dir, Script: dir, CC: b.CC, CFlags: b.flags()}
	write := func(name string, data []byte) error { return os.WriteFile(filepath.Join(dir, name), data, 0o666) }
	for _, f := range p.Files {
		if err := write(f.Name, f.Data); err != nil {
			return nil, err
		}
		if strings.HasSuffix(f.Name, ".c") {
			build.Model = append(build.Model, f.Name)
		}
	}
	if err := write("cases.h", []byte(b.header(p, cases))); err != nil {
		return nil, err
	}
	for _, folder := range []string{"", p.Target.Harness} {
		for _, name := range rt.HarnessFiles(folder) {
			data, _ := rt.Harness(filepath.ToSlash(filepath.Join(folder, name)))
			if err := write(name, data); err != nil {
				return nil, err
			}
			if ext := filepath.Ext(name); ext == ".c" || ext == ".S" {
				build.Others = append(build.Others, name)
			}
		}
	}
	return build, nil
}

func (b Build) header(p *deepgo.Program, cases [][]*tensor.Tensor) string {
	if b.Follow {
		return framesHeader(p, cases)
	}
	return casesHeader(p, cases)
}

// framesHeader is casesHeader for windows that follow each other: case 0 is the first window, every other one the frames after it.
func framesHeader(p *deepgo.Program, cases [][]*tensor.Tensor) string {
	var b strings.Builder
	up, pushed := strings.ToUpper(p.Name), p.Memory.Pushed
	size := pushed.Value.Type.Bytes() / pushed.Rows
	fmt.Fprintf(&b, "#include \"%s.h\"\n#define CASES %d\n#define OUTPUTS %d\n", p.Name, len(cases), len(p.Lowered.OpenOutputs()))
	arenas := arenaBuffers(&b, p)
	fmt.Fprintf(&b, "static uint8_t frame[%d] __attribute__((aligned(8)));\nstatic const HROM uint8_t frames[] = {\n", size)
	b.WriteString(cw.ByteList(cases[0][0].Bytes()) + "\n")
	for _, c := range cases[1:] {
		b.WriteString(cw.ByteList(c[0].Bytes()[(pushed.Rows-pushed.Hop)*size:]) + "\n")
	}
	b.WriteString("};\n")
	args := append(arenas, fmt.Sprintf("(const %s *)(const void *)frame", pushed.Value.Type.DType.C()))
	args = append(args, outputBuffers(&b, p)...)
	fmt.Fprintf(&b, "static uint32_t case_now, pushed;\nstatic void load_case(uint32_t i)\n{\n    case_now = i;\n}\n")
	fmt.Fprintf(&b, "static int push_case(void)\n{\n    const uint32_t upto = %d + case_now * %d;\n    int code = case_now == 0 ? %s_begin(%s) : %s_OK;\n", pushed.First, pushed.Hop, p.Name, strings.Join(arenas, ", "), up)
	fmt.Fprintf(&b, "    while (pushed < upto) {\n        for (uint32_t j = 0; j < %d; j++) {\n            frame[j] = frames[pushed * %d + j];\n        }\n", size, size)
	fmt.Fprintf(&b, "        pushed++;\n        code = %s_push(%s);\n        if (code != (pushed == upto ? %s_OK : %s_WAIT)) {\n            return code + 100;\n        }\n    }\n    return code;\n}\n", p.Name, strings.Join(args, ", "), up, up)
	b.WriteString("#define RUN push_case()\n")
	return b.String()
}

// arenaBuffers declares the memory that the model works in, and returns it as arguments.
func arenaBuffers(b *strings.Builder, p *deepgo.Program) []string {
	for _, a := range p.Arenas {
		fmt.Fprintf(b, "static uint8_t %s[%s_BYTES + 1] __attribute__((aligned(%s_ARENA_ALIGN)));\n", a.Param, a.Macro, strings.ToUpper(p.Name))
	}
	return codegen.ArenaNames(p.Arenas)
}

// outputBuffers declares the outputs, and returns them as arguments.
func outputBuffers(b *strings.Builder, p *deepgo.Program) []string {
	var sizes, names, args []string
	for i, v := range p.Lowered.OpenOutputs() {
		fmt.Fprintf(b, "static uint8_t out%d[%d] __attribute__((aligned(8)));\n", i, max(v.Type.Bytes(), 1))
		sizes, names = append(sizes, strconv.Itoa(v.Type.Bytes())), append(names, fmt.Sprintf("out%d", i))
		args = append(args, fmt.Sprintf("(%s *)(void *)out%d", v.Type.DType.C(), i))
	}
	fmt.Fprintf(b, "static const uint32_t output_bytes[OUTPUTS] = {%s};\nstatic void *const outputs[OUTPUTS] = {%s};\n", strings.Join(sizes, ", "), strings.Join(names, ", "))
	return args
}

// casesHeader is what the harness includes: the cases as bytes in flash, the buffers, the call.
func casesHeader(p *deepgo.Program, cases [][]*tensor.Tensor) string {
	var b strings.Builder
	g := p.Lowered
	fmt.Fprintf(&b, "#include \"%s.h\"\n#define CASES %d\n#define OUTPUTS %d\n", p.Name, len(cases), len(g.OpenOutputs()))
	args := arenaBuffers(&b, p)
	var loads strings.Builder
	if len(g.States) > 0 {
		fmt.Fprintf(&loads, "    if (i == 0) {\n        %s_reset();\n    }\n", p.Name)
	}
	for i, d := range p.Dims {
		fmt.Fprintf(&b, "static int32_t size%d;\nstatic const HROM int32_t sizes%d[CASES] = {", i, i)
		for _, c := range cases {
			sizes, err := p.SizesOf(c)
			if err != nil {
				ir.Bugf("%v", err)
			}
			fmt.Fprintf(&b, "%d,", sizes[i])
		}
		fmt.Fprintf(&b, "}; /* %s */\n", d.Param)
		fmt.Fprintf(&loads, "    size%d = sizes%d[i];\n", i, i)
		args = append(args, fmt.Sprintf("size%d", i))
	}
	for i, v := range g.OpenInputs() {
		n := max(v.Type.Bytes(), 1)
		fmt.Fprintf(&b, "static uint8_t in%d[%d] __attribute__((aligned(8)));\n", i, n)
		fmt.Fprintf(&b, "static const HROM uint8_t cases%d[CASES][%d] = {\n", i, n)
		for _, c := range cases {
			b.WriteString("{" + cw.ByteList(c[i].Bytes()) + "},\n")
		}
		b.WriteString("};\n")
		fmt.Fprintf(&loads, "    for (uint32_t j = 0; j < %d; j++) {\n        in%d[j] = cases%d[i][j];\n    }\n", v.Type.Bytes(), i, i)
		args = append(args, fmt.Sprintf("(const %s *)(const void *)in%d", v.Type.DType.C(), i))
	}
	args = append(args, outputBuffers(&b, p)...)
	fmt.Fprintf(&b, "static void load_case(uint32_t i)\n{\n%s}\n#define RUN %s_run(%s)\n", loads.String(), p.Name, strings.Join(args, ", "))
	return b.String()
}

// parse reads the harness's lines.
func (x *Execution) parse(text string, types [][]ir.Type) error {
	for _, outputs := range types {
		x.Outputs = append(x.Outputs, make([]*tensor.Tensor, len(outputs)))
	}
	for _, line := range emulator.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		var err error
		switch {
		case f[0] == "o" && (len(f) == 4 || len(f) == 3):
			err = x.output(f, types)
		case f[0] == "c" && len(f) == 3 && f[1] == "0":
			x.Cycles, err = strconv.ParseUint(f[2], 10, 64)
		case f[0] == "s" && len(f) == 2:
			x.StackBytes, err = strconv.Atoi(f[1])
		case f[0] == "t" && len(f) == 3:
			err = x.trace(f)
		case f[0] == "l" && len(f) == 3:
			err = x.layer(f)
		case f[0] == "e" && len(f) == 3:
			err = fmt.Errorf("the model returned error %s in case %s", f[2], f[1])
		}
		if err != nil {
			return err
		}
	}
	for i, outs := range x.Outputs {
		for k, t := range outs {
			if t == nil {
				return fmt.Errorf("the program printed no output %d of case %d", k, i)
			}
		}
	}
	return nil
}

func (x *Execution) output(f []string, types [][]ir.Type) error {
	i, err := strconv.Atoi(f[1])
	k, err2 := strconv.Atoi(f[2])
	if err != nil || err2 != nil || i >= len(types) || k >= len(types[i]) {
		return fmt.Errorf("the program printed %q", strings.Join(f, " "))
	}
	var data []byte
	if len(f) == 4 {
		if data, err = hex.DecodeString(f[3]); err != nil {
			return err
		}
	}
	t := types[i][k]
	if n := t.Bytes(); len(data) > n { // the buffer of an output whose size the run was told
		data = data[:n]
	}
	x.Outputs[i][k], err = tensor.FromBytes(t.DType, data, t.Shape...)
	return err
}

func (x *Execution) trace(f []string) error {
	node, err := strconv.Atoi(f[1])
	hash, err2 := strconv.ParseUint(f[2], 10, 32)
	if err != nil || err2 != nil {
		return fmt.Errorf("the program printed %q", strings.Join(f, " "))
	}
	x.Traces[node] = append(x.Traces[node], uint32(hash))
	return nil
}

func (x *Execution) layer(f []string) error {
	node, err := strconv.Atoi(f[1])
	cycles, err2 := strconv.ParseUint(f[2], 10, 64)
	if err != nil || err2 != nil {
		return fmt.Errorf("the program printed %q", strings.Join(f, " "))
	}
	x.Layers = append(x.Layers, Layer{Node: node, Cost: emulator.Cost{Cycles: cycles}})
	return nil
}
