package op

import (
	"math"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

const msDomain = "com.microsoft"

// Operators on floats of ONNX Runtime's own, which its optimizers make of ONNX's. Import takes them apart again, so that every pass sees what
// it knows. A name that ONNX has too is written with its domain.
var microsoftDefs = []*Def{
	{Name: "com.microsoft.Attention", Domain: msDomain, Since: []int{1}, In: Args("input", "weights", "bias?", "mask_index?", "past?", "attention_bias?", "past_sequence_length?"), Out: Args("output", "present?"), Fused: true,
		Attrs: []Attr{Int("num_heads", 0).Must(), Int("unidirectional", 0), Ints("qkv_hidden_sizes"), Int("do_rotary", 0), Float("mask_filter_value", -10000), Int("past_present_share_buffer", 0), Int("rotary_embedding_dim", 0), Float("scale", 0)}, Parts: partsMSAttention},
	{Name: "BiasGelu", Domain: msDomain, Since: []int{1}, In: Args("A", "B"), Out: Args("C"), Fused: true, Parts: func(p *Parts) []*ir.Value { return []*ir.Value{p.Do("Gelu", nil, p.Add(p.In(0), p.In(1)))} }},
	{Name: "CDist", Domain: msDomain, Since: []int{1}, In: Args("A", "B"), Out: Args("C"), Attrs: []Attr{Str("metric", "sqeuclidean")}, Fused: true, Parts: partsCDist},
	{Name: "DynamicQuantizeMatMul", Domain: msDomain, Since: []int{1}, In: Args("A", "B", "b_scale", "b_zero_point?", "bias?"), Out: Args("Y"), Fused: true, Parts: func(p *Parts) []*ir.Value {
		a := p.DoAll(3, "DynamicQuantizeLinear", nil, p.In(0))
		return []*ir.Value{p.scaledProduct([3]*ir.Value{a[0], a[1], a[2]}, [3]*ir.Value{p.In(1), p.In(2), p.In(3)}, p.In(4))}
	}},
	{Name: "EmbedLayerNormalization", Domain: msDomain, Since: []int{1}, In: Args("input_ids", "segment_ids?", "word_embedding", "position_embedding", "segment_embedding?", "gamma", "beta", "mask?", "position_ids?"), Out: Args("output", "mask_index?", "embedding_sum?"),
		Attrs: []Attr{Float("epsilon", 1e-12), Int("mask_index_type", 0)}, Fused: true, Parts: partsEmbedLayerNorm},
	{Name: "ExpandDims", Domain: msDomain, Since: []int{1}, In: Args("X", "axis"), Out: Args("Y"), Fused: true, Parts: func(p *Parts) []*ir.Value {
		return []*ir.Value{p.Do("Unsqueeze", nil, p.In(0), p.Reshape(p.Cast(p.In(1), tensor.Int64), 1))}
	}},
	{Name: "FastGelu", Domain: msDomain, Since: []int{1}, In: Args("X", "bias?"), Out: Args("Y"), Fused: true, Parts: partsFastGelu},
	{Name: "FusedConv", Domain: msDomain, Since: []int{1}, In: Args("X", "W", "B?", "Z?"), Out: Args("Y"), Fused: true,
		Attrs: []Attr{Str("activation", ""), Floats("activation_params"), Str("auto_pad", "NOTSET"), Ints("dilations"), Int("group", 1), Ints("kernel_shape"), Ints("pads"), Ints("strides")}, Parts: partsFusedConv},
	{Name: "FusedGemm", Domain: msDomain, Since: []int{1}, In: Args("A", "B", "C?"), Out: Args("Y"), Fused: true,
		Attrs: []Attr{Str("activation", ""), Float("activation_alpha", 0), Float("activation_beta", 0), Float("activation_gamma", 0), Float("alpha", 1), Float("beta", 1), Int("transA", 0), Int("transB", 0), Float("leaky_relu_alpha", 0.01)}, Parts: partsFusedGemm},
	{Name: "FusedMatMul", Domain: msDomain, Since: []int{1}, In: Args("A", "B"), Out: Args("Y"), Fused: true, Attrs: msMatMul, Parts: partsFusedMatMul},
	{Name: "MatMulIntegerToFloat", Domain: msDomain, Since: []int{1}, In: Args("A", "B", "a_scale", "b_scale", "a_zero_point?", "b_zero_point?", "bias?"), Out: Args("Y"), Fused: true, Parts: func(p *Parts) []*ir.Value {
		return []*ir.Value{p.scaledProduct([3]*ir.Value{p.In(0), p.In(2), p.In(4)}, [3]*ir.Value{p.In(1), p.In(3), p.In(5)}, p.In(6))}
	}},
	{Name: "com.microsoft.Gelu", Domain: msDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Fused: true, Parts: func(p *Parts) []*ir.Value { return []*ir.Value{p.Do("Gelu", nil, p.In(0))} }},
	{Name: "MultiHeadAttention", Domain: msDomain, Since: []int{1}, In: Args("query", "key?", "value?", "bias?", "key_padding_mask?", "attention_bias?", "past_key?", "past_value?", "past_sequence_length?", "cache_indirection?"), Out: Args("output", "present_key?", "present_value?", "qk?"), Fused: true,
		Attrs: []Attr{Int("num_heads", 0).Must(), Float("mask_filter_value", -10000), Float("scale", 0), Int("unidirectional", 0)}, Parts: partsMultiHeadAttention},
	{Name: "QuickGelu", Domain: msDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Float("alpha", 1.702)}, Fused: true, Parts: func(p *Parts) []*ir.Value {
		x := p.In(0)
		return []*ir.Value{p.Mul(x, p.Do("Sigmoid", nil, p.Mul(x, p.Like(x, float64(p.Attrs.Float("alpha"))))))}
	}},
	{Name: "com.microsoft.RotaryEmbedding", Domain: msDomain, Since: []int{1}, In: Args("input", "position_ids", "cos_cache", "sin_cache"), Out: Args("output"), Fused: true,
		Attrs: []Attr{Int("interleaved", 0), Int("is_packed_batching", 0), Int("num_heads", 0), Int("rotary_embedding_dim", 0), Float("scale", 1)}, Parts: partsMSRotaryEmbedding},
	{Name: "SimplifiedLayerNormalization", Since: []int{1}, In: Args("X", "scale"), Out: Args("Y", "InvStdDev?"), Attrs: []Attr{Int("axis", -1), Float("epsilon", 1e-5), Int("stash_type", 1)}, Fused: true, Parts: partsSimplifiedLayerNorm},
	{Name: "SkipLayerNormalization", Domain: msDomain, Since: []int{1}, In: Args("input", "skip", "gamma", "beta?", "bias?"), Out: Args("output", "mean?", "inv_std_var?", "input_skip_bias_sum?"), Attrs: []Attr{Float("epsilon", 1e-12)}, Fused: true, Parts: partsSkipLayerNorm},
	{Name: "SkipSimplifiedLayerNormalization", Domain: msDomain, Since: []int{1}, In: Args("input", "skip", "gamma", "bias?"), Out: Args("output", "mean?", "inv_std_var?", "input_skip_bias_sum?"), Attrs: []Attr{Float("epsilon", 1e-12)}, Fused: true, Parts: partsSkipSimplifiedLayerNorm},
	{Name: "TransposeMatMul", Domain: msDomain, Since: []int{1}, In: Args("A", "B"), Out: Args("Y"), Fused: true, Attrs: msMatMul, Parts: partsFusedMatMul},
	{Name: "com.microsoft.Trilu", Domain: msDomain, Since: []int{1}, In: Args("X", "k?"), Out: Args("Y"), Attrs: []Attr{Int("upper", 1)}, Fused: true, Parts: func(p *Parts) []*ir.Value {
		return []*ir.Value{p.Do("Trilu", ir.Attrs{"upper": int64(p.Attrs.Int("upper"))}, p.Node.Inputs...)}
	}},
}

