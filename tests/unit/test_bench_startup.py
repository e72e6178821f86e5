"""What the peer of the start-up benchmark is made of."""

from collections.abc import Mapping
from importlib import metadata

import pytest

from bench.startup import pins
from handler.errors import DigitdropError

OTHERS = {"keras": "3", "numpy": "2", "pillow": "13", "boto3": "1"}


def install(monkeypatch: pytest.MonkeyPatch, packages: Mapping[str, str]) -> None:
    """Have these packages and no others."""

    def version(name: str) -> str:
        if name not in packages:
            raise metadata.PackageNotFoundError(name)
        return packages[name]

    monkeypatch.setattr(metadata, "version", version)


@pytest.mark.parametrize("name", ["tensorflow-cpu", "tensorflow"])
def test_tensorflow_is_pinned_by_the_name_that_it_has_here(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """On arm64 and macOS it is another package than on Linux with x86_64."""
    install(monkeypatch, {name: "2.21.0", **OTHERS})
    assert pins() == [f"{name}==2.21.0", "keras==3", "numpy==2", "pillow==13", "boto3==1"]


def test_what_is_not_installed_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a traceback."""
    install(monkeypatch, OTHERS)
    with pytest.raises(DigitdropError, match=r"pip install -r requirements\.txt"):
        pins()
