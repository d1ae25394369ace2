#!/usr/bin/env python3
"""Writes a model for each of ONNX Runtime's own operators on floats that deepgo takes, and for QLinear operators whose scales are inputs, and what ONNX Runtime computes.

Usage: make_microsoft.py OUT_DIR     (made with onnx 1.23.2 and onnxruntime 1.32.0)
Each model becomes a test in the layout of dump_node_tests.py.
"""
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

rng = np.random.default_rng(0)
MS = "com.microsoft"


def f(*shape):
    return rng.normal(size=shape).astype(np.float32)


def q8(*shape):
    return rng.integers(-128, 128, shape).astype(np.int8)


def u8(*shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def save(out, name, op, inputs, outputs=1, domain=MS, opset=17, **attrs):
    """inputs are arrays, or None where one is absent; an array in a tuple is an initializer."""
    names, values, inits = [], [], []
    for i, x in enumerate(inputs):
        names.append("" if x is None else f"x{i}")
        if isinstance(x, tuple):
            inits.append(numpy_helper.from_array(x[0], names[-1]))
        elif x is not None:
            values.append((names[-1], x))
    outs = [f"y{i}" if i in (outputs if isinstance(outputs, list) else range(outputs)) else "" for i in range((max(outputs) + 1) if isinstance(outputs, list) else outputs)]
    attrs = {k: v for k, v in attrs.items() if v != []}
    node = helper.make_node(op, names, outs, name=name, domain=domain, **attrs)
    graph = helper.make_graph([node], name, [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape) for n, x in values],
                              [helper.make_empty_tensor_value_info(o) for o in outs if o], inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(MS, 1)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    results = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, dict(values))
    folder = os.path.join(out, name, "test_data_set_0")
    os.makedirs(folder, exist_ok=True)
    onnx.save(model, os.path.join(out, name, "model.onnx"))
    with open(os.path.join(out, name, "tol.txt"), "w") as file:
        file.write("1e-05 1e-05\n")
    for kind, arrays in (("input", [x for _, x in values]), ("output", results)):
        for i, a in enumerate(arrays):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as file:
                file.write(numpy_helper.from_array(a).SerializeToString())


