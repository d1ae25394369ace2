package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// storage says which values of a lowered graph share memory because one is a view of the other.
type storage struct {
	root   map[*ir.Value]*ir.Value // where a value's bytes are: in itself, or in the value that it views, however indirectly
	offset map[*ir.Value]ir.Extent // bytes from the root's start
	buffer map[*ir.Value]*ir.Value // per root in the caller's memory, the graph input or output whose buffer it is in
}

// storageOf follows the views of g. A graph output that views the whole of a computed value gives it its buffer. alone tells nodes whose
// operands must not go into a buffer with the result, as those of nodes that run row by row; nil is none.
func storageOf(g *ir.Graph, alone func(node int) bool) *storage {
	s := &storage{root: map[*ir.Value]*ir.Value{}, offset: map[*ir.Value]ir.Extent{}, buffer: map[*ir.Value]*ir.Value{}}
	for _, v := range g.Inputs {
		s.root[v], s.buffer[v] = v, v
	}
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			s.root[v] = v
		}
		if isView(n) {
			x, y := n.Inputs[0], n.Outputs[0]
			s.root[y], s.offset[y] = s.rootOf(x), s.offset[x].Plus(n.Attrs.ExtentOf("offset"))
		}
	}
	for i, v := range g.Outputs {
		if r := s.rootOf(v); r == v && s.buffer[r] == nil && !g.IsStateOutput(i) {
			s.buffer[r] = v
		}
	}
	for i, v := range g.Outputs {
		if r := s.rootOf(v); s.buffer[r] == nil && s.covers(v, r) && !g.IsStateOutput(i) {
			s.buffer[r] = v
		}
	}
	s.growBuffers(g, alone)
	return s
}

// growBuffers puts operands that only an in-place kernel reads into the caller's buffer, too, where its result is there and
// as large: nothing else is in that buffer before.
func (s *storage) growBuffers(g *ir.Graph, alone func(node int) bool) {
	users := map[*ir.Value][]*ir.Node{}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			if r := s.rootOf(v); v != nil && !isView(n) && !slices.Contains(users[r], n) {
				users[r] = append(users[r], n)
			}
		}
	}
	for i, n := range slices.Backward(g.Nodes) {
		d := op.Lookup(n.Op)
		if alone != nil && alone(i) || d == nil || len(d.InPlace) == 0 || s.buffer[n.Outputs[0]] == nil || n.Outputs[0].Type.Len() == 0 {
			continue
		}
		for _, i := range d.InPlace {
			x, y := n.Input(i), n.Outputs[0]
			if x != nil && s.arenaBytes(x) > 0 && x.Type.SameBytes(y.Type) && s.rootOf(x) == x && len(users[x]) == 1 && !s.readsTwice(n, i) {
				s.buffer[x] = s.buffer[y]
				break
			}
		}
	}
}

// rootOf returns the value in whose memory v is. Constants are their own roots.
func (s *storage) rootOf(v *ir.Value) *ir.Value {
	if r := s.root[v]; r != nil {
		return r
	}
	return v
}

// covers reports whether v is the whole of r.
func (s *storage) covers(v, r *ir.Value) bool {
	return !r.IsConst() && len(s.offset[v].Terms) == 0 && v.Type.SameBytes(r.Type)
}

// arenaBytes returns the bytes that root r takes in the arena: none where it is a constant or in the caller's memory.
func (s *storage) arenaBytes(r *ir.Value) int {
	if r.IsConst() || s.buffer[r] != nil {
		return 0
	}
	return r.Type.Bytes()
}

// takeovers returns the inputs of n, as indices, whose memory output 0 may take over as far as types and kernels go: the
// caller sees to it that nothing reads the input later.
func (s *storage) takeovers(n *ir.Node, shrink bool) []int {
	d := op.Lookup(n.Op)
	if d == nil || len(n.Outputs) == 0 || n.Outputs[0] == nil || s.buffer[n.Outputs[0]] != nil {
		return nil
	}
	y := n.Outputs[0].Type
	var out []int
	for _, i := range d.InPlace {
		x := n.Input(i)
		if x == nil || s.arenaBytes(s.rootOf(x)) == 0 || s.readsTwice(n, i) {
			continue
		}
		fits := x.Type.SameBytes(y) || shrink && x.Type.Bytes() > y.Bytes() && !n.Varies()
		if fits && !s.offset[x].Varies() && s.offset[x].Max%max(y.DType.Size(), 1) == 0 {
			out = append(out, i)
		}
	}
	return out
}

// readsTwice reports whether n reads the memory that input i is in through another input, too.
func (s *storage) readsTwice(n *ir.Node, i int) bool {
	for j, v := range n.Inputs {
		if j != i && v != nil && s.rootOf(v) == s.rootOf(n.Inputs[i]) {
			return true
		}
	}
	return false
}

func isView(n *ir.Node) bool {
	d := op.Lookup(n.Op)
	return d != nil && d.View
}

// scratchBytes returns the bytes of scratch memory that n's kernel asks for.
func scratchBytes(n *ir.Node) int { return n.Attrs.Int("scratch") }

// legalOutput reports whether output i of g can be written where the caller wants it: it is a computed value, not given out
// before, and either owns its memory or is the whole of the value that does. What the next run gets may be anywhere but in the memory
// of inputs, some of which are overwritten first.
func (s *storage) legalOutput(g *ir.Graph, i int) bool {
	v := g.Outputs[i]
	if g.IsStateOutput(i) {
		return !v.IsConst() && !slices.Contains(g.Inputs, s.rootOf(v))
	}
	return !v.IsConst() && !slices.Contains(g.Outputs[:i], v) && s.buffer[s.rootOf(v)] == v && !slices.Contains(g.Inputs, v)
}
