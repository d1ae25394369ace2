package op

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Attention and what stands around it in language models.
var attentionDefs = []*Def{
	{Name: "Attention", Since: []int{23, 24, 25}, In: Args("Q", "K", "V", "attn_mask?", "past_key?", "past_value?", "nonpad_kv_seqlen?"), Out: Args("Y", "present_key?", "present_value?", "qk_matmul_output?"),
		Attrs: []Attr{Int("is_causal", 0), Int("kv_num_heads", 0), Int("q_num_heads", 0), Int("left_window_size", -1), Int("right_window_size", -1), Int("qk_matmul_output_mode", 0),
			Float("scale", 0).Optional(), Float("softcap", 0), Int("softmax_precision", 0).Optional()}, Parts: partsAttention},
	{Name: "RotaryEmbedding", Since: []int{23}, In: Args("X", "cos_cache", "sin_cache", "position_ids?"), Out: Args("Y"), Attrs: []Attr{Int("interleaved", 0), Int("num_heads", 0), Int("rotary_embedding_dim", 0)}, Parts: partsRotaryEmbedding},
	{Name: "LinearAttention", Since: []int{27}, In: Args("query", "key", "value", "past_state?", "decay?", "beta?"), Out: Args("output", "present_state"),
		Attrs: []Attr{Int("chunk_size", 64), Int("kv_num_heads", 0).Must(), Int("q_num_heads", 0).Must(), Float("scale", 0), Str("update_rule", "gated_delta")}, Parts: partsLinearAttention},
	{Name: "CausalConvWithState", Since: []int{27}, In: Args("input", "weight", "bias?", "past_state?"), Out: Args("output", "present_state"), Attrs: []Attr{Str("activation", "none")}, Parts: partsCausalConv},
	{Name: "SwiGLU", Since: []int{28}, In: Args("A", "B"), Out: Args("Y"), Attrs: []Attr{Float("alpha", 1)}, Parts: partsSwiGLU},
	{Name: "FlexAttention", Domain: "ai.onnx.preview", Since: []int{1}, In: append(Args("Q", "K", "V"), captured...), Out: Args("Y"),
		Attrs: []Attr{Float("scale", 0).Optional(), Int("softmax_precision", 0).Optional(), Body("score_mod").Optional(), Body("prob_mod").Optional(), captures}, Parts: partsFlexAttention, Formals: flexFormals},
}

// heads turns [batch, steps, heads*size] into [batch, heads, steps, size]; four dimensions stay as they are.
func (p *Parts) heads(x *ir.Value, n int) *ir.Value {
	s := x.Type.Shape
	if len(s) == 4 {
		return x
	}
	if len(s) != 3 || n < 1 || s[2]%n != 0 {
		p.Fail("a value of shape %v does not divide into %d heads; expected [batch, steps, heads * size]", s, n)
	}
	return p.Transpose(p.Reshape(x, s[0], s[1], n, s[2]/n), 0, 2, 1, 3)
}

// unheads is the way back to three dimensions.
func (p *Parts) unheads(x *ir.Value) *ir.Value {
	s := x.Type.Shape
	return p.Reshape(p.Transpose(x, 0, 2, 1, 3), s[0], s[2], s[1]*s[3])
}

// scores returns the products of every query with every key, [batch, heads, queries, keys]. Several query heads may share one of the
// keys': they are then rows of one product.
func (p *Parts) scores(q, k *ir.Value) *ir.Value {
	s, t := q.Type.Shape, k.Type.Shape
	if s[0] != t[0] || s[3] != t[3] || t[1] == 0 || s[1]%t[1] != 0 {
		p.Fail("queries of shape %v do not fit keys of shape %v", s, t)
	}
	y := p.MatMul(p.Reshape(q, s[0], t[1], s[1]/t[1]*s[2], s[3]), p.Transpose(k, 0, 1, 3, 2))
	return p.Reshape(y, s[0], s[1], s[2], t[2])
}

// weighted returns the sums of values, weighted by probabilities [batch, heads, queries, keys].
func (p *Parts) weighted(probs, v *ir.Value) *ir.Value {
	s, t := probs.Type.Shape, v.Type.Shape
	y := p.MatMul(p.Reshape(probs, s[0], t[1], s[1]/t[1]*s[2], s[3]), v)
	return p.Reshape(y, s[0], s[1], s[2], t[3])
}

// scaleOf returns the attribute scale, or what stands for it.
func (p *Parts) scaleOf(headSize int) float64 {
	if p.Attrs.Float("scale") != 0 {
		return float64(p.Attrs.Float("scale"))
	}
	return 1 / math.Sqrt(float64(headSize))
}

