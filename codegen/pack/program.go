// Package pack makes products of generated models: programs, libraries for build systems, firmware.
package pack

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
)

// Model is a generated model, as products need it.
type Model struct {
	Name    string
	Inputs  []codegen.Port
	Outputs []codegen.Port
	Arenas  []codegen.Arena
	Dims    []codegen.Dim // whose sizes a run is told
	Files   []codegen.File
}

// ArenaArrays declares the memory that the model works in.
func (m Model) ArenaArrays() string {
	var lines []string
	for _, a := range m.Arenas {
		lines = append(lines, a.Array(m.Name))
	}
	return strings.Join(lines, "\n")
}

// ArenaArgs are the names of those arrays, as arguments.
func (m Model) ArenaArgs() string { return strings.Join(codegen.ArenaNames(m.Arenas), ", ") }

// Program returns the files of a program for systems with files: the model, what is around it, and model.h between them.
func Program(m Model) ([]codegen.File, error) {
	if err := m.fixed("a program"); err != nil {
		return nil, err
	}
	header, err := modelHeader(m)
	if err != nil {
		return nil, err
	}
	files := append([]codegen.File{{Name: "model.h", Data: header}}, m.Files...)
	for _, name := range rt.Program() {
		data, _ := rt.ProgramFile(name)
		files = append(files, codegen.File{Name: name, Data: data})
	}
	return files, nil
}

// fixed returns an error where the sizes of a model's inputs are told in each run, which a product does not do.
func (m Model) fixed(product string) error {
	if len(m.Dims) == 0 {
		return nil
	}
	d := m.Dims[0]
	return &ir.Error{Msg: fmt.Sprintf("%s takes inputs of one size, and that of dimension %q is told in each run", product, d.Name), Hint: fmt.Sprintf("fix it with --dim %s=%d; deepgo compile makes C that is told it", d.Name, d.Max)}
}

// dtypeNames are program.h's names of element types.
var dtypeNames = map[tensor.DType]string{
	tensor.Float32: "DGP_F32", tensor.Float64: "DGP_F64", tensor.Bool: "DGP_BOOL",
	tensor.Int8: "DGP_I8", tensor.Int16: "DGP_I16", tensor.Int32: "DGP_I32", tensor.Int64: "DGP_I64",
	tensor.Uint8: "DGP_U8", tensor.Uint16: "DGP_U16", tensor.Uint32: "DGP_U32", tensor.Uint64: "DGP_U64",
}

const maxRank = 8 // DGP_MAX_RANK

// modelHeader prints model.h: the buffers, their description, and the call.
func modelHeader(m Model) ([]byte, error) {
	var buf bytes.Buffer
	w := cw.New(&buf)
	w.Comment("model.h: the model " + m.Name + " for main.c")
	w.Directive("include \"%s.h\"", m.Name)
	w.Blank()
	w.Directive("define MODEL %s", quote(m.Name))
	w.Line("enum { INPUTS = %d, OUTPUTS = %d };", len(m.Inputs), len(m.Outputs))
	w.Raw(m.ArenaArrays() + "\n")
	args := codegen.ArenaNames(m.Arenas)
	for _, side := range []struct {
		name  string
		ports []codegen.Port
	}{{"in", m.Inputs}, {"out", m.Outputs}} {
		for i, p := range side.ports {
			w.Line("static %s %s%d[%d];", p.Type.DType.C(), side.name, i, max(p.Type.Len(), 1))
			args = append(args, fmt.Sprintf("%s%d", side.name, i))
		}
		w.Begin(fmt.Sprintf("static const dgp_value %sputs[%d] = {", side.name, len(side.ports)+1))
		for i, p := range side.ports {
			text, err := describe(p, fmt.Sprintf("%s%d", side.name, i))
			if err != nil {
				return nil, err
			}
			w.Line("%s,", text)
		}
		w.Line("{ 0 }")
		w.Close(";")
	}
	w.Line("static int run_model(void) { return %s_run(%s); }", m.Name, strings.Join(args, ", "))
	return buf.Bytes(), w.Err()
}

// describe returns a dgp_value.
func describe(p codegen.Port, data string) (string, error) {
	d, ok := dtypeNames[p.Type.DType]
	if !ok || len(p.Type.Shape) > maxRank {
		return "", &ir.Error{Msg: fmt.Sprintf("%q is %s; a program takes tensors of at most %d dimensions, of float32, float64, bool and integers of 8 to 64 bits", p.Name, p.Type, maxRank),
			Hint: "deepgo compile makes C that takes it"}
	}
	dims := make([]string, max(len(p.Type.Shape), 1))
	dims[0] = "1"
	for i, n := range p.Type.Shape {
		dims[i] = strconv.Itoa(n)
	}
	scale, zero := "0.0F", "0"
	if q := p.Type.Quant; q != nil && len(q.Scale) == 1 {
		scale, zero = cw.Float32(q.Scale[0]), cw.Int(int64(q.Zero[0]))
	}
	return fmt.Sprintf("{ %s, %s, %d, { %s }, %d, %s, %s, %s }", quote(p.Name), d, len(p.Type.Shape), strings.Join(dims, ", "), p.Type.Len(), data, scale, zero), nil
}

// quote returns s as a C string: everything but plain ASCII in octal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?' {
			fmt.Fprintf(&b, "\\%03o", c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
