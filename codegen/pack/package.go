package pack

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// kind is a kind of package: where in it the model and the example go. The rest is in templates.
type kind struct {
	name   string
	doc    string
	source string // folder of the model
	check  string // file of the example; "" where the kind's templates have their own
	golden string // folder of golden.h
	zip    bool
}

var kinds = []kind{
	{name: "c", doc: "plain C with an example", source: "src", check: "example/check.c", golden: "example"},
	{name: "make", doc: "a Makefile: library, test, install", source: "src", check: "test/check.c", golden: "test"},
	{name: "cmake", doc: "a CMake project: add_subdirectory, find_package, ctest", source: "src", check: "test/check.c", golden: "test"},
	{name: "arduino", doc: "an Arduino library, as .zip", source: "src", golden: "examples/check", zip: true},
	{name: "platformio", doc: "a PlatformIO library", source: "src", check: "examples/check/main.c", golden: "examples/check"},
	{name: "zephyr", doc: "a Zephyr module with a sample", source: "src", check: "samples/check/src/check.c", golden: "samples/check/src"},
	{name: "esp-idf", doc: "an ESP-IDF component with an example", source: "src", check: "examples/check/main/check.c", golden: "examples/check/main"},
}

// Kinds returns the kinds of packages, each with a line about it.
func Kinds() [][2]string {
	var list [][2]string
	for _, k := range kinds {
		list = append(list, [2]string{k.name, k.doc})
	}
	return list
}

//go:embed templates
var templates embed.FS

// Info is what a package says of its model.
type Info struct {
	Version    string // deepgo's
	Target     string
	Source     string // the model's file, without folders
	AVR        bool
	ConstBytes int
	ArenaBytes int
	IOBytes    int
	StateBytes int // kept from one run to the next
}

// Golden is an input of the model, and what it computes from it.
type Golden struct {
	Inputs, Outputs []*tensor.Tensor
}

// Package returns the files of a package. Their names have slashes; a kind that is shipped as an archive is one file.
func Package(kindName string, m Model, info Info, g Golden) ([]codegen.File, error) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == kindName })
	if i < 0 {
		return nil, fmt.Errorf("there is no kind of package %q", kindName)
	}
	k := kinds[i]
	for _, p := range slices.Concat(m.Inputs, m.Outputs) {
		if _, ok := dtypeNames[p.Type.DType]; !ok {
			return nil, &ir.Error{Msg: fmt.Sprintf("%q is %s, which a package's example cannot hold", p.Name, p.Type), Hint: "compile without --package"}
		}
	}
	files := []codegen.File{{Name: path.Join(k.golden, "golden.h"), Data: goldenHeader(m, g)}}
	for _, f := range m.Files {
		files = append(files, codegen.File{Name: path.Join(k.source, f.Name), Data: f.Data})
	}
	rendered, err := render(k, page(k, m, info))
	if err != nil {
		return nil, err
	}
	files = append(files, rendered...)
	slices.SortFunc(files, func(a, b codegen.File) int { return strings.Compare(a.Name, b.Name) })
	if !k.zip {
		return files, nil
	}
	data, err := archive(m.Name, files)
	return []codegen.File{{Name: m.Name + ".zip", Data: data}}, err
}

// view is what templates see.
type view struct {
	Model
	Info
	Kind     string
	Macro    string
	Sources  []string // C files, without extension
	Inputs   []portView
	Outputs  []portView
	HasFloat bool
}

type portView struct {
	codegen.Port
	CType string
	Len   int
	Float bool
	Wide  bool // more than 32 bits
}

func page(k kind, m Model, info Info) view {
	v := view{Model: m, Info: info, Kind: k.name, Macro: strings.ToUpper(m.Name), Inputs: ports(m.Inputs), Outputs: ports(m.Outputs)}
	for _, f := range m.Files {
		if name, ok := strings.CutSuffix(f.Name, ".c"); ok {
			v.Sources = append(v.Sources, name)
		}
	}
	v.HasFloat = slices.ContainsFunc(v.Outputs, func(p portView) bool { return p.Float })
	return v
}

func ports(list []codegen.Port) []portView {
	views := make([]portView, len(list))
	for i, p := range list {
		d := p.Type.DType
		views[i] = portView{Port: p, CType: d.C(), Len: p.Type.Len(), Float: d.IsFloat(), Wide: d.Bits() > 32 && !d.IsFloat()}
	}
	return views
}

// render executes every template of a kind, and the shared example where the kind has a place for it.
func render(k kind, v view) ([]codegen.File, error) {
	t, err := template.ParseFS(templates, "templates/shared/*.tmpl")
	if err != nil {
		return nil, err
	}
	var files []codegen.File
	if k.check != "" {
		f, err := execute(t, "check.c.tmpl", k.check, v)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	root := "templates/" + k.name
	err = fs.WalkDir(templates, root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates, file)
		if err != nil {
			return err
		}
		if _, err := t.New(file).Parse(string(text)); err != nil {
			return err
		}
		f, err := execute(t, file, strings.TrimSuffix(strings.TrimPrefix(file, root+"/"), ".tmpl"), v)
		files = append(files, f)
		return err
	})
	return files, err
}

func execute(t *template.Template, name, as string, v view) (codegen.File, error) {
	var buf bytes.Buffer
	err := t.ExecuteTemplate(&buf, name, v)
	return codegen.File{Name: as, Data: buf.Bytes()}, err
}

// goldenHeader prints the input and the outputs. GOLDEN_ROM is what a platform needs to keep constants in flash.
func goldenHeader(m Model, g Golden) []byte {
	var buf bytes.Buffer
	w := cw.New(&buf)
	w.Comment("golden.h: an input of "+m.Name+", and what it computes from it.", "You may use this file freely, under any terms.")
	w.Directive("ifndef GOLDEN_ROM")
	w.Directive("define GOLDEN_ROM")
	w.Directive("endif")
	w.Blank()
	for i, p := range m.Inputs {
		printArray(w, p, g.Inputs[i])
	}
	for i, p := range m.Outputs {
		printArray(w, p, g.Outputs[i])
	}
	return buf.Bytes()
}

func printArray(w *cw.Writer, p codegen.Port, t *tensor.Tensor) {
	items := make([]string, max(t.Len(), 1))
	items[0] = "0"
	for i := range t.Len() {
		items[i] = element(t, i)
	}
	w.List(fmt.Sprintf("static const %s golden_%s[%d] GOLDEN_ROM = {", t.DType.C(), p.Param, len(items)), items, "};")
	w.Blank()
}

func element(t *tensor.Tensor, i int) string {
	switch {
	case t.DType == tensor.Float32:
		return cw.Float32(float32(t.F64(i)))
	case t.DType.IsFloat():
		return string(cw.AppendFloat(nil, t.F64(i), 64))
	case t.DType == tensor.Uint64:
		return string(cw.AppendUint(nil, uint64(t.I64(i))))
	}
	return string(cw.AppendElement(nil, t.I64(i)))
}

// archive packs files into a folder of a .zip: the same bytes from every run.
func archive(folder string, files []codegen.File) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: folder + "/" + f.Name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return buf.Bytes(), err
}
