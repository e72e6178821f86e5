"""Releases small enough to make anew in each test, without Keras: a linear model over the 784 pixels."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from handler.card import PREPROCESSING, version_of
from handler.errors import MissingError
from tests.doubles import MemoryStore


class ListedStore(MemoryStore):
    """A `MemoryStore` that can also list folders, as `train.registry.Store` needs."""

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below `prefix`."""
        self.before("folders")
        rests = [key.removeprefix(prefix) for key in self.objects if key.startswith(prefix)]
        return sorted({rest.partition("/")[0] for rest in rests if "/" in rest})

    def body(self, key: str) -> bytes:
        """An object's bytes; `MissingError` where there is none."""
        if key not in self.objects:
            raise MissingError(key)
        return self.objects[key].body


def linear_onnx(seed: int) -> bytes:
    """An ONNX model, (N, 28, 28) floats to (N, 10) probabilities, of weights that follow from `seed`."""
    weights = np.random.default_rng(seed).normal(size=(784, 10)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"]),
        ],
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [None, 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 10])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    body: bytes = model.SerializeToString()
    onnx.checker.check_model(model)
    return body


def make_release(root: Path, seed: int, **changes: Any) -> Path:  # noqa: ANN401  # whatever a card can hold
    """The folder of a whole release below `root`; `changes` replace entries of its card."""
    files = {
        "confusion_matrix.png": b"a plot",
        "model.h5": b"keras %d" % seed,
        "model.onnx": linear_onnx(seed),
    }
    card = {
        "schema": 1,
        "network": "linear",
        "labels": list("0123456789"),
        "input": {"shape": [28, 28], "range": [0, 1]},
        "output": "softmax",
        "preprocessing": PREPROCESSING,
        "accuracy": 0.98,
        "error_rate": 0.02,
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
        "calibration": {"temperature": 1.0},
        "review_below": 0.8,
        "seed": seed,
        "created": f"2026-01-01T00:00:{seed:02}+00:00",
    }
    body = json.dumps(card | changes).encode()
    folder = root / version_of(body)
    folder.mkdir(parents=True)
    for name, content in {**files, "card.json": body}.items():
        (folder / name).write_bytes(content)
    return folder
