package quantize

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// WeightsOnly stores the weights of dense layers with the bits of opt, and those of recurrent layers in 8, and leaves everything else
// in float. It needs no samples. Convolutions stay as they are.
func WeightsOnly(g *ir.Graph, opt Options) (*Result, error) {
	if err := passes.Prepare(g); err != nil {
		return nil, err
	}
	q := &quantizer{g: g, opt: opt}
	if err := q.check(); err != nil {
		return nil, err
	}
	for _, n := range g.Nodes {
		if isProduct(n) && n.Op != "Conv" {
			if err := q.precision(n).check(n); err != nil {
				return nil, err
			}
		}
	}
	r := &Result{Graph: g}
	r.Layers = q.narrowWeights(r.Graph, func(n *ir.Node) bool {
		return isRecurrent(n) || isProduct(n) && n.Op != "Conv" && q.precision(n).Weights <= 8
	})
	if len(r.Layers) == 0 {
		return nil, &ir.Error{Msg: "there is nothing to quantize: no Gemm, MatMul, LSTM or GRU with constant weights"}
	}
	return r, nil
}

// isRecurrent reports whether n is a recurrent layer with constant weights, whose activations stay in float.
func isRecurrent(n *ir.Node) bool {
	return (n.Op == "LSTM" || n.Op == "GRU") && floatConst(n.Inputs[1]) && floatConst(n.Inputs[2])
}

func floatConst(v *ir.Value) bool { return v.IsConst() && v.Type.DType == tensor.Float32 }

// narrowWeights makes the layers that want chooses read dequantized weights: recurrent ones 8-bit weights.
func (q *quantizer) narrowWeights(g *ir.Graph, want func(*ir.Node) bool) []Layer {
	var layers []Layer
	var nodes []*ir.Node
	for _, n := range g.Nodes {
		if want(n) {
			p := Precision{Weights: 8}
			if !isRecurrent(n) {
				p = q.precision(n)
			}
			l := Layer{Name: nameOf(n), Op: n.Op, Bits: p.Weights, Activations: 32}
			for _, i := range weightInputs(n) {
				v := n.Inputs[i]
				w := roundNearest(v.Const, sharing{v.Type.Shape, weightAxis(n), p.group()}, p.Weights)
				d := w.node(g, v.Name)
				l.Weights, l.Bytes = l.Weights+v.Type.Len(), l.Bytes+w.bytes()+3*len(w.factors) // the scales of groups stay floats
				l.Hist = histogram(v.Const)
				n.Inputs[i] = d.Outputs[0]
				nodes = append(nodes, d)
			}
			layers = append(layers, l)
		}
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
	return layers
}

func weightInputs(n *ir.Node) []int {
	if isRecurrent(n) {
		return []int{1, 2}
	}
	return []int{1}
}

func weightAxis(n *ir.Node) int {
	if isRecurrent(n) {
		return 1
	}
	return channelAxis(n)
}
