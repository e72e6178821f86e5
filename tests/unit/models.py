"""Models small enough to be made in each test: one matrix, and a card."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from handler.card import PREPROCESSING, read_card
from handler.model import OnnxClassifier

SHAPES: dict[str, list[int]] = {"flat": [784], "plane": [28, 28], "channel": [28, 28, 1]}


def linear(
    shape: Sequence[int] = (28, 28), *, softmax: bool = True, seed: int = 1, scale: float = 1.0, classes: int = 10
) -> bytes:
    """An ONNX model of one matrix: pixels to scores, or to probabilities."""
    weights = np.random.default_rng(seed).normal(0, 0.05 * scale, (784, classes)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["scores"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [None, *shape])],
        [helper.make_tensor_value_info("probabilities" if softmax else "scores", TensorProto.FLOAT, [None, classes])],
        [numpy_helper.from_array(weights, "weights")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def card_of(onnx_bytes: bytes, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a card can hold
    """A card of a model that reads (28, 28) from 0 to 1 and gives softmax, changed."""
    return {
        "labels": list("0123456789"),
        "input": {"shape": [28, 28], "range": [0, 1]},
        "output": "softmax",
        "preprocessing": PREPROCESSING,
        "calibration": {"temperature": 1.0},
        "review_below": 0.8,
        "files": {"model.onnx": hashlib.sha256(onnx_bytes).hexdigest(), "model.h5": "0" * 64},
    } | changes


def classifier(onnx_bytes: bytes, **changes: Any) -> OnnxClassifier:  # noqa: ANN401  # whatever a card can hold
    """A model with its card, loaded."""
    return OnnxClassifier(read_card(json.dumps(card_of(onnx_bytes, **changes)).encode()), onnx_bytes)
