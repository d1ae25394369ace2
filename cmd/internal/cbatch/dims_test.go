package cbatch_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// sized is a model with dimensions of any size, under construction.
type sized struct {
	name  string
	most  map[string]int
	graph *onnx.Graph
	rng   *rand.Rand
}

func newSized(name string, most map[string]int) *sized {
	return &sized{name, most, &onnx.Graph{Name: name}, rand.New(rand.NewPCG(1, 2))}
}

// dims makes dimensions of names and numbers.
func dims(sizes ...any) []onnx.Dim {
	list := make([]onnx.Dim, len(sizes))
	for i, s := range sizes {
		if n, ok := s.(int); ok {
			list[i] = onnx.Dim{Size: int64(n), Known: true}
		} else {
			list[i] = onnx.Dim{Name: s.(string)}
		}
	}
	return list
}

func (s *sized) in(name string, d tensor.DType, sizes ...any) *sized {
	s.graph.Inputs = append(s.graph.Inputs, &onnx.ValueInfo{Name: name, Kind: "tensor", DType: d, HasShape: true, Shape: dims(sizes...)})
	return s
}

func (s *sized) out(names ...string) *sized {
	for _, name := range names {
		s.graph.Outputs = append(s.graph.Outputs, &onnx.ValueInfo{Name: name, Kind: "tensor", DType: tensor.Invalid})
	}
	return s
}

// weights adds a constant of random floats.
func (s *sized) weights(name string, shape ...int) *sized {
	t := tensor.New(tensor.Float32, shape...)
	for i := range t.Len() {
		t.SetF64(i, s.rng.NormFloat64()*0.4)
	}
	return s.constant(name, t)
}

func (s *sized) ints(name string, v ...int64) *sized { return s.constant(name, tensor.Ints(v, len(v))) }

func (s *sized) scalar(name string, v int64) *sized { return s.constant(name, tensor.Ints([]int64{v})) }

func (s *sized) constant(name string, t *tensor.Tensor) *sized {
	s.graph.Initializers = append(s.graph.Initializers, &onnx.Initializer{Name: name, Tensor: t})
	return s
}

func (s *sized) do(op, out string, in ...string) *sized { return s.with(op, nil, out, in...) }

func (s *sized) with(op string, attrs []*onnx.Attr, out string, in ...string) *sized {
	return s.many(op, attrs, strings.Split(out, ","), in...)
}

func (s *sized) many(op string, attrs []*onnx.Attr, outs []string, in ...string) *sized {
	s.graph.Nodes = append(s.graph.Nodes, &onnx.Node{Name: "n_" + outs[0], OpType: op, Attrs: attrs, Inputs: in, Outputs: outs})
	return s
}

func attr(name string, v any) *onnx.Attr { return &onnx.Attr{Name: name, Value: v} }

func attrs(list ...*onnx.Attr) []*onnx.Attr { return list }

func (s *sized) bytes(t *testing.T) []byte {
	data, err := onnx.Encode(&onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 20}, Graph: s.graph})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// inputs draws the inputs of a model of fixed sizes. Integers are small indices.
func (s *sized) inputs(m *deepgo.Model) []*tensor.Tensor {
	var list []*tensor.Tensor
	for _, typ := range m.InputTypes() {
		x := tensor.New(typ.DType, typ.Shape...)
		for i := range x.Len() {
			if typ.DType.IsFloat() {
				x.SetF64(i, s.rng.NormFloat64())
			} else {
				x.SetI64(i, s.rng.Int64N(2))
			}
		}
		list = append(list, x)
	}
	return list
}

// run interprets the model of given sizes, on random inputs.
func (s *sized) run(t *testing.T, m *deepgo.Model, sizes []int) (in, out []*tensor.Tensor) {
	t.Helper()
	fixed, err := m.At(sizes)
	if err != nil {
		t.Fatal(err)
	}
	in = s.inputs(fixed)
	if out, err = fixed.Run(in); err != nil {
		t.Fatal(err)
	}
	return in, out
}

