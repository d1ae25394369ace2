package fuzz

import (
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

var layers = []generator{
	{"Conv", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		dims, group := 1+b.IntN(3), 1+b.IntN(2)
		x := b.image(d, dims, 3)
		c := x.Type.Shape[1]
		if c%group != 0 {
			group = 1
		}
		w := append([]int{group * (1 + b.IntN(3)), c / group}, b.shape(dims, 3)...)
		return b.one(name, ir.Attrs{"group": int64(group), "strides": b.ints(1, 2, dims), "pads": b.ints(0, 1, 2*dims)}, x, b.in(d, w...), b.maybe(b.in(d, w[0])))
	}, false, false},
	{"ConvTranspose", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		dims := 1 + b.IntN(3)
		x := b.image(d, dims, 1)
		return b.one(name, ir.Attrs{"strides": b.ints(1, 2, dims), "pads": b.ints(0, 1, 2*dims)}, x, b.in(d, append([]int{x.Type.Shape[1], 1 + b.IntN(3)}, slices.Repeat([]int{3}, dims)...)...))
	}, false, false},
	{"DeformConv", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"pads": []int64{1, 1, 1, 1}}, b.in(d, 1, 2, 5, 4), b.in(d, 3, 2, 3, 3), b.in(d, 1, 18, 5, 4), nil, b.maybe(b.in(d, 1, 9, 5, 4)))
	}, false, false},
	{"MaxPool AveragePool LpPool", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		dims := 1 + b.IntN(3)
		attrs := ir.Attrs{"kernel_shape": b.ints(2, 3, dims), "strides": b.ints(1, 2, dims), "pads": b.ints(0, 1, 2*dims), "ceil_mode": b.coin()}
		if name == "AveragePool" {
			attrs["count_include_pad"] = b.coin()
		}
		return b.one(name, attrs, b.image(d, dims, 3))
	}, false, false},
	{"GlobalAveragePool GlobalMaxPool GlobalLpPool", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.image(d, 1+b.IntN(3), 1))
	}, false, false},
	{"MaxUnpool", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		t := tensor.New(tensor.Int64, 1, 2, 2, 2)
		for i := range t.Len() {
			t.SetI64(i, int64(4*i)+int64(b.IntN(4)))
		}
		return b.one(name, ir.Attrs{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}}, b.in(d, 1, 2, 2, 2), b.g.NewConst("i", t))
	}, true, false},
	{"BatchNormalization", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		x := b.image(d, b.IntN(3), 2)
		c := x.Type.Shape[1]
		return b.one(name, nil, x, b.in(d, c), b.in(d, c), b.in(d, c), b.number(d, 0.5, 2, c))
	}, false, false},
	{"InstanceNormalization", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		x := b.image(d, 1+b.IntN(2), 4)
		c := x.Type.Shape[1]
		return b.one(name, nil, x, b.in(d, c), b.in(d, c))
	}, false, false},
	{"GroupNormalization", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"num_groups": int64(2)}, b.in(d, 2, 4, 3, 3), b.in(d, 4), b.in(d, 4))
	}, false, false},
	{"LayerNormalization RMSNormalization", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		s := b.shape(3, 5)
		s[2] += 3
		in := []*ir.Value{b.in(d, s...), b.in(d, s[2])}
		if name == "LayerNormalization" && b.IntN(2) == 0 {
			in = append(in, b.in(d, s[2]))
		}
		return b.one(name, ir.Attrs{"epsilon": float32(0.01)}, in...)
	}, false, false},
	{"MeanVarianceNormalization", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 2, 3, 3, 4))
	}, false, false},
	{"LRN", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"size": int64(1 + b.IntN(4)), "alpha": b.floatTo(0.01, 1)}, b.image(d, 2, 2))
	}, false, false},
	{"Resize", []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		attrs := ir.Attrs{"mode": b.of("nearest linear cubic"), "nearest_mode": b.of("round_prefer_floor round_prefer_ceil floor ceil"),
			"coordinate_transformation_mode": b.of("half_pixel pytorch_half_pixel align_corners asymmetric half_pixel_symmetric")}
		if attrs["mode"] != "nearest" {
			attrs["antialias"] = b.coin()
		}
		return b.one(name, attrs, b.in(d, 1, 2, 5, 4), nil, nil, b.indices(1, 2, 1+b.IntN(9), 1+b.IntN(9)))
	}, false, false},
	{"Upsample", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"mode": b.of("nearest linear")}, b.in(d, 1, 2, 3, 4), b.g.NewConst("s", tensor.Floats([]float32{1, 1, 2, 3}, 4)))
	}, false, false},
	{"GridSample", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"align_corners": b.coin(), "mode": b.of("linear nearest cubic"), "padding_mode": b.of("zeros border reflection")}, b.in(d, 1, 2, 5, 4), b.in(d, 1, 3, 2, 2))
	}, false, false},
	{"AffineGrid", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"align_corners": b.coin()}, b.in(d, 2, 2, 3), b.indices(2, 1, 3, 4))
	}, false, false},
	{"RoiAlign", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"mode": b.of("avg max"), "output_height": int64(2), "output_width": int64(3), "sampling_ratio": int64(1 + b.IntN(2)), "spatial_scale": b.floatTo(0.5, 1)},
			b.in(d, 2, 2, 6, 6), b.boxes(d, 3), b.number(tensor.Int64, 0, 1.9, 3))
	}, false, false},
	{"MaxRoiPool", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		t := tensor.Floats([]float32{0, 0, 0, 3, 4, 1, 1, 2, 5, 5}, 2, 5)
		return b.one(name, ir.Attrs{"pooled_shape": []int64{2, 2}}, b.in(d, 2, 2, 6, 6), b.g.NewConst("rois", t))
	}, true, false},
	{"Col2Im", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 1, 2*4, 9), b.indices(4, 4), b.indices(2, 2))
	}, false, false},
	{"RNN LSTM GRU", []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float64}, recurrent, false, false},
	{"NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss", []tensor.DType{tensor.Float32, tensor.Float64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"reduction": b.of("none mean sum")}, b.in(d, 3, 4, 2), b.number(tensor.Int64, 0, 3.9, 3, 2), b.maybe(b.number(d, 0.5, 1.5, 4)))
	}, false, false},
	{"Attention", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		attrs := ir.Attrs{"is_causal": b.coin(), "scale": b.floatTo(0.2, 1), "softcap": float32(b.IntN(3))}
		return b.one(name, attrs, b.in(d, 1, 2, 3, 4), b.in(d, 1, 2, 5, 4), b.in(d, 1, 2, 5, 3), b.maybe(b.in(d, 3, 5)))
	}, false, false},
	{"RotaryEmbedding", floats, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"interleaved": b.coin()}, b.in(d, 1, 2, 3, 8), b.in(d, 6, 4), b.in(d, 6, 4), b.number(tensor.Int64, 0, 5.9, 1, 3))
	}, false, false},
	{"LinearAttention", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.nodes(2, name, ir.Attrs{"kv_num_heads": int64(2), "q_num_heads": int64(2), "update_rule": "linear"}, b.in(d, 1, 3, 4), b.in(d, 1, 3, 4), b.in(d, 1, 3, 6))
	}, false, false},
	{"CausalConvWithState", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.nodes(2, name, ir.Attrs{"activation": b.of("none silu")}, b.in(d, 1, 3, 6), b.in(d, 3, 1, 3), b.maybe(b.in(d, 3)))
	}, false, false},
	{"DFT", []tensor.DType{tensor.Float32, tensor.Float64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		inverse := b.coin()
		return b.one(name, ir.Attrs{"inverse": inverse}, b.in(d, 1, 2+b.IntN(14), int(1+inverse)), nil, b.number(tensor.Int64, 1, 1))
	}, false, false},
	{"STFT", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 1, 20, 1), b.number(tensor.Int64, 4, 4), b.in(d, 8), b.number(tensor.Int64, 8, 8))
	}, false, false},
	{"HannWindow HammingWindow BlackmanWindow", single, func(b *builder, name string, _ tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"periodic": b.coin()}, b.number(tensor.Int64, 2, 12))
	}, false, false},
	{"MelWeightMatrix", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		n := func(v float64) *ir.Value { return b.number(tensor.Int64, v, v) }
		return b.one(name, nil, n(4), n(16), n(8000), b.number(d, 10, 20), b.number(d, 2000, 4000))
	}, false, false},
	{"Adagrad Adam Momentum", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		in := []*ir.Value{b.number(d, 0.01, 0.1), b.number(tensor.Int64, 0, 3)}
		s := b.shape(2, 4)
		states := map[string]int{"Adagrad": 1, "Adam": 2, "Momentum": 1}[name]
		in = append(in, b.in(d, s...), b.in(d, s...))
		for range states {
			in = append(in, b.one("Abs", nil, b.in(d, s...))[0])
		}
		attrs := ir.Attrs{}
		if name == "Momentum" {
			attrs = ir.Attrs{"alpha": b.floatTo(0.5, 1), "beta": b.floatTo(0.5, 1), "mode": b.of("standard nesterov"), "norm_coefficient": b.floatTo(0, 0.1)}
		}
		return b.nodes(1+states, name, attrs, in...)
	}, false, false},
}

