package passes

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// planned is a lowered graph in memory as it is planned: an interpreter whose values live where the C's would. A value that
// the plan lets another overwrite too early comes out wrong.
type planned struct {
	mem     *ir.Memory
	arena   []byte
	buffers map[*ir.Value][]byte // graph inputs and outputs
}

// garbage fills memory that nothing was written to yet.
const garbage = 0xa5

// runPlanned returns the outputs of g for the inputs, computed in memory as mem says.
func runPlanned(g *ir.Graph, mem *ir.Memory, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	p := &planned{mem: mem, arena: bytes.Repeat([]byte{garbage}, mem.ArenaBytes), buffers: map[*ir.Value][]byte{}}
	for _, v := range g.Outputs {
		p.buffers[v] = bytes.Repeat([]byte{garbage}, v.Type.Bytes())
	}
	for i, v := range g.Inputs {
		p.buffers[v] = inputs[i].Bytes()
	}
	if err := p.steps(g); err != nil {
		return nil, err
	}
	outs := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		var err error
		if g.IsStateOutput(i) {
			if outs[i], err = p.read(v); err != nil {
				return nil, err
			}
			continue
		}
		if outs[i], err = tensor.FromBytes(v.Type.DType, p.buffers[v], v.Type.Shape...); err != nil {
			return nil, err
		}
	}
	return outs, nil
}

func (p *planned) steps(g *ir.Graph) error {
	rows := newRowGraph(g, storageOf(g, alone(g, p.mem.Streams, p.mem.Pushed != nil)))
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		var err error
		switch s := p.mem.StreamOf(i); {
		case s != nil:
			run, _ := rows.run(s.From, s.To)
			err = p.stream(run)
			i = s.To - 1
		case !isView(n):
			err = p.step(n)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", n.Line(), err)
		}
	}
	return nil
}

// stream makes the calls of a run. What the nodes compute is known from evaluating them as a whole; each call writes one row of that, and
// finds the rows that it reads where they belong, or another call has overwritten them too early.
func (p *planned) stream(run *rowRun) error {
	values := map[*ir.Value][]byte{}
	for i := range run.buffers {
		if b := &run.buffers[i]; b.maker < 0 {
			raw, err := p.bytesOf(b.root)
			if err != nil {
				return err
			}
			values[b.root] = bytes.Clone(raw)
		}
	}
	root := map[*ir.Value]*ir.Value{}
	for i := range run.stages {
		s := &run.stages[i]
		in := make([]*tensor.Tensor, len(s.node.Inputs))
		at := 0
		for k, v := range s.node.Inputs {
			if v.IsConst() {
				in[k] = v.Const
				continue
			}
			root[v] = run.buffers[s.in[at]].root
			var err error
			if in[k], err = tensor.FromBytes(v.Type.DType, values[root[v]], v.Type.Shape...); err != nil {
				return err
			}
			at++
		}
		out, err := op.Eval(s.node, in)
		if err != nil {
			return err
		}
		values[run.buffers[s.out].root] = out[0].Bytes()
	}
	done := make([]int, len(run.stages))
	for _, s := range run.calls {
		if err := p.call(run, s, done, values); err != nil {
			return fmt.Errorf("call %d of %s: %w", done[s], run.stages[s].node.Line(), err)
		}
		done[s]++
	}
	return nil
}

// call checks the rows that the next call of a stage reads, and writes the row that it computes; while that is not whole yet, something else.
func (p *planned) call(run *rowRun, next int, done []int, values map[*ir.Value][]byte) error {
	s, call := &run.stages[next], done[next]
	made := func(root *ir.Value) int {
		at := slices.IndexFunc(run.stages, func(s stage) bool { return run.buffers[s.out].root == root })
		return done[at]
	}
	if err := p.spoilScratch(s.node); err != nil {
		return err
	}
	for _, b := range s.in {
		buffer := &run.buffers[b]
		for r := max(s.win.First(call), 0); r < s.win.Need(call); r++ {
			at, want, err := p.row(buffer, r, values, made)
			if err != nil {
				return err
			}
			if !bytes.Equal(at, want) {
				return fmt.Errorf("row %d of %q is overwritten", r, buffer.root.Name)
			}
		}
	}
	at, want, err := p.row(&run.buffers[s.out], call/s.win.Fold, values, made)
	if (call+1)%s.win.Fold != 0 {
		want = bytes.Repeat([]byte{garbage}, len(at))
	}
	copy(at, want)
	return err
}

// row returns the memory of a row of a buffer, and what belongs there. made tells how many rows of a host there are.
func (p *planned) row(b *rowBuffer, r int, values map[*ir.Value][]byte, made func(host *ir.Value) int) (at, want []byte, err error) {
	raw, err := p.bytesOf(b.root)
	if err != nil {
		return nil, nil, err
	}
	size := b.root.Type.Bytes() / b.rows
	from := r
	if ring := p.mem.Rings[b.root]; ring.Kept > 0 {
		from = r % ring.Kept
	}
	want = values[b.root][r*size : (r+1)*size]
	if host, ok := p.mem.Hosts[b.root]; ok {
		at := p.mem.Places[b.root].Offset + made(host.Of)%host.Kept*host.RowBytes
		return p.arena[at : at+size], want, nil
	}
	return raw[from*size : (from+1)*size], want, nil
}

func (p *planned) step(n *ir.Node) error {
	if err := p.spoilScratch(n); err != nil {
		return err
	}
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		var err error
		if in[i], err = p.read(v); err != nil {
			return err
		}
	}
	out, err := op.Eval(n, in)
	if err != nil {
		return err
	}
	for i, v := range n.Outputs {
		if v == nil {
			continue
		}
		to, err := p.bytesOf(v)
		if err != nil {
			return err
		}
		copy(to, out[i].Bytes())
	}
	return nil
}

func (p *planned) spoilScratch(n *ir.Node) error {
	size := scratchBytes(n)
	if size == 0 {
		return nil
	}
	at, ok := p.mem.Scratch[n]
	if !ok || at < 0 || at%8 != 0 || at+size > len(p.arena) {
		return fmt.Errorf("scratch of %d bytes is at %d of %d", size, at, len(p.arena))
	}
	copy(p.arena[at:at+size], bytes.Repeat([]byte{garbage}, size))
	return nil
}

func (p *planned) read(v *ir.Value) (*tensor.Tensor, error) {
	if v.IsConst() {
		return v.Const, nil
	}
	raw, err := p.bytesOf(v)
	if err != nil {
		return nil, err
	}
	return tensor.FromBytes(v.Type.DType, raw, v.Type.Shape...)
}

// bytesOf returns the memory that v is in.
func (p *planned) bytesOf(v *ir.Value) ([]byte, error) {
	place, ok := p.mem.Places[v]
	if !ok {
		return nil, fmt.Errorf("value %q has no place", v.Name)
	}
	in := p.arena
	if place.Of != nil {
		in = p.buffers[place.Of]
	}
	size := p.mem.Bytes(v)
	if place.Offset < 0 || place.Offset+size > len(in) || place.Offset%max(v.Type.DType.Size(), 1) != 0 {
		return nil, fmt.Errorf("value %q, %d bytes, is at %d of %d", v.Name, size, place.Offset, len(in))
	}
	return in[place.Offset : place.Offset+size], nil
}
