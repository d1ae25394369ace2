package passes

import (
	"errors"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
)

const tiny = `graph tiny(%x: f32[2]) -> (%y) {
  %y: f32[2] = view(%x) {offset=0}
}
`

func parse(t *testing.T, text string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestRunNamesPassAndModelOfABug(t *testing.T) {
	for what, pass := range map[string]func(*ir.Graph, *Config) (int, error){
		"boom":         func(*ir.Graph, *Config) (int, error) { panic("boom") },
		"no such node": func(*ir.Graph, *Config) (int, error) { ir.Bugf("no such node"); return 0, nil },
		"defined":      func(g *ir.Graph, _ *Config) (int, error) { g.Nodes = nil; return 1, nil },
	} {
		err := run(parse(t, tiny), &Config{}, []Pass{{Name: "breakit", Run: pass}})
		var bug *ir.Bug
		if !errors.As(err, &bug) {
			t.Fatalf("%s: got %v, want a Bug", what, err)
		}
		for _, part := range []string{what, "breakit", "tiny"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
	}
}

func TestRunCheckEvalFindsAChangedMeaning(t *testing.T) {
	swap := func(g *ir.Graph, _ *Config) (int, error) {
		g.Nodes[0].Attrs["offset"] = int64(4)
		g.Outputs[0].Type.Shape = []int{1}
		g.Nodes[0].Outputs[0].Type.Shape = []int{1}
		return 1, nil
	}
	two := `graph two(%x: f32[2]) -> (%y) {
  %y: f32[1] = view(%x) {offset=0}
}
`
	pipeline := []Pass{{Name: "swap", Run: swap}}
	if err := run(parse(t, two), &Config{}, pipeline); err != nil {
		t.Fatalf("without CheckEval: %v", err)
	}
	err := run(parse(t, two), &Config{CheckEval: true}, pipeline)
	if err == nil || !strings.Contains(err.Error(), "swap") || !strings.Contains(err.Error(), "element 0") {
		t.Fatalf("got %v, want an error of pass swap about element 0", err)
	}
}

func TestRunDisable(t *testing.T) {
	ran := ""
	note := func(name string) func(*ir.Graph, *Config) (int, error) {
		return func(*ir.Graph, *Config) (int, error) { ran += name; return 0, nil }
	}
	pipeline := []Pass{{Name: "a", Run: note("a")}, {Name: "b", Run: note("b"), Required: true}, {Name: "a", Run: note("a")}}
	if err := run(parse(t, tiny), &Config{Disable: []string{"a"}}, pipeline); err != nil || ran != "b" {
		t.Errorf("ran %q, %v; want b", ran, err)
	}
	for _, name := range []string{"b", "c"} {
		if err := run(parse(t, tiny), &Config{Disable: []string{name}}, pipeline); err == nil {
			t.Errorf("disabling %s gave no error", name)
		}
	}
}

func TestRunDumps(t *testing.T) {
	var got []string
	c := &Config{Dump: func(seq int, pass string, g *ir.Graph, changed int) {
		got = append(got, strings.Repeat("+", changed)+pass)
	}}
	one := func(*ir.Graph, *Config) (int, error) { return 1, nil }
	if err := run(parse(t, tiny), c, []Pass{{Name: "a", Run: one}}); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, " "); s != "import +a" {
		t.Errorf("dumped %q", s)
	}
}
