#!/usr/bin/env python3
"""Quantizes every case of cases.json with deepgo, checks the file with onnx.checker, runs it in ONNX Runtime with and without
graph optimizations, and writes what was found to ort.json, which go test compares with the files that deepgo makes. What ONNX Runtime's
optimizer makes of convolutions with 2-bit weights, it refuses itself: "optimized" is then what it says.

Needs onnx, onnxruntime and numpy. From the top of the checkout: DEEPGO_SHARED=../shared testdata/quantize/check_ort.py [NAME…]
With names, only cases are checked that have one of them in theirs; the others stay as they were found.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

shared = os.path.join(os.environ["DEEPGO_SHARED"], "models")
here = "testdata/quantize/"
letters = "abcdefghijklmnopqrstuvwxyz0123456789"


def at_shared(text):
    return text.replace("$SHARED", shared)


def session(file, optimized):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def outputs(s, samples):
    x = s.get_inputs()[0]
    shape = [n if isinstance(n, int) else 1 for n in x.shape]
    return [s.run(None, {x.name: v.reshape(shape)}) for v in samples]


def answer(outs):
    best = [int(np.argmax(v)) for v in outs]
    return str(best[0]) if len(best) == 1 else "".join(letters[k] for k in best)


def loads(file):
    """None where ONNX Runtime takes the file with its optimizations, else what it says."""
    try:
        session(file, True)
    except Exception as e:
        return str(e)
    return None


def check(case, file):
    result = {}
    refused = loads(file)
    if refused and "int2" not in refused:
        raise RuntimeError(refused)
    if "test" not in case:
        s = session(file, not refused)
        s.run(None, {x.name: np.zeros(x.shape, np.float32) for x in s.get_inputs()})
        return result
    samples = np.load(at_shared(case["test"])).astype(np.float32) * np.float32(case.get("scale", 1))
    for key, optimized in (("optimized", True), ("plain", False)):
        if optimized and refused:
            result[key] = refused
            continue
        got = outputs(session(file, optimized), samples)
        if "labels" in case:
            labels = open(at_shared(case["labels"])).read().split()
            result[key] = {"samples": len(labels), "right": sum(answer(o) == w for o, w in zip(got, labels))}
        if "float" in case:
            want = outputs(session(at_shared(case["float"]), False), samples)
            signal = sum(float((w[0].astype(float) ** 2).sum()) for w in want)
            noise = sum(float(((w[0].astype(float) - g[0]) ** 2).sum()) for w, g in zip(want, got))
            result[key] = {"snr_db": round(float(10 * np.log10(signal / noise)), 1)}
    return result


def main():
    found = {"onnx": onnx.__version__, "onnxruntime": ort.__version__, "models": {}}
    names = sys.argv[1:]
    if names:
        found["models"] = json.load(open(here + "ort.json"))["models"]
    with tempfile.TemporaryDirectory() as tmp:
        deepgo = os.path.join(tmp, "deepgo")
        subprocess.run(["go", "build", "-o", deepgo, "./cmd/deepgo"], check=True)
        for case in json.load(open(here + "cases.json")):
            if names and not any(n in case["name"] for n in names):
                continue
            file = os.path.join(tmp, "model.onnx")
            subprocess.run([deepgo, "quantize", *map(at_shared, case["args"]), "-o", file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            onnx.checker.check_model(onnx.load(file), full_check=True)
            result = check(case, file)
            result["sha256"] = hashlib.sha256(open(file, "rb").read()).hexdigest()
            found["models"][case["name"]] = result
            print(case["name"], result)
    with open(here + "ort.json", "w") as f:
        json.dump(found, f, indent="\t")
        f.write("\n")


main()