var msMatMul = []Attr{Float("alpha", 1), Int("transA", 0), Int("transB", 0), Int("transBatchA", 0), Int("transBatchB", 0)}

// pick returns some of the node's attributes.
func (p *Parts) pick(names ...string) ir.Attrs {
	a := ir.Attrs{}
	for _, name := range names {
		if v, ok := p.Attrs[name]; ok {
			a[name] = v
		}
	}
	return a
}

// activated applies an activation by name, whose parameters are alpha and beta, or the least and greatest value.
func (p *Parts) activated(name string, x *ir.Value, params ...float32) *ir.Value {
	param := func(i int) float32 {
		if i >= len(params) {
			p.Fail("activation %s takes %d parameters, %d are given", name, i+1, len(params))
		}
		return params[i]
	}
	switch name {
	case "":
		return x
	case "LeakyRelu", "Elu":
		return p.Do(name, ir.Attrs{"alpha": param(0)}, x)
	case "HardSigmoid":
		return p.Do(name, ir.Attrs{"alpha": param(0), "beta": param(1)}, x)
	case "Clip":
		return p.Do(name, nil, x, p.Like(x, float64(param(0))), p.Like(x, float64(param(1))))
	case "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish":
		return p.Do(name, nil, x)
	}
	p.Fail("activation %q is not supported", name)
	return nil
}

