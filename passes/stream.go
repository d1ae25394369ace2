// stream chooses which nodes run row by row, interleaved, so that only the rows of values are in memory which are still to be
// read. Elementwise nodes among them then work on one row at a time.
//
//	%a: f32[1,48,48,8] = conv2d_f32(%x, %w, %b) {…}               %a: f32[1,48,48,8] = conv2d_f32(%x, %w, %b) {…}
//	%b: f32[1,48,48,8] = map1_f32(%a) {N=18432, expr=…}      =>   %b: f32[1,48,48,8] = map1_f32(%a) {N=384, expr=…, window=…}
//	%y: f32[1,24,24,8] = maxpool2d_f32(%b) {…}                    %y: f32[1,24,24,8] = maxpool2d_f32(%b) {…}
//
// The order of the nodes is given. It is cut into runs, each of them row by row or, of one node, as a whole: of all ways to cut, by
// dynamic programming, one with the least peak of memory, or within Config.RAM, and among those one that costs the least time.

package passes

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// longestRun bounds how many nodes run together.
const longestRun = 64

func stream(g *ir.Graph, c *Config) (int, error) {
	c.streams = nil
	if !c.streaming() {
		return 0, nil
	}
	s := newCutter(g)
	from := 0
	var dead []*ir.Node
	switch c.Push {
	case PushRows:
		s.push()
	case PushFrames:
		from = s.chain()
		run, _ := s.rows.run(0, s.nodes[from-1]+1)
		dead = run.settle()
		c.streams = append(c.streams, ir.Stream{From: run.from, To: run.to, Slides: true})
	}
	for _, r := range s.cut(from, c.budget()) {
		c.streams = append(c.streams, ir.Stream{From: r.from, To: r.to})
		dead = append(dead, r.run.settle()...)
	}
	dropJoined(g, c.streams, dead)
	return len(c.streams), nil
}

// settle makes the nodes of a run work on rows, and returns those that are not needed any more.
func (r *rowRun) settle() (dead []*ir.Node) {
	for i := range r.stages {
		st := &r.stages[i]
		_, windowed := ir.WindowOf(st.node)
		switch a := st.node.Attrs; {
		case st.part != "":
			st.takeParts()
		case windowed:
		case st.join != nil:
			st.settleJoin()
			dead = append(dead, st.join.fill, st.join.first)
		case st.node.Op == "place":
			a["LEN"], a["OUTER"] = int64(a.Int("LEN")/st.win.Out), int64(a.Int("OUTER")/st.win.Out)
			st.win.SetWindow(a)
		default:
			st.win.SetWindow(a)
			a["N"] = int64(st.node.Outputs[0].Type.Len() / st.win.Out)
		}
	}
	return dead
}

// budget returns the bytes that the arena may take where that saves time: what is not in the fastest memory does not save any.
func (c *Config) budget() int {
	if len(c.Memories) > 0 {
		return c.Memories[0].Bytes
	}
	return c.RAM
}

// streaming reports whether memory is worth more than time: on machines without an operating system, unless told otherwise.
func (c *Config) streaming() bool {
	if c.family {
		return false
	}
	if c.Push != "" {
		return true
	}
	if c.Optimize == "" {
		return c.Target == nil || c.Target.OS == ""
	}
	return c.Optimize != "speed"
}

// cutter searches for the cuts.
type cutter struct {
	rows  *rowGraph
	nodes []int     // those that are not views, as indices in the graph
	def   []int     // per arena block, the position in nodes that makes it
	last  []int     // per arena block, the position of its last reader
	size  []int     // per arena block, bytes
	at    [][]piece // per position, the runs that begin there; the first is the node as a whole
}

// piece is a run of nodes, and what it costs.
type piece struct {
	from, to int // nodes of the graph
	next     int // position after it
	peak     int // bytes of arena, what lives across included
	time     int // cycles, about, that running row by row takes more
	run      *rowRun
}

func newCutter(g *ir.Graph) *cutter {
	c := &cutter{rows: newRowGraph(g, storageOf(g, func(int) bool { return true }))}
	for i, n := range g.Nodes {
		if !isView(n) {
			c.nodes = append(c.nodes, i)
		}
	}
	c.blocks()
	for p := range c.nodes {
		c.at = append(c.at, c.pieces(p))
	}
	return c
}

// blocks collects what takes memory in the arena.
func (c *cutter) blocks() {
	position := map[int]int{len(c.rows.g.Nodes): len(c.nodes)}
	for p, i := range c.nodes {
		position[i] = p
	}
	for p, i := range c.nodes {
		for _, v := range c.rows.g.Nodes[i].Outputs {
			if v != nil && c.rows.mem.arenaBytes(v) > 0 {
				last, read := c.rows.last[v]
				c.def, c.size = append(c.def, p), append(c.size, c.rows.mem.arenaBytes(v))
				c.last = append(c.last, p)
				if read {
					c.last[len(c.last)-1] = position[last]
				}
			}
		}
	}
}