// boxes returns regions of an image of 6 by 6.
func (b *builder) boxes(d tensor.DType, n int) *ir.Value {
	t := tensor.New(d, n, 4)
	for i := range n {
		for k := range 2 {
			t.SetF64(4*i+k, 2*b.Float64())
			t.SetF64(4*i+k+2, 3+3*b.Float64())
		}
	}
	return b.g.NewConst("boxes", t)
}

func recurrent(b *builder, name string, d tensor.DType) []*ir.Value {
	gates := map[string]int{"RNN": 1, "LSTM": 4, "GRU": 3}[name]
	direction := b.of("forward reverse bidirectional")
	n, steps, batch, inputs, hidden := 1, 1+b.IntN(4), 1+b.IntN(2), 1+b.IntN(4), 1+b.IntN(4)
	if direction == "bidirectional" {
		n = 2
	}
	attrs := ir.Attrs{"direction": direction, "hidden_size": int64(hidden)}
	if b.IntN(2) == 0 {
		per := map[string]int{"RNN": 1, "LSTM": 3, "GRU": 2}[name]
		var acts []string
		for range n * per {
			acts = append(acts, b.of("Tanh Sigmoid Relu HardSigmoid Softsign"))
		}
		attrs["activations"] = acts
	}
	in := []*ir.Value{b.in(d, steps, batch, inputs), b.in(d, n, gates*hidden, inputs), b.in(d, n, gates*hidden, hidden), b.maybe(b.in(d, n, 2*gates*hidden)),
		b.maybe(b.number(tensor.Int32, 1, float64(steps)+0.9, batch)), b.maybe(b.in(d, n, batch, hidden))}
	switch name {
	case "LSTM":
		in = append(in, b.maybe(b.in(d, n, batch, hidden)), b.maybe(b.in(d, n, 3*hidden)))
		attrs["input_forget"] = b.coin()
	case "GRU":
		attrs["linear_before_reset"] = b.coin()
	}
	return b.nodes(2, name, attrs, in...)
}

