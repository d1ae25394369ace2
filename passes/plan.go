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
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes/plan"
)

func planMemory(g *ir.Graph, c *Config) (int, error) {
	if len(c.Memories) > 0 {
		return 1, planMemories(g, c)
	}
	best := newPlanner(g, c, false).place()
	if other := newPlanner(g, c, true).place(); other.ArenaBytes < best.ArenaBytes {
		best = other
	}
	c.Memory = best
	return 1, nil
}

// planMemories plans several memories: what is outside the first one shall be used little.
func planMemories(g *ir.Graph, c *Config) error {
	var best *spreading
	var failed error
	for _, shrink := range []bool{false, true} {
		p := newPlanner(g, c, shrink)
		s, err := p.spread(c.Memories)
		switch {
		case err != nil:
			failed = err
		case best == nil || s.slow < best.slow || s.slow == best.slow && s.plan.Peak < best.plan.Peak:
			best, c.Memory = s, p.placeAt(s.plan)
			c.Memory.Regions = s.regions
		}
	}
	if best == nil {
		return failed
	}
	return nil
}

// planner collects the blocks of memory that a graph needs. Time is counted in calls of kernels.
type planner struct {
	g       *ir.Graph
	streams []ir.Stream
	shrink  bool // results may take over operands that are greater than they are
	mem     *storage
	time    *timeline

	lastUse map[*ir.Value]int     // per root, the last call that reads it
	beyond  map[*ir.Value]int     // per root, bytes behind it that kernels may read
	block   map[*ir.Value]int     // per root, its block
	offset  map[*ir.Value]int     // per root, bytes from the block's start
	rings   map[*ir.Value]ir.Ring // per root of which not all rows are kept
	hosts   map[*ir.Value]ir.Host // per root that is another's guest
	scratch map[*ir.Node]int      // block
	blocks  []plan.Buffer

	pushed   *ir.PushedInput
	counters int // block of what pushed counts
}

func newPlanner(g *ir.Graph, c *Config, shrink bool) *planner {
	streams := c.streams
	p := &planner{g: g, streams: streams, shrink: shrink, lastUse: map[*ir.Value]int{}, beyond: map[*ir.Value]int{}, block: map[*ir.Value]int{}, offset: map[*ir.Value]int{},
		rings: map[*ir.Value]ir.Ring{}, hosts: map[*ir.Value]ir.Host{}, scratch: map[*ir.Node]int{}}
	p.mem = storageOf(g, alone(g, streams, c.Push != ""))
	p.time = newTimeline(newRowGraph(g, p.mem), streams)
	for i, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil && !isView(n) {
				r := p.mem.rootOf(v)
				p.lastUse[r] = max(p.lastUse[r], p.time.end[i])
				p.beyond[r] = max(p.beyond[r], n.Attrs.Int("beyond"))
			}
		}
	}
	for _, s := range g.States {
		p.lastUse[p.mem.rootOf(g.Outputs[s.Output])] = p.time.calls
	}
	for i, n := range g.Nodes {
		switch run := p.time.runs[i]; {
		case run != nil:
			p.addRun(run)
		case !isView(n) && !p.time.streamed[i]:
			p.add(i, n)
		}
	}
	if c.Push != "" {
		p.push(g.Inputs[0], p.time.runs[0])
		p.pushed.Turned = c.turned
	}
	return p
}

// alone returns the test that storageOf takes, for nodes of streams. Where the input is pushed, nodes that read what the first stream computes
// are alone, too: while rows arrive, there is no buffer of the caller's for outputs.
func alone(g *ir.Graph, streams []ir.Stream, pushed bool) func(node int) bool {
	mem := &ir.Memory{Streams: streams}
	early := map[*ir.Value]bool{}
	if pushed {
		for _, n := range g.Nodes[:streams[0].To] {
			early[n.Outputs[0]] = true
		}
	}
	return func(i int) bool {
		return mem.StreamOf(i) != nil || slices.ContainsFunc(g.Nodes[i].Inputs, func(v *ir.Value) bool { return early[v] })
	}
}

// push makes a block for the counters of the run that takes the input.
func (p *planner) push(x *ir.Value, run *rowRun) {
	p.pushed = &ir.PushedInput{Value: x, Rows: run.stages[0].node.Inputs[0].Type.Len() / run.stages[0].node.Attrs.Int("N")}
	life := plan.Span{First: 0, Last: len(run.calls) - 1}
	if run.slides {
		p.pushed.First, p.pushed.Hop = run.first, run.hop()
		p.pushed.Last = run.stages[len(run.stages)-1].node.Outputs[0]
		life.Last = p.time.calls - 1
	}
	p.counters = len(p.blocks)
	p.blocks = append(p.blocks, plan.Buffer{Lives: []plan.Span{life}, Size: 4 * len(run.stages), Align: 4})
}

// add makes blocks for what node i needs.
func (p *planner) add(i int, n *ir.Node) {
	for k, v := range n.Outputs {
		if v != nil && p.mem.arenaBytes(v) > 0 && (k > 0 || !p.takeOver(i, n)) {
			p.addWhole(i, v)
		}
	}
	p.addScratch(n, []plan.Span{{First: p.time.start[i], Last: p.time.start[i]}}, 0)
}

