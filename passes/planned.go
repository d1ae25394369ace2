package passes

import (
	"bytes"
	"fmt"

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
	for _, n := range g.Nodes {
		if isView(n) {
			continue
		}
		if err := p.step(n); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Line(), err)
		}
	}
	outs := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		var err error
		if outs[i], err = tensor.FromBytes(v.Type.DType, p.buffers[v], v.Type.Shape...); err != nil {
			return nil, err
		}
	}
	return outs, nil
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
	size := v.Type.Bytes()
	if place.Offset < 0 || place.Offset+size > len(in) || place.Offset%max(v.Type.DType.Size(), 1) != 0 {
		return nil, fmt.Errorf("value %q, %d bytes, is at %d of %d", v.Name, size, place.Offset, len(in))
	}
	return in[place.Offset : place.Offset+size], nil
}
