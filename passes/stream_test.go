package passes

import (
	"math/rand/v2"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/google/go-cmp/cmp"
)

// lowerText takes a graph of ONNX operators through all passes.
func lowerText(t *testing.T, text string, c *Config) *ir.Graph {
	t.Helper()
	g := parse(t, text)
	c.CheckEval = true
	if err := Run(g, c); err != nil {
		t.Fatal(err)
	}
	return g
}

// residual is a convolution, and around another one a branch that waits for it.
const residual = `graph "g"(%x: f32[1,2,16,4]) -> (%y) {
  %w: f32[2,2,3,3] = const base64 "AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/"
  %a: f32[1,2,16,4] = Conv(%x, %w) {pads=ints[1, 1, 1, 1]} from "a"
  %b: f32[1,2,16,4] = Conv(%a, %w) {pads=ints[1, 1, 1, 1]} from "b"
  %c: f32[1,2,16,4] = Add(%a, %b) from "c"
  %y: f32[1,2,8,2] = MaxPool(%c) {kernel_shape=ints[2, 2], strides=ints[2, 2]} from "y"
}`

// TestRings counts the rows of a residual block by hand: the branch's convolution reads three rows, and the sum the middle one of them,
// which is still there; the sum and the convolution's result are read at once. Of the three rows the first is not needed any more when the sum is
// made, and the next one not made before the sum is read: the sum goes where that will be. The branch's result goes where the next row of the input's
// pixels will be.
func TestRings(t *testing.T) {
	c := &Config{}
	g := lowerText(t, residual, c)
	if len(c.Memory.Streams) != 1 {
		t.Fatalf("%d streams\n%s", len(c.Memory.Streams), g)
	}
	want, hosts := map[string]int{"a": 3, "b": 1, "c": 1}, map[string]string{"b": "pixels", "c": "conv2d_f32"}
	for _, n := range g.Nodes {
		if len(n.From) == 0 || n.Op == "strided" || n.Op == "pixels" {
			continue
		}
		host, guest := c.Memory.Hosts[n.Outputs[0]]
		if guest != (hosts[n.From[0]] != "") || guest && host.Of.Def.Op != hosts[n.From[0]] {
			t.Errorf("%s is a guest: %v, of %v", n.From[0], guest, host.Of)
		}
		if rows, ok := want[n.From[0]]; ok && c.Memory.Rings[n.Outputs[0]].Kept != rows {
			t.Errorf("%s: %d rows are kept, want %d", n.From[0], c.Memory.Rings[n.Outputs[0]].Kept, rows)
		}
		delete(want, n.From[0])
	}
	if len(want) > 0 {
		t.Errorf("no nodes for %v\n%s", want, g)
	}
	const row = 4 * 2 * 4
	if whole := 8 * row / 2; c.Memory.ArenaBytes != 6*row+whole { // three rows each of the input's pixels and of a, and the output, which is transposed as a whole
		t.Errorf("%d bytes of arena, want %d", c.Memory.ArenaBytes, 6*row+whole)
	}
}

// joined is a convolution, another one behind it, both joined along the channels, and then padded and pooled.
const joined = `graph "g"(%x: f32[1,2,16,4]) -> (%y) {
  %w: f32[2,2,3,3] = const base64 "AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/"
  %pads: i64[8] = const base64 "AAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAA=="
  %a: f32[1,2,16,4] = Conv(%x, %w) {pads=ints[1, 1, 1, 1]} from "a"
  %b: f32[1,2,16,4] = Conv(%a, %w) {pads=ints[1, 1, 1, 1]} from "b"
  %c: f32[1,6,16,4] = Concat(%b, %a, %b) {axis=1} from "c"
  %d: f32[1,6,18,6] = Pad(%c, %pads) from "d"
  %y: f32[1,6,9,3] = MaxPool(%d) {kernel_shape=ints[2, 2], strides=ints[2, 2]} from "y"
}`

// TestPartsByRows runs row by row what puts channels together to pixels, joins parts of pixels and pads images.
func TestPartsByRows(t *testing.T) {
	c := &Config{}
	g := lowerText(t, joined, c)
	streamed := map[string]int{}
	for i, n := range g.Nodes {
		if c.Memory.StreamOf(i) != nil {
			streamed[n.Op]++
		}
	}
	want := map[string]int{"pixels": 1, "conv2d_f32": 2, "join2": 1, "place": 1, "pad2d": 1, "maxpool2d_fold_f32": 1}
	if diff := cmp.Diff(want, streamed); diff != "" {
		t.Errorf("row by row (- want, + got):\n%s\n%s", diff, g)
	}
	whole := &Config{Disable: []string{"stream"}}
	lowerText(t, joined, whole)
	if c.Memory.ArenaBytes*2 > whole.Memory.ArenaBytes {
		t.Errorf("%d bytes of arena, %d as a whole", c.Memory.ArenaBytes, whole.Memory.ArenaBytes)
	}
}

// TestWholeWhereThereIsRoom does not run row by row what fits whole.
func TestWholeWhereThereIsRoom(t *testing.T) {
	for _, c := range []*Config{{Optimize: "speed"}, {RAM: 1 << 20}, {Disable: []string{"stream"}}} {
		if g := lowerText(t, residual, c); len(c.Memory.Streams) != 0 {
			t.Errorf("%+v: %d streams\n%s", c, len(c.Memory.Streams), g)
		}
	}
	least, more := &Config{}, &Config{RAM: 1400}
	lowerText(t, residual, least)
	lowerText(t, residual, more)
	if most := max(least.Memory.ArenaBytes, 1400); more.Memory.ArenaBytes > most {
		t.Errorf("%d bytes within 1400", more.Memory.ArenaBytes)
	}
}

// TestCutsAreLeast compares the least peak of the cutter with that over all ways to cut.
func TestCutsAreLeast(t *testing.T) {
	g := parse(t, residual)
	if err := run(g, &Config{}, Pipeline[:len(Pipeline)-3]); err != nil {
		t.Fatal(err)
	}
	s := newCutter(g)
	rng := rand.New(rand.NewPCG(1, 1))
	for p := range s.at { // other costs, so that there is something to choose
		for i := range s.at[p] {
			s.at[p][i].peak = rng.IntN(1000)
		}
	}
	var walk func(p int) int
	walk = func(p int) int {
		if p == len(s.nodes) {
			return 0
		}
		best := 1 << 30
		for _, r := range s.at[p] {
			best = min(best, max(r.peak, walk(r.next)))
		}
		return best
	}
	if got, want := s.least()[0], walk(0); got != want {
		t.Errorf("least peak %d, want %d", got, want)
	}
	for _, r := range s.cut(0, 0) {
		if r.peak > walk(0) {
			t.Errorf("nodes %d to %d take %d, the least is %d", r.from, r.to, r.peak, walk(0))
		}
	}
}
