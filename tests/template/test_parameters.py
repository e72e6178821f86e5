"""The parameters: each described, each bounded, the visibility timeout following from two of them."""

import re
from typing import Any

import pytest

from .intrinsics import Template, resources


def _within(parameter: dict[str, Any], value: object) -> bool:
    if "AllowedValues" in parameter:
        return value in parameter["AllowedValues"]
    if parameter["Type"] == "Number":
        return bool(parameter["MinValue"] <= value <= parameter["MaxValue"])
    text = str(value)
    return len(text) <= parameter["MaxLength"] and re.fullmatch(parameter["AllowedPattern"], text) is not None


def test_every_parameter_is_described_and_bounded(transformed: Template) -> None:
    """Each says what it is, has a list, a range, or a pattern with a length, and a default inside its own bounds."""
    for name, parameter in transformed["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        bounds = {"AllowedValues"}, {"MinValue", "MaxValue"}, {"MaxLength", "AllowedPattern"}
        assert any(bound <= set(parameter) for bound in bounds), name
        assert name == "BucketName" or _within(parameter, parameter["Default"]), name


def test_defaults_are_the_designs(transformed: Template) -> None:
    """What is not asked for is as design.md says; only the bucket's name must be given."""
    defaults = {name: parameter.get("Default") for name, parameter in transformed["Parameters"].items()}
    assert defaults == {
        "BucketName": None,
        "Architecture": "x86_64",
        "Probabilities": "false",
        "ReviewBelow": "",
        "MemorySize": 1769,
        "Timeout": 300,
        "BatchingWindow": 5,
        "MaximumConcurrency": 10,
        "OldDropDays": 0,
        "LogLevel": "INFO",
        "LogRetentionDays": 30,
        "AlarmEmail": "",
        "EndpointUrl": "",
    }


def test_every_parameter_has_a_place_in_the_console(transformed: Template) -> None:
    """The groups that the console shows name each parameter once."""
    groups = transformed["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(transformed["Parameters"])


def test_visibility_is_six_timeouts_and_the_window(transformed: Template) -> None:
    """For every timeout and window that may be chosen, a message stays hidden while it can be worked on."""
    parameters = transformed["Parameters"]
    for timeout in parameters["Timeout"]["AllowedValues"]:
        for window in parameters["BatchingWindow"]["AllowedValues"]:
            chosen = {"BucketName": "any", "Timeout": timeout, "BatchingWindow": window}
            queue = resources(transformed, chosen)["DropQueue"]
            assert queue["Properties"]["VisibilityTimeout"] == 6 * timeout + window


def test_no_entry_of_the_mapping_is_left_over(transformed: Template) -> None:
    """The mapping has a row for each timeout and a column for each window, and no others."""
    parameters = transformed["Parameters"]
    windows = {str(window) for window in parameters["BatchingWindow"]["AllowedValues"]}
    mapping = transformed["Mappings"]["VisibilityTimeout"]
    assert set(mapping) == {str(timeout) for timeout in parameters["Timeout"]["AllowedValues"]}
    assert all(set(row) == windows for row in mapping.values())


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "BucketName",
            ["abc", "my-drops-2", "a" * 63],
            ["ab", "a" * 64, "My-drops", "my.drops", "-drops", "drops-", "my_drops"],
        ),
        (
            "ReviewBelow",
            ["", "0", "1", "0.5", "0.9995", "1.0"],
            ["1.5", "-0.1", ".5", "0.", "1e-1", "95%", "nan", " ", "0.5\n"],
        ),
        ("AlarmEmail", ["", "ops@example.org"], ["ops", "ops@example", "a b@example.org", "a@b@example.org"]),
        (
            "EndpointUrl",
            ["", "http://host.docker.internal:5000", "https://localhost"],
            ["localhost:5000", "ftp://localhost", "http://", "http://localhost:5000/", "http://local host"],
        ),
    ],
)
def test_patterns_tell_right_from_wrong(transformed: Template, name: str, good: list[str], bad: list[str]) -> None:
    """A name or an address that AWS would refuse is refused before anything is made."""
    parameter = transformed["Parameters"][name]
    assert [text for text in good if not _within(parameter, text)] == []
    assert [text for text in bad if _within(parameter, text)] == []


def test_windows_suit_large_batches(transformed: Template) -> None:
    """No window is 0, which Lambda refuses for batches of more than ten messages, or over its limit of 300."""
    assert all(1 <= window <= 300 for window in transformed["Parameters"]["BatchingWindow"]["AllowedValues"])