// learners are operators of classical machine learning.
var learners = []generator{
	{"Normalizer", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"norm": b.of("L1 L2")}, b.in(d, b.shape(2, 5)...))
	}, false, false},
	{"Scaler", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"offset": []float32{0.5}, "scale": []float32{2, 1, 0.5}}, b.in(d, 4, 3))
	}, false, false},
	{"Binarizer", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"threshold": b.floatTo(-1, 1)}, b.in(d, b.shape(2, 5)...))
	}, true, false},
	{"Imputer", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"imputed_value_floats": []float32{1, 2, 3}, "replaced_value_float": float32(0)}, b.in(d, 4, 3))
	}, true, false},
	{"OneHotEncoder", []tensor.DType{tensor.Int64, tensor.Int32}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"cats_int64s": []int64{0, 2, 3, 7}}, b.in(d, 3, 2))
	}, true, false},
	{"ArrayFeatureExtractor", numbers, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, nil, b.in(d, 3, 4), b.number(tensor.Int64, 0, 3.9, 1, 2))
	}, true, false},
	{"FeatureVectorizer", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"inputdimensions": []int64{2, 3}}, b.in(d, 4, 2), b.in(d, 4, 3))
	}, true, false},
	{"LabelEncoder CategoryMapper", []tensor.DType{tensor.Int64}, func(b *builder, name string, d tensor.DType) []*ir.Value {
		attrs := ir.Attrs{"keys_tensor": tensor.Ints([]int64{1, 4, 7}, 3), "values_tensor": tensor.Floats([]float32{0.5, 1, 2}, 3), "default_tensor": tensor.Floats([]float32{-1}, 1)}
		return b.one(name, attrs, b.in(d, b.shape(2, 4)...))
	}, true, false},
	{"LinearClassifier", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.nodes(2, name, ir.Attrs{"coefficients": b.list32(9), "intercepts": b.list32(3), "classlabels_ints": []int64{3, 1, 2}, "post_transform": b.of("NONE LOGISTIC SOFTMAX")}, b.in(d, 4, 3))
	}, false, false},
	{"LinearRegressor", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"coefficients": b.list32(6), "intercepts": b.list32(2), "targets": int64(2)}, b.in(d, 4, 3))
	}, false, false},
	{"TreeEnsembleRegressor TreeEnsembleClassifier", []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float64}, trees, false, false},
	{"TreeEnsemble", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		modes := tensor.New(tensor.Uint8, 3)
		for i := range modes.Len() {
			modes.SetI64(i, int64(b.IntN(6)))
		}
		attrs := ir.Attrs{"nodes_modes": modes, "nodes_splits": tensor.Floats(b.list32(3), 3), "leaf_weights": tensor.Floats(b.list32(4), 4), "nodes_featureids": b.ints(0, 2, 3), "nodes_truenodeids": []int64{1, 0, 2}, "nodes_falsenodeids": []int64{2, 1, 3},
			"nodes_trueleafs": []int64{0, 1, 1}, "nodes_falseleafs": []int64{0, 1, 1}, "tree_roots": []int64{0}, "leaf_targetids": []int64{0, 1, 0, 1}, "n_targets": int64(2)}
		return b.one(name, attrs, b.in(d, 4, 3))
	}, false, false},
	{"SVMRegressor", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		return b.one(name, ir.Attrs{"coefficients": b.list32(3), "kernel_type": b.of("LINEAR POLY RBF SIGMOID"), "kernel_params": []float32{0.3, 0.5, 2}, "n_supports": int64(3), "rho": b.list32(1), "support_vectors": b.list32(6)}, b.in(d, 4, 2))
	}, false, false},
	{"SVMClassifier", single, func(b *builder, name string, d tensor.DType) []*ir.Value {
		attrs := ir.Attrs{"coefficients": b.list32(8), "kernel_type": b.of("LINEAR RBF"), "kernel_params": []float32{0.3, 0.5, 2}, "vectors_per_class": []int64{1, 2, 1}, "rho": b.list32(3), "support_vectors": b.list32(8), "classlabels_ints": []int64{0, 1, 2}}
		if b.IntN(2) == 0 {
			attrs["prob_a"], attrs["prob_b"] = []float32{-1, -2, -1.5}, []float32{0.1, 0.2, 0}
		}
		return b.nodes(2, name, attrs, b.in(d, 4, 2))
	}, false, false},
}