// addWhole makes a block for all of a value that node i computes.
func (p *planner) addWhole(i int, v *ir.Value) {
	life := plan.Span{First: p.time.start[i], Last: max(p.time.end[i], p.lastUse[v])}
	p.block[v] = len(p.blocks)
	p.blocks = append(p.blocks, plan.Buffer{Lives: []plan.Span{life}, Size: v.Type.Bytes(), Align: alignment(v.Type)})
}

// addScratch makes a block for a kernel's scratch. The lives are counted from call base on.
func (p *planner) addScratch(n *ir.Node, lives []plan.Span, base int) {
	if scratchBytes(n) > 0 {
		p.scratch[n] = len(p.blocks)
		p.blocks = append(p.blocks, plan.Buffer{Lives: later(lives, base), Size: scratchBytes(n), Align: 8})
	}
}

// addRun makes blocks for what nodes need that run row by row.
func (p *planner) addRun(run *rowRun) {
	base := p.time.start[run.stages[run.calls[0]].at]
	for i := range run.buffers {
		b := &run.buffers[i]
		switch {
		case b.maker < 0 || p.mem.arenaBytes(b.root) == 0:
		case b.whole:
			p.addWhole(b.maker, b.root)
			if run.slides {
				p.always(b.root)
			}
		case b.host != nil:
			p.hosts[b.root] = ir.Host{Of: b.host.root, Kept: b.host.ring, RowBytes: b.host.rowBytes()}
			p.rings[b.root] = ir.Ring{Kept: b.ring, Rows: b.rows}
		default:
			p.block[b.root] = len(p.blocks)
			p.blocks = append(p.blocks, plan.Buffer{Lives: later(b.lives, base), Size: b.bytes(), Align: alignment(b.root.Type)})
			if b.ring < b.rows || run.slides {
				p.rings[b.root] = ir.Ring{Kept: b.ring, Rows: b.rows}
			}
			if b.stays {
				p.always(b.root)
			}
		}
	}
	for s := range run.stages {
		p.addScratch(run.stages[s].node, run.livesOf(s), base)
	}
}

// always keeps what is in a value's block from one run of the graph to the next.
func (p *planner) always(v *ir.Value) {
	p.blocks[p.block[v]].Lives = []plan.Span{{First: 0, Last: p.time.calls - 1}}
}

// later moves spans of time.
func later(lives []plan.Span, by int) []plan.Span {
	out := make([]plan.Span, len(lives))
	for i, l := range lives {
		out[i] = plan.Span{First: l.First + by, Last: l.Last + by}
	}
	return out
}

// takeOver puts output 0 of node i where an operand is that nothing reads later.
func (p *planner) takeOver(i int, n *ir.Node) bool {
	y := n.Outputs[0]
	for _, k := range p.mem.takeovers(n, p.shrink) {
		x := n.Inputs[k]
		r := p.mem.rootOf(x)
		b := &p.blocks[p.block[r]]
		at := p.offset[r] + p.mem.offset[x].Max
		if now := p.time.start[i]; p.rings[r].Kept > 0 || b.Last() != now || p.sharesBlock(n, k) || at%alignment(y.Type) != 0 {
			continue
		}
		p.block[y], p.offset[y] = p.block[r], at
		b.AddLife(plan.Span{First: b.Last(), Last: max(b.Last(), p.lastUse[y])})
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

// place gives the blocks their offsets in one memory.
func (p *planner) place() *ir.Memory { return p.placeAt(plan.Place(p.blocks)) }

func (p *planner) placeAt(arena plan.Plan) *ir.Memory {
	m := &ir.Memory{ArenaBytes: arena.Peak, LowerBound: arena.LowerBound, Places: map[*ir.Value]ir.Place{}, Scratch: map[*ir.Node]int{},
		Streams: p.streams, Rings: map[*ir.Value]ir.Ring{}, Hosts: map[*ir.Value]ir.Host{}, Pushed: p.pushed}
	if p.pushed != nil {
		p.pushed.Counters = arena.Offsets[p.counters]
	}
	for _, v := range p.g.Values() {
		if v.IsConst() {
			continue
		}
		m.Places[v] = p.placeOf(v, arena.Offsets)
		if ring := p.rings[p.mem.rootOf(v)]; ring.Kept > 0 {
			m.Rings[v] = ring
		}
		if host, ok := p.hosts[p.mem.rootOf(v)]; ok {
			m.Hosts[v] = host
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
		return placeAt(buffer, 0, p.mem.offset[v])
	}
	if r.Type.Bytes() == 0 {
		return ir.Place{}
	}
	if host, ok := p.hosts[r]; ok {
		r = host.Of
	}
	return placeAt(nil, offsets[p.block[r]]+p.offset[r], p.mem.offset[v])
}

// placeAt is the place that begins some bytes behind another.
func placeAt(of *ir.Value, base int, offset ir.Extent) ir.Place {
	if offset.Varies() {
		return ir.Place{Of: of, Offset: base, Moves: offset}
	}
	return ir.Place{Of: of, Offset: base + offset.Max}
}