// sizesOf lists sizes to try: the least, the greatest, and some between.
func sizesOf(dims []ir.Dim) [][]int {
	pick := func(at func(d ir.Dim) int) []int {
		sizes := make([]int, len(dims))
		for i, d := range dims {
			sizes[i] = at(d)
		}
		return sizes
	}
	list := [][]int{
		pick(func(d ir.Dim) int { return d.Min }), pick(func(d ir.Dim) int { return d.Max }),
		pick(func(d ir.Dim) int { return (d.Min + d.Max) / 2 }), pick(func(d ir.Dim) int { return d.Min + (d.Max-d.Min)/3 }),
		pick(func(d ir.Dim) int { return min(d.Min+1, d.Max) }),
	}
	for i := range dims { // one at its least, the others at their greatest
		at := slices.Clone(list[1])
		at[i] = dims[i].Min
		list = append(list, at)
	}
	return list
}

// cases compiles a model of any sizes, and returns runs of it with what the interpreter makes of the model of those sizes.
func (s *sized) cases(t *testing.T, opt deepgo.CompileOptions) (cases []cbatch.Case, want [][]*tensor.Tensor) {
	m, err := deepgo.Decode(s.name, s.bytes(t), deepgo.LoadOptions{MaxDims: s.most})
	if err != nil {
		t.Errorf("%s: %v", s.name, err)
		return nil, nil
	}
	opt.Name, opt.Emit, opt.CheckEval = s.name, "single", true
	p, err := m.Compile(opt)
	if err != nil {
		t.Errorf("%s: %v", s.name, err)
		return nil, nil
	}
	for _, sizes := range sizesOf(m.Dims) {
		in, out := s.run(t, m, sizes)
		lowered, err := interp.Run(p.Lowered.At(sizes), in, interp.Options{})
		if err != nil {
			t.Fatalf("%s at %v: %v", s.name, sizes, err)
		}
		for i := range out {
			if err := near(lowered[i], out[i]); err != nil {
				t.Errorf("%s at %v: output %d of the lowered graph: %v", s.name, sizes, i, err)
			}
		}
		cases, want = append(cases, cbatch.Case{Program: p, Sizes: sizes, Inputs: in}), append(want, out)
	}
	return cases, want
}

func near(got, want *tensor.Tensor) error {
	if got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) {
		return fmt.Errorf("%s%v, expected %s%v", got.DType, got.Shape, want.DType, want.Shape)
	}
	for i := range want.Len() {
		if a, b := got.F64(i), want.F64(i); !(math.Abs(a-b) <= 1e-4+1e-4*math.Abs(b)) && a != b {
			return fmt.Errorf("element %d is %g, expected %g", i, a, b)
		}
	}
	return nil
}

// check compares the C of models, at several sizes each, with the interpreter.
func check(t *testing.T, models []*sized, opt deepgo.CompileOptions) {
	var cases []cbatch.Case
	var want [][]*tensor.Tensor
	for _, s := range models {
		c, w := s.cases(t, opt)
		cases, want = append(cases, c...), append(want, w...)
	}
	results, err := cbatch.Run(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("%s at %v: %v", cases[i].Program.Name, cases[i].Sizes, r.Err)
			continue
		}
		for k := range want[i] {
			if err := near(r.Outputs[k], want[i][k]); err != nil {
				t.Errorf("%s at %v: output %d in C: %v", cases[i].Program.Name, cases[i].Sizes, k, err)
			}
		}
	}
}

var seq = map[string]int{"seq": 11}