// scaledProduct is the product of two quantized matrices as floats, plus a bias where it is not nil. A matrix has its scale and its zero point,
// which may be nil, behind it.
func (p *Parts) scaledProduct(a, b [3]*ir.Value, bias *ir.Value) *ir.Value {
	sums := p.Do("MatMulInteger", nil, trimmed(a[0], b[0], a[2], b[2])...)
	y := p.Mul(p.Cast(sums, tensor.Float32), p.Mul(a[1], b[1]))
	if bias != nil {
		y = p.Add(y, bias)
	}
	return y
}

func partsFusedConv(p *Parts) []*ir.Value {
	y := p.Do("Conv", p.pick("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"), trimmed(p.In(0), p.In(1), p.In(2))...)
	if p.In(3) != nil {
		y = p.Add(y, p.In(3))
	}
	return []*ir.Value{p.activated(p.Attrs.String("activation"), y, p.Attrs.Floats("activation_params")...)}
}

// trimmed drops absent inputs at the end.
func trimmed(in ...*ir.Value) []*ir.Value {
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	return in
}

func partsFusedGemm(p *Parts) []*ir.Value {
	y := p.Do("Gemm", p.pick("alpha", "beta", "transA", "transB"), trimmed(p.In(0), p.In(1), p.In(2))...)
	alpha := p.Attrs.Float("activation_alpha")
	if p.Attrs.String("activation") == "LeakyRelu" && !p.Node.Attrs.Has("activation_alpha") {
		alpha = p.Attrs.Float("leaky_relu_alpha")
	}
	return []*ir.Value{p.activated(p.Attrs.String("activation"), y, alpha, p.Attrs.Float("activation_beta"))}
}

func partsFusedMatMul(p *Parts) []*ir.Value {
	operand := func(i int, suffix string) *ir.Value {
		x := p.In(i)
		n := len(x.Type.Shape)
		if n < 2 {
			return x
		}
		perm := make([]int, n)
		for k := range perm {
			perm[k] = k
		}
		if p.Attrs.Bool("transBatch" + suffix) { // the first axis goes behind the others but the last
			perm = append(append(perm[1:n-1:n-1], 0), n-1)
		}
		if p.Attrs.Bool("trans" + suffix) {
			perm[n-1], perm[n-2] = perm[n-2], perm[n-1]
		}
		return p.Transpose(x, perm...)
	}
	y := p.MatMul(operand(0, "A"), operand(1, "B"))
	if alpha := p.Attrs.Float("alpha"); alpha != 1 {
		y = p.Mul(y, p.Like(y, float64(alpha)))
	}
	return []*ir.Value{y}
}

func partsFastGelu(p *Parts) []*ir.Value {
	x := p.In(0)
	if p.In(1) != nil {
		x = p.Add(x, p.In(1))
	}
	return []*ir.Value{p.Do("Gelu", ir.Attrs{"approximate": "tanh"}, x)}
}

func partsCDist(p *Parts) []*ir.Value {
	kind := strings.ToUpper(p.Attrs.String("metric"))
	if p.Type(0).DType != tensor.Float32 || len(p.Shape(0)) != 2 || len(p.Shape(1)) != 2 || kind != "EUCLIDEAN" && kind != "SQEUCLIDEAN" {
		p.Fail("metric %q of %s and %s is not supported; expected euclidean or sqeuclidean of f32 matrices", p.Attrs.String("metric"), p.Type(0), p.Type(1))
	}
	return []*ir.Value{p.Do("Pairwise", ir.Attrs{"kind": kind}, p.In(0), p.In(1))}
}

// layerNorm normalizes the last axis, and returns the mean and the inverse deviation too.
func (p *Parts) layerNorm(x, scale, bias *ir.Value) []*ir.Value {
	return p.DoAll(3, "LayerNormalization", ir.Attrs{"axis": int64(-1), "epsilon": p.Attrs.Float("epsilon")}, trimmed(x, scale, bias)...)
}

