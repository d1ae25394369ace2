package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/plan"
)

// rowRun is a run of nodes row by row, one call of a kernel after the other. A call computes one row; the next one is always that of
// the last node which has rows to compute and the rows that it reads. The C runs by the same rule.
type rowRun struct {
	from, to int  // nodes of the graph
	open     bool // the last nodes are parts of one beyond: the run is none yet
	slides   bool
	first    int // of a sliding run, calls of the first stage until the last one has been called as often as for the input's rows

	stages  []stage
	buffers []rowBuffer
	calls   []int // stages, in the order in which they are called
	peak    int   // bytes of buffers that are not kept whole, and of scratch: the most that are in use at once
}

// stage is a node of a run.
type stage struct {
	at   int // index of the node
	node *ir.Node
	win  ir.Window
	in   []int // buffers
	out  int   // buffer
	done int   // calls

	join    *rowJoin // of two values, or nil
	part    string   // the kernel that takes the input in parts, where the node's own does not
	scratch int      // bytes
	keep    bool     // the scratch has to stay as it is from one call to the next
}

// rowBuffer is a value that is written or read row by row.
type rowBuffer struct {
	root    *ir.Value
	rows    int
	maker   int  // node; -1 where it is made before
	whole   bool // all rows are kept: it is made or read outside of the run
	readers []int
	made    int // rows

	ring  int         // rows that are kept
	stays bool        // in a sliding run, rows are kept from a row of the input to the next
	lives []plan.Span // calls during which rows of it are kept
	use   []plan.Span // per row, from the first call that writes it to the last that reads it; nil where it is made before
	host  *rowBuffer  // where the next row of that goes, this one's row is; or nil
}

// bytes is the memory that the buffer takes in a run.
func (b *rowBuffer) bytes() int { return b.ring * b.rowBytes() }

func (b *rowBuffer) rowBytes() int { return b.root.Type.Bytes() / b.rows }

// rowGraph knows which nodes of a graph can run row by row.
type rowGraph struct {
	g    *ir.Graph
	mem  *storage
	rows map[*ir.Value]int // per root, the rows that a kernel on images makes or reads of it, or an elementwise one then does
	last map[*ir.Value]int // per root, the last node that reads it

	joins map[*ir.Node]*rowJoin // by the nodes that they are made of
}

func newRowGraph(g *ir.Graph, mem *storage) *rowGraph {
	r := &rowGraph{g: g, mem: mem, rows: map[*ir.Value]int{}, last: map[*ir.Value]int{}, joins: findJoins(g)}
	for i, n := range g.Nodes {
		if win, ok := ir.WindowOf(n); ok {
			r.note(n.Inputs[0], win.In)
			r.note(n.Outputs[0], win.Out)
		}
		for _, v := range n.Inputs {
			if !isView(n) {
				r.last[mem.rootOf(v)] = i
			}
		}
	}
	for _, v := range g.Outputs {
		r.last[mem.rootOf(v)] = len(g.Nodes)
	}
	for changed := true; changed; {
		changed = false
		for _, n := range g.Nodes {
			changed = r.spread(n) || changed
		}
	}
	return r
}

// note records that v's memory has so many rows, unless that is known.
func (r *rowGraph) note(v *ir.Value, rows int) {
	if root := r.mem.rootOf(v); r.rows[root] == 0 {
		r.rows[root] = rows
	}
}

// spread gives what an elementwise node, or one that puts parts of rows together, reads and writes the rows that some of it has, and reports
// whether that was news.
func (r *rowGraph) spread(n *ir.Node) bool {
	values := r.flat(n)
	rows := 0
	for _, v := range values {
		rows = max(rows, r.rows[r.mem.rootOf(v)])
	}
	news := false
	for _, v := range values {
		news = news || rows > 0 && r.rows[r.mem.rootOf(v)] == 0
		r.note(v, rows)
	}
	return news
}