// boundedModels has a model for each family of operators.
func boundedModels() []*sized {
	f, n := tensor.Float32, tensor.Int64
	axis := func(v int64) *onnx.Attr { return attr("axis", v) }
	keep := func(v int64) *onnx.Attr { return attr("keepdims", v) }
	perm := func(v ...int64) []*onnx.Attr { return attrs(attr("perm", v)) }
	return []*sized{
		newSized("views", seq).in("x", f, 1, "seq", 3).with("Flatten", attrs(axis(2)), "y", "x").out("y"),
		newSized("each", seq).in("x", f, "seq", 3).weights("b", 3).do("Add", "s", "x", "b").do("Tanh", "y", "s").with("Cast", attrs(attr("to", int64(6))), "n", "x").out("y", "n"),
		newSized("product", seq).in("x", f, 1, "seq", 4).weights("w", 4, 6).weights("b", 6).do("MatMul", "p", "x", "w").do("Add", "s", "p", "b").do("Relu", "y", "s").out("y"),
		newSized("gemm", map[string]int{"batch": 5}).in("x", f, "batch", 4).weights("w", 6, 4).weights("b", 6).with("Gemm", attrs(attr("transB", int64(1))), "y", "x", "w", "b").out("y"),
		newSized("between", seq).in("a", f, 2, "seq", 3).in("b", f, 2, 3, "seq").do("MatMul", "p", "a", "b").with("Softmax", attrs(axis(-1)), "q", "p").do("MatMul", "y", "q", "a").do("MatMul", "z", "b", "a").out("y", "z"),
		newSized("reduce", seq).in("x", f, 2, "seq", 3).ints("one", 1).ints("two", 2).ints("both", 1, 2).
			with("ReduceMean", attrs(keep(0)), "mean", "x", "one").with("ReduceSum", attrs(keep(1)), "sum", "x", "one").with("ReduceMax", attrs(keep(0)), "max", "x", "both").
			with("ReduceMin", attrs(keep(0)), "least", "x", "two").with("ArgMax", attrs(axis(1)), "best", "x").with("ReduceL2", attrs(keep(0)), "norm", "x", "one").
			with("ReduceMean", nil, "all", "x").with("Softmax", attrs(axis(1)), "soft", "x").out("mean", "sum", "max", "least", "best", "norm", "all", "soft"),
		newSized("norm", seq).in("x", f, 1, "seq", 8).weights("g", 8).weights("b", 8).with("LayerNormalization", attrs(axis(-1)), "y", "x", "g", "b").
			with("LogSoftmax", attrs(axis(-1)), "z", "x").with("CumSum", nil, "c", "x", "at").scalar("at", 1).out("y", "z", "c"),
		newSized("moves", seq).in("x", f, 2, "seq", 6).with("Transpose", perm(1, 0, 2), "t", "x").ints("zero", 0).ints("one", 1).ints("two", 2).ints("four", 4).
			do("Slice", "cut", "x", "one", "four", "two").with("Concat", attrs(axis(2)), "joined", "cut", "x").do("Unsqueeze", "wide", "t", "one").do("Squeeze", "thin", "wide", "one").
			with("Concat", attrs(axis(1)), "longer", "x", "x").out("t", "joined", "wide", "thin", "longer"),
		newSized("last", seq).in("x", f, 1, "seq", 6).scalar("minus", -1).ints("from", -1).ints("to", 1<<31-1).ints("one", 1).with("Gather", attrs(axis(1)), "y", "x", "minus").
			do("Slice", "z", "x", "from", "to", "one").with("Softmax", nil, "p", "y").ints("start", 1).do("Slice", "tail", "x", "start", "to", "one").do("Neg", "w", "tail").out("y", "z", "p", "w"),
		newSized("embed", seq).in("ids", n, 1, "seq").weights("table", 2, 8).weights("places", 11, 8).do("Gather", "e", "table", "ids").do("Shape", "s", "ids").scalar("one", 1).scalar("zero", 0).ints("origin", 0).ints("first", 0).
			with("Gather", nil, "len", "s", "one").do("Unsqueeze", "end", "len", "first").do("Slice", "p", "places", "origin", "end", "first").do("Add", "y", "e", "p").
			do("Range", "r", "zero", "len", "one").with("Cast", attrs(attr("to", int64(1))), "rf", "r").do("Gather", "looked", "places", "r").out("y", "rf", "looked"),
		newSized("heads", seq).in("x", f, 1, "seq", 8).ints("split", 0, -1, 2, 4).ints("flat", -1, 8).ints("merged", 1, -1, 8).do("Reshape", "h", "x", "split").with("Transpose", perm(0, 2, 1, 3), "t", "h").
			with("Transpose", perm(0, 2, 1, 3), "u", "t").do("Shape", "s", "x").ints("zero", 0).ints("one", 1).ints("eight", 8).with("Gather", nil, "b", "s", "zero").with("Gather", nil, "l", "s", "one").
			with("Concat", attrs(axis(0)), "target", "b", "l", "eight").do("Reshape", "y", "u", "target").do("Reshape", "z", "u", "flat").with("Flatten", attrs(axis(2)), "w", "x").out("t", "y", "z", "w"),
		newSized("mask", seq).in("x", f, 1, "seq", "seq").constant("big", tensor.Floats([]float32{-1e4})).do("Shape", "s", "x").ints("one", 1).with("Gather", nil, "l", "s", "one").
			with("Concat", attrs(axis(0)), "square", "l", "l").with("ConstantOfShape", attrs(attr("value", tensor.Floats([]float32{1}, 1))), "ones", "square").with("Trilu", attrs(attr("upper", int64(0))), "low", "ones").
			with("Cast", attrs(attr("to", int64(9))), "keep", "low").do("Where", "m", "keep", "x", "big").with("Softmax", attrs(axis(-1)), "y", "m").do("Expand", "wide", "low", "bigger").ints("bigger", 2, 1, 1).do("Mul", "z", "low", "x").out("y", "wide", "z"),
		newSized("numbers", seq).in("x", f, "seq", 4).do("Shape", "s", "x").scalar("zero", 0).with("Gather", nil, "l", "s", "zero").with("Cast", attrs(attr("to", int64(1))), "lf", "l").do("Sqrt", "root", "lf").
			do("Div", "y", "x", "root").do("Add", "z", "x", "lf").do("Size", "all", "x").out("y", "z", "l", "all"),
		newSized("conv1", seq).in("x", f, 1, 3, "seq").weights("w", 5, 3, 3).weights("b", 5).with("Conv", attrs(attr("pads", []int64{1, 1})), "c", "x", "w", "b").do("Relu", "y", "c").
			with("MaxPool", attrs(attr("kernel_shape", []int64{2}), attr("strides", []int64{2}), attr("ceil_mode", int64(1))), "p", "y").do("GlobalAveragePool", "g", "c").out("y", "p", "g"),
		newSized("strided1", map[string]int{"seq": 40}).in("x", f, 1, 2, "seq").weights("w", 4, 2, 3).weights("v", 4, 4, 3).with("Conv", attrs(attr("strides", []int64{2}), attr("pads", []int64{1, 1})), "c", "x", "w").
			with("Conv", attrs(attr("strides", []int64{2}), attr("pads", []int64{1, 1})), "d", "c", "v").with("Transpose", perm(0, 2, 1), "y", "d").out("y"),
		newSized("images", map[string]int{"batch": 4}).in("x", f, "batch", 2, 6, 5).weights("w", 4, 2, 3, 3).weights("b", 4).with("Conv", attrs(attr("pads", []int64{1, 1, 1, 1})), "c", "x", "w", "b").
			with("MaxPool", attrs(attr("kernel_shape", []int64{2, 2}), attr("strides", []int64{2, 2})), "p", "c").with("Flatten", attrs(axis(1)), "q", "p").weights("v", 3, 24).weights("u", 3).
			with("Gemm", attrs(attr("transB", int64(1))), "y", "q", "v", "u").out("y"),
		newSized("tall", seq).in("x", f, 1, 2, "seq", 4).weights("w", 3, 2, 3, 3).with("Conv", attrs(attr("pads", []int64{1, 1, 1, 1})), "y", "x", "w").do("GlobalAveragePool", "g", "y").do("GlobalMaxPool", "h", "y").out("y", "g", "h"),
		recurrent("rnn", "RNN", 1, "forward"), recurrent("gru", "GRU", 3, "forward"), recurrent("lstm", "LSTM", 4, "forward"), recurrent("both", "LSTM", 4, "bidirectional"), recurrent("back", "GRU", 3, "reverse"),
		newSized("two", map[string]int{"batch": 3, "seq": 7}).in("x", f, "batch", "seq", 4).weights("w", 4, 4).ints("split", 0, 0, 2, 2).do("MatMul", "q", "x", "w").do("Reshape", "h", "q", "split").
			with("Transpose", perm(0, 2, 1, 3), "a", "h").with("Transpose", perm(0, 2, 3, 1), "b", "h").do("MatMul", "p", "a", "b").with("Softmax", attrs(axis(-1)), "s", "p").do("MatMul", "o", "s", "a").
			with("Transpose", perm(0, 2, 1, 3), "t", "o").ints("back", 0, 0, 4).do("Reshape", "y", "t", "back").out("y"),
		newSized("lstms", map[string]int{"batch": 3, "seq": 6}).in("x", f, "seq", "batch", 3).weights("w", 1, 16, 3).weights("r", 1, 16, 4).many("LSTM", attrs(attr("hidden_size", int64(4))), []string{"y", "h", "c"}, "x", "w", "r").out("y", "h", "c"),
		newSized("three", map[string]int{"batch": 3, "high": 5, "wide": 6}).in("x", f, "batch", 2, "high", "wide").weights("w", 3, 2, 3, 3).with("Conv", attrs(attr("pads", []int64{1, 1, 1, 1})), "c", "x", "w").
			with("AveragePool", attrs(attr("kernel_shape", []int64{2, 2}), attr("strides", []int64{2, 2}), attr("ceil_mode", int64(1))), "p", "c").with("Flatten", attrs(axis(1)), "y", "c").do("Add", "z", "c", "c").out("p", "y", "z"),
		newSized("parts", seq).in("x", f, 4, "seq").ints("sizes", 1, 3).many("Split", attrs(axis(0)), []string{"a", "b"}, "x", "sizes").do("Neg", "y", "a").do("Exp", "z", "b").with("Concat", attrs(axis(0)), "c", "b", "a").
			ints("twice", 1, 2).do("Tile", "t", "x", "twice").ints("ends", 0, 1, 0, 2).do("Pad", "p", "x", "ends").with("Gather", attrs(axis(1)), "last", "x", "minus").scalar("minus", -1).out("y", "z", "c", "t", "p", "last"),
		newSized("pools", seq).in("x", f, 1, 3, "seq").with("AveragePool", attrs(attr("kernel_shape", []int64{3}), attr("pads", []int64{1, 1})), "a", "x").with("Conv", attrs(attr("auto_pad", "SAME_UPPER"), attr("group", int64(3))), "c", "x", "w").weights("w", 3, 1, 4).
			weights("one", 3).do("InstanceNormalization", "i", "x", "one", "one").do("GlobalMaxPool", "g", "x").with("ConvTranspose", attrs(attr("strides", []int64{2})), "d", "x", "up").weights("up", 3, 2, 2).out("a", "c", "i", "g", "d"),
		newSized("steps", seq).in("x", f, "seq", 3).in("h", f, 3).with("Scan", attrs(attr("num_scan_inputs", int64(1)), attr("body", scanBody())), "hn,all", "h", "x").out("hn", "all"),
		newSized("choices", seq).in("x", f, "seq").do("NonZero", "at", "x").with("TopK", nil, "v,where", "x", "two").ints("two", 2).do("GreaterOrEqual", "pos", "x", "nil").constant("nil", tensor.Floats([]float32{0})).with("Cast", attrs(attr("to", int64(7))), "n", "pos").
			with("OneHot", nil, "hot", "n", "depth", "values").scalar("depth", 3).constant("values", tensor.Floats([]float32{0, 1}, 2)).out("at", "v", "hot"),
		newSized("bytes", seq).in("x", f, 1, "seq", 4).constant("s", tensor.Floats([]float32{0.02})).constant("z", tensor.Of(tensor.Int8, []int8{3})).constant("zw", tensor.Of(tensor.Int8, []int8{0})).constant("w", tensor.Of(tensor.Int8, []int8{1, -20, 33, 40, 5, 60, -71, 8}, 4, 2)).
			do("QuantizeLinear", "q", "x", "s", "z").do("DequantizeLinear", "d", "q", "s", "z").do("DequantizeLinear", "dw", "w", "s", "zw").do("MatMul", "p", "d", "dw").do("QuantizeLinear", "pq", "p", "s", "z").do("DequantizeLinear", "y", "pq", "s", "z").out("y"),
		newSized("half", seq).in("x", tensor.Float16, "seq", 4).do("Exp", "e", "x").with("Softmax", attrs(axis(0)), "y", "e").out("y"),
		newSized("wide", map[string]int{"seq": 300}).in("x", f, 1, "seq", 3).weights("w", 3, 3).do("MatMul", "y", "x", "w").do("ReduceMean", "m", "y", "one").ints("one", 1).out("y", "m"),
	}
}

