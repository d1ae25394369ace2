package report

import (
	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// noise returns, for every QuantizeLinear of an activation, by the name of its node, the ratio in dB of the value to what the
// quantization so far has added to it. The comparison is with the same network without rounding of activations.
func noise(m *deepgo.Model, inputs [][]*tensor.Tensor) (map[string]noisePoint, error) {
	exact, points := unrounded(m.Graph)
	if len(points) == 0 || len(inputs) == 0 {
		return nil, nil
	}
	near := map[string]*quantize.Nearness{}
	for _, in := range inputs {
		want, err := valuesAt(exact, in, points)
		if err != nil {
			return nil, err
		}
		got, err := valuesAt(m.Graph, in, points)
		if err != nil {
			return nil, err
		}
		for name, t := range want {
			if near[name] == nil {
				near[name] = &quantize.Nearness{}
			}
			near[name].Add(t, got[name])
		}
	}
	all := map[string]noisePoint{}
	for _, n := range m.Graph.Nodes {
		if n.Op == "QuantizeLinear" && len(n.From) > 0 && n.Inputs[1].IsConst() && near[n.From[0]].Heard() {
			all[n.From[0]] = noisePoint{near[n.From[0]].SNR(), float32(n.Inputs[1].Const.F64(0))}
		}
	}
	return all, nil
}

// noisePoint is the noise at a QuantizeLinear, and its scale, which tells whether a layer's output is what it gives.
type noisePoint struct {
	db    float64
	scale float32
}

// unrounded returns a graph that keeps what was quantized to the range of its integers, as a fused Relu counts on, but does not
// round it; and the names of the QuantizeLinear nodes by the names of the values that DequantizeLinear gives.
func unrounded(g *ir.Graph) (*ir.Graph, map[string]string) {
	points := map[string]string{}
	exact := g.Clone()
	for _, n := range exact.Nodes {
		if n.Op != "DequantizeLinear" {
			continue
		}
		v := n.Inputs[0]
		if v.Def == nil || v.Def.Op != "QuantizeLinear" {
			continue
		}
		q := v.Def
		if len(q.From) == 0 || !q.Inputs[0].Type.Equal(n.Outputs[0].Type) || !q.Inputs[1].IsConst() || q.Inputs[1].Const.Len() != 1 || !q.Input(2).IsConst() {
			continue
		}
		points[n.Outputs[0].Name] = q.From[0]
		least, most := v.Type.DType.Range()
		bound := func(k int64) *ir.Value {
			t := tensor.New(tensor.Float32)
			t.SetF64(0, (float64(k)-q.Inputs[2].Const.F64(0))*q.Inputs[1].Const.F64(0))
			return exact.NewConst("bound", t)
		}
		n.Op, n.Attrs, n.Inputs = "Clip", ir.Attrs{}, []*ir.Value{q.Inputs[0], bound(least), bound(most)}
	}
	return exact, points
}

// valuesAt runs g, and returns the values that points names, by what it names them.
func valuesAt(g *ir.Graph, in []*tensor.Tensor, points map[string]string) (map[string]*tensor.Tensor, error) {
	values := map[string]*tensor.Tensor{}
	_, err := interp.Run(g, in, interp.Options{Fast: true, Observe: func(n *ir.Node, out []*tensor.Tensor) {
		if v := n.Outputs[0]; v != nil && points[v.Name] != "" {
			values[points[v.Name]] = out[0]
		}
	}})
	return values, err
}
