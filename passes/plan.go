// plan gives every value that is not a constant its place: in the caller's buffer, inside the value that it views, in the
// memory of an operand that nothing reads any more, or at an offset of its own in the arena. It leaves the graph as it is
// and sets Config.Memory.
//
//	%a: f32[4] = k(%x)                       %a at arena 0
//	%b: f32[2] = view(%a) {offset=8}         %b at arena 8
//	%c: f32[4] = k(%a)                   =>  %c at arena 16
//	%y: f32[4] = sum(%c, %b)                 %y at output %y

package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes/plan"
)

func planMemory(g *ir.Graph, c *Config) (int, error) {
	best := newPlanner(g, false).place()
	if other := newPlanner(g, true).place(); other.ArenaBytes < best.ArenaBytes {
		best = other
	}
	c.Memory = best
	return 1, nil
}

// planner collects the blocks of memory that a graph needs in the order of its nodes.
type planner struct {
	g      *ir.Graph
	mem    *storage
	shrink bool // results may take over operands that are greater than they are

	lastUse map[*ir.Value]int // per root, the last node that reads it
	block   map[*ir.Value]int // per root, its block
	offset  map[*ir.Value]int // per root, bytes from the block's start
	blocks  []plan.Buffer
	scratch map[*ir.Node]int // block
}

func newPlanner(g *ir.Graph, shrink bool) *planner {
	p := &planner{g: g, mem: storageOf(g), shrink: shrink, lastUse: map[*ir.Value]int{},
		block: map[*ir.Value]int{}, offset: map[*ir.Value]int{}, scratch: map[*ir.Node]int{}}
	for i, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil && !isView(n) {
				p.lastUse[p.mem.rootOf(v)] = i
			}
		}
	}
	for i, n := range g.Nodes {
		if !isView(n) {
			p.add(i, n)
		}
	}
	return p
}

// add makes blocks for what node i needs.
func (p *planner) add(i int, n *ir.Node) {
	for k, v := range n.Outputs {
		if v == nil || p.mem.arenaBytes(v) == 0 || k == 0 && p.takeOver(i, n) {
			continue
		}
		p.block[v] = len(p.blocks)
		p.blocks = append(p.blocks, plan.Buffer{Lives: []plan.Span{{First: i, Last: max(i, p.lastUse[v])}}, Size: v.Type.Bytes(), Align: alignment(v.Type)})
	}
	if bytes := scratchBytes(n); bytes > 0 {
		p.scratch[n] = len(p.blocks)
		p.blocks = append(p.blocks, plan.Buffer{Lives: []plan.Span{{First: i, Last: i}}, Size: bytes, Align: 8})
	}
}

// takeOver puts output 0 of node i where an operand is that nothing reads later.
func (p *planner) takeOver(i int, n *ir.Node) bool {
	y := n.Outputs[0]
	for _, k := range p.mem.takeovers(n, p.shrink) {
		x := n.Inputs[k]
		r := p.mem.rootOf(x)
		b := &p.blocks[p.block[r]]
		at := p.offset[r] + p.mem.offset[x]
		if b.Last() != i || p.sharesBlock(n, k) || at%alignment(y.Type) != 0 {
			continue
		}
		p.block[y], p.offset[y] = p.block[r], at
		b.AddLife(plan.Span{First: i, Last: max(i, p.lastUse[y])})
		b.Align = max(b.Align, alignment(y.Type))
		return true
	}
	return false
}

// sharesBlock reports whether another input of n is in the block that input k is in.
func (p *planner) sharesBlock(n *ir.Node, k int) bool {
	own := p.block[p.mem.rootOf(n.Inputs[k])]
	for j, v := range n.Inputs {
		if j == k || v == nil {
			continue
		}
		if b, ok := p.block[p.mem.rootOf(v)]; ok && b == own {
			return true
		}
	}
	return false
}

func alignment(t ir.Type) int {
	if t.DType.Size() == 8 {
		return 8
	}
	return 4
}

// place gives the blocks their offsets.
func (p *planner) place() *ir.Memory {
	arena := plan.Place(p.blocks)
	m := &ir.Memory{ArenaBytes: arena.Peak, LowerBound: arena.LowerBound, Places: map[*ir.Value]ir.Place{}, Scratch: map[*ir.Node]int{}}
	for _, v := range p.g.Values() {
		if !v.IsConst() {
			m.Places[v] = p.placeOf(v, arena.Offsets)
		}
	}
	for n, b := range p.scratch {
		m.Scratch[n] = arena.Offsets[b]
	}
	return m
}

func (p *planner) placeOf(v *ir.Value, offsets []int) ir.Place {
	r := p.mem.rootOf(v)
	if buffer := p.mem.buffer[r]; buffer != nil {
		return ir.Place{Of: buffer, Offset: p.mem.offset[v]}
	}
	if r.Type.Bytes() == 0 {
		return ir.Place{}
	}
	return ir.Place{Offset: offsets[p.block[r]] + p.offset[r] + p.mem.offset[v]}
}
