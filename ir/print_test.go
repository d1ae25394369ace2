package ir_test

import (
	"math"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/google/go-cmp/cmp"
)

// sample returns a graph with every kind of attribute, a sub-graph, absent inputs, and names that need quotes.
func sample() *ir.Graph {
	g := &ir.Graph{Name: "a model"}
	f32 := func(shape ...int) ir.Type { return ir.Type{DType: tensor.Float32, Shape: shape} }
	x := g.NewValue("x", f32(1, 2))
	g.Inputs = []*ir.Value{x}
	w := g.NewConst("weights \"w\"", tensor.Floats([]float32{0.1, -0, float32(math.Inf(1)), 1e-30}, 2, 2))
	long := g.NewConst("long", tensor.New(tensor.Int8, 4, 5))
	nan := g.NewConst("nan", tensor.Floats([]float32{float32(math.NaN())}))
	q := g.NewValue("q", ir.Type{DType: tensor.Int8, Shape: []int{1, 2}, Quant: &ir.Quant{Scale: []float32{0.5, 0.25}, Zero: []int32{0, -3}, Axis: 1}})
	sub := &ir.Graph{Name: "then"}
	sub.Outputs = []*ir.Value{sub.NewConst("inner", tensor.Ints([]int64{-1}, 1))}
	n := &ir.Node{Op: "Mixed", Inputs: []*ir.Value{x, nil, w, long, nan}, Outputs: []*ir.Value{nil, q}, From: []string{"a/b", "c \"d\""}, Attrs: ir.Attrs{
		"i": int64(-7), "f": float32(1), "s": "say \"hi\"\n", "POST(v)": "(v)", "is": []int64{1, -2}, "fs": []float32{0.5}, "ss": []string{"x", ""},
		"t": tensor.Of(tensor.Uint64, []uint64{math.MaxUint64}, 1), "g": sub, "none": []int64{},
	}}
	q.Def = n
	g.Nodes = []*ir.Node{n}
	g.Outputs = []*ir.Value{q}
	return g
}

func TestPrintParseRoundTrip(t *testing.T) {
	g := sample()
	text := g.String()
	back, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := ir.Check(back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, back.String()); diff != "" {
		t.Error(diff)
	}
	w, v := g.Nodes[0].Inputs[2].Const, back.Nodes[0].Inputs[2].Const
	if !tensor.Equal(w, v) {
		t.Errorf("constant changed: %v", v.Float64s())
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		`graph g() -> (%x) {}`: `value "x" is not defined`,
		"graph g(%x: f32[1]) -> (%x) {\n %x: f32[1] = Relu(%x)}":  `line 2: value "x" is defined twice`,
		`graph g(%x: f33[1]) -> (%x) {}`:                          `unknown element type "f33"`,
		`graph g() -> (%c) { %c: f32[2] = const [1] }`:            `1 elements for f32[2]`,
		`graph g() -> (%c) { %c: f32[2] = const … 2 elements }`:   `expected "["`,
		`graph g() -> () {} more`:                                 `text after the graph`,
		`graph g(%x: f32[1]) -> (%y) { %y: f32[1] = Relu(%x) {a=`: `expected an integer`,
	} {
		if _, err := ir.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	breaks := map[string]func(g *ir.Graph){
		"read before it is defined": func(g *ir.Graph) { g.Inputs = nil },
		"are named":                 func(g *ir.Graph) { g.Nodes[0].Outputs[1].Name = "x" },
		"names another node":        func(g *ir.Graph) { g.Nodes[0].Outputs[1].Def = nil },
		"its type says":             func(g *ir.Graph) { g.Nodes[0].Inputs[2].Type.Shape = []int{4} },
		"negative size":             func(g *ir.Graph) { g.Inputs[0].Type.Shape = []int{-1} },
		"scales for axis":           func(g *ir.Graph) { g.Nodes[0].Outputs[1].Type.Quant.Axis = 0 },
		"no element type":           func(g *ir.Graph) { g.Inputs[0].Type.DType = tensor.Invalid },
		"defined twice":             func(g *ir.Graph) { g.Inputs = append(g.Inputs, g.Inputs[0]) },
	}
	for want, f := range breaks {
		g := sample()
		f(g)
		if err := ir.Check(g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want %q", err, want)
		}
	}
	if err := ir.Check(sample()); err != nil {
		t.Error(err)
	}
}

func TestCloneIsDeep(t *testing.T) {
	g := sample()
	before := g.String()
	c := g.Clone()
	c.Nodes[0].Attrs["i"] = int64(1)
	c.Nodes[0].Op = "Other"
	c.Inputs[0].Name = "y"
	if g.String() != before {
		t.Error("changing the clone changed the graph")
	}
}

// TestAttrsCloneOfNil writes to the clone of absent attributes, as passes do.
func TestAttrsCloneOfNil(t *testing.T) {
	c := ir.Attrs(nil).Clone()
	c["axis"] = int64(1)
	if c.Int("axis") != 1 {
		t.Error("the clone lost an attribute")
	}
}