func partsAttention(p *Parts) []*ir.Value {
	q := p.heads(p.In(0), p.Attrs.Int("q_num_heads"))
	k := p.heads(p.In(1), p.Attrs.Int("kv_num_heads"))
	v := p.heads(p.In(2), p.Attrs.Int("kv_num_heads"))
	if p.In(4) != nil && p.In(5) != nil {
		k, v = p.Concat(2, p.In(4), k), p.Concat(2, p.In(5), v)
	}
	d := q.Type.DType
	scale := p.Scalar(d, math.Sqrt(p.scaleOf(q.Type.Shape[3])))
	scores := p.scores(p.Mul(q, scale), p.Mul(k, scale))
	shown := []*ir.Value{scores}
	if softcap := float64(p.Attrs.Float("softcap")); softcap > 0 {
		scores = p.Mul(p.Do("Tanh", nil, p.Div(scores, p.Scalar(d, softcap))), p.Scalar(d, softcap))
	}
	shown = append(shown, scores)
	bias := p.attentionBias(scores.Type)
	if bias != nil {
		scores = p.Add(scores, bias)
	}
	shown = append(shown, scores)
	precision, err := p.dtypeAttr("softmax_precision", d)
	if err != nil {
		p.Fail("%w", err)
	}
	probs := p.Cast(p.Do("Softmax", nil, p.Cast(scores, precision)), d)
	if bias != nil { // a query that may look at nothing gets nothing
		none := p.Do("Equal", nil, p.Reduce("ReduceMax", bias, len(bias.Type.Shape)-1), p.Scalar(d, math.Inf(-1)))
		probs = p.Where(none, p.Scalar(d, 0), probs)
	}
	shown = append(shown, probs)
	y := p.weighted(probs, v)
	if len(p.Shape(0)) == 3 {
		y = p.unheads(y)
	}
	mode := p.Attrs.Int("qk_matmul_output_mode")
	if mode < 0 || mode > 3 {
		p.Fail("qk_matmul_output_mode is %d; expected 0 to 3", mode)
	}
	return []*ir.Value{y, k, v, shown[mode]}
}

// attentionBias returns what is added to the scores, of type t: minus infinity where a query may not look. nil where it may everywhere.
func (p *Parts) attentionBias(t ir.Type) *ir.Value {
	queries, keys := t.Shape[2], t.Shape[3]
	zero, never := p.Scalar(t.DType, 0), p.Scalar(t.DType, math.Inf(-1))
	var bias *ir.Value
	allow := func(where *ir.Value) { // where is broadcast to the scores
		b := p.Where(where, zero, never)
		if bias != nil {
			b = p.Add(bias, b)
		}
		bias = b
	}
	if mask := p.In(3); mask != nil {
		if missing := keys - mask.Type.Shape[len(mask.Type.Shape)-1]; missing > 0 && mask.Type.Shape[len(mask.Type.Shape)-1] != 1 {
			mask = p.padLast(mask, missing)
		}
		if mask.Type.DType == tensor.Bool {
			allow(mask)
		} else {
			bias = mask
		}
	}
	// A query's place among the keys, less the key's: 0 is itself, positive the past.
	offset := p.queryOffset(queries)
	distance := p.Sub(p.Add(p.Iota(queries, 2, 4), offset), p.Iota(keys, 3, 4))
	within := func(op string, limit int) { allow(p.Do(op, nil, distance, p.Scalar(tensor.Int64, float64(limit)))) }
	if p.Attrs.Bool("is_causal") {
		within("GreaterOrEqual", 0)
	}
	if w := p.Attrs.Int("left_window_size"); w >= 0 {
		within("LessOrEqual", w)
	}
	if w := p.Attrs.Int("right_window_size"); w >= 0 {
		within("GreaterOrEqual", -w)
	}
	if lens := p.In(6); lens != nil {
		allow(p.Do("Less", nil, p.Iota(keys, 3, 4), p.Reshape(lens, t.Shape[0], 1, 1, 1)))
	}
	return bias
}

// queryOffset is the number of keys before the first query: those of the past, or of each batch's valid ones.
func (p *Parts) queryOffset(queries int) *ir.Value {
	switch {
	case p.In(4) != nil:
		return p.Scalar(tensor.Int64, float64(p.In(4).Type.Shape[2]))
	case p.In(6) != nil:
		lens := p.Reshape(p.In(6), p.In(6).Type.Len(), 1, 1, 1)
		return p.Sub(lens, p.Scalar(tensor.Int64, float64(queries)))
	}
	return p.Scalar(tensor.Int64, 0)
}

// padLast adds elements that forbid to the end of a mask's last axis.
func (p *Parts) padLast(mask *ir.Value, n int) *ir.Value {
	s := slices.Clone(mask.Type.Shape)
	s[len(s)-1] = n
	fill := math.Inf(-1)
	if mask.Type.DType == tensor.Bool {
		fill = 0
	}
	return p.Concat(len(s)-1, mask, p.Expand(p.Scalar(mask.Type.DType, fill), s...))
}

