"""What Lambda asks for measured work."""

import pytest

from bench.prices import Work, cpus, slowed


def test_a_million_images_cost_their_gigabyte_seconds_and_requests() -> None:
    """A gigabyte for a second and a thousand images: a thousand such invocations."""
    work = Work(1024, 1.0, 1000)
    assert work.gigabyte_seconds == pytest.approx(1000)
    assert work.dollars == pytest.approx(1000 * 0.0000166667 + 1000 * 0.20 / 1e6)


def test_requests_weigh_where_each_brings_one_image() -> None:
    """A million of them are 20 cents, however fast they are."""
    assert Work(512, 0.0, 1).dollars == pytest.approx(0.20)


def test_the_share_of_a_processor_follows_from_the_memory() -> None:
    """1,769 MB are a whole one."""
    assert [cpus(1769), cpus(3538)] == [1, 2]
    assert cpus(512) == pytest.approx(0.289, abs=0.001)


def test_a_smaller_share_slows_and_a_larger_one_does_not_help() -> None:
    """Nothing is known to use more processors than it was measured with."""
    assert slowed(3.0, 0.5) == 6
    assert slowed(3.0, 2.0) == 3
    assert slowed(3.0, 0.5, measured=2.0) == 12