// list32 returns floats for an attribute.
func (b *builder) list32(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = b.floatTo(-1, 1)
	}
	return list
}

// trees makes trees of three tests and four leaves.
func trees(b *builder, name string, d tensor.DType) []*ir.Value {
	leaf := "target"
	if name == "TreeEnsembleClassifier" {
		leaf = "class"
	}
	var treeID, nodeID, feature, yes, no, leafTree, leafNode, leafTarget []int64
	var modes []string
	for t := range int64(1 + b.IntN(3)) {
		for i := range int64(7) {
			treeID, nodeID, feature = append(treeID, t), append(nodeID, i), append(feature, int64(b.IntN(3)))
			if i < 3 {
				modes, yes, no = append(modes, b.of("BRANCH_LEQ BRANCH_LT BRANCH_GTE BRANCH_GT BRANCH_EQ BRANCH_NEQ")), append(yes, 2*i+1), append(no, 2*i+2)
				continue
			}
			modes, yes, no = append(modes, "LEAF"), append(yes, 0), append(no, 0)
			leafTree, leafNode, leafTarget = append(leafTree, t), append(leafNode, i), append(leafTarget, int64(b.IntN(3)))
		}
	}
	attrs := ir.Attrs{"nodes_treeids": treeID, "nodes_nodeids": nodeID, "nodes_featureids": feature, "nodes_truenodeids": yes, "nodes_falsenodeids": no, "nodes_modes": modes, "nodes_values": b.list32(len(modes)),
		leaf + "_treeids": leafTree, leaf + "_nodeids": leafNode, leaf + "_ids": leafTarget, leaf + "_weights": b.list32(len(leafTree))}
	if strings.HasSuffix(name, "Classifier") {
		attrs["classlabels_int64s"] = []int64{5, 6, 7}
		return b.nodes(2, name, attrs, b.in(d, 4, 3))
	}
	attrs["n_targets"] = int64(3)
	attrs["aggregate_function"] = b.of("SUM AVERAGE MIN MAX")
	return b.one(name, attrs, b.in(d, 4, 3))
}