// partsFlexAttention lets two sub-graphs change the scores and the probabilities.
func partsFlexAttention(p *Parts) []*ir.Value {
	for i := range 3 {
		if len(p.Shape(i)) != 4 {
			p.Fail("input %q has shape %v; expected [batch, heads, steps, size]", p.Def.In[i].Name, p.Shape(i))
		}
	}
	d := p.flexType()
	scores := p.Mul(p.scores(p.Cast(p.In(0), d), p.Cast(p.In(1), d)), p.Scalar(d, p.scaleOf(p.Shape(0)[3])))
	scores = p.body("score_mod", scores)
	probs := p.body("prob_mod", p.Do("Softmax", nil, scores))
	return []*ir.Value{p.Cast(p.weighted(p.Cast(probs, d), p.Cast(p.In(2), d)), p.Type(0).DType)}
}

// flexType is the type that FlexAttention's sub-graphs work on.
func (c *Call) flexType() tensor.DType {
	d := tensor.Float32
	if c.Type(0).DType == tensor.Float64 {
		d = tensor.Float64
	}
	d, err := c.dtypeAttr("softmax_precision", d)
	if err != nil {
		return tensor.Float32
	}
	return d
}

// body applies a sub-graph of one input and one output, where there is one.
func (p *Parts) body(attr string, x *ir.Value) *ir.Value {
	g := p.Attrs.Graph(attr)
	if g == nil {
		return x
	}
	outer := p.in[3:]
	if len(g.Inputs) != 1+len(outer) || len(g.Outputs) != 1 || !g.Inputs[0].Type.Equal(x.Type) || !g.Outputs[0].Type.Equal(x.Type) {
		p.Fail("%s does not map %s to the same type", attr, x.Type)
	}
	return p.inline(g, append([]*ir.Value{x}, outer...)...)[0]
}

// inline puts the nodes of a sub-graph here.
func (p *Parts) inline(g *ir.Graph, in ...*ir.Value) []*ir.Value {
	values := map[*ir.Value]*ir.Value{nil: nil}
	for i, v := range g.Inputs {
		values[v] = in[i]
	}
	get := func(v *ir.Value) *ir.Value {
		if v.IsConst() {
			return p.Constant(v.Const)
		}
		return values[v]
	}
	for _, n := range g.Nodes {
		args := make([]*ir.Value, len(n.Inputs))
		for i, v := range n.Inputs {
			if v != nil {
				args[i] = get(v)
			}
		}
		for i, v := range p.DoAll(len(n.Outputs), n.Op, n.Attrs, args...) {
			values[n.Outputs[i]] = v
		}
	}
	out := make([]*ir.Value, len(g.Outputs))
	for i, v := range g.Outputs {
		out[i] = get(v)
	}
	return out
}

// partsRotaryEmbedding turns pairs of elements of each head by the angles of a cache.
func partsRotaryEmbedding(p *Parts) []*ir.Value {
	x := p.In(0)
	if len(p.Shape(0)) == 3 {
		x = p.heads(x, p.Attrs.Int("num_heads"))
	}
	s := x.Type.Shape
	n := p.Attrs.Int("rotary_embedding_dim")
	if n == 0 {
		n = s[3]
	}
	half := n / 2
	angles := func(cache *ir.Value) *ir.Value {
		if p.In(3) != nil {
			cache = p.Do("Gather", nil, cache, p.In(3))
		}
		if cache.Type.Len() != s[0]*s[2]*half {
			p.Fail("the cache gives shape %v; expected [%d %d %d]", cache.Type.Shape, s[0], s[2], half)
		}
		return p.Reshape(cache, s[0], 1, s[2], half)
	}
	cos, sin := angles(p.In(1)), angles(p.In(2))
	first, second := p.Slice(x, 3, 0, half), p.Slice(x, 3, half, n)
	if p.Attrs.Bool("interleaved") {
		pairs := p.Reshape(p.Slice(x, 3, 0, n), s[0], s[1], s[2], half, 2)
		first, second = p.Reshape(p.Slice(pairs, 4, 0, 1), s[0], s[1], s[2], half), p.Reshape(p.Slice(pairs, 4, 1, 2), s[0], s[1], s[2], half)
	}
	real := p.Sub(p.Mul(cos, first), p.Mul(sin, second))
	imag := p.Add(p.Mul(sin, first), p.Mul(cos, second))
	turned := []*ir.Value{real, imag}
	if p.Attrs.Bool("interleaved") {
		pair := func(v *ir.Value) *ir.Value { return p.Reshape(v, s[0], s[1], s[2], half, 1) }
		turned = []*ir.Value{p.Reshape(p.Concat(4, pair(real), pair(imag)), s[0], s[1], s[2], n)}
	}
	if n < s[3] {
		turned = append(turned, p.Slice(x, 3, n, s[3]))
	}
	y := p.Concat(3, turned...)
	if len(p.Shape(0)) == 3 {
		y = p.unheads(y)
	}
	return []*ir.Value{y}
}

