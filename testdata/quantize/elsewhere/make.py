#!/usr/bin/env python3
"""Quantizes small models with other tools than deepgo, and writes them here with what ONNX Runtime computes of them (every graph
optimization off): NAME.onnx and NAME.pb, whose first axis counts the samples. Inputs are those of the float models in testdata/models, or
branches.inputs.pb.

With ONNX Runtime's quantization tools: from the top of the checkout, in a venv with onnx, onnxruntime, sympy and onnx_ir,
    python testdata/quantize/elsewhere/make.py
With Brevitas' exporter, in a venv with brevitas too:
    python testdata/quantize/elsewhere/make.py brevitas
"""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

here = os.path.dirname(os.path.abspath(__file__))
models = os.path.join(here, "../../models")
bases = {"digits": "digits_f32", "sine": "sine_f32", "dwsep": "dwsep", "convbn": "convbn_nchw", "transformer": "transformer_block"}


def session(file):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def branches():
    """A float model of the operators that the others have not: Concat, Mul, LeakyRelu, Sigmoid, Softmax, AveragePool."""
    r = np.random.default_rng(1)
    def w(*shape): return (r.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    init, nodes = [], []
    def const(name, value):
        init.append(numpy_helper.from_array(value, name))
        return name
    def node(op, inputs, out, **attrs): nodes.append(helper.make_node(op, inputs, [out], name=out, **attrs))
    node("Conv", ["x", const("w1", w(8, 3, 3, 3)), const("b1", w(8, 1).ravel())], "c1", pads=[1, 1, 1, 1])
    node("LeakyRelu", ["c1"], "l1", alpha=0.125)
    node("Conv", ["x", const("w2", w(8, 3, 1, 1)), const("b2", w(8, 1).ravel())], "c2")
    node("Sigmoid", ["c2"], "s2")
    node("Mul", ["l1", "s2"], "m")
    node("Concat", ["l1", "m"], "k", axis=1)
    node("AveragePool", ["k"], "a", kernel_shape=[3, 3], strides=[3, 3])
    node("Conv", ["a", const("w3", w(16, 1, 3, 3)), const("b3", w(16, 1).ravel())], "c3", pads=[1, 1, 1, 1], group=16)
    node("Add", ["a", "c3"], "d")
    node("MaxPool", ["d"], "p", kernel_shape=[2, 2])
    node("GlobalAveragePool", ["p"], "g")
    node("Flatten", ["g"], "f")
    node("MatMul", ["f", const("w4", w(16, 5))], "t")
    node("Add", ["t", const("b4", w(5, 1).ravel())], "u")
    node("Softmax", ["u"], "y", axis=1)
    graph = helper.make_graph(nodes, "branches", [helper.make_tensor_value_info("x", 1, [1, 3, 12, 12])], [helper.make_tensor_value_info("y", 1, [1, 5])], init)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def inputs_of(base):
    """Three samples of a model's inputs, each a dictionary."""
    if base == "branches":
        r = np.random.default_rng(2)
        samples = [{"x": r.standard_normal((1, 3, 12, 12)).astype(np.float32)} for _ in range(3)]
        save("branches.inputs", [s["x"] for s in samples])
        return samples
    folder = os.path.join(models, bases[base])
    names = [v.name for v in session(os.path.join(folder, "model.onnx")).get_inputs()]
    return [{n: numpy_helper.to_array(onnx.load_tensor(f"{folder}/test_data_set_{k}/input_{i}.pb")) for i, n in enumerate(names)} for k in range(3)]


def save(name, values):
    with open(f"{here}/{name}.pb", "wb") as f:
        f.write(numpy_helper.from_array(np.stack(values), name).SerializeToString())


def calibration(samples, n=32):
    """Weighted means of the samples, with a little noise."""
    r = np.random.default_rng(3)
    out = list(samples)
    for _ in range(n):
        a, b, f = samples[r.integers(len(samples))], samples[r.integers(len(samples))], r.random()
        out.append({k: (a[k] * f + b[k] * (1 - f) + 0.02 * np.ptp(a[k]) * r.standard_normal(a[k].shape)).astype(np.float32) for k in a})
    return out


def goldens(name, samples):
    s = session(f"{here}/{name}.onnx")
    onnx.checker.check_model(onnx.load(f"{here}/{name}.onnx"))
    save(name, [s.run(None, x)[0] for x in samples])
    print(name, os.path.getsize(f"{here}/{name}.onnx"))


def with_ort():
    import logging
    logging.disable(logging.WARNING)
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self, samples): self.it = iter(samples)
        def get_next(self): return next(self.it, None)

    U8, S8, U16, S16 = QuantType.QUInt8, QuantType.QInt8, QuantType.QUInt16, QuantType.QInt16
    qdq, qop = QuantFormat.QDQ, QuantFormat.QOperator
    variants = [
        ("qdq_u8", dict(quant_format=qdq, activation_type=U8, weight_type=U8)),
        ("qdq_s8_channel", dict(quant_format=qdq, activation_type=S8, weight_type=S8, per_channel=True)),
        ("qdq_asymmetric", dict(quant_format=qdq, activation_type=S8, weight_type=S8, extra_options=dict(WeightSymmetric=False))),
        ("qdq_reduced", dict(quant_format=qdq, activation_type=U8, weight_type=S8, reduce_range=True, per_channel=True)),
        ("qdq_u16", dict(quant_format=qdq, activation_type=U16, weight_type=U8)),
        ("qdq_s16", dict(quant_format=qdq, activation_type=S16, weight_type=S8, extra_options=dict(ActivationSymmetric=True))),
        ("qop_u8", dict(quant_format=qop, activation_type=U8, weight_type=U8)),
        ("qop_channel", dict(quant_format=qop, activation_type=U8, weight_type=S8, per_channel=True)),
    ]
    with tempfile.TemporaryDirectory() as tmp:
        for base in [*bases, "branches"]:
            samples = inputs_of(base)
            source, prepared = os.path.join(tmp, "source.onnx"), os.path.join(tmp, "prepared.onnx")
            model = branches() if base == "branches" else onnx.load(os.path.join(models, bases[base], "model.onnx"))
            onnx.save(model, source)
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            for variant, options in variants:
                name = f"{base}_{variant}"
                quantize_static(prepared, f"{here}/{name}.onnx", Reader(calibration(samples)), **options)
                goldens(name, samples)
            quantize_dynamic(prepared, f"{here}/{base}_dynamic.onnx", weight_type=U8 if base in ("dwsep", "convbn", "digits", "branches") else S8)
            goldens(f"{base}_dynamic", samples)
            if base in ("transformer", "sine"):
                for symmetric in (True, False):
                    config = DefaultWeightOnlyQuantConfig(block_size=16, is_symmetric=symmetric, accuracy_level=0, quant_format=qdq, op_types_to_quantize=("MatMul",))
                    q = MatMulNBitsQuantizer(onnx.load(prepared), algo_config=config)
                    q.process()
                    name = f"{base}_blocks_{'symmetric' if symmetric else 'asymmetric'}"
                    q.model.save_model_to_file(f"{here}/{name}.onnx")
                    goldens(name, samples)