// scanBody adds an element to the state, and puts it out.
func scanBody() *onnx.Graph {
	info := func(name string) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Kind: "tensor", DType: tensor.Float32, HasShape: true, Shape: dims(3)}
	}
	add := &onnx.Node{Name: "add", OpType: "Add", Inputs: []string{"s", "e"}, Outputs: []string{"sum"}}
	tanh := &onnx.Node{Name: "tanh", OpType: "Tanh", Inputs: []string{"sum"}, Outputs: []string{"row"}}
	return &onnx.Graph{Name: "body", Inputs: []*onnx.ValueInfo{info("s"), info("e")}, Outputs: []*onnx.ValueInfo{info("sum"), info("row")}, Nodes: []*onnx.Node{add, tanh}}
}

// recurrent is a recurrent layer over the bounded axis, and its last state.
func recurrent(name, op string, gates int, direction string) *sized {
	const in, hidden = 3, 4
	d := 1
	if direction == "bidirectional" {
		d = 2
	}
	s := newSized(name, seq).in("x", tensor.Float32, "seq", 1, in).weights("w", d, gates*hidden, in).weights("r", d, gates*hidden, hidden).weights("b", d, 2*gates*hidden)
	return s.many(op, attrs(attr("hidden_size", int64(hidden)), attr("direction", direction)), []string{"y", "h"}, "x", "w", "r", "b").ints("rows", 0, -1).do("Reshape", "flat", "y", "rows").out("flat", "h")
}