// partsLinearAttention goes through the steps one after the other. The state is kept in float32.
func partsLinearAttention(p *Parts) []*ir.Value {
	f := tensor.Float32
	qh, kh := p.Attrs.Int("q_num_heads"), p.Attrs.Int("kv_num_heads")
	q, k, v := p.Cast(p.heads(p.In(0), qh), f), p.Cast(p.heads(p.In(1), kh), f), p.Cast(p.heads(p.In(2), kh), f)
	rule := p.Attrs.String("update_rule")
	gated, delta := rule == "gated" || rule == "gated_delta", rule == "delta" || rule == "gated_delta"
	if gated != (p.In(4) != nil) || delta != (p.In(5) != nil) || !gated && !delta && rule != "linear" {
		p.Fail("update_rule %q does not go with the inputs: decay belongs to gated and gated_delta, beta to delta and gated_delta", rule)
	}
	b, steps, dk, dv := q.Type.Shape[0], q.Type.Shape[2], q.Type.Shape[3], v.Type.Shape[3]
	d := p.Type(0).DType
	var state *ir.Value
	stateType := d
	if past := p.In(3); past != nil {
		state, stateType = p.Cast(past, f), past.Type.DType
	} else {
		state = p.Constant(tensor.New(f, b, kh, dk, dv))
	}
	at := func(x *ir.Value, t int) *ir.Value { return p.Slice(x, 2, t, t+1) } // [batch, heads, 1, size]
	turned := func(x *ir.Value) *ir.Value { return p.Transpose(x, 0, 1, 3, 2) }
	scale := p.Scalar(f, p.scaleOf(dk))
	var out []*ir.Value
	for t := range steps {
		kt, vt := at(k, t), at(v, t)
		if gated {
			decay := p.Do("Exp", nil, at(p.Cast(p.heads(p.In(4), kh), f), t))
			state = p.Mul(state, turned(decay))
		}
		if delta {
			beta := at(p.Cast(p.heads(p.In(5), p.Shape(5)[2]), f), t)
			vt = p.Mul(beta, p.Sub(vt, p.MatMul(kt, state)))
		}
		state = p.Add(state, p.MatMul(turned(kt), vt))
		qt := p.Reshape(at(q, t), b, kh, qh/kh, dk)
		out = append(out, p.Reshape(p.Mul(p.MatMul(qt, state), scale), b, qh, 1, dv))
	}
	return []*ir.Value{p.Cast(p.unheads(p.Concat(2, out...)), d), p.Cast(state, stateType)}
}

// partsCausalConv is a depthwise convolution over what came before and the input.
func partsCausalConv(p *Parts) []*ir.Value {
	x, w := p.Shape(0), p.Shape(1)
	if len(x) != 3 || len(w) != 3 || w[0] != x[1] || w[1] != 1 {
		p.Fail("input has shape %v and weight %v; expected [batch, channels, length] and [channels, 1, k]", x, w)
	}
	past := p.In(3)
	if past == nil {
		past = p.Constant(tensor.New(p.Type(0).DType, x[0], x[1], w[2]-1))
	}
	all := p.In(0)
	if w[2] > 1 {
		all = p.Concat(2, past, all)
	}
	in := []*ir.Value{all, p.In(1)}
	if p.In(2) != nil {
		in = append(in, p.In(2))
	}
	y := p.Do("Conv", ir.Attrs{"group": int64(x[1])}, in...)
	switch a := p.Attrs.String("activation"); a {
	case "silu", "swish":
		y = p.Cast(p.Do("Swish", nil, p.Cast(y, wideType(y.Type.DType))), y.Type.DType)
	case "none":
	default:
		p.Fail("activation %q is unknown; expected silu, swish or none", a)
	}
	return []*ir.Value{y, p.Slice(all, 2, x[2], x[2]+w[2]-1)}
}

func partsSwiGLU(p *Parts) []*ir.Value {
	if !slices.Equal(p.Shape(0), p.Shape(1)) {
		p.Fail("A has shape %v and B %v; they must be equal", p.Shape(0), p.Shape(1))
	}
	return []*ir.Value{p.Mul(p.Do("Swish", ir.Attrs{"alpha": p.Attrs.Float("alpha")}, p.In(0)), p.In(1))}
}

// wideType is the type that a float is computed in: itself, or float32 where it is narrower.
func wideType(d tensor.DType) tensor.DType {
	if IsNarrow(d) {
		return tensor.Float32
	}
	return d
}
