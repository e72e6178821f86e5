"""What is no digit: drawn, read by the handler's own code, counted."""

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from matplotlib.ft2font import FT2Font

from handler.images import normalise
from handler.model import Registry
from handler.settings import Settings
from tests.doubles import RowClassifier
from tests.releases import make_release
from tests.unit.makers import as_plane
from train import __main__ as program
from train import acceptance
from train.rates import Rate
from train.strangers import _FONTS, GREEK, KINDS, SYMBOLS, draw


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_is_the_same_one_each_time_and_no_other(kind: str) -> None:
    """A seed decides all of it; pictures are large, and of the whole range of greys that a scan has."""
    pictures = [draw(kind, seed) for seed in range(12)]
    assert all(np.array_equal(draw(kind, seed), picture) for seed, picture in enumerate(pictures))
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert max(picture.shape) > 28
        assert np.ptp(picture) > 40


def test_kinds_differ_by_more_than_their_seed() -> None:
    """The same seed is another chance in each kind."""
    assert len({draw(kind, 0).tobytes() for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", ["symbols", "greek", "strokes", "codes"])
def test_a_stranger_with_paper_around_it_is_seen_by_the_handler(kind: str) -> None:
    """There is ink on it, whatever the polarity: it is not refused as blank."""
    assert not any(normalise(as_plane(draw(kind, seed))).signs.is_blank for seed in range(20))


def test_every_font_has_every_character() -> None:
    """None is drawn as the box that stands for what is missing."""
    for name in _FONTS:
        font = FT2Font(str(Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")))
        assert [character for character in SYMBOLS + GREEK if not font.get_char_index(ord(character))] == []
    assert not set(SYMBOLS + GREEK) & set("0123456789/|\\!()[]{}$θΘβφΦσδιοΟΙlIOZS")


def test_false_accepts_are_counted_by_kind(tmp_path: Path) -> None:
    """`RowClassifier` is sure of what is wider than it is high, and of nothing else."""
    scores = acceptance.false_accepts(RowClassifier(), Settings("x"), 10, tmp_path)
    assert list(scores) == [*KINDS, "all"]
    assert all(scores[kind].labelled == 10 for kind in KINDS)
    assert scores["all"].labelled == 60
    assert 0 < scores["symbols"].ok < 10
    assert {path.name for path in tmp_path.iterdir()} == {f"{kind}.png" for kind in KINDS}
    assert matplotlib.image.imread(tmp_path / "symbols.png").min() == 0
    strict = acceptance.false_accepts(RowClassifier(), Settings("x", review_below=0.98), 10)
    assert strict["all"].ok == 0


def test_the_report_has_every_rate_with_its_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line, with no zip beside it; the JSON says the same."""
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    monkeypatch.setattr(Registry, "current", lambda _registry: RowClassifier())
    model = str(make_release(tmp_path, 1))
    assert program.main(["evaluate", "--strangers", "3", "--model", model, "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / "strangers"
    text = (folder / "report.txt").read_text("utf-8")
    assert text in capsys.readouterr().out
    found = json.loads((folder / "report.json").read_text("utf-8"))
    assert (found["model"], found["review_below"]) == ("0123456789ab", 0.8)
    everything = found["kinds"]["all"]
    ok = everything["ok"]["count"]
    assert everything["ok"]["interval"] == pytest.approx(list(Rate(ok, 18).interval))
    assert ok + sum(everything["reasons"].values()) == 18
    assert [line.split()[0] for line in text.splitlines()[3:10]] == [*KINDS, "all"]


def test_nothing_to_read_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a zip nor strangers."""
    with pytest.raises(SystemExit):
        program.main(["evaluate"])
    assert "give DATA.zip, --mnist, --strangers N, or several of them" in capsys.readouterr().err
