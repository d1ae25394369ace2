package passes

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TestSeveralMemories plans random graphs in two memories: each holds at most its size, no value lies in both, and the graph computes the same.
func TestSeveralMemories(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 6))
	both := 0
	for i := range 200 {
		g := randomKernels(rng)
		in := []*tensor.Tensor{randomTensor(rng, g.Inputs[0].Type)}
		want, err := interp.Run(g, in, interp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &Config{Memories: []RAM{{"tight", 4 + rng.IntN(300)}, {"wide", 1 << 20}}}
		if err := run(g, c, Pipeline[slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == "schedule" }):]); err != nil {
			t.Fatalf("graph %d: %v\n%s", i, err, g)
		}
		checkRegions(t, g, c)
		if r := c.Memory.Regions; r[0].Bytes > 0 && r[1].Bytes > 0 {
			both++
		}
		got, err := runPlanned(g, c.Memory, in)
		if err != nil {
			t.Fatalf("graph %d: %v\n%s", i, err, g)
		}
		for k := range want {
			if !tensor.Equal(got[k], want[k]) {
				t.Fatalf("graph %d: output %d is not what it was\n%s", i, k, g)
			}
		}
	}
	if both < 30 {
		t.Errorf("%d of 200 graphs are in both memories; expected at least 30", both)
	}
}

func checkRegions(t *testing.T, g *ir.Graph, c *Config) {
	t.Helper()
	inside := func(offset, bytes int) bool {
		return slices.ContainsFunc(c.Memory.Regions, func(r ir.Region) bool { return r.Start <= offset && offset+bytes <= r.Start+r.Bytes })
	}
	for i, r := range c.Memory.Regions {
		if r.Bytes > c.Memories[i].Bytes || r.Name != c.Memories[i].Name {
			t.Fatalf("%+v is planned in %+v\n%s", r, c.Memories[i], g)
		}
	}
	for v, place := range c.Memory.Places {
		if bytes := c.Memory.Bytes(v); place.Of == nil && bytes > 0 && !inside(place.Offset, bytes) {
			t.Fatalf("value %q is in no memory\n%s", v.Name, g)
		}
	}
	for n, offset := range c.Memory.Scratch {
		if !inside(offset, scratchBytes(n)) {
			t.Fatalf("scratch of %s is in no memory", n.Line())
		}
	}
}

// matrixGraph multiplies one of two values with a matrix.
func matrixGraph(t *testing.T) *ir.Graph {
	g, err := ir.Parse(`graph "g"(%x: f32[64]) -> (%y) {
  %a: f32[64] = map1_f32(%x) {expr="Cos(v0)"}
  %b: f32[64] = map1_f32(%x) {expr="Sin(v0)"}
  %w: f32[64,64] = const base64 "` + strings.Repeat("A", 4*64*64/3*4+2) + `=="
  %c: f32[64] = fc_f32(%a, %w) {N=64, K=64}
  %y: f32[64] = map2_f32(%b, %c) {expr="Add(v0,v1)"}
}`)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHotValuesAreInTheFirstMemory: what a matrix is multiplied with is read as often as the matrix has rows.
func TestHotValuesAreInTheFirstMemory(t *testing.T) {
	g := matrixGraph(t)
	c := &Config{Memories: []RAM{{"tight", 256}, {"wide", 1024}}}
	if _, err := planMemory(g, c); err != nil {
		t.Fatal(err)
	}
	if at := c.Memory.Places[g.Nodes[0].Outputs[0]].Offset; at != 0 {
		t.Errorf("the operand of the matrix is at %d, behind the first memory", at)
	}
	if at := c.Memory.Places[g.Nodes[1].Outputs[0]]; at.Of == nil && at.Offset < 256 {
		t.Errorf("the other value is at %d, in the first memory", at.Offset)
	}
}

func TestMemoriesTooSmall(t *testing.T) {
	c := &Config{Memories: []RAM{{"tight", 4}, {"wide", 100}}}
	_, err := planMemory(matrixGraph(t), c)
	if err == nil || !strings.Contains(err.Error(), "the memories of --ram are too small") || !strings.Contains(err.Error(), "wide 0 of 100 bytes") {
		t.Errorf("the error is %v", err)
	}
}
