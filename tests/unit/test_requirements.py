"""Three lists of pinned packages: for the container, for running the system here, and for all that is done here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAINING = {"tensorflow", "tensorflow-cpu", "keras", "tf2onnx", "onnx", "h5py", "matplotlib", "pytest", "cfn-lint"}


def pins(name: str) -> set[str]:
    """The lines of a list that pin something, with the condition under which they do."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.lstrip().startswith("#")}


@pytest.mark.parametrize("name", ["infra/requirements.txt", "handler/requirements.txt"])
def test_a_smaller_list_has_the_versions_of_the_whole_one(name: str) -> None:
    """Installing one after the other adds packages and changes none."""
    assert pins(name) < pins("requirements.txt")


def test_what_runs_the_system_here_is_the_handlers_and_a_little_more() -> None:
    """All that the container has, a server for S3 and SQS, and nothing that trains or tests."""
    assert pins("handler/requirements.txt") < pins("infra/requirements.txt")
    names = {pin.partition("==")[0] for pin in pins("infra/requirements.txt")}
    assert {"moto", "flask", "pyyaml"} <= names
    assert not names & TRAINING
