package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/frontend/onnx/onnxpb"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// vi is a declared value in protobuf's text form.
func vi(field, name, dims string) string {
	var b strings.Builder
	for d := range strings.FieldsSeq(dims) {
		if strings.ContainsAny(d, "-0123456789") {
			fmt.Fprintf(&b, "dim { dim_value: %s } ", d)
		} else {
			fmt.Fprintf(&b, "dim { dim_param: %q } ", d)
		}
	}
	return fmt.Sprintf("%s { name: %q type { tensor_type { elem_type: 1 shape { %s} } } } ", field, name, b.String())
}

// tp is a float tensor in text form, its elements as float_data.
func tp(field, name string, dims ...int) string {
	n, ds := 1, ""
	for _, d := range dims {
		n *= d
		ds += fmt.Sprintf("dims: %d ", d)
	}
	return fmt.Sprintf("%s { name: %q data_type: 1 %s %s} ", field, name, ds, strings.Repeat("float_data: 1 ", n))
}

// node is a node in text form; rest holds its attributes.
func node(op, in, out, rest string) string {
	text := fmt.Sprintf("node { op_type: %q name: \"the_%s\" ", op, op)
	for v := range strings.FieldsSeq(in) {
		text += fmt.Sprintf("input: %q ", v)
	}
	for v := range strings.FieldsSeq(out) {
		text += fmt.Sprintf("output: %q ", v)
	}
	return text + rest + "} "
}

const (
	head = `ir_version: 8 opset_import { version: 17 } `
	xy   = "x y"
)

var (
	inX  = vi("input", "x", "1 3 8 8")
	outY = vi("output", "y", "1 3 8 8")
	relu = node("Relu", "x", "y", "")
	w    = tp("initializer", "w", 4, 3, 3, 3)
)

// graph puts parts into a model of opset 17.
func graph(parts ...string) string {
	return head + "graph { name: \"g\" " + strings.Join(parts, " ") + "}"
}

// nested is an If inside an If, and so on.
func nested(depth int) string {
	if depth == 0 {
		return ""
	}
	return node("If", "c", "y", fmt.Sprintf("attribute { name: \"then_branch\" type: GRAPH g { name: \"g\" %s } } ", nested(depth-1)))
}

// function is a model-local function f that applies op to its input.
func function(op, domain string) string {
	return fmt.Sprintf(`functions { name: "f" domain: "d" input: "a" output: "b" opset_import { version: 17 } opset_import { domain: "d" version: 1 } node { op_type: %q domain: %q input: "a" output: "b" } } `, op, domain)
}

const call = `node { op_type: "f" domain: "d" input: "x" output: "y" } `

