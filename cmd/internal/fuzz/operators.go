package fuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Element types that operators are drawn for.
var (
	floats   = []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float32, tensor.Float64, tensor.Float16, tensor.BFloat16}
	single   = []tensor.DType{tensor.Float32}
	signed   = []tensor.DType{tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64}
	unsigned = []tensor.DType{tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64}
	integers = slices.Concat(signed, unsigned)
	numbers  = slices.Concat(floats, floats, integers)
	bools    = []tensor.DType{tensor.Bool}
	tiny     = []tensor.DType{tensor.Int4, tensor.Uint4, tensor.Int2, tensor.Uint2, tensor.Float8E4M3FN, tensor.Float8E5M2, tensor.Float8E4M3FNUZ, tensor.Float8E5M2FNUZ, tensor.Float4E2M1, tensor.Float8E8M0}
	anything = slices.Concat(numbers, bools, tiny)
)

// generator makes nodes of some operators.
type generator struct {
	ops   string // names
	types []tensor.DType
	make  func(b *builder, name string, d tensor.DType) []*ir.Value
	exact bool // the C must give the interpreter's bits, so that any operator may read the results
	moves bool // the operators move elements, and may read what is not exact
}

// generators has every operator that can be C, but those that import takes apart and those of quantized graphs alone, which Generate draws.
var generators = slices.Concat(elementwise, movers, reducers, layers, learners, control, sized, quantizers)

// GenerateOperators returns a graph of a few random operators of random types. What is not exact feeds only operators that move elements,
// as others could make much of a last bit.
func GenerateOperators(r *rand.Rand) *ir.Graph {
	b := &builder{Rand: r, g: &ir.Graph{Name: "fuzz"}, exact: map[*ir.Value]bool{}}
	for range 2 + r.IntN(4) {
		b.draw(&generators[r.IntN(len(generators))])
	}
	b.finish()
	b.dropInputs()
	return b.g
}

// draw adds a node of one of a generator's operators.
func (b *builder) draw(g *generator) {
	names := strings.Fields(g.ops)
	b.loose, b.first = g.moves, true
	for _, v := range g.make(b, names[b.IntN(len(names))], g.types[b.IntN(len(g.types))]) {
		if v == nil {
			continue
		}
		b.live = append(b.live, v)
		inexact := func(in *ir.Value) bool { return in != nil && in.Def != nil && !b.exact[in] }
		b.exact[v] = g.exact && !slices.ContainsFunc(v.Def.Inputs, inexact)
	}
}

// dropInputs removes inputs that nothing reads.
func (b *builder) dropInputs() {
	uses := b.g.Uses()
	b.g.Inputs = slices.DeleteFunc(b.g.Inputs, func(v *ir.Value) bool { return len(uses[v]) == 0 && !b.g.IsOutput(v) })
}

// nodes is node for an operator of several outputs.
func (b *builder) nodes(n int, opName string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	node := &ir.Node{Op: opName, Attrs: attrs, Inputs: in, From: []string{fmt.Sprintf("%s_%d", opName, len(b.g.Nodes))}, Outputs: make([]*ir.Value, n)}
	for i := range node.Outputs {
		node.Outputs[i] = &ir.Value{}
	}
	types, err := op.Infer(node)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", node.Line(), err))
	}
	for i := range node.Outputs {
		v := b.g.NewValue("v", types[i])
		v.Def = node
		node.Outputs[i] = v
	}
	b.g.Nodes = append(b.g.Nodes, node)
	return node.Outputs
}

// one is nodes for one output.
func (b *builder) one(opName string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	return b.nodes(1, opName, attrs, in...)
}

// in returns a value of a type: one that is there and exact, a new input, or, but for the first of an operator, a constant.
func (b *builder) in(d tensor.DType, shape ...int) *ir.Value {
	t := ir.Type{DType: d, Shape: slices.Clone(shape)}
	for _, v := range b.live {
		if (b.exact[v] || b.loose) && v.Type.Equal(t) && b.IntN(2) == 0 {
			return v
		}
	}
	if b.IntN(4) == 0 && !b.first {
		return b.number(d, -2, 2, shape...)
	}
	b.first = false
	return b.fresh(d, shape...)
}

// fresh returns a new input.
func (b *builder) fresh(d tensor.DType, shape ...int) *ir.Value {
	v := b.g.NewValue("in", ir.Type{DType: d, Shape: slices.Clone(shape)})
	b.g.Inputs = append(b.g.Inputs, v)
	return v
}

// number returns a constant of random elements.
func (b *builder) number(d tensor.DType, lo, hi float64, shape ...int) *ir.Value {
	t := tensor.New(d, shape...)
	for i := range t.Len() {
		v := lo + (hi-lo)*b.Float64()
		if d.IsFloat() {
			t.SetF64(i, v)
		} else if d == tensor.Bool {
			t.SetI64(i, int64(b.IntN(2)))
		} else {
			least, most := d.Range()
			t.SetI64(i, min(max(int64(v), least), most))
		}
	}
	return b.g.NewConst("c", t)
}

// index returns indices into n elements: constants, from the back too, or computed.
func (b *builder) index(n int, shape ...int) *ir.Value {
	if b.IntN(2) == 0 {
		return b.number(tensor.Int64, float64(-n), float64(n)-0.01, shape...)
	}
	v := b.in(tensor.Int64, shape...)
	if v.IsConst() {
		return b.index(n, shape...)
	}
	return b.sure(b.one("Mod", nil, v, b.number(tensor.Int64, float64(n), float64(n)))[0])
}

// sure notes that a value is exact.
func (b *builder) sure(v *ir.Value) *ir.Value {
	b.exact[v] = true
	return v
}

// shape returns sizes of up to most elements each, rank of them.
func (b *builder) shape(rank, most int) []int {
	s := make([]int, rank)
	for i := range s {
		s[i] = 1 + b.IntN(most)
	}
	return s
}

// rank returns a rank from lo to hi.
func (b *builder) rank(lo, hi int) int { return lo + b.IntN(hi-lo+1) }

// broadcast returns a shape that fits s: some sizes are 1, some at the front are missing.
func (b *builder) broadcast(s []int) []int {
	out := slices.Clone(s)
	for i := range out {
		if b.IntN(3) == 0 {
			out[i] = 1
		}
	}
	if len(out) > 0 && b.IntN(3) == 0 {
		out = out[b.IntN(len(out)):]
	}
	return out
}

// image returns a value [batch, channels, sizes...] of a number of dimensions.
func (b *builder) image(d tensor.DType, dims, least int) *ir.Value {
	s := []int{1 + b.IntN(2), 1 + b.IntN(4)}
	for range dims {
		s = append(s, least+b.IntN(9-2*dims))
	}
	return b.in(d, s...)
}

// coin is 0 or 1, for an attribute.
func (b *builder) coin() int64 { return int64(b.IntN(2)) }

// of returns one of some words.
func (b *builder) of(words string) string {
	list := strings.Fields(words)
	return list[b.IntN(len(list))]
}

// maybe returns v, or nil half the time.
func (b *builder) maybe(v *ir.Value) *ir.Value {
	if b.IntN(2) == 0 {
		return nil
	}
	return v
}

// floatTo returns a random float.
func (b *builder) floatTo(lo, hi float32) float32 { return lo + (hi-lo)*b.Float32() }

// TypesOf returns the element types that an operator is drawn for, in order.
func TypesOf(name string) []tensor.DType {
	var types []tensor.DType
	for _, g := range generators {
		if slices.Contains(strings.Fields(g.ops), name) {
			types = append(types, g.types...)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}
