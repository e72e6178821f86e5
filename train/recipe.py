"""How a network is trained, as plain values: what the flags of `python -m train` fill in."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Network = Literal["mlp", "cnn"]
NETWORKS: Final[tuple[Network, ...]] = get_args(Network)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights, besides MNIST itself."""

    network: Network = "mlp"
    neurons: int = 100
    """Of each hidden layer of the mlp; the cnn has its own."""
    hidden_layers: int = 1
    """Of the mlp."""
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.001
    """Of the mlp always; of the cnn at its highest, after two epochs of rising, before it falls along a cosine."""
    seed: int = 0


DEFAULTS: Final[dict[Network, Recipe]] = {
    "mlp": Recipe(),
    "cnn": Recipe("cnn", epochs=45, batch_size=256, learning_rate=0.003),
}
"""How each network is trained where nothing else is asked for."""