// flat returns what an elementwise node writes and reads at run time, all of one length, or one that puts parts of rows together; nil for other
// nodes.
func (r *rowGraph) flat(n *ir.Node) []*ir.Value {
	if n.Op == "join2" {
		return []*ir.Value{n.Outputs[0], n.Inputs[0], n.Inputs[1]}
	}
	if values := placed(n); values != nil {
		return values
	}
	d := op.Lookup(n.Op)
	if d == nil || !d.Elementwise {
		return nil
	}
	values := []*ir.Value{n.Outputs[0]}
	for _, v := range n.Inputs {
		if v.IsConst() {
			continue
		}
		if v.Type.Len() != n.Outputs[0].Type.Len() {
			return nil
		}
		values = append(values, v)
	}
	return values
}

// window returns how node n runs row by row; ok is false where it cannot.
func (r *rowGraph) window(n *ir.Node) (win ir.Window, ok bool) {
	if win, ok = ir.WindowOf(n); ok && r.flat(n) == nil {
		return win, n.Attrs.Int("N") <= 1 && r.covers(n.Inputs[0])
	}
	values := r.flat(n)
	if !ok {
		win = ir.Rowwise(r.rows[n.Outputs[0]])
	}
	if !ok && n.Op == "place" && win.Out > 0 && n.Attrs.Int("OUTER")%win.Out != 0 {
		return win, false
	}
	for _, v := range values {
		if win.Out < 1 || v.Type.Len()%win.Out != 0 || !r.covers(v) {
			return win, false
		}
	}
	return win, len(values) > 1
}

// inParts makes a stage of a node whose kernel has one beside it that takes the input in parts, here the rows of an image that another node
// reads or writes by rows. It reports whether that is so.
func (r *rowGraph) inParts(s *stage) bool {
	n := s.node
	d := op.Lookup(n.Op)
	if d == nil || d.Part == "" || n.Attrs.Int("M") > 1 || !r.covers(n.Inputs[0]) {
		return false
	}
	rows, inputs := r.rows[r.mem.rootOf(n.Inputs[0])], n.Attrs.Int("K")
	const four = 4 // inputs that some kernels take at a time
	if rows < 2 || inputs%(rows*four) != 0 {
		return false
	}
	s.part = d.Part
	s.win = ir.Window{In: rows, Out: 1, Kernel: 1, Stride: 1, Dilation: 1, Fold: rows}
	if n.Outputs[0].Type.DType != tensor.Float32 { // floats are summed up in the output
		s.scratch, s.keep = 4*((n.Attrs.Int("NO")+3)/4*4), true
	}
	return true
}

// takeParts gives a stage's node the kernel for parts.
func (s *stage) takeParts() {
	a := s.node.Attrs
	s.node.Op = s.part
	a["K"], a["ROWS"] = int64(a.Int("K")/s.win.In), int64(s.win.In)
	delete(a, "M")
	if s.keep {
		a["scratch"], a["keep"] = int64(s.scratch), int64(1)
	}
	s.win.SetWindow(a)
}

func (r *rowGraph) covers(v *ir.Value) bool { return r.mem.covers(v, r.mem.rootOf(v)) }

// run returns the run of nodes from to to of the graph; ok is false where they cannot run row by row together.
func (r *rowGraph) run(from, to int) (run *rowRun, ok bool) {
	run = &rowRun{from: from, to: to}
	index := map[*ir.Value]int{}
	for i := from; i < to; i++ {
		n := r.g.Nodes[i]
		if isView(n) {
			continue
		}
		s := stage{at: i, node: n, scratch: scratchBytes(n), keep: n.Attrs.Bool("keep")}
		if j := r.joins[n]; j != nil && j.from >= from {
			run.open = run.open || j.at >= to
			if i != j.at {
				continue
			}
			if s.join = j; !r.covers(j.first.Inputs[1]) {
				return nil, false
			}
		}
		var ok bool
		if s.win, ok = r.window(n); !ok && !r.inParts(&s) {
			return nil, false
		}
		for _, v := range s.inputs() {
			if !v.IsConst() {
				s.in = append(s.in, r.buffer(run, index, v, s.win.In, -1))
			}
		}
		s.out = r.buffer(run, index, n.Outputs[0], s.win.Out, i)
		for _, b := range s.in {
			if run.buffers[b].rows != s.win.In {
				return nil, false
			}
			if list := &run.buffers[b].readers; !slices.Contains(*list, len(run.stages)) {
				*list = append(*list, len(run.stages))
			}
		}
		run.stages = append(run.stages, s)
	}
	if !run.open {
		run.simulate()
	}
	return run, true
}

