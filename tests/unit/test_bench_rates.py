"""Runs in turns as rates, floors and faults."""

from typing import Any

import pytest

from bench import ratios
from bench.plan import CNN, MLP, NETWORKS, Plan
from bench.rates import DECODING, DROPS, KERAS, NETWORK, OURS, PEER, fastest, incomplete, per_image, section
from bench.samples import MNIST, SMALL
from handler.stopwatch import STAGES

RUN = {"expected": 100, "rows": 100, "stages": dict.fromkeys(STAGES, 0.1)}


def runs(**seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Two rounds of all that takes turns, each a second for 100 images but those that are named."""
    names = [f"{OURS}, {net}, {drop}" for net in NETWORKS for drop in DROPS]
    names += [f"{who}, {net}" for who in (PEER, KERAS) for net in NETWORKS]
    names += [f"{NETWORK}, {net}, {way}" for net in NETWORKS for way in ("one way", "another")]
    names += [f"{DECODING}, Pillow", f"{DECODING}, quick"]
    return {name: [RUN | {"seconds": seconds.get(name, 1.0)}] * 2 for name in names}


def test_ratios_are_of_the_time_of_an_image() -> None:
    """Each against ours of the same round, floors by the fastest way that was tried."""
    times = {f"{OURS}, {MLP}, {MNIST}": 0.1, f"{OURS}, {MLP}, {SMALL}": 0.2, f"{PEER}, {MLP}": 50.0}
    times |= {f"{DECODING}, quick": 0.05, f"{NETWORK}, {CNN}, another": 0.8}
    found = section(Plan({}), runs(**times), []).measured
    assert found == pytest.approx(
        {
            ratios.PEER: 500,
            ratios.KERAS: 10,
            ratios.DECODING: 0.5,
            ratios.NETWORK: 0.8,
            ratios.SMALL: 0.5,
            ratios.LOOSE: 2,
        }
    )


def test_images_that_another_count_was_measured_with_compare() -> None:
    """The peer reads fewer of them than we do."""
    assert per_image([{"seconds": 3.0, "expected": 10}]) == [0.3]


def test_the_fastest_way_is_the_floor() -> None:
    """It is named, so that a reader knows what the floor is."""
    found = fastest(runs(**{f"{DECODING}, quick": 0.5}), f"{DECODING}, ")
    assert (found.way, per_image(found.runs)) == ("quick", [0.005, 0.005])


def test_missing_rows_and_errors_are_faults() -> None:
    """Whoever is fast by leaving images out is not fast."""
    good, short, wrong = RUN | {"errors": 0}, RUN | {"rows": 99}, RUN | {"errors": 2}
    assert incomplete({"good": [good], "short": [short], "wrong": [wrong]}) == [
        "short: 99 rows, 0 of them errors, of 100 images",
        "wrong: 100 rows, 2 of them errors, of 100 images",
    ]


def test_the_report_names_both_networks_and_every_drop() -> None:
    """In the table of rates and in that of stages."""
    rates, stages = section(Plan({}), runs(), []).tables
    assert all(any(text in line[0] for line in rates.lines) for text in DROPS.values())
    assert {line[0] for line in stages.lines[1:]} == {f"{net}, {text}" for net in NETWORKS for text in DROPS.values()}
