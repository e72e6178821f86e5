"""A trained model in the place of the one that comes with the project."""

from pathlib import Path

import pytest

from tests.releases import make_release
from train import ship
from train.errors import PublishError
from train.publish import PRETRAINED, read_release

RECIPE = {"network": "linear", "seed": 1}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_takes_the_place_of_the_other_and_stays_the_same_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the earlier one is left, and the version is that of the folder that it came from."""
    PRETRAINED.mkdir(parents=True)
    (PRETRAINED / "old.png").touch()
    folder = make_release(tmp_path, 1, training=RECIPE)
    assert ship.main([str(folder)]) == 0
    assert f"train/pretrained is model {folder.name}, accuracy 0.9800" in capsys.readouterr().out
    assert {file.name: file.read_bytes() for file in PRETRAINED.iterdir()} == {
        file.name: file.read_bytes() for file in folder.iterdir()
    }
    assert read_release(PRETRAINED).version == folder.name
    assert ship.ship(PRETRAINED).version == folder.name


@pytest.mark.parametrize("changes", [{"training": None}, {"training": RECIPE, "labels": list("abcdefghij")}])
def test_what_cannot_be_made_again_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """Somebody's `.h5` has no recipe, or no digits."""
    with pytest.raises(PublishError, match="was not trained here"):
        ship.ship(make_release(tmp_path, 1, **changes))
    assert not PRETRAINED.exists()


def test_what_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everybody who clones the project has the files."""
    monkeypatch.setattr(ship, "MAX_BYTES", 1000)
    assert ship.main([str(make_release(tmp_path, 1, training=RECIPE))]) == 1
    assert "more than 1,000: make the network smaller" in capsys.readouterr().err
    assert not PRETRAINED.exists()


def test_a_card_that_was_changed_is_found_in_every_other_folder(tmp_path: Path) -> None:
    """Only `train/pretrained` may have another name than its version."""
    folder = make_release(tmp_path, 1, training=RECIPE)
    assert ship.main([str(folder.rename(tmp_path / "renamed"))]) == 1