// TestBoundedDimensions compares the C at several sizes with the interpreter on the model of that size.
func TestBoundedDimensions(t *testing.T) {
	check(t, boundedModels(), deepgo.CompileOptions{})
}

// TestBoundedDimensionsInPlainC does so for the C of targets without vectors.
func TestBoundedDimensionsInPlainC(t *testing.T) {
	check(t, boundedModels(), deepgo.CompileOptions{Target: "portable"})
}

// model returns the one of that name.
func model(t *testing.T, name string) *sized {
	models := boundedModels()
	i := slices.IndexFunc(models, func(s *sized) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("there is no model %s", name)
	}
	return models[i]
}

func (s *sized) compile(t *testing.T, opt deepgo.CompileOptions) (*deepgo.Model, *deepgo.Program) {
	m, err := deepgo.Decode(s.name, s.bytes(t), deepgo.LoadOptions{MaxDims: s.most})
	if err != nil {
		t.Fatal(err)
	}
	opt.Name, opt.Emit = s.name, "single"
	p, err := m.Compile(opt)
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

// TestSizesOutOfBounds has the C refuse them, before it touches anything.
func TestSizesOutOfBounds(t *testing.T) {
	_, p := model(t, "each").compile(t, deepgo.CompileOptions{})
	var cases []cbatch.Case
	for _, n := range []int{0, 12, 1 << 20} {
		cases = append(cases, cbatch.Case{Program: p, Sizes: []int{n}, Inputs: []*tensor.Tensor{tensor.New(tensor.Float32, n, 3)}})
	}
	results, err := cbatch.Run(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err == nil || r.Err.Error() != "the model returned 5" {
			t.Errorf("size %d: %v, expected the error EACH_ESIZE", cases[i].Sizes[0], r.Err)
		}
	}
}

// TestModelsWithoutBounds names what does not go with a size that a run is told.
func TestModelsWithoutBounds(t *testing.T) {
	f := tensor.Float32
	zero, least := attr("value", tensor.Floats([]float32{0}, 1)), map[string]int{"seq": 40}
	for want, s := range map[string]*sized{
		`the size of axis 0 of "y" cannot be told from one run to the next`: newSized("clamped", least).in("x", f, "seq").ints("zero", 0).ints("most", 24).do("Slice", "y", "x", "zero", "most").out("y"),
		`another one in every run, in a way that deepgo does not know`:      newSized("mirror", seq).in("x", f, 2, "seq").ints("by", 0, 1, 0, 1).with("Pad", attrs(attr("mode", "reflect")), "y", "x", "by").out("y"),
		`the model is another one where "seq" is 3`:                         newSized("even", map[string]int{"seq": 12}).in("x", f, "seq").ints("pairs", -1, 2).do("Reshape", "y", "x", "pairs").out("y"),
		`node "n_y" (branch): else_branch of its kernel differs`: newSized("branch", seq).in("x", f, "seq").in("c", tensor.Bool).
			with("If", attrs(attr("then_branch", body("Neg")), attr("else_branch", body("Exp"))), "y", "c").out("y"),
		`MUL of its kernel differs`: averaged(),
		`"y" has 54 elements where seq is 3; expected no more than 42,`: newSized("shrinking", map[string]int{"seq": 7}).in("x", f, "seq", 1, 6).in("w", f, 3, 1, "seq").
			with("Conv", attrs(attr("pads", []int64{1, 1})), "y", "x", "w").out("y"),
		`--dim '1<=seq<=1': expected sizes from 1 on`: newSized("one", map[string]int{"seq": 1}).in("x", f, "seq").do("Neg", "y", "x").out("y"),
		`--dim other names no symbolic dimension`:     newSized("none", map[string]int{"other": 4}).in("x", f, "seq").with("ConstantOfShape", attrs(zero), "y", "s").do("Shape", "s", "x").out("y"),
	} {
		m, err := deepgo.Decode(s.name, s.bytes(t), deepgo.LoadOptions{MaxDims: s.most})
		if err == nil {
			_, err = m.Compile(deepgo.CompileOptions{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nexpected %q", s.name, err, want)
		}
	}
}

// averaged is an integer average of one row, two, or at the greatest size alone three.
func averaged() *sized {
	s := newSized("averaged", map[string]int{"seq": 12}).in("x", tensor.Float32, 1, 1, "seq", 2).constant("scale", tensor.Floats([]float32{0.02})).constant("zero", tensor.New(tensor.Int8))
	s.do("QuantizeLinear", "q", "x", "scale", "zero").do("DequantizeLinear", "d", "q", "scale", "zero")
	s.with("MaxPool", attrs(attr("kernel_shape", []int64{4, 1}), attr("strides", []int64{4, 1})), "m", "d").do("QuantizeLinear", "mq", "m", "scale", "zero").do("DequantizeLinear", "md", "mq", "scale", "zero")
	return s.do("GlobalAveragePool", "a", "md").do("QuantizeLinear", "aq", "a", "scale", "zero").do("DequantizeLinear", "y", "aq", "scale", "zero").out("y")
}

// body is a branch that applies a function to what is outside.
func body(op string) *onnx.Graph {
	return &onnx.Graph{Name: op, Outputs: []*onnx.ValueInfo{{Name: op + "_y", Kind: "tensor"}}, Nodes: []*onnx.Node{{Name: op, OpType: op, Inputs: []string{"x"}, Outputs: []string{op + "_y"}}}}
}

// TestLeastSize lets a model say which sizes are too small for it.
func TestLeastSize(t *testing.T) {
	m, p := model(t, "conv1").compile(t, deepgo.CompileOptions{})
	if m.Dims[0].Min != 2 || p.Dims[0].Min != 2 || !strings.Contains(strings.Join(m.Notices, "\n"), `dimension "seq" is from 2 on: at 1,`) {
		t.Errorf("sizes from %d on, in C from %d; %q", m.Dims[0].Min, p.Dims[0].Min, m.Notices)
	}
	if _, err := m.Run([]*tensor.Tensor{tensor.New(tensor.Float32, 1, 3, 1)}); err == nil || !strings.Contains(err.Error(), `dimension "seq" is 1; expected 2 to 11`) {
		t.Error(err)
	}
}

// onBoard runs a model's C at a size on a target's emulator, compares, and returns the instructions that it took.
func (s *sized) onBoard(t *testing.T, m *deepgo.Model, p *deepgo.Program, sizes []int) uint64 {
	in, want := s.run(t, m, sizes)
	x, err := verify.Execute(t.Context(), p, [][]*tensor.Tensor{in}, verify.Build{})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range x.Outputs[0] {
		if err := near(got, want[i]); err != nil {
			t.Errorf("%s at %v on %s: output %d: %v", s.name, sizes, p.Target.Name, i, err)
		}
	}
	return x.Insns
}

// TestTimeGoesBySize counts instructions on a Cortex-M4 and an RV32IMAC, of models whose time is proportional to their length: half as many
// for half of it, within a tenth.
func TestTimeGoesBySize(t *testing.T) {
	for _, target := range []string{"cortex-m4", "rv32imac"} {
		needs.Target(t, target)
		for _, name := range []string{"gru", "product", "conv1", "each"} {
			s := model(t, name)
			s.most = map[string]int{"seq": 128}
			m, p := s.compile(t, deepgo.CompileOptions{Target: target})
			whole, half := s.onBoard(t, m, p, []int{128}), s.onBoard(t, m, p, []int{64})
			t.Logf("%s on %s: %d instructions for 128, %d for 64", name, target, whole, half)
			if share := float64(half) / float64(whole); share < 0.45 || share > 0.55 {
				t.Errorf("%s on %s: %d instructions for 128, %d for 64", name, target, whole, half)
			}
		}
	}
}
