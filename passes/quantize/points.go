package quantize

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// point is an activation that QuantizeLinear and DequantizeLinear go behind.
type point struct {
	value  *ir.Value
	dtype  tensor.DType
	params Params
	chosen string // how
	stats  stats
	leader *point // whose parameters it shares; nil where it has its own
}

// Params are what integers stand for: real = (q - Zero) * Scale.
type Params struct {
	DType tensor.DType
	Scale float32
	Zero  int32
}

// activationTypes are the element types of activations, by bits.
var activationTypes = map[int]tensor.DType{8: tensor.Int8, 16: tensor.Int16}

// integerOps compute on integers where what they give is wanted as integers.
var integerOps = map[string]bool{"Add": true, "AveragePool": true, "GlobalAveragePool": true, "Softmax": true}

// findPoints decides which activations become integers: those that products read, directly or by way of movers and integer
// operators, with the bits that the most demanding of them wants; and with 16 bits those that products give to something else.
func (q *quantizer) findPoints() {
	uses := q.g.Uses()
	wanted := map[*ir.Value]int{} // bits
	if q.opt.IO == "int8" {
		for _, v := range q.g.Outputs {
			if v.Type.DType == tensor.Float32 {
				wanted[v] = 8
			}
		}
	}
	for _, n := range slices.Backward(q.g.Nodes) {
		for i, v := range n.Inputs {
			if v != nil && !v.IsConst() && v.Type.DType == tensor.Float32 {
				wanted[v] = max(wanted[v], q.wants(n, i, wanted))
			}
		}
	}
	q.points, q.at, q.follows = nil, map[*ir.Value]*point{}, map[*ir.Value]bool{}
	add := func(v *ir.Value, d tensor.DType) {
		if q.at[v] == nil {
			q.at[v] = &point{value: v, dtype: d}
			q.points = append(q.points, q.at[v])
		}
	}
	for _, v := range q.g.Inputs {
		if wanted[v] > 0 {
			add(v, activationTypes[wanted[v]])
		}
	}
	for _, n := range q.g.Nodes {
		v := first(n)
		switch {
		case passes.Moves(n.Op):
			q.follow(n, wanted)
		case v.Type.DType != tensor.Float32:
		case fused(q.g, uses, n):
		case wanted[v] > 0:
			add(v, activationTypes[wanted[v]])
		case q.integerProduct(behind(n)) && (n == behind(n) || n.Op == "Relu" || n.Op == "Clip"):
			add(v, tensor.Int16)
		}
	}
	q.joinConcats()
}

// follow notes the wanted results of a mover. They need no rounding, but runtimes look for the pair on both sides of an operator.
func (q *quantizer) follow(n *ir.Node, wanted map[*ir.Value]int) {
	for _, v := range n.Outputs {
		if v != nil && wanted[v] > 0 {
			q.follows[v] = true
		}
	}
}

// wants returns with how many bits n reads input i as integers; 0 where it does not.
func (q *quantizer) wants(n *ir.Node, i int, wanted map[*ir.Value]int) int {
	reads := false
	_, elementwise := op.ExprOf(n)
	switch {
	case q.integerProduct(n):
		if i > 0 {
			return 0
		}
		return q.precision(n).Activations
	case n.Op == "Concat":
		reads = true
	case passes.Moves(n.Op):
		reads = i == 0
	case n.Op == "Add" || n.Op == "Mul" && len(nonConst(n)) == 2:
		reads = !n.Inputs[0].IsConst() && !n.Inputs[1].IsConst()
	default:
		reads = integerOps[n.Op] || elementwise && len(nonConst(n)) == 1
	}
	if !reads {
		return 0
	}
	return wanted[first(n)]
}

func nonConst(n *ir.Node) []*ir.Value {
	var list []*ir.Value
	for _, v := range n.Inputs {
		if v != nil && !v.IsConst() {
			list = append(list, v)
		}
	}
	return list
}

// integerProduct reports whether n is a product whose weights become integers.
func (q *quantizer) integerProduct(n *ir.Node) bool {
	return n != nil && isProduct(n) && q.precision(n).Weights <= 8
}

// behind walks up through Relu and Clip to the node before.
func behind(n *ir.Node) *ir.Node {
	for n != nil && (n.Op == "Relu" || n.Op == "Clip") {
		n = n.Inputs[0].Def
	}
	return n
}

// fused reports whether n's output is only read by a Relu or Clip that becomes the bounds of an integer operator's result.
func fused(g *ir.Graph, uses map[*ir.Value][]*ir.Node, n *ir.Node) bool {
	v := first(n)
	if g.IsOutput(v) || len(uses[v]) != 1 {
		return false
	}
	next := uses[v][0]
	at := behind(n)
	return (next.Op == "Relu" || next.Op == "Clip") && at != nil && (isProduct(at) || at.Op == "Add")
}

// joinConcats gives all that a Concat joins one set of parameters: bytes of one meaning are joined without a look at them.
func (q *quantizer) joinConcats() {
	for _, n := range q.g.Nodes {
		if n.Op != "Concat" {
			continue
		}
		var first *point
		for _, v := range nonConst(n) {
			p := q.rootPoint(v)
			if p == nil {
				continue
			}
			if first == nil {
				first = p
			} else if p != first {
				p.leader = first
				if p.dtype.Bits() > first.dtype.Bits() {
					first.dtype = p.dtype
				}
			}
		}
	}
}

// rootPoint walks up through movers to the point that v is quantized at, and to the one that leads it.
func (q *quantizer) rootPoint(v *ir.Value) *point {
	for q.at[v] == nil && v.Def != nil && passes.Moves(v.Def.Op) && len(nonConst(v.Def)) > 0 {
		v = nonConst(v.Def)[0]
	}
	if p := q.at[v]; p != nil {
		return p.own()
	}
	return nil
}

// own returns the point whose parameters p has.
func (p *point) own() *point {
	for p.leader != nil {
		p = p.leader
	}
	return p
}