// skipped is the sum of an input, what skips the layers before, and a bias.
func (p *Parts) skipped(bias *ir.Value) *ir.Value {
	x := p.Add(p.In(0), p.In(1))
	if bias != nil {
		x = p.Add(x, bias)
	}
	return x
}

func partsSkipLayerNorm(p *Parts) []*ir.Value {
	x := p.skipped(p.In(4))
	return append(p.layerNorm(x, p.In(2), p.In(3)), x)
}

func partsSkipSimplifiedLayerNorm(p *Parts) []*ir.Value {
	x := p.skipped(p.In(3))
	return []*ir.Value{p.Do("RMSNormalization", p.pick("epsilon"), x, p.In(2)), nil, nil, x}
}

func partsSimplifiedLayerNorm(p *Parts) []*ir.Value {
	return []*ir.Value{p.Do("RMSNormalization", p.pick("axis", "epsilon", "stash_type"), p.In(0), p.In(1))}
}

func partsEmbedLayerNorm(p *Parts) []*ir.Value {
	steps := p.Shape(0)[1]
	x := p.Do("Gather", nil, p.In(2), p.In(0))
	if p.In(8) != nil {
		x = p.Add(x, p.Do("Gather", nil, p.In(3), p.In(8)))
	} else {
		x = p.Add(x, p.Slice(p.In(3), 0, 0, steps))
	}
	if p.In(1) != nil && p.In(4) != nil {
		x = p.Add(x, p.Do("Gather", nil, p.In(4), p.In(1)))
	}
	words := p.Constant(tensor.New(tensor.Int32, p.Shape(0)[0]))
	if p.In(7) != nil {
		one := p.Cast(p.Do("Equal", nil, p.In(7), p.Like(p.In(7), 1)), tensor.Int32)
		words = p.Do("ReduceSum", ir.Attrs{"keepdims": int64(0)}, one, p.Ints(1))
	}
	return []*ir.Value{p.layerNorm(x, p.In(5), p.In(6))[0], words, x}
}

// partsMSRotaryEmbedding: one position stands for it and those that follow.
func partsMSRotaryEmbedding(p *Parts) []*ir.Value {
	s, cache := p.Shape(0), p.Shape(2)
	if p.Attrs.Bool("is_packed_batching") || len(s) < 3 || len(cache) != 2 {
		p.Fail("packed batches are not supported; expected an input of 3 or 4 dimensions and caches of 2")
	}
	steps := s[len(s)-2]
	if len(s) == 3 {
		steps = s[1]
	}
	positions := p.Cast(p.In(1), tensor.Int64)
	if p.Type(1).Len() == 1 {
		positions = p.Add(p.Reshape(positions, 1, 1), p.Iota(steps, 1, 2))
	}
	positions = p.Expand(positions, s[0], steps)
	a := p.pick("interleaved", "num_heads", "rotary_embedding_dim")
	if len(s) == 3 && p.Attrs.Int("num_heads") == 0 {
		a["num_heads"] = int64(s[2] / (2 * cache[1]))
	}
	return []*ir.Value{p.Do("RotaryEmbedding", a, p.In(0), p.In(2), p.In(3), positions)}
}

// multiHead is attention over heads [batch, heads, steps, size], with what is added to the scores, and returns a value of three dimensions.
// Where masked is not nil, the scores are mask_filter_value lower where it holds.
func (p *Parts) multiHead(q, k, v, masked, bias *ir.Value) *ir.Value {
	d := q.Type.DType
	scores := p.Mul(p.scores(q, k), p.Scalar(d, p.scaleOf(q.Type.Shape[3])))
	if masked != nil {
		scores = p.Add(scores, p.Where(masked, p.Scalar(d, float64(p.Attrs.Float("mask_filter_value"))), p.Scalar(d, 0)))
	}
	if bias != nil {
		scores = p.Add(scores, bias)
	}
	if p.Attrs.Bool("unidirectional") {
		queries, keys := q.Type.Shape[2], k.Type.Shape[2]
		ahead := p.Do("Greater", nil, p.Iota(keys, 3, 4), p.Add(p.Iota(queries, 2, 4), p.Ints(keys-queries)))
		scores = p.Where(ahead, p.Scalar(d, -math.MaxFloat32), scores)
	}
	return p.unheads(p.weighted(p.Do("Softmax", nil, scores), v))
}

