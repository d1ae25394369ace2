package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	rt "github.com/deepgo/deepgo/runtime"
)

// files puts the parts together.
func (e *emitter) files() []File {
	files := []File{{e.name + ".h", []byte(e.header())}}
	if e.opt.Emit == "single" {
		return append(files, File{e.name + ".c", []byte(e.source(e.weights.String()))})
	}
	files = append(files, File{e.name + ".c", []byte(e.source(e.externs.String() + "\n"))})
	if e.weights.Len() > 0 {
		text := e.banner("constants") + e.port() + "\n" + e.externs.String() + "\n" + e.weights.String()
		files = append(files, File{e.name + "_weights.c", []byte(text)})
	}
	return files
}

// banner is the comment at the top of a file.
func (e *emitter) banner(what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s: %s of %s\n", e.name, what, comment(e.opt.Source))
	fmt.Fprintf(&b, " * made by deepgo %s: %s\n", e.opt.Version, comment(e.opt.Command))
	fmt.Fprintf(&b, " * model sha256 %s\n", e.opt.SHA256)
	fmt.Fprintf(&b, " * target %s: %d bytes of constants, %d of arena, %d of inputs and outputs\n", e.target.Name, e.report.ConstBytes, e.report.ArenaBytes, e.report.IOBytes)
	b.WriteString(" * You may use this file freely, under any terms. */\n")
	return b.String()
}

func (e *emitter) header() string {
	up := strings.ToUpper(e.name)
	var b strings.Builder
	b.WriteString(e.banner("interface"))
	fmt.Fprintf(&b, "#ifndef %s_H\n#define %s_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", up, up)
	fmt.Fprintf(&b, "/* Memory that %s_run works in, beside the inputs and outputs. Several models may share one arena. */\n", e.name)
	fmt.Fprintf(&b, "#define %s_ARENA_BYTES %d\n#define %s_ARENA_ALIGN 8\n\n", up, e.mem.ArenaBytes, up)
	for i, v := range e.g.Inputs {
		e.describe(&b, fmt.Sprintf("Input %d", i), up+"_IN_"+strings.ToUpper(e.params[v]), v)
	}
	for i, v := range e.g.Outputs {
		e.describe(&b, fmt.Sprintf("Output %d", i), up+"_OUT_"+strings.ToUpper(e.params[v]), v)
	}
	fmt.Fprintf(&b, "/* What %s_run returns. */\n#define %s_OK 0\n#define %s_ENULL 1  /* an argument is a null pointer */\n", e.name, up, up)
	fmt.Fprintf(&b, "#define %s_EALIGN 2 /* the arena is not aligned to %s_ARENA_ALIGN bytes */\n\n", up, up)
	fmt.Fprintf(&b, "/* %s_run computes the outputs from the inputs. It keeps nothing between calls, and may run in several threads at once, each\n", e.name)
	b.WriteString(" * with an arena of its own. */\n")
	fmt.Fprintf(&b, "%s;\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n", e.prototype())
	return b.String()
}

// describe prints the macros of an input or output.
func (e *emitter) describe(b *strings.Builder, what, prefix string, v *ir.Value) {
	fmt.Fprintf(b, "/* %s: %s, %s */\n", what, comment(v.Name), v.Type.DType.String()+dims(v.Type.Shape))
	fmt.Fprintf(b, "#define %s_LEN %d\n#define %s_RANK %d\n#define %s_SHAPE %s\n", prefix, v.Type.Len(), prefix, len(v.Type.Shape), prefix, dims(v.Type.Shape))
	if q := v.Type.Quant; q != nil && len(q.Scale) == 1 {
		fmt.Fprintf(b, "#define %s_SCALE %s      /* real = (q - zero point) * scale */\n#define %s_ZERO_POINT (%d)\n", prefix, floatText(q.Scale[0]), prefix, q.Zero[0])
	}
	b.WriteByte('\n')
}

// prototype declares NAME_run. An input that is passed on as an output has the output's parameter too.
func (e *emitter) prototype() string {
	params := []string{"void *arena"}
	for _, v := range e.g.Inputs {
		params = append(params, fmt.Sprintf("const %s *%s", v.Type.DType.C(), e.params[v]))
	}
	for _, v := range e.g.Outputs {
		params = append(params, fmt.Sprintf("%s *%s", v.Type.DType.C(), e.params[v]))
	}
	return fmt.Sprintf("int %s_run(%s)", e.name, strings.Join(params, ", "))
}

// port is what the kernels take from the compiler, with this model's index type and address space.
func (e *emitter) port() string {
	text, _ := rt.Header("dg.h")
	_, text, _ = strings.Cut(text, "#define DG_H\n")
	text = strings.TrimSuffix(strings.TrimSpace(text), "#endif")
	settings := fmt.Sprintf("#define DG_IDX %s\n", e.indexType())
	if rom := e.rom(); rom != "" {
		settings += "#define DG_ROM " + rom + "\n"
	}
	return settings + strings.TrimRight(text, "\n") + "\n"
}

func (e *emitter) source(constants string) string {
	var b strings.Builder
	b.WriteString(e.banner("code"))
	fmt.Fprintf(&b, "#include \"%s.h\"\n\n", e.name)
	b.WriteString(e.port() + "\n")
	b.WriteString(helpers(e.kernels.String()))
	b.WriteString(constants)
	b.WriteString(e.kernels.String())
	b.WriteString(e.run())
	return b.String()
}

// run prints NAME_run.
func (e *emitter) run() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n{\n", e.prototype())
	up := strings.ToUpper(e.name)
	var null []string
	for _, v := range slices.Concat(e.g.Inputs, e.g.Outputs) {
		if test := e.params[v] + " == NULL"; !slices.Contains(null, test) {
			null = append(null, test)
		}
	}
	if e.mem.ArenaBytes > 0 {
		null = append(null, "arena == NULL")
		b.WriteString("    uint8_t *const a = (uint8_t *)arena;\n")
	} else {
		b.WriteString("    (void)arena;\n")
	}
	if len(null) > 0 {
		fmt.Fprintf(&b, "    if (%s) {\n        return %s_ENULL;\n    }\n", strings.Join(null, " || "), up)
	}
	if e.mem.ArenaBytes > 0 {
		fmt.Fprintf(&b, "    if (((uintptr_t)arena & (%s_ARENA_ALIGN - 1)) != 0) {\n        return %s_EALIGN;\n    }\n", up, up)
	}
	fmt.Fprintf(&b, "%s    return %s_OK;\n}\n", e.calls.String(), up)
	return b.String()
}