// pieces returns the runs that begin at position p.
func (c *cutter) pieces(p int) []piece {
	g := c.rows.g
	n := g.Nodes[c.nodes[p]]
	across := c.across(p, p+1) + scratchBytes(n)
	if c.takesOver(p) {
		across -= n.Outputs[0].Type.Bytes()
	}
	list := []piece{{from: c.nodes[p], to: c.nodes[p] + 1, next: p + 1, peak: across}}
	for q := p + 2; q <= min(len(c.nodes), p+longestRun); q++ {
		from, to := c.nodes[p], c.nodes[q-1]+1
		run, ok := c.rows.run(from, to)
		if !ok {
			break
		}
		if run.open {
			continue
		}
		list = append(list, piece{from: from, to: to, next: q, peak: c.across(p, q) + run.peak, time: run.time(), run: run})
	}
	return list
}

// across returns the bytes of values that are whole while positions from to to run.
func (c *cutter) across(from, to int) int {
	sum := 0
	for b, size := range c.size {
		inside := c.def[b] >= from && c.def[b] < to
		if c.def[b] < from && c.last[b] >= from || inside && (c.last[b] >= to || to == from+1) {
			sum += size
		}
	}
	return sum
}

// takesOver reports whether the node at position p may put its result where an operand is that nothing reads later.
func (c *cutter) takesOver(p int) bool {
	n := c.rows.g.Nodes[c.nodes[p]]
	for _, k := range c.rows.mem.takeovers(n, false) {
		if c.rows.last[c.rows.mem.rootOf(n.Inputs[k])] == c.nodes[p] {
			return true
		}
	}
	return false
}

// push lets the first run begin with the node that copies rows of the input, and write nothing that the caller gets: the outputs are not
// there yet.
func (c *cutter) push() {
	run, _ := c.rows.run(c.nodes[0], c.nodes[0]+1)
	alone := piece{from: c.nodes[0], to: c.nodes[0] + 1, next: 1, peak: c.across(0, 1) + run.peak, time: run.time(), run: run}
	c.at[0] = slices.DeleteFunc(c.at[0], func(p piece) bool { return p.run == nil || p.run.writesOutput(c.rows) })
	c.at[0] = append(c.at[0], alone)
}

func (r *rowRun) writesOutput(rows *rowGraph) bool {
	return slices.ContainsFunc(r.buffers, func(b rowBuffer) bool { return b.maker >= 0 && rows.mem.buffer[b.root] != nil })
}

// chain returns how many of the first nodes can go on as rows of the input keep coming: the most behind which there is one value that
// the others read.
func (c *cutter) chain() int {
	best := 1
	for p := 1; p <= len(c.nodes); p++ {
		if !c.goesOn(c.rows.g.Nodes[c.nodes[p-1]]) {
			break
		}
		run, ok := c.rows.run(c.nodes[0], c.nodes[p-1]+1)
		if !ok {
			break
		}
		if !run.open && run.endsInOne(c.rows) {
			best = p
		}
	}
	return best
}

// goesOn reports whether node n computes rows in the same way wherever in time they are.
func (c *cutter) goesOn(n *ir.Node) bool {
	win, ok := c.rows.window(n)
	return ok && win.Inside() && (win.Fold == 1 || win.Out > 1)
}

// endsInOne reports whether of all that a run computes, only the last value is read behind it, and only there.
func (r *rowRun) endsInOne(rows *rowGraph) bool {
	last := r.stages[len(r.stages)-1].out
	for i := range r.buffers {
		b := &r.buffers[i]
		behind := rows.last[b.root] >= r.to || rows.mem.buffer[b.root] != nil
		if b.maker >= 0 && behind != (i == last) || i == last && len(b.readers) > 0 {
			return false
		}
	}
	return rows.mem.buffer[r.buffers[last].root] == nil
}

// cut returns the runs of more than one node of the best way to cut the nodes from a position on, and the first in which the input is.
func (c *cutter) cut(from, ram int) []piece {
	least := c.least()
	budget := max(least[from], ram)
	const far = math.MaxInt / 2
	time, choice := make([]int, len(c.nodes)+1), make([]piece, len(c.nodes))
	for p := len(c.nodes) - 1; p >= 0; p-- {
		time[p] = far
		for _, r := range c.at[p] {
			if r.peak <= budget && r.time+time[r.next] < time[p] {
				time[p], choice[p] = r.time+time[r.next], r
			}
		}
	}
	var list []piece
	for p := from; p < len(c.nodes); p = choice[p].next {
		if choice[p].run != nil {
			list = append(list, choice[p])
		}
	}
	return list
}

// least returns, per position, the least peak of everything from there on.
func (c *cutter) least() []int {
	least := make([]int, len(c.nodes)+1)
	for p := len(c.nodes) - 1; p >= 0; p-- {
		least[p] = math.MaxInt
		for _, r := range c.at[p] {
			least[p] = min(least[p], max(r.peak, least[r.next]))
		}
	}
	return least
}

// time is about how many cycles running row by row takes more than running whole: the calls, and pixels that are left over at the
// end of each row where kernels take several at once.
func (r *rowRun) time() int {
	const perCall = 120
	sum := perCall * len(r.calls)
	for _, s := range r.stages {
		a := s.node.Attrs
		if pointwise(a) && a.Has("G") && a.Int("OW")%2 != 0 {
			sum += s.win.Out * a.Int("IC") / a.Int("G") * a.Int("OC")
		}
	}
	return sum
}

// pointwise reports whether a convolution looks at one pixel at a time, and writes it in one place.
func pointwise(a ir.Attrs) bool {
	return a.Has("OC") && a.Int("YW") == 0 && a.Int("KH") == 1 && a.Int("KW") == 1 && a.Int("SH") == 1 && a.Int("SW") == 1
}
