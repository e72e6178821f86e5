"""Garbage collections wait while a start makes what stays."""

import gc

import pytest

from handler.collector import paused


@pytest.mark.parametrize("enabled", [True, False])
def test_collections_are_as_they_were_after_a_pause(enabled: bool) -> None:  # noqa: FBT001  # pytest's
    """Paused inside, also where something rises; never turned on for one who has turned them off."""

    @paused()
    def fail() -> None:
        raise ValueError(f"enabled inside: {gc.isenabled()}")

    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ValueError, match="enabled inside: False"):
            fail()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
        gc.unfreeze()


def test_what_was_made_in_a_pause_is_not_looked_at_again() -> None:
    """It is frozen, and no longer of any generation."""
    before = gc.get_freeze_count()
    try:
        with paused():
            made: list[list[int]] = [[] for _ in range(1000)]
        assert len(made) == 1000
        assert gc.get_freeze_count() >= before + 1000
    finally:
        gc.unfreeze()


def test_a_handler_that_was_imported_collects_again() -> None:
    """The pause of the imports is over when they are."""
    import handler.app  # noqa: F401, PLC0415  # being imported is what it is about

    assert gc.isenabled()
