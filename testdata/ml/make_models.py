#!/usr/bin/env python3
"""Trains the models of this folder and writes what ONNX Runtime says of them.

Usage: make_models.py OUT_DIR     (made with scikit-learn 1.9.1, skl2onnx 1.20.0, onnxmltools 1.16.0, lightgbm 4.7.0, xgboost 2.1.4,
onnxruntime 1.32.0)
Each model becomes OUT_DIR/NAME/model.onnx with OUT_DIR/NAME/test_data_set_0: rows of the test split, and the labels and scores that ONNX
Runtime gives for them, or a regressor's prediction. The maps of a ZipMap are written as rows of their values.
"""
import os
import sys
import warnings

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MLFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_digits, load_iris, load_wine
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

warnings.filterwarnings("ignore")


def plain(make):
    """onnx.helper refuses NumPy's integers and booleans, which the converters hand it."""
    def make_attribute(key, value, *args, **kwargs):
        if isinstance(value, (list, np.ndarray)):
            value = [int(v) if isinstance(v, (bool, np.bool_, np.integer)) else v for v in value]
        return make(key, value, *args, **kwargs)
    return make_attribute


onnx.helper.make_attribute = plain(onnx.helper.make_attribute)
ROWS = 20
SETS = {"iris": load_iris, "wine": load_wine, "digits": load_digits, "diabetes": load_diabetes}


def data(name, strings=False, binary=False):
    d = SETS[name]()
    x, y = d.data.astype(np.float32), d.target
    if binary:
        x, y = x[y < 2], y[y < 2]
    if strings:
        y = np.array([str(d.target_names[v]) for v in y])
    return train_test_split(x, y, test_size=0.3, random_state=0)


def save(out, name, model, x):
    folder = os.path.join(out, name)
    cases = os.path.join(folder, "test_data_set_0")
    os.makedirs(cases, exist_ok=True)
    raw = model.SerializeToString()
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(raw)
    session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
    results = session.run(None, {session.get_inputs()[0].name: x})
    results = [np.array([list(row.values()) for row in r], dtype=np.float32) if isinstance(r, list) else r for r in results]
    for file, array in [("input_0.pb", x)] + [(f"output_{i}.pb", r) for i, r in enumerate(results)]:
        with open(os.path.join(cases, file), "wb") as f:
            f.write(onnx.numpy_helper.from_array(array).SerializeToString())
    print(name, len(raw), "bytes", [r.shape for r in results])