// slidingRun returns the run of nodes from to to of the graph as it goes on when rows of the input keep coming: rings and lives are those of
// some rows more than the input has.
func (r *rowGraph) slidingRun(from, to int) *rowRun {
	run, ok := r.run(from, to)
	if !ok {
		ir.Bugf("nodes %d to %d cannot run row by row", from, to)
	}
	run.first = run.callsBefore(len(run.stages) - 1)
	rows := make([]int, len(run.buffers))
	rows[run.stages[0].in[0]] = run.stages[0].win.In + afterwards*run.hop()
	run.slides, run.calls = true, nil
	for i := range run.buffers {
		b := &run.buffers[i]
		b.made, b.ring, b.lives, b.use, b.host = rows[i], 0, nil, nil, nil
	}
	for i := range run.stages {
		s := &run.stages[i]
		win := s.win.Slide()
		win.In = rows[s.in[0]]
		win.Out = (win.In-win.Reach())/win.Stride + 1
		if win.Fold > 1 {
			win.Out = win.In / win.Fold
		}
		s.win, s.done, rows[s.out] = win, 0, win.Out
	}
	run.simulate()
	run.persist()
	return run
}

// callsBefore returns how often the first stage is called before the last call of stage s.
func (r *rowRun) callsBefore(s int) int {
	count, before := 0, 0
	for _, c := range r.calls {
		if c == 0 {
			count++
		}
		if c == s {
			before = count
		}
	}
	return before
}

// afterwards is how many more outputs a sliding run is simulated for.
const afterwards = 4

// hop is how many rows of the input a sliding run takes for a row of its last stage.
func (r *rowRun) hop() int {
	perRow := make([]int, len(r.buffers))
	perRow[r.stages[0].in[0]] = 1
	for i := range r.stages {
		s := &r.stages[i]
		perRow[s.out] = perRow[s.in[0]] * s.win.Slide().Stride * s.win.Fold
	}
	return perRow[r.stages[len(r.stages)-1].out]
}

// persist lets what is kept when the run waits for a row of the input live all the time.
func (r *rowRun) persist() {
	last := len(r.calls) - 1
	for i := range r.buffers {
		b := &r.buffers[i]
		if b.maker >= 0 && b.host == nil && (b.ring > 1 || slices.ContainsFunc(b.lives, r.waits)) {
			b.stays, b.lives = true, []plan.Span{{First: 0, Last: last}}
		}
	}
}

// waits reports whether the first stage, which takes the input, is called during a life.
func (r *rowRun) waits(life plan.Span) bool {
	return slices.Contains(r.calls[life.First+1:life.Last+1], 0)
}

// runOf returns the run of a stream.
func (r *rowGraph) runOf(s ir.Stream) *rowRun {
	if s.Slides {
		return r.slidingRun(s.From, s.To)
	}
	run, ok := r.run(s.From, s.To)
	if !ok {
		ir.Bugf("nodes %d to %d cannot run row by row", s.From, s.To)
	}
	return run
}

// buffer returns the index of v's buffer in a run, which is made where it is not there yet. maker is the node that computes v, or -1.
func (r *rowGraph) buffer(run *rowRun, index map[*ir.Value]int, v *ir.Value, rows, maker int) int {
	root := r.mem.rootOf(v)
	if b, known := index[root]; known {
		return b
	}
	b := rowBuffer{root: root, rows: rows, maker: maker, whole: maker < 0 || r.last[root] >= run.to || r.mem.buffer[root] != nil}
	if maker < 0 {
		b.made = rows
	}
	index[root] = len(run.buffers)
	run.buffers = append(run.buffers, b)
	return index[root]
}