def with_brevitas():
    import brevitas.nn as qnn
    import torch
    from brevitas.export import export_onnx_qcdq
    from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerChannelFloat, Int32Bias, Uint8ActPerTensorFloat

    torch.manual_seed(1)
    net = torch.nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, return_quant_tensor=True),
        qnn.QuantConv2d(3, 8, 3, padding=1, weight_quant=Int8WeightPerChannelFloat, bias_quant=Int32Bias, return_quant_tensor=True),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, return_quant_tensor=True),
        qnn.QuantConv2d(8, 8, 3, padding=1, groups=8, weight_quant=Int8WeightPerChannelFloat, weight_bit_width=4, bias_quant=Int32Bias, return_quant_tensor=True),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=6, return_quant_tensor=True),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        qnn.QuantLinear(8 * 36, 5, bias=True, weight_quant=Int8WeightPerChannelFloat, weight_bit_width=4, bias_quant=Int32Bias, return_quant_tensor=True),
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat),
    )
    samples = [{"x": x} for x in numpy_helper.to_array(onnx.load_tensor(f"{here}/branches.inputs.pb"))]
    net.train()  # the scales of activations are learned from the first batches
    for s in calibration(samples):
        net(torch.from_numpy(s["x"]))
    net.eval()
    export_onnx_qcdq(net, torch.from_numpy(samples[0]["x"]), f"{here}/brevitas.onnx", opset_version=17, input_names=["x"], dynamo=False)
    goldens("brevitas", samples)


with_brevitas() if "brevitas" in sys.argv else with_ort()
