package fuzz

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// elsewhere are operators with C that no generator draws, and why.
var elsewhere = map[string]string{
	"Extern":        "its C is the user's",
	"FlexAttention": "its sub-graphs are in the node tests",
}

// TestEveryOperatorIsDrawn wants a generator for every operator that can be C, but those of quantized graphs, which Generate draws, and
// those that import takes apart.
func TestEveryOperatorIsDrawn(t *testing.T) {
	drawn := map[string]bool{}
	for _, g := range generators {
		for _, name := range strings.Fields(g.ops) {
			drawn[name] = true
			if d := op.Lookup(name); d == nil || d.Lower == nil {
				t.Errorf("%s is drawn, and is no operator with C", name)
			}
		}
	}
	for _, d := range op.Table() {
		quantized := strings.HasPrefix(d.Name, "Q") || strings.HasSuffix(strings.ToLower(d.Name), "quantizelinear") || strings.HasSuffix(d.Name, "Integer") || strings.HasPrefix(d.Name, "Weight")
		if d.IsKernel() || d.Since == nil || d.Lower == nil || d.Fused || quantized || elsewhere[d.Name] != "" {
			continue
		}
		if !drawn[d.Name] {
			t.Errorf("no generator draws %s", d.Name)
		}
	}
}

// TestGeneratorsAreSound draws every operator of every generator for each of its types, and checks the graphs.
func TestGeneratorsAreSound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range generators {
		g := generators[i]
		for _, name := range strings.Fields(g.ops) {
			types := slices.Clone(g.types)
			slices.Sort(types)
			for _, d := range slices.Compact(types) {
				one := g
				one.ops, one.types = name, append(types[:0:0], d)
				b := &builder{Rand: r, g: &ir.Graph{Name: "fuzz"}, exact: map[*ir.Value]bool{}}
				b.draw(&one)
				b.finish()
				b.dropInputs()
				if err := ir.Check(b.g); err != nil {
					t.Errorf("%s for %s: %v\n%s", name, d, err, b.g)
				}
				if !has(b.g, name) {
					t.Errorf("%s for %s: the operator is missing\n%s", name, d, b.g)
				}
			}
		}
	}
}