// keyMask returns where keys are masked, to be broadcast to the scores: by a mask of ones for [batch, keys] or [batch, queries, keys], or by
// the number of keys of each batch. nil where there is no mask.
func (p *Parts) keyMask(i, batch, keys int) *ir.Value {
	m := p.In(i)
	if m == nil {
		return nil
	}
	s := m.Type.Shape
	switch {
	case len(s) == 1 && s[0] == batch:
		return p.Do("GreaterOrEqual", nil, p.Cast(p.Iota(keys, 3, 4), m.Type.DType), p.Reshape(m, batch, 1, 1, 1))
	case len(s) == 2 && s[1] == keys:
		m = p.Reshape(m, s[0], 1, 1, keys)
	case len(s) == 3 && s[2] == keys:
		m = p.Reshape(m, s[0], 1, s[1], keys)
	default:
		p.Fail("a mask of shape %v is not supported; expected [batch], [batch, keys] or [batch, queries, keys]", s)
	}
	return p.Do("LessOrEqual", nil, m, p.Like(m, 0))
}

func partsMSAttention(p *Parts) []*ir.Value {
	s, w, heads := p.Shape(0), p.Shape(1), p.Attrs.Int("num_heads")
	if p.Attrs.Bool("do_rotary") || p.Attrs.Bool("past_present_share_buffer") || len(s) != 3 || heads < 1 {
		p.Fail("rotary embeddings inside and shared buffers of past keys are not supported, and the input has 3 dimensions")
	}
	sizes := p.Attrs.Ints("qkv_hidden_sizes")
	if sizes == nil {
		sizes = []int{w[1] / 3, w[1] / 3, w[1] / 3}
	}
	if len(sizes) != 3 || sizes[0]+sizes[1]+sizes[2] != w[1] {
		p.Fail("sizes %v of queries, keys and values do not fit weights of shape %v", sizes, w)
	}
	x := p.MatMul(p.In(0), p.In(1))
	if p.In(2) != nil {
		x = p.Add(x, p.In(2))
	}
	q := p.heads(p.Slice(x, 2, 0, sizes[0]), heads)
	k := p.heads(p.Slice(x, 2, sizes[0], sizes[0]+sizes[1]), heads)
	v := p.heads(p.Slice(x, 2, sizes[0]+sizes[1], w[1]), heads)
	if past := p.In(4); past != nil {
		half := func(i int) *ir.Value { return p.Reshape(p.Slice(past, 0, i, i+1), past.Type.Shape[1:]...) }
		k, v = p.Concat(2, half(0), k), p.Concat(2, half(1), v)
	}
	y := p.multiHead(q, k, v, p.keyMask(3, s[0], k.Type.Shape[2]), p.In(5))
	var present *ir.Value
	if p.NOut() > 1 {
		pair := func(v *ir.Value) *ir.Value { return p.Do("Unsqueeze", nil, v, p.Ints(0)) }
		present = p.Concat(0, pair(k), pair(v))
	}
	return []*ir.Value{y, present}
}

func partsMultiHeadAttention(p *Parts) []*ir.Value {
	s, heads := p.Shape(0), p.Attrs.Int("num_heads")
	if len(s) != 3 || p.In(1) == nil || p.In(2) == nil || p.In(8) != nil || p.In(9) != nil || p.NOut() > 3 {
		p.Fail("packed queries, buffers of past keys and the products as an output are not supported; expected query, key and value apart")
	}
	in, from := [3]*ir.Value{}, 0
	for i := range in {
		in[i] = p.In(i)
		size := in[i].Type.Shape[len(in[i].Type.Shape)-1]
		if p.In(3) != nil && len(in[i].Type.Shape) == 3 {
			in[i] = p.Add(in[i], p.Slice(p.In(3), 0, from, from+size))
		}
		in[i], from = p.heads(in[i], heads), from+size
	}
	q, k, v := in[0], in[1], in[2]
	if p.In(6) != nil && p.In(7) != nil {
		k, v = p.Concat(2, p.In(6), k), p.Concat(2, p.In(7), v)
	}
	return []*ir.Value{p.multiHead(q, k, v, p.keyMask(4, s[0], k.Type.Shape[2]), p.In(5)), k, v}
}