// brokenModels are models in text form, each with words that the error must have.
var brokenModels = map[string]struct {
	text string
	want []string
}{
	"cycle":                     {graph(inX, outY, node("Add", "x b", "a", ""), node("Add", "x a", "b", ""), node("Relu", "a", "y", "")), []string{"cyclic", "the_Add"}},
	"value defined twice":       {graph(inX, outY, relu, relu), []string{`"y" is defined twice`}},
	"initializer twice":         {graph(inX, outY, relu, w, w), []string{`two initializers are named "w"`}},
	"input twice":               {graph(inX, inX, outY, relu), []string{`two inputs are named "x"`}},
	"missing initializer":       {graph(inX, outY, node("Conv", "x w", "y", "")), []string{`"w" is defined nowhere`, "the_Conv"}},
	"conv rank":                 {graph(inX, outY, node("Conv", "x w", "y", ""), tp("initializer", "w", 4, 3)), []string{"one rank"}},
	"conv channels":             {graph(inX, outY, node("Conv", "x w", "y", ""), tp("initializer", "w", 4, 2, 3, 3)), []string{"channels of W do not match X", "X has 3"}},
	"conv bias":                 {graph(inX, outY, node("Conv", "x w b", "y", ""), w, tp("initializer", "b", 3)), []string{"expected [4]"}},
	"conv window":               {graph(vi("input", "x", "1 3 2 2"), outY, node("Conv", "x w", "y", ""), w), []string{"does not fit"}},
	"conv strides":              {graph(inX, outY, node("Conv", "x w", "y", `attribute { name: "strides" type: INTS ints: 0 ints: 1 }`), w), []string{"must be positive"}},
	"auto_pad":                  {graph(inX, outY, node("Conv", "x w", "y", `attribute { name: "auto_pad" type: STRING s: "SOME" }`), w), []string{"SAME_UPPER"}},
	"matmul":                    {graph(inX, outY, node("MatMul", "x m", "y", ""), tp("initializer", "m", 3, 3)), []string{"8 columns against 3 rows"}},
	"gemm":                      {graph(vi("input", "x", "2 3"), outY, node("Gemm", "x m", "y", ""), tp("initializer", "m", 4, 3)), []string{"must be equal"}},
	"broadcast":                 {graph(inX, outY, node("Add", "x m", "y", ""), tp("initializer", "m", 5)), []string{"do not broadcast"}},
	"concat":                    {graph(inX, outY, node("Concat", "x m", "y", `attribute { name: "axis" type: INT i: 1 }`), tp("initializer", "m", 1, 3, 8, 7)), []string{"differ in more than axis 1"}},
	"reshape":                   {graph(inX, outY, node("Reshape", "x s", "y", ""), `initializer { name: "s" data_type: 7 dims: 1 int64_data: 7 }`), []string{"cannot be reshaped"}},
	"reshape at run time":       {graph(inX, outY, `input { name: "s" type { tensor_type { elem_type: 7 shape { dim { dim_value: 2 } } } } }`, node("Reshape", "x s", "y", "")), []string{"must be known when compiling"}},
	"axis":                      {graph(inX, outY, node("Softmax", "x", "y", `attribute { name: "axis" type: INT i: 9 }`)), []string{"axis 9 is outside rank 4"}},
	"dtype of operands":         {graph(inX, outY, node("Add", "x m", "y", ""), `initializer { name: "m" data_type: 7 dims: 1 int64_data: 7 }`), []string{"one element type"}},
	"scales":                    {graph(outY, node("DequantizeLinear", "q m", "y", ""), `initializer { name: "q" data_type: 3 dims: 1 dims: 4 int32_data: 1 int32_data: 1 int32_data: 1 int32_data: 1 }`, tp("initializer", "m", 3)), []string{"scale has shape"}},
	"negative size":             {graph(inX, outY, relu, `initializer { name: "w" data_type: 1 dims: -2 }`), []string{"negative size"}},
	"overflowing sizes":         {graph(inX, outY, relu, `initializer { name: "w" data_type: 1 dims: 4611686018427387904 dims: 4 raw_data: "" }`), []string{"too large"}},
	"raw data too short":        {graph(inX, outY, relu, `initializer { name: "w" data_type: 1 dims: 2 raw_data: "abc" }`), []string{"3 bytes of raw data", "takes 8"}},
	"typed data too short":      {graph(inX, outY, relu, `initializer { name: "w" data_type: 1 dims: 4 float_data: 1 }`), []string{"1 elements for shape [4]"}},
	"packed data too short":     {graph(inX, outY, relu, `initializer { name: "w" data_type: 22 dims: 9 int32_data: 1 }`), []string{"1 packed bytes"}},
	"data in the wrong field":   {graph(inX, outY, relu, `initializer { name: "w" data_type: 1 dims: 1 int64_data: 1 }`), []string{"0 elements for shape [1]"}},
	"complex tensor":            {graph(inX, outY, relu, `initializer { name: "w" data_type: 14 dims: 1 }`), []string{"COMPLEX64"}},
	"arithmetic on strings":     {graph(inX, outY, node("Add", "w w", "y", ""), `initializer { name: "w" data_type: 8 dims: 1 string_data: "a" }`), []string{"str", "the_Add"}},
	"unknown element type":      {graph(inX, outY, relu, `initializer { name: "w" data_type: 99 dims: 1 }`), []string{"not supported"}},
	"external data outside":     {graph(inX, outY, relu, external("../../etc/passwd", "4")), []string{"outside the model's folder"}},
	"external data absolute":    {graph(inX, outY, relu, external("/etc/passwd", "4")), []string{"outside the model's folder"}},
	"external data missing":     {graph(inX, outY, relu, external("nothing.bin", "4")), []string{"nothing.bin"}},
	"external data short":       {graph(inX, outY, relu, external("short.bin", "4")), []string{"the file has 2"}},
	"external data length":      {graph(inX, outY, relu, external("short.bin", "2")), []string{"2 bytes declared, the tensor takes 4"}},
	"external data link":        {graph(inX, outY, relu, external("link.bin", "4")), []string{"link.bin"}},
	"external data no number":   {graph(inX, outY, relu, external("short.bin", "four")), []string{"is not a number"}},
	"unknown operators":         {graph(inX, outY, node("Foo", "x", "a", ""), node("Bar", "a", "y", "")), []string{"operator Foo (opset 17)", "the_Foo"}},
	"all unknown operators":     {graph(inX, outY, node("Foo", "x", "a", ""), node("Bar", "x", "y", "")), []string{"Foo", "Bar"}},
	"near miss":                 {graph(inX, outY, node("Sigmoidd", "x", "y", "")), []string{"did you mean Sigmoid?"}},
	"unknown domain":            {graph(inX, outY, `node { op_type: "Relu" domain: "my.own" input: "x" output: "y" }`), []string{"my.own.Relu"}},
	"unknown attribute":         {graph(inX, outY, node("Relu", "x", "y", `attribute { name: "slope" type: FLOAT f: 1 }`)), []string{`attribute "slope" is unknown`}},
	"type of attribute":         {graph(inX, outY, node("Softmax", "x", "y", `attribute { name: "axis" type: FLOAT f: 1 }`)), []string{"is a float; expected an integer"}},
	"missing attribute":         {graph(inX, outY, node("Concat", "x", "y", "")), []string{`attribute "axis" is missing`}},
	"missing kernel_shape":      {graph(inX, outY, node("MaxPool", "x", "y", "")), []string{"kernel_shape is missing"}},
	"too many inputs":           {graph(inX, outY, node("Relu", "x x", "y", "")), []string{"2 inputs; expected at most 1"}},
	"too few inputs":            {graph(inX, outY, node("Conv", "x", "y", "")), []string{"expected at least 2"}},
	"too many outputs":          {graph(inX, outY, node("Relu", "x", "y z", "")), []string{"2 outputs; expected at most 1"}},
	"opset too new":             {strings.Replace(graph(inX, outY, relu), "version: 17", "version: 99", 1), []string{"opset 99 is not supported; expected 7 to 28"}},
	"opset too old":             {strings.Replace(graph(inX, outY, node("Add", "x x", "y", "")), "version: 17", "version: 6", 1), []string{"opset 6 is not supported"}},
	"opset missing":             {strings.Replace(graph(inX, outY, relu), "opset_import { version: 17 }", "", 1), []string{"imports no opset"}},
	"IR too new":                {strings.Replace(graph(inX, outY, relu), "ir_version: 8", "ir_version: 99", 1), []string{"IR version 99 is not supported; expected 3 to 14"}},
	"IR too old":                {strings.Replace(graph(inX, outY, relu), "ir_version: 8", "ir_version: 2", 1), []string{"IR version 2"}},
	"sub-graphs too deep":       {graph(inX, outY, nested(60)), []string{"deep"}},
	"recursive function":        {graph(inX, outY, call) + function("f", "d"), []string{"calls itself"}},
	"condition at run time":     {graph(inX, vi("input", "c", ""), outY, nested(1)), []string{`attribute "else_branch" is missing`}},
	"symbolic dimension":        {graph(vi("input", "x", "1 3 height 8"), outY, relu), []string{"--dim height=N"}},
	"input without shape":       {graph(`input { name: "x" type { tensor_type { elem_type: 1 } } }`, outY, relu), []string{"--input-shape x="}},
	"input without type":        {graph(`input { name: "x" type { tensor_type { shape { } } } }`, outY, relu), []string{"no element type"}},
	"negative input size":       {graph(vi("input", "x", "1 -3"), outY, relu), []string{"negative size"}},
	"huge input":                {graph(vi("input", "x", "1000000 1000000 1000000"), outY, relu), []string{"too large"}},
	"sequence input":            {graph(`input { name: "x" type { sequence_type { elem_type { tensor_type { elem_type: 1 } } } } }`, outY, relu), []string{`"x" is a sequence`}},
	"output of no node":         {graph(inX, vi("output", "z", "1"), relu), []string{`output "z" is computed by no node`}},
	"no outputs":                {graph(inX, relu), []string{"no outputs"}},
	"no graph":                  {head, []string{"no graph"}},
	"declared shape":            {graph(inX, vi("output", "y", "1 3 8 9"), relu), []string{"declared with shape [1,3,8,9]", "f32[1,3,8,8]"}},
	"declared type":             {graph(inX, strings.Replace(outY, "elem_type: 1", "elem_type: 7", 1), relu), []string{"declared as i64"}},
	"huge result":               {graph(outY, node("ConstantOfShape", "s", "y", ""), `initializer { name: "s" data_type: 7 dims: 2 int64_data: 1000000 int64_data: 1000000 }`), []string{"too large"}},
	"integer division by zero":  {graph(`output { name: "y" type { tensor_type { elem_type: 7 } } }`, node("Div", "a b", "y", ""), one("a", 1), one("b", 0)), nil},
	"attribute without a value": {graph(inX, outY, node("Relu", "x", "y", `attribute { name: "a" type: TENSORS }`)), []string{"TENSORS"}},
}

