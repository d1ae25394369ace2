// schedule orders the nodes so that the sum of what is alive at once is small, after making every graph output a value that
// a kernel can write into the caller's buffer: constants, inputs, parts of other values and values given out twice are
// copied.
//
//	graph g(%x: f32[8]) -> (%y) {             graph g(%x: f32[8]) -> (%y) {
//	  %y: f32[2] = view(%x) {offset=0}          %y.2: f32[2] = view(%x) {offset=0}
//	}                                     =>    %y: f32[2] = copy(%y.2) {N=2, T="float"}
//	                                          }
//
// The search goes over sets of nodes that have run, a level per node: what is alive after a set does not depend on its
// order. It is exact as long as no level has more sets than the beam is wide.

package passes

import (
	"cmp"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// beamWork bounds the search: sets kept per level times nodes.
const beamWork = 1 << 16

func schedule(g *ir.Graph, _ *Config) (int, error) {
	changed, err := foldViews(g)
	if err != nil {
		return changed, err
	}
	changed += copyOutputs(g)
	s := newScheduler(g)
	order := s.search()
	if slices.Equal(order, g.Nodes) {
		return changed, nil
	}
	g.Nodes = order
	return changed + 1, nil
}

// foldViews makes views of constants constants, as constants have no place in memory.
func foldViews(g *ir.Graph) (int, error) {
	kept := g.Nodes[:0:0]
	for _, n := range g.Nodes {
		if !isView(n) || !n.Inputs[0].IsConst() {
			kept = append(kept, n)
			continue
		}
		if n.Attrs.ExtentOf("offset").Varies() {
			return 0, &ir.Error{Node: nodeName(n), Op: n.Op, Msg: "a part of a constant is another one in every run", Hint: "fix the dimension's size with --dim"}
		}
		out, err := op.Eval(n, []*tensor.Tensor{n.Inputs[0].Const})
		if err != nil {
			return 0, err
		}
		n.Outputs[0].Const, n.Outputs[0].Def = out[0], nil
	}
	changed := len(g.Nodes) - len(kept)
	g.Nodes = kept
	return changed, nil
}

func copyOutputs(g *ir.Graph) int {
	s := storageOf(g, nil)
	changed := 0
	for i := range g.Outputs {
		if !s.legalOutput(g, i) {
			copyOutput(g, i)
			changed++
		}
	}
	return changed
}

// copyOutput makes output i a copy of the value that it was. The copy gets the name that the caller knows, but where that is
// the name of an input or of another output.
func copyOutput(g *ir.Graph, i int) {
	v := g.Outputs[i]
	kernel := "copy"
	if v.IsConst() {
		kernel = "load"
	}
	w := g.NewValue(v.Name, v.Type)
	if !slices.Contains(g.Inputs, v) && !slices.Contains(g.Outputs[:i], v) {
		v.Name, w.Name = w.Name, v.Name
	}
	n := &ir.Node{Op: kernel, Inputs: []*ir.Value{v}, Outputs: []*ir.Value{w},
		Attrs: ir.Attrs{"N": v.Type.Extent().Attr(), "T": v.Type.DType.C()}}
	if v.Def != nil {
		n.From = slices.Clone(v.Def.From)
	}
	w.Def = n
	g.Nodes = append(g.Nodes, n)
	g.Outputs[i] = w
}

// scheduler holds the graph as numbers. Views are no tasks: they cost nothing and follow the task that they view.
type scheduler struct {
	g     *ir.Graph
	tasks []task
	bytes []int   // per block, bytes in the arena
	users [][]int // per block, the tasks that read it
}

// task is a node that takes time.
type task struct {
	n         *ir.Node
	makes     []int // blocks
	reads     []int // blocks
	takeovers []int // blocks that the first of makes may take over
	after     []int // tasks that must have run before
	before    []int // tasks that wait for this one
	scratch   int
}

func newScheduler(g *ir.Graph) *scheduler {
	s := &scheduler{g: g}
	mem := storageOf(g, nil)
	block, maker := map[*ir.Value]int{}, map[*ir.Value]int{}
	for _, n := range g.Nodes {
		if isView(n) {
			continue
		}
		i := len(s.tasks)
		t := task{n: n, scratch: scratchBytes(n)}
		takes := mem.takeovers(n, false)
		for k, v := range n.Inputs {
			b, computed := block[mem.rootOf(v)]
			if !computed || slices.Contains(t.reads, b) {
				continue
			}
			t.reads = append(t.reads, b)
			s.users[b] = append(s.users[b], i)
			t.after = append(t.after, maker[mem.rootOf(v)])
			if slices.Contains(takes, k) {
				t.takeovers = append(t.takeovers, b)
			}
		}
		for _, v := range n.Outputs {
			if v != nil {
				block[v], maker[v] = len(s.bytes), i
				t.makes = append(t.makes, len(s.bytes))
				s.bytes, s.users = append(s.bytes, mem.arenaBytes(v)), append(s.users, nil)
			}
		}
		s.tasks = append(s.tasks, t)
	}
	for i := range s.tasks {
		s.tasks[i].after = unique(s.tasks[i].after)
		for _, j := range s.tasks[i].after {
			s.tasks[j].before = append(s.tasks[j].before, i)
		}
	}
	return s
}

func unique(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}

// state is a set of tasks that have run.
type state struct {
	ran   []uint64
	ready []int
	alive int // bytes
	peak  int // bytes
	last  int // the task that ran last
	prev  *state
}

func (s *state) has(i int) bool { return s.ran[i/64]>>(i%64)&1 == 1 }

// cost returns the bytes alive while task i runs after st, and those afterwards.
func (s *scheduler) cost(st *state, i int) (during, after int) {
	t := &s.tasks[i]
	made, freed := 0, 0
	for _, b := range t.makes {
		made += s.bytes[b]
		if len(s.users[b]) == 0 {
			freed += s.bytes[b]
		}
	}
	takes := 0
	for _, b := range t.reads {
		if s.diesWith(st, b, i) {
			freed += s.bytes[b]
			if slices.Contains(t.takeovers, b) {
				takes = s.bytes[t.makes[0]]
			}
		}
	}
	return st.alive + made - takes + t.scratch, st.alive + made - freed
}

// diesWith reports whether task i is the last to read block b.
func (s *scheduler) diesWith(st *state, b, i int) bool {
	for _, j := range s.users[b] {
		if j != i && !st.has(j) {
			return false
		}
	}
	return true
}

// next returns the state after task i ran.
func (s *scheduler) next(st *state, i int) *state {
	during, after := s.cost(st, i)
	n := &state{ran: slices.Clone(st.ran), alive: after, peak: max(st.peak, during), last: i, prev: st}
	n.ran[i/64] |= 1 << (i % 64)
	for _, j := range st.ready {
		if j != i {
			n.ready = append(n.ready, j)
		}
	}
	for _, j := range s.tasks[i].before {
		if !slices.ContainsFunc(s.tasks[j].after, func(k int) bool { return !n.has(k) }) {
			n.ready = append(n.ready, j)
		}
	}
	slices.Sort(n.ready)
	return n
}

func (s *scheduler) start() *state {
	st := &state{ran: make([]uint64, len(s.tasks)/64+1)}
	for i, t := range s.tasks {
		if len(t.after) == 0 {
			st.ready = append(st.ready, i)
		}
	}
	return st
}

// search returns the nodes in the best order found: the given one where none is better.
func (s *scheduler) search() []*ir.Node {
	given := s.start()
	for i := range s.tasks {
		given = s.next(given, i)
	}
	width := max(beamWork/(len(s.tasks)+1), 8)
	level := []*state{s.start()}
	for range s.tasks {
		level = s.expand(level, given.peak, width)
		if len(level) == 0 {
			return s.order(given)
		}
	}
	return s.order(level[0])
}

// expand returns the states one task later whose peak is under the limit, the best ones first.
func (s *scheduler) expand(level []*state, limit, width int) []*state {
	var out []*state
	at := map[string]int{}
	for _, st := range level {
		for _, i := range s.moves(st) {
			n := s.next(st, i)
			if n.peak >= limit {
				continue
			}
			key := setKey(n.ran)
			if k, seen := at[key]; !seen {
				at[key] = len(out)
				out = append(out, n)
			} else if n.peak < out[k].peak {
				out[k] = n
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *state) int {
		return cmp.Or(cmp.Compare(a.peak, b.peak), cmp.Compare(a.alive, b.alive))
	})
	return out[:min(len(out), width)]
}

// moves returns the tasks to try after st. A task that frees memory and does not raise the peak can as well run at once.
func (s *scheduler) moves(st *state) []int {
	for _, i := range st.ready {
		if during, after := s.cost(st, i); during <= st.peak && after <= st.alive {
			return []int{i}
		}
	}
	return st.ready
}

func setKey(ran []uint64) string {
	b := make([]byte, 0, 8*len(ran))
	for _, w := range ran {
		b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24), byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56))
	}
	return string(b)
}

// order returns the nodes as the tasks ran until st, each followed by the views that it makes possible.
func (s *scheduler) order(st *state) []*ir.Node {
	var tasks []int
	for ; st.prev != nil; st = st.prev {
		tasks = append(tasks, st.last)
	}
	slices.Reverse(tasks)
	views := map[*ir.Value][]*ir.Node{}
	for _, n := range s.g.Nodes {
		if isView(n) {
			views[n.Inputs[0]] = append(views[n.Inputs[0]], n)
		}
	}
	var nodes []*ir.Node
	var follow func(vs []*ir.Value)
	follow = func(vs []*ir.Value) {
		for _, v := range vs {
			for _, n := range views[v] {
				nodes = append(nodes, n)
				follow(n.Outputs)
			}
		}
	}
	follow(s.g.Inputs)
	for _, i := range tasks {
		nodes = append(nodes, s.tasks[i].n)
		follow(s.tasks[i].n.Outputs)
	}
	return nodes
}