def main():
    out = sys.argv[1]
    for activation, params in (("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.7]), ("HardSigmoid", [0.3, 0.4]), ("Tanh", []), ("Sigmoid", [])):
        save(out, "fused_conv_" + activation, "FusedConv", [f(1, 3, 6, 5), (f(4, 3, 3, 3),), (f(4),)], activation=activation, activation_params=params, pads=[1, 1, 1, 1])
    save(out, "fused_conv_sum", "FusedConv", [f(1, 4, 6, 5), (f(4, 1, 3, 3),), (f(4),), f(1, 4, 4, 3)], activation="Relu", group=4)
    for activation in ("Relu", "LeakyRelu", "Tanh"):
        save(out, "fused_gemm_" + activation, "FusedGemm", [f(2, 5), (f(3, 5),), (f(3),)], activation=activation, activation_alpha=0.3, transB=1, alpha=0.5, beta=2.0)
    save(out, "fused_matmul", "FusedMatMul", [f(2, 3, 5, 4), f(2, 3, 5, 6)], transA=1, alpha=0.25)
    save(out, "fused_matmul_batch", "FusedMatMul", [f(3, 2, 4), f(2, 4, 5)], transBatchA=1, transA=0)
    save(out, "fused_matmul_b", "FusedMatMul", [f(2, 5, 4), f(3, 2, 4)][:1] + [f(2, 6, 4)], transB=1)
    save(out, "transpose_matmul", "TransposeMatMul", [f(4, 3), f(4, 5)], transA=1)
    save(out, "gelu", "Gelu", [f(3, 7)])
    save(out, "fast_gelu", "FastGelu", [f(3, 7)])
    save(out, "fast_gelu_bias", "FastGelu", [f(2, 3, 7), (f(7),)])
    save(out, "bias_gelu", "BiasGelu", [f(2, 3, 7), (f(7),)])
    save(out, "quick_gelu", "QuickGelu", [f(3, 7)], alpha=1.5)
    save(out, "layer_norm", "LayerNormalization", [f(2, 3, 8), (f(8),), (f(8),)], outputs=3, domain="", opset=11, axis=-1, epsilon=1e-4)
    save(out, "simplified_layer_norm", "SimplifiedLayerNormalization", [f(2, 3, 8), (f(8),)], domain="", opset=14, axis=-1, epsilon=1e-4)
    save(out, "skip_layer_norm", "SkipLayerNormalization", [f(2, 3, 8), f(2, 3, 8), (f(8),), (f(8),), (f(8),)], outputs=[0, 3], epsilon=1e-5)
    save(out, "skip_layer_norm_broadcast", "SkipLayerNormalization", [f(2, 3, 8), f(3, 8), (f(8),)], epsilon=1e-5)
    save(out, "skip_simplified_layer_norm", "SkipSimplifiedLayerNormalization", [f(2, 3, 8), f(2, 3, 8), (f(8),), (f(8),)], outputs=[0, 3], epsilon=1e-5)
    ids = rng.integers(0, 10, (2, 4)).astype(np.int32)
    segments = rng.integers(0, 2, (2, 4)).astype(np.int32)
    mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], dtype=np.int32)
    save(out, "embed_layer_norm", "EmbedLayerNormalization", [ids, segments, (f(10, 8),), (f(6, 8),), (f(2, 8),), (f(8),), (f(8),), mask], outputs=2, epsilon=1e-5)
    save(out, "embed_layer_norm_plain", "EmbedLayerNormalization", [ids, None, (f(10, 8),), (f(6, 8),), None, (f(8),), (f(8),)], outputs=[0, 2], epsilon=1e-5, mask_index_type=0)
    w, b = (f(6, 24),), (f(24),)
    save(out, "attention", "Attention", [f(2, 4, 6), w, b], num_heads=2)
    save(out, "attention_causal", "Attention", [f(2, 4, 6), w, b], num_heads=2, unidirectional=1)
    save(out, "attention_mask", "Attention", [f(2, 4, 6), w, b, mask], num_heads=2)
    save(out, "attention_lengths", "Attention", [f(2, 4, 6), w, b, np.array([3, 2], np.int32)], num_heads=2)
    save(out, "attention_bias", "Attention", [f(2, 4, 6), w, b, None, None, f(1, 2, 4, 4)], num_heads=2, scale=0.3)
    save(out, "attention_past", "Attention", [f(2, 4, 6), w, b, None, f(2, 2, 2, 3, 4)], outputs=2, num_heads=2, unidirectional=1)
    save(out, "attention_sizes", "Attention", [f(2, 4, 6), (f(6, 20),), (f(20),)], num_heads=2, qkv_hidden_sizes=[6, 6, 8])
    q, k, v = f(2, 4, 8), f(2, 5, 8), f(2, 5, 6)
    save(out, "multi_head", "MultiHeadAttention", [q, k, v], num_heads=2)
    save(out, "multi_head_bias", "MultiHeadAttention", [q, k, v, (f(22),)], num_heads=2)
    save(out, "multi_head_mask", "MultiHeadAttention", [q, k, v, None, np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)], num_heads=2)
    save(out, "multi_head_causal", "MultiHeadAttention", [q, f(2, 4, 8), f(2, 4, 8)], num_heads=2, unidirectional=1)
    save(out, "multi_head_scores", "MultiHeadAttention", [q, k, v, None, None, f(2, 2, 4, 5)], num_heads=2, scale=0.5)
    save(out, "multi_head_past", "MultiHeadAttention", [q, f(2, 4, 8), f(2, 4, 8), None, None, None, f(2, 2, 3, 4), f(2, 2, 3, 4)], outputs=3, num_heads=2)
    cos, sin = (np.cos(f(9, 4)),), (np.sin(f(9, 4)),)
    save(out, "rotary", "RotaryEmbedding", [f(2, 5, 16), np.array([2], np.int64), cos, sin])
    save(out, "rotary_positions", "RotaryEmbedding", [f(2, 5, 16), rng.integers(0, 9, (2, 5)), cos, sin], interleaved=1)
    save(out, "rotary_heads", "RotaryEmbedding", [f(2, 3, 5, 8), np.array([0], np.int64), cos, sin])
    save(out, "cdist", "CDist", [f(4, 3), f(5, 3)], metric="euclidean")
    save(out, "cdist_square", "CDist", [f(4, 3), f(5, 3)], metric="sqeuclidean")
    save(out, "expand_dims", "ExpandDims", [f(4, 3), (np.array(-1, np.int32),)])
    save(out, "trilu", "Trilu", [f(2, 4, 5), (np.array(1, np.int64),)], upper=1)
    zi, zu = np.array(3, np.int8), np.array(131, np.uint8)
    save(out, "dynamic_quantize_matmul", "DynamicQuantizeMatMul", [f(2, 3, 6), (q8(6, 5),), (abs(f(5)),), (q8(5),), (f(5),)])
    save(out, "dynamic_quantize_matmul_plain", "DynamicQuantizeMatMul", [f(3, 6), (u8(6, 5),), (abs(f(1)),)])
    save(out, "matmul_integer_to_float", "MatMulIntegerToFloat", [u8(2, 3, 6), (q8(6, 5),), abs(f(1)), (abs(f(5)),), np.array([7], np.uint8), (q8(5),), (f(5),)])
    save(out, "matmul_integer_to_float_computed", "MatMulIntegerToFloat", [u8(3, 6), u8(6, 5), abs(f(1)), abs(f(1)), np.array([7], np.uint8), np.array([130], np.uint8)])
    # Scales and zero points that are inputs.
    s = [np.array(v, np.float32) for v in (0.03, 0.05, 0.11)]
    save(out, "qlinear_add_computed", "QLinearAdd", [q8(2, 7), s[0], zi, q8(1, 7), s[1], zi, s[2], zi])
    save(out, "qlinear_mul_computed", "QLinearMul", [u8(2, 7), s[0], zu, u8(2, 1), s[1], zu, s[2], zu])
    save(out, "qlinear_concat_computed", "QLinearConcat", [s[2], zu, u8(2, 3), s[0], zu, u8(2, 4), s[1], zu], axis=1)
    save(out, "qlinear_average_pool_computed", "QLinearAveragePool", [u8(1, 2, 6, 6), s[0], zu, s[1], zu], kernel_shape=[3, 3], strides=[2, 2])
    save(out, "qlinear_global_average_pool_computed", "QLinearGlobalAveragePool", [u8(1, 2, 5, 6), s[0], zu, s[1], zu])
    save(out, "qgemm_computed", "QGemm", [u8(4, 6), s[0], zu, u8(5, 6), s[1], zu, rng.integers(-900, 900, 5).astype(np.int32), np.array(4.5, np.float32), zu], transB=1)


if __name__ == "__main__":
    main()