func one(name string, v int) string {
	return fmt.Sprintf(`initializer { name: %q data_type: 7 dims: 1 int64_data: %d }`, name, v)
}

func external(location, length string) string {
	return fmt.Sprintf(`initializer { name: "w" data_type: 1 dims: 1 data_location: EXTERNAL external_data { key: "location" value: %q } external_data { key: "length" value: %q } }`, location, length)
}

// encode turns a model's text form into a file's bytes.
func encode(t *testing.T, text string) []byte {
	var m onnxpb.ModelProto
	if err := prototext.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := proto.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read decodes and imports, as every command does.
func read(t *testing.T, data []byte, opt frontend.Options) error {
	dir := t.TempDir()
	file := filepath.Join(dir, "broken.onnx")
	for name, content := range map[string][]byte{"broken.onnx": data, "short.bin": {1, 2}} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.bin")); err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Read(file, onnx.DefaultLimits)
	if err != nil {
		return err
	}
	opt.File = file
	_, _, err = frontend.Import(m, opt)
	return err
}

func expect(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Error("the model was taken")
		return
	}
	for _, w := range append(words, "broken.onnx") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestBrokenModels(t *testing.T) {
	if len(brokenModels) < 40 {
		t.Errorf("only %d kinds", len(brokenModels))
	}
	for name, c := range brokenModels {
		t.Run(name, func(t *testing.T) {
			err := read(t, encode(t, c.text), frontend.Options{})
			if c.want == nil {
				if err != nil {
					t.Errorf("a model that fails only at run time was refused: %v", err)
				}
				return
			}
			expect(t, err, c.want...)
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	whole := encode(t, graph(inX, outY, node("Conv", "x w", "y", `attribute { name: "pads" type: INTS ints: 1 ints: 1 ints: 1 ints: 1 }`), tp("initializer", "w", 3, 3, 3, 3)))
	if err := read(t, whole, frontend.Options{}); err != nil {
		t.Fatal(err)
	}
	expect(t, read(t, nil, frontend.Options{}), "empty")
	expect(t, read(t, []byte("#!/bin/sh\necho hello\n"), frontend.Options{}), "ONNX")
	expect(t, read(t, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, frontend.Options{}), "not an ONNX model")
	for n := 1; n < len(whole); n += 7 {
		if err := read(t, whole[:n], frontend.Options{}); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(whole))
		}
	}
	expect(t, read(t, whole[:len(whole)/2], frontend.Options{}), "truncated")
	if _, err := onnx.Decode(whole, "", onnx.Limits{FileBytes: 1 << 20, TensorBytes: 100, Nodes: 10, Depth: 4}); err == nil || !strings.Contains(err.Error(), "more than 100 bytes") {
		t.Errorf("tensors beyond the limit: %v", err)
	}
	if _, err := onnx.Decode(whole, "", onnx.Limits{TensorBytes: 1 << 20, Depth: 4}); err == nil || !strings.Contains(err.Error(), "more than 0 nodes") {
		t.Errorf("nodes beyond the limit: %v", err)
	}
	if _, err := onnx.Read(t.TempDir(), onnx.DefaultLimits); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
}

func TestWrongFlags(t *testing.T) {
	data := encode(t, graph(vi("input", "x", "batch 3 height 8"), vi("output", "y", "batch 3 height 8"), relu))
	if err := read(t, data, frontend.Options{Dims: map[string]int{"height": 8}}); err != nil {
		t.Fatal(err)
	}
	height := map[string]int{"height": 8}
	expect(t, read(t, data, frontend.Options{Dims: map[string]int{"hight": 8}}), "--dim hight", "batch, height")
	expect(t, read(t, data, frontend.Options{InputShapes: map[string][]int{"x": {1, 3}}}), "2 dimensions", "declares 4")
	expect(t, read(t, data, frontend.Options{Dims: height, InputShapes: map[string][]int{"z": {1}}}), "--input-shape z", "input of the model")
	expect(t, read(t, data, frontend.Options{Dims: height, Consts: map[string]string{"x": "one"}}), `"one" is not a value`)
	expect(t, read(t, data, frontend.Options{Dims: height, Consts: map[string]string{"x": "1,2"}}), "2 values")
}

// FuzzDecode feeds damaged files to the reader; its seeds run in every test.
func FuzzDecode(f *testing.F) {
	var m onnxpb.ModelProto
	if err := prototext.Unmarshal([]byte(graph(inX, outY, node("Conv", "x w", "y", ""), w)), &m); err != nil {
		f.Fatal(err)
	}
	data, err := proto.Marshal(&m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for i := range 50 {
		damaged := append([]byte(nil), data...)
		damaged[i*len(data)/50] ^= byte(1 << (i % 8))
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Decode(data, "", onnx.Limits{FileBytes: 1 << 20, TensorBytes: 1 << 20, Nodes: 100, Depth: 4})
		if err == nil {
			_, _, _ = frontend.Import(m, frontend.Options{}) // an error is fine, a panic is not
		}
	})
}
