// Package interp is the reference interpreter: it walks a graph and calls each operator's Eval. What it returns is what
// the model means; the C that deepgo prints is checked against it and shares no code with it.
package interp

import (
	"fmt"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Options change how a graph is run.
type Options struct {
	// Observe, where set, is called with every node and its outputs after it ran.
	Observe func(n *ir.Node, out []*tensor.Tensor)
	// Fast evaluates by the quick ways of ir/op, which give the same bits.
	Fast bool
}

// Run returns the outputs of g for the inputs, both in graph order.
func Run(g *ir.Graph, inputs []*tensor.Tensor, opt Options) ([]*tensor.Tensor, error) {
	env, err := bind(g, inputs)
	if err != nil {
		return nil, err
	}
	last := lastUses(g)
	for i, n := range g.Nodes {
		out, err := step(n, env, opt.Fast)
		if err != nil {
			return nil, fmt.Errorf("node %q (%s): %w", nodeName(n), n.Op, err)
		}
		if opt.Observe != nil {
			opt.Observe(n, out)
		}
		for _, v := range last[i] {
			delete(env, v)
		}
	}
	outs := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		outs[i] = valueOf(v, env)
	}
	return outs, nil
}

func bind(g *ir.Graph, inputs []*tensor.Tensor) (map[*ir.Value]*tensor.Tensor, error) {
	if len(inputs) != len(g.Inputs) {
		return nil, fmt.Errorf("%d inputs given, the model takes %d", len(inputs), len(g.Inputs))
	}
	env := map[*ir.Value]*tensor.Tensor{}
	for i, v := range g.Inputs {
		t := inputs[i]
		if got := (ir.Type{DType: t.DType, Shape: t.Shape}); !got.Equal(v.Type) {
			return nil, fmt.Errorf("input %q is %s%v, the model takes %s%v", v.Name, t.DType, t.Shape, v.Type.DType, v.Type.Shape)
		}
		env[v] = t
	}
	return env, nil
}

func step(n *ir.Node, env map[*ir.Value]*tensor.Tensor, fast bool) ([]*tensor.Tensor, error) {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		if in[i] = valueOf(v, env); in[i] == nil {
			return nil, fmt.Errorf("input %q has no value", v.Name)
		}
	}
	eval := op.Eval
	if fast {
		eval = op.EvalFast
	}
	out, err := eval(n, in)
	if err != nil {
		return nil, err
	}
	for i, v := range n.Outputs {
		if v == nil {
			continue
		}
		if i >= len(out) || out[i] == nil {
			return nil, fmt.Errorf("output %d was not computed", i)
		}
		if got := (ir.Type{DType: out[i].DType, Shape: out[i].Shape}); !got.Equal(v.Type) {
			return nil, fmt.Errorf("output %q is %s%v, its type says %s%v", v.Name, got.DType, got.Shape, v.Type.DType, v.Type.Shape)
		}
		env[v] = out[i]
	}
	return out, nil
}

func valueOf(v *ir.Value, env map[*ir.Value]*tensor.Tensor) *tensor.Tensor {
	if v.IsConst() {
		return v.Const
	}
	return env[v]
}

// lastUses returns, per node, the values that nothing reads after it, so that their memory can go.
func lastUses(g *ir.Graph) [][]*ir.Value {
	at := map[*ir.Value]int{}
	for i, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil && !v.IsConst() {
				at[v] = i
			}
		}
	}
	for _, v := range g.Outputs {
		delete(at, v)
	}
	last := make([][]*ir.Value, len(g.Nodes))
	for v, i := range at {
		last[i] = append(last[i], v)
	}
	return last
}

func nodeName(n *ir.Node) string {
	if len(n.From) > 0 {
		return n.From[0]
	}
	return n.Op
}