// simulate makes all calls.
func (r *rowRun) simulate() {
	for s := len(r.stages) - 1; s >= 0; {
		if !r.ready(s) {
			s--
			continue
		}
		r.call(s)
		for _, reader := range r.buffers[r.stages[s].out].readers {
			s = max(s, reader)
		}
	}
	r.finish()
}

// ready reports whether stage s can compute its next row.
func (r *rowRun) ready(s int) bool {
	st := &r.stages[s]
	if st.done == st.win.Calls() {
		return false
	}
	for _, b := range st.in {
		if r.buffers[b].made < st.win.Need(st.done) {
			return false
		}
	}
	return true
}

// call notes one call of stage s.
func (r *rowRun) call(s int) {
	st, now := &r.stages[s], len(r.calls)
	for _, b := range st.in {
		in := &r.buffers[b]
		if len(in.lives) > 0 {
			in.lives[len(in.lives)-1].Last = now
		}
		for row := max(st.win.First(st.done), 0); row < st.win.Need(st.done) && in.use != nil; row++ {
			in.use[row].Last = now
		}
	}
	out := &r.buffers[st.out]
	row := st.done / st.win.Fold
	out.ring = max(out.ring, row+1-r.oldest(st.out, row))
	if st.done%st.win.Fold == 0 {
		out.lives = append(out.lives, plan.Span{First: now, Last: now})
		out.use = append(out.use, plan.Span{First: now})
	}
	out.use[row].Last = now
	out.lives[len(out.lives)-1].Last = now
	st.done++
	out.made = st.done / st.win.Fold
	r.calls = append(r.calls, s)
}

// oldest returns the first row of buffer b that is still to be read, or being written.
func (r *rowRun) oldest(b, written int) int {
	oldest := written
	for _, s := range r.buffers[b].readers {
		if st := &r.stages[s]; st.done < st.win.Calls() {
			oldest = min(oldest, max(st.win.First(st.done), 0))
		}
	}
	return oldest
}

// finish settles rings and lives, and adds up the memory.
func (r *rowRun) finish() {
	for i := range r.buffers {
		b := &r.buffers[i]
		if b.whole {
			b.ring = b.rows
			continue
		}
		lives := b.lives
		if b.ring > 1 { // rows overlap
			lives = []plan.Span{{First: lives[0].First, Last: lives[len(lives)-1].Last}}
		}
		joined := plan.Buffer{}
		for _, l := range lives {
			joined.AddLife(l)
		}
		b.lives = joined.Lives
	}
	if !r.slides { // whose lives are those of a part of it
		r.lodge()
	}
	r.peak = r.most()
}

// most returns the bytes that are in use at once, at most.
func (r *rowRun) most() int {
	change := make([]int, len(r.calls)+1)
	add := func(lives []plan.Span, bytes int) {
		for _, l := range lives {
			change[l.First] += bytes
			change[l.Last+1] -= bytes
		}
	}
	for i := range r.buffers {
		if b := &r.buffers[i]; !b.whole && b.host == nil {
			add(b.lives, b.bytes())
		}
	}
	for s := range r.stages {
		add(r.livesOf(s), r.stages[s].scratch)
	}
	most, alive := 0, 0
	for _, c := range change {
		alive += c
		most = max(most, alive)
	}
	return most
}

// livesOf returns when stage s needs its scratch: during its calls, or from the first to the last where it keeps something there.
func (r *rowRun) livesOf(s int) []plan.Span {
	var b plan.Buffer
	for now, t := range r.calls {
		if t == s {
			b.AddLife(plan.Span{First: now, Last: now})
		}
	}
	if r.stages[s].keep {
		return []plan.Span{{First: b.First(), Last: b.Last()}}
	}
	return b.Lives
}
