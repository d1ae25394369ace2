package passes

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
)

// randomKernels returns a graph of views, in-place kernels, kernels with scratch, and operators of several inputs or outputs.
func randomKernels(rng *rand.Rand) *ir.Graph {
	g := &ir.Graph{Name: "random"}
	vector := func(n int) ir.Type { return ir.Type{DType: tensor.Float32, Shape: []int{n}} }
	x := g.NewValue("x", vector(1+rng.IntN(9)))
	g.Inputs = []*ir.Value{x}
	values := []*ir.Value{x}
	pick := func() *ir.Value { return values[max(rng.IntN(len(values)), len(values)-6+rng.IntN(6))] }
	add := func(op string, attrs ir.Attrs, in []*ir.Value, lens ...int) {
		n := &ir.Node{Op: op, Attrs: attrs, Inputs: in}
		for _, l := range lens {
			v := g.NewValue("v", vector(l))
			v.Def, n.Outputs = n, append(n.Outputs, v)
		}
		g.Nodes, values = append(g.Nodes, n), append(values, n.Outputs...)
	}
	for range 2 + rng.IntN(14) {
		a, b := pick(), pick()
		aLen, bLen := a.Type.Len(), b.Type.Len()
		switch rng.IntN(5) {
		case 0:
			from := rng.IntN(aLen)
			add("view", ir.Attrs{"offset": int64(4 * from)}, []*ir.Value{a}, 1+rng.IntN(aLen-from))
		case 1:
			add("map1_f32", ir.Attrs{"expr": "Cos(v0)"}, []*ir.Value{a}, aLen)
		case 2:
			add("map2_f32", ir.Attrs{"expr": "Sub(v0,v1)", "scratch": int64(rng.IntN(20))}, []*ir.Value{a, b}, 1+rng.IntN(min(aLen, bLen)))
		case 3:
			add("Concat", ir.Attrs{"axis": int64(0)}, []*ir.Value{a, b}, aLen+bLen)
		default:
			at := rng.IntN(aLen + 1)
			add("Split", ir.Attrs{"axis": int64(0)}, []*ir.Value{a, constInts(g, "sizes", []int{at, aLen - at})}, at, aLen-at)
		}
		values = slices.DeleteFunc(values, func(v *ir.Value) bool { return v.Type.Len() == 0 || v.Type.Len() > 40 })
	}
	for range 1 + rng.IntN(3) {
		g.Outputs = append(g.Outputs, pick())
	}
	return g
}

func TestPlannedMemoryKeepsTheMeaning(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 4))
	for i := range 200 {
		g := randomKernels(rng)
		text := g.String()
		if err := ir.Check(g); err != nil {
			t.Fatal(err)
		}
		in := []*tensor.Tensor{randomTensor(rng, g.Inputs[0].Type)}
		want, err := interp.Run(g, in, interp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &Config{}
		if err := run(g, c, Pipeline[slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == "schedule" }):]); err != nil {
			t.Fatalf("graph %d: %v\n%s", i, err, text)
		}
		got, err := runPlanned(g, c.Memory, in)
		if err != nil {
			t.Fatalf("graph %d: %v\n%s", i, err, text)
		}
		for k := range want {
			if !tensor.Equal(got[k], want[k]) {
				t.Fatalf("graph %d: output %d is not what it was\n%s\n%s", i, k, text, g)
			}
		}
	}
}

// leastPeak returns the least peak over all orders in which the tasks can run.
func leastPeak(s *scheduler) int {
	best := 1 << 30
	var walk func(st *state)
	walk = func(st *state) {
		if st.peak >= best {
			return
		}
		if len(st.ready) == 0 {
			best = st.peak
		}
		for _, i := range st.ready {
			walk(s.next(st, i))
		}
	}
	walk(s.start())
	return best
}

func TestScheduleIsOptimalOnSmallGraphs(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 4))
	for range 150 {
		g := randomKernels(rng)
		if len(g.Nodes) > 9 {
			continue
		}
		want := leastPeak(newScheduler(g))
		g.Nodes = newScheduler(g).search()
		if err := ir.Check(g); err != nil {
			t.Fatal(err)
		}
		s := newScheduler(g)
		st := s.start()
		for i := range s.tasks {
			st = s.next(st, i)
		}
		if st.peak != want {
			t.Fatalf("peak %d, optimal is %d\n%s", st.peak, want, g)
		}
	}
}
