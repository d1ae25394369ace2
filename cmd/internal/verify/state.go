package verify

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// kept is the state of a model between calls.
type kept struct {
	states []ir.State
	values []*tensor.Tensor // nil: zeros
}

func newKept(states []ir.State) *kept {
	return &kept{states, make([]*tensor.Tensor, len(states))}
}

// enter puts the state in its places among the inputs of g.
func (k *kept) enter(g *ir.Graph, in []*tensor.Tensor) {
	for i, s := range k.states {
		if k.values[i] == nil {
			t := g.Inputs[s.Input].Type
			k.values[i] = tensor.New(t.DType, t.Shape...)
		}
		in[s.Input] = k.values[i]
	}
}

// leave takes the state from among the outputs.
func (k *kept) leave(out []*tensor.Tensor) {
	for i, s := range k.states {
		k.values[i] = out[s.Output]
	}
}
