"""The architecture in an `.h5` file: what is not known to be harmless is refused, at any depth, and named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.h5makers import Layer, layer, linear, sequential, source
from train import architecture, ingredients
from train.errors import PublishError

LAMBDA = layer("Lambda", "bad", function=["4wEAAAAAAAAA", None, None], function_type="lambda")
DENSE = layer("Dense", "dense", units=10, activation="softmax")


def check(model: object) -> None:
    """As it stands in the file."""
    architecture.check(json.dumps(model))


def functional(*layers: Layer) -> Layer:
    """A Functional of `layers`, one after the other."""
    named = [{**one, "name": one["config"]["name"], "inbound_nodes": []} for one in layers]
    return {"class_name": "Functional", "config": {"name": "model", "layers": named}}


def test_the_usual_layers_pass() -> None:
    """A small model, in a Sequential, in a Functional, in wrappers."""
    check(linear()[0])
    check(functional(source(28, 28), layer("Bidirectional", layer=layer("LSTM", units=4)), sequential(DENSE)))


@pytest.mark.parametrize(
    "model",
    [
        sequential(LAMBDA),
        functional(source(28, 28), LAMBDA),
        sequential(sequential(sequential(LAMBDA))),
        functional(sequential(functional(LAMBDA))),
        sequential(layer("TimeDistributed", layer=LAMBDA)),
        sequential(layer("Bidirectional", layer=layer("RNN", cell=LAMBDA), backward_layer=LAMBDA)),
        sequential(layer("RNN", cell=layer("StackedRNNCells", cells=[LAMBDA]))),
        sequential(layer("Dense", activation=LAMBDA)),
        sequential(layer("Dense", kernel_initializer={"class_name": "Zeros", "config": {"deep": [[LAMBDA]]}})),
        {**sequential(), "config": [LAMBDA]},
        functional({**DENSE, "build_config": {"deep": LAMBDA}}),
    ],
)
def test_a_lambda_is_refused_wherever_it_is(model: Layer) -> None:
    """In models, wrappers, cells, activations, and where no layer belongs."""
    with pytest.raises(PublishError, match="'bad' is or has a 'Lambda'; it is Python code"):
        check(model)


@pytest.mark.parametrize(
    "kind",
    [
        "MyLayer",
        "Custom>MyLayer",
        "TFSMLayer",
        "TorchModuleWrapper",
        "JaxLayer",
        "FlaxLayer",
        "TextVectorization",
        "StringLookup",
        "IntegerLookup",
        "Wrapper",
        "Layer",
        "TFOpLambda",
        "SlicingOpLambda",
        "__lambda__",
        "__typespec__",
        "TypeSpec",
        "CompositeTensor",
        "serialize",
        "CuDNNLSTM",
        None,
        7,
        ["Dense"],
        {"class_name": "Dense"},
    ],
)
def test_what_is_not_a_known_layer_is_refused(kind: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    """Custom layers, those that open files, those of other libraries; the layer and its class are named."""
    with pytest.raises(PublishError, match=r"layer 'mine' is or has a .*save it again"):
        check(sequential({"class_name": kind, "config": {"name": "mine"}}))


@pytest.mark.parametrize(
    "entry",
    [
        {**DENSE, "module": "os"},
        {**DENSE, "module": "mine.layers"},
        {**DENSE, "module": "kerasx"},
        {**DENSE, "module": "keras..layers"},
        {**DENSE, "module": None},
        {**DENSE, "module": ["keras"]},
        {**DENSE, "registered_name": "Mine>Dense"},
        {**DENSE, "module": "keras.layers", "registered_name": "package>Dense"},
        layer("Dense", "dense", dtype={"class_name": "DTypePolicy", "module": "builtins.x.y.z.w", "config": {}}),
    ],
)
def test_a_known_name_of_another_origin_is_refused(entry: Layer) -> None:
    """A class that has the name of one of Keras' is not one of Keras'."""
    with pytest.raises(PublishError, match=r"layer 'dense' .*not Keras' own"):
        check(sequential(entry))


@pytest.mark.parametrize(
    "activation",
    [
        "my_relu",
        "os.system",
        {"class_name": "function", "config": "my_relu", "module": "builtins", "registered_name": "my_relu"},
        {"class_name": "function", "config": "relu", "module": "os", "registered_name": "function"},
        {"class_name": "function", "config": "relu", "module": "builtins", "registered_name": "mine>relu"},
        {"class_name": "function", "config": ["relu"], "module": "builtins"},
    ],
)
def test_an_unknown_activation_is_refused(activation: object) -> None:
    """Functions are known by name, too."""
    with pytest.raises(PublishError, match="layer 'dense' has"):
        check(sequential(layer("Dense", "dense", activation=activation)))


def test_keras_own_activations_pass() -> None:
    """By name, as a function, and as a layer."""
    function = {"class_name": "function", "config": "relu", "module": "builtins", "registered_name": "function"}
    for activation in ("relu", function, layer("LeakyReLU")):
        check(sequential(layer("Dense", "dense", activation=activation, recurrent_activation="sigmoid")))


def test_an_operator_is_refused() -> None:
    """Where tensors were added or scaled, Keras 3 writes the name of a layer, but no layer."""
    with pytest.raises(PublishError, match=r"'add_1' is the operator Add on tensors.*Rescaling"):
        check(functional(source(28, 28), layer("Add", "add_1")))
    check(functional(source(28, 28), layer("Add", "add_1", trainable=True)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5000, "not JSON"),
        ("[]", "its architecture is"),
        ('"Sequential"', "its architecture is 'Sequential', and none of Functional, Model, Sequential"),
        ('{"class_name": "Dense", "config": {}}', "'Dense', and none of"),
        ('{"class_name": ["Sequential"]}', "and none of"),
        (json.dumps(sequential(layer("Dense", code="A" * 1001))), "'dense' holds a string of 1001 characters"),
        (json.dumps(sequential(*(layer("Flatten", str(number)) for number in range(2000)))), "more than 2000 layers"),
        (json.dumps(sequential(DENSE, DENSE)), "2 layers of the name 'dense'"),
        (json.dumps(sequential({**DENSE, "compile_config": {"optimizer": "adam"}})), "settings of its training"),
        (" " * (8 << 20) + "{}", "more than 8388608"),
        (json.dumps(sequential(layer("\x1b[2J" * 50, "x"))), r"\x1b[2J"),
    ],
    ids=range(14),
)
def test_what_is_no_sound_architecture_is_refused(text: str, words: str) -> None:
    """The message is short, and has no control characters in it."""
    with pytest.raises(PublishError) as refusal:
        architecture.check(text)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).isprintable()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(sorted(ingredients.LAYERS)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["class_name", "config", "name", "layers", "module", "registered_name", "activation", "axis"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON, st.integers(0, 5))
def test_any_json_gets_a_verdict(value: object, depth: int) -> None:
    """It passes or is refused; there is no other exception, and what passes names nothing unknown."""
    model: Any = sequential({"class_name": "Dense", "config": value, "deep": value})
    for _ in range(depth):
        model = sequential(model)
    try:
        check(model)
    except PublishError:
        return
    assert "Lambda" not in json.dumps(model)