def sklearn_models():
    yield "iris_forest", RandomForestClassifier(10, max_depth=4, random_state=0), data("iris"), {}
    yield "iris_forest_names", RandomForestClassifier(10, max_depth=4, random_state=0), data("iris", strings=True), {}
    yield "iris_forest_binary", RandomForestClassifier(5, max_depth=3, random_state=0), data("iris", binary=True), {}
    yield "iris_tree_array", DecisionTreeClassifier(random_state=0), data("iris"), {"zipmap": False}
    yield "digits_forest50", RandomForestClassifier(50, max_depth=6, min_samples_leaf=4, random_state=0), data("digits"), {"zipmap": False}
    yield "wine_extra_trees", ExtraTreesClassifier(10, max_depth=5, random_state=0), data("wine"), {}
    yield "wine_boosting", GradientBoostingClassifier(n_estimators=10, max_depth=3, random_state=0), data("wine"), {"zipmap": False}
    yield "wine_boosting_binary", GradientBoostingClassifier(n_estimators=10, max_depth=3, random_state=0), data("wine", binary=True), {}
    yield "wine_hist_boosting", HistGradientBoostingClassifier(max_iter=5, max_depth=3, random_state=0), data("wine"), {"zipmap": False}
    yield "iris_adaboost", AdaBoostClassifier(n_estimators=5, random_state=0), data("iris"), {"zipmap": False}
    yield "diabetes_forest", RandomForestRegressor(10, max_depth=5, random_state=0), data("diabetes"), {}
    yield "diabetes_extra_trees", ExtraTreesRegressor(10, max_depth=5, random_state=0), data("diabetes"), {}
    yield "diabetes_boosting", GradientBoostingRegressor(n_estimators=20, max_depth=3, random_state=0), data("diabetes"), {}
    yield "iris_logistic", LogisticRegression(max_iter=500), data("iris"), {}
    yield "iris_logistic_names", LogisticRegression(max_iter=500), data("iris", strings=True), {}
    yield "iris_logistic_binary", LogisticRegression(max_iter=500), data("iris", binary=True), {"zipmap": False}
    yield "iris_sgd", SGDClassifier(loss="log_loss", random_state=0), data("iris"), {"zipmap": False}
    yield "iris_linear_svc", LinearSVC(random_state=0), data("iris"), {}
    yield "diabetes_linear", LinearRegression(), data("diabetes"), {}
    yield "diabetes_ridge", Ridge(), data("diabetes"), {}
    yield "iris_svc", SVC(random_state=0), data("iris"), {"zipmap": False}
    yield "iris_svc_probability", SVC(probability=True, random_state=0), data("iris"), {"zipmap": False}
    yield "iris_svc_poly", make_pipeline(StandardScaler(), SVC(kernel="poly", probability=True, random_state=0)), data("iris"), {"zipmap": False}
    yield "iris_svc_binary", SVC(kernel="linear", random_state=0), data("iris", binary=True), {"zipmap": False}
    yield "iris_svc_names", SVC(probability=True, random_state=0), data("iris", strings=True), {}
    yield "iris_nusvc_sigmoid", make_pipeline(StandardScaler(), NuSVC(kernel="sigmoid", nu=0.3, gamma=0.1, random_state=0)), data("iris"), {"zipmap": False}
    yield "digits_svc", make_pipeline(MaxAbsScaler(), SVC(kernel="linear", random_state=0)), data("digits"), {"zipmap": False}
    yield "diabetes_svr", SVR(C=10), data("diabetes"), {}
    yield "iris_one_class", OneClassSVM(nu=0.1), data("iris"), {}
    yield "wine_pipeline", make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=500)), holes(data("wine")), {}
    yield "wine_minmax_forest", make_pipeline(MinMaxScaler(), RandomForestClassifier(5, max_depth=4, random_state=0)), data("wine"), {"zipmap": False}
    yield "wine_normalizer", make_pipeline(Normalizer(), LogisticRegression(max_iter=500)), data("wine"), {"zipmap": False}
    yield "digits_binarizer", make_pipeline(Binarizer(threshold=7.5), LogisticRegression(max_iter=300)), data("digits"), {"zipmap": False}
    yield "iris_onehot", make_pipeline(KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), OneHotEncoder(sparse_output=False), LogisticRegression(max_iter=500)), data("iris"), {"zipmap": False}
    yield "wine_columns", make_pipeline(ColumnTransformer([("a", StandardScaler(), [0, 1, 2, 5]), ("b", MinMaxScaler(), [6, 9, 12])]), RandomForestClassifier(5, max_depth=4, random_state=0)), data("wine"), {"zipmap": False}


def holes(split):
    x, xt, y, yt = split
    for part in (x, xt):
        part[::3, 2] = np.nan
    return x, xt, y, yt


def main():
    out = sys.argv[1]
    for name, model, (x, xt, y, _), options in sklearn_models():
        model.fit(x, y)
        opts = {id(model): options} if options else None
        onx = to_onnx(model, initial_types=[("x", FloatTensorType([None, x.shape[1]]))], options=opts, target_opset={"": 21, "ai.onnx.ml": 3})
        save(out, name, onx, xt[:ROWS])
    boosted = [
        ("wine_lightgbm", LGBMClassifier(n_estimators=5, max_depth=4, verbose=-1), data("wine"), convert_lightgbm),
        ("wine_lightgbm_binary", LGBMClassifier(n_estimators=5, max_depth=4, verbose=-1), data("wine", binary=True), convert_lightgbm),
        ("diabetes_lightgbm", LGBMRegressor(n_estimators=10, max_depth=4, verbose=-1), data("diabetes"), convert_lightgbm),
        ("wine_xgboost", XGBClassifier(n_estimators=5, max_depth=3), data("wine"), convert_xgboost),
        ("wine_xgboost_binary", XGBClassifier(n_estimators=5, max_depth=3), data("wine", binary=True), convert_xgboost),
        ("diabetes_xgboost", XGBRegressor(n_estimators=10, max_depth=3), data("diabetes"), convert_xgboost),
    ]
    for name, model, (x, xt, y, _), convert in boosted:
        model.fit(x, y)
        onx = convert(model, initial_types=[("x", MLFloat([None, x.shape[1]]))], target_opset=15)
        save(out, name, onx, xt[:ROWS])


if __name__ == "__main__":
    main()
